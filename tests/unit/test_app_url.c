/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "apr_strings.h"

#include "app_core_int.h"

/** Pairs as key=value joined by "|"; "!" stands for a pair without "=". */
static const char *pairs_text(const char *query, app_error_t *err)
{
    const apr_array_header_t *pairs;
    const char *text = "";
    int i;

    if (app_query_parse(query, &pairs, err, unit_pool) != APR_SUCCESS) {
        return err->code;
    }
    for (i = 0; i < pairs->nelts; i++) {
        const app_pair_t *pair = &APR_ARRAY_IDX(pairs, i, app_pair_t);

        text = apr_pstrcat(unit_pool, text, i ? "|" : "", pair->key, pair->value ? "=" : "!",
                           pair->value ? pair->value : "", NULL);
    }
    return text;
}

static void test_query(void **state)
{
    static const struct {
        const char *query, *pairs;
    } cases[] = {
        { NULL, "" },
        { "", "" },
        { "&&;", "" },
        { "a=1", "a=1" },
        { "a=1&b=2;c=3", "a=1|b=2|c=3" },
        { "age=gte.1&age=lte.9", "age=gte.1|age=lte.9" },
        { "a", "a!" },
        { "a=", "a=" },
        { "=x", "=x" },
        { "a=b=c", "a=b=c" },
        { "a=b+c%20d", "a=b c d" },
        { "n%61me=%C3%A9", "name=\xC3\xA9" },
        { "a=100%", "a=100%" },
        { "a=%4", "a=%4" },
        { "a=%zz", "a=%zz" },
        { "a=%2541", "a=%41" },
        { "a=%00", "PGRST100" },
        { "%00=a", "PGRST100" },
        { "a=%FF", "PGRST100" },
        { "a=%ED%A0%80", "PGRST100" },
        { "a=%C0%AF", "PGRST100" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        app_error_t err = { .pool = unit_pool };

        CASE_STRING(cases[i].query ? cases[i].query : "(none)", pairs_text(cases[i].query, &err),
                    cases[i].pairs);
    }
}

static void test_query_has_a_longest_length(void **state)
{
    app_error_t err = { .pool = unit_pool };
    char *query = apr_palloc(unit_pool, 2 * (APP_QUERY_PAIRS_MAX + 1) + 1);
    const apr_array_header_t *pairs;
    int i;

    (void)state;
    for (i = 0; i < APP_QUERY_PAIRS_MAX; i++) {
        memcpy(query + 2 * i, "a&", 3);
    }
    assert_int_equal(app_query_parse(query, &pairs, &err, unit_pool), APR_SUCCESS);
    assert_int_equal(pairs->nelts, APP_QUERY_PAIRS_MAX);
    memcpy(query + 2 * i, "a", 2);
    assert_int_equal(app_query_parse(query, &pairs, &err, unit_pool), APP_EFAIL);
    assert_int_equal(err.status, 400);
}

static void test_encode(void **state)
{
    (void)state;
    assert_string_equal(app_url_encode("AZaz09-_.~", unit_pool), "AZaz09-_.~");
    assert_string_equal(app_url_encode("a b/\xC3\xA9,", unit_pool), "a%20b%2F%C3%A9%2C");
}

static void test_utf8(void **state)
{
    static const struct {
        const char *text;
        int valid;
    } cases[] = {
        { "", 1 },
        { "plain", 1 },
        { "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", 1 },
        { "\x80", 0 },
        { "\xC3", 0 },
        { "\xC0\x80", 0 },
        { "\xE0\x80\xAF", 0 },
        { "\xED\xA0\x80", 0 },
        { "\xF0\x80\x80\xAF", 0 },
        { "\xF4\x90\x80\x80", 0 },
        { "\xF5\x80\x80\x80", 0 },
        { "\xFF", 0 },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        CASE_INT(cases[i].text, app_utf8_valid(cases[i].text, strlen(cases[i].text)),
                 cases[i].valid);
    }
}

static void test_int64(void **state)
{
    static const struct {
        const char *text;
        apr_status_t status;
        apr_int64_t value;
    } cases[] = {
        { "0", APR_SUCCESS, 0 },
        { "+7", APR_SUCCESS, 7 },
        { "-12", APR_SUCCESS, -12 },
        { "9223372036854775807", APR_SUCCESS, APR_INT64_MAX },
        { "-9223372036854775808", APR_SUCCESS, APR_INT64_MIN },
        { "9223372036854775808", APR_EINVAL, 0 },
        { "-9223372036854775809", APR_EINVAL, 0 },
        { "99999999999999999999999", APR_EINVAL, 0 },
        { "", APR_EINVAL, 0 },
        { "-", APR_EINVAL, 0 },
        { "1x", APR_EINVAL, 0 },
        { " 1", APR_EINVAL, 0 },
        { "1.0", APR_EINVAL, 0 },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        apr_int64_t value = 0;

        CASE_INT(cases[i].text, app_int64_parse(cases[i].text, strlen(cases[i].text), &value),
                 cases[i].status);
        CASE_INT(cases[i].text, value, cases[i].value);
    }
}

static void test_etag(void **state)
{
    static const struct {
        const char *list, *etag;
        int match;
    } cases[] = {
        { "\"a\"", "\"a\"", 1 },
        { "\"a\"", "\"b\"", 0 },
        { "*", "\"a\"", 1 },
        { "\"x\", \"a\"", "\"a\"", 1 },
        { "W/\"a\"", "\"a\"", 1 },
        { "\"a\"", "W/\"a\"", 1 },
        { "\"a-gzip\"", "\"a\"", 1 },
        { "W/\"a-gzip\"", "\"a\"", 1 },
        { "\"a-br\"", "\"a\"", 1 },
        { "\"a-gzi\"", "\"a\"", 0 },
        { "\"a", "\"a\"", 0 },
        { "a", "\"a\"", 0 },
        { "", "\"a\"", 0 },
        { ",, ,", "\"a\"", 0 },
        { "\"\"", "\"\"", 1 },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        CASE_INT(cases[i].list, app_etag_match(cases[i].list, cases[i].etag), cases[i].match);
    }
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_query), cmocka_unit_test(test_query_has_a_longest_length),
    cmocka_unit_test(test_encode), cmocka_unit_test(test_utf8),
    cmocka_unit_test(test_int64), cmocka_unit_test(test_etag),
};

UNIT_MAIN(tests)
