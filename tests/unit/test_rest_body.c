/* SPDX-License-Identifier: Apache-2.0 */
/** Bodies of writes: rows and columns of what is right, the sentence for what is not. */
#include "unit.h"

#include "apr_strings.h"

#include "rest_query.h"

typedef struct case_t {
    const char *body, *type, *columns, *rows; /* rows: columns | values of each row */
} case_t;

static const case_t good[] = {
    { "{\"a\":1,\"b\":\"x\"}", NULL, NULL, "a b | 1 \"x\"" },
    { " [ {\"a\" : 1 } , {\"a\":null} ] ", "application/json; charset=utf-8", NULL,
      "a | 1 | null" },
    { "[{\"a\":1,\"b\":2},{\"b\":3,\"a\":4}]", "Application/JSON", NULL, "a b | 1 2 | 4 3" },
    { "[]", NULL, NULL, "" },
    { "{}", NULL, NULL, " |" },
    { "[{},{}]", NULL, NULL, " | |" },
    { "null", NULL, NULL, "" },
    { "5", NULL, NULL, "" },
    { "\"text\"", NULL, NULL, "" },
    { "{\"a\":1,\"a\":2}", NULL, NULL, "a | 2" },
    { "{\"\\u0061\":1,\"b\\\"c\":[1,{\"x\":[]}]}", NULL, NULL, "a b\"c | 1 [1,{\"x\":[]}]" },
    { "[{\"a\":1,\"x\":9},{\"b\":2}]", NULL, "a,b", "a b | 1 - | - 2" },
    { "{\"a\":-1.5e+10,\"b\":true,\"c\":false}", NULL, NULL, "a b c | -1.5e+10 true false" },
    { "{\"\":0}", NULL, NULL, " | 0" },
};

static const case_t bad[] = {
    { "", NULL, NULL, "PGRST102 Empty or invalid json" },
    { "{", NULL, NULL, "PGRST102 Empty or invalid json" },
    { "{\"a\":1}x", NULL, NULL, "PGRST102 Empty or invalid json" },
    { "{\"a\":01}", NULL, NULL, "PGRST102 Empty or invalid json" },
    { "{\"a\":1,}", NULL, NULL, "PGRST102 Empty or invalid json" },
    { "{a:1}", NULL, NULL, "PGRST102 Empty or invalid json" },
    { "{\"a\":\"\xff\"}", NULL, NULL, "PGRST102 Empty or invalid json" },
    { "{\"a\":\"\\ud800\"}", NULL, NULL, "PGRST102 Empty or invalid json" },
    { "{\"a\":\"\n\"}", NULL, NULL, "PGRST102 Empty or invalid json" },
    { "[{\"a\":1},{\"b\":1}]", NULL, NULL, "PGRST102 All object keys must match" },
    { "[{\"a\":1},{\"a\":1,\"b\":1}]", NULL, NULL, "PGRST102 All object keys must match" },
    { "[{\"a\":1,\"b\":1},{\"a\":1}]", NULL, NULL, "PGRST102 All object keys must match" },
    { "[{\"a\":1},5]", NULL, NULL, "PGRST102 All object keys must match" },
    { "[1,2]", NULL, NULL, "PGRST102 All object keys must match" },
    { "[[]]", NULL, NULL, "PGRST102 All object keys must match" },
    { "{\"a\":", NULL, "a", "22P02 invalid input syntax for type json" },
    { "<a/>", "application/xml", NULL, "PGRST102 Content-Type not acceptable: application/xml" },
    { "a,b", "text/csv", NULL, "PGRST127 Feature not implemented" },
};

static apr_status_t parse(rest_body_t **pbody, const case_t *c, app_error_t *err)
{
    rest_query_t *query;

    rest_parse_query(&query, c->columns ? apr_pstrcat(unit_pool, "columns=", c->columns, NULL) : "",
                     err, unit_pool);
    return rest_body_parse(pbody, c->body, strlen(c->body), c->type, query->columns, err,
                           unit_pool);
}

static const char *show(const rest_body_t *body)
{
    app_buf_t buf;
    int row, i;

    app_buf_init(&buf, unit_pool, 4096);
    for (i = 0; i < body->ncolumns; i++) {
        app_buf_addf(&buf, "%s%s", i ? " " : "", body->columns[i]);
    }
    for (row = 0; row < body->nrows; row++) {
        app_buf_adds(&buf, " |");
        for (i = 0; i < body->ncolumns; i++) {
            const rest_json_t *value = &body->values[row * body->ncolumns + i];

            app_buf_addf(&buf, " %.*s", value->text ? (int)value->len : 1,
                         value->text ? value->text : "-");
        }
    }
    return buf.data;
}

static void test_good(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(good); i++) {
        app_error_t err = { .pool = unit_pool };
        rest_body_t *body;

        if (parse(&body, &good[i], &err) != APR_SUCCESS) {
            fail_msg("%s: %s", good[i].body, err.message);
        }
        CASE_STRING(good[i].body, show(body), good[i].rows);
    }
}

static void test_bad(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(bad); i++) {
        app_error_t err = { .pool = unit_pool };
        rest_body_t *body;

        CASE_INT(bad[i].body, parse(&body, &bad[i], &err), APP_EFAIL);
        CASE_STRING(bad[i].body, apr_pstrcat(unit_pool, err.code, " ", err.message, NULL),
                    bad[i].rows);
    }
}

static void test_bounds(void **state)
{
    app_error_t err = { .pool = unit_pool };
    const case_t many = { "[{},{}]", NULL, "a", NULL };
    rest_body_t *body;
    app_buf_t buf;
    case_t c = many;
    int i;

    (void)state;
    app_buf_init(&buf, unit_pool, 1 << 24);
    app_buf_adds(&buf, "{\"a\":");
    for (i = 0; i < 100000; i++) {
        app_buf_addc(&buf, '[');
    }
    c.body = buf.data;
    c.columns = NULL;
    assert_int_equal(parse(&body, &c, &err), APP_EFAIL);
    assert_string_equal(err.code, "PGRST102");

    app_buf_init(&buf, unit_pool, 1 << 24);
    app_buf_addc(&buf, '[');
    for (i = 0; i < 600000; i++) {
        app_buf_adds(&buf, i ? ",{}" : "{}");
    }
    app_buf_addc(&buf, ']');
    c.body = buf.data;
    c.columns = "a,b";
    assert_int_equal(parse(&body, &c, &err), APP_EFAIL);
    assert_int_equal(err.status, 413);
}

static void test_wrapped(void **state)
{
    app_error_t err = { .pool = unit_pool };
    const case_t one = { "{\"a\":1}", NULL, NULL, NULL }, none = { "true", NULL, NULL, NULL };
    rest_body_t *body;

    (void)state;
    parse(&body, &one, &err);
    assert_string_equal(body->text, "[{\"a\":1}]");
    parse(&body, &none, &err);
    assert_string_equal(body->text, "[]");
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_good),
    cmocka_unit_test(test_bad),
    cmocka_unit_test(test_bounds),
    cmocka_unit_test(test_wrapped),
};

UNIT_MAIN(tests)
