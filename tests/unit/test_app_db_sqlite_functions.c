/* SPDX-License-Identifier: Apache-2.0 */
/** The SQL functions of the SQLite driver for JSON and patterns, on a connection of their own. */
#include "unit.h"

#include <stdio.h>

#include "apr_strings.h"

#include "app_db_sqlite.h"

static app_lite_t lite;

static void open_link(void)
{
    memset(&lite, 0, sizeof(lite));
    apr_pool_create(&lite.scratch, unit_pool);
    assert_int_equal(sqlite3_open(":memory:", &lite.link), SQLITE_OK);
    app_lite_functions_reset(&lite);
    assert_int_equal(app_lite_functions(&lite), SQLITE_OK);
}

/** The expression's value, "NULL"; of a failure its SQLSTATE, or the result code. */
static const char *value_of(const char *expression)
{
    const char *sql = apr_pstrcat(unit_pool, "SELECT ", expression, NULL), *value;
    sqlite3_stmt *stmt = NULL;

    lite.sqlstate = NULL;
    if (sqlite3_prepare_v2(lite.link, sql, -1, &stmt, NULL) != SQLITE_OK) {
        return apr_pstrdup(unit_pool, sqlite3_errmsg(lite.link));
    }
    if (sqlite3_step(stmt) != SQLITE_ROW) {
        value = lite.sqlstate ? lite.sqlstate
                              : apr_itoa(unit_pool, sqlite3_errcode(lite.link));
    }
    else {
        value = (const char *)sqlite3_column_text(stmt, 0);
        value = value ? apr_pstrdup(unit_pool, value) : "NULL";
    }
    sqlite3_finalize(stmt);
    return value;
}

typedef struct case_t {
    const char *expression, *value;
} case_t;

static void check(const case_t *cases, size_t count)
{
    size_t i;

    open_link();
    for (i = 0; i < count; i++) {
        CASE_STRING(cases[i].expression, value_of(cases[i].expression), cases[i].value);
    }
    sqlite3_close(lite.link);
}

/* Parts */

#define DOC "'{\"a\": {\"b\": [1, \"x\\u0079\", {\"c\": null}, 1.50, true]}, \"q\\\"\": \"s\", " \
            "\"d.e\": 2, \"a2\":-0, \"twice\":1, \"twice\":2, \"\\u00e9\": 3}'"

static void test_path(void **state)
{
    static const case_t cases[] = {
        { "app_json_get(" DOC ", '$.a.b[0]')", "1" },
        { "app_json_get(" DOC ", '$.a.b[1]')", "\"x\\u0079\"" },
        { "app_json_text(" DOC ", '$.a.b[1]')", "xy" },
        { "app_json_text(" DOC ", '$.a.b[2]')", "{\"c\": null}" },
        { "app_json_get(" DOC ", '$.a.b[2].c')", "null" },
        { "app_json_text(" DOC ", '$.a.b[2].c')", "NULL" },
        { "app_json_text(" DOC ", '$.a.b[3]')", "1.50" },
        { "app_json_text(" DOC ", '$.a.b[#-1]')", "true" },
        { "app_json_text(" DOC ", '$.a.b[#-5]')", "1" },
        { "app_json_text(" DOC ", '$.a.b[#-6]')", "NULL" },
        { "app_json_text(" DOC ", '$.a.b[5]')", "NULL" },
        { "app_json_text(" DOC ", '$.a.b.c')", "NULL" },
        { "app_json_text(" DOC ", '$[0]')", "NULL" },
        { "app_json_text(" DOC ", '$.\"q\\\"\"')", "s" },
        { "app_json_text(" DOC ", '$.\"d.e\"')", "2" },
        { "app_json_text(" DOC ", '$.d.e')", "NULL" },
        { "app_json_text(" DOC ", '$.a2')", "-0" },
        { "app_json_text(" DOC ", '$.twice')", "2" },
        { "app_json_text(" DOC ", '$.é')", "3" },
        { "app_json_text(" DOC ", '$.\"\\u0061\".b[0]')", "1" },
        { "app_json_text('[[1,2],[3]]', '$[1][0]')", "3" },
        { "app_json_text(' \"x\" ', '$')", "x" },
        { "app_json_text('\"\\ud83d\\ude00\"', '$')", "\xF0\x9F\x98\x80" },
        { "app_json_text('\"\\ud83d\"', '$')", "NULL" },
        { "app_json_text('5', '$')", "5" },
        { "app_json_text('no json', '$')", "NULL" },
        { "app_json_text(NULL, '$')", "NULL" },
        { "app_json_text('{}', NULL)", "NULL" },
        { "json_array(app_json_get('{\"a\":[1]}', '$.a'))", "[[1]]" },
        { "json_array(app_json_text('{\"a\":[1]}', '$.a'))", "[\"[1]\"]" },
        { "app_json_text('{\"a\":1}', 'a')", "22023" },
        { "app_json_text('{\"a\":1}', '$a')", "22023" },
        { "app_json_text('{\"a\":1}', '$.')", "22023" },
        { "app_json_text('{\"a\":1}', '$.\"a')", "22023" },
        { "app_json_text('[1]', '$[')", "22023" },
        { "app_json_text('[1]', '$[-1]')", "22023" },
        { "app_json_text('[1]', '$[#]')", "22023" },
        { "app_json_text('[1]', '$[99999999999999999999]')", "22023" },
    };

    (void)state;
    check(cases, COUNT(cases));
}

static void test_strip(void **state)
{
    static const case_t cases[] = {
        { "app_strip('{\"a\":null}')", "{}" },
        { "app_strip('{\"a\":null,\"b\":1,\"c\":null}')", "{\"b\":1}" },
        { "app_strip(' { \"a\" : 1.50 , \"b\" : null , \"c\" : [ null , {\"d\":null} ] } ')",
          "{\"a\":1.50,\"c\":[null,{}]}" },
        { "app_strip('[{\"a\":{\"b\":null,\"c\":\"null\"}}]')", "[{\"a\":{\"c\":\"null\"}}]" },
        { "app_strip('[]')", "[]" },
        { "app_strip('null')", "null" },
        { "app_strip('{\"a\":')", "{\"a\":" },
        { "app_strip(NULL)", "NULL" },
        { "json_array(app_strip('{\"a\":null}'))", "[{}]" },
    };

    (void)state;
    check(cases, COUNT(cases));
}

/* Comparing: as PostgreSQL 15 does, but for [], which it puts below everything */

static void test_contains(void **state)
{
    static const case_t cases[] = {
        { "app_contains('[1,2,3]', '[3,1]')", "1" },
        { "app_contains('[1,2,3]', '[4]')", "0" },
        { "app_contains('[1,2]', '[1,1,1]')", "1" },
        { "app_contains('[1,2]', '[]')", "1" },
        { "app_contains('[1,2]', '2')", "1" },
        { "app_contains('2', '[2]')", "0" },
        { "app_contains('2', '2.0')", "1" },
        { "app_contains('[[1,2]]', '[1]')", "0" },
        { "app_contains('[[1,2]]', '[[1]]')", "1" },
        { "app_contains('{\"a\":1,\"b\":[1,2]}', '{\"b\":[2]}')", "1" },
        { "app_contains('{\"a\":[1,2]}', '{\"a\":1}')", "0" },
        { "app_contains('{\"a\":{\"b\":1,\"c\":2}}', '{\"a\":{\"c\":2}}')", "1" },
        { "app_contains('{\"a\":null}', '{\"a\":null}')", "1" },
        { "app_contains('{\"a\":1}', '{\"b\":null}')", "0" },
        { "app_contains('[{\"a\":1,\"b\":2}]', '[{\"a\":1}]')", "1" },
        { "app_contains('{}', '[]')", "0" },
        { "app_contains('[\"x\"]', '[\"X\"]')", "0" },
        { "app_contains('[12345678901234567890]', '[12345678901234567890]')", "1" },
        { "app_contains('no json', 'no json')", "1" },
        { "app_contains(NULL, '[]')", "NULL" },
        { "app_contains('[]', NULL)", "NULL" },
    };

    (void)state;
    check(cases, COUNT(cases));
}

static void test_overlaps(void **state)
{
    static const case_t cases[] = {
        { "app_overlaps('[1,2]', '[2,3]')", "1" },
        { "app_overlaps('[1,2]', '[3]')", "0" },
        { "app_overlaps('[\"a\"]', '[\"a\",\"b\"]')", "1" },
        { "app_overlaps('[null]', '[null]')", "0" },
        { "app_overlaps('[]', '[]')", "0" },
        { "app_overlaps('{\"a\":1}', '[1]')", "0" },
        { "app_overlaps(NULL, '[1]')", "NULL" },
    };

    (void)state;
    check(cases, COUNT(cases));
}

static void test_compare(void **state)
{
    /* In jsonb's order, each unlike the others. */
    static const char *const values[] = {
        "null", "\"\"", "\"Z\"", "\"a\"", "\"aa\"", "-1e300", "-1", "0.1", "1", "1.5",
        "9007199254740992", "9007199254740993", "1e300", "false", "true", "[]", "[9]", "[\"a\",1]",
        "[1,\"a\"]", "[1,1]", "{}", "{\"aa\":1}", "{\"b\":1}", "{\"b\":2}",
        "{\"a\":1,\"b\":1}", "{\"b\":0,\"aa\":0}",
    };
    static const case_t cases[] = {
        { "app_json_compare('1.0', '1')", "0" },
        { "app_json_compare('[\"a\",2]', '[\"a\",1]')", "1" },
        { "app_json_compare('{\"a\":1,\"b\":2}', '{ \"b\":2, \"a\":1.0 }')", "0" },
        { "app_json_compare('\"\\u0061\"', '\"a\"')", "0" },
        { "app_json_compare('x', '\"x\"')", "0" },
        { "app_json_compare(NULL, '1')", "NULL" },
        { "app_json_compare('1', NULL)", "NULL" },
        { "group_concat(app_json_compare('2', value)) FROM json_each('[1,2,3]')", "1,0,-1" },
    };
    int i, j;

    (void)state;
    check(cases, COUNT(cases));
    open_link();
    for (i = 0; i < (int)COUNT(values); i++) {
        for (j = 0; j < (int)COUNT(values); j++) {
            const char *sql = apr_psprintf(unit_pool, "app_json_compare('%s', '%s')", values[i],
                                           values[j]);

            CASE_STRING(sql, value_of(sql), apr_itoa(unit_pool, (i > j) - (i < j)));
        }
    }
    sqlite3_close(lite.link);
}

/** Decimal numbers as text, and JSON, by their collations. */
static void test_collations(void **state)
{
    /* In order, each unlike the others. */
    static const char *const values[] = {
        "-1e400", "-100", "-99.5", "-1", "-.5e-3", "0", "1e-999999999", "0.05", "0.1", "0.11", "1",
        "1.000000000000000000001", "9", "10", "12345678901234567890.12", "12345678901234567890.13",
        "1e400", "1e99999999999999999999", "", "x",
    };
    static const case_t cases[] = {
        { "'1.50' = '1.5' COLLATE app_numeric", "1" },
        { "'+007' = '7.' COLLATE app_numeric", "1" },
        { "'-0.0' = '0e5' COLLATE app_numeric", "1" },
        { "'12e2' = '1200.00' COLLATE app_numeric", "1" },
        { "'0.012' = '12E-3' COLLATE app_numeric", "1" },
        { "'.' < '1' COLLATE app_numeric", "0" },
        { "'1e' = '1' COLLATE app_numeric", "0" },
        { "'1x' = '1' COLLATE app_numeric", "0" },
        { "group_concat(value, ' ') FROM (SELECT value FROM"
          " json_each('[\"[1]\",\"10\",\"9\",\"null\"]') ORDER BY value COLLATE app_json)",
          "null 9 10 [1]" },
    };
    int i, j;

    (void)state;
    check(cases, COUNT(cases));
    open_link();
    for (i = 0; i < (int)COUNT(values); i++) {
        for (j = 0; j < (int)COUNT(values); j++) {
            const char *sql = apr_psprintf(unit_pool, "'%s' < '%s' COLLATE app_numeric", values[i],
                                           values[j]);

            CASE_STRING(sql, value_of(sql), apr_itoa(unit_pool, i < j));
        }
    }
    sqlite3_close(lite.link);
}

/* Patterns */

static void test_ilike(void **state)
{
    static const case_t cases[] = {
        { "app_ilike('Hello', 'hELLO')", "1" },
        { "app_ilike('Hello', 'hell')", "0" },
        { "app_ilike('Hello', 'h%O')", "1" },
        { "app_ilike('Hello', '%L%l%')", "1" },
        { "app_ilike('Hello', '%l%l%l%')", "0" },
        { "app_ilike('ab', 'ab%b')", "0" },
        { "app_ilike('abb', 'ab%b')", "1" },
        { "app_ilike('abcbc', 'a%bc')", "1" },
        { "app_ilike('abcb', 'a%bc')", "0" },
        { "app_ilike('Hello', 'h____')", "1" },
        { "app_ilike('Hello', 'h___')", "0" },
        { "app_ilike('', '')", "1" },
        { "app_ilike('', '%%')", "1" },
        { "app_ilike('', '_')", "0" },
        { "app_ilike('ÉCOLE straße', 'école STRAß_')", "1" },
        { "app_ilike('ΣΊΣΥΦΟΣ', 'σίσυφος')", "1" },
        { "app_ilike('日本', '_本')", "1" },
        { "app_ilike('a' || char(10) || 'b', 'A_B')", "1" },
        { "app_ilike('a' || char(10) || 'b', 'A%B')", "1" },
        { "app_ilike('a' || char(10), 'a')", "0" },
        { "app_ilike('50%', '50\\%')", "1" },
        { "app_ilike('500', '50\\%')", "0" },
        { "app_ilike('x50%y', '%50\\%y')", "1" },
        { "app_ilike('x50%', '%50\\%')", "1" },
        { "app_ilike('a_b', 'A\\_B')", "1" },
        { "app_ilike('a\\b', 'A\\\\B')", "1" },
        { "app_ilike('a.b[c]^$|(*)+?{1}', 'A.B[C]^$|(*)+?{1}')", "1" },
        { "app_ilike('aXb', 'a.b')", "0" },
        { "app_ilike('x', 'x\\')", "22025" },
        { "app_ilike('x', '%x\\')", "22025" },
        { "app_ilike('12', 12)", "1" },
        { "app_ilike(NULL, 'x')", "NULL" },
        { "app_ilike('x', NULL)", "NULL" },
        { "app_ilike(CAST(x'c32861' AS TEXT), '%A')", "0" }, /* bytes that are no UTF-8 */
        { "app_ilike('x', replace(hex(zeroblob(1000)), '0', 'x'))", "54000" },
        { "app_ilike(replace(hex(zeroblob(2000000)), '0', 'ab') || 'c', '%ab%ab%ab%ab%C')", "1" },
        { "app_ilike(replace(hex(zeroblob(2000000)), '0', 'ab'), '%a%a%a%a%a%c%')", "0" },
    };

    (void)state;
    check(cases, COUNT(cases));
}

static void test_regex(void **state)
{
    static const case_t cases[] = {
        { "app_regex('Hello', 'ell', 0)", "1" },
        { "app_regex('Hello', 'ELL', 0)", "0" },
        { "app_regex('Hello', 'ELL', 1)", "1" },
        { "app_regex('Hello', '^h.*o$', 1)", "1" },
        { "app_regex('a' || char(10) || 'b', 'a.b', 0)", "1" },
        { "app_regex('a' || char(10) || 'b', '^b', 0)", "0" },
        { "app_regex('a' || char(10), 'a$', 0)", "0" },
        { "app_regex('é', '^.$', 0)", "1" },
        { "app_regex('É', 'é', 1)", "1" },
        { "app_regex('é', '^\\w$', 0)", "1" },
        { "app_regex('ab12', '^[[:alpha:]]+[[:digit:]]{2}$', 0)", "1" },
        { "app_regex('abab', '^(ab)\\1$', 0)", "1" },
        { "app_regex('x', '', 0)", "1" },
        { "app_regex('word', '\\mword\\M', 0)", "2201B" },
        { "app_regex('word', '\\yword\\y', 0)", "2201B" },
        { "app_regex('a', '[[.a.]]', 0)", "2201B" },
        { "app_regex('a', '[[=a=]]', 0)", "2201B" },
        { "app_regex('a', '***:a', 0)", "2201B" },
        { "app_regex('a', '(', 0)", "2201B" },
        { "app_regex('a', '[a', 0)", "2201B" },
        { "app_regex('a', 'a{2,1}', 0)", "2201B" },
        { "app_regex('a', '\\C', 0)", "2201B" },
        { "app_regex(replace(hex(zeroblob(20)), '0', 'a') || 'b', '^(a+)+$', 0)", "2201B" },
        { "app_regex(replace(hex(zeroblob(5000)), '0', 'ab'), '^(a|b)*$', 0)", "1" },
        { "app_regex(NULL, 'x', 0)", "NULL" },
        { "app_regex('x', NULL, 0)", "NULL" },
        { "group_concat(app_regex('a7', 'a'||(value%20), 0), '') FROM json_each('[7,1,27,8]')",
          "1010" },
    };

    (void)state;
    check(cases, COUNT(cases));
}

/** More patterns than are kept, again and again. */
static void test_many_patterns(void **state)
{
    (void)state;
    open_link();
    assert_string_equal(value_of("sum(app_regex('x' || n || 'y', '^x' || (n % 40) || 'y$', 0)) "
                                 "FROM (WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL "
                                 "SELECT n + 1 FROM c WHERE n < 199) SELECT n FROM c)"),
                        "40");
    /* Often enough for machine code; a search for a letter would read past the end, in words. */
    assert_string_equal(value_of("sum(app_regex('x' || n, '^x[02]+$', 0)) FROM (WITH RECURSIVE "
                                 "c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n < 199) "
                                 "SELECT n FROM c)"),
                        "4");
    sqlite3_close(lite.link);
}

/** A failure's SQLSTATE and text. */
static const char *failure_of(const char *expression)
{
    const char *state = value_of(expression);

    return apr_pstrcat(unit_pool, state, " ", sqlite3_errmsg(lite.link), NULL);
}

static void test_cast(void **state)
{
    static const case_t values[] = {
        { "app_cast(NULL, 'integer')", "NULL" },
        { "app_cast(7, 'integer')", "7" },
        { "app_cast(' -7 ', 'smallint')", "-7" },
        { "app_cast('+007', 'bigint')", "7" },
        { "app_cast('-9223372036854775808', 'bigint')", "-9223372036854775808" },
        { "app_cast(2.5, 'integer')", "2" },
        { "app_cast(3.5, 'integer')", "4" },
        { "app_cast(-0.4, 'integer')", "0" },
        { "app_cast(x'3132', 'integer')", "12" },
        { "typeof(app_cast('1', 'integer'))", "integer" },
        { "app_cast('1.5e3', 'double precision')", "1500.0" },
        { "app_cast('.5', 'real')", "0.5" },
        { "app_cast('5.', 'numeric')", "5.0" },
        { "app_cast('12', 'numeric')", "12" },
        { "app_cast('-Infinity', 'double precision')", "-Inf" },
        { "app_cast('T', 'boolean')", "1" },
        { "app_cast(' fal ', 'boolean')", "0" },
        { "app_cast('of', 'boolean')", "0" },
        { "app_cast(0.1, 'boolean')", "1" },
        { "app_cast('2020-02-01', 'date', date('2020-02-01'))", "2020-02-01" },
        { "app_cast(NULL, 'date', date(NULL))", "NULL" },
    };
    static const case_t failures[] = {
        { "app_cast('', 'integer')", "22P02 invalid input syntax for type integer: \"\"" },
        { "app_cast('7x', 'smallint')", "22P02 invalid input syntax for type smallint: \"7x\"" },
        { "app_cast('1.5', 'integer')", "22P02 invalid input syntax for type integer: \"1.5\"" },
        { "app_cast('-', 'bigint')", "22P02 invalid input syntax for type bigint: \"-\"" },
        { "app_cast('40000', 'smallint')", "22003 value \"40000\" is out of range for type smallint" },
        { "app_cast('99999999999999999999', 'bigint')",
          "22003 value \"99999999999999999999\" is out of range for type bigint" },
        { "app_cast(3000000000, 'integer')", "22003 integer out of range" },
        { "app_cast(9223372036854775808.0, 'bigint')", "22003 bigint out of range" },
        { "app_cast('0x10', 'double precision')",
          "22P02 invalid input syntax for type double precision: \"0x10\"" },
        { "app_cast('1e', 'numeric')", "22P02 invalid input syntax for type numeric: \"1e\"" },
        { "app_cast('.', 'real')", "22P02 invalid input syntax for type real: \".\"" },
        { "app_cast('1e999', 'double precision')",
          "22003 value \"1e999\" is out of range for type double precision" },
        { "app_cast('o', 'boolean')", "22P02 invalid input syntax for type boolean: \"o\"" },
        { "app_cast('', 'boolean')", "22P02 invalid input syntax for type boolean: \"\"" },
        { "app_cast('soon', 'date', date('soon'))",
          "22007 invalid input syntax for type date: \"soon\"" },
        { "app_cast(printf('%.60c', 'x') || 'y', 'integer')",
          "22P02 invalid input syntax for type integer: \""
          "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\xE2\x80\xA6\"" },
        { "app_cast(printf('%.59c', 'x') || 'é', 'integer')",
          "22P02 invalid input syntax for type integer: \""
          "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\xE2\x80\xA6\"" },
    };
    size_t i;

    (void)state;
    check(values, COUNT(values));
    open_link();
    for (i = 0; i < COUNT(failures); i++) {
        CASE_STRING(failures[i].expression, failure_of(failures[i].expression), failures[i].value);
    }
    sqlite3_close(lite.link);
}

/** Deterministic functions may stand in an index. */
static void test_indexable(void **state)
{
    (void)state;
    open_link();
    assert_int_equal(sqlite3_exec(lite.link,
                                  "CREATE TABLE t(j);"
                                  "CREATE INDEX i ON t(app_json_text(j, '$.a'));"
                                  "CREATE INDEX k ON t(app_ilike(j, 'x')) WHERE app_strip(j) <> ''",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(lite.link);
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_path),     cmocka_unit_test(test_strip),
    cmocka_unit_test(test_contains), cmocka_unit_test(test_overlaps),
    cmocka_unit_test(test_compare),  cmocka_unit_test(test_collations),
    cmocka_unit_test(test_ilike),    cmocka_unit_test(test_regex),
    cmocka_unit_test(test_many_patterns), cmocka_unit_test(test_cast),
    cmocka_unit_test(test_indexable),
};

UNIT_MAIN(tests)
