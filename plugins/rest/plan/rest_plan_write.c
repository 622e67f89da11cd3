/* SPDX-License-Identifier: Apache-2.0 */
/** Step 2 of a request: which columns are written, where, and what may be shown of them. */
#include "rest_planner.h"

static rest_right_e right_of(rest_action_e action)
{
    switch (action) {
    case REST_UPDATE:
        return REST_RIGHT_UPDATE;
    case REST_DELETE:
        return REST_RIGHT_DELETE;
    default:
        return REST_RIGHT_INSERT;
    }
}

/* Columns */

/** What is merged into a row is read of the row that was not inserted. */
static apr_status_t check_merged(const rest_planner_t *planner, const rest_relation_t *relation,
                                 const rest_column_t *column)
{
    return rest_plan_check_column(planner, relation, REST_RIGHT_UPDATE, column) == APR_SUCCESS
               ? rest_plan_check_column(planner, relation, REST_RIGHT_SELECT, column)
               : APP_EFAIL;
}

static apr_status_t plan_written(const rest_planner_t *planner)
{
    const rest_body_t *body = planner->request->body;
    rest_plan_t *plan = planner->plan;
    const rest_relation_t *relation = plan->root.relation;
    int i;

    plan->body = body;
    plan->written = apr_palloc(planner->pool,
                               sizeof(*plan->written) * (apr_size_t)(body->ncolumns + 1));
    for (i = 0; i < body->ncolumns; i++) {
        const rest_column_t *column = rest_relation_column(relation, body->columns[i]);

        if (!column) {
            return app_fail(planner->err, APP_E_COLUMN,
                            "Could not find the '%s' column of '%s' in the schema cache",
                            body->columns[i], relation->name);
        }
        if (rest_plan_check_column(planner, relation, right_of(plan->action), column) !=
                APR_SUCCESS ||
            (plan->resolution == REST_RESOLUTION_MERGE &&
             check_merged(planner, relation, column) != APR_SUCCESS)) {
            return APP_EFAIL;
        }
        plan->written[i] = column;
    }
    return APR_SUCCESS;
}

static apr_status_t add_conflict(const rest_planner_t *planner, const char *name)
{
    rest_plan_t *plan = planner->plan;
    const rest_relation_t *relation = plan->root.relation;
    const rest_column_t *column = rest_relation_column(relation, name);

    if (!column) {
        return app_fail_code(planner->err, "42703", 400, "column \"%s\" does not exist", name);
    }
    plan->conflict[plan->nconflict++] = column;
    return APR_SUCCESS;
}

/** Where to look for the row that exists: named columns, else the primary key. */
static apr_status_t plan_conflict(const rest_planner_t *planner)
{
    const rest_name_t *name, *names = planner->request->query->on_conflict;
    rest_plan_t *plan = planner->plan;
    const rest_relation_t *relation = plan->root.relation;
    apr_size_t room = (apr_size_t)relation->nkeys + 1;
    int i;

    if (plan->action == REST_REPLACE) {
        plan->resolution = REST_RESOLUTION_MERGE;
        names = NULL;
    }
    else {
        plan->resolution = planner->request->prefer.resolution;
    }
    for (name = names; name; name = name->next) {
        room++;
    }
    plan->conflict = apr_palloc(planner->pool, sizeof(*plan->conflict) * room);
    for (name = names; name && plan->resolution; name = name->next) {
        if (add_conflict(planner, name->name) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    for (i = 0; !names && i < relation->nkeys; i++) {
        plan->conflict[plan->nconflict++] = relation->keys[i];
    }
    if (!plan->nconflict) {
        plan->resolution = REST_RESOLUTION_NONE;
    }
    return APR_SUCCESS;
}

/* PUT */

static const rest_filter_t *filter_on(const rest_filter_t *filter, const char *name)
{
    while (filter && (filter->kind != REST_COMPARE || strcmp(filter->field.name, name) != 0)) {
        filter = filter->next;
    }
    return filter;
}

static int is_plain_eq(const rest_filter_t *filter)
{
    return filter && filter->kind == REST_COMPARE && filter->op == REST_OP_EQ &&
           filter->quantifier == REST_ONE && !filter->negated && !filter->field.path;
}

/** The rule of PUT: its filters are the primary key. */
static apr_status_t check_replace(const rest_planner_t *planner)
{
    const rest_relation_t *relation = planner->plan->root.relation;
    const rest_filter_t *filter, *filters = planner->request->query->root.filters;
    int i, count = 0, ok = relation->nkeys > 0;

    for (filter = filters; filter; filter = filter->next) {
        ok = ok && is_plain_eq(filter);
        count++;
    }
    for (i = 0; i < relation->nkeys; i++) {
        ok = ok && filter_on(filters, relation->keys[i]->name);
    }
    return ok && count == relation->nkeys ? APR_SUCCESS
                                          : app_fail(planner->err, APP_E_PUT_FILTERS, NULL);
}

/** The body names the row, too. */
static apr_status_t check_body_keys(const rest_planner_t *planner)
{
    const rest_plan_t *plan = planner->plan;
    const rest_relation_t *relation = plan->root.relation;
    int i, j;

    for (i = 0; plan->action == REST_REPLACE && i < relation->nkeys; i++) {
        for (j = 0; j < plan->body->ncolumns && plan->written[j] != relation->keys[i]; j++) {
        }
        if (j == plan->body->ncolumns) {
            return app_fail(planner->err, APP_E_PUT_MISMATCH, NULL);
        }
    }
    return APR_SUCCESS;
}

/* What the grants say on SQLite */

static const char *both(const char *a, const char *b, apr_pool_t *p)
{
    return !a ? b : !b || strcmp(a, b) == 0 ? a : apr_psprintf(p, "(%s) AND (%s)", a, b);
}

static const char *check_of(const rest_grant_t *grant)
{
    return grant->check_expr ? grant->check_expr : grant->row_filter;
}

/**
 * What may not be read may not be found or shown either: the filter of reading, where the write
 * reads anything. As on PostgreSQL it holds for rows as they are and as they become.
 */
static const char *readable(const rest_planner_t *planner)
{
    const rest_plan_t *plan = planner->plan;
    const rest_grant_t *select = rest_relation_grant(plan->root.relation, planner->request->role,
                                                     REST_RIGHT_SELECT);
    int reads = plan->target.where || rest_plan_shows(plan) || plan->resolution;

    return reads && select ? select->row_filter : NULL;
}

static apr_status_t plan_grants(const rest_planner_t *planner)
{
    rest_plan_t *plan = planner->plan;
    const rest_relation_t *relation = plan->root.relation;
    const rest_grant_t *grant, *update = NULL;
    const char *seen;

    if (rest_plan_grant(planner, relation, right_of(plan->action), &grant) != APR_SUCCESS ||
        (plan->resolution == REST_RESOLUTION_MERGE &&
         rest_plan_grant(planner, relation, REST_RIGHT_UPDATE, &update) != APR_SUCCESS)) {
        return APP_EFAIL;
    }
    if (!grant) {
        return APR_SUCCESS;
    }
    seen = readable(planner);
    plan->target.row_filter = both(update ? update->row_filter : grant->row_filter, seen,
                                   planner->pool);
    if (plan->action != REST_DELETE) {
        plan->check = both(check_of(grant), seen, planner->pool);
    }
    plan->merge_check = update ? check_of(update) : NULL;
    return APR_SUCCESS;
}

static apr_status_t check_readable(const rest_planner_t *planner,
                                   const rest_column_t *const *columns, int count)
{
    int i;

    for (i = 0; i < count; i++) {
        if (rest_plan_check_column(planner, planner->plan->root.relation, REST_RIGHT_SELECT,
                                   columns[i]) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    return APR_SUCCESS;
}

/** A Location tells the key of the new row, an upsert whether there is one with such a key. */
static apr_status_t check_keys(const rest_planner_t *planner)
{
    const rest_plan_t *plan = planner->plan;
    const rest_relation_t *relation = plan->root.relation;

    if (plan->location &&
        check_readable(planner, (const rest_column_t *const *)relation->keys, relation->nkeys) !=
            APR_SUCCESS) {
        return APP_EFAIL;
    }
    return plan->resolution ? check_readable(planner, plan->conflict, plan->nconflict)
                            : APR_SUCCESS;
}

static apr_status_t plan_target(rest_planner_t *planner)
{
    rest_plan_t *plan = planner->plan;

    plan->target.relation = plan->root.relation;
    plan->target.as = plan->root.relation->ident;
    plan->target.limit = -1;
    return plan->action == REST_INSERT
               ? APR_SUCCESS
               : rest_plan_conds(planner, &plan->target, &plan->target.where,
                                 planner->request->query->root.filters);
}

apr_status_t rest_plan_write(rest_planner_t *planner)
{
    rest_plan_t *plan = planner->plan;
    rest_return_e representation = planner->request->prefer.representation;
    int inserts = plan->action == REST_INSERT || plan->action == REST_REPLACE;

    plan->rows = representation == REST_RETURN_FULL;
    plan->location = plan->action == REST_INSERT && representation == REST_RETURN_HEADERS &&
                     plan->root.relation->nkeys > 0;
    plan->defaults = planner->request->prefer.missing == REST_MISSING_DEFAULT;
    if (plan->action == REST_REPLACE && check_replace(planner) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if ((inserts && plan_conflict(planner) != APR_SUCCESS) ||
        (plan->action != REST_DELETE && plan_written(planner) != APR_SUCCESS) ||
        check_body_keys(planner) != APR_SUCCESS ||
        plan_target(planner) != APR_SUCCESS || plan_grants(planner) != APR_SUCCESS ||
        check_keys(planner) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return APR_SUCCESS;
}
