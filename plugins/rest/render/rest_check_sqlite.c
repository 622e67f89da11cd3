/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Rows that a write would make, and whether their check allows them. SQLite looks at constraints
 * first and gives the row to RETURNING afterwards: whoever may not have written a row would be told
 * by a violated constraint, or by a conflict, which rows there are. So the check is asked before,
 * as PostgreSQL does, of what is known of the row then; RETURNING asks again. Called by
 * rest_write_sqlite.c; thread of the request.
 */
#include "rest_dialect.h"
#include "rest_value.h"

static int written_at(const rest_plan_t *plan, const rest_column_t *column)
{
    int i = 0;

    while (i < plan->body->ncolumns && plan->written[i] != column) {
        i++;
    }
    return i;
}

/** Whether the database alone says what the column will be. */
static int is_unknown(const rest_relation_t *relation, const rest_column_t *column)
{
    return column->generated || (relation->nkeys == 1 && relation->keys[0] == column &&
                                 !column->default_value);
}

/** What the column will be: given, its default, what it is (of a row that is there), or unknown. */
static apr_status_t add_column(rest_sql_t *sql, const rest_plan_t *plan, int row,
                               const rest_column_t *column, int *punknown)
{
    int at = written_at(plan, column);
    int stays = plan->action == REST_UPDATE && at == plan->body->ncolumns && !column->generated;

    app_buf_adds(&sql->text, ", ");
    if (at < plan->body->ncolumns && !rest_sqlite_left_out(plan, row, at)) {
        if (rest_sqlite_add_value(sql, plan, row, at) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    else if (stays) {
        app_buf_adds(&sql->text, column->ident);
    }
    else {
        *punknown |= is_unknown(plan->root.relation, column);
        app_buf_addf(&sql->text, "(%s)", column->default_value ? column->default_value : "NULL");
    }
    app_buf_addf(&sql->text, " AS %s", column->ident);
    return APR_SUCCESS;
}

/** A row of the body as it would be, or all rows that an update would find. */
static apr_status_t add_rows(rest_sql_t *sql, const rest_plan_t *plan, int row, int *punknown)
{
    const rest_relation_t *relation = plan->root.relation;
    int i, updates = plan->action == REST_UPDATE;

    app_buf_adds(&sql->text, updates && relation->rowid ? "(SELECT rowid AS rowid"
                                                        : "(SELECT NULL AS rowid");
    for (i = 0; i < relation->ncolumns; i++) {
        if (add_column(sql, plan, row, relation->columns[i], punknown) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    if (updates) {
        app_buf_addf(&sql->text, " FROM %s", relation->ident);
        if (rest_render_where(sql, &rest_sqlite, &plan->target) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    app_buf_addf(&sql->text, ") AS %s", rest_quoted(relation->name, sql->pool));
    return APR_SUCCESS;
}

/** Rows that write the same columns share the text: only the values are new. */
static apr_status_t bind_again(rest_sql_t *sql, const rest_plan_t *plan, int row)
{
    const rest_relation_t *relation = plan->root.relation;
    int i, count = 0;

    for (i = 0; i < relation->ncolumns; i++) {
        int at = written_at(plan, relation->columns[i]);

        if (at < plan->body->ncolumns &&
            rest_value_of_json(&sql->params[count++], plan->written[at],
                               &plan->body->values[row * plan->body->ncolumns + at], sql->err,
                               sql->pool) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    return APR_SUCCESS;
}

apr_status_t rest_sqlite_check(rest_sql_t **psql, const rest_plan_t *plan, int row,
                               app_error_t *err, apr_pool_t *p)
{
    int unknown = 0;
    rest_sql_t *sql;

    if (!plan->check) {
        *psql = NULL;
        return APR_SUCCESS;
    }
    if (row > 0 && !plan->defaults) {
        return bind_again(*psql, plan, row);
    }
    sql = rest_sql_create('?', err, p);
    app_buf_adds(&sql->text, "SELECT 1 FROM ");
    if (add_rows(sql, plan, row, &unknown) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_addf(&sql->text, " WHERE (%s) IS %s LIMIT 1", plan->check,
                 unknown ? "FALSE" : "NOT TRUE");
    *psql = sql;
    return APR_SUCCESS;
}
