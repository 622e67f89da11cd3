/* SPDX-License-Identifier: Apache-2.0 */
/** What statements may touch under a guard, on a database of its own. */
#include "unit_sqlite.h"

#define SCHEMA                                                                                     \
    "CREATE TABLE boss (id INTEGER PRIMARY KEY, name TEXT);"                                       \
    "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, cost REAL,"                             \
    "                   boss INTEGER REFERENCES boss(id));"                                        \
    "CREATE TABLE vault (id INTEGER PRIMARY KEY, gold TEXT, hash TEXT);"                           \
    "CREATE TABLE part (id INTEGER PRIMARY KEY,"                                                   \
    "                   item INTEGER REFERENCES item(id) ON DELETE CASCADE);"                      \
    "CREATE TABLE log (what TEXT);"                                                                \
    "CREATE VIEW rich AS SELECT id, gold FROM vault;"                                              \
    "CREATE VIEW hashes AS SELECT hash FROM vault;"                                                \
    "CREATE TRIGGER item_log AFTER INSERT ON item BEGIN INSERT INTO log VALUES (new.name); END;"   \
    "CREATE VIRTUAL TABLE words USING fts5(name, content='item', content_rowid='id');"             \
    "INSERT INTO boss VALUES (1, 'Ada'); INSERT INTO vault VALUES (1, 'bars', 'h');"               \
    "INSERT INTO item VALUES (1, 'one', 2.5, 1), (2, 'two', 3.5, NULL);"                           \
    "INSERT INTO words(words) VALUES ('rebuild');"

static app_db_t *sample(void)
{
    return sqlite_with(sqlite_place(), SCHEMA);
}

/** What the guard of the tests allows: "action table column". */
static const char *const grants[] = { "0 item id",       "0 item name", "0 item ",  "1 item ",
                                      "2 item name",     "3 item ",     "0 rich id",
                                      "0 words words",   "0 words ROWID", "0 words " };

typedef struct job_t {
    app_guard_t guard;
    const char *trusted; /* NULL: nothing */
    int         asked, learnt;
} job_t;

static app_allowed_e allows(const void *ctx, const app_access_t *access)
{
    const char *what = apr_psprintf(unit_pool, "%d %s %s", access->action, access->table,
                                    access->column);
    size_t i;

    ((job_t *)ctx)->asked++;
    for (i = 0; i < COUNT(grants); i++) {
        if (strcmp(grants[i], what) == 0) {
            return APP_ALLOWED;
        }
    }
    return strcmp(access->column, "hash") == 0 ? APP_ALLOWED_NEVER : APP_ALLOWED_BELOW;
}

static void trusted(const void *ctx, void (*tell)(void *to, const char *sql), void *to)
{
    job_t *job = (job_t *)ctx;

    job->learnt++;
    if (job->trusted) {
        tell(to, job->trusted);
    }
}

/** Runs a statement under a guard. @return its answer, or the SQLSTATE of the failure */
static const char *run(app_db_t *db, job_t *job, apr_uint64_t id, const char *text)
{
    app_tx_t *tx = tx_of(db, 0);
    const char *answer;

    job->guard = (app_guard_t){ .id = id, .whom = "tester", .allows = allows, .trusted = trusted,
                                .ctx = job };
    app_tx_guard(tx, &job->guard);
    answer = answer_of(tx, text, 0);
    app_tx_rollback(tx);
    return answer;
}

static const struct {
    const char *sql, *trusted, *answer;
} cases[] = {
    { "SELECT id, name FROM item WHERE id = 1", NULL, "1|one;" },
    { "SELECT count(*) FROM item", NULL, "2;" },
    { "SELECT cost FROM item", NULL, "42501" },
    { "SELECT id FROM item WHERE cost > 1", NULL, "42501" },
    { "SELECT id FROM item ORDER BY cost", NULL, "42501" },
    { "SELECT (SELECT max(cost) FROM item)", NULL, "42501" },
    { "SELECT * FROM item", NULL, "42501" },
    { "SELECT count(*) FROM vault", NULL, "42501" },
    { "WITH rich AS (SELECT gold FROM vault) SELECT * FROM rich", NULL, "42501" },
    { "SELECT name FROM pragma_table_info('item')", NULL, "42501" },
    { "SELECT sql FROM sqlite_schema", NULL, "42501" },
    { "DELETE FROM vault", NULL, "42501" },
    { "UPDATE item SET cost = 0", NULL, "42501" },
    { "CREATE TABLE mine(a)", NULL, "42501" },
    { "CREATE TEMP TABLE mine(a)", NULL, "42501" },
    { "DROP TABLE item", NULL, "42501" },
    { "UPDATE item SET name = 'x' WHERE id = 1 RETURNING name", NULL, "x;" },
    /* a row filter, or a function's body */
    { "SELECT id FROM item WHERE (cost > 3)", "SELECT 1 FROM item WHERE cost > 3", "2;" },
    { "SELECT id FROM item WHERE id IN (SELECT id FROM vault)",
      "SELECT 1 FROM item WHERE id IN (SELECT id FROM vault)", "1;" },
    { "SELECT gold FROM vault", "SELECT id FROM vault", "42501" },
    { "SELECT hash FROM vault", "SELECT hash FROM vault", "42501" },
    { "SELECT sqlite_version() <> ''", "this is no SQL", "1;" },
    { "CREATE TEMP TABLE mine AS SELECT 1", "CREATE TEMP TABLE mine AS SELECT 1", "" },
    { "SELECT cost FROM item", "SELECT 1; SELECT cost FROM item; SELECT 2", "2.5;3.5;" },
    /* views */
    { "SELECT id FROM rich", "SELECT id FROM rich", "1;" },
    { "SELECT gold FROM rich", "SELECT id FROM rich", "42501" },
    { "SELECT gold FROM vault", "SELECT id FROM rich", "42501" },
    { "SELECT hash FROM hashes", "SELECT hash FROM hashes", "42501" },
    /* triggers and foreign keys, which are not trusted by themselves */
    { "INSERT INTO item(name) VALUES ('new')", NULL, "42501" },
    { "INSERT INTO item(name) VALUES ('new')", "INSERT INTO item DEFAULT VALUES", "" },
    { "INSERT INTO log VALUES ('x')", "INSERT INTO item DEFAULT VALUES", "42501" },
    { "DELETE FROM item WHERE id = 2", NULL, "42501" },
    { "DELETE FROM item WHERE id = 2", "DELETE FROM item", "" },
    /* full text prepares statements on tables of its own */
    { "SELECT rowid FROM words WHERE words MATCH 'two'", NULL, "2;" },
    { "SELECT name FROM item WHERE id IN (SELECT rowid FROM words WHERE words MATCH 'two')",
      NULL, "two;" },
    { "SELECT block FROM words_data", NULL, "42501" },
    { "SELECT words.name FROM words", NULL, "42501" },
};

static void test_cases(void **state)
{
    app_db_t *db = sample();
    job_t job = { .asked = 0 };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        job.trusted = cases[i].trusted;
        CASE_STRING(cases[i].sql, run(db, &job, i + 1, cases[i].sql), cases[i].answer);
    }
}

/** A statement that was prepared under one guard is not there for another. */
static void test_kept_apart(void **state)
{
    static const char sql[] = "SELECT cost FROM item WHERE id = 1";
    app_db_t *db = sample();
    job_t job = { .trusted = "SELECT cost FROM item" };

    (void)state;
    assert_string_equal(ask(db, 0, sql), "2.5;");
    assert_string_equal(run(db, &job, 1, sql), "2.5;");
    assert_int_equal(job.learnt, 1);
    assert_string_equal(run(db, &job, 1, sql), "2.5;");
    assert_int_equal(job.learnt, 1);
    job.trusted = NULL;
    assert_string_equal(run(db, &job, 2, sql), "42501");
    assert_int_equal(job.learnt, 2);
    assert_string_equal(run(db, &job, 1, sql), "2.5;");
    assert_string_equal(ask(db, 0, sql), "2.5;");
}

/** What is allowed is not looked up twice, and nothing at all once it is prepared. */
static void test_cost(void **state)
{
    app_db_t *db = sample();
    job_t job = { .asked = 0 };
    int i, asked;

    (void)state;
    assert_string_equal(run(db, &job, 1, "SELECT name FROM item WHERE id = 1"), "one;");
    asked = job.asked;
    assert_int_equal(job.learnt, 0);
    for (i = 0; i < 10; i++) {
        assert_string_equal(run(db, &job, 1, "SELECT name FROM item WHERE id = 1"), "one;");
    }
    assert_int_equal(job.asked, asked);
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_cases),
    cmocka_unit_test(test_kept_apart),
    cmocka_unit_test(test_cost),
};

UNIT_MAIN(tests)
