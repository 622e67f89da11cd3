/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Step 2 of a call: what the function is given, and what its results are to those who filter and
 * select them. Called by rest_plan.c; thread of the request.
 */
#include "rest_planner.h"

/* Arguments */

/** The value of a parameter in the body; NULL: it is not there. */
static const rest_json_t *value_of(const rest_body_t *body, const char *name)
{
    static const rest_json_t somewhere;
    int i;

    for (i = 0; i < body->ncolumns; i++) {
        if (strcmp(body->columns[i], name) == 0) {
            return body->values ? &body->values[i] : &somewhere;
        }
    }
    return NULL;
}

/** A text for the parameter: of several the last counts, unless it takes them all. */
static void add_text(rest_argument_t *argument, const char *text, rest_name_t ***ptail,
                     apr_pool_t *p)
{
    argument->text = text;
    if (argument->param->variadic) {
        rest_name_t *element = apr_pcalloc(p, sizeof(*element));

        element->name = text;
        **ptail = element;
        *ptail = &element->next;
    }
}

static void add_texts(const rest_request_t *request, rest_argument_t *argument, apr_pool_t *p)
{
    const apr_array_header_t *pairs = request->post ? request->body->pairs : NULL;
    rest_name_t *list = NULL, **tail = &list;
    const rest_given_t *given;
    int i;

    for (given = request->query->given; given; given = given->next) {
        if (strcmp(given->name, argument->param->name) == 0) {
            add_text(argument, given->value, &tail, p);
        }
    }
    for (i = 0; pairs && i < pairs->nelts; i++) {
        const app_pair_t *pair = &APR_ARRAY_IDX(pairs, i, app_pair_t);

        if (strcmp(pair->key, argument->param->name) == 0) {
            add_text(argument, pair->value, &tail, p);
        }
    }
    argument->list = list;
}

/** @return whether it is given */
static int fill_argument(const rest_request_t *request, rest_argument_t *argument, apr_pool_t *p)
{
    if (request->post && request->body->kind != REST_BODY_FORM) {
        argument->json = value_of(request->body, argument->param->name);
        return argument->json != NULL;
    }
    add_texts(request, argument, p);
    return argument->text != NULL;
}

static int is_unnamed(const rest_routine_t *routine)
{
    return routine->nparams == 1 && !*routine->params[0].name;
}

static void plan_arguments(rest_planner_t *planner)
{
    const rest_request_t *request = planner->request;
    rest_plan_t *plan = planner->plan;
    rest_argument_t **tail = &plan->arguments;
    int i;

    if (is_unnamed(plan->routine)) {
        plan->raw = request->body;
        return;
    }
    for (i = 0; i < plan->routine->nparams; i++) {
        rest_argument_t *argument = apr_pcalloc(planner->pool, sizeof(*argument));

        argument->param = &plan->routine->params[i];
        if (fill_argument(request, argument, planner->pool)) {
            *tail = argument;
            tail = &argument->next;
        }
    }
}

/* Results */

/** Values are rows of one column that has the function's name. */
static const rest_relation_t *values_of(const rest_routine_t *routine, const char *ident,
                                        apr_pool_t *p)
{
    rest_relation_t *relation = apr_pcalloc(p, sizeof(*relation));
    rest_column_t *column = apr_pcalloc(p, sizeof(*column));

    column->name = routine->name;
    column->ident = ident;
    column->type = column->base = routine->type;
    column->kind = routine->kind;
    relation->schema = "";
    relation->name = routine->name;
    relation->ident = ident;
    relation->columns = relation->by_name = apr_pmemdup(p, &column, sizeof(column));
    relation->ncolumns = 1;
    return relation;
}

/** SQLite: rows as those of the relation, but without what hangs on its being stored. */
static const rest_relation_t *detached(const rest_relation_t *relation, apr_pool_t *p)
{
    rest_relation_t *copy = apr_pmemdup(p, relation, sizeof(*copy));

    copy->schema = "";
    copy->fulltext = NULL;
    copy->rowid = 0;
    return copy;
}

static int is_all(const rest_item_t *select)
{
    return !select || (select->kind == REST_ITEM_STAR && !select->next);
}

static void plan_results(rest_planner_t *planner)
{
    rest_plan_t *plan = planner->plan;
    const rest_routine_t *routine = plan->routine;
    rest_node_t *root = &plan->root;

    root->as = rest_quoted(routine->name, planner->pool);
    root->source = apr_pstrcat(planner->pool, "app_call AS ", root->as, NULL);
    plan->one = !routine->set;
    plan->empty = routine->gives == REST_GIVES_VOID;
    if (routine->gives != REST_GIVES_ROW) {
        root->relation = values_of(routine, root->as, planner->pool);
        plan->bare = is_all(planner->request->query->select);
    }
    else if (planner->schema->kind == APP_DB_SQLITE) {
        root->relation = detached(routine->relation, planner->pool);
    }
    else {
        root->relation = routine->relation;
        root->called = *routine->relation->schema != '\0';
    }
}

/** Estimates are of relations: what a function gives is counted, or not. */
static void plan_count(rest_plan_t *plan)
{
    if (plan->count == REST_COUNT_PLANNED) {
        plan->count = REST_COUNT_NONE;
    }
    if (plan->count == REST_COUNT_ESTIMATED) {
        plan->count = REST_COUNT_EXACT;
    }
}

apr_status_t rest_plan_routine(rest_planner_t *planner)
{
    rest_plan_t *plan = planner->plan;

    if (rest_plan_find_routine(&plan->routine, planner->request, planner->schema, planner->err) !=
        APR_SUCCESS) {
        return APP_EFAIL;
    }
    plan->readonly = !planner->request->post || plan->routine->volatility != REST_VOLATILE;
    plan->body = planner->request->body;
    plan_arguments(planner);
    plan_results(planner);
    plan_count(plan);
    return APR_SUCCESS;
}

apr_status_t rest_plan_check_call(const rest_planner_t *planner)
{
    const rest_prefer_t *prefer = &planner->request->prefer;
    const rest_routine_t *routine = planner->plan->routine;

    if (prefer->handling == REST_HANDLING_STRICT && prefer->max_affected >= 0 && !routine->set) {
        return app_fail(planner->err, APP_E_MAX_AFFECTED_RPC, NULL);
    }
    if (routine->gives == REST_GIVES_RECORD && planner->schema->kind == APP_DB_SQLITE) {
        REST_UNAVAILABLE(planner,
                         "Functions returning 'record' are not available on the SQLite backend");
        return app_hint(planner->err, "Declare the result as table(…).");
    }
    return rest_plan_check_execute(planner, routine);
}
