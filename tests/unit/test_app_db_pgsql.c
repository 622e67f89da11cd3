/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The PostgreSQL driver, on the database that APP_TEST_PGSQL names (a superuser's URL, of a server
 * that nobody else uses). Without it there is nothing to test, and it says so.
 */
#include "unit_db.h"

#include <poll.h>
#include <stdio.h>

static const char *url;

static app_core_conf_t *conf_of(void)
{
    if (!url) {
        print_message("skipped: APP_TEST_PGSQL does not name a database\n");
        skip();
    }
    err.pool = unit_pool;
    return db_conf(url);
}

static app_db_t *sample_of(const app_core_conf_t *conf)
{
    static const char schema[] =
        "DROP SCHEMA IF EXISTS unit CASCADE; CREATE SCHEMA unit;"
        "DO $$ BEGIN CREATE ROLE unit_web; EXCEPTION WHEN duplicate_object THEN END $$;"
        "CREATE TABLE unit.item (id int PRIMARY KEY, name text NOT NULL, size float8, data bytea);"
        "CREATE TABLE unit.part (item int REFERENCES unit.item DEFERRABLE INITIALLY DEFERRED);"
        "INSERT INTO unit.item VALUES (1,'one',0.1,'\\x00ff'), (2,'two',1e20,NULL);"
        "GRANT USAGE ON SCHEMA unit TO unit_web; GRANT SELECT ON unit.item TO unit_web;";
    app_db_t *db = db_of(conf);

    if (app_db_script(db, schema, &err, unit_pool) != APR_SUCCESS) {
        fail_msg("%s %s %s", err.code, err.message, err.log);
    }
    return db;
}

static app_db_t *sample(void)
{
    return sample_of(conf_of());
}

static const struct {
    const char *sql, *answer;
} reads[] = {
    { "SELECT name FROM unit.item WHERE id = 2", "two;" },
    { "SELECT * FROM unit.item ORDER BY id", "1|one|0.1|\\x00ff;2|two|1e+20|NULL;" },
    { "SELECT 1 WHERE false", "" },
    { "SELECT 1,2,3,4,5,6,7,8,9,10", "1|2|3|4|5|6|7|8|9|10;" },
    { "INSERT INTO unit.item VALUES (3,'x')", "25006" },
    { "SELECT 1 FROM unit.item FOR UPDATE", "25006" },
    { "SELECT set_config('transaction_read_only', 'off', true)", "25001" },
    { "SELECT current_setting('transaction_read_only')", "on;" },
    { "SELECT current_setting('transaction_isolation')", "read committed;" },
    { "SELECT now() = statement_timestamp(), pg_current_xact_id_if_assigned() IS NULL", "f|t;" },
    { "SELECT * FROM nosuch", "42P01" },
    { "SELECT nosuch FROM unit.item", "42703" },
    { "SELEC 1", "42601" },
    { "SELECT 1; SELECT 2", "42601" },
    { "SELECT 1/0", "22012" },
    { "SELECT 10 / (5 - g) FROM generate_series(1,9) g", "22012" },
    { "SELECT current_setting('no.such')", "42704" },
    { "COPY unit.item TO STDOUT", "PGRST001" },
    { "SELECT count(*) FROM pg_prepared_statements WHERE name NOT LIKE 'app%'", "0;" },
};

static void test_reads(void **state)
{
    static const unsigned flags[] = { APP_QUERY_LAST, APP_QUERY_LAST | APP_QUERY_STREAM, 0,
                                      APP_QUERY_STREAM };
    app_db_t *db;
    size_t i, j;
    int prepared;

    (void)state;
    for (prepared = 0; prepared < 2; prepared++) {
        app_core_conf_t *conf = conf_of();

        conf->db_prepared = prepared;
        db = sample_of(conf);
        for (i = 0; i < COUNT(reads) * 2; i++) {
            for (j = 0; j < COUNT(flags); j++) {
                app_tx_t *tx = tx_of(db, 1);

                CASE_STRING(reads[i / 2].sql, answer_of(tx, reads[i / 2].sql, flags[j]),
                            reads[i / 2].answer);
                app_tx_rollback(tx);
            }
        }
        assert_int_equal(figure(db, "in_use"), 0);
        assert_in_range(figure(db, "connects"), 1, 1 + 4 * COUNT(flags)); /* COPY costs two each */
    }
}

static void test_writes(void **state)
{
    app_db_t *db = sample();
    app_rows_t *rows;
    const app_sql_t sql = { "INSERT INTO unit.item SELECT g, 'x' FROM generate_series(10,14) g "
                            "RETURNING id", NULL, 0 };
    const app_sql_t update = { "UPDATE unit.item SET name = 'y' WHERE id > 10", NULL, 0 };
    apr_int64_t n;
    app_tx_t *tx;

    (void)state;
    rows = rows_of(tx_of(db, 0), &sql, APP_QUERY_LAST);
    assert_int_equal(app_rows_affected(rows), 5);
    assert_int_equal(figure(db, "in_use"), 0);
    assert_int_equal(app_rows_next(rows, &err), APR_SUCCESS);
    assert_int_equal(app_rows_int(rows, 0), 10);

    assert_string_equal(ask(db, 0, "INSERT INTO unit.item VALUES (1,'x')"), "23505");
    assert_string_equal(err.message,
                        "duplicate key value violates unique constraint \"item_pkey\"");
    assert_string_equal(err.details, "Key (id)=(1) already exists.");
    assert_int_equal(err.status, 409);

    assert_string_equal(ask(db, 0, "INSERT INTO unit.part VALUES (99)"), "23503"); /* by COMMIT */
    assert_string_equal(ask(db, 1, "SELECT count(*) FROM unit.part"), "0;");

    tx = tx_of(db, 0);
    assert_int_equal(app_tx_execute(tx, &update, &n, &err), APR_SUCCESS);
    assert_int_equal(n, 4);
    assert_string_equal(answer_of(tx, "SELECT count(*) FROM unit.item WHERE name = 'y'", 0), "4;");
    app_tx_rollback(tx);
    assert_string_equal(ask(db, 1, "SELECT count(*) FROM unit.item WHERE name = 'y'"), "0;");
    tx = tx_of(db, 0);
    assert_int_equal(app_tx_execute(tx, &update, NULL, &err), APR_SUCCESS);
    assert_int_equal(app_tx_commit(tx, &err), APR_SUCCESS);
    assert_string_equal(ask(db, 1, "SELECT count(*) FROM unit.item WHERE name = 'y'"), "4;");
    assert_int_equal(figure(db, "connects"), 1);
}

static void test_params(void **state)
{
    const app_value_t values[] = { { .type = APP_VALUE_TEXT, .text = "abc", .len = 2 },
                                   { .type = APP_VALUE_INT, .integer = -5 },
                                   { .type = APP_VALUE_REAL, .real = 1e-7 },
                                   { .type = APP_VALUE_BLOB, .text = "\0\1", .len = 2 },
                                   { .type = APP_VALUE_NULL } };
    const app_sql_t sql = { "SELECT $1::text, $2::int, $3::float8, $4::bytea, $5::text IS NULL, "
                            "$1 || 'x'", values, 5 };
    static const char *const cells[] = { "ab", "-5", "1e-07", "\\x0001", "t", "abx" };
    const app_value_t id = { .type = APP_VALUE_TEXT, .text = "2", .len = 1 };
    const app_sql_t inferred = { "SELECT name FROM unit.item WHERE id = $1", &id, 1 };
    app_db_t *db = sample();
    app_rows_t *rows;
    int i;

    (void)state;
    rows = rows_of(tx_of(db, 1), &sql, APP_QUERY_LAST);
    assert_int_equal(app_rows_next(rows, &err), APR_SUCCESS);
    for (i = 0; i < (int)COUNT(cells); i++) {
        CASE_STRING(cells[i], app_rows_text(rows, i, NULL), cells[i]);
    }
    rows = rows_of(tx_of(db, 1), &inferred, APP_QUERY_LAST);
    assert_int_equal(app_rows_next(rows, &err), APR_SUCCESS);
    assert_string_equal(app_rows_text(rows, 0, NULL), "two");
}

/** More than a function of PostgreSQL's has arguments. */
static void test_many_settings(void **state)
{
    app_tx_t *tx = tx_of(sample(), 1);
    int i;

    (void)state;
    for (i = 0; i < 120; i++) {
        app_tx_set(tx, apr_psprintf(unit_pool, "unit.s%d", i), i == 119 ? "last" : "x");
    }
    assert_string_equal(answer_of(tx, "SELECT current_setting('unit.s0'), "
                                      "current_setting('unit.s119')", APP_QUERY_LAST),
                        "x|last;");
}

static void test_settings(void **state)
{
    app_db_t *db = sample();
    app_tx_t *tx = tx_of(db, 1);
    const char *value = "x";

    (void)state;
    app_tx_set(tx, "role", "unit_web");
    app_tx_set(tx, "request.jwt.claims", "{\"sub\":\"u7\"}");
    assert_string_equal(answer_of(tx, "SELECT current_user, current_setting('request.jwt.claims'), "
                                      "current_setting('statement_timeout')", 0),
                        "unit_web|{\"sub\":\"u7\"}|10s;");
    assert_string_equal(answer_of(tx, "SELECT set_config('response.status', '201', true)", 0),
                        "201;");
    assert_int_equal(app_tx_get(tx, "response.status", &value, &err), APR_SUCCESS);
    assert_string_equal(value, "201");
    assert_int_equal(app_tx_get(tx, "response.headers", &value, &err), APR_SUCCESS);
    assert_null(value);
    assert_string_equal(answer_of(tx, "SELECT * FROM unit.part", APP_QUERY_LAST), "42501");
    assert_int_equal(err.status, 403);
    assert_string_equal(ask(db, 1, "SELECT current_user, current_setting('response.status', true)"),
                        "postgres|;");
    tx = tx_of(db, 1); /* settings and query alone, without BEGIN */
    app_tx_set(tx, "role", "unit_web");
    app_tx_set(tx, "response.status", "202");
    assert_string_equal(answer_of(tx, "SELECT current_user, current_setting('response.status')",
                                  APP_QUERY_LAST), "unit_web|202;");
    assert_string_equal(ask(db, 0, "SELECT current_user, current_setting('response.status', true), "
                                   "current_setting('transaction_read_only'), "
                                   "current_setting('statement_timeout') = '10s'"),
                        "postgres||off|t;");
    tx = tx_of(db, 1);
    app_tx_set(tx, "role", "nosuch");
    assert_string_equal(answer_of(tx, "SELECT 1", APP_QUERY_LAST), "22023");
    assert_int_equal(err.status, 401);
    assert_int_equal(figure(db, "connects"), 1);
}

static void test_stream(void **state)
{
    const app_sql_t sql = { "SELECT g, repeat('x', 100) FROM generate_series(1,100000) g",
                            NULL, 0 };
    app_db_t *db = sample();
    app_tx_t *tx = tx_of(db, 1);
    apr_int64_t sum = 0;
    app_rows_t *rows;
    apr_status_t rv;

    (void)state;
    rows = rows_of(tx, &sql, APP_QUERY_LAST | APP_QUERY_STREAM);
    while ((rv = app_rows_next(rows, &err)) == APR_SUCCESS) {
        sum += app_rows_int(rows, 0);
    }
    assert_int_equal(rv, APR_EOF);
    assert_int_equal(sum, 5000050000);
    assert_int_equal(figure(db, "in_use"), 0);

    tx = tx_of(db, 1); /* cut off in the middle */
    rows = rows_of(tx, &sql, APP_QUERY_LAST | APP_QUERY_STREAM);
    assert_int_equal(app_rows_next(rows, &err), APR_SUCCESS);
    app_tx_rollback(tx);
    tx = tx_of(db, 1); /* the next query ends it */
    rows = rows_of(tx, &sql, APP_QUERY_STREAM);
    assert_string_equal(answer_of(tx, "SELECT 5", 0), "5;");
    assert_int_equal(app_tx_commit(tx, &err), APR_SUCCESS);
    assert_int_equal(figure(db, "connects"), 1);
}

static void test_deadline(void **state)
{
    int gone = 0;
    const app_tx_options_t fast = { .readonly = 1, .timeout = 100000 };
    const app_tx_options_t left = { .readonly = 0, .request = request_of(&gone) };
    const app_sql_t sql = { "SELECT pg_sleep(60)", NULL, 0 };
    app_db_t *db = sample();
    app_rows_t *rows;
    app_tx_t *tx;
    apr_time_t start = apr_time_now();

    (void)state;
    assert_int_equal(app_tx_begin(&tx, db, &fast, &err, unit_pool), APR_SUCCESS);
    assert_int_equal(app_tx_query(tx, &sql, APP_QUERY_LAST, &rows, &err), APP_EFAIL);
    assert_in_range(apr_time_now() - start, 90000, 1500000);
    assert_string_equal(err.code, "57014");
    assert_string_equal(err.message, "canceling statement due to statement timeout");
    gone = 1;
    start = apr_time_now();
    assert_int_equal(app_tx_begin(&tx, db, &left, &err, unit_pool), APR_SUCCESS);
    assert_int_equal(app_tx_query(tx, &sql, APP_QUERY_LAST, &rows, &err), APP_EFAIL);
    assert_string_equal(err.code, "57014");
    assert_in_range(apr_time_now() - start, 900000, 3000000);
    assert_string_equal(ask(db, 1, "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' "
                                   "AND query LIKE '%pg_sleep(%' AND pid <> pg_backend_pid()"),
                        "0;");
    assert_int_equal(figure(db, "connects"), 1);
}

static void change(app_db_t *db, const char *sql)
{
    assert_int_equal(app_db_script(db, sql, &err, unit_pool), APR_SUCCESS);
}

/** The schema changes under statements that are prepared. */
static void test_stale(void **state)
{
    app_db_t *db = sample();
    const app_value_t id = { .type = APP_VALUE_TEXT, .text = "2", .len = 1 };
    const app_sql_t by_id = { "SELECT * FROM unit.item WHERE id = $1", &id, 1 };
    app_rows_t *rows;
    int readonly, i;

    (void)state;
    for (readonly = 0; readonly < 2; readonly++) {
        db = sample();
        for (i = 0; i < 3; i++) {
            rows = rows_of(tx_of(db, readonly), &by_id, APP_QUERY_LAST);
        }
        assert_int_equal(app_rows_columns(rows), 4);
        change(db, "ALTER TABLE unit.item ADD more int");
        rows = rows_of(tx_of(db, readonly), &by_id, APP_QUERY_LAST);
        assert_int_equal(app_rows_columns(rows), 5);
        change(db, "ALTER TABLE unit.part DROP CONSTRAINT part_item_fkey;"
                   "ALTER TABLE unit.item ALTER id TYPE text");
        rows = rows_of(tx_of(db, readonly), &by_id, APP_QUERY_LAST);
        assert_int_equal(app_rows_next(rows, &err), APR_SUCCESS);
        assert_string_equal(ask(db, 0, "DISCARD PLANS; "), "");
        assert_string_equal(ask(db, 0, "DEALLOCATE ALL"), "");
        rows = rows_of(tx_of(db, readonly), &by_id, APP_QUERY_LAST);
        assert_int_equal(figure(db, "connects"), 1);
    }
}

static void test_statements(void **state)
{
    app_core_conf_t *conf = conf_of();
    app_db_t *db;
    int i;

    (void)state;
    conf->db_statements = 10;
    db = sample_of(conf);
    for (i = 0; i < 200; i++) {
        app_tx_t *tx = tx_of(db, i % 3 == 0);
        const char *sql = apr_psprintf(unit_pool, "SELECT %d", i % 37);

        CASE_STRING(sql, answer_of(tx, sql, i % 5 ? APP_QUERY_LAST : 0),
                    apr_psprintf(unit_pool, "%d;", i % 37));
        app_tx_rollback(tx);
    }
    {
        app_tx_t *tx = tx_of(db, 1);

        for (i = 0; i < 60; i++) { /* more than are remembered to be dropped */
            CASE_STRING("many", answer_of(tx, apr_psprintf(unit_pool, "SELECT %d", i), 0),
                        apr_psprintf(unit_pool, "%d;", i));
        }
        app_tx_rollback(tx);
    }
    ask(db, 1, "SELECT 1");
    assert_string_equal(ask(db, 1, "SELECT count(*) BETWEEN 3 AND 10 FROM pg_prepared_statements"),
                        "t;");
    assert_int_equal(figure(db, "connects"), 1);
}

/** Ends all sessions but the one that is asked to do it. */
static void end_sessions(void)
{
    app_db_t *other = db_of(conf_of());

    ask(other, 1, "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity "
                  "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()");
}

static void test_lost(void **state)
{
    app_db_t *db = sample();
    app_tx_t *tx[3];
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(tx); i++) {
        tx[i] = tx_of(db, i != 2);
    }
    assert_string_equal(answer_of(tx[1], "SELECT 1", 0), "1;");
    end_sessions();
    assert_string_equal(answer_of(tx[0], "SELECT 7", APP_QUERY_LAST), "7;"); /* tried once more */
    /* In the middle of a transaction, and in a write, it is not. */
    assert_string_equal(answer_of(tx[1], "SELECT 7", APP_QUERY_LAST), "57P01");
    assert_int_equal(err.status, 503);
    assert_int_equal(err.retry_after, 1);
    assert_string_equal(answer_of(tx[2], "DELETE FROM unit.item", APP_QUERY_LAST), "57P01");
    for (i = 0; i < COUNT(tx); i++) {
        app_tx_rollback(tx[i]);
    }
    assert_string_equal(ask(db, 1, "SELECT count(*) FROM unit.item"), "2;");
    end_sessions(); /* idle ones */
    assert_string_equal(ask(db, 0, "INSERT INTO unit.item VALUES (50,'x')"), "");
    assert_string_equal(ask(db, 1, "SELECT count(*) FROM unit.item"), "3;");
    assert_int_equal(figure(db, "in_use"), 0);
}

/** The server goes while a read is on its way, and does not come back for the second try. */
static void test_lost_and_down(void **state)
{
    app_db_t *db = sample();
    const char *params = db->url.params;
    app_tx_t *tx = tx_of(db, 1);

    (void)state;
    db->url.params = "host=127.0.0.1 port=1";
    end_sessions();
    assert_string_equal(answer_of(tx, "SELECT 7", APP_QUERY_LAST), "PGRST000");
    assert_int_equal(figure(db, "in_use"), 0);
    assert_int_equal(figure(db, "open"), 0);
    db->url.params = params;
    apr_sleep(150000);
    assert_string_equal(ask(db, 1, "SELECT 7"), "7;");
}

static void test_down(void **state)
{
    app_core_conf_t *conf = conf_of();
    const app_tx_options_t options = { .readonly = 1 };
    apr_time_t start;
    app_tx_t *tx;
    app_db_t *db;
    int i;

    (void)state;
    conf->database = "postgresql://nobody:s3cret@127.0.0.1:1/none";
    db = db_of(conf);
    start = apr_time_now();
    for (i = 0; i < 1000; i++) {
        assert_int_equal(app_tx_begin(&tx, db, &options, &err, unit_pool), APP_EFAIL);
        assert_string_equal(err.code, "PGRST000");
        assert_int_equal(err.retry_after, 1);
        assert_null(err.details);
        assert_null(strstr(err.log, "s3cret"));
    }
    assert_in_range(apr_time_now() - start, 0, 500000);
    assert_in_range(figure(db, "failures"), 1, 4);
    app_db_maintain(db, unit_pool);
    assert_int_equal(figure(db, "in_use"), 0);
}

static void test_maintain(void **state)
{
    app_core_conf_t *conf = conf_of();
    app_db_t *db;

    (void)state;
    conf->db_min = 2;
    conf->db_lifetime = 300000;
    db = sample_of(conf);
    app_db_maintain(db, unit_pool);
    assert_int_equal(figure(db, "open"), 2);
    end_sessions();
    db->maintained = 0;
    app_db_maintain(db, unit_pool);
    assert_int_equal(figure(db, "open"), 2);
    assert_int_equal(figure(db, "connects"), 4);
    apr_sleep(350000);
    db->maintained = 0;
    app_db_maintain(db, unit_pool);
    assert_int_equal(figure(db, "connects"), 6); /* too old */
    assert_int_equal(app_db_ping(db, 100000, &err, unit_pool), APR_SUCCESS);
}

static void test_script(void **state)
{
    static const struct {
        const char *sql, *code, *details;
    } cases[] = {
        { "CREATE TABLE unit.a(x int);\n-- \xC3\xA9\xC3\xA9\nSELECT 1;\nSELECT * FROM nosuch;",
          "42P01", "line 4" },
        { "CREATE TABLE unit.a(x int); COMMIT", "2D000", NULL },
        { "COPY unit.item FROM STDIN", "0A000", NULL },
    };
    app_db_t *db = sample();
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        CASE_INT(cases[i].sql, app_db_script(db, cases[i].sql, &err, unit_pool), APP_EFAIL);
        CASE_STRING(cases[i].sql, err.code, cases[i].code);
        CASE_STRING(cases[i].sql, err.details, cases[i].details);
    }
}

/** What has been heard until nothing comes any more; "lost" behind it if the connection is. */
static const char *heard(app_db_listener_t *listener)
{
    const char *all = "", *payload;
    apr_status_t status = APR_EAGAIN;
    struct pollfd watch = { .fd = app_db_listener_fd(listener), .events = POLLIN };

    while (status == APR_EAGAIN && poll(&watch, 1, 300) > 0) {
        while ((status = app_db_listener_next(listener, &payload, &err)) == APR_SUCCESS) {
            all = apr_pstrcat(unit_pool, all, "<", payload, ">", NULL);
        }
    }
    return status == APP_EFAIL ? apr_pstrcat(unit_pool, all, "lost", NULL) : all;
}

static void test_listen(void **state)
{
    static const char channel[] = "unit \"channel\"";
    app_db_t *db = sample();
    app_db_listener_t *listener;
    const app_value_t params[] = { { .type = APP_VALUE_TEXT, .text = channel,
                                     .len = sizeof(channel) - 1 },
                                   { .type = APP_VALUE_TEXT, .text = "two", .len = 3 } };
    const app_sql_t notify = { "SELECT pg_notify($1, $2), pg_notify($1, '')", params, 2 };
    apr_pool_t *p;

    (void)state;
    apr_pool_create(&p, unit_pool);
    assert_int_equal(app_db_listen(&listener, db, channel, &err, p), APR_SUCCESS);
    assert_string_equal(heard(listener), "");
    rows_of(tx_of(db, 0), &notify, APP_QUERY_LAST);
    assert_string_equal(heard(listener), "<two><>");
    ask(db, 0, "NOTIFY unit");
    assert_string_equal(heard(listener), "");
    end_sessions();
    assert_string_equal(heard(listener), "lost");
    apr_pool_destroy(p);
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_reads),      cmocka_unit_test(test_writes),
    cmocka_unit_test(test_params),     cmocka_unit_test(test_settings),
    cmocka_unit_test(test_many_settings),
    cmocka_unit_test(test_stream),     cmocka_unit_test(test_deadline),
    cmocka_unit_test(test_stale),      cmocka_unit_test(test_statements),
    cmocka_unit_test(test_lost),       cmocka_unit_test(test_lost_and_down),
    cmocka_unit_test(test_down),
    cmocka_unit_test(test_maintain),   cmocka_unit_test(test_script),
    cmocka_unit_test(test_listen),
};

__attribute__((constructor)) static void find_url(void)
{
    url = getenv("APP_TEST_PGSQL");
}

UNIT_MAIN(tests)
