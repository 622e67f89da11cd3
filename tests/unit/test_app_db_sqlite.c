/* SPDX-License-Identifier: Apache-2.0 */
/** The SQLite driver. */
#include "unit_sqlite.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app_db_sqlite.h"

#define SCHEMA                                                                                    \
    "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL, code TEXT UNIQUE, size REAL,"  \
    "                   CHECK (size >= 0));"                                                       \
    "CREATE TABLE part (id INTEGER PRIMARY KEY, item INTEGER NOT NULL REFERENCES item(id)"         \
    "                   DEFERRABLE INITIALLY DEFERRED, a INT, b INT, UNIQUE (a, b));"              \
    "CREATE TABLE strict_one (n INTEGER) STRICT;"                                                  \
    "CREATE VIEW mine AS SELECT name FROM item WHERE name = auth_uid();"                           \
    "CREATE VIRTUAL TABLE words USING fts5(name, content='item', content_rowid='id');"             \
    "CREATE TRIGGER item_words AFTER INSERT ON item BEGIN"                                         \
    "  INSERT INTO words(rowid, name) VALUES (new.id, new.name); END;"                             \
    "CREATE TRIGGER item_no BEFORE INSERT ON item WHEN new.name = 'no' BEGIN"                      \
    "  SELECT RAISE(ABORT, 'not this one'); END;"                                                  \
    "CREATE TRIGGER item_pay BEFORE INSERT ON item WHEN new.name = 'pay' BEGIN"                    \
    "  SELECT RAISE(ABORT, 'PT402: pay first'); END;"                                              \
    "INSERT INTO item VALUES (1,'one','A',0.1), (2,'two',NULL,1e20), (3,'three','C',NULL);"

static app_db_t *sample_of(const app_core_conf_t *conf)
{
    return sqlite_with(conf, SCHEMA);
}

static app_db_t *sample(void)
{
    return sample_of(sqlite_place());
}

/* Reading */

static const struct {
    const char *sql, *answer;
} reads[] = {
    { "SELECT name FROM item WHERE id = 2", "two;" },
    { "SELECT id, code, size FROM item ORDER BY id", "1|A|0.1;2|NULL|1e+20;3|C|NULL;" },
    { "SELECT 0.1 + 0.2, 1.5, 9223372036854775807, x'00ff', ''",
      "0.30000000000000004|1.5|9223372036854775807|\\x00ff|;" },
    { "SELECT 1 WHERE 0", "" },
    { "SELECT 1,2,3,4,5,6,7,8,9,10", "1|2|3|4|5|6|7|8|9|10;" },
    { "SELECT count(*) FROM words WHERE words MATCH 'one'", "1;" },
    { "SELECT name FROM pragma_table_info('part') LIMIT 1", "id;" },
    { "PRAGMA schema_version = 7", "42501" },
    { "PRAGMA journal_mode = DELETE", "42501" },
    { "PRAGMA database_list", "42501" },
    { "ATTACH '/tmp/x.db' AS x", "42501" },
    { "SELECT load_extension('x')", "42501" },
    { "BEGIN", "42501" },
    { "COMMIT", "42501" },
    { "INSERT INTO item(name) VALUES ('x')", "25006" },
    { "DELETE FROM item", "25006" },
    { "WITH x AS (SELECT 1) UPDATE item SET name = 'x'", "25006" },
    { "CREATE TABLE x(a)", "25006" },
    { "DROP TABLE item", "25006" },
    { "SELECT * FROM nosuch", "42P01" },
    { "SELECT nosuch FROM item", "42703" },
    { "SELECT \"nosuch\" FROM item", "42703" },
    { "SELECT nosuch(1)", "42883" },
    { "SELECT auth_claim()", "42883" },
    { "SELECT id FROM item, part", "42702" },
    { "SELEC 1", "42601" },
    { "SELECT", "42601" },
    { "", "42601" },
    { "SELECT 1; SELECT 2", "42601" },
    { "SELECT 1; ", "1;" },
    { "SELECT json('{')", "22P02" },
    { "SELECT sum(a) FROM (SELECT 9223372036854775807 AS a UNION ALL SELECT 1)", "22003" },
    { "SELECT :name", "42P02" },
    { "SELECT $1", "08P01" },
    { "SELECT current_setting('no.such')", "42704" },
    { "SELECT current_setting('no.such', 1) IS NULL", "1;" },
};

static void test_reads(void **state)
{
    static const unsigned flags[] = { APP_QUERY_LAST, APP_QUERY_LAST | APP_QUERY_STREAM, 0,
                                      APP_QUERY_STREAM };
    app_db_t *db = sample();
    size_t i, j;

    (void)state;
    for (i = 0; i < COUNT(reads); i++) {
        for (j = 0; j < COUNT(flags); j++) {
            app_tx_t *tx = tx_of(db, 1);

            CASE_STRING(reads[i].sql, answer_of(tx, reads[i].sql, flags[j]), reads[i].answer);
            app_tx_rollback(tx);
        }
    }
    assert_int_equal(figure(db, "in_use"), 0);
    assert_int_equal(figure(db, "open"), 1);
}

static void test_messages(void **state)
{
    static const struct {
        const char *sql, *message;
    } cases[] = {
        { "INSERT INTO item(name) VALUES ('x')",
          "cannot execute INSERT in a read-only transaction" },
        { "CREATE TABLE x(a)", "cannot execute CREATE TABLE in a read-only transaction" },
        { "SELECT * FROM nosuch", "relation \"nosuch\" does not exist" },
        { "SELECT nosuch FROM item", "column \"nosuch\" does not exist" },
        { "SELEC 1", "syntax error at or near \"SELEC\"" },
        { "SELECT 'a", "syntax error at or near \"'a\"" },
        { "SELECT current_setting('no.such')", "unrecognized configuration parameter \"no.such\"" },
    };
    app_db_t *db = sample();
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        ask(db, 1, cases[i].sql);
        CASE_STRING(cases[i].sql, err.message, cases[i].message);
        CASE_STRING(cases[i].sql, err.log, cases[i].sql);
    }
}

/* Writing */

static const struct {
    const char *sql, *answer, *message, *details;
} writes[] = {
    { "INSERT INTO item(name) VALUES ('x') RETURNING id", "4;", NULL, NULL },
    { "SELECT count(*) FROM words WHERE words MATCH 'x'", "1;", NULL, NULL },
    { "INSERT INTO item VALUES (1,'x',NULL,NULL)", "23505",
      "duplicate key value violates unique constraint \"item_pkey\"", "Key (id) already exists." },
    { "INSERT INTO item(name, code) VALUES ('x','A')", "23505",
      "duplicate key value violates unique constraint \"item_code_key\"",
      "Key (code) already exists." },
    { "INSERT INTO part(item, a, b) VALUES (1,1,2),(1,1,2)", "23505",
      "duplicate key value violates unique constraint \"part_a_b_key\"",
      "Key (a, b) already exists." },
    { "INSERT INTO item(code) VALUES ('Z')", "23502",
      "null value in column \"name\" of relation \"item\" violates not-null constraint", NULL },
    { "INSERT INTO item(name, size) VALUES ('x', -1)", "23514",
      "new row violates check constraint \"size >= 0\"", NULL },
    { "INSERT INTO part(item) VALUES (99)", "23503",
      "the change violates a foreign key constraint", NULL },
    { "INSERT INTO item(name) VALUES ('no')", "P0001", "not this one", NULL },
    { "INSERT INTO item(name) VALUES ('pay')", "PT402", "pay first", NULL },
    { "INSERT INTO strict_one VALUES ('x')", "22P02",
      "cannot store TEXT value in INTEGER column strict_one.n", NULL },
    { "INSERT INTO item(nosuch) VALUES (1)", "42703",
      "column \"nosuch\" of relation \"item\" does not exist", NULL },
    { "INSERT INTO item(id) VALUES ('x')", "22P02",
      "a value does not fit the type of its column", NULL },
    { "INSERT INTO item(name) VALUES ('y') ON CONFLICT(size) DO NOTHING", "42P10",
      "there is no unique or exclusion constraint matching the ON CONFLICT specification", NULL },
    { "CREATE TABLE item(a)", "42P07", "relation \"item\" already exists", NULL },
    { "SELECT count(*) FROM item", "4;", NULL, NULL },
};

static void test_writes(void **state)
{
    app_db_t *db = sample();
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(writes); i++) {
        CASE_STRING(writes[i].sql, ask(db, 0, writes[i].sql), writes[i].answer);
        if (writes[i].message) {
            CASE_STRING(writes[i].sql, err.message, writes[i].message);
            CASE_STRING(writes[i].sql, err.details, writes[i].details);
        }
    }
    assert_int_equal(figure(db, "in_use"), 0);
}

static void test_transactions(void **state)
{
    app_db_t *db = sample();
    app_tx_t *tx = tx_of(db, 0);
    const app_sql_t update = { "UPDATE item SET size = 5", NULL, 0 };
    const app_sql_t create = { "CREATE TABLE other(a)", NULL, 0 };
    apr_int64_t n = -1, first = 0, second = 0;
    apr_pool_t *p;

    (void)state;
    assert_int_equal(app_tx_schema_version(tx, &first, &err), APR_SUCCESS);
    assert_int_equal(app_tx_execute(tx, &update, &n, &err), APR_SUCCESS);
    assert_int_equal(n, 3);
    assert_int_equal(app_tx_execute(tx, &create, &n, &err), APR_SUCCESS);
    assert_int_equal(n, 0);
    assert_string_equal(ask(db, 1, "SELECT count(*) FROM item WHERE size = 5"), "0;");
    assert_int_equal(app_tx_commit(tx, &err), APR_SUCCESS);
    assert_string_equal(ask(db, 1, "SELECT count(*) FROM item WHERE size = 5"), "3;");
    tx = tx_of(db, 1);
    assert_int_equal(app_tx_schema_version(tx, &second, &err), APR_SUCCESS);
    app_tx_rollback(tx);
    assert_true(second != first);

    apr_pool_create(&p, unit_pool);
    {
        const app_tx_options_t options = { .readonly = 0 };
        assert_int_equal(app_tx_begin(&tx, db, &options, &err, p), APR_SUCCESS);
    }
    assert_string_equal(answer_of(tx, "DELETE FROM item", 0), "");
    apr_pool_destroy(p);
    assert_string_equal(ask(db, 1, "SELECT count(*) FROM item"), "3;");
    assert_int_equal(figure(db, "in_use"), 0);

    tx = tx_of(db, 0);
    assert_string_equal(answer_of(tx, "INSERT INTO part(item) VALUES (99)", 0), "");
    assert_int_equal(app_tx_commit(tx, &err), APP_EFAIL); /* the key is checked at the end */
    assert_string_equal(err.code, "23503");
    assert_string_equal(answer_of(tx, "SELECT 1", 0), "APPE001");
    assert_string_equal(ask(db, 0, "SELECT count(*) FROM part"), "0;");
}

static void test_params(void **state)
{
    const app_value_t values[] = { { .type = APP_VALUE_TEXT, .text = "abc", .len = 2 },
                                   { .type = APP_VALUE_INT, .integer = -5 },
                                   { .type = APP_VALUE_REAL, .real = 0.1 },
                                   { .type = APP_VALUE_BLOB, .text = "\0\1", .len = 2 },
                                   { .type = APP_VALUE_NULL } };
    const app_sql_t sql = { "SELECT typeof($5), $3, $2, $1, $4, $1, typeof($2)", values, 5 };
    const app_value_t bad = { .type = APP_VALUE_TEXT, .text = "a\0b", .len = 3 };
    const app_sql_t refused = { "SELECT $1", &bad, 1 };
    static const char *const cells[] = { "null", "0.1", "-5", "ab", "\\x0001", "ab", "integer" };
    app_db_t *db = sample();
    app_tx_t *tx = tx_of(db, 1);
    app_rows_t *rows;
    int i;

    (void)state;
    rows = rows_of(tx, &sql, APP_QUERY_LAST);
    assert_int_equal(app_rows_next(rows, &err), APR_SUCCESS);
    assert_int_equal(app_rows_columns(rows), COUNT(cells));
    for (i = 0; i < (int)COUNT(cells); i++) {
        CASE_STRING(cells[i], app_rows_text(rows, i, NULL), cells[i]);
    }
    assert_int_equal(app_rows_int(rows, 2), -5);
    assert_int_equal(app_rows_int(rows, 3), 0);
    assert_null(app_rows_text(rows, 7, NULL));
    assert_int_equal(app_rows_next(rows, &err), APR_EOF);
    assert_int_equal(app_rows_next(rows, &err), APR_EOF);
    assert_int_equal(app_tx_query(tx_of(db, 1), &refused, 0, &rows, &err), APP_EFAIL);
    assert_string_equal(err.code, "22021");
}

/* Functions */

static void test_settings(void **state)
{
    static const struct {
        const char *sql, *answer;
    } cases[] = {
        { "SELECT auth_uid(), auth_role()", "u7|editor;" },
        { "SELECT auth_claim('n'), auth_claim('yes'), auth_claim('list'), auth_claim('no')",
          "5|1|[1,2]|NULL;" },
        { "SELECT auth_claim('n') > 3, typeof(auth_claim('r'))", "1|real;" },
        { "SELECT current_setting('request.method', true), current_setting('REQUEST.Method')",
          "GET|GET;" },
        { "SELECT set_config('response.status', '201', true)", "201;" },
        { "SELECT current_setting('response.status')", "201;" },
        { "SELECT set_config('response.status', '202', 0)", "202;" },
        { "SELECT name FROM mine", "" },
    };
    app_db_t *db = sample();
    app_tx_t *tx = tx_of(db, 1);
    const char *value;
    size_t i;

    (void)state;
    app_tx_set(tx, "role", "editor");
    app_tx_set(tx, "request.method", "GET");
    app_tx_set(tx, "request.jwt.claims",
               "{\"sub\":\"u7\",\"n\":5,\"r\":1.5,\"yes\":true,\"list\":[1,2],\"no\":null}");
    for (i = 0; i < COUNT(cases); i++) {
        CASE_STRING(cases[i].sql, answer_of(tx, cases[i].sql, 0), cases[i].answer);
    }
    assert_int_equal(app_tx_get(tx, "response.status", &value, &err), APR_SUCCESS);
    assert_string_equal(value, "202");
    assert_int_equal(app_tx_get(tx, "response.headers", &value, &err), APR_SUCCESS);
    assert_null(value);
    app_tx_set(tx, "request.jwt.claims", "{\"sub\":\"two\"}");
    assert_string_equal(answer_of(tx, "SELECT name FROM mine", 0), "two;");
    assert_int_equal(app_tx_commit(tx, &err), APR_SUCCESS);
    assert_string_equal(ask(db, 1, "SELECT auth_uid() IS NULL, current_setting('role', 1) IS NULL"),
                        "1|1;"); /* nothing stays on the connection */
}

static const struct {
    const char *value, *kind, *json;
} jsons[] = {
    { "NULL", "int", "null" },
    { "7", "int", "7" },
    { "1", "bool", "true" },
    { "0", "bool", "false" },
    { "2", "bool", "2" },
    { "'x'", "bool", "\"x\"" },
    { "9223372036854775807", "int", "9223372036854775807" },
    { "0.1", "real", "0.1" },
    { "0.1 + 0.2", "real", "0.30000000000000004" },
    { "2.0", "real", "2" },
    { "9e999", "real", "\"Infinity\"" },
    { "-9e999", "real", "\"-Infinity\"" },
    { "x'00ff'", "blob", "\"\\\\x00ff\"" },
    { "x''", "blob", "\"\\\\x\"" },
    { "'a\"b\\c' || char(10)", "text", "\"a\\\"b\\\\c\\n\"" },
    { "CAST(x'c328' AS TEXT)", "text", "\"\xEF\xBF\xBD(\"" },
    { "'10.50'", "numeric", "10.50" },
    { "'-0.10'", "numeric", "-0.10" },
    { "'1e5'", "numeric", "1e5" },
    { "'.5'", "numeric", "\".5\"" },
    { "'007'", "numeric", "\"007\"" },
    { "'NaN'", "numeric", "\"NaN\"" },
    { "12", "numeric", "12" },
    { "'{\"a\": [1, \"\\u00e9\\n\", null]}'", "json", "{\"a\": [1, \"\\u00e9\\n\", null]}" },
    { "' [ ] '", "json", " [ ] " },
    { "'5'", "json", "5" },
    { "'{\"a\":}'", "json", "\"{\\\"a\\\":}\"" },
    { "'[1,]'", "json", "\"[1,]\"" },
    { "'01'", "json", "\"01\"" },
    { "''", "json", "\"\"" },
    { "'\"\\x\"'", "json", "\"\\\"\\\\x\\\"\"" },
    { "'[1] x'", "json", "\"[1] x\"" },
    { "'2024-02-29 12:30:00'", "timestamp", "\"2024-02-29T12:30:00\"" },
    { "'2024-02-29 12:30:00.25'", "timestamptz", "\"2024-02-29T12:30:00.25+00:00\"" },
    { "'2024-02-29T12:30:00Z'", "timestamptz", "\"2024-02-29T12:30:00+00:00\"" },
    { "'2024-02-29T12:30:00+02:00'", "timestamptz", "\"2024-02-29T12:30:00+02:00\"" },
    { "'2024-02-29T12:30:00Z'", "timestamp", "\"2024-02-29T12:30:00\"" },
    { "'soon'", "timestamp", "\"soon\"" },
    { "'2024-02-29 \"'", "timestamp", "\"2024-02-29 \\\"\"" },
    { "'2024-02-29'", "timestamp", "\"2024-02-29\"" },
    { "1709208000", "timestamp", "\"2024-02-29T12:00:00\"" },
    { "1709208000", "timestamptz", "\"2024-02-29T12:00:00+00:00\"" },
    { "1709208000", "date", "\"2024-02-29\"" },
    { "-1", "timestamp", "\"1969-12-31T23:59:59\"" },
    { "9223372036854775807", "timestamp", "9223372036854775807" },
    { "'2024-02-29'", "date", "\"2024-02-29\"" },
    { "'[1,\"a\"]'", "any", "\"[1,\\\"a\\\"]\"" },
};

static void test_json(void **state)
{
    app_db_t *db = sample();
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(jsons); i++) {
        const char *sql = apr_psprintf(unit_pool, "SELECT json_array(app_json(%s, '%s'))",
                                       jsons[i].value, jsons[i].kind);

        CASE_STRING(sql, ask(db, 1, sql), apr_psprintf(unit_pool, "[%s];", jsons[i].json));
    }
    assert_string_equal(ask(db, 1, "SELECT json_array(app_json('['||replace(hex(zeroblob(400)),"
                                   "'0','[')||replace(hex(zeroblob(400)),'0',']')||']', 'json')) "
                                   "LIKE '[\"%'"),
                        "1;"); /* too deep to be taken as JSON */
    assert_string_equal(ask(db, 1, "SELECT length(app_json(zeroblob(1000000), 'blob'))"),
                        "2000005;");
}

static void test_object(void **state)
{
    static const struct { const char *arguments, *object; } cases[] = {
        { "''", "{}" },
        { "'int\"a\"', 1", "{\"a\":1}" },
        { "'int\"a\"bool\"b\"text\"c\"', 1, 1, 'x'", "{\"a\":1,\"b\":true,\"c\":\"x\"}" },
        { "'any\"a\"any\"b\"', NULL, x'00ff'", "{\"a\":null,\"b\":\"\\\\x00ff\"}" },
        { "'any\"q\\\"{''\"', 0.1", "{\"q\\\"{'\":0.1}" },
        { "'any\"a\"', json('[1]')", "{\"a\":[1]}" },
        { "'any\"a\"', app_object('int\"b\"', 2)", "{\"a\":{\"b\":2}}" },
        { "'any\"a\"', '[1]'", "{\"a\":\"[1]\"}" },
        { "'any\"a\"'", "XX000" },
        { "'any\"a\"', 1, 2", "XX000" },
        { "'any\"a', 1", "XX000" },
        { "'any', 1", "XX000" },
        { "NULL, 1", "XX000" },
    };
    app_db_t *db = sample();
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        const char *sql = apr_psprintf(unit_pool, "SELECT app_object(%s)", cases[i].arguments);
        const char *expected = *cases[i].object == '{'
                                   ? apr_pstrcat(unit_pool, cases[i].object, ";", NULL)
                                   : cases[i].object;

        CASE_STRING(sql, ask(db, 1, sql), expected);
    }
    assert_string_equal(ask(db, 1, "SELECT app_object(value, 1) FROM json_each('[\"int\\\"a\\\"\","
                                   "\"int\\\"b\\\"\"]')"),
                        "{\"a\":1};{\"b\":1};"); /* members that are no constant */
}

/** What PostgreSQL prints for the same row, without its parentheses. */
static void test_csv(void **state)
{
    static const struct { const char *arguments, *line; } cases[] = {
        { "''", "" },
        { "'int\"a\"text\"b\"', 1, 'x'", "1,x" },
        { "'int\"a\"', NULL", "" },
        { "'any\"a\"any\"b\"any\"c\"', NULL, '', NULL", ",\"\"," },
        { "'bool\"a\"bool\"b\"bool\"c\"bool\"d\"', 1, 0, 2, 'yes'", "t,f,2,yes" },
        { "'int\"a\"real\"b\"real\"c\"', -9223372036854775808, 0.1, -1e300",
          "-9223372036854775808,0.1,-1e+300" },
        { "'real\"a\"real\"b\"real\"c\"', 9e999, -9e999, 2.0", "Infinity,-Infinity,2" },
        { "'numeric\"a\"', '1.50'", "1.50" },
        { "'text\"a\"text\"b\"', 'a b', 'a,b'", "\"a b\",\"a,b\"" },
        { "'text\"a\"', 'say \"hi\" \\o/'", "\"say \"\"hi\"\" \\\\o/\"" },
        { "'text\"a\"text\"b\"', '\"', '\\'", "\"\"\"\",\"\\\\\"" },
        { "'text\"a\"text\"b\"', '(x', 'x)'", "\"(x\",\"x)\"" },
        { "'text\"a\"', 'a' || char(10) || 'b' || char(9)", "\"a\nb\t\"" },
        { "'text\"a\"', 'ä✉''{};'", "ä✉'{};" },
        { "'blob\"a\"blob\"b\"', x'00ff', x''", "\"\\\\x00ff\",\"\\\\x\"" },
        { "'json\"a\"json\"b\"json\"c\"', '{\"a\":[1]}', '[1]', '1'",
          "\"{\"\"a\"\":[1]}\",[1],1" },
        { "'any\"a\"', app_object('int\"b\"', 2)", "\"{\"\"b\"\":2}\"" },
        { "'date\"a\"date\"b\"', '2024-02-29', 0", "2024-02-29,1970-01-01" },
        { "'timestamp\"a\"timestamp\"b\"', '2024-02-29T12:00:00.5Z', 0",
          "\"2024-02-29 12:00:00.5\",\"1970-01-01 00:00:00\"" },
        { "'timestamptz\"a\"timestamptz\"b\"', '2024-02-29 12:00:00', 0",
          "\"2024-02-29 12:00:00+00\",\"1970-01-01 00:00:00+00\"" },
        { "'timestamp\"a\"', 'soon'", "soon" },
        { "'any\"a\"'", "XX000" },
        { "'any\"a\"', 1, 2", "XX000" },
        { "NULL, 1", "XX000" },
    };
    app_db_t *db = sample();
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        const char *sql = apr_psprintf(unit_pool, "SELECT app_csv(%s)", cases[i].arguments);
        const char *expected = strcmp(cases[i].line, "XX000") == 0
                                   ? cases[i].line
                                   : apr_pstrcat(unit_pool, cases[i].line, ";", NULL);

        CASE_STRING(sql, ask(db, 1, sql), expected);
    }
    assert_string_equal(ask(db, 1, "SELECT app_object('any\"a\"', app_csv('int\"b\"', 1))"),
                        "{\"a\":\"1\"};"); /* a line is no JSON */
}

/** Columns as "name=schema.table.column", blanks between. */
static const char *columns_of(app_tx_t *tx, const char *sql)
{
    const app_db_column_t *columns = NULL;
    app_buf_t buf;
    int count = -1, i;

    if (app_tx_columns(tx, sql, &columns, &count, &err) != APR_SUCCESS) {
        return err.code;
    }
    app_buf_init(&buf, unit_pool, 4096);
    for (i = 0; i < count; i++) {
        app_buf_addf(&buf, "%s%s=", i ? " " : "", columns[i].name);
        if (columns[i].table) {
            app_buf_addf(&buf, "%s.%s.%s", columns[i].schema, columns[i].table, columns[i].column);
        }
    }
    return buf.data;
}

static void test_columns(void **state)
{
    static const struct {
        const char *sql, *columns;
    } cases[] = {
        { "SELECT * FROM mine", "name=main.item.name" },
        { "SELECT NAME AS n, name || 'x' AS x, 1 FROM mine", "n=main.item.name x= 1=" },
        { "SELECT * FROM (SELECT p.a AS b FROM part p LEFT JOIN item i ON i.id = p.item)",
          "b=main.part.a" },
        { "SELECT * FROM nosuch", "42P01" },
        { "SELECT", "42601" },
        { "SELECT id FROM item", "id=main.item.id" }, /* what was wrong did no harm */
        { "", "" },
    };
    app_tx_t *tx = tx_of(sample(), 1);
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        CASE_STRING(cases[i].sql, columns_of(tx, cases[i].sql), cases[i].columns);
    }
    assert_int_equal(app_tx_commit(tx, &err), APR_SUCCESS);
    assert_string_equal(columns_of(tx, "SELECT 1"), "APPE001");
}

/* Notes */
/* What is remembered of the database */

#define STALE (APR_OS_START_USERERR + 1)

static int checks; /* calls of check_first() */

/** Whether the first item has the name that what is. */
static apr_status_t check_first(app_tx_t *tx, const void *what, app_error_t *error)
{
    const app_sql_t sql = { "SELECT name FROM item WHERE id = 1", NULL, 0 };
    apr_status_t status;
    app_rows_t *rows;

    checks++;
    status = app_tx_query(tx, &sql, 0, &rows, error);
    if (status == APR_SUCCESS && (status = app_rows_next(rows, error)) == APR_SUCCESS) {
        return strcmp(app_rows_text(rows, 0, NULL), what) == 0 ? APR_SUCCESS : STALE;
    }
    return status == APR_EOF ? STALE : status;
}

/** A read of what is remembered to be true: its answer, where it was found stale, or a failure. */
static const char *read_checked(app_db_t *db, const char *what, const char *text, unsigned flags)
{
    const app_sql_t sql = { text, NULL, 0 };
    app_tx_t *tx = tx_of(db, 1);
    const char *answer;
    apr_status_t status;
    app_rows_t *rows;

    checks = 0;
    status = app_tx_check(tx, what, check_first, &err);
    if (status != APR_SUCCESS) {
        return status == STALE ? "stale" : err.code;
    }
    status = app_tx_query(tx, &sql, flags, &rows, &err);
    if (status != APR_SUCCESS) {
        return status == STALE ? "stale at the query" : err.code;
    }
    assert_int_equal(app_rows_next(rows, &err), APR_SUCCESS);
    answer = apr_pstrdup(unit_pool, app_rows_text(rows, 0, NULL));
    assert_int_equal(app_rows_next(rows, &err), APR_EOF);
    app_tx_rollback(tx);
    return answer;
}

static void test_checks(void **state)
{
    static const char one[] = "one", uno[] = "uno";
    static const char names[] = "SELECT group_concat(name) FROM item";
    static const struct {
        const char *own, *other; /* changes before the read: by this connection, by another one */
        const char *what, *sql, *answer;
        int         checks;
    } cases[] = {
        { NULL, NULL, one, names, "one,two,three", 1 },
        { NULL, NULL, one, names, "one,two,three", 0 },
        { NULL, NULL, uno, names, "stale", 1 },
        { NULL, NULL, one, names, "one,two,three", 0 },
        { NULL, "DELETE FROM item WHERE id = 3", one, names, "one,two", 1 },
        { NULL, NULL, one, names, "one,two", 0 },
        { "DELETE FROM item WHERE id = 2", NULL, one, names, "one", 1 },
        { NULL, NULL, one, "SELECT nosuch FROM item", "42703", 1 },
        { NULL, NULL, one, names, "one", 0 },
        { NULL, "UPDATE item SET name = 'uno'", one, names, "stale at the query", 1 },
        { NULL, NULL, uno, names, "uno", 1 },
        { "UPDATE item SET name = 'one'", NULL, uno, names, "stale at the query", 1 },
        { NULL, NULL, one, names, "one", 1 },
        { NULL, "ALTER TABLE item RENAME name TO nom", one, names, "42703", 1 },
    };
    static const unsigned flags[] = { APP_QUERY_LAST, APP_QUERY_LAST | APP_QUERY_STREAM, 0,
                                      APP_QUERY_STREAM };
    size_t i, j;

    (void)state;
    for (j = 0; j < COUNT(flags); j++) {
        app_core_conf_t *conf = sqlite_place();
        app_db_t *db = sample_of(conf), *second = db_of(conf);

        for (i = 0; i < COUNT(cases); i++) {
            if (cases[i].own) {
                assert_string_equal(ask(db, 0, cases[i].own), "");
            }
            if (cases[i].other) {
                assert_string_equal(ask(second, 0, cases[i].other), "");
            }
            CASE_STRING(cases[i].sql,
                        read_checked(db, cases[i].what, cases[i].sql, flags[j]), cases[i].answer);
            assert_int_equal(checks, cases[i].checks);
        }
        assert_int_equal(figure(db, "in_use"), 0);
    }
}

/** In a write, and in a read that has begun, nothing is put off. */
static void test_checks_at_once(void **state)
{
    static const char one[] = "one", uno[] = "uno";
    app_db_t *db = sample();
    apr_int64_t version;
    app_tx_t *tx;
    int i;

    (void)state;
    for (i = 0; i < 4; i++) {
        checks = 0;
        tx = tx_of(db, i < 2);
        if (i < 2) {
            assert_int_equal(app_tx_schema_version(tx, &version, &err), APR_SUCCESS);
        }
        assert_int_equal(app_tx_check(tx, i % 2 ? uno : one, check_first, &err),
                         i % 2 ? STALE : APR_SUCCESS);
        assert_int_equal(checks, 1);
        app_tx_rollback(tx);
    }
}

/** A statement that was stopped is not run again. */
static void test_check_of_stopped(void **state)
{
    static const char one[] = "one", names[] = "SELECT group_concat(name) FROM item";
    app_core_conf_t *conf = sqlite_place();
    app_db_t *db = sample_of(conf), *second = db_of(conf);

    (void)state;
    assert_string_equal(read_checked(db, one, names, APP_QUERY_LAST), "one,two,three");
    conf->statement_timeout = 20000;
    assert_string_equal(ask(second, 0, "DELETE FROM item WHERE id = 3"), "");
    assert_string_equal(read_checked(db, one, "WITH RECURSIVE n(i) AS (SELECT id FROM item UNION "
                                     "ALL SELECT i + 1 FROM n) SELECT max(i) FROM n",
                                     APP_QUERY_LAST), "57014");
    assert_int_equal(checks, 0);
}

/** All connections know the same version, and only what changes the database changes it. */
static void test_version(void **state)
{
    static const struct {
        const char *sql;
        int         readonly, changes;
    } cases[] = {
        { "SELECT * FROM item", 1, 0 },
        { "INSERT INTO item (name) VALUES ('four')", 0, 1 },
        { "INSERT INTO item (id) VALUES (1)", 0, 0 }, /* fails */
        { "UPDATE item SET name = 'x' || name", 0, 1 },
        { "SELECT * FROM item", 0, 0 },
        { "DELETE FROM item", 0, 1 },
        { "CREATE TABLE further (id INTEGER)", 0, 1 },
    };
    app_core_conf_t *conf = sqlite_place();
    app_db_t *db = sample_of(conf), *second = db_of(conf);
    apr_uint64_t before, after;
    size_t i;

    (void)state;
    assert_int_equal(app_db_version(NULL, unit_pool), 0);
    for (i = 0; i < COUNT(cases); i++) {
        before = app_db_version(db, unit_pool);
        assert_int_not_equal(before, 0);
        ask(i % 2 ? db : second, cases[i].readonly, cases[i].sql);
        after = app_db_version(db, unit_pool);
        CASE_INT(cases[i].sql, after != before, cases[i].changes);
        CASE_INT(cases[i].sql, app_db_version(second, unit_pool) == after, 1);
    }
    CASE_INT("a process that begins", app_db_version(db_of(conf), unit_pool) == after, 1);
}

/* Streams, deadlines, clients */

static void test_stream(void **state)
{
    const app_sql_t sql = { "WITH RECURSIVE n(i) AS "
                            "(SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000) SELECT i FROM n",
                            NULL, 0 };
    app_db_t *db = sample();
    app_tx_t *tx = tx_of(db, 1);
    apr_int64_t sum = 0;
    app_rows_t *rows;
    apr_status_t rv;

    (void)state;
    rows = rows_of(tx, &sql, APP_QUERY_LAST | APP_QUERY_STREAM);
    assert_int_equal(figure(db, "in_use"), 1);
    while ((rv = app_rows_next(rows, &err)) == APR_SUCCESS) {
        sum += app_rows_int(rows, 0);
    }
    assert_int_equal(rv, APR_EOF);
    assert_int_equal(sum, 5000050000);
    assert_int_equal(figure(db, "in_use"), 0);

    tx = tx_of(db, 1);
    rows = rows_of(tx, &sql, APP_QUERY_STREAM);
    assert_int_equal(app_rows_next(rows, &err), APR_SUCCESS);
    assert_string_equal(answer_of(tx, "SELECT 5", 0), "5;"); /* ends the one before */
    app_tx_rollback(tx);
    assert_int_equal(figure(db, "in_use"), 0);
}

#define ENDLESS "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT count(*) FROM n"

static void test_deadline(void **state)
{
    int gone = 0;
    const app_tx_options_t fast = { .readonly = 1, .timeout = 50000 };
    const app_tx_options_t left = { .readonly = 1, .request = request_of(&gone) };
    const app_sql_t sql = { ENDLESS, NULL, 0 };
    app_db_t *db = sample();
    app_rows_t *rows;
    app_tx_t *tx;
    apr_time_t start = apr_time_now();

    (void)state;
    assert_int_equal(app_tx_begin(&tx, db, &fast, &err, unit_pool), APR_SUCCESS);
    assert_int_equal(app_tx_query(tx, &sql, APP_QUERY_LAST, &rows, &err), APP_EFAIL);
    assert_in_range(apr_time_now() - start, 40000, 1000000);
    assert_string_equal(err.code, "57014");
    assert_string_equal(err.message, "canceling statement due to statement timeout");
    assert_int_equal(err.status, 500);
    gone = 1;
    assert_int_equal(app_tx_begin(&tx, db, &left, &err, unit_pool), APR_SUCCESS);
    assert_int_equal(app_tx_query(tx, &sql, APP_QUERY_LAST, &rows, &err), APP_EFAIL);
    assert_string_equal(err.message, "canceling statement due to user request");
    assert_string_equal(ask(db, 1, "SELECT 1"), "1;");
    assert_int_equal(figure(db, "open"), 1);
}

/* The pool, the file, the lock */

static void test_pool(void **state)
{
    app_core_conf_t *conf = sqlite_place();
    app_tx_t *held[4];
    app_db_t *db;
    size_t i;
    const app_tx_options_t options = { .readonly = 1 };
    app_tx_t *tx;
    apr_time_t start;

    (void)state;
    conf->db_wait = 100000;
    db = sample_of(conf);
    for (i = 0; i < COUNT(held); i++) {
        held[i] = tx_of(db, 1);
        assert_string_equal(answer_of(held[i], "SELECT 1", 0), "1;");
    }
    start = apr_time_now();
    assert_int_equal(app_tx_begin(&tx, db, &options, &err, unit_pool), APP_EFAIL);
    assert_in_range(apr_time_now() - start, 90000, 1000000);
    assert_string_equal(err.code, "PGRST003");
    assert_int_equal(err.status, 504);
    assert_int_equal(err.retry_after, 1);
    assert_int_equal(app_db_ping(db, 10000, &err, unit_pool), APP_EFAIL);
    assert_int_equal(figure(db, "open"), 4);
    app_tx_rollback(held[0]);
    assert_int_equal(app_db_ping(db, 10000, &err, unit_pool), APR_SUCCESS);
    for (i = 1; i < COUNT(held); i++) {
        app_tx_rollback(held[i]);
    }
    assert_int_equal(figure(db, "in_use"), 0);
    assert_int_equal(figure(db, "timeouts"), 2);
}

static void test_absent(void **state)
{
    app_db_t *db = db_of(sqlite_place());
    const app_tx_options_t options = { .readonly = 1 };
    app_tx_t *tx;
    struct stat st;

    (void)state;
    assert_int_equal(app_tx_begin(&tx, db, &options, &err, unit_pool), APP_EFAIL);
    assert_string_equal(err.code, "PGRST000");
    assert_int_equal(err.status, 503);
    assert_int_equal(err.retry_after, 1);
    assert_null(err.details);
    assert_non_null(strstr(err.log, "unable to open database file"));
    assert_int_not_equal(stat(db->url.path, &st), 0);
    assert_int_equal(app_tx_begin(&tx, db, &options, &err, unit_pool), APP_EFAIL);
    assert_non_null(strstr(err.log, "a moment ago"));
    assert_int_equal(app_db_script(db, SCHEMA, &err, unit_pool), APR_SUCCESS);
    apr_sleep(150000);
    assert_string_equal(ask(db, 1, "SELECT count(*) FROM item"), "3;");
}

static void test_replaced(void **state)
{
    static const char *const ends[] = { "-wal", "-shm", "" };
    app_db_t *db = sample();
    const char *other = apr_pstrcat(unit_pool, db->url.path, ".new", NULL);
    const char *url = apr_pstrcat(unit_pool, "sqlite:", sqlite_folder, "/a%20b.db.new", NULL);
    app_db_t *new_db = db_of(db_conf(url));
    size_t i;

    (void)state;
    assert_int_equal(app_db_script(new_db, "CREATE TABLE item(a)", &err, unit_pool), APR_SUCCESS);
    assert_string_equal(ask(new_db, 0, "PRAGMA user_version"), "0;");
    assert_string_equal(ask(db, 1, "SELECT count(*) FROM item"), "3;");
    for (i = 0; i < COUNT(ends); i++) {
        rename(apr_pstrcat(unit_pool, other, ends[i], NULL),
               apr_pstrcat(unit_pool, db->url.path, ends[i], NULL));
    }
    unlink(apr_pstrcat(unit_pool, other, ".app-lock", NULL));
    apr_sleep(1100000);
    assert_string_equal(ask(db, 1, "SELECT count(*) FROM item"), "0;");
}

static void test_other_writer(void **state)
{
    app_core_conf_t *conf = sqlite_place();
    app_lock_file_t *file;
    app_db_t *db;
    const char *path;

    (void)state;
    conf->db_wait = 100000;
    db = sample_of(conf);
    path = apr_pstrcat(unit_pool, db->url.path, ".app-lock", NULL);
    assert_int_equal(app_lock_file_open(&file, path, db->url.path, unit_pool), APR_SUCCESS);
    assert_int_equal(app_lock_acquire(&file->write, 0, NULL), APR_SUCCESS);
    assert_string_equal(ask(db, 0, "DELETE FROM item"), "55P03");
    assert_int_equal(err.status, 503);
    assert_int_equal(err.retry_after, 1);
    assert_string_equal(ask(db, 1, "SELECT count(*) FROM item"), "3;");
    app_lock_release(&file->write);
    assert_string_equal(ask(db, 0, "DELETE FROM item"), "");
}

#define WRITERS 2
#define WRITES  300

/** In a process of its own, and so in a pool of its own. */
static void write_many(const char *url)
{
    app_core_conf_t *conf;
    app_db_t *db;
    int i;

    apr_pool_create(&unit_pool, NULL);
    conf = db_conf(url);
    conf->sqlite_sync = 1;
    conf->db_wait = apr_time_from_sec(20);
    db = db_of(conf);
    for (i = 0; i < WRITES; i++) {
        if (strcmp(ask(db, 0, "INSERT INTO item(name) VALUES (hex(randomblob(500)))"), "") != 0) {
            fprintf(stderr, "%s: %s\n", err.code, err.message);
            _exit(1);
        }
        if (i % 50 == 0) {
            db->maintained = 0;
            app_db_maintain(db, unit_pool);
        }
    }
    apr_pool_destroy(unit_pool);
    _exit(0);
}

/** Processes write at the same time, one is killed while it does, none sees a busy database. */
static void test_processes(void **state)
{
    app_core_conf_t *conf = sqlite_place();
    pid_t pids[WRITERS + 1];
    app_db_t *db;
    apr_int64_t n;
    size_t i;
    int status;

    (void)state;
    app_db_make(&db, conf, &err, unit_pool);
    assert_int_equal(app_db_script(db, SCHEMA, &err, unit_pool), APR_SUCCESS);
    for (i = 0; i < COUNT(pids); i++) {
        if ((pids[i] = fork()) == 0) {
            write_many(conf->database);
        }
    }
    apr_sleep(30000);
    kill(pids[WRITERS], SIGKILL);
    for (i = 0; i < COUNT(pids); i++) {
        waitpid(pids[i], &status, 0);
        assert_true(i == WRITERS || status == 0);
    }
    db = db_of(conf);
    assert_int_equal(app_int64_parse(ask(db, 1, "SELECT count(*) FROM item"), 3, &n), APR_SUCCESS);
    assert_in_range(n, WRITERS * WRITES + 3, (WRITERS + 1) * WRITES + 3);
    assert_string_equal(ask(db, 1, "SELECT count(*) FROM pragma_foreign_key_check"), "0;");
}

#define FILL                                                                              \
    "INSERT INTO item(name) WITH RECURSIVE n(i) AS "                                      \
    "(SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 5000) SELECT hex(zeroblob(2000)) FROM n"

static apr_off_t log_size(const app_db_t *db)
{
    struct stat st;

    assert_int_equal(stat(apr_pstrcat(unit_pool, db->url.path, "-wal", NULL), &st), 0);
    return st.st_size;
}

/** A commit that leaves a long log copies it, so that it is begun anew; maintenance cuts it. */
static void test_checkpoint(void **state)
{
    app_core_conf_t *conf = sqlite_place();
    apr_off_t size;
    app_db_t *db;

    (void)state;
    conf->sqlite_sync = 1;
    conf->statement_timeout = apr_time_from_sec(60);
    db = sample_of(conf);
    assert_string_equal(ask(db, 0, FILL), "");
    size = log_size(db);
    assert_true(size > 16000000);
    assert_string_equal(ask(db, 0, "INSERT INTO item(name) VALUES ('small')"), "");
    assert_true(log_size(db) <= size);
    assert_string_equal(ask(db, 0, FILL), "");
    db->maintained = 0;
    app_db_maintain(db, unit_pool);
    assert_int_equal(log_size(db), 0);
}

static void test_script(void **state)
{
    static const struct {
        const char *sql, *code, *details;
    } cases[] = {
        { "CREATE TABLE a(x);\nCREATE TABLE b(x);\n-- and\nSELECT * FROM nosuch;", "42P01",
          "line 3" },
        { "CREATE TABLE a(x); COMMIT;", "42501", "line 1" },
        { "ATTACH '/tmp/x' AS x", "42501", "line 1" },
        { "INSERT INTO part(item) VALUES (99)", "23503", NULL },
    };
    app_db_t *db = sample();
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        CASE_INT(cases[i].sql, app_db_script(db, cases[i].sql, &err, unit_pool), APP_EFAIL);
        CASE_STRING(cases[i].sql, err.code, cases[i].code);
        CASE_STRING(cases[i].sql, err.details, cases[i].details);
    }
    assert_string_equal(ask(db, 1, "SELECT name FROM sqlite_schema WHERE name IN ('a','b')"), "");
    assert_int_equal(app_db_script(db, "PRAGMA user_version = 3;\n", &err, unit_pool), APR_SUCCESS);
    assert_string_equal(ask(db, 1, "PRAGMA user_version"), "3;");
}

static void test_statements(void **state)
{
    app_core_conf_t *conf = sqlite_place();
    app_db_t *db;
    int i;

    (void)state;
    conf->db_statements = 10;
    db = sample_of(conf);
    for (i = 0; i < 100; i++) {
        const char *sql = apr_psprintf(unit_pool, "SELECT %d", i % 13);

        CASE_STRING(sql, ask(db, 1, sql), apr_psprintf(unit_pool, "%d;", i % 13));
    }
    assert_string_equal(ask(db, 0, "ALTER TABLE item ADD COLUMN more DEFAULT 8"), "");
    assert_string_equal(ask(db, 1, "SELECT * FROM item WHERE id = 1"), "1|one|A|0.1|8;");
    assert_string_equal(ask(db, 0, "ALTER TABLE item DROP COLUMN more"), "");
    assert_string_equal(ask(db, 1, "SELECT * FROM item WHERE id = 1"), "1|one|A|0.1;");
    assert_string_equal(ask(db, 1, apr_psprintf(unit_pool, "SELECT 1 -- %50000s", "")), "1;");
}

static void test_network_fs(void **state)
{
    (void)state;
    assert_string_equal(app_lite_network_fs(0x6969), "NFS");
    assert_string_equal(app_lite_network_fs((unsigned long)(int)0xFF534D42), "CIFS");
    assert_null(app_lite_network_fs(0xEF53)); /* ext4 */
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_reads),      cmocka_unit_test(test_messages),
    cmocka_unit_test(test_writes),     cmocka_unit_test(test_transactions),
    cmocka_unit_test(test_params),     cmocka_unit_test(test_settings),
    cmocka_unit_test(test_json),       cmocka_unit_test(test_stream),
    cmocka_unit_test(test_object),
    cmocka_unit_test(test_csv), cmocka_unit_test(test_columns),
    cmocka_unit_test(test_checks),
    cmocka_unit_test(test_checks_at_once),
    cmocka_unit_test(test_version),
        cmocka_unit_test(test_check_of_stopped),
    cmocka_unit_test(test_deadline),   cmocka_unit_test(test_pool),
    cmocka_unit_test(test_absent),     cmocka_unit_test(test_replaced),
    cmocka_unit_test(test_other_writer), cmocka_unit_test(test_processes),
    cmocka_unit_test(test_checkpoint), cmocka_unit_test(test_script),
    cmocka_unit_test(test_statements), cmocka_unit_test(test_network_fs),
};

UNIT_MAIN(tests)
