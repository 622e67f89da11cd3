/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Step 2 of a request: names against the schema snapshot, and on SQLite the role against its
 * grants. The order in which things are looked up is the dialect's: what is wrong first answers.
 * Called by rest.c; thread of the request.
 */
#include "rest_planner.h"

apr_status_t rest_unavailable(app_db_kind_e kind, app_error_t *err, const char *details, ...)
{
    va_list args;

    app_fail(err, APP_E_NOT_IMPLEMENTED, NULL);
    if (kind == APP_DB_SQLITE) {
        err->status = 501;
    }
    va_start(args, details);
    err->details = apr_pvsprintf(err->pool, details, args);
    va_end(args);
    return APP_EFAIL;
}

apr_status_t rest_plan_no_relation(const rest_request_t *request, const rest_schema_t *schema,
                                   app_error_t *err)
{
    const char *similar = rest_schema_similar(schema, request->space, request->relation);

    app_fail(err, APP_E_TABLE, "Could not find the table '%s.%s' in the schema cache",
             request->space, request->relation);
    return similar ? app_hint(err, "Perhaps you meant the table '%s.%s'", request->space, similar)
                   : APP_EFAIL;
}

/** What app_computed says of a row may read the relation itself, whose name then hides the row. */
static void name_root(const rest_planner_t *planner, rest_node_t *root)
{
    const char *name = root->relation->name;

    root->renamed = planner->schema->kind == APP_DB_SQLITE &&
                    planner->request->action == REST_READ &&
                    rest_relation_is_computed(root->relation);
    root->as = rest_quoted(root->renamed ? apr_pstrcat(planner->pool, name, "_0", NULL) : name,
                      planner->pool);
}

static apr_status_t find_relation(rest_planner_t *planner)
{
    const rest_request_t *request = planner->request;
    rest_node_t *root = &planner->plan->root;

    if (request->action == REST_CALL) {
        return rest_plan_routine(planner);
    }
    root->relation = rest_schema_relation(planner->schema, request->space, request->relation);
    if (root->relation) {
        name_root(planner, root);
        if (request->action != REST_READ && planner->schema->kind == APP_DB_PGSQL) {
            /* What is shown is read from a WITH, under the relation's name. */
            root->source = apr_pstrcat(planner->pool, "app_new AS ", root->as, NULL);
        }
        return APR_SUCCESS;
    }
    return rest_plan_no_relation(request, planner->schema, planner->err);
}

static int is_write(rest_action_e action)
{
    return action != REST_READ && action != REST_CALL;
}

/** A window holds for what is read. */
static void plan_window(rest_planner_t *planner)
{
    const rest_request_t *request = planner->request;
    rest_node_t *root = &planner->plan->root;

    root->limit = -1;
    root->offset = 0;
    if (!is_write(request->action)) {
        root->limit = request->limit;
        root->offset = request->offset;
        if (request->max_rows && (root->limit < 0 || root->limit > request->max_rows)) {
            root->limit = request->max_rows;
        }
    }
}

/** What is wrong with names is wrong also where a write shows nothing. */
static apr_status_t plan_shown(rest_planner_t *planner)
{
    rest_plan_t *plan = planner->plan;
    const rest_filter_t *filters = planner->request->query->root.filters;

    if (is_write(plan->action) && !plan->rows) {
        return plan->location ? rest_plan_key(planner) : APR_SUCCESS;
    }
    plan->rows = is_write(plan->action) ? plan->rows : !planner->request->head;
    if (rest_plan_columns(planner, &plan->root) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return is_write(plan->action) ? APR_SUCCESS
                                  : rest_plan_conds(planner, &plan->root, &plan->root.where,
                                                    filters);
}

apr_status_t rest_plan_make(rest_plan_t **pplan, const rest_request_t *request,
                            const rest_schema_t *schema, app_error_t *err, apr_pool_t *p)
{
    rest_planner_t planner = { .request = request, .schema = schema, .err = err, .pool = p };
    rest_plan_t *plan = planner.plan = apr_pcalloc(p, sizeof(*plan));

    plan->action = request->action;
    plan->kind = schema->kind;
    plan->count = request->prefer.count;
    plan->max_rows = request->max_rows;
    plan->analyzed = schema->analyzed;
    plan->readonly = request->action == REST_READ;
    plan_window(&planner);
    if (rest_schema_check_role(schema, request->role, err) != APR_SUCCESS ||
        find_relation(&planner) != APR_SUCCESS ||
        rest_plan_nodes(&planner) != APR_SUCCESS || rest_plan_links(&planner) != APR_SUCCESS ||
        rest_plan_check(&planner) != APR_SUCCESS ||
        (is_write(plan->action) && rest_plan_write(&planner) != APR_SUCCESS) ||
        rest_plan_headers(&planner) != APR_SUCCESS ||
        (plan->routine && rest_plan_check_call(&planner) != APR_SUCCESS) ||
        plan_shown(&planner) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    *pplan = plan;
    return APR_SUCCESS;
}
