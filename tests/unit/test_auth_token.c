/* SPDX-License-Identifier: Apache-2.0 */
/** Bearer tokens: who is let in as whom, and what the others are told. */
#include "unit_jws.h"

#include <time.h>

#include "apr_time.h"

#include "auth_token_int.h"

/** Seconds that the clock of this program is ahead. */
static int ahead;

/** Stands in APR's place for all that is linked into this program. */
apr_time_t apr_time_now(void)
{
    return apr_time_from_sec(time(NULL) + ahead);
}

static auth_tokens_t *tokens_of(const char *secret, const char *role_path, int entries)
{
    const auth_token_conf_t conf = { .secret = secret, .role_path = role_path,
                                     .cache_entries = entries };
    app_error_t err = { .pool = unit_pool };
    auth_tokens_t *tokens = NULL;

    assert_int_equal(auth_tokens_create(&tokens, &conf, &err, unit_pool), APR_SUCCESS);
    assert_int_equal(auth_tokens_start(tokens, NULL, &err, unit_pool), APR_SUCCESS);
    return tokens;
}

/** Claims, in which %d stands for now plus shift. */
static const char *claims_at(const char *claims, int shift)
{
    const char *at = strstr(claims, "%d");

    return at ? apr_psprintf(unit_pool, "%.*s%d%s", (int)(at - claims), claims,
                             (int)apr_time_sec(apr_time_now()) + shift, at + 2)
              : claims;
}

typedef struct case_t {
    const char *name;
    const char *header; /* NULL: of a right HS256 token */
    const char *claims; /* %d stands for now plus shift */
    int         shift;
    const char *secret; /* NULL: ours */
    const char *code, *message, *details, *role, *passed_on;
} case_t;

static const case_t cases[] = {
    { "role", NULL, "{\"role\":\"user\",\"sub\":\"ada\"}", 0, NULL, NULL, NULL, NULL, "user",
      "{\"role\":\"user\",\"sub\":\"ada\"}" },
    { "no role", NULL, "{\"sub\":\"ada\"}", 0, NULL, NULL, NULL, NULL, NULL,
      "{\"sub\":\"ada\"}" },
    { "role that is no string", NULL, "{\"role\":5}", 0, NULL, NULL, NULL, NULL, "5",
      "{\"role\":\"5\"}" },
    { "as it came, to the digit", NULL,
      " {\"role\":\"user\", \"n\":1.50,\"big\":18446744073709551616} ", 0, NULL, NULL, NULL, NULL,
      "user", " {\"role\":\"user\", \"n\":1.50,\"big\":18446744073709551616} " },
    { "digits, and no role", NULL, " {\"big\":18446744073709551616 } ", 0, NULL, NULL, NULL, NULL,
      NULL, " {\"big\":18446744073709551616 }" },
    { "no claims", NULL, "{}", 0, NULL, NULL, NULL, NULL, NULL, "{}" },
    { "role null", NULL, "{\"role\":null}", 0, NULL, NULL, NULL, NULL, "null",
      "{\"role\":\"null\"}" },
    { "role that is an object", NULL, "{\"role\":{\"a\":1}}", 0, NULL, NULL, NULL, NULL,
      "{\"a\":1}", "{\"role\":\"{\\\"a\\\":1}\"}" },
    { "role with an escape", NULL, "{\"role\":\"us\\u0065r\"}", 0, NULL, NULL, NULL, NULL, "user",
      "{\"role\":\"us\\u0065r\"}" },
    { "just expired", NULL, "{\"exp\":%d}", -20, NULL, NULL, NULL, NULL, NULL, "..." },
    { "expired", NULL, "{\"exp\":%d}", -40, NULL, "PGRST303", "JWT expired", NULL, NULL, NULL },
    { "exp that is no integer", NULL, "{\"exp\":99999999999.5}", 0, NULL, "PGRST303",
      "JWT expired", NULL, NULL, NULL },
    { "exp in another notation", NULL, "{\"exp\":9e9}", 0, NULL, NULL, NULL, NULL, NULL, "..." },
    { "exp with a point", NULL, "{\"exp\":9000000000.0}", 0, NULL, NULL, NULL, NULL, NULL, "..." },
    { "exp too large", NULL, "{\"exp\":99999999999999999999}", 0, NULL, "PGRST303",
      "JWT expired", NULL, NULL, NULL },
    { "exp below zero", NULL, "{\"exp\":-9223372036854775808}", 0, NULL, "PGRST303",
      "JWT expired", NULL, NULL, NULL },
    { "exp null", NULL, "{\"exp\":null}", 0, NULL, NULL, NULL, NULL, NULL, "..." },
    { "exp text", NULL, "{\"exp\":\"soon\"}", 0, NULL, "PGRST303",
      "The JWT 'exp' claim must be a number", NULL, NULL, NULL },
    { "nbf just ahead", NULL, "{\"nbf\":%d}", 20, NULL, NULL, NULL, NULL, NULL, "..." },
    { "nbf with a fraction", NULL, "{\"nbf\":99999999999.5}", 0, NULL, NULL, NULL, NULL, NULL,
      "..." },
    { "nbf", NULL, "{\"nbf\":%d}", 40, NULL, "PGRST303", "JWT not yet valid", NULL, NULL, NULL },
    { "nbf text", NULL, "{\"nbf\":[]}", 0, NULL, "PGRST303",
      "The JWT 'nbf' claim must be a number", NULL, NULL, NULL },
    { "iat", NULL, "{\"iat\":%d}", 40, NULL, "PGRST303", "JWT issued at future", NULL, NULL, NULL },
    { "iat just ahead", NULL, "{\"iat\":%d}", 20, NULL, NULL, NULL, NULL, NULL, "..." },
    { "iat text", NULL, "{\"iat\":true}", 0, NULL, "PGRST303",
      "The JWT 'iat' claim must be a number", NULL, NULL, NULL },
    { "exp before nbf", NULL, "{\"aud\":1,\"iat\":\"\",\"nbf\":\"\",\"exp\":1}", 0, NULL,
      "PGRST303", "JWT expired", NULL, NULL, NULL },
    { "nbf before iat", NULL, "{\"aud\":1,\"iat\":\"\",\"nbf\":9e9}", 0, NULL, "PGRST303",
      "JWT not yet valid", NULL, NULL, NULL },
    { "iat before aud", NULL, "{\"aud\":1,\"iat\":\"\"}", 0, NULL, "PGRST303",
      "The JWT 'iat' claim must be a number", NULL, NULL, NULL },
    { "aud of others", NULL, "{\"aud\":\"them\"}", 0, NULL, "PGRST303", "JWT not in audience", NULL,
      NULL, NULL },
    { "aud", NULL, "{\"aud\":[\"them\",\"us\"]}", 0, NULL, NULL, NULL, NULL, NULL, "..." },
    { "aud of us", NULL, "{\"aud\":\"us\"}", 0, NULL, NULL, NULL, NULL, NULL, "..." },
    { "aud begins like us", NULL, "{\"aud\":\"use\"}", 0, NULL, "PGRST303", "JWT not in audience",
      NULL, NULL, NULL },
    { "aud null", NULL, "{\"aud\":null}", 0, NULL, NULL, NULL, NULL, NULL, "..." },
    { "aud object", NULL, "{\"aud\":{}}", 0, NULL, "PGRST303",
      "The JWT 'aud' claim must be a string or an array of strings", NULL, NULL, NULL },
    { "aud half right", NULL, "{\"aud\":[\"us\",null]}", 0, NULL, "PGRST303",
      "The JWT 'aud' claim must be a string or an array of strings", NULL, NULL, NULL },
    { "aud empty", NULL, "{\"aud\":[]}", 0, NULL, NULL, NULL, NULL, NULL, "..." },
    { "aud number", NULL, "{\"aud\":[1]}", 0, NULL, "PGRST303",
      "The JWT 'aud' claim must be a string or an array of strings", NULL, NULL, NULL },
    { "a claim twice", NULL, "{\"role\":\"user\",\"role\":\"admin\"}", 0, NULL, "PGRST303",
      "Parsing claims failed", NULL, NULL, NULL },
    { "a claim twice, in disguise", NULL, "{\"role\":\"user\",\"r\\u006fle\":\"admin\"}", 0, NULL,
      "PGRST303", "Parsing claims failed", NULL, NULL, NULL },
    { "claims that go on", NULL, "{} x", 0, NULL, "PGRST303", "Parsing claims failed", NULL, NULL,
      NULL },
    { "claims that are not UTF-8", NULL, "{\"a\":\"\xff\"}", 0, NULL, "PGRST303",
      "Parsing claims failed", NULL, NULL, NULL },
    { "a backslash, u and zeros", NULL, "{\"role\":\"\\\\u0000\"}", 0, NULL, NULL, NULL, NULL,
      "\\u0000", "..." },
    { "claims no object", NULL, "[]", 0, NULL, "PGRST303", "Parsing claims failed", NULL, NULL,
      NULL },
    { "NUL in a role", NULL, "{\"role\":\"user\\u0000x\"}", 0, NULL, "PGRST303",
      "Parsing claims failed", NULL, NULL, NULL },
    { "claims no JSON", NULL, "{", 0, NULL, "PGRST303", "Parsing claims failed", NULL, NULL, NULL },
    { "other key", NULL, "{}", 0, "another secret of thirty-two bytes!!", "PGRST301",
      "No suitable key or wrong key type", "None of the keys was able to decode the JWT", NULL,
      NULL },
    { "none", "{\"alg\":\"none\"}", "{}", 0, NULL, "PGRST301",
      "Wrong or unsupported encoding algorithm",
      "JWT is unsecured but expected 'alg' was not 'none'", NULL, NULL },
    { "other algorithm", "{\"alg\":\"HS512\"}", "{}", 0, NULL, "PGRST301",
      "No suitable key or wrong key type", "No suitable key was found to decode the JWT", NULL,
      NULL },
    { "header changed", "{\"alg\":\"HS256\",\"typ\":\"X\"}", "{}", 0, NULL, "PGRST301",
      "No suitable key or wrong key type", "None of the keys was able to decode the JWT", NULL,
      NULL },
    { "kid", "{\"alg\":\"HS256\",\"kid\":\"1\"}", "{}", 0, NULL, "PGRST301",
      "No suitable key or wrong key type", "No suitable key was found to decode the JWT", NULL,
      NULL },
    { "crit", "{\"alg\":\"HS256\",\"crit\":[\"b64\"]}", "{}", 0, NULL, "PGRST301",
      "JWT cryptographic operation failed", NULL, NULL, NULL },
    { "alg unknown", "{\"alg\":\"HS1024\"}", "{}", 0, NULL, "PGRST301",
      "No suitable key or wrong key type", "No suitable key was found to decode the JWT", NULL,
      NULL },
    { "alg in another case", "{\"alg\":\"hs256\"}", "{}", 0, NULL, "PGRST301",
      "No suitable key or wrong key type", "No suitable key was found to decode the JWT", NULL,
      NULL },
    { "alg of public keys", "{\"alg\":\"RS256\"}", "{}", 0, NULL, "PGRST301",
      "No suitable key or wrong key type", "No suitable key was found to decode the JWT", NULL,
      NULL },
    { "alg with a NUL", "{\"alg\":\"HS256\\u0000\"}", "{}", 0, NULL, "PGRST301",
      "JWT cryptographic operation failed", NULL, NULL, NULL },
    { "alg twice", "{\"alg\":\"none\",\"alg\":\"HS256\"}", "{}", 0, NULL, "PGRST301",
      "JWT cryptographic operation failed", NULL, NULL, NULL },
    { "kid number", "{\"alg\":\"HS256\",\"kid\":1}", "{}", 0, NULL, "PGRST301",
      "JWT cryptographic operation failed", NULL, NULL, NULL },
    { "header no JSON", "{", "{}", 0, NULL, "PGRST301", "JWT cryptographic operation failed", NULL,
      NULL, NULL },
};

static void check_case(const case_t *c, const auth_tokens_t *tokens)
{
    app_error_t err = { .pool = unit_pool };
    app_identity_t identity = { .role = NULL };
    const char *token = unit_sign_text(c->secret ? c->secret : UNIT_SECRET,
                                       claims_at(c->claims, c->shift));
    apr_status_t status;

    if (c->header) {
        token = unit_with_header(token, c->header);
    }
    status = auth_token_identify(&identity, tokens, token, "us", &err, unit_pool);
    CASE_STRING(c->name, err.code, c->code);
    CASE_INT(c->name, status, c->code ? APP_EFAIL : APR_SUCCESS);
    CASE_STRING(c->name, err.message, c->message);
    CASE_STRING(c->name, err.details, c->details);
    CASE_STRING(c->name, identity.role, c->role);
    if (c->code) {
        CASE_INT(c->name, err.status, 401);
        CASE_STRING(c->name, err.challenge,
                    apr_psprintf(unit_pool,
                                 "Bearer error=\"invalid_token\", error_description=\"%s\"",
                                 c->message));
    }
    else if (strcmp(c->passed_on, "...") != 0) {
        CASE_STRING(c->name, identity.claims, c->passed_on);
    }
}

/** Each case without a cache, then twice with one. */
static void test_cases(void **state)
{
    const auth_tokens_t *uncached = tokens_of(UNIT_SECRET, "$.role", 0);
    const auth_tokens_t *cached = tokens_of(UNIT_SECRET, "$.role", 10);
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        check_case(&cases[i], uncached);
        check_case(&cases[i], cached);
        check_case(&cases[i], cached);
    }
}

static void check_refused(const char *token, const char *message)
{
    app_error_t err = { .pool = unit_pool };
    app_identity_t identity;

    CASE_INT(token, auth_token_identify(&identity, tokens_of(UNIT_SECRET, "$.role", 10), token,
                                        NULL, &err, unit_pool), APP_EFAIL);
    CASE_STRING(token, err.message, message);
    CASE_STRING(token, err.code, "PGRST301");
}

#define A43    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" /* as long as HS256 signs */
#define FAILED "JWT cryptographic operation failed"

static void test_shapes(void **state)
{
    static const struct { const char *token, *message; } shapes[] = {
        { "", "Empty JWT is sent in Authorization header" },
        { "abc", "Expected 3 parts in JWT; got 1" },
        { "a.b", "Expected 3 parts in JWT; got 2" },
        { "a.b.c.d", "Expected 3 parts in JWT; got 4" },
        { "e30.a.b.c.d", "Expected 3 parts in JWT; got 5" }, /* a JWE */
        { "..", FAILED },
        { "a!b.c.d", FAILED },
        { "e30.e30.", FAILED },                         /* {} */
        { "W10.e30.", FAILED },                         /* [] */
        { "eyJhbGciOjF9.e30.", FAILED },                /* {"alg":1} */
        { "eyJhbGciOg.e30.", FAILED },                  /* {"alg": */
        { "eyJhbGciOiJIUzI1NiJ9=.e30.AA", FAILED },     /* padded */
        { "eyJhbGciOiJIUzI1NiJ9.e30.A!", FAILED },
        { "eyJhbGciOiJIUzI1NiJ9.e3!0." A43, FAILED },
        { "eyJhbGciOiJIUzI1NiJ9.e30.", "No suitable key or wrong key type" },
        { "eyJhbGciOiJIUzI1NiJ9.e30." A43, "No suitable key or wrong key type" },
        { "eyJhbGciOiJIUzI1NiJ9.e30." A43 "AAAA", "No suitable key or wrong key type" },
        { "eyJhbGciOiJIUzI1NiJ9.e30.AA", "No suitable key or wrong key type" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(shapes); i++) {
        check_refused(shapes[i].token, shapes[i].message);
    }
}

static void test_huge(void **state)
{
    char *token = apr_palloc(unit_pool, 100000);

    (void)state;
    memset(token, 'A', 99999);
    token[99999] = '\0';
    token[100] = token[70000] = '.';
    check_refused(token, FAILED);
    memset(token, '.', 50000);
    token[50000] = '\0';
    check_refused(token, "Expected 3 parts in JWT; got 50001");
}

/** A genuine token that is cut anywhere is none. */
static void test_truncated(void **state)
{
    const auth_tokens_t *tokens = tokens_of(UNIT_SECRET, "$.role", 10);
    const char *token = unit_sign_text(UNIT_SECRET, "{\"role\":\"user\"}");
    app_identity_t identity;
    size_t i;

    (void)state;
    for (i = 0; i <= strlen(token); i++) {
        app_error_t err = { .pool = unit_pool };

        assert_int_equal(auth_token_identify(&identity, tokens,
                                             apr_pstrmemdup(unit_pool, token, i), NULL, &err,
                                             unit_pool),
                         i < strlen(token) ? APP_EFAIL : APR_SUCCESS);
    }
}

/** Where the role is, and which "role" SQL sees then. */
static void test_role_paths(void **state)
{
    static const struct { const char *path, *claims, *role, *passed_on; } paths[] = {
        { "$.app.role", "{\"app\":{\"role\":\"a\"}}", "a",
          "{\"app\":{\"role\":\"a\"},\"role\":\"a\"}" },
        { "$.app.role", "{\"role\":\"root\",\"app\":{\"role\":\"a\"}}", "a",
          "{\"app\":{\"role\":\"a\"},\"role\":\"a\"}" },
        { "$.app.role", "{\"role\":\"root\"}", NULL, "{}" },
        { "$.roles[?search(@, '^db_')]", "{\"roles\":[\"x\",\"db_a\"]}", "db_a",
          "{\"roles\":[\"x\",\"db_a\"],\"role\":\"db_a\"}" },
        { ".roles[?(@ ==^ \"_a\")]", "{\"roles\":[\"x\",\"db_a\"]}", "db_a",
          "{\"roles\":[\"x\",\"db_a\"],\"role\":\"db_a\"}" },
        { "$.app", "{\"app\":{\"x\":[1,true]}}", "{\"x\":[1,true]}",
          "{\"app\":{\"x\":[1,true]},\"role\":\"{\\\"x\\\":[1,true]}\"}" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(paths); i++) {
        app_error_t err = { .pool = unit_pool };
        app_identity_t identity;

        assert_int_equal(auth_token_identify(&identity, tokens_of(UNIT_SECRET, paths[i].path, 0),
                                             unit_sign_text(UNIT_SECRET, paths[i].claims), NULL,
                                             &err, unit_pool), APR_SUCCESS);
        CASE_STRING(paths[i].path, identity.role, paths[i].role);
        CASE_STRING(paths[i].path, identity.claims, paths[i].passed_on);
    }
}

/** A token that names no role has none, and its claims say none. */
static void test_no_role(void **state)
{
    app_error_t err = { .pool = unit_pool };
    app_identity_t identity;

    (void)state;
    assert_int_equal(auth_token_identify(&identity, tokens_of(UNIT_SECRET, "$.role", 10),
                                         unit_sign_text(UNIT_SECRET, "{\"aud\":\"x\"}"), NULL,
                                         &err, unit_pool), APR_SUCCESS);
    assert_null(identity.role);
    assert_string_equal(identity.claims, "{\"aud\":\"x\"}");
    assert_string_equal(identity.method, "jwt");
}

/** A token that was good is asked again whether it holds. */
static void test_cached_claims_are_checked(void **state)
{
    const auth_tokens_t *tokens = tokens_of(UNIT_SECRET, "$.role", 10);
    const char *token = unit_sign_text(UNIT_SECRET, claims_at("{\"aud\":\"us\",\"exp\":%d}", 60));
    app_error_t err = { .pool = unit_pool };
    app_identity_t identity;

    (void)state;
    assert_int_equal(auth_token_identify(&identity, tokens, token, "us", &err, unit_pool),
                     APR_SUCCESS);
    assert_int_equal(auth_token_identify(&identity, tokens, token, "them", &err, unit_pool),
                     APP_EFAIL);
    assert_string_equal(err.message, "JWT not in audience");
    ahead = 92;
    assert_int_equal(auth_token_identify(&identity, tokens, token, "us", &err, unit_pool),
                     APP_EFAIL);
    ahead = 0;
    assert_string_equal(err.message, "JWT expired");
}

/** A token whose last character has bits that no byte needs. */
static void test_canonical(void **state)
{
    const auth_tokens_t *tokens = tokens_of(UNIT_SECRET, "$.role", 0);
    char *token = apr_pstrdup(unit_pool, unit_sign_text(UNIT_SECRET, "{\"role\":\"user\"}"));
    app_error_t err = { .pool = unit_pool };
    app_identity_t who;

    (void)state;
    assert_int_equal(auth_token_identify(&who, tokens, token, NULL, &err, unit_pool), APR_SUCCESS);
    token[strlen(token) - 1]++;
    assert_int_equal(auth_token_identify(&who, tokens, token, NULL, &err, unit_pool), APP_EFAIL);
    assert_string_equal(err.message, "JWT cryptographic operation failed");
}

/** Parts that libcjose must not see. */
static void test_padding(void **state)
{
    static const char *const payloads[] = { "e=AA", "AAAAA=AA", "A=", "AA=A=A=A", "=AAA", "AAAAA",
                                            "AA==", "AA+A" };
    const auth_tokens_t *tokens = tokens_of(UNIT_SECRET, "$.role", 0);
    const char *good = unit_sign_text(UNIT_SECRET, "{}"), *dot = strchr(good, '.');
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(payloads); i++) {
        app_error_t err = { .pool = unit_pool };
        app_identity_t who;
        const char *token = apr_psprintf(unit_pool, "%.*s.%s%s", (int)(dot - good), good,
                                         payloads[i], strrchr(good, '.'));

        CASE_INT(payloads[i], auth_token_identify(&who, tokens, token, NULL, &err, unit_pool),
                 APP_EFAIL);
        CASE_STRING(payloads[i], err.message, "JWT cryptographic operation failed");
    }
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_canonical),
    cmocka_unit_test(test_padding),
    cmocka_unit_test(test_cases),
    cmocka_unit_test(test_shapes),
    cmocka_unit_test(test_huge),
    cmocka_unit_test(test_truncated),
    cmocka_unit_test(test_role_paths),
    cmocka_unit_test(test_no_role),
    cmocka_unit_test(test_cached_claims_are_checked),
};

UNIT_MAIN(tests)
