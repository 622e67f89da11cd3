/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Comparisons as SQL of PostgreSQL. Values are parameters without a type, so the column's own type
 * parses them. Called by rest_render.c; thread of the request.
 */
#include <string.h>

#include "apr_strings.h"

#include "rest_dialect.h"

void rest_pgsql_element(app_buf_t *buf, const char *text)
{
    app_buf_addc(buf, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') {
            app_buf_addc(buf, '\\');
        }
        app_buf_addc(buf, *text);
    }
    app_buf_addc(buf, '"');
}

static const char *array_of(const rest_name_t *list, apr_pool_t *p)
{
    app_buf_t buf;

    app_buf_init(&buf, p, APR_SIZE_MAX / 2);
    app_buf_addc(&buf, '{');
    for (; list; list = list->next) {
        rest_pgsql_element(&buf, list->name);
        if (list->next) {
            app_buf_addc(&buf, ',');
        }
    }
    app_buf_addc(&buf, '}');
    return buf.data;
}

/** In the dialect "*" is what "%" is in SQL. */
static const char *pattern_of(const char *text, apr_pool_t *p)
{
    char *pattern = apr_pstrdup(p, text), *star = pattern;

    while ((star = strchr(star, '*'))) {
        *star = '%';
    }
    return pattern;
}

apr_status_t rest_pgsql_compare(rest_sql_t *sql, const rest_node_t *node, const rest_cond_t *cond)
{
    const rest_filter_t *filter = cond->filter;
    const char *word = rest_render_operator(filter->op);

    rest_sql_column(sql, node, cond->operand.column);
    if (word) {
        app_buf_adds(&sql->text, word);
        rest_sql_text(sql, filter->value);
        return APR_SUCCESS;
    }
    switch (filter->op) {
    case REST_OP_IS:
        app_buf_adds(&sql->text, filter->is == REST_IS_UNKNOWN ? " IS UNKNOWN"
                                                               : rest_render_is(filter->is));
        return APR_SUCCESS;
    case REST_OP_IN:
        app_buf_adds(&sql->text, " = ANY (");
        rest_sql_text(sql, array_of(filter->list, sql->pool));
        app_buf_addc(&sql->text, ')');
        return APR_SUCCESS;
    case REST_OP_ISDISTINCT:
        app_buf_adds(&sql->text, " IS DISTINCT FROM ");
        rest_sql_text(sql, filter->value);
        return APR_SUCCESS;
    case REST_OP_LIKE:
    case REST_OP_ILIKE:
        app_buf_adds(&sql->text, filter->op == REST_OP_LIKE ? " LIKE " : " ILIKE ");
        rest_sql_text(sql, pattern_of(filter->value, sql->pool));
        return APR_SUCCESS;
    default:
        return app_fail(sql->err, APP_E_NOT_IMPLEMENTED, NULL);
    }
}
