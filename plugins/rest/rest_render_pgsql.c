/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Plans as SQL of PostgreSQL. A page of many rows is counted by a window function over it: each
 * row carries the number, and one statement sees one state of the database.
 */
#include <string.h>

#include "apr_strings.h"

#include "rest_dialect.h"

#define FEW_ROWS 100

static void limit(rest_sql_t *sql, const rest_node_t *node)
{
    if (node->limit >= 0) {
        app_buf_adds(&sql->text, " LIMIT ");
        rest_sql_int(sql, node->limit);
    }
    if (node->offset) {
        app_buf_adds(&sql->text, " OFFSET ");
        rest_sql_int(sql, node->offset);
    }
}

/** The members of the row, named; json() of a row without columns is {}. */
static void render_outs(rest_sql_t *sql, const rest_node_t *node)
{
    const rest_out_t *out;

    for (out = node->out; out; out = out->next) {
        app_buf_adds(&sql->text, out == node->out ? " " : ", ");
        if (out->cast) {
            app_buf_adds(&sql->text, "CAST(");
        }
        rest_sql_column(sql, node, out->operand.column);
        if (out->cast) {
            app_buf_adds(&sql->text, " AS ");
            app_buf_adds(&sql->text, out->cast);
            app_buf_addc(&sql->text, ')');
        }
        if (out->cast || out->name != out->operand.column->name) {
            app_buf_adds(&sql->text, " AS ");
            app_buf_add_ident(&sql->text, out->name);
        }
    }
}

/** The page: "SELECT columns FROM … LIMIT …". */
static apr_status_t render_page(rest_sql_t *sql, const rest_plan_t *plan)
{
    app_buf_adds(&sql->text, "(SELECT");
    if (plan->rows) {
        render_outs(sql, &plan->root);
    }
    if (rest_render_from(sql, &rest_pgsql, &plan->root) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (plan->rows) {
        rest_render_order(sql, &plan->root, 0);
    }
    limit(sql, &plan->root);
    app_buf_adds(&sql->text, ") app_page");
    return APR_SUCCESS;
}

/** Whether the filters leave at most the one row that has a primary key. */
static int is_one(const rest_node_t *node)
{
    const rest_relation_t *relation = node->relation;
    const rest_cond_t *cond;
    int i;

    for (i = 0; i < relation->nkeys; i++) {
        for (cond = node->where; cond; cond = cond->next) {
            if (cond->operand.column == relation->keys[i] &&
                cond->filter->op == REST_OP_EQ && !cond->filter->negated) {
                break;
            }
        }
        if (!cond) {
            return 0;
        }
    }
    return relation->nkeys > 0;
}

/** Few rows are counted as they come: the window function costs a tenth of a small query. */
static int is_few(const rest_node_t *node)
{
    return (node->limit >= 0 && node->limit <= FEW_ROWS) || is_one(node);
}

static const char *rows_or_count(const rest_plan_t *plan, int counted)
{
    if (!plan->rows) {
        return "SELECT NULL::text AS app_json, count(*) AS app_n";
    }
    return counted ? "SELECT row_to_json(app_page)::text AS app_json, count(*) OVER () AS app_n"
                   : "SELECT row_to_json(app_page)::text AS app_json, NULL AS app_n";
}

/** The total stands alone on the left of a join, so that it comes also when the page is empty. */
static apr_status_t render_read(rest_statement_t *statement, const rest_plan_t *plan, int counted,
                                app_error_t *err, apr_pool_t *p)
{
    rest_sql_t *sql = statement->main = rest_sql_create('$', err, p);

    if (plan->total) {
        app_buf_adds(&sql->text, "SELECT app_rows.app_json, app_rows.app_n, app_all.app_total"
                                 " FROM (SELECT count(*) AS app_total");
        if (rest_render_from(sql, &rest_pgsql, &plan->root) != APR_SUCCESS) {
            return APP_EFAIL;
        }
        app_buf_adds(&sql->text, ") app_all LEFT JOIN (");
    }
    app_buf_adds(&sql->text,
                 rows_or_count(plan, counted || !(plan->total || is_few(&plan->root))));
    app_buf_adds(&sql->text, " FROM ");
    if (render_page(sql, plan) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (plan->total) {
        app_buf_adds(&sql->text, ") app_rows ON true");
    }
    return APR_SUCCESS;
}

/* Writing */

/** Columns that the answer needs of the new rows, so that SELECT is needed on no others. */
static void render_returning(rest_sql_t *sql, const rest_plan_t *plan)
{
    const rest_relation_t *relation = plan->root.relation;
    char *seen = apr_pcalloc(sql->pool, (apr_size_t)relation->ncolumns + 1);
    const rest_sort_t *sort;
    const rest_out_t *out;
    int i, count = 0;

    for (out = plan->rows ? plan->root.out : NULL; out; out = out->next) {
        seen[out->operand.column->position] = 1;
    }
    for (sort = plan->rows ? plan->root.sort : NULL; sort; sort = sort->next) {
        seen[sort->operand.column->position] = 1;
    }
    for (i = 0; plan->location && i < relation->nkeys; i++) {
        seen[relation->keys[i]->position] = 1;
    }
    app_buf_adds(&sql->text, " RETURNING ");
    for (i = 0; i < relation->ncolumns; i++) {
        if (seen[i]) {
            app_buf_adds(&sql->text, count++ ? ", " : "");
            rest_sql_column(sql, &plan->root, relation->columns[i]);
        }
    }
    if (!count) {
        app_buf_addc(&sql->text, '1');
    }
}

static void render_names(rest_sql_t *sql, const rest_plan_t *plan, int typed)
{
    int i;

    for (i = 0; i < plan->body->ncolumns; i++) {
        app_buf_adds(&sql->text, i ? ", " : "");
        app_buf_adds(&sql->text, plan->written[i]->ident);
        if (typed) {
            app_buf_addc(&sql->text, ' ');
            app_buf_adds(&sql->text, plan->written[i]->type);
        }
    }
}

/** Objects without any key are rows of defaults: their number is all that matters. */
static void render_values(rest_sql_t *sql, const rest_plan_t *plan)
{
    if (plan->body->ncolumns == 0) {
        app_buf_adds(&sql->text, " SELECT FROM generate_series(1, ");
        rest_sql_int(sql, plan->body->nrows);
        app_buf_addc(&sql->text, ')');
        return;
    }
    app_buf_adds(&sql->text, " (");
    render_names(sql, plan, 0);
    app_buf_adds(&sql->text, ") SELECT ");
    render_names(sql, plan, 0);
    app_buf_adds(&sql->text, " FROM json_to_recordset(");
    rest_sql_text(sql, plan->body->text);
    app_buf_adds(&sql->text, "::json) AS app_body (");
    render_names(sql, plan, 1);
    app_buf_addc(&sql->text, ')');
}

static void render_keys(rest_sql_t *sql, const rest_plan_t *plan)
{
    const rest_relation_t *relation = plan->root.relation;
    int i;

    for (i = 0; i < relation->nkeys; i++) {
        app_buf_adds(&sql->text, ", app_new.");
        app_buf_adds(&sql->text, relation->keys[i]->ident);
        app_buf_adds(&sql->text, "::text");
    }
}

/** What is shown reads the new rows under the relation's own name, as errors and casts know it. */
static apr_status_t render_insert(rest_statement_t *statement, const rest_plan_t *plan,
                                  app_error_t *err, apr_pool_t *p)
{
    rest_sql_t *sql = statement->main = rest_sql_create('$', err, p);
    rest_relation_t shown = *plan->root.relation;
    rest_node_t node = plan->root;

    app_buf_adds(&sql->text, rest_plan_shows(plan) ? "WITH app_new AS (INSERT INTO "
                                                          : "INSERT INTO ");
    app_buf_adds(&sql->text, plan->root.relation->ident);
    render_values(sql, plan);
    if (!rest_plan_shows(plan)) {
        return APR_SUCCESS;
    }
    render_returning(sql, plan);
    if (plan->location) {
        app_buf_adds(&sql->text, ") SELECT NULL::text, count(*) OVER (), NULL::text");
        render_keys(sql, plan);
        app_buf_adds(&sql->text, " FROM app_new");
        return APR_SUCCESS;
    }
    shown.ident = "app_new";
    node.relation = &shown;
    app_buf_adds(&sql->text, ") SELECT row_to_json(app_page)::text, count(*) OVER () FROM (SELECT");
    render_outs(sql, &node);
    app_buf_adds(&sql->text, " FROM app_new");
    rest_render_order(sql, &node, 0);
    app_buf_adds(&sql->text, ") app_page");
    return APR_SUCCESS;
}

const rest_dialect_t rest_pgsql = {
    .kind = APP_DB_PGSQL,
    .default_space = "public",
    .load = rest_pgsql_load,
    .is_current = rest_pgsql_is_current,
    .compare = rest_pgsql_compare,
    .read = render_read,
    .insert = render_insert,
};
