/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Reads as SQL of SQLite. Rows come one by one, as text in the form of the answer; numbers that
 * must be known before them come as a row of their own in front.
 */
#include <string.h>

#include "apr_strings.h"

#include "rest_dialect.h"

#define SORTED_WHOLE_MAX 1000 /* rows that may be sorted as they are */
#define COLUMNS_MAX      1900 /* of a result: SQLite takes 2,000 */

/* FROM */

/** The SQL of app_computed, in which ":row.name" is a column of the parent's row. */
void rest_sqlite_computed(rest_sql_t *sql, const rest_node_t *parent,
                          const rest_routine_t *routine)
{
    static const char mark[] = ":row.";
    const char *at = routine->body, *found;

    while ((found = strstr(at, mark))) {
        const char *name = found + strlen(mark);
        apr_size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "0123456789_");

        app_buf_add(&sql->text, at, (apr_size_t)(found - at));
        app_buf_addf(&sql->text, "%s.", parent->as);
        app_buf_add_ident(&sql->text, apr_pstrmemdup(sql->pool, name, len));
        at = name + len;
    }
    app_buf_adds(&sql->text, at);
}

/** Whichever way leads to a row, the role must be granted it. */
static void render_granted(rest_sql_t *sql, const rest_node_t *node)
{
    app_buf_addc(&sql->text, '(');
    if (node->row_filter) {
        app_buf_adds(&sql->text, "SELECT * FROM (");
    }
    rest_sqlite_computed(sql, node->parent, node->link->routine);
    if (node->row_filter) {
        app_buf_adds(&sql->text, ") AS ");
        app_buf_add_ident(&sql->text, node->relation->name);
        app_buf_addf(&sql->text, " WHERE (%s)%s", node->row_filter, rest_render_barrier(node));
    }
    app_buf_addc(&sql->text, ')');
}

/** No FROM sees the rows beside it: what is spread is the relation itself, joined by its key. */
static apr_status_t computed(rest_sql_t *sql, const rest_node_t *node)
{
    if (!rest_node_is_joined(node)) {
        render_granted(sql, node);
        return APR_SUCCESS;
    }
    if (!node->relation->nkeys) {
        return rest_unavailable(APP_DB_SQLITE, sql->err,
                                "Spreading the computed relationship '%s', whose rows have no "
                                "key, is not available on the SQLite backend",
                                node->link->routine->name);
    }
    app_buf_adds(&sql->text, node->relation->ident);
    return APR_SUCCESS;
}

static void render_key(rest_sql_t *sql, const rest_relation_t *relation, const char *as)
{
    int i;

    for (i = 0; i < relation->nkeys; i++) {
        app_buf_addf(&sql->text, "%s%s%s%s", i ? ", " : "", as ? as : "", as ? "." : "",
                     relation->keys[i]->ident);
    }
}

static void computed_on(rest_sql_t *sql, const rest_node_t *node)
{
    app_buf_addc(&sql->text, '(');
    render_key(sql, node->relation, node->as);
    app_buf_adds(&sql->text, ") = (SELECT ");
    render_key(sql, node->relation, NULL);
    app_buf_adds(&sql->text, " FROM ");
    render_granted(sql, node);
    app_buf_adds(&sql->text, " LIMIT 1)");
}

/* The page */

/** A row in the form of the answer. */
apr_status_t rest_sqlite_row(rest_sql_t *sql, const rest_plan_t *plan)
{
    app_buf_adds(&sql->text, plan->stripped ? "app_strip(" : "");
    if (plan->bare && plan->form != REST_MEDIA_CSV) {
        rest_sqlite_value(sql, &plan->root);
    }
    else if (rest_sqlite_object(sql, &plan->root, plan->form == REST_MEDIA_CSV) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&sql->text, plan->stripped ? ")" : "");
    return APR_SUCCESS;
}

/** "(SELECT count(*) FROM …)": of all rows that pass, or of those in the page. */
static apr_status_t render_count(rest_sql_t *sql, const rest_node_t *node, int of_page)
{
    app_buf_adds(&sql->text, of_page ? "(SELECT count(*) FROM (SELECT 1" : "(SELECT count(*)");
    if (rest_render_from(sql, &rest_sqlite, node) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (of_page) {
        if (rest_sqlite_groups(sql, node) != APR_SUCCESS) {
            return APP_EFAIL;
        }
        rest_render_window(sql, &rest_sqlite, node);
        app_buf_addc(&sql->text, ')');
    }
    app_buf_addc(&sql->text, ')');
    return APR_SUCCESS;
}

static int wants_total(const rest_plan_t *plan)
{
    return plan->count == REST_COUNT_EXACT || plan->count == REST_COUNT_ESTIMATED;
}

/** The row of numbers: NULL, rows of the page, rows in all. */
static apr_status_t render_numbers(rest_sql_t *sql, const rest_plan_t *plan, int of_page)
{
    app_buf_adds(&sql->text, "SELECT NULL AS j, ");
    if (!of_page) {
        app_buf_adds(&sql->text, "NULL");
    }
    else if (render_count(sql, &plan->root, 1) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&sql->text, ", ");
    if (!wants_total(plan)) {
        app_buf_adds(&sql->text, "NULL");
    }
    else if (render_count(sql, &plan->root, 0) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return APR_SUCCESS;
}

/** All behind SELECT. In a subquery an order counts only beside a limit. */
static apr_status_t render_page(rest_sql_t *sql, const rest_node_t *node, int nested)
{
    if (rest_render_from(sql, &rest_sqlite, node) != APR_SUCCESS ||
        rest_sqlite_groups(sql, node) != APR_SUCCESS ||
        rest_render_order(sql, &rest_sqlite, node, 0) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (nested && node->sort && node->limit < 0 && !node->offset) {
        app_buf_adds(&sql->text, " LIMIT -1");
    }
    rest_render_window(sql, &rest_sqlite, node);
    return APR_SUCCESS;
}

/** Rows come in the order of their rowids, without a sort. */
static int is_rowid(const rest_node_t *node, const rest_sort_t *sort)
{
    const rest_relation_t *relation = node->relation;
    const rest_column_t *column = sort->operand.column;

    return relation->nkeys == 1 && column == relation->keys[0] && !sort->operand.path &&
           !sort->related && column->type && strcasecmp(column->type, "INTEGER") == 0;
}

/** Many rows are sorted by their rowids: what SQLite sorts it holds in memory. */
static int sorts_many(const rest_node_t *node)
{
    const rest_node_t *child;

    for (child = node->children; child; child = child->next) {
        if (rest_node_is_joined(child)) {
            return 0;
        }
    }
    return node->sort && node->relation->rowid && !node->grouped && !is_rowid(node, node->sort) &&
           (node->limit < 0 || node->limit > SORTED_WHOLE_MAX);
}

/** From FROM on. */
static apr_status_t render_behind(rest_sql_t *sql, const rest_node_t *node, int nested)
{
    if (!sorts_many(node)) {
        return render_page(sql, node, nested);
    }
    app_buf_addf(&sql->text, " FROM (SELECT %s.rowid AS app_row", node->as);
    if (render_page(sql, node, 1) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_addf(&sql->text, ") app_page CROSS JOIN %s AS %s ON %s.rowid = app_page.app_row",
                 node->relation->ident, node->as, node->as);
    return APR_SUCCESS;
}

/** Whether the driver makes the rows' JSON. */
static int has_columns(const rest_plan_t *plan)
{
    const rest_out_t *out;
    int count = 0;

    for (out = plan->root.out; out && count <= COLUMNS_MAX; out = out->next) {
        count++;
    }
    return plan->action == REST_READ && plan->form != REST_MEDIA_CSV && !plan->stripped && count &&
           count <= COLUMNS_MAX;
}

/** "SELECT columns, number, NULL FROM …" */
static apr_status_t render_columns(rest_statement_t *statement, const rest_plan_t *plan,
                                   int counted)
{
    rest_sql_t *sql = statement->main;

    app_buf_adds(&sql->text, "SELECT ");
    if (rest_sqlite_columns(sql, &plan->root, &statement->nmembers) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&sql->text, ", ");
    if (!counted) {
        app_buf_adds(&sql->text, "NULL");
    }
    else if (render_count(sql, &plan->root, 1) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&sql->text, ", NULL");
    return render_behind(sql, &plan->root, 0);
}

static apr_status_t render_rows(rest_sql_t *sql, const rest_plan_t *plan, int nested)
{
    app_buf_adds(&sql->text, "SELECT ");
    if (rest_sqlite_row(sql, plan) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&sql->text, " AS j, NULL, NULL");
    return render_behind(sql, &plan->root, nested);
}

/**
 * A compound runs its parts one after the other: the numbers come first, then the rows, one by
 * one.
 */
static apr_status_t render_read(rest_statement_t *statement, const rest_plan_t *plan, int counted,
                                app_error_t *err, apr_pool_t *p)
{
    rest_sql_t *sql;

    if (plan->routine && !statement->call) {
        if (rest_sqlite_call(statement, plan, err, p) != APR_SUCCESS) {
            return APP_EFAIL;
        }
        if (!statement->call) {
            return APR_SUCCESS;
        }
    }
    sql = statement->main = plan->routine ? statement->call : rest_sql_create('?', err, p);
    if (!plan->rows) {
        return render_numbers(sql, plan, 1);
    }
    if (!wants_total(plan) && has_columns(plan)) {
        return render_columns(statement, plan, counted);
    }
    if (!counted && !wants_total(plan)) {
        return render_rows(sql, plan, 0);
    }
    if (render_numbers(sql, plan, counted) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&sql->text, " UNION ALL SELECT * FROM (");
    if (render_rows(sql, plan, 1) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_addc(&sql->text, ')');
    return APR_SUCCESS;
}

static apr_status_t gather(rest_statement_t *statement, const rest_plan_t *plan, app_rows_t *rows,
                           app_error_t *err, apr_pool_t *p)
{
    return rest_sqlite_gather(statement, plan, rows, err, p) == APR_SUCCESS
               ? render_read(statement, plan, 1, err, p)
               : APP_EFAIL;
}

/** ANALYZE notes the number of rows of a table, which says nothing of filters: then count. */
static apr_status_t render_planned(rest_sql_t **psql, const rest_plan_t *plan, app_error_t *err,
                                   apr_pool_t *p)
{
    const rest_node_t *root = &plan->root;
    rest_sql_t *sql;

    *psql = sql = rest_sql_create('?', err, p);
    if (!plan->analyzed || root->where || root->row_filter || root->children || plan->routine) {
        app_buf_adds(&sql->text, "SELECT count(*)");
        return rest_render_from(sql, &rest_sqlite, root);
    }
    app_buf_adds(&sql->text, "SELECT CAST(stat AS INTEGER) FROM ");
    app_buf_add_ident(&sql->text, root->relation->schema);
    app_buf_adds(&sql->text, ".sqlite_stat1 WHERE tbl = ");
    rest_sql_text(sql, root->relation->name);
    app_buf_adds(&sql->text, " LIMIT 1");
    return APR_SUCCESS;
}

const rest_dialect_t rest_sqlite = {
    .kind = APP_DB_SQLITE,
    .default_space = "main",
    .load = rest_sqlite_load,
    .is_current = rest_sqlite_is_current,
    .computed = computed,
    .computed_on = computed_on,
    .operand = rest_sqlite_operand,
    .collation = rest_sqlite_collation,
    .compare = rest_sqlite_compare,
    .read = render_read,
    .planned = render_planned,
    .insert = rest_sqlite_insert,
    .update = rest_sqlite_update,
    .remove = rest_sqlite_remove,
    .bind_row = rest_sqlite_bind_row,
    .gather = gather,
};
