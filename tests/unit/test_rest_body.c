/* SPDX-License-Identifier: Apache-2.0 */
/** Bodies: rows and columns of what is right, the sentence for what is not. */
#include "unit.h"

#include "apr_strings.h"

#include "rest_query.h"

#define CSV  "text/csv"
#define FORM "application/x-www-form-urlencoded"
#define BOM  "\xEF\xBB\xBF"

typedef enum want_e { ROWS, FIRST, CALL } want_e;

typedef struct case_t {
    const char *body, *type, *columns;
    const char *rows; /* SQLite: columns | values of each row; NULL: as for an error */
    const char *text; /* PostgreSQL: what it gets */
} case_t;

static apr_status_t parse(rest_body_t **pbody, const case_t *c, want_e want, app_db_kind_e kind,
                          app_error_t *err)
{
    rest_source_t source = { c->body, strlen(c->body), c->type, NULL, kind };
    rest_query_t *query;

    assert_int_equal(rest_parse_query(&query, c->columns ? apr_pstrcat(unit_pool, "columns=",
                                                                       c->columns, NULL) : "",
                                      err, unit_pool), APR_SUCCESS);
    source.columns = query->columns;
    return want == CALL ? rest_body_parse_call(pbody, &source, err, unit_pool)
                        : rest_body_parse(pbody, &source, want == FIRST, err, unit_pool);
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

            app_buf_addf(&buf, " %.*s", value->text ? (int)value->len
                                                    : value->kind == REST_JSON_NULL ? 4 : 1,
                         value->text ? value->text : value->kind == REST_JSON_NULL ? "null" : "-");
        }
    }
    return buf.data;
}

static void check_cases(const case_t *cases, size_t count, want_e want)
{
    size_t i;

    for (i = 0; i < count; i++) {
        app_error_t err = { .pool = unit_pool };
        rest_body_t *body;

        if (parse(&body, &cases[i], want, APP_DB_SQLITE, &err) != APR_SUCCESS) {
            fail_msg("%s: %s", cases[i].body, err.message);
        }
        CASE_STRING(cases[i].body, show(body), cases[i].rows);
        if (parse(&body, &cases[i], want, APP_DB_PGSQL, &err) != APR_SUCCESS) {
            fail_msg("%s: %s", cases[i].body, err.message);
        }
        CASE_STRING(cases[i].body, body->text, cases[i].text);
        CASE_INT(cases[i].body, body->len, strlen(body->text));
    }
}

static void check_errors(const case_t *cases, size_t count, want_e want, app_db_kind_e kind)
{
    size_t i;

    for (i = 0; i < count; i++) {
        app_error_t err = { .pool = unit_pool };
        rest_body_t *body;

        CASE_INT(cases[i].body, parse(&body, &cases[i], want, kind, &err), APP_EFAIL);
        CASE_STRING(cases[i].body, apr_pstrcat(unit_pool, err.code, " ", err.message, NULL),
                    cases[i].rows);
    }
}

static void test_json(void **state)
{
    static const case_t cases[] = {
        { "{\"a\":1,\"b\":\"x\"}", NULL, NULL, "a b | 1 \"x\"", "[{\"a\":1,\"b\":\"x\"}]" },
        { " [ {\"a\" : 1 } , {\"a\":null} ] ", "application/json; charset=utf-8", NULL,
          "a | 1 | null", " [ {\"a\" : 1 } , {\"a\":null} ] " },
        { "[{\"a\":1,\"b\":2},{\"b\":3,\"a\":4}]", "Application/JSON", NULL, "a b | 1 2 | 4 3",
          "[{\"a\":1,\"b\":2},{\"b\":3,\"a\":4}]" },
        { "[]", "", NULL, "", "[]" },
        { " {} ", NULL, NULL, " |", "[{}]" },
        { "[{},{}]", NULL, NULL, " | |", "[{},{}]" },
        { "null", NULL, NULL, "", "[]" },
        { "5", NULL, NULL, "", "[]" },
        { "\"text\"", NULL, NULL, "", "[]" },
        { "{\"a\":1,\"a\":2}", NULL, NULL, "a | 2", "[{\"a\":1,\"a\":2}]" },
        { "{\"\\u0061\":1,\"b\\\"c\":[1,{\"x\":[]}]}", NULL, NULL, "a b\"c | 1 [1,{\"x\":[]}]",
          "[{\"\\u0061\":1,\"b\\\"c\":[1,{\"x\":[]}]}]" },
        { "{\"a\":-1.5e+10,\"b\":true,\"c\":false}", NULL, NULL, "a b c | -1.5e+10 true false",
          "[{\"a\":-1.5e+10,\"b\":true,\"c\":false}]" },
        { "{\"\":0}", NULL, NULL, " | 0", "[{\"\":0}]" },
        { "[{\"a\":1,\"x\":9},{\"b\":2}]", NULL, "a,b", "a b | 1 - | - 2",
          "[{\"a\":1,\"x\":9},{\"b\":2}]" },
        { "{\"x\":9}", NULL, "a,a", "a | -", "[{\"x\":9}]" },
    };

    (void)state;
    check_cases(cases, COUNT(cases), ROWS);
}

static void test_csv(void **state)
{
    static const case_t cases[] = {
        { "a,b\n1,x\n2,y\n", CSV, NULL, "a b | \"1\" \"x\" | \"2\" \"y\"",
          "[{\"a\":\"1\",\"b\":\"x\"},{\"a\":\"2\",\"b\":\"y\"}]" },
        { "a,b\r\n1,x\r\n2,y", "Text/CSV; header=present", NULL, "a b | \"1\" \"x\" | \"2\" \"y\"",
          "[{\"a\":\"1\",\"b\":\"x\"},{\"a\":\"2\",\"b\":\"y\"}]" },
        { "a\r1\r2", CSV, NULL, "a | \"1\" | \"2\"", "[{\"a\":\"1\"},{\"a\":\"2\"}]" },
        { "a,b,c,d\nNULL,\"NULL\",,null", CSV, NULL, "a b c d | null \"NULL\" \"\" \"null\"",
          "[{\"a\":null,\"b\":\"NULL\",\"c\":\"\",\"d\":\"null\"}]" },
        { "a,b\n\"x,\"\"y\"\"\r\nz\",\"\"", CSV, NULL, "a b | \"x,\\\"y\\\"\\r\\nz\" \"\"",
          "[{\"a\":\"x,\\\"y\\\"\\r\\nz\",\"b\":\"\"}]" },
        { "a,b\n\"\"\"\",\"\"\"\"\"\"\n", CSV, NULL, "a b | \"\\\"\" \"\\\"\\\"\"",
          "[{\"a\":\"\\\"\",\"b\":\"\\\"\\\"\"}]" },
        { "a\n x\\\t \n\xC3\xA4", CSV, NULL, "a | \" x\\\\\\t \" | \"\xC3\xA4\"",
          "[{\"a\":\" x\\\\\\t \"},{\"a\":\"\xC3\xA4\"}]" },
        { "\"a \"\"b\"\"\",\"c,d\"\n1,2", CSV, NULL, "a \"b\" c,d | \"1\" \"2\"",
          "[{\"a \\\"b\\\"\":\"1\",\"c,d\":\"2\"}]" },
        { "a,b", CSV, NULL, "a b", "[]" },
        { BOM "a\n1", CSV, NULL, "a | \"1\"", "[{\"a\":\"1\"}]" },
        { "\n\na\n\n1\n\n\n\"\"\n\n", CSV, NULL, "a | \"1\" | \"\"",
          "[{\"a\":\"1\"},{\"a\":\"\"}]" },
        { "a,b\n,\n", CSV, NULL, "a b | \"\" \"\"", "[{\"a\":\"\",\"b\":\"\"}]" },
        { "a,b,a\n1,2,3", CSV, NULL, "a b | \"3\" \"2\"",
          "[{\"a\":\"1\",\"b\":\"2\",\"a\":\"3\"}]" },
        { "a,b\n1,2", CSV, "a,c", "a b | \"1\" \"2\"", "[{\"a\":\"1\",\"b\":\"2\"}]" },
        { "a\n\x01\x1f", CSV, NULL, "a | \"\\u0001\\u001f\"", "[{\"a\":\"\\u0001\\u001f\"}]" },
    };

    (void)state;
    check_cases(cases, COUNT(cases), ROWS);
}

static void test_form(void **state)
{
    static const case_t cases[] = {
        { "a=1&b=x+y%26%c3%a4", FORM, NULL, "a b | \"1\" \"x y&\xC3\xA4\"",
          "[{\"a\":\"1\",\"b\":\"x y&\xC3\xA4\"}]" },
        { "a=1&b=2&a=3", FORM ";charset=utf-8", NULL, "a b | \"3\" \"2\"",
          "[{\"a\":\"3\",\"b\":\"2\"}]" },
        { "a&b=", FORM, NULL, "a b | \"\" \"\"", "[{\"a\":\"\",\"b\":\"\"}]" },
        { "a=NULL", FORM, "b", "a | \"NULL\"", "[{\"a\":\"NULL\"}]" },
        { "%22=%22%0A", FORM, NULL, "\" | \"\\\"\\n\"", "[{\"\\\"\":\"\\\"\\n\"}]" },
        { "", FORM, NULL, " |", "[{}]" },
    };

    (void)state;
    check_cases(cases, COUNT(cases), ROWS);
}

/** PATCH: the other rows are looked at and left. */
static void test_first(void **state)
{
    static const case_t cases[] = {
        { "[{\"a\":1},{\"a\":2},{\"a\":3}]", NULL, NULL, "a | 1", "[{\"a\":1}]" },
        { " {\"a\":1} ", NULL, NULL, "a | 1", "[{\"a\":1}]" },
        { "[ {} , {}]", NULL, NULL, " |", "[{}]" },
        { "[]", NULL, NULL, "", "[]" },
        { "[{\"a\":1},{\"b\":2}]", NULL, "b", "b | -", "[{\"a\":1}]" },
        { "a,b\n1,2\n3,4", CSV, NULL, "a b | \"1\" \"2\"", "[{\"a\":\"1\",\"b\":\"2\"}]" },
        { "a=1", FORM, NULL, "a | \"1\"", "[{\"a\":\"1\"}]" },
    };

    (void)state;
    check_cases(cases, COUNT(cases), FIRST);
}

static void test_call(void **state)
{
    static const case_t cases[] = {
        { "{\"a\":1}", NULL, NULL, "a | 1", "{\"a\":1}" },
        { " [{\"a\":[1,2]},{\"a\":2}]", NULL, NULL, "a | [1,2]", "{\"a\":[1,2]}" },
        { "", NULL, NULL, " |", "{}" },
        { "", "application/json", "a", "a | -", "{}" },
        { "{}", NULL, NULL, " |", "{}" },
        { "[]", NULL, NULL, " |", "{}" },
        { "5", NULL, NULL, " |", "{}" },
        { "[]", NULL, "a,b", "a b | - -", "{}" },
        { "[{\"a\":1},{}]", NULL, "a", "a | 1", "{\"a\":1}" },
        { "a,b\n1,NULL\n3,4", CSV, NULL, "a b | \"1\" null", "{\"a\":\"1\",\"b\":null}" },
        { "a,b\n", CSV, NULL, " |", "{}" },
        { "a=1&a=2&b=3", FORM, NULL, "a b | \"2\" \"3\"", "{\"a\":\"2\",\"b\":\"3\"}" },
        { "", FORM, NULL, " |", "{}" },
    };

    (void)state;
    check_cases(cases, COUNT(cases), CALL);
}

/** The one unnamed argument of a call, and the pairs of a form. */
static void test_raw(void **state)
{
    static const struct {
        const char *body, *type;
        rest_body_kind_e kind;
        const char *raw;
    } cases[] = {
        { " {\"a\":1}", NULL, REST_BODY_JSON, " {\"a\":1}" },
        { "5", NULL, REST_BODY_JSON, "5" },
        { "", NULL, REST_BODY_JSON, "{}" },
        { "a\n1", CSV, REST_BODY_CSV, NULL },
        { "a=1", FORM, REST_BODY_FORM, NULL },
        { "text \xC3\xA4", "text/plain; charset=utf-8", REST_BODY_TEXT, "text \xC3\xA4" },
        { "", "text/plain", REST_BODY_TEXT, "" },
        { "<a/>", "Text/XML", REST_BODY_XML, "<a/>" },
        { "\xff", "application/octet-stream", REST_BODY_BYTES, "\xff" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        app_error_t err = { .pool = unit_pool };
        case_t c = { cases[i].body, cases[i].type, NULL, NULL, NULL };
        rest_body_t *body;

        assert_int_equal(parse(&body, &c, CALL, APP_DB_PGSQL, &err), APR_SUCCESS);
        CASE_INT(c.body, body->kind, cases[i].kind);
        CASE_STRING(c.body, body->raw, cases[i].raw);
        CASE_INT(c.body, body->raw_len, body->raw ? strlen(body->raw) : 0);
        CASE_INT(c.body, body->pairs != NULL, body->kind == REST_BODY_FORM);
    }
}

static void test_pairs(void **state)
{
    static const case_t c = { "a=1&b&a=2", FORM, NULL, NULL, NULL };
    app_error_t err = { .pool = unit_pool };
    const char *pairs = "";
    rest_body_t *body;
    int i;

    (void)state;
    assert_int_equal(parse(&body, &c, CALL, APP_DB_PGSQL, &err), APR_SUCCESS);
    for (i = 0; i < body->pairs->nelts; i++) {
        const app_pair_t *pair = &APR_ARRAY_IDX(body->pairs, i, const app_pair_t);

        pairs = apr_pstrcat(unit_pool, pairs, pair->key, "=", pair->value, " ", NULL);
    }
    assert_string_equal(pairs, "a=1 b= a=2 ");
}

static void test_errors(void **state)
{
#define JSON_WRONG "PGRST102 Empty or invalid json"
#define KEYS_WRONG "PGRST102 All object keys must match"
#define CSV_WRONG  "PGRST102 Empty or invalid csv"
#define LINE_WRONG "PGRST102 All lines must have same number of fields"
#define FORM_WRONG "PGRST102 Invalid form"
#define TYPE_WRONG "PGRST102 Content-Type not acceptable: "
    static const case_t cases[] = {
        { "", NULL, NULL, JSON_WRONG, NULL },
        { " ", NULL, NULL, JSON_WRONG, NULL },
        { "{", NULL, NULL, JSON_WRONG, NULL },
        { "{\"a\":1}x", NULL, NULL, JSON_WRONG, NULL },
        { "[{\"a\":1}]x", NULL, NULL, JSON_WRONG, NULL },
        { "[{\"a\":1},]", NULL, NULL, JSON_WRONG, NULL },
        { "5 5", NULL, NULL, JSON_WRONG, NULL },
        { "{\"a\":01}", NULL, NULL, JSON_WRONG, NULL },
        { "{\"a\":1,}", NULL, NULL, JSON_WRONG, NULL },
        { "{a:1}", NULL, NULL, JSON_WRONG, NULL },
        { "{\"a\":\"\xff\"}", NULL, NULL, JSON_WRONG, NULL },
        { "{\"a\":\"\\ud800\"}", NULL, NULL, JSON_WRONG, NULL },
        { "{\"a\":\"\n\"}", NULL, NULL, JSON_WRONG, NULL },
        { "[{\"a\":1},{\"b\":1}]", NULL, NULL, KEYS_WRONG, NULL },
        { "[{\"a\":1},{\"a\":1,\"b\":1}]", NULL, NULL, KEYS_WRONG, NULL },
        { "[{\"a\":1,\"b\":1},{\"a\":1}]", NULL, NULL, KEYS_WRONG, NULL },
        { "[{\"a\":1,\"b\":1},{\"a\":1,\"a\":1}]", NULL, NULL, KEYS_WRONG, NULL },
        { "[{},{\"a\":1}]", NULL, NULL, KEYS_WRONG, NULL },
        { "[{\"a\":1},5]", NULL, NULL, KEYS_WRONG, NULL },
        { "[1,2]", NULL, NULL, KEYS_WRONG, NULL },
        { "[[]]", NULL, NULL, KEYS_WRONG, NULL },
        { "", CSV, NULL, CSV_WRONG, NULL },
        { BOM "\r\n", CSV, NULL, CSV_WRONG, NULL },
        { "a\n\"x", CSV, NULL, CSV_WRONG, NULL },
        { "a\n\"x\"\"", CSV, NULL, CSV_WRONG, NULL },
        { "a\n\"x\"y", CSV, NULL, CSV_WRONG, NULL },
        { "a\nx\"y\"", CSV, NULL, CSV_WRONG, NULL },
        { "\"a", CSV, NULL, CSV_WRONG, NULL },
        { "a\n\xff", CSV, NULL, CSV_WRONG, NULL },
        { "a,b\n1,2\n3", CSV, NULL, LINE_WRONG, NULL },
        { "a,b\n1,2,3", CSV, NULL, LINE_WRONG, NULL },
        { "a,b\n1,2,", CSV, NULL, LINE_WRONG, NULL },
        { "a\n1\n,", CSV, NULL, LINE_WRONG, NULL },
        { "a=%ff", FORM, NULL, FORM_WRONG, NULL },
        { "a=%00", FORM, NULL, FORM_WRONG, NULL },
        { "<a/>", "application/xml", NULL, TYPE_WRONG "application/xml", NULL },
        { "{}", "application/jsonx", NULL, TYPE_WRONG "application/jsonx", NULL },
        { "{}", "application/jso", NULL, TYPE_WRONG "application/jso", NULL },
    };
    static const case_t relations[] = {
        { "x", "text/plain", NULL, TYPE_WRONG "text/plain", NULL },
        { "x", "text/xml;a=b", NULL, TYPE_WRONG "text/xml", NULL },
        { "x", "application/octet-stream", NULL, TYPE_WRONG "application/octet-stream", NULL },
    };
    static const case_t calls[] = {
        { " ", NULL, NULL, JSON_WRONG, NULL },
        { "", CSV, NULL, CSV_WRONG, NULL },
        { "[{\"a\":1},{\"b\":1}]", NULL, NULL, KEYS_WRONG, NULL },
        { "\xff", "text/plain", NULL, "22021 invalid byte sequence for encoding \"UTF8\"", NULL },
    };
    static const case_t named[] = { /* with columns=, on SQLite */
        { "{\"a\":", NULL, "a", "22P02 invalid input syntax for type json", NULL },
        { "", NULL, "a", "22P02 invalid input syntax for type json", NULL },
        { "[1]", NULL, "a", "22023 argument of json_to_recordset must be an array of objects",
          NULL },
        { "1", NULL, "a", "22023 argument of json_to_recordset must be an array of objects",
          NULL },
    };

    (void)state;
    check_errors(cases, COUNT(cases), ROWS, APP_DB_SQLITE);
    check_errors(cases, COUNT(cases), ROWS, APP_DB_PGSQL);
    check_errors(cases, COUNT(cases), FIRST, APP_DB_PGSQL);
    check_errors(relations, COUNT(relations), ROWS, APP_DB_PGSQL);
    check_errors(calls, COUNT(calls), CALL, APP_DB_SQLITE);
    check_errors(named, COUNT(named), ROWS, APP_DB_SQLITE);
}

/** With columns= PostgreSQL gets what it alone examines, as it came. */
static void test_unexamined(void **state)
{
    static const struct { const char *body, *text; int nrows; } cases[] = {
        { "[{\"a\":1},{\"b\":2}]", "[{\"a\":1},{\"b\":2}]", 2 },
        { "[1, null]", "[1, null]", 2 },
        { "5", "[5]", 1 },
        { "{\"a\":1}", "[{\"a\":1}]", 1 },
        { "{\"a\":1},{\"a\":2}", "{\"a\":1},{\"a\":2}", 1 },
        { "[{\"a\":1}", "[{\"a\":1}", 1 },
        { "", "", 1 },
        { "\"\\ud800\"", "\"\\ud800\"", 1 },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        app_error_t err = { .pool = unit_pool };
        case_t c = { cases[i].body, NULL, "a,b", NULL, NULL };
        rest_body_t *body;

        CASE_INT(c.body, parse(&body, &c, ROWS, APP_DB_PGSQL, &err), APR_SUCCESS);
        CASE_STRING(c.body, body->text, cases[i].text);
        CASE_INT(c.body, body->nrows, cases[i].nrows);
        CASE_INT(c.body, body->ncolumns, 2);
    }
}

/** A NUL would end the text of a parameter before what stands behind it was seen. */
static void test_nul(void **state)
{
    static const rest_name_t column = { NULL, "a" };
    static const rest_source_t cases[] = {
        { "{\"a\":1}\0x", 9, NULL, NULL, APP_DB_PGSQL },
        { "{\"a\":1}\0x", 9, NULL, &column, APP_DB_PGSQL },
        { "{\"a\":1}\0x", 9, NULL, &column, APP_DB_SQLITE },
        { "a\n1\0", 4, CSV, NULL, APP_DB_PGSQL },
        { "a=1\0", 4, FORM, NULL, APP_DB_PGSQL },
        { "a\0", 2, "text/plain", NULL, APP_DB_PGSQL },
        { "a\0", 2, "text/xml", NULL, APP_DB_PGSQL },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        app_error_t err = { .pool = unit_pool };
        rest_body_t *body;

        CASE_INT(cases[i].data, rest_body_parse_call(&body, &cases[i], &err, unit_pool), APP_EFAIL);
        CASE_INT(cases[i].data, err.status, 400);
    }
}

static const char *repeat(const char *head, const char *text, int count, const char *tail)
{
    app_buf_t buf;
    int i;

    app_buf_init(&buf, unit_pool, 1 << 26);
    app_buf_adds(&buf, head);
    for (i = 0; i < count; i++) {
        app_buf_adds(&buf, text);
    }
    app_buf_adds(&buf, tail);
    return buf.data;
}

static void test_bounds(void **state)
{
    const char *name = repeat("", "n", 100, "");
    const struct { case_t c; int sqlite, pgsql; } cases[] = { /* statuses; 0: it is taken */
        { { repeat("{\"a\":", "[", 100000, ""), NULL, NULL, NULL, NULL }, 400, 400 },
        { { repeat("[{}", ",{}", 600000, "]"), NULL, "a,b", NULL, NULL }, 413, 0 },
        { { repeat("[{}", ",{}", 600000, "]"), NULL, "a", NULL, NULL }, 0, 0 },
        { { repeat("{\"a\":1", ",\"b\":1", 2000, "}"), NULL, NULL, NULL, NULL }, 0, 0 },
        { { repeat("a", ",b", 1599, ""), CSV, NULL, NULL, NULL }, 0, 0 },
        { { repeat("a", ",b", 1600, ""), CSV, NULL, NULL, NULL }, 400, 400 },
        { { repeat("a", "\n1", 1000001, ""), CSV, NULL, NULL, NULL }, 413, 0 },
        { { repeat(name, "\n1", 700000, ""), CSV, NULL, NULL, NULL }, 0, 413 },
        { { repeat("a=1", "&a=1", 999, ""), FORM, NULL, NULL, NULL }, 0, 0 },
        { { repeat("a=1", "&a=1", 1000, ""), FORM, NULL, NULL, NULL }, 400, 400 },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        app_error_t err = { .pool = unit_pool };
        rest_body_t *body;
        int status = parse(&body, &cases[i].c, ROWS, APP_DB_SQLITE, &err) ? err.status : 0;

        CASE_INT(apr_psprintf(unit_pool, "SQLite, %d", (int)i), status, cases[i].sqlite);
        status = parse(&body, &cases[i].c, ROWS, APP_DB_PGSQL, &err) ? err.status : 0;
        CASE_INT(apr_psprintf(unit_pool, "PostgreSQL, %d", (int)i), status, cases[i].pgsql);
    }
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_json),       cmocka_unit_test(test_csv),  cmocka_unit_test(test_form),
    cmocka_unit_test(test_first),      cmocka_unit_test(test_call), cmocka_unit_test(test_raw),
    cmocka_unit_test(test_pairs),      cmocka_unit_test(test_errors),
    cmocka_unit_test(test_unexamined), cmocka_unit_test(test_nul),  cmocka_unit_test(test_bounds),
};

UNIT_MAIN(tests)
