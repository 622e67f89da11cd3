/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A value of a row as SQL: a column, or what a JSON path finds in it. The same in select, filters
 * and order. Called by the renderers; thread of the request.
 */
#include <string.h>

#include "rest_dialect.h"
#include "rest_value.h"

/** What hangs on a step that gave text. PostgreSQL would say the same. */
static apr_status_t text_has_no_path(rest_sql_t *sql, const rest_step_t *step)
{
    app_fail_code(sql->err, "42883", 404, "operator does not exist: text %s %s",
                  step->text ? "->>" : "->", step->key ? "unknown" : "integer");
    return app_hint(sql->err, "No operator matches the given name and argument types. You might "
                              "need to add explicit type casts.");
}

static apr_status_t check_path(rest_sql_t *sql, const rest_step_t *step)
{
    for (; step; step = step->next) {
        if (!step->key && (step->index > APR_INT32_MAX || step->index < APR_INT32_MIN)) {
            return app_fail_code(sql->err, "22003", 400,
                                 "value \"%" APR_INT64_T_FMT "\" is out of range for type integer",
                                 step->index);
        }
        if (step->text && step->next) {
            return text_has_no_path(sql, step->next);
        }
    }
    return APR_SUCCESS;
}

/* PostgreSQL */

int rest_pgsql_is_json(const rest_column_t *column)
{
    const char *base = column->base;

    return base && (strcmp(base, "json") == 0 || strcmp(base, "jsonb") == 0);
}

void rest_pgsql_literal(rest_sql_t *sql, const char *text)
{
    const char *c;

    /* With E a backslash means the same under any setting of standard_conforming_strings. */
    app_buf_adds(&sql->text, strchr(text, '\\') ? "E'" : "'");
    for (c = text; *c; c++) {
        if (*c == '\'' || *c == '\\') {
            app_buf_addc(&sql->text, *c);
        }
        app_buf_addc(&sql->text, *c);
    }
    app_buf_addc(&sql->text, '\'');
}

/** What is no column of a function's row may be a function of such a row: it wants its type. */
static void render_column(rest_sql_t *sql, const rest_node_t *node, const rest_column_t *column)
{
    if (node->called && column->position < 0) {
        app_buf_addf(&sql->text, "(%s.*::%s).%s", node->as, node->relation->ident, column->ident);
    }
    else {
        rest_sql_column(sql, node, column);
    }
}

apr_status_t rest_pgsql_operand(rest_sql_t *sql, const rest_node_t *node,
                                const rest_operand_t *operand)
{
    const rest_step_t *step = operand->path;
    int wrapped = step && !rest_pgsql_is_json(operand->column);

    if (check_path(sql, step) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&sql->text, wrapped ? "to_jsonb(" : "");
    render_column(sql, node, operand->column);
    app_buf_adds(&sql->text, wrapped ? ")" : "");
    for (; step; step = step->next) {
        app_buf_adds(&sql->text, step->text ? "->>" : "->");
        if (step->key) {
            rest_pgsql_literal(sql, step->key);
        }
        else {
            app_buf_addf(&sql->text, "%" APR_INT64_T_FMT, step->index);
        }
    }
    return APR_SUCCESS;
}

/* SQLite */

/** The path as SQLite writes it: $."key"[0][#-1]. */
static const char *path_of(const rest_step_t *step, apr_pool_t *p)
{
    app_buf_t path;

    app_buf_init(&path, p, APR_SIZE_MAX / 2);
    app_buf_addc(&path, '$');
    for (; step; step = step->next) {
        if (step->key) {
            app_buf_addc(&path, '.');
            app_buf_add_json(&path, step->key, strlen(step->key));
        }
        else {
            app_buf_addf(&path, "[%s%" APR_INT64_T_FMT "]", step->index < 0 ? "#" : "",
                         step->index);
        }
    }
    return path.data;
}

rest_kind_e rest_sqlite_kind(const rest_operand_t *operand)
{
    const rest_step_t *step = operand->path;

    while (step && step->next) {
        step = step->next;
    }
    return !step ? operand->column->kind : step->text ? REST_KIND_TEXT : REST_KIND_JSON;
}

/** A column, or what app_computed has in the place of one. */
static void render_base(rest_sql_t *sql, const rest_node_t *node, const rest_operand_t *operand)
{
    if (!operand->computed) {
        rest_sql_column(sql, node, operand->column);
        return;
    }
    app_buf_addc(&sql->text, '(');
    rest_sqlite_computed(sql, node, operand->computed);
    app_buf_addc(&sql->text, ')');
}

const char *rest_sqlite_collation(const rest_operand_t *operand)
{
    switch (rest_sqlite_kind(operand)) {
    case REST_KIND_JSON:
    case REST_KIND_ARRAY:
        return " COLLATE app_json";
    case REST_KIND_NUMERIC:
        return rest_value_is_text(operand->column) ? " COLLATE app_numeric" : "";
    default:
        return "";
    }
}

apr_status_t rest_sqlite_operand(rest_sql_t *sql, const rest_node_t *node,
                                 const rest_operand_t *operand)
{
    rest_kind_e kind = operand->column->kind;
    int text = rest_sqlite_kind(operand) == REST_KIND_TEXT;

    if (check_path(sql, operand->path) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (!operand->path) {
        render_base(sql, node, operand);
    }
    else if (kind != REST_KIND_JSON && kind != REST_KIND_ARRAY && kind != REST_KIND_ANY) {
        app_buf_adds(&sql->text, "NULL");
    }
    else {
        app_buf_adds(&sql->text, text ? "app_json_text(" : "app_json_get(");
        render_base(sql, node, operand);
        app_buf_adds(&sql->text, ", ");
        rest_sql_literal(sql, path_of(operand->path, sql->pool));
        app_buf_addc(&sql->text, ')');
    }
    return APR_SUCCESS;
}
