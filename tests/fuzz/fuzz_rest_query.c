/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The dialect's grammar, and the SQL of both databases that is made of it: rest_parse_query(),
 * rest_parse_call(), rest_query_location(), rest_plan_make(), rest_render().
 */
#include "fuzz.h"
#include "unit_sql.h"

/** @param action a read of the relation, or a call of the function that gives its rows */
static void render(const rest_query_t *query, rest_action_e action, const rest_dialect_t *dialect,
                   app_error_t *err, apr_pool_t *p)
{
    static rest_schema_t *schemas[2];
    int pgsql = dialect->kind == APP_DB_PGSQL;
    rest_request_t request = { .action = action, .role = "r", .limit = -1,
                               .relation = action == REST_CALL ? "f" : "t",
                               .space = dialect->default_space, .query = (rest_query_t *)query };
    rest_statement_t statement;
    apr_pool_t *kept;
    rest_plan_t *plan;
    apr_status_t status;

    if (!schemas[pgsql]) {
        apr_pool_create(&kept, NULL);
        schemas[pgsql] = sql_schema(dialect->kind, kept);
    }
    status = rest_plan_make(&plan, &request, schemas[pgsql], err, p);
    if (status == APR_SUCCESS) {
        status = rest_render(&statement, dialect, plan, 0, err, p);
    }
    fuzz_expect_status(status, err);
    if (status == APR_SUCCESS) {
        fuzz_expect(!sql_wild(statement.main->text.data, pgsql, NULL));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    app_error_t err;
    apr_pool_t *p = fuzz_pool(&err);
    char *text = fuzz_text(data, size);
    rest_query_t *query;
    apr_status_t status = rest_parse_query(&query, text, &err, p);

    fuzz_expect_status(status, &err);
    if (status == APR_SUCCESS) {
        fuzz_expect(rest_query_location(query, "/t", p) != NULL);
        render(query, REST_READ, &rest_sqlite, &err, p);
        render(query, REST_READ, &rest_pgsql, &err, p);
    }
    status = rest_parse_call(&query, text, &err, p);
    fuzz_expect_status(status, &err);
    if (status == APR_SUCCESS) {
        render(query, REST_CALL, &rest_sqlite, &err, p);
        render(query, REST_CALL, &rest_pgsql, &err, p);
    }
    free(text);
    return 0;
}
