/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Writes as SQL of PostgreSQL: one statement for the whole body, which the database reads as JSON.
 * Where something of the rows is to be shown, the write is a WITH, and what it returns is read
 * under the relation's own name, as errors and casts know it.
 */
#include <string.h>

#include "apr_strings.h"

#include "rest_dialect.h"

/* The counter of rows that were new: each insert adds one, each that becomes an update takes it. */
#define COUNTER(op) \
    "set_config('app.inserted', (COALESCE(NULLIF(current_setting('app.inserted', true), '')::int," \
    " 0) " op " 1)::text, true)"

#define INSERTED "COALESCE(NULLIF(current_setting('app.inserted', true), '')::int, 0)"

static int is_upsert(const rest_plan_t *plan)
{
    return plan->resolution == REST_RESOLUTION_MERGE;
}

/* The body */

/** Columns of the body: names, or with their types as the body is to be read. */
static void render_names(rest_sql_t *sql, const rest_plan_t *plan, int typed)
{
    int i;

    for (i = 0; i < plan->body->ncolumns; i++) {
        const rest_column_t *column = plan->written[i];

        app_buf_addf(&sql->text, "%s%s", i ? ", " : "", column->ident);
        if (typed) {
            app_buf_addf(&sql->text, " %s", column->from_json ? "json" : column->type);
        }
    }
}

static void render_value(rest_sql_t *sql, const rest_column_t *column)
{
    if (column->from_json) {
        app_buf_addf(&sql->text, "%s(app_body.%s)", column->from_json, column->ident);
    }
    else {
        app_buf_addf(&sql->text, "app_body.%s", column->ident);
    }
}

/** A row that lacks a key has the column's default there. Others use up no number of a sequence. */
static void render_defaults(rest_sql_t *sql, const rest_plan_t *plan)
{
    int i;

    app_buf_adds(&sql->text, "(SELECT json_agg(app_row");
    for (i = 0; i < plan->body->ncolumns; i++) {
        const rest_column_t *column = plan->written[i];

        if (column->default_value) {
            app_buf_adds(&sql->text, " || CASE WHEN app_row ? ");
            rest_pgsql_literal(sql, column->name);
            app_buf_adds(&sql->text, " THEN '{}' ELSE jsonb_build_object(");
            rest_pgsql_literal(sql, column->name);
            app_buf_addf(&sql->text, ", %s) END", column->default_value);
        }
    }
    app_buf_adds(&sql->text, ") FROM jsonb_array_elements(");
    rest_sql_text(sql, plan->body->text);
    app_buf_adds(&sql->text, "::jsonb) app_row)");
}

/** "json_to_recordset(…) AS app_body (…)" */
static void render_body(rest_sql_t *sql, const rest_plan_t *plan)
{
    app_buf_adds(&sql->text, "json_to_recordset(");
    if (plan->defaults) {
        render_defaults(sql, plan);
    }
    else {
        rest_sql_text(sql, plan->body->text);
        app_buf_adds(&sql->text, "::json");
    }
    app_buf_adds(&sql->text, ") AS app_body (");
    render_names(sql, plan, 1);
    app_buf_addc(&sql->text, ')');
}

/* RETURNING */

static void note_pairs(char *seen, const rest_node_t *node)
{
    const rest_node_t *child;
    int i;

    for (child = node->children; child; child = child->next) {
        if (child->link->cardinality == REST_COMPUTED) {
            memset(seen, 1, (apr_size_t)node->relation->ncolumns);
        }
        for (i = 0; i < child->link->npairs; i++) {
            seen[child->link->pairs[i].from->position] = 1;
        }
    }
}

static void return_column(rest_sql_t *sql, const rest_plan_t *plan, const rest_column_t *column,
                          int *pcount)
{
    app_buf_adds(&sql->text, (*pcount)++ ? ", " : "");
    rest_sql_column(sql, &plan->target, column);
}

/** Marks a column of the relation; a computed one is returned at once. */
static void note_operand(rest_sql_t *sql, const rest_plan_t *plan, const rest_operand_t *operand,
                         char *seen, int *pcount)
{
    if (operand->column->position >= 0) {
        seen[operand->column->position] = 1;
    }
    else {
        return_column(sql, plan, operand->column, pcount);
    }
}

/** Columns that the answer needs of the new rows, so that SELECT is needed on no others. */
static void render_returning(rest_sql_t *sql, const rest_plan_t *plan)
{
    const rest_relation_t *relation = plan->root.relation;
    char *seen = apr_pcalloc(sql->pool, (apr_size_t)relation->ncolumns + 1);
    const rest_sort_t *sort;
    const rest_out_t *out;
    int i, count = 0;

    app_buf_adds(&sql->text, " RETURNING ");
    note_pairs(seen, &plan->root);
    for (out = plan->rows ? plan->root.out : NULL; out; out = out->next) {
        if (out->kind == REST_OUT_VALUE && out->node == &plan->root) {
            note_operand(sql, plan, &out->operand, seen, &count);
        }
    }
    for (sort = plan->rows ? plan->root.sort : NULL; sort; sort = sort->next) {
        if (!sort->related) {
            note_operand(sql, plan, &sort->operand, seen, &count);
        }
    }
    for (i = 0; plan->location && i < relation->nkeys; i++) {
        seen[relation->keys[i]->position] = 1;
    }
    for (i = 0; i < relation->ncolumns; i++) {
        if (seen[i]) {
            return_column(sql, plan, relation->columns[i], &count);
        }
    }
    app_buf_adds(&sql->text, count ? "" : "1");
}

/* What is shown */

static void render_keys(rest_sql_t *sql, const rest_plan_t *plan)
{
    const rest_relation_t *relation = plan->root.relation;
    int i;

    for (i = 0; i < relation->nkeys; i++) {
        app_buf_addf(&sql->text, ", app_new.%s::text", relation->keys[i]->ident);
    }
}

/** The columns of numbers that stand behind the row. */
static void render_numbers(rest_sql_t *sql, const rest_plan_t *plan, int windowed)
{
    app_buf_addf(&sql->text, ", count(*)%s, NULL::text, %s", windowed ? " OVER ()" : "",
                 is_upsert(plan) ? INSERTED : "NULL::int");
}

static apr_status_t render_page(rest_sql_t *sql, const rest_plan_t *plan)
{
    app_buf_adds(&sql->text, " FROM (SELECT");
    if (rest_pgsql_members(sql, &plan->root) != APR_SUCCESS ||
        rest_render_from(sql, &rest_pgsql, &plan->root) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    rest_pgsql_groups(sql, &plan->root);
    if (rest_render_order(sql, &rest_pgsql, &plan->root, 0) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&sql->text, ") app_page");
    return APR_SUCCESS;
}

/** The rest of a statement that has written. */
static apr_status_t render_shown(rest_sql_t *sql, const rest_plan_t *plan)
{
    if (plan->rows) {
        app_buf_addf(&sql->text, ") SELECT %s", rest_pgsql_row(plan, sql->pool));
        render_numbers(sql, plan, !plan->handler);
        return render_page(sql, plan);
    }
    app_buf_adds(&sql->text, ") SELECT NULL::text");
    render_numbers(sql, plan, plan->location);
    if (plan->location) {
        render_keys(sql, plan);
    }
    app_buf_adds(&sql->text, " FROM app_new");
    return APR_SUCCESS;
}

/** Whether the statement has to say more than how many rows it wrote. */
static int tells(const rest_plan_t *plan)
{
    return rest_plan_shows(plan) || is_upsert(plan);
}

static rest_sql_t *begin(rest_statement_t *statement, const rest_plan_t *plan, app_error_t *err,
                         apr_pool_t *p)
{
    statement->main = rest_sql_create('$', err, p);
    app_buf_adds(&statement->main->text, tells(plan) ? "WITH app_new AS (" : "");
    return statement->main;
}

static apr_status_t end(rest_sql_t *sql, const rest_plan_t *plan)
{
    if (!tells(plan)) {
        return APR_SUCCESS;
    }
    render_returning(sql, plan);
    return render_shown(sql, plan);
}

/* INSERT */

/** PUT: the body's keys must be those of the URL. */
static apr_status_t render_keys_match(rest_sql_t *sql, const rest_plan_t *plan, const char *lead)
{
    rest_node_t body = plan->target;

    body.as = "app_body";
    if (plan->action != REST_REPLACE) {
        return APR_SUCCESS;
    }
    app_buf_adds(&sql->text, lead);
    return rest_render_conds(sql, &rest_pgsql, &body);
}

/** Objects without any key are rows of defaults: their number is all that matters. */
static apr_status_t render_values(rest_sql_t *sql, const rest_plan_t *plan)
{
    int i;

    if (plan->body->ncolumns == 0) {
        app_buf_adds(&sql->text, " SELECT FROM generate_series(1, ");
        rest_sql_int(sql, plan->body->nrows);
        app_buf_adds(&sql->text, ") AS app_body");
    }
    else {
        app_buf_adds(&sql->text, " (");
        render_names(sql, plan, 0);
        app_buf_adds(&sql->text, ") SELECT ");
        for (i = 0; i < plan->body->ncolumns; i++) {
            app_buf_adds(&sql->text, i ? ", " : "");
            render_value(sql, plan->written[i]);
        }
        app_buf_adds(&sql->text, " FROM ");
        render_body(sql, plan);
    }
    if (is_upsert(plan)) {
        app_buf_adds(&sql->text, " WHERE " COUNTER("+") " <> '0'");
    }
    return render_keys_match(sql, plan, is_upsert(plan) ? " AND " : " WHERE ");
}

static void render_conflict(rest_sql_t *sql, const rest_plan_t *plan)
{
    int i, updates = is_upsert(plan) && plan->body->ncolumns;

    if (!plan->resolution) {
        return;
    }
    for (i = 0; i < plan->nconflict; i++) {
        app_buf_addf(&sql->text, "%s%s", i ? ", " : " ON CONFLICT (", plan->conflict[i]->ident);
    }
    app_buf_adds(&sql->text, updates ? ") DO UPDATE SET " : ") DO NOTHING");
    for (i = 0; updates && i < plan->body->ncolumns; i++) {
        app_buf_addf(&sql->text, "%s%s = EXCLUDED.%s", i ? ", " : "", plan->written[i]->ident,
                     plan->written[i]->ident);
    }
    if (updates) {
        app_buf_adds(&sql->text, " WHERE " COUNTER("-") " <> '-1'");
    }
}

apr_status_t rest_pgsql_insert(rest_statement_t *statement, const rest_plan_t *plan,
                               app_error_t *err, apr_pool_t *p)
{
    rest_sql_t *sql = begin(statement, plan, err, p);

    app_buf_addf(&sql->text, "INSERT INTO %s", plan->root.relation->ident);
    if (render_values(sql, plan) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    render_conflict(sql, plan);
    return end(sql, plan);
}

/* UPDATE and DELETE */

static apr_status_t render_nothing(rest_sql_t *sql, const rest_plan_t *plan)
{
    int i;

    app_buf_adds(&sql->text, "SELECT ");
    for (i = 0; i < plan->root.relation->ncolumns; i++) {
        app_buf_adds(&sql->text, i ? ", " : "");
        rest_sql_column(sql, &plan->target, plan->root.relation->columns[i]);
    }
    app_buf_addf(&sql->text, " FROM %s WHERE false", plan->root.relation->ident);
    return tells(plan) ? render_shown(sql, plan) : APR_SUCCESS;
}

apr_status_t rest_pgsql_update(rest_statement_t *statement, const rest_plan_t *plan,
                               app_error_t *err, apr_pool_t *p)
{
    rest_sql_t *sql = begin(statement, plan, err, p);
    int i;

    if (plan->body->ncolumns == 0 || plan->body->nrows == 0) {
        return render_nothing(sql, plan);
    }
    app_buf_addf(&sql->text, "UPDATE %s SET ", plan->root.relation->ident);
    for (i = 0; i < plan->body->ncolumns; i++) {
        app_buf_addf(&sql->text, "%s%s = ", i ? ", " : "", plan->written[i]->ident);
        render_value(sql, plan->written[i]);
    }
    app_buf_adds(&sql->text, " FROM (SELECT * FROM ");
    render_body(sql, plan);
    app_buf_adds(&sql->text, " LIMIT 1) app_body");
    if (rest_render_where(sql, &rest_pgsql, &plan->target) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return end(sql, plan);
}

apr_status_t rest_pgsql_remove(rest_statement_t *statement, const rest_plan_t *plan,
                               app_error_t *err, apr_pool_t *p)
{
    rest_sql_t *sql = begin(statement, plan, err, p);

    app_buf_addf(&sql->text, "DELETE FROM %s", plan->root.relation->ident);
    if (rest_render_where(sql, &rest_pgsql, &plan->target) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return end(sql, plan);
}
