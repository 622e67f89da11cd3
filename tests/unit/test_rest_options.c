/* SPDX-License-Identifier: Apache-2.0 */
/** What a 405 says is allowed, and what OPTIONS refuses. */
#include "unit.h"

#include "rest_int.h"

static rest_param_t required[] = { { .name = "a", .type = "integer", .required = 1 } };
static rest_param_t optional[] = { { .name = "a", .type = "integer" },
                                   { .name = "b", .type = "text" } };

static void add_relation(rest_schema_t *schema, const char *name, int insertable, int updatable,
                         int deletable, int keyed)
{
    rest_relation_t *relation = rest_schema_relation_add(schema, &schema->spaces[0], name);
    rest_column_t *column = rest_schema_column_add(schema, relation, "id", "integer");

    relation->insertable = insertable != 0;
    relation->updatable = updatable != 0;
    relation->deletable = deletable != 0;
    if (keyed) {
        rest_schema_key_add(schema, relation, column);
    }
}

static void add_routine(rest_schema_t *schema, const char *name, rest_volatility_e volatility,
                        rest_param_t *params, int nparams)
{
    rest_routine_t *routine = rest_schema_routine_add(schema, &schema->spaces[0], name);

    routine->volatility = volatility;
    routine->params = params;
    routine->nparams = nparams;
}

static rest_schema_t *schema_made(void)
{
    apr_array_header_t *spaces = apr_array_make(unit_pool, 1, sizeof(const char *));
    rest_schema_t *schema;

    APR_ARRAY_PUSH(spaces, const char *) = "s";
    schema = rest_schema_create(APP_DB_PGSQL, spaces, unit_pool);
    add_relation(schema, "table", 1, 1, 1, 1);
    add_relation(schema, "keyless", 1, 1, 1, 0);
    add_relation(schema, "view", 0, 0, 0, 0);
    add_relation(schema, "adds", 1, 0, 0, 1);
    add_relation(schema, "changes", 0, 1, 1, 1);
    add_routine(schema, "reads", REST_STABLE, NULL, 0);
    add_routine(schema, "writes", REST_VOLATILE, NULL, 0);
    add_routine(schema, "either", REST_VOLATILE, NULL, 0);
    add_routine(schema, "either", REST_IMMUTABLE, required, 1);
    add_routine(schema, "wants", REST_STABLE, required, 1);
    add_routine(schema, "twice", REST_STABLE, NULL, 0);
    add_routine(schema, "twice", REST_STABLE, optional, 2);
    rest_schema_sort(schema);
    return schema;
}

static void test_refused(void **state)
{
    static const struct {
        const char   *name; /* NULL: the root */
        rest_action_e action;
        int           schema;
        const char   *allow;
    } cases[] = {
        { NULL, REST_READ, 1, "OPTIONS,GET,HEAD" },
        { "table", REST_READ, 1, "OPTIONS,GET,HEAD,POST,PUT,PATCH,DELETE" },
        { "keyless", REST_REPLACE, 1, "OPTIONS,GET,HEAD,POST,PATCH,DELETE" },
        { "view", REST_INSERT, 1, "OPTIONS,GET,HEAD" },
        { "adds", REST_UPDATE, 1, "OPTIONS,GET,HEAD,POST" },
        { "changes", REST_INSERT, 1, "OPTIONS,GET,HEAD,PATCH,DELETE" },
        { "nosuch", REST_READ, 1, "OPTIONS,GET,HEAD,POST,PUT,PATCH,DELETE" },
        { "view", REST_READ, 0, "OPTIONS,GET,HEAD,POST,PUT,PATCH,DELETE" },
        { "reads", REST_CALL, 1, "OPTIONS,GET,HEAD,POST" },
        { "writes", REST_CALL, 1, "OPTIONS,POST" },
        { "either", REST_CALL, 1, "OPTIONS,GET,HEAD,POST" },
        { "nosuch", REST_CALL, 1, "OPTIONS,GET,HEAD,POST" },
        { "writes", REST_CALL, 0, "OPTIONS,GET,HEAD,POST" },
    };
    const rest_schema_t *schema = schema_made();
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        app_error_t err = { .pool = unit_pool };
        const rest_request_t request = { .action = cases[i].action, .space = "s",
                                         .relation = cases[i].name, .root = !cases[i].name };

        rest_options_refused(&request, cases[i].schema ? schema : NULL, &err);
        CASE_STRING(cases[i].name ? cases[i].name : "/", err.allow, cases[i].allow);
    }
}

static void test_not_found(void **state)
{
    static const struct {
        const char   *name;
        rest_action_e action;
        const char   *code, *message;
    } cases[] = {
        { "tabel", REST_READ, "PGRST205",
          "Could not find the table 's.tabel' in the schema cache" },
        { "nosuch", REST_CALL, "PGRST202",
          "Could not find the function s.nosuch without parameters in the schema cache" },
        { "wants", REST_CALL, "PGRST202",
          "Could not find the function s.wants without parameters in the schema cache" },
        { "twice", REST_CALL, "PGRST203",
          "Could not choose the best candidate function between: s.twice(), "
          "s.twice(a => integer, b => text)" },
    };
    const rest_schema_t *schema = schema_made();
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        app_error_t err = { .pool = unit_pool };
        const rest_request_t request = { .action = cases[i].action, .space = "s",
                                         .relation = cases[i].name, .options = 1 };
        const rest_call_t call = { .request = &request };

        CASE_INT(cases[i].name, rest_options_answer(&call, schema, &err), APP_EFAIL);
        CASE_STRING(cases[i].name, err.code, cases[i].code);
        CASE_STRING(cases[i].name, err.message, cases[i].message);
    }
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_refused),
    cmocka_unit_test(test_not_found),
};

UNIT_MAIN(tests)
