/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Writes as SQL of SQLite: row by row, each giving its key. What is to be shown is read by these
 * keys afterwards, so that it is what triggers have made of it. What is deleted is read before.
 */
#include <string.h>

#include "apr_strings.h"

#include "rest_dialect.h"
#include "rest_value.h"

/* Keys */

/** What finds a row again: its rowid, or the primary key where there is none. */
static void render_key(rest_sql_t *sql, const rest_relation_t *relation)
{
    int i;

    app_buf_adds(&sql->text, "json_array(");
    if (relation->rowid) {
        app_buf_adds(&sql->text, "rowid");
    }
    for (i = 0; !relation->rowid && i < relation->nkeys; i++) {
        app_buf_addf(&sql->text, "%s%s", i ? ", " : "", relation->keys[i]->ident);
    }
    app_buf_addc(&sql->text, ')');
}

/** The rows of a list of keys, which is the statement's first parameter, in its order. */
static const char *rows_of_keys(const rest_plan_t *plan, apr_pool_t *p)
{
    const rest_relation_t *relation = plan->root.relation;
    int i, keys = relation->rowid ? 1 : relation->nkeys;
    app_buf_t buf;

    app_buf_init(&buf, p, APR_SIZE_MAX / 2);
    app_buf_addf(&buf, "(SELECT key AS app_n, value AS app_k FROM json_each(?1)) AS app_key"
                       " CROSS JOIN %s AS %s ON ", relation->ident, plan->root.as);
    for (i = 0; i < keys; i++) {
        app_buf_addf(&buf, "%s%s.%s = json_extract(app_k, '$[%d]')", i ? " AND " : "",
                     plan->root.as, relation->rowid ? "rowid" : relation->keys[i]->ident, i);
    }
    return buf.data;
}

static void render_check(rest_sql_t *sql, const rest_plan_t *plan)
{
    if (plan->merge_check) {
        app_buf_addf(&sql->text, ", CASE WHEN NOT ((%s) IS TRUE) THEN %d WHEN (%s) IS TRUE THEN %d"
                                 " ELSE %d END", plan->check ? plan->check : "1",
                     REST_CHECK_FAILED, plan->merge_check, REST_CHECK_HOLDS,
                     REST_CHECK_HOLDS_NEW);
        return;
    }
    app_buf_addf(&sql->text, plan->check ? ", (%s) IS TRUE" : ", 1", plan->check);
}

/** RETURNING: the key, whether the check holds, and of a view the row, which is nowhere else. */
static apr_status_t render_returning(rest_sql_t *sql, const rest_plan_t *plan)
{
    const rest_relation_t *relation = plan->root.relation;

    app_buf_adds(&sql->text, " RETURNING ");
    render_key(sql, relation);
    render_check(sql, plan);
    if (relation->is_view && plan->rows) {
        app_buf_adds(&sql->text, ", ");
        return rest_sqlite_row(sql, plan);
    }
    return APR_SUCCESS;
}

/* What is shown */

static apr_status_t render_keys(rest_sql_t *sql, const rest_plan_t *plan)
{
    const rest_relation_t *relation = plan->root.relation;
    int i;

    app_buf_adds(&sql->text, ", NULL, NULL, NULL");
    for (i = 0; plan->location && i < relation->nkeys; i++) {
        app_buf_adds(&sql->text, ", CAST(");
        rest_sql_column(sql, &plan->root, relation->keys[i]);
        app_buf_adds(&sql->text, " AS TEXT)");
    }
    return APR_SUCCESS;
}

/** The written rows, in the order of the body unless another is asked for. */
static apr_status_t render_shown(rest_sql_t *sql, const rest_plan_t *plan)
{
    rest_node_t node = plan->root;

    node.source = rows_of_keys(plan, sql->pool);
    sql->nparams = 1;
    sql->params[0] = (app_value_t){ .type = APP_VALUE_TEXT, .text = "[]", .len = 2 };
    app_buf_adds(&sql->text, "SELECT ");
    if (!plan->rows) {
        app_buf_adds(&sql->text, "NULL");
    }
    else if (rest_sqlite_row(sql, plan) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (render_keys(sql, plan) != APR_SUCCESS ||
        rest_render_from(sql, &rest_sqlite, &node) != APR_SUCCESS ||
        rest_sqlite_groups(sql, &node) != APR_SUCCESS ||
        rest_render_order(sql, &rest_sqlite, &node, !node.grouped) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&sql->text, node.grouped ? "" : "app_n");
    return APR_SUCCESS;
}

/** Makes what shows the rows that each has written. */
static apr_status_t show(rest_statement_t *statement, const rest_plan_t *plan, app_error_t *err,
                         apr_pool_t *p)
{
    const rest_relation_t *relation = plan->root.relation;

    if (!rest_plan_shows(plan) || relation->is_view) {
        return APR_SUCCESS;
    }
    if (!relation->rowid && !relation->nkeys) {
        return rest_unavailable(APP_DB_SQLITE, err,
                                "Showing what was written to '%s', which has no key, is not "
                                "available", relation->name);
    }
    statement->main = rest_sql_create('?', err, p);
    return render_shown(statement->main, plan);
}

/* Values */

static const rest_json_t *value_of(const rest_plan_t *plan, int row, int column)
{
    return &plan->body->values[row * plan->body->ncolumns + column];
}

/** A key that the row lacks is left out, so that the column's default counts, or it is null. */
int rest_sqlite_left_out(const rest_plan_t *plan, int row, int column)
{
    return plan->defaults && value_of(plan, row, column)->kind == REST_JSON_ABSENT;
}

apr_status_t rest_sqlite_add_value(rest_sql_t *sql, const rest_plan_t *plan, int row,
                                   int column)
{
    app_value_t value = { .type = APP_VALUE_NULL };

    if (rest_value_of_json(&value, plan->written[column], value_of(plan, row, column), sql->err,
                           sql->pool) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    rest_sql_param(sql, &value);
    return APR_SUCCESS;
}

static apr_status_t check_generated(rest_sql_t *sql, const rest_column_t *column, int updates)
{
    if (!column->generated) {
        return APR_SUCCESS;
    }
    return updates ? app_fail_code(sql->err, "428C9", 400,
                                   "column \"%s\" can only be updated to DEFAULT", column->name)
                   : app_fail_code(sql->err, "428C9", 400,
                                   "cannot insert a non-DEFAULT value into column \"%s\"",
                                   column->name);
}

/* INSERT */

/** @return how many columns there are; -1 if one of them cannot be written */
static int render_columns(rest_sql_t *sql, const rest_plan_t *plan, int row)
{
    int i, count = 0;

    for (i = 0; i < plan->body->ncolumns; i++) {
        if (rest_sqlite_left_out(plan, row, i)) {
            continue;
        }
        if (check_generated(sql, plan->written[i], 0) != APR_SUCCESS) {
            return -1;
        }
        app_buf_addf(&sql->text, "%s%s", count++ ? ", " : " (", plan->written[i]->ident);
    }
    return count;
}

static apr_status_t render_values(rest_sql_t *sql, const rest_plan_t *plan, int row)
{
    int i, count = render_columns(sql, plan, row), first = 1;

    if (count <= 0) {
        app_buf_adds(&sql->text, " DEFAULT VALUES");
        return count < 0 ? APP_EFAIL : APR_SUCCESS;
    }
    app_buf_adds(&sql->text, ") VALUES (");
    for (i = 0; i < plan->body->ncolumns; i++) {
        if (!rest_sqlite_left_out(plan, row, i)) {
            app_buf_adds(&sql->text, first ? "" : ", ");
            first = 0;
            if (rest_sqlite_add_value(sql, plan, row, i) != APR_SUCCESS) {
                return APP_EFAIL;
            }
        }
    }
    app_buf_addc(&sql->text, ')');
    return APR_SUCCESS;
}

/** A row of defaults alone cannot say what is to be done about it. */
static int has_values(const rest_plan_t *plan, int row)
{
    int i = 0;

    while (i < plan->body->ncolumns && rest_sqlite_left_out(plan, row, i)) {
        i++;
    }
    return i < plan->body->ncolumns;
}

static void render_conflict(rest_sql_t *sql, const rest_plan_t *plan, int row)
{
    int i, updates = plan->resolution == REST_RESOLUTION_MERGE;

    if (!plan->resolution || !has_values(plan, row)) {
        return;
    }
    for (i = 0; i < plan->nconflict; i++) {
        app_buf_addf(&sql->text, "%s%s", i ? ", " : " ON CONFLICT (", plan->conflict[i]->ident);
    }
    app_buf_adds(&sql->text, updates ? ") DO UPDATE SET " : ") DO NOTHING");
    for (i = 0; updates && i < plan->body->ncolumns; i++) {
        app_buf_addf(&sql->text, "%s%s = excluded.%s", i ? ", " : "", plan->written[i]->ident,
                     plan->written[i]->ident);
    }
    if (updates && plan->target.row_filter) {
        app_buf_addf(&sql->text, " WHERE (%s)", plan->target.row_filter);
    }
}

static apr_status_t render_each(rest_sql_t *sql, const rest_plan_t *plan, int row)
{
    app_buf_addf(&sql->text, "INSERT INTO %s", plan->root.relation->ident);
    if (render_values(sql, plan, row) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    render_conflict(sql, plan, row);
    return render_returning(sql, plan);
}

static int place_of(const rest_plan_t *plan, const rest_column_t *column)
{
    int i = 0;

    while (i < plan->body->ncolumns && plan->written[i] != column) {
        i++;
    }
    return i;
}

/** Whether the row is there already. A row without all of the target's columns cannot be. */
static apr_status_t render_exists(rest_statement_t *statement, const rest_plan_t *plan, int row)
{
    rest_sql_t *sql = rest_sql_create('?', statement->each->err, statement->each->pool);
    int i;

    statement->exists = NULL;
    if (plan->resolution != REST_RESOLUTION_MERGE) {
        return APR_SUCCESS;
    }
    app_buf_addf(&sql->text, "SELECT count(*) FROM %s", plan->root.relation->ident);
    for (i = 0; i < plan->nconflict; i++) {
        int place = place_of(plan, plan->conflict[i]);

        if (place == plan->body->ncolumns || rest_sqlite_left_out(plan, row, place)) {
            return APR_SUCCESS;
        }
        app_buf_addf(&sql->text, "%s%s = ", i ? " AND " : " WHERE ", plan->conflict[i]->ident);
        if (rest_sqlite_add_value(sql, plan, row, place) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    statement->exists = sql;
    return APR_SUCCESS;
}

/** Rows that write the same columns share the text: only the values are new. */
apr_status_t rest_sqlite_bind_row(rest_statement_t *statement, const rest_plan_t *plan, int row)
{
    rest_sql_t *each = statement->each;
    int i, first;

    if (plan->action == REST_UPDATE || plan->action == REST_DELETE) {
        return APR_SUCCESS;
    }
    first = !each->text.len;
    if (first || plan->defaults) {
        if (!first) {
            each = statement->each = rest_sql_create('?', each->err, each->pool);
        }
        if (render_each(each, plan, row) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    for (i = 0; !first && !plan->defaults && i < plan->body->ncolumns; i++) {
        if (rest_value_of_json(&each->params[i], plan->written[i], value_of(plan, row, i),
                               each->err, each->pool) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    return render_exists(statement, plan, row) == APR_SUCCESS
               ? rest_sqlite_check(&statement->check, plan, row, each->err, each->pool)
               : APP_EFAIL;
}

static int is_equal(const app_value_t *a, const app_value_t *b)
{
    return a->type == b->type && a->integer == b->integer && a->real == b->real &&
           a->len == b->len && (!a->len || memcmp(a->text, b->text, a->len) == 0);
}

/** PUT: whether a row of the body is that of the URL. */
static apr_status_t compare_keys(int *pequal, const rest_plan_t *plan, int row, app_error_t *err,
                                 apr_pool_t *p)
{
    const rest_cond_t *cond;

    *pequal = 1;
    for (cond = plan->target.where; cond && *pequal; cond = cond->next) {
        int place = place_of(plan, cond->operand.column);
        app_value_t asked = { .type = APP_VALUE_NULL }, given = asked;

        if (place == plan->body->ncolumns) {
            *pequal = 0;
            return APR_SUCCESS;
        }
        if (rest_value_of_text(&asked, cond->operand.column, cond->filter->value, err, p) !=
                APR_SUCCESS ||
            rest_value_of_json(&given, cond->operand.column, value_of(plan, row, place), err, p) !=
                APR_SUCCESS) {
            return APP_EFAIL;
        }
        *pequal = is_equal(&asked, &given);
    }
    return APR_SUCCESS;
}

/** One row of the body must be that of the URL; others are passed over. */
static apr_status_t find_row(rest_statement_t *statement, const rest_plan_t *plan,
                             app_error_t *err, apr_pool_t *p)
{
    int row, equal, found = 0;

    for (row = 0; row < plan->body->nrows; row++) {
        if (compare_keys(&equal, plan, row, err, p) != APR_SUCCESS) {
            return APP_EFAIL;
        }
        found += equal;
        statement->only = equal ? row + 1 : statement->only;
    }
    return found == 1 ? APR_SUCCESS : app_fail(err, APP_E_PUT_MISMATCH, NULL);
}

apr_status_t rest_sqlite_insert(rest_statement_t *statement, const rest_plan_t *plan,
                                app_error_t *err, apr_pool_t *p)
{
    statement->each = rest_sql_create('?', err, p); /* written by the first row */
    if (plan->action == REST_REPLACE && find_row(statement, plan, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return show(statement, plan, err, p);
}

/* UPDATE and DELETE */

/** What a column gets that the body does not give; NULL: it stays, as a key that is a rowid. */
static const char *default_of(const rest_plan_t *plan, int column)
{
    const rest_relation_t *relation = plan->root.relation;

    if (plan->written[column]->default_value) {
        return plan->written[column]->default_value;
    }
    return relation->nkeys == 1 && relation->keys[0] == plan->written[column] ? NULL : "NULL";
}

apr_status_t rest_sqlite_update(rest_statement_t *statement, const rest_plan_t *plan,
                                app_error_t *err, apr_pool_t *p)
{
    rest_sql_t *sql = statement->each = rest_sql_create('?', err, p);
    int i, count = 0;

    app_buf_addf(&sql->text, "UPDATE %s SET ", plan->root.relation->ident);
    for (i = 0; plan->body->nrows && i < plan->body->ncolumns; i++) {
        if (rest_sqlite_left_out(plan, 0, i) && !default_of(plan, i)) {
            continue;
        }
        if (check_generated(sql, plan->written[i], 1) != APR_SUCCESS) {
            return APP_EFAIL;
        }
        app_buf_addf(&sql->text, "%s%s = ", count++ ? ", " : "", plan->written[i]->ident);
        if (rest_sqlite_left_out(plan, 0, i)) {
            app_buf_addf(&sql->text, "(%s)", default_of(plan, i));
        }
        else if (rest_sqlite_add_value(sql, plan, 0, i) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    if (!count) { /* nothing is written, and nothing shown */
        statement->each = NULL;
        return show(statement, plan, err, p);
    }
    return rest_render_where(sql, &rest_sqlite, &plan->target) == APR_SUCCESS &&
                   render_returning(sql, plan) == APR_SUCCESS &&
                   rest_sqlite_check(&statement->check, plan, 0, err, p) == APR_SUCCESS
               ? show(statement, plan, err, p)
               : APP_EFAIL;
}

/** The rows as they are before they go: the filters of the write, which has those of reading. */
static apr_status_t show_removed(rest_sql_t *sql, const rest_plan_t *plan)
{
    rest_node_t node = plan->root;

    node.where = plan->target.where;
    node.row_filter = plan->target.row_filter;
    app_buf_adds(&sql->text, "SELECT ");
    if (rest_sqlite_row(sql, plan) != APR_SUCCESS || render_keys(sql, plan) != APR_SUCCESS ||
        rest_render_from(sql, &rest_sqlite, &node) != APR_SUCCESS ||
        rest_sqlite_groups(sql, &node) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return rest_render_order(sql, &rest_sqlite, &node, 0);
}

apr_status_t rest_sqlite_remove(rest_statement_t *statement, const rest_plan_t *plan,
                                app_error_t *err, apr_pool_t *p)
{
    rest_sql_t *sql = rest_sql_create('?', err, p);

    app_buf_addf(&sql->text, "DELETE FROM %s", plan->root.relation->ident);
    if (rest_render_where(sql, &rest_sqlite, &plan->target) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&sql->text, " RETURNING NULL, 1");
    if (!plan->rows) {
        statement->each = sql;
        return APR_SUCCESS;
    }
    statement->after = sql;
    statement->main = rest_sql_create('?', err, p);
    return show_removed(statement->main, plan);
}
