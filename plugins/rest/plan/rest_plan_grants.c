/* SPDX-License-Identifier: Apache-2.0 */
/** Step 2 of a request: what the role may do on SQLite. PostgreSQL checks its own grants. */
#include "rest_planner.h"

apr_status_t rest_plan_grant(const rest_planner_t *planner, const rest_relation_t *relation,
                             rest_right_e right, const rest_grant_t **pgrant)
{
    *pgrant = NULL;
    if (planner->schema->kind == APP_DB_PGSQL || !*relation->schema) {
        return APR_SUCCESS; /* of a function's rows, the right to call it is all that is needed */
    }
    *pgrant = rest_relation_grant(relation, planner->request->role, right);
    return *pgrant ? APR_SUCCESS
                   : app_fail_code(planner->err, "42501", 403, "permission denied for table %s",
                                   relation->name);
}

apr_status_t rest_plan_check_column(const rest_planner_t *planner, const rest_relation_t *relation,
                                    rest_right_e right, const rest_column_t *column)
{
    const rest_grant_t *grant;

    if (rest_plan_grant(planner, relation, right, &grant) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (grant && grant->columns && grant->columns[column->position] != REST_GRANTED) {
        return app_fail_code(planner->err, "42501", 403,
                             "permission denied for column %s of relation %s", column->name,
                             relation->name);
    }
    return APR_SUCCESS;
}

apr_status_t rest_plan_check_execute(const rest_planner_t *planner, const rest_routine_t *routine)
{
    const rest_grant_t *grant = routine->grants;

    if (planner->schema->kind == APP_DB_PGSQL) {
        return APR_SUCCESS;
    }
    while (grant && strcmp(grant->role, planner->request->role) != 0) {
        grant = grant->next;
    }
    return grant ? APR_SUCCESS
                 : app_fail_code(planner->err, "42501", 403, "permission denied for function %s",
                                 routine->name);
}
