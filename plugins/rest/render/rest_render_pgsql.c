/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Reads as SQL of PostgreSQL. Each row of the page is one row of the result, as text in the form
 * of the answer, or its columns are, from which the driver makes that. A page that has to be counted
 * first is counted by the same statement, which sees one state of the database.
 */
#include <string.h>

#include "apr_strings.h"

#include "rest_dialect.h"

/* Members */

/** A column, as a domain's own conversion makes it where there is one. */
static apr_status_t render_operand(rest_sql_t *sql, const rest_out_t *out)
{
    const char *to_json = out->operand.column->to_json;
    int represented = to_json && !out->operand.path && !out->cast && !out->aggregate;

    if (out->cast) {
        app_buf_adds(&sql->text, "CAST(");
    }
    if (represented) {
        app_buf_addf(&sql->text, "%s(", to_json);
    }
    if (rest_pgsql_operand(sql, out->node, &out->operand) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (represented) {
        app_buf_addc(&sql->text, ')');
    }
    if (out->cast) {
        app_buf_addf(&sql->text, " AS %s)", out->cast);
    }
    return APR_SUCCESS;
}

static apr_status_t render_value(rest_sql_t *sql, const rest_out_t *out)
{
    if (out->aggregate_cast) {
        app_buf_adds(&sql->text, "CAST(");
    }
    app_buf_adds(&sql->text, rest_render_aggregate(out->aggregate));
    if (out->kind == REST_OUT_ROWS) {
        app_buf_addc(&sql->text, '*');
    }
    else if (render_operand(sql, out) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&sql->text, out->aggregate ? ")" : "");
    if (out->aggregate_cast) {
        app_buf_addf(&sql->text, " AS %s)", out->aggregate_cast);
    }
    return APR_SUCCESS;
}

/** A view or a function may give more rows than its keys promise; one is the answer. */
static int is_cut(const rest_node_t *node)
{
    return node->link && node->link->to_one && (node->limit == -1 || node->limit > 1) &&
           (node->relation->is_view || node->link->cardinality == REST_COMPUTED);
}

static apr_status_t render_rest(rest_sql_t *sql, const rest_node_t *node)
{
    rest_node_t window = *node;

    if (rest_render_order(sql, &rest_pgsql, node, 0) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (is_cut(node)) {
        app_buf_adds(&sql->text, " LIMIT 1");
        window.limit = -1;
    }
    rest_render_window(sql, &rest_pgsql, &window);
    return APR_SUCCESS;
}

/** An object, or the array of objects, of a row's embed. */
static apr_status_t render_embed(rest_sql_t *sql, const rest_node_t *node, int binary)
{
    int n = node->number;

    if (node->link->to_one) {
        app_buf_addf(&sql->text, "(SELECT row_to_json(app_%d)", n);
    }
    else {
        app_buf_addf(&sql->text, "(SELECT COALESCE(json_agg(app_%d), '[]')", n);
    }
    app_buf_adds(&sql->text, binary ? "::jsonb FROM (SELECT" : " FROM (SELECT");
    if (rest_pgsql_members(sql, node) != APR_SUCCESS ||
        rest_render_from(sql, &rest_pgsql, node) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    rest_pgsql_groups(sql, node);
    if (render_rest(sql, node) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_addf(&sql->text, ") app_%d)", n);
    return APR_SUCCESS;
}

/** One member of all rows that are spread. They come in one order for all members. */
static apr_status_t render_array(rest_sql_t *sql, const rest_out_t *out)
{
    const rest_node_t *node = out->node;
    const rest_relation_t *relation = node->relation;
    int i;

    app_buf_adds(&sql->text, "(SELECT COALESCE(json_agg(app_v), '[]') FROM (SELECT ");
    if (rest_pgsql_member(sql, out->member) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&sql->text, " AS app_v");
    if (rest_render_from(sql, &rest_pgsql, node) != APR_SUCCESS ||
        rest_render_order(sql, &rest_pgsql, node, relation->nkeys > 0) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    for (i = 0; i < relation->nkeys; i++) {
        app_buf_adds(&sql->text, i ? ", " : "");
        rest_sql_column(sql, node, relation->keys[i]);
    }
    rest_render_window(sql, &rest_pgsql, node);
    app_buf_adds(&sql->text, ") app_a)");
    return APR_SUCCESS;
}

apr_status_t rest_pgsql_member(rest_sql_t *sql, const rest_out_t *out)
{
    switch (out->kind) {
    case REST_OUT_EMBED:
        return render_embed(sql, out->node,
                            out->node->parent->grouped || out->node->parent->flat);
    case REST_OUT_ARRAY:
        return render_array(sql, out);
    default:
        return render_value(sql, out);
    }
}

/** A column that keeps its own name needs no other. */
int rest_pgsql_has_own_name(const rest_out_t *out)
{
    return out->kind == REST_OUT_VALUE && !out->cast && !out->aggregate && !out->operand.path &&
           !out->operand.column->to_json && out->name == out->operand.column->name;
}

apr_status_t rest_pgsql_members(rest_sql_t *sql, const rest_node_t *node)
{
    const rest_out_t *out;

    for (out = node->out; out; out = out->next) {
        app_buf_adds(&sql->text, out == node->out ? " " : ", ");
        if (rest_pgsql_member(sql, out) != APR_SUCCESS) {
            return APP_EFAIL;
        }
        if (!rest_pgsql_has_own_name(out)) {
            app_buf_adds(&sql->text, " AS ");
            app_buf_add_ident(&sql->text, out->name);
        }
    }
    return APR_SUCCESS;
}

void rest_pgsql_groups(rest_sql_t *sql, const rest_node_t *node)
{
    const char *lead = " GROUP BY ";
    const rest_out_t *out;
    int i = 0;

    for (out = node->grouped ? node->out : NULL; out; out = out->next) {
        i++;
        if (!out->aggregate) {
            app_buf_addf(&sql->text, "%s%d", lead, i);
            lead = ", ";
        }
    }
}

/* FROM */

/** The function over the parent's row. */
static apr_status_t computed(rest_sql_t *sql, const rest_node_t *node)
{
    const rest_node_t *parent = node->parent;

    app_buf_addf(&sql->text, "%s(", node->link->routine->ident);
    /* Rows of a WITH have no type of their own. */
    app_buf_addf(&sql->text, "%s::%s)", parent->as, parent->relation->ident);
    return APR_SUCCESS;
}

static void computed_on(rest_sql_t *sql, const rest_node_t *node)
{
    (void)node; /* a function in FROM sees the parent's row */
    app_buf_adds(&sql->text, "true");
}

/* The page */

/** The body as it is, bytes as digits: rows are text. */
static const char *made_row(const rest_plan_t *plan, const char *value, apr_pool_t *p)
{
    return apr_psprintf(p, plan->hex ? "COALESCE(encode(%s::bytea, 'hex'), '')"
                                     : "COALESCE(%s::text, '')", value);
}

/** What an aggregate makes of all rows. */
static const char *handled_rows(const rest_plan_t *plan, apr_pool_t *p)
{
    const rest_relation_t *relation = plan->root.relation;

    return made_row(plan, *relation->schema
                              ? apr_psprintf(p, "%s(app_page::%s)", plan->handler->ident,
                                             relation->ident)
                              : apr_psprintf(p, "%s(app_page)", plan->handler->ident), p);
}

static const char *bare_value(const rest_plan_t *plan, apr_pool_t *p)
{
    const char *value = apr_pstrcat(p, "app_page.", plan->root.relation->columns[0]->ident, NULL);

    if (plan->bytes) {
        return made_row(plan, value, p);
    }
    return apr_psprintf(p, plan->stripped
                               ? "COALESCE(json_strip_nulls(to_json(%s))::text, 'null')"
                               : "COALESCE(to_json(%s)::text, 'null')", value);
}

const char *rest_pgsql_row(const rest_plan_t *plan, apr_pool_t *p)
{
    if (plan->handler) {
        return handled_rows(plan, p);
    }
    switch (plan->form) {
    case REST_MEDIA_CSV:
        return "substring(app_page::text, 2, length(app_page::text) - 2)";
    case REST_MEDIA_GEOJSON:
        return "ST_AsGeoJSON(app_page)::text";
    default:
        if (plan->bare) {
            return bare_value(plan, p);
        }
        return plan->stripped ? "json_strip_nulls(row_to_json(app_page))::text"
                              : "row_to_json(app_page)::text";
    }
}

/** Whether the database has to say if what rows are put in order by exists. */
static int sorts_unknown(const rest_node_t *node)
{
    const rest_sort_t *sort = node->sort;

    while (sort && sort->operand.column->position >= 0) {
        sort = sort->next;
    }
    return sort != NULL;
}

/** " FROM … LIMIT …" */
static apr_status_t render_behind(rest_sql_t *sql, const rest_plan_t *plan)
{
    const rest_node_t *node = &plan->root;

    if (rest_render_from(sql, &rest_pgsql, node) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    rest_pgsql_groups(sql, node);
    if ((plan->rows || sorts_unknown(node)) &&
        rest_render_order(sql, &rest_pgsql, node, 0) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    rest_render_window(sql, &rest_pgsql, node);
    return APR_SUCCESS;
}

/**
 * "(SELECT members FROM … LIMIT …) app_page". Where nothing is shown the members cost nothing, but
 * must be right.
 */
static apr_status_t render_page(rest_sql_t *sql, const rest_plan_t *plan)
{
    const rest_node_t *node = &plan->root;

    app_buf_adds(&sql->text, "(SELECT");
    if (rest_pgsql_members(sql, node) != APR_SUCCESS ||
        render_behind(sql, plan) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&sql->text, ") app_page");
    return APR_SUCCESS;
}

/** The rows of a group, and those that a function gives once only, are counted as they come. */
static int is_windowed(const rest_plan_t *plan)
{
    return plan->root.grouped || plan->routine;
}

/** The number of rows of the page, in front of the first: without a sort and what is shown. */
static apr_status_t render_number(rest_sql_t *sql, const rest_plan_t *plan, int counted)
{
    if (!counted || is_windowed(plan)) {
        app_buf_adds(&sql->text, counted ? "count(*) OVER () AS app_n" : "NULL AS app_n");
        return APR_SUCCESS;
    }
    app_buf_adds(&sql->text, "(SELECT count(*) FROM (SELECT 1");
    if (rest_render_from(sql, &rest_pgsql, &plan->root) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    rest_render_window(sql, &rest_pgsql, &plan->root);
    app_buf_adds(&sql->text, ") app_all) AS app_n");
    return APR_SUCCESS;
}

static apr_status_t render_select(rest_sql_t *sql, const rest_plan_t *plan, int counted)
{
    if (!plan->rows) {
        app_buf_adds(&sql->text, "SELECT NULL::text AS app_json, count(*) AS app_n");
        return APR_SUCCESS;
    }
    app_buf_addf(&sql->text, "SELECT %s AS app_json, ", rest_pgsql_row(plan, sql->pool));
    if (plan->handler) {
        app_buf_adds(&sql->text, "count(*) AS app_n");
        return APR_SUCCESS;
    }
    return render_number(sql, plan, counted);
}

/** What passes the filters, whatever the window; an estimate stops where it need not go on. */
static apr_status_t render_total(rest_sql_t *sql, const rest_plan_t *plan)
{
    int bounded = plan->count == REST_COUNT_ESTIMATED && plan->max_rows;

    app_buf_adds(&sql->text, bounded ? "SELECT count(*) AS app_total FROM (SELECT 1"
                                     : "SELECT count(*) AS app_total");
    if (rest_render_from(sql, &rest_pgsql, &plan->root) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (bounded) {
        app_buf_addf(&sql->text, " LIMIT %" APR_INT64_T_FMT ") app_some", plan->max_rows + 1);
    }
    return APR_SUCCESS;
}

/** "SELECT columns, number FROM …" */
static apr_status_t render_columns(rest_statement_t *statement, const rest_plan_t *plan,
                                   int counted)
{
    rest_sql_t *sql = statement->main;

    app_buf_adds(&sql->text, "SELECT ");
    if (rest_pgsql_columns(sql, &plan->root, &statement->nmembers) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&sql->text, statement->marked ? "true AS app_row, " : "");
    return render_number(sql, plan, counted) == APR_SUCCESS ? render_behind(sql, plan) : APP_EFAIL;
}

static apr_status_t render_rows(rest_statement_t *statement, const rest_plan_t *plan, int counted)
{
    rest_sql_t *sql = statement->main;

    if (rest_pgsql_has_columns(plan)) {
        return render_columns(statement, plan, counted);
    }
    if (render_select(sql, plan, counted) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&sql->text, " FROM ");
    return render_page(sql, plan);
}

/** The total stands alone on the left of a join, so that it comes also when the page is empty. */
static apr_status_t render_read(rest_statement_t *statement, const rest_plan_t *plan, int counted,
                                app_error_t *err, apr_pool_t *p)
{
    rest_sql_t *sql = statement->main = rest_sql_create('$', err, p);

    if (plan->routine) {
        rest_pgsql_call(sql, plan);
    }
    if (plan->count != REST_COUNT_EXACT && plan->count != REST_COUNT_ESTIMATED) {
        return render_rows(statement, plan, counted);
    }
    statement->marked = 1;
    app_buf_adds(&sql->text, "SELECT app_rows.*, app_all.app_total FROM (");
    if (render_total(sql, plan) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&sql->text, ") app_all LEFT JOIN (");
    if (render_rows(statement, plan, counted) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&sql->text, ") app_rows ON true");
    return APR_SUCCESS;
}

static apr_status_t render_planned(rest_sql_t **psql, const rest_plan_t *plan, app_error_t *err,
                                   apr_pool_t *p)
{
    rest_sql_t *sql = *psql = rest_sql_create('$', err, p);

    app_buf_adds(&sql->text, "EXPLAIN (FORMAT JSON) SELECT 1");
    return rest_render_from(sql, &rest_pgsql, &plan->root);
}

const rest_dialect_t rest_pgsql = {
    .kind = APP_DB_PGSQL,
    .default_space = "public",
    .load = rest_pgsql_load,
    .is_current = rest_pgsql_is_current,
    .computed = computed,
    .computed_on = computed_on,
    .operand = rest_pgsql_operand,
    .compare = rest_pgsql_compare,
    .read = render_read,
    .planned = render_planned,
    .insert = rest_pgsql_insert,
    .update = rest_pgsql_update,
    .remove = rest_pgsql_remove,
};
