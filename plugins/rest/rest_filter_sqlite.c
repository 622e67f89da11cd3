/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Comparisons as SQL of SQLite. Values are bound with the column's declared type after strict
 * parsing. Called by rest_render.c; thread of the request.
 */
#include <string.h>

#include "apr_strings.h"

#include "rest_dialect.h"
#include "rest_pattern.h"
#include "rest_value.h"

static apr_status_t render_like(rest_sql_t *sql, const rest_node_t *node, const rest_cond_t *cond)
{
    const char *glob = NULL;

    if (rest_pattern_glob(&glob, cond->filter->value, cond->filter->op == REST_OP_ILIKE, sql->err,
                          sql->pool) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    rest_sql_column(sql, node, cond->operand.column);
    app_buf_adds(&sql->text, " GLOB ");
    rest_sql_text(sql, glob);
    return APR_SUCCESS;
}

static apr_status_t add_value(rest_sql_t *sql, const rest_column_t *column, const char *text)
{
    app_value_t value = { .type = APP_VALUE_NULL };

    if (rest_value_of_text(&value, column, text, sql->err, sql->pool) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    rest_sql_param(sql, &value);
    return APR_SUCCESS;
}

static apr_status_t render_in(rest_sql_t *sql, const rest_node_t *node, const rest_cond_t *cond)
{
    const rest_name_t *element = cond->filter->list;

    if (!element) {
        app_buf_addc(&sql->text, '0');
        return APR_SUCCESS;
    }
    rest_sql_column(sql, node, cond->operand.column);
    app_buf_adds(&sql->text, " IN (");
    for (; element; element = element->next) {
        if (add_value(sql, cond->operand.column, element->name) != APR_SUCCESS) {
            return APP_EFAIL;
        }
        app_buf_adds(&sql->text, element->next ? ", " : ")");
    }
    return APR_SUCCESS;
}

static apr_status_t render_is(rest_sql_t *sql, const rest_node_t *node, const rest_cond_t *cond)
{
    rest_is_e is = cond->filter->is;
    rest_kind_e kind = cond->operand.column->kind;

    if (is > REST_IS_NOT_NULL && kind != REST_KIND_BOOLEAN && kind != REST_KIND_ANY) {
        return app_fail_code(sql->err, "42804", 400,
                             "argument of%s must be type boolean, not type %s",
                             is == REST_IS_UNKNOWN ? " IS UNKNOWN" : rest_render_is(is),
                             cond->operand.column->type);
    }
    rest_sql_column(sql, node, cond->operand.column);
    app_buf_adds(&sql->text, rest_render_is(is));
    return APR_SUCCESS;
}

static apr_status_t check_operator(rest_sql_t *sql, const rest_filter_t *filter)
{
    static const char *const words[] = {
        [REST_OP_MATCH] = "match", [REST_OP_IMATCH] = "imatch", [REST_OP_FTS] = "fts",
        [REST_OP_PLFTS] = "plfts", [REST_OP_PHFTS] = "phfts",   [REST_OP_WFTS] = "wfts",
        [REST_OP_CS] = "cs",       [REST_OP_CD] = "cd",         [REST_OP_OV] = "ov",
        [REST_OP_SL] = "sl",       [REST_OP_SR] = "sr",         [REST_OP_NXR] = "nxr",
        [REST_OP_NXL] = "nxl",     [REST_OP_ADJ] = "adj",
    };

    if (filter->op >= REST_OP_SL && filter->op <= REST_OP_ADJ) {
        rest_unavailable(APP_DB_SQLITE, sql->err,
                         "The '%s' operator on ranges is not available on the SQLite backend",
                         words[filter->op]);
        return app_hint(sql->err,
                        "Keep the bounds in two columns and compare them with gte and lt.");
    }
    if (filter->op < sizeof(words) / sizeof(words[0]) && words[filter->op]) {
        return rest_unavailable(APP_DB_SQLITE, sql->err, "The '%s' operator is not available",
                                words[filter->op]);
    }
    if (filter->quantifier != REST_ONE) {
        return rest_unavailable(APP_DB_SQLITE, sql->err, "Operators with '%s' are not available",
                                filter->quantifier == REST_ANY ? "(any)" : "(all)");
    }
    return filter->field.path ? rest_unavailable(APP_DB_SQLITE, sql->err,
                                                 "A JSON path ('%s->…') is not available",
                                                 filter->field.name)
                              : APR_SUCCESS;
}

apr_status_t rest_sqlite_compare(rest_sql_t *sql, const rest_node_t *node,
                                 const rest_cond_t *cond)
{
    const rest_filter_t *filter = cond->filter;
    const char *word = rest_render_operator(filter->op);

    if (check_operator(sql, filter) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (filter->op == REST_OP_IS) {
        return render_is(sql, node, cond);
    }
    if (cond->operand.column->kind == REST_KIND_ARRAY) {
        return rest_unavailable(APP_DB_SQLITE, sql->err,
                                "Comparing the array '%s' is not available",
                                cond->operand.column->name);
    }
    switch (filter->op) {
    case REST_OP_IN:
        return render_in(sql, node, cond);
    case REST_OP_LIKE:
    case REST_OP_ILIKE:
        return render_like(sql, node, cond);
    default:
        rest_sql_column(sql, node, cond->operand.column);
        app_buf_adds(&sql->text, word ? word : " IS NOT ");
        return add_value(sql, cond->operand.column, filter->value);
    }
}
