/* SPDX-License-Identifier: Apache-2.0 */
/** The SQL text and the parameters of a request, on both databases. */
#include "unit_plan.h"

#include "rest_pattern.h"
#include "rest_value.h"

static rest_schema_t *schema_of(app_db_kind_e kind)
{
    const char *name = kind == APP_DB_SQLITE ? "main" : "public";
    apr_array_header_t *spaces = apr_array_make(unit_pool, 1, sizeof(const char *));
    rest_relation_t *films;
    rest_schema_t *schema;

    APR_ARRAY_PUSH(spaces, const char *) = name;
    schema = rest_schema_create(kind, spaces, unit_pool);
    films = rest_schema_relation_add(schema, rest_schema_space(schema, name), "films");
    rest_schema_key_add(schema, films, rest_schema_column_add(schema, films, "id", "integer"));
    rest_schema_column_add(schema, films, "ti\"tle", "text");
    rest_schema_column_add(schema, films, "seen", "boolean");
    films->rowid = films->insertable = 1;
    rest_schema_sort(schema);
    rest_schema_grant_add(schema, films, "r", REST_RIGHT_SELECT, NULL, NULL, NULL);
    rest_schema_grant_add(schema, films, "own", REST_RIGHT_SELECT, NULL, "id > 0 OR seen", NULL);
    rest_schema_grant_add(schema, films, "r", REST_RIGHT_INSERT, NULL, NULL, NULL);
    rest_schema_grant_add(schema, films, "own", REST_RIGHT_INSERT, NULL, "id > 0 OR seen", NULL);
    return schema;
}

typedef struct case_t {
    const char *role, *query, *prefer;
    const char *body; /* NULL: a read */
    unsigned    head : 1, counted : 1;
    const char *lite, *pgsql; /* NULL: not looked at */
} case_t;

#define F_ "\"main\".\"films\""
#define G_ "\"public\".\"films\""
#define A_ "\"films\""
#define FF_ F_ " AS " A_
#define GF_ G_ " AS " A_
#define COL A_ ".\"id\" AS 'int\"id\"'"
#define ID "app_object('int\"id\"', " A_ ".\"id\")"
#define PG_N  ", NULL AS app_n FROM " GF_
#define PG_ID "SELECT " A_ ".\"id\"" PG_N

static const case_t cases[] = {
    { "r", "select=id&id=eq.5", NULL, NULL, 0, 0,
      "SELECT " COL ", NULL, NULL FROM " FF_ " WHERE (" A_ ".\"id\" = ?1) | 5",
      PG_ID " WHERE (" A_ ".\"id\" = $1) | '5'" },
    { "r", "select=id&id=eq.5", NULL, NULL, 0, 1, NULL,
      "SELECT " A_ ".\"id\", (SELECT count(*) FROM (SELECT 1 FROM " GF_ " WHERE (" A_
      ".\"id\" = $1)) app_all) AS app_n FROM " GF_ " WHERE (" A_ ".\"id\" = $2) | '5', '5'" },
    { "r", "select=seen->a,seen->>b,seen::text,seen::date", NULL, NULL, 0, 0, NULL,
      "SELECT to_jsonb(" A_ ".\"seen\")->'a' AS \"a\", to_jsonb(" A_
      ".\"seen\")->>'b' AS \"b\", CAST(" A_ ".\"seen\" AS text) AS \"seen\", to_json(CAST(" A_
      ".\"seen\" AS date)) AS \"seen\"" PG_N },
    { "r", "select=id&id=not.eq.5", NULL, NULL, 0, 0, NULL,
      PG_ID " WHERE NOT (" A_ ".\"id\" = $1) | '5'" },
    { "r", "select=a:%22ti%5C%22tle%22&%22ti%5C%22tle%22=neq.x", NULL, NULL, 0, 0,
      "SELECT " A_ ".\"ti\"\"tle\" AS 'text\"a\"', NULL, NULL FROM " FF_
      " WHERE (" A_ ".\"ti\"\"tle\" <> ?1) | 'x'",
      "SELECT " A_ ".\"ti\"\"tle\" AS \"a\"" PG_N " WHERE (" A_ ".\"ti\"\"tle\" <> $1) | 'x'" },
    { "r", "select=%22a'b%22:id", NULL, NULL, 0, 0,
      "SELECT " A_ ".\"id\" AS 'int\"a''b\"', NULL, NULL FROM " FF_,
      NULL },
    { "r", "select=id&order=id.desc,seen&limit=5&offset=10", NULL, NULL, 0, 0,
      "SELECT " COL ", NULL, NULL FROM " FF_ " ORDER BY " A_ ".\"id\" DESC NULLS FIRST, " A_
      ".\"seen\" ASC NULLS LAST LIMIT ?1 OFFSET ?2 | 5, 10",
      PG_ID " ORDER BY " A_ ".\"id\" DESC NULLS FIRST, " A_
      ".\"seen\" ASC NULLS LAST LIMIT $1 OFFSET $2 | 5, 10" },
    { "r", "select=id&order=id", NULL, NULL, 0, 0,
      "SELECT " COL ", NULL, NULL FROM " FF_ " ORDER BY " A_ ".\"id\" ASC NULLS LAST", NULL },
    { "r", "select=id&order=seen", NULL, NULL, 0, 0,
      "SELECT " COL ", NULL, NULL FROM (SELECT " A_ ".rowid AS app_row FROM " FF_ " ORDER BY " A_
      ".\"seen\" ASC NULLS LAST LIMIT -1) app_page CROSS JOIN " FF_ " ON " A_
      ".rowid = app_page.app_row", NULL },
    { "r", "select=id&offset=3", NULL, NULL, 0, 0,
      "SELECT " COL ", NULL, NULL FROM " FF_ " LIMIT -1 OFFSET ?1 | 3", NULL },
    { "r", "select=id&or=(id.in.(1,2),not.and(seen.is.true,id.not.gt.3))", NULL, NULL, 0, 0,
      "SELECT " COL ", NULL, NULL FROM " FF_ " WHERE ((" A_ ".\"id\" IN (?1, ?2)) OR NOT ((" A_
      ".\"seen\" IS TRUE) AND NOT (" A_ ".\"id\" > ?3))) | 1, 2, 3",
      PG_ID " WHERE ((" A_ ".\"id\" = ANY ($1)) OR NOT ((" A_ ".\"seen\" IS TRUE) AND NOT (" A_
      ".\"id\" > $2))) | '{\"1\",\"2\"}', '3'" },
    { "r", "select=id&id=in.()", NULL, NULL, 0, 0,
      "SELECT " COL ", NULL, NULL FROM " FF_ " WHERE (0)",
      PG_ID " WHERE (" A_ ".\"id\" = ANY ($1)) | '{}'" },
    { "r", "select=id&seen=eq.yes&seen=is.unknown", NULL, NULL, 0, 0,
      "SELECT " COL ", NULL, NULL FROM " FF_ " WHERE (" A_ ".\"seen\" = ?1) AND (" A_
      ".\"seen\" IS NULL) | 1",
      PG_ID " WHERE (" A_ ".\"seen\" = $1) AND (" A_ ".\"seen\" IS UNKNOWN) | 'yes'" },
    { "r", "select=id&%22ti%5C%22tle%22=like.a*_%5B", NULL, NULL, 0, 0,
      "SELECT " COL ", NULL, NULL FROM " FF_ " WHERE (" A_ ".\"ti\"\"tle\" GLOB ?1) | 'a*?[[]'",
      PG_ID " WHERE (" A_ ".\"ti\"\"tle\" LIKE $1) | 'a%_['" },
    { "r", "select=id&%22ti%5C%22tle%22=ilike.a*", NULL, NULL, 0, 0,
      "SELECT " COL ", NULL, NULL FROM " FF_ " WHERE (app_ilike(" A_
      ".\"ti\"\"tle\", ?1)) | 'a%'",
      PG_ID " WHERE (" A_ ".\"ti\"\"tle\" ILIKE $1) | 'a%'" },
    { "r", "select=id&id=isdistinct.1", NULL, NULL, 0, 0,
      "SELECT " COL ", NULL, NULL FROM " FF_ " WHERE (" A_ ".\"id\" IS NOT ?1) | 1",
      PG_ID " WHERE (" A_ ".\"id\" IS DISTINCT FROM $1) | '1'" },
    { "r", "select=id::text,seen::text", NULL, NULL, 0, 0,
      "SELECT CASE typeof(" A_ ".\"id\") WHEN 'blob' THEN '\\x' || lower(hex(" A_
      ".\"id\")) WHEN 'real' THEN trim(app_json(" A_ ".\"id\", 'real'), '\"') ELSE " A_
      ".\"id\" || '' END, CASE " A_ ".\"seen\" WHEN 0 THEN 'false' WHEN 1 THEN 'true' END"
      " AS 'text\"id\"text\"seen\"', NULL, NULL FROM " FF_,
      "SELECT CAST(" A_ ".\"id\" AS text) AS \"id\", CAST(" A_
      ".\"seen\" AS text) AS \"seen\"" PG_N },
    { "own", "select=id&id=eq.1", NULL, NULL, 0, 0,
      "SELECT " COL ", NULL, NULL FROM " FF_ " WHERE (id > 0 OR seen) AND (" A_
      ".\"id\" = ?1) | 1", NULL },
    { "r", "select=id&id=gt.1&limit=2", "count=exact", NULL, 0, 0,
      "SELECT NULL AS j, NULL, (SELECT count(*) FROM " FF_ " WHERE (" A_ ".\"id\" > ?1))"
      " UNION ALL SELECT * FROM (SELECT " ID " AS j, NULL, NULL FROM " FF_ " WHERE (" A_
      ".\"id\" > ?2) LIMIT ?3) | 1, 1, 2",
      "SELECT app_rows.*, app_all.app_total FROM (SELECT count(*) AS app_total FROM " GF_
      " WHERE (" A_ ".\"id\" > $1)) app_all LEFT JOIN (SELECT " A_ ".\"id\", true AS app_row"
      PG_N " WHERE (" A_ ".\"id\" > $2) LIMIT $3) app_rows ON true | '1', '1', 2" },
    { "r", "select=id", NULL, NULL, 0, 1,
      "SELECT " COL ", (SELECT count(*) FROM (SELECT 1 FROM " FF_ ")), NULL FROM " FF_, NULL },
    { "r", "limit=3", NULL, NULL, 1, 0,
      "SELECT NULL AS j, (SELECT count(*) FROM (SELECT 1 FROM " FF_ " LIMIT ?1)), NULL | 3",
      "SELECT NULL::text AS app_json, count(*) AS app_n FROM (SELECT " A_ ".\"id\", " A_
      ".\"ti\"\"tle\", " A_ ".\"seen\" FROM " GF_ " LIMIT $1) app_page | 3" },
    { "r", "", NULL, "[{\"id\":1,\"seen\":true},{\"id\":2,\"seen\":null}]", 0, 0,
      "each INSERT INTO " F_ " (\"id\", \"seen\") VALUES (?1, ?2) RETURNING json_array(rowid), 1"
      " | 2, null",
      "INSERT INTO " G_ " (\"id\", \"seen\") SELECT app_body.\"id\", app_body.\"seen\" FROM"
      " json_to_recordset($1::json)"
      " AS app_body (\"id\" integer, \"seen\" boolean)"
      " | '[{\"id\":1,\"seen\":true},{\"id\":2,\"seen\":null}]'" },
    { "own", "", NULL, "{}", 0, 0,
      "each INSERT INTO " F_ " DEFAULT VALUES RETURNING json_array(rowid),"
      " (id > 0 OR seen) IS TRUE",
      "INSERT INTO " G_ " SELECT FROM generate_series(1, $1) AS app_body | 1" },
    { "r", "select=id&order=id.desc", "return=representation", "{\"id\":1}", 0, 0,
      "each INSERT INTO " F_ " (\"id\") VALUES (?1) RETURNING json_array(rowid), 1 | 1"
      " then SELECT " ID ", NULL, NULL, NULL FROM (SELECT key AS app_n, value AS app_k FROM"
      " json_each(?1)) AS app_key CROSS JOIN " FF_ " ON " A_
      ".rowid = json_extract(app_k, '$[0]') ORDER BY " A_
      ".\"id\" DESC NULLS FIRST, app_n | '[]'",
      "WITH app_new AS (INSERT INTO " G_ " (\"id\") SELECT app_body.\"id\" FROM"
      " json_to_recordset($1::json) AS"
      " app_body (\"id\" integer) RETURNING " G_ ".\"id\") SELECT row_to_json(app_page)::text,"
      " count(*) OVER (), NULL::text, NULL::int FROM (SELECT " A_ ".\"id\" FROM app_new AS " A_
      " ORDER BY " A_ ".\"id\" DESC NULLS FIRST) app_page | '[{\"id\":1}]'" },
    { "r", "", "return=headers-only", "{\"id\":1}", 0, 0, NULL,
      "WITH app_new AS (INSERT INTO " G_ " (\"id\") SELECT app_body.\"id\" FROM"
      " json_to_recordset($1::json) AS"
      " app_body (\"id\" integer) RETURNING " G_ ".\"id\") SELECT NULL::text, count(*) OVER (),"
      " NULL::text, NULL::int, app_new.\"id\"::text FROM app_new | '[{\"id\":1}]'" },
};

static const char *render(const case_t *c, const rest_dialect_t *dialect, app_error_t *err)
{
    const ask_t ask = { .action = c->body ? REST_INSERT : REST_READ, .relation = "films",
                        .query = c->query, .role = c->role, .prefer = c->prefer, .body = c->body,
                        .head = c->head };
    rest_statement_t statement;
    rest_plan_t *plan;
    app_buf_t buf;
    int row;

    if (ask_plan(&plan, &ask, schema_of(dialect->kind), err) != APR_SUCCESS ||
        rest_render(&statement, dialect, plan, c->counted, err, unit_pool) != APR_SUCCESS) {
        return err->code;
    }
    app_buf_init(&buf, unit_pool, 1 << 20);
    if (statement.each) {
        for (row = 0; row < plan->body->nrows; row++) {
            dialect->bind_row(&statement, plan, row);
        }
        app_buf_addf(&buf, "each %s", statement.each->text.data);
        ask_add_params(&buf, statement.each);
    }
    if (statement.main) {
        app_buf_addf(&buf, "%s%s", statement.each ? " then " : "", statement.main->text.data);
        ask_add_params(&buf, statement.main);
    }
    return buf.data;
}

static void test_cases(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        app_error_t err = { .pool = unit_pool };

        if (cases[i].lite) {
            CASE_STRING(cases[i].query, render(&cases[i], &rest_sqlite, &err), cases[i].lite);
        }
        if (cases[i].pgsql) {
            CASE_STRING(cases[i].query, render(&cases[i], &rest_pgsql, &err), cases[i].pgsql);
        }
    }
}

/** More members than one app_object() takes. */
static void test_wide(void **state)
{
    app_error_t err = { .pool = unit_pool };
    case_t c = { .role = "r", .prefer = "count=exact" };
    const char *text;
    app_buf_t query;
    int i;

    (void)state;
    app_buf_init(&query, unit_pool, 1 << 20);
    app_buf_adds(&query, "select=id");
    for (i = 1; i < 127; i++) {
        app_buf_addf(&query, ",c%d:id", i);
    }
    c.query = query.data;
    text = render(&c, &rest_sqlite, &err);
    assert_non_null(strstr(text, "SELECT '{' || substr(app_object('int\"id\""));
    assert_non_null(strstr(text, ") - 2) || ',' || substr(app_object('int\"c126\"', "));
    assert_non_null(strstr(text, ") - 2) || '}' AS j"));
}

static void test_glob(void **state)
{
    static const struct { const char *pattern, *glob; } patterns[] = {
        { "a*b%c", "a*b*c" },   { "_x", "?x" },   { "100\\%", "100%" }, { "a\\_b", "a_b" },
        { "[a]?", "[[]a][?]" }, { "\\\\", "\\" }, { "\\*", "%" },
        { "\xf0\x9f\x98\x80\xc3\x9c", "\xf0\x9f\x98\x80\xc3\x9c" },
    };
    app_error_t err = { .pool = unit_pool };
    const char *glob;
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(patterns); i++) {
        assert_int_equal(rest_pattern_glob(&glob, patterns[i].pattern, &err, unit_pool), APR_SUCCESS);
        CASE_STRING(patterns[i].pattern, glob, patterns[i].glob);
    }
    assert_int_equal(rest_pattern_glob(&glob, "a\\", &err, unit_pool), APP_EFAIL);
    assert_string_equal(err.code, "22025");
    assert_int_equal(rest_pattern_glob(&glob, apr_psprintf(unit_pool, "%01100d*", 0), &err,
                                       unit_pool), APR_SUCCESS);
    assert_int_equal(rest_pattern_glob(&glob, apr_psprintf(unit_pool, "*%01023d", 0), &err,
                                       unit_pool), APR_SUCCESS);
    assert_int_equal(rest_pattern_glob(&glob, apr_psprintf(unit_pool, "*%01024d", 0), &err,
                                       unit_pool), APP_EFAIL);
    assert_string_equal(err.code, "54000");
}

static const struct { const char *type, *text, *expected; } values[] = {
    { "integer", "12", "12" },
    { "integer", " -5 ", "-5" },
    { "integer", "1.5", "22P02 invalid input syntax for type integer: \"1.5\"" },
    { "integer", "", "22P02 invalid input syntax for type integer: \"\"" },
    { "integer", "-", "22P02 invalid input syntax for type integer: \"-\"" },
    { "bigint", "99999999999999999999",
      "22003 value \"99999999999999999999\" is out of range for type bigint" },
    { "double precision", "1e400",
      "22003 \"1e400\" is out of range for type double precision" },
    { "numeric", "-1e400", "22003 value overflows numeric format" },
    { "boolean", "T", "1" },
    { "boolean", " off ", "0" },
    { "boolean", "o", "22P02 invalid input syntax for type boolean: \"o\"" },
    { "boolean", "truex", "22P02 invalid input syntax for type boolean: \"truex\"" },
    { "real", "1.50", "'1.50'" },
    { "real", "1e", "22P02 invalid input syntax for type double precision: \"1e\"" },
    { "numeric", "9007199254740993", "9007199254740993" },
    { "numeric", "-.5e-3", "'-.5e-3'" },
    { "numeric", "0x10", "22P02 invalid input syntax for type numeric: \"0x10\"" },
    { "text", "a\"b", "'a\"b'" },
    { "date", "2024-02-29", "'2024-02-29'" },
    { "date", "2023-02-29", "22008 date/time field value out of range: \"2023-02-29\"" },
    { "date", "tomorrow", "22007 invalid input syntax for type date: \"tomorrow\"" },
    { "timestamp", "2024-01-02T03:04:05.500Z", "'2024-01-02 03:04:05.5'" },
    { "timestamp", "2024-01-01 00:30:00+02:00", "'2023-12-31 22:30:00'" },
    { "timestamp", "2023-12-31 23:30-0200", "'2024-01-01 01:30:00'" },
    { "timestamp", "2024-01-02", "'2024-01-02 00:00:00'" },
    { "timestamp", "2024-01-02 25:00",
      "22008 date/time field value out of range: \"2024-01-02 25:00\"" },
    { "time", "03:04", "'03:04:00'" },
    { "json", "{\"a\" : [1, \"x y\"]}", "'{\"a\":[1,\"x y\"]}'" },
    { "json", "{", "22P02 invalid input syntax for type json" },
    { "blob", "\\x4a4B", "x'JK'" },
    { "blob", "\\x4", "22023 invalid hexadecimal data: odd number of digits" },
    { "", "7", "7" },
    { "", "7a", "'7a'" },
};

static const char *show_value(apr_status_t status, const app_value_t *value, const app_error_t *err)
{
    app_buf_t buf;

    app_buf_init(&buf, unit_pool, 4096);
    if (status != APR_SUCCESS) {
        app_buf_addf(&buf, "%s %s", err->code, err->message);
    }
    else if (value->type == APP_VALUE_INT) {
        app_buf_addf(&buf, "%" APR_INT64_T_FMT, value->integer);
    }
    else if (value->type == APP_VALUE_NULL) {
        app_buf_adds(&buf, "null");
    }
    else {
        app_buf_addf(&buf, "%s'%.*s'", value->type == APP_VALUE_BLOB ? "x" : "", (int)value->len,
                     value->text);
    }
    return buf.data;
}

static rest_column_t *column_of(const char *type)
{
    rest_column_t *column = apr_pcalloc(unit_pool, sizeof(*column));

    column->name = "c";
    column->type = type;
    column->kind = rest_kind_of_type(type);
    return column;
}

static void test_values(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(values); i++) {
        app_error_t err = { .pool = unit_pool };
        app_value_t value = { .type = APP_VALUE_NULL };
        apr_status_t status = rest_value_of_text(&value, column_of(values[i].type), values[i].text,
                                                 &err, unit_pool);

        CASE_STRING(values[i].text, show_value(status, &value, &err), values[i].expected);
    }
}

static void test_json_values(void **state)
{
    static const struct { const char *type, *json, *expected; } jsons[] = {
        { "integer", "5", "5" },
        { "integer", "\"5\"", "5" },
        { "integer", "5.5", "22P02 invalid input syntax for type integer: \"5.5\"" },
        { "integer", "null", "null" },
        { "integer", "[1]", "22P02 invalid input syntax for type integer: \"[1]\"" },
        { "boolean", "true", "1" },
        { "text", "12.50", "'12.50'" },
        { "text", "false", "'false'" },
        { "text", "\"\\u00fc\\n\\ud83d\\ude00\"", "'\xc3\xbc\n\xf0\x9f\x98\x80'" },
        { "text", "\"a\\u0000\"", "22P05 unsupported Unicode escape sequence" },
        { "text", "{\"a\": 1}", "'{\"a\":1}'" },
        { "json", "\"text\"", "'\"text\"'" },
        { "json", "[1, 2.50]", "'[1,2.50]'" },
        { "int[]", "[1, 2]", "'[1,2]'" },
        { "", "true", "1" },
        { "", "\"7\"", "'7'" },
        { "", "0.10", "'0.10'" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(jsons); i++) {
        app_error_t err = { .pool = unit_pool };
        app_value_t value = { .type = APP_VALUE_INT };
        rest_json_t json;
        apr_status_t status;

        assert_int_equal(rest_json_read(&json, jsons[i].json, strlen(jsons[i].json)), APR_SUCCESS);
        status = rest_value_of_json(&value, column_of(jsons[i].type), &json, &err, unit_pool);
        CASE_STRING(jsons[i].json, show_value(status, &value, &err), jsons[i].expected);
    }
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_cases),  cmocka_unit_test(test_wide),        cmocka_unit_test(test_glob),
    cmocka_unit_test(test_values), cmocka_unit_test(test_json_values),
};

UNIT_MAIN(tests)
