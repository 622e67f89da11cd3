/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The second line of defence: statements that no plan of ours makes, run in the transaction of a
 * request as if a defect had let them through, or somebody had smuggled them in.
 */
#include "unit_sqlite.h"

#include "rest_dialect.h"
#include "rest_guard.h"

#define TABLES                                                                                     \
    "CREATE TABLE boss (id INTEGER PRIMARY KEY, name TEXT, pay INT);"                              \
    "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, cost INT, owner TEXT,"                  \
    "                   boss INT REFERENCES boss (id));"                                           \
    "CREATE TABLE part (id INTEGER PRIMARY KEY, item INT REFERENCES item (id), note TEXT);"        \
    "CREATE TABLE vault (id INTEGER PRIMARY KEY, gold TEXT);"                                      \
    "CREATE TABLE app_users (id TEXT, email TEXT, password TEXT);"                                 \
    "CREATE VIEW rich AS SELECT id, gold FROM vault;"                                              \
    "CREATE TABLE log (what TEXT);"                                                                \
    "CREATE TRIGGER item_log AFTER UPDATE ON item BEGIN INSERT INTO log VALUES (new.name); END;"   \
    "INSERT INTO item VALUES (1, 'one', 5, 'ann', NULL), (2, 'two', 6, 'bob', NULL);"              \
    "INSERT INTO vault VALUES (1, 'bars'); INSERT INTO app_users VALUES ('u', 'a@b', '$argon2');"  \
    "INSERT INTO app_grants VALUES"                                                                \
    " ('reads', 'item', 'select', 'id,name', 'owner <> ''eve''', NULL),"                           \
    " ('reads', 'rich', 'select', 'id', NULL, NULL),"                                              \
    " ('writes', 'item', 'select', NULL, NULL, NULL),"                                             \
    " ('writes', 'item', 'update', 'name', NULL, NULL),"                                           \
    " ('writes', 'item', 'insert', 'id,name,boss', NULL, NULL),"                                   \
    " ('writes', 'item', 'delete', NULL, NULL, NULL),"                                             \
    " ('calls', 'sum_of', 'execute', NULL, NULL, NULL), ('calls', 'hash', 'execute', NULL, NULL,"  \
    " NULL), ('all', 'app_users', 'select', NULL, NULL, NULL),"                                    \
    " ('all', 'app_grants', 'insert', NULL, NULL, NULL), ('all', 'item', 'select', NULL, NULL,"    \
    " NULL);"                                                                                      \
    "INSERT INTO app_functions (name, returns, volatility, body) VALUES"                           \
    " ('sum_of', 'integer', 'stable', 'SELECT count(email) FROM app_users'),"                      \
    " ('hash', 'text', 'stable', 'SELECT password FROM app_users');"

static app_db_t *database(void)
{
    return sqlite_with(sqlite_place(),
                       apr_pstrcat(unit_pool, sqlite_script("sql/sqlite/0001_grants.sql"),
                                   sqlite_script("sql/sqlite/0002_functions.sql"), TABLES, NULL));
}

static rest_schema_t *load(app_db_t *db)
{
    apr_array_header_t *spaces = apr_array_make(unit_pool, 1, sizeof(const char *));
    app_tx_t *tx = tx_of(db, 1);
    rest_schema_t *schema;

    APR_ARRAY_PUSH(spaces, const char *) = "main";
    schema = rest_schema_create(APP_DB_SQLITE, spaces, unit_pool);
    assert_int_equal(rest_sqlite_load(schema, tx, &err), APR_SUCCESS);
    app_tx_rollback(tx);
    return schema;
}

typedef struct case_t {
    const char   *role, *relation; /* of the plan; a function's name of a call */
    rest_action_e action;
    const char   *sql, *answer;
} case_t;

static const char *run(app_db_t *db, const rest_schema_t *schema, const case_t *c)
{
    static const rest_conf_t conf;
    static rest_t rest;
    const rest_request_t request = { .role = c->role };
    const rest_call_t call = { .rest = &rest, .conf = &conf, .request = &request };
    rest_plan_t plan = { .action = c->action };
    app_tx_t *tx = tx_of(db, 0);
    const char *answer;

    plan.root.relation = rest_schema_relation(schema, "main", c->relation);
    plan.routine = rest_schema_routine(schema, "main", c->relation);
    rest_guard_put(tx, &call, schema, &plan, unit_pool);
    answer = answer_of(tx, c->sql, 0);
    app_tx_rollback(tx);
    return answer;
}

static const case_t smuggled[] = {
    { "reads", "item", REST_READ, "SELECT id, name FROM item WHERE owner <> 'eve'",
      "1|one;2|two;" },
    { "reads", "item", REST_READ, "SELECT cost FROM item", "42501" },
    { "reads", "item", REST_READ, "SELECT id FROM item WHERE cost > 1", "42501" },
    { "reads", "item", REST_READ, "SELECT id FROM item ORDER BY cost", "42501" },
    { "reads", "item", REST_READ, "SELECT max(cost) FROM item", "42501" },
    { "reads", "item", REST_READ, "SELECT * FROM item", "42501" },
    { "reads", "item", REST_READ, "SELECT count(*) FROM item", "2;" },
    { "reads", "item", REST_READ, "SELECT count(*) FROM vault", "42501" },
    { "reads", "item", REST_READ, "SELECT (SELECT gold FROM vault) FROM item", "42501" },
    { "reads", "item", REST_READ, "SELECT id FROM item UNION SELECT gold FROM vault", "42501" },
    { "reads", "item", REST_READ,
      "WITH rich AS (SELECT gold FROM vault) SELECT gold FROM rich", "42501" },
    { "reads", "item", REST_READ,
      "WITH app_call AS (SELECT gold FROM vault) SELECT gold FROM app_call", "42501" },
    { "reads", "item", REST_READ, "SELECT role FROM app_grants", "42501" },
    { "reads", "item", REST_READ, "SELECT sql FROM sqlite_schema", "42501" },
    { "reads", "item", REST_READ, "SELECT name FROM pragma_table_list", "42501" },
    { "reads", "item", REST_READ, "UPDATE item SET name = 'x'", "42501" },
    { "reads", "item", REST_READ, "INSERT INTO item(name) VALUES ('x')", "42501" },
    { "reads", "item", REST_READ, "DROP TABLE item", "42501" },
    { "reads", "rich", REST_READ, "SELECT id FROM rich", "1;" },
    { "reads", "rich", REST_READ, "SELECT gold FROM rich", "42501" },
    { "reads", "rich", REST_READ, "SELECT id FROM vault", "42501" },
    { "writes", "item", REST_UPDATE, "UPDATE item SET name = 'x' WHERE cost = 5 RETURNING id",
      "1;" },
    { "writes", "item", REST_UPDATE, "UPDATE item SET cost = 0", "42501" },
    { "writes", "item", REST_UPDATE, "INSERT INTO log VALUES ('x')", "42501" },
    { "writes", "item", REST_INSERT,
      "INSERT INTO item(id, name) VALUES (9, 'x') RETURNING id", "9;" },
    { "writes", "item", REST_INSERT, "INSERT INTO boss(id) VALUES (1)", "42501" },
    { "writes", "item", REST_DELETE, "DELETE FROM item WHERE id = 1 RETURNING id", "1;" },
    { "writes", "item", REST_DELETE, "DELETE FROM part", "42501" },
    { "writes", "item", REST_DELETE, "SELECT note FROM part", "42501" },
    { "calls", "sum_of", REST_CALL, "SELECT count(email) FROM app_users", "1;" },
    { "calls", "sum_of", REST_CALL, "SELECT password FROM app_users", "42501" },
    { "calls", "hash", REST_CALL, "SELECT password FROM app_users", "42501" },
    { "all", "item", REST_READ, "SELECT email FROM app_users", "42501" },
    { "all", "item", REST_INSERT, "INSERT INTO app_grants DEFAULT VALUES", "42501" },
    { "nobody", "item", REST_READ, "SELECT count(*) FROM item", "42501" },
};

static void test_smuggled(void **state)
{
    app_db_t *db = database();
    const rest_schema_t *schema = load(db);
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(smuggled); i++) {
        CASE_STRING(apr_pstrcat(unit_pool, smuggled[i].role, ": ", smuggled[i].sql, NULL),
                    run(db, schema, &smuggled[i]), smuggled[i].answer);
    }
}

/** Roles share a connection and its prepared statements, but not what these were allowed. */
static void test_roles_apart(void **state)
{
    static const char sql[] = "SELECT cost FROM item WHERE id = 1";
    const case_t may = { "writes", "item", REST_READ, sql, "5;" };
    const case_t not = { "reads", "item", REST_READ, sql, "42501" };
    app_db_t *db = database();
    const rest_schema_t *schema = load(db);
    int i;

    (void)state;
    for (i = 0; i < 3; i++) {
        assert_string_equal(run(db, schema, &may), may.answer);
        assert_string_equal(run(db, schema, &not), not.answer);
    }
    assert_string_equal(ask(db, 0, "UPDATE app_grants SET columns = 'id' WHERE role = 'writes'"
                                   " AND action = 'select'"),
                        "");
    assert_string_equal(run(db, load(db), &may), "42501");
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_smuggled),
    cmocka_unit_test(test_roles_apart),
};

UNIT_MAIN(tests)
