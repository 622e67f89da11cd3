/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Step 2 of a request: names against the schema snapshot, and on SQLite the role against its grants
 * (PostgreSQL checks its own). Called by rest.c; thread of the request.
 */
#include <string.h>

#include "apr_strings.h"

#include "rest_plan.h"

typedef struct planner_t {
    const rest_request_t  *request;
    const rest_schema_t   *schema;
    const rest_relation_t *relation;
    const rest_grant_t    *select; /* SQLite: what the role may read; NULL: nothing */
    rest_plan_t           *plan;
    app_error_t           *err;
    apr_pool_t            *pool;
} planner_t;

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

#define UNAVAILABLE(planner, ...) \
    rest_unavailable((planner)->schema->kind, (planner)->err, __VA_ARGS__)

/* Grants */

static apr_status_t denied_table(const planner_t *planner)
{
    return app_fail_code(planner->err, "42501", 403, "permission denied for table %s",
                         planner->relation->name);
}

/** Whether a grant covers a column. On PostgreSQL there are none, and the database decides. */
static apr_status_t check_column(const planner_t *planner, const rest_grant_t *grant,
                                 const rest_column_t *column)
{
    if (planner->schema->kind == APP_DB_PGSQL) {
        return APR_SUCCESS;
    }
    if (!grant) {
        return denied_table(planner);
    }
    if (grant->columns && !grant->columns[column->position]) {
        return app_fail_code(planner->err, "42501", 403,
                             "permission denied for column %s of relation %s", column->name,
                             planner->relation->name);
    }
    return APR_SUCCESS;
}

static apr_status_t check_role(const planner_t *planner)
{
    return rest_schema_check_role(planner->schema, planner->request->role, planner->err);
}

/* Names */

apr_status_t rest_plan_no_relation(const rest_request_t *request, const rest_schema_t *schema,
                                   app_error_t *err)
{
    const char *similar = rest_schema_similar(schema, request->space, request->relation);

    app_fail(err, APP_E_TABLE, "Could not find the table '%s.%s' in the schema cache",
             request->space, request->relation);
    if (similar) {
        app_hint(err, "Perhaps you meant the table '%s.%s'", request->space, similar);
    }
    return APP_EFAIL;
}

static apr_status_t find_relation(planner_t *planner)
{
    const rest_request_t *request = planner->request;

    planner->relation = rest_schema_relation(planner->schema, request->space, request->relation);
    return planner->relation ? APR_SUCCESS
                             : rest_plan_no_relation(request, planner->schema, planner->err);
}

/** In select and order there are no paths. */
static apr_status_t refuse_path(const planner_t *planner, const rest_field_t *field)
{
    return field->path ? UNAVAILABLE(planner, "A JSON path ('%s->…') is not available", field->name)
                       : APR_SUCCESS;
}

/** The column of a field that is read, if the role may read it. */
static apr_status_t find_column(const planner_t *planner, const rest_field_t *field,
                                const rest_column_t **pcolumn)
{
    const rest_column_t *column = rest_relation_column(planner->relation, field->name);

    if (!column) {
        return app_fail_code(planner->err, "42703", 400, "column %s.%s does not exist",
                             planner->relation->name, field->name);
    }
    *pcolumn = column;
    return check_column(planner, planner->select, column);
}

/* Select */

static apr_status_t add_out(const planner_t *planner, rest_out_t ***ptail,
                            const rest_column_t *column, const rest_item_t *item)
{
    rest_out_t *out = apr_pcalloc(planner->pool, sizeof(*out));

    out->operand.column = column;
    out->name = item && item->alias ? item->alias : column->name;
    out->cast = item ? item->cast : NULL;
    **ptail = out;
    *ptail = &out->next;
    return check_column(planner, planner->select, column);
}

static apr_status_t add_all(const planner_t *planner, rest_out_t ***ptail)
{
    int i;

    for (i = 0; i < planner->relation->ncolumns; i++) {
        if (add_out(planner, ptail, planner->relation->columns[i], NULL) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    return APR_SUCCESS;
}

/** Whether an item is of the kinds that are there: "*" and columns. */
static apr_status_t check_item(const planner_t *planner, const rest_item_t *item)
{
    switch (item->kind) {
    case REST_ITEM_COUNT:
        return UNAVAILABLE(planner, "Aggregates ('count()') are not available");
    case REST_ITEM_EMBED:
    case REST_ITEM_SPREAD:
        return UNAVAILABLE(planner, "Embedding ('%s(…)' in select) is not available",
                           item->field.name);
    case REST_ITEM_STAR:
    case REST_ITEM_COLUMN:
        break;
    }
    return item->aggregate ? UNAVAILABLE(planner, "Aggregates ('%s.…()') are not available",
                                         item->field.name)
                           : APR_SUCCESS;
}

static apr_status_t add_item(const planner_t *planner, rest_out_t ***ptail,
                             const rest_item_t *item)
{
    const rest_column_t *column;

    if (item->kind == REST_ITEM_STAR) {
        return add_all(planner, ptail);
    }
    if (refuse_path(planner, &item->field) != APR_SUCCESS ||
        find_column(planner, &item->field, &column) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return add_out(planner, ptail, column, item);
}

static apr_status_t plan_select(const planner_t *planner)
{
    rest_out_t **tail = &planner->plan->root.out;
    const rest_item_t *item = planner->request->query->select;

    if (!item) {
        return add_all(planner, &tail);
    }
    for (; item; item = item->next) {
        if (add_item(planner, &tail, item) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    return APR_SUCCESS;
}

/* Filters and order */

static apr_status_t plan_filters(const planner_t *planner, rest_cond_t **ptail,
                                 const rest_filter_t *filter)
{
    for (; filter; filter = filter->next) {
        rest_cond_t *cond = apr_pcalloc(planner->pool, sizeof(*cond));

        cond->filter = filter;
        if (filter->kind != REST_COMPARE) {
            if (plan_filters(planner, &cond->children, filter->children) != APR_SUCCESS) {
                return APP_EFAIL;
            }
        }
        else if (find_column(planner, &filter->field, &cond->operand.column) != APR_SUCCESS) {
            return APP_EFAIL;
        }
        cond->operand.path = filter->field.path;
        *ptail = cond;
        ptail = &cond->next;
    }
    return APR_SUCCESS;
}

static apr_status_t not_embedded(const planner_t *planner, const char *name)
{
    app_fail(planner->err, APP_E_NOT_EMBEDDED, "'%s' is not an embedded resource in this request",
             name);
    return app_hint(planner->err,
                    "Verify that '%s' is included in the 'select' query parameter.", name);
}

static apr_status_t plan_order(const planner_t *planner)
{
    rest_sort_t **tail = &planner->plan->root.sort;
    const rest_order_t *term = planner->request->query->root.order;

    for (; term; term = term->next) {
        rest_sort_t *sort = apr_pcalloc(planner->pool, sizeof(*sort));

        if (refuse_path(planner, &term->field) != APR_SUCCESS ||
            find_column(planner, &term->field, &sort->operand.column) != APR_SUCCESS) {
            return APP_EFAIL;
        }
        sort->descending = term->descending;
        sort->nulls_first = term->nulls == REST_NULLS_DEFAULT ? term->descending
                                                              : term->nulls == REST_NULLS_FIRST;
        *tail = sort;
        tail = &sort->next;
    }
    return APR_SUCCESS;
}

/* The two actions */

/** A window holds for reads only. */
static void plan_window(const planner_t *planner)
{
    const rest_request_t *request = planner->request;
    rest_node_t *root = &planner->plan->root;

    root->limit = -1;
    if (request->action == REST_READ) {
        root->limit = request->limit;
        root->offset = request->offset;
        if (request->max_rows && (root->limit < 0 || root->limit > request->max_rows)) {
            root->limit = request->max_rows;
        }
    }
}

/** What is shown of the rows: of a read always, of a write where something is to be shown. */
static apr_status_t plan_shown(const planner_t *planner)
{
    rest_plan_t *plan = planner->plan;

    if (planner->schema->kind == APP_DB_SQLITE) {
        if (!planner->select) {
            return denied_table(planner);
        }
        plan->root.row_filter = planner->select->row_filter;
    }
    return plan_select(planner) == APR_SUCCESS ? plan_order(planner) : APP_EFAIL;
}

static apr_status_t plan_read(const planner_t *planner)
{
    rest_plan_t *plan = planner->plan;

    plan->rows = !planner->request->head;
    if (plan_shown(planner) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return plan_filters(planner, &plan->root.where, planner->request->query->root.filters);
}

static apr_status_t plan_written(const planner_t *planner, const rest_grant_t *grant)
{
    const rest_body_t *body = planner->request->body;
    rest_plan_t *plan = planner->plan;
    int i;

    plan->written = apr_palloc(planner->pool,
                               sizeof(*plan->written) * (apr_size_t)(body->ncolumns + 1));
    for (i = 0; i < body->ncolumns; i++) {
        const rest_column_t *column = rest_relation_column(planner->relation, body->columns[i]);

        if (!column) {
            return app_fail(planner->err, APP_E_COLUMN,
                            "Could not find the '%s' column of '%s' in the schema cache",
                            body->columns[i], planner->relation->name);
        }
        if (check_column(planner, grant, column) != APR_SUCCESS) {
            return APP_EFAIL;
        }
        plan->written[i] = column;
    }
    return APR_SUCCESS;
}

/** A Location tells the key of the new row, so the role must be able to read it. */
static apr_status_t check_keys(const planner_t *planner)
{
    int i;

    for (i = 0; planner->plan->location && i < planner->relation->nkeys; i++) {
        if (check_column(planner, planner->select, planner->relation->keys[i]) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    return APR_SUCCESS;
}

static apr_status_t plan_insert(const planner_t *planner)
{
    const rest_request_t *request = planner->request;
    rest_plan_t *plan = planner->plan;
    const rest_grant_t *grant =
        rest_relation_grant(planner->relation, request->role, REST_RIGHT_INSERT);

    plan->body = request->body;
    plan->rows = request->prefer.representation == REST_RETURN_FULL;
    plan->location = request->prefer.representation == REST_RETURN_HEADERS &&
                     planner->relation->nkeys > 0;
    if (planner->schema->kind == APP_DB_SQLITE) {
        if (!grant) {
            return denied_table(planner);
        }
        plan->check = grant->check_expr ? grant->check_expr : grant->row_filter;
    }
    if (plan_written(planner, grant) != APR_SUCCESS || check_keys(planner) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return plan->rows || plan->location ? plan_shown(planner) : APR_SUCCESS;
}

/** Preferences that ask for what is not there. Those that are known to have no effect pass. */
static apr_status_t check_prefer(const planner_t *planner)
{
    const rest_prefer_t *prefer = &planner->request->prefer;
    app_error_t *err = planner->err;

    if (prefer->handling == REST_HANDLING_STRICT && prefer->invalid) {
        app_fail(err, APP_E_PREFERENCES, NULL);
        return app_details(err, "Invalid preferences: %s", prefer->invalid);
    }
    if (prefer->count > REST_COUNT_EXACT) {
        return UNAVAILABLE(planner, "Prefer: count=%s is not available",
                           prefer->count == REST_COUNT_PLANNED ? "planned" : "estimated");
    }
    if (planner->request->action == REST_INSERT) {
        if (prefer->resolution) {
            return UNAVAILABLE(planner, "Upsert is not available");
        }
        if (prefer->missing == REST_MISSING_DEFAULT) {
            return UNAVAILABLE(planner, "Prefer: missing=default is not available");
        }
    }
    if (prefer->timezone && planner->schema->kind == APP_DB_SQLITE &&
        strcmp(prefer->timezone, "UTC") != 0 && strcmp(prefer->timezone, "GMT") != 0 &&
        strcmp(prefer->timezone, "+00:00") != 0) {
        UNAVAILABLE(planner, "Time zone '%s' is not available on the SQLite backend",
                    prefer->timezone);
        return app_hint(err, "Store and read UTC, and convert in the client.");
    }
    return APR_SUCCESS;
}

/** Which types the answer can have; what SQLite can never give is refused by name. */
static apr_status_t media_available(void *ctx, const rest_accepted_t *type, app_error_t *err)
{
    const planner_t *planner = ctx;

    if (type->media == REST_MEDIA_GEOJSON && planner->schema->kind == APP_DB_SQLITE) {
        return rest_unavailable(APP_DB_SQLITE, err,
                                "GeoJSON output is not available on the SQLite backend");
    }
    if (type->stripped || type->media == REST_MEDIA_CSV || type->media == REST_MEDIA_GEOJSON) {
        return UNAVAILABLE(planner, "Answers of type '%s' are not available", type->text);
    }
    return type->media == REST_MEDIA_ANY || type->media == REST_MEDIA_JSON ||
                   type->media == REST_MEDIA_OBJECT
               ? APR_SUCCESS
               : APR_NOTFOUND;
}

static apr_status_t choose_media(planner_t *planner)
{
    const rest_accepted_t *types = rest_accept_parse(planner->request->accept, planner->pool);
    rest_plan_t *plan = planner->plan;

    if (rest_accept_choose(&plan->type, types, media_available, planner, planner->err) !=
        APR_SUCCESS) {
        return APP_EFAIL;
    }
    plan->single = plan->type->media == REST_MEDIA_OBJECT;
    return APR_SUCCESS;
}

/** Which of the two headers answers first is the dialect's. */
static apr_status_t check_headers(planner_t *planner)
{
    if (planner->request->action == REST_READ && choose_media(planner) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (check_prefer(planner) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return planner->request->action == REST_READ ? APR_SUCCESS : choose_media(planner);
}

/** What leads to other relations is refused also where a write shows nothing. */
static apr_status_t check_names(const planner_t *planner)
{
    const rest_query_t *query = planner->request->query;
    const rest_order_t *term;
    const rest_item_t *item;

    for (term = query->root.order; term; term = term->next) {
        if (term->relation) {
            return not_embedded(planner, term->relation);
        }
    }
    for (item = query->select; item; item = item->next) {
        if (check_item(planner, item) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    return APR_SUCCESS;
}

apr_status_t rest_plan_make(rest_plan_t **pplan, const rest_request_t *request,
                            const rest_schema_t *schema, app_error_t *err, apr_pool_t *p)
{
    planner_t planner = { .request = request, .schema = schema, .err = err, .pool = p };
    rest_plan_t *plan = planner.plan = apr_pcalloc(p, sizeof(*plan));

    plan->action = request->action;
    plan->kind = schema->kind;
    plan->total = request->prefer.count == REST_COUNT_EXACT;
    plan_window(&planner);
    if (check_role(&planner) != APR_SUCCESS || find_relation(&planner) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    plan->root.relation = planner.relation;
    planner.select = rest_relation_grant(planner.relation, request->role, REST_RIGHT_SELECT);
    if (request->query->embeds) {
        return not_embedded(&planner, request->query->embeds->path->name);
    }
    if (check_names(&planner) != APR_SUCCESS || check_headers(&planner) != APR_SUCCESS ||
        (request->action == REST_READ ? plan_read(&planner) : plan_insert(&planner)) !=
            APR_SUCCESS) {
        return APP_EFAIL;
    }
    *pplan = plan;
    return APR_SUCCESS;
}
