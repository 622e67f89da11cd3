/* SPDX-License-Identifier: Apache-2.0 */
/** Codes of authenticator programs: the vectors of RFC 6238, clocks that differ, one code once. */
#include "unit.h"

#include "apr_strings.h"

#include "auth_totp.h"

#define SECRET "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" /* "12345678901234567890" */

/** RFC 6238, appendix B: SHA-1, the last six of its eight digits. */
static void test_vectors(void **state)
{
    static const struct {
        apr_int64_t time;
        const char *code;
    } cases[] = {
        { 59, "287082" },         { 1111111109, "081804" },  { 1111111111, "050471" },
        { 1234567890, "005924" }, { 2000000000, "279037" },  { APR_INT64_C(20000000000), "353130" },
    };
    char code[AUTH_TOTP_DIGITS + 1];
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        assert_int_equal(auth_totp_code(code, SECRET, cases[i].time / AUTH_TOTP_STEP, unit_pool),
                         APR_SUCCESS);
        CASE_STRING(cases[i].code, code, cases[i].code);
    }
    assert_int_equal(auth_totp_code(code, "", 1, unit_pool), APR_EINVAL);
    assert_int_equal(auth_totp_code(code, "no base32!", 1, unit_pool), APR_EINVAL);
}

static void test_match(void **state)
{
    static const apr_int64_t step = 1111111109 / AUTH_TOTP_STEP; /* of 081804 */
    static const struct {
        const char *name, *code;
        apr_int64_t now, last, expected;
    } cases[] = {
        { "now", "081804", 1111111109, 0, 37037036 },
        { "a step late", "081804", 1111111109 + 30, 0, 37037036 },
        { "a step early", "081804", 1111111109 - 30, 0, 37037036 },
        { "two steps late", "081804", 1111111109 + 60, 0, 0 },
        { "two steps early", "081804", 1111111109 - 60, 0, 0 },
        { "taken before", "081804", 1111111109, 37037036, 0 },
        { "a later one was taken", "081804", 1111111109, 37037037, 0 },
        { "an earlier one was taken", "081804", 1111111109, 37037035, 37037036 },
        { "wrong", "081805", 1111111109, 0, 0 },
        { "short", "81804", 1111111109, 0, 0 },
        { "long", "0818040", 1111111109, 0, 0 },
        { "empty", "", 1111111109, 0, 0 },
    };
    size_t i;

    (void)state;
    assert_int_equal(step, 37037036);
    for (i = 0; i < COUNT(cases); i++) {
        CASE_INT(cases[i].name,
                 auth_totp_match(SECRET, cases[i].code, cases[i].now, cases[i].last, unit_pool),
                 cases[i].expected);
    }
}

static void test_secret(void **state)
{
    const char *secret = auth_totp_secret(unit_pool);
    char code[AUTH_TOTP_DIGITS + 1];

    (void)state;
    assert_int_equal(strlen(secret), 32);
    assert_int_equal(strspn(secret, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"), 32);
    assert_string_not_equal(secret, auth_totp_secret(unit_pool));
    assert_int_equal(auth_totp_code(code, secret, 1, unit_pool), APR_SUCCESS);
    assert_int_equal(strlen(code), AUTH_TOTP_DIGITS);
}

static void test_uri(void **state)
{
    (void)state;
    CASE_STRING("uri", auth_totp_uri("The Shop", "ada@example.org", SECRET, unit_pool),
                "otpauth://totp/The%20Shop:ada%40example.org?secret=" SECRET
                "&issuer=The%20Shop&algorithm=SHA1&digits=6&period=30");
}

static void test_picture(void **state)
{
    const char *svg = auth_qr_svg("otpauth://totp/a:b?secret=" SECRET, unit_pool);

    (void)state;
    assert_non_null(svg);
    assert_int_equal(strncmp(svg, "<svg xmlns=", 11), 0);
    assert_non_null(strstr(svg, "M4 4h7v1h-7z")); /* the first finder pattern, behind its margin */
    assert_non_null(strstr(svg, "</svg>"));
    assert_null(strchr(svg, '#')); /* clients put it into a data: URL as it is */
    assert_null(auth_qr_svg(apr_psprintf(unit_pool, "%01025d", 0), unit_pool));
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_vectors), cmocka_unit_test(test_match), cmocka_unit_test(test_secret),
    cmocka_unit_test(test_uri),     cmocka_unit_test(test_picture),
};

UNIT_MAIN(tests)
