/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The service "data" (app_data.h): reads whose rows another plugin chooses. A request of its own
 * is made of what the plugin asks, and goes the way of all reads up to the statement. Thread of the
 * request.
 */
#include "apr_strings.h"

#include "rest_dialect.h"
#include "rest_fulltext.h"
#include "rest_planner.h"

struct app_data_read_t {
    const rest_call_t   *call;
    const rest_schema_t *schema;
    rest_plan_t         *plan;
    app_tx_t            *tx;
    apr_pool_t          *pool;
};

/* Queries */

static apr_status_t render_row(rest_sql_t *sql, const rest_plan_t *plan)
{
    if (plan->kind == APP_DB_SQLITE) {
        return rest_sqlite_row(sql, plan);
    }
    app_buf_adds(&sql->text, "(SELECT row_to_json(app_page)::text FROM (SELECT");
    if (rest_pgsql_members(sql, &plan->root) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&sql->text, ") app_page)");
    return APR_SUCCESS;
}

/** A piece of the caller's SQL, its parameters written as the dialect has them. */
static const char *piece(const rest_sql_t *sql, const char *text)
{
    char *copy, *c, quote = 0;

    if (!text || sql->mark == '$') {
        return text;
    }
    copy = apr_pstrdup(sql->pool, text);
    for (c = copy; *c; c++) {
        if (quote ? *c == quote : *c == '\'' || *c == '"') {
            quote = (char)(quote ? 0 : *c);
        }
        if (!quote && *c == '$') {
            *c = sql->mark;
        }
    }
    return copy;
}

static apr_status_t render(rest_sql_t *sql, const app_data_read_t *read,
                           const app_data_query_t *query)
{
    const rest_dialect_t *dialect = read->call->rest->dialect;
    rest_node_t root = read->plan->root;

    if (query->first && render(sql, read, query->first) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    root.joined = piece(sql, query->join);
    root.matched = piece(sql, query->where);
    app_buf_addf(&sql->text, "%sSELECT ", query->before ? piece(sql, query->before) : "");
    if (query->row && render_row(sql, read->plan) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_addf(&sql->text, "%s%s", query->row && query->columns ? ", " : "",
                 query->columns ? piece(sql, query->columns) : "");
    if (rest_render_from(sql, dialect, &root) != APR_SUCCESS ||
        (query->ordered && rest_render_order(sql, dialect, &root, 0) != APR_SUCCESS)) {
        return APP_EFAIL;
    }
    app_buf_addf(&sql->text, " %s", query->after ? piece(sql, query->after) : "");
    return rest_sql_check(sql);
}

static apr_status_t run_query(app_data_read_t *read, const app_data_query_t *query,
                              app_rows_t **prows, app_error_t *err)
{
    rest_sql_t *sql = rest_sql_create(read->plan->kind == APP_DB_SQLITE ? '?' : '$', err,
                                      read->pool);
    app_sql_t finished;
    int i;

    for (i = 0; i < query->nparams; i++) {
        rest_sql_bind(sql, &query->params[i]);
    }
    if (render(sql, read, query) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    finished = rest_sql_finish(sql);
    return app_tx_query(read->tx, &finished, query->flags, prows, err);
}

/* What is known of the read */

static const char *alias(const app_data_read_t *read)
{
    return read->plan->root.as;
}

static apr_status_t column(app_data_read_t *read, const char *name, const char **psql,
                           app_error_t *err)
{
    const rest_planner_t planner = { .request = read->call->request, .schema = read->schema,
                                     .plan = read->plan, .err = err, .pool = read->pool };
    const rest_relation_t *relation = read->plan->root.relation;
    const rest_column_t *found = rest_relation_column(relation, name);

    if (!found) {
        return app_fail_code(err, "42703", 400, "column %s.%s does not exist", relation->name,
                             name);
    }
    if (rest_plan_check_column(&planner, relation, REST_RIGHT_SELECT, found) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    *psql = apr_pstrcat(read->pool, read->plan->root.as, ".", found->ident, NULL);
    return APR_SUCCESS;
}

static int has_order(const app_data_read_t *read)
{
    return read->plan->root.sort != NULL;
}

static void window(const app_data_read_t *read, apr_int64_t *plimit, apr_int64_t *poffset)
{
    *plimit = read->plan->root.limit;
    *poffset = read->plan->root.offset;
}

static int filtered(const app_data_read_t *read)
{
    return read->plan->kind == APP_DB_PGSQL || read->plan->root.row_filter != NULL;
}

/* Reading */

apr_status_t rest_data_run(const rest_call_t *call, rest_plan_t *plan,
                           const rest_schema_t *schema, app_error_t *err, apr_pool_t *p)
{
    app_data_read_t read = { .call = call, .schema = schema, .plan = plan, .pool = p };
    apr_status_t status = rest_begin(&read.tx, call, schema, plan, 1, err, p);

    if (status == APR_SUCCESS) {
        status = call->asked->answer(call->asked->ctx, &read, err);
    }
    if (read.tx) {
        app_tx_rollback(read.tx);
    }
    return status;
}

static apr_status_t read_rows(app_instance_t *owner, app_request_t *r, app_response_t *res,
                              const app_data_ask_t *ask, app_data_answer_fn *answer, void *ctx,
                              app_error_t *err)
{
    const rest_asked_t asked = { ask, answer, ctx };
    rest_call_t call = { .rest = app_instance_context(owner), .r = r, .res = res,
                         .conf = app_request_settings(r, owner), .asked = &asked };

    return rest_answer(&call, err);
}

static apr_status_t match(const char **ptext, int *pnegated, const char *tsquery,
                          const char *const *labels, app_error_t *err, apr_pool_t *p)
{
    rest_match_t found = { NULL, 0 };

    if (rest_fulltext_translate(&found, REST_LANGUAGE_QUERY, tsquery, labels, err, p) !=
        APR_SUCCESS) {
        return APP_EFAIL;
    }
    *ptext = found.text;
    *pnegated = found.negated;
    return APR_SUCCESS;
}

const app_data_service_t rest_data_service = { .size = sizeof(app_data_service_t),
                                               .read = read_rows,
                                               .query = run_query,
                                               .alias = alias,
                                               .column = column,
                                               .has_order = has_order,
                                               .window = window,
                                               .filtered = filtered,
                                               .match = match };
