/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Step 3 of a request: a plan into one SQL text and its parameters. Here is what both databases
 * read alike; the rest is in rest_render_sqlite.c and rest_render_pgsql.c. Values are parameters,
 * names come from the snapshot.
 */
#include <string.h>

#include "apr_strings.h"

#include "rest_int.h"

#define SQL_MAX       (1 << 20)
#define FIRST_PARAMS  8
#define PARAMS_MAX    30000 /* what both databases take in one statement */

rest_sql_t *rest_sql_create(char mark, app_error_t *err, apr_pool_t *p)
{
    rest_sql_t *sql = apr_pcalloc(p, sizeof(*sql));

    app_buf_init(&sql->text, p, SQL_MAX);
    sql->params = apr_palloc(p, sizeof(*sql->params) * FIRST_PARAMS);
    sql->size = FIRST_PARAMS;
    sql->mark = mark;
    sql->err = err;
    sql->pool = p;
    return sql;
}

void rest_sql_param(rest_sql_t *sql, const app_value_t *value)
{
    char place[16];

    if (sql->nparams == PARAMS_MAX) {
        sql->text.full = 1;
        return;
    }
    if (sql->nparams == sql->size) {
        app_value_t *more = apr_palloc(sql->pool, sizeof(*more) * (apr_size_t)sql->size * 2);

        memcpy(more, sql->params, sizeof(*more) * (apr_size_t)sql->size);
        sql->params = more;
        sql->size *= 2;
    }
    sql->params[sql->nparams++] = *value;
    app_buf_add(&sql->text, place, (apr_size_t)apr_snprintf(place, sizeof(place), "%c%d",
                                                            sql->mark, sql->nparams));
}

void rest_sql_text(rest_sql_t *sql, const char *text)
{
    const app_value_t value = { .type = APP_VALUE_TEXT, .text = text, .len = strlen(text) };

    rest_sql_param(sql, &value);
}

void rest_sql_int(rest_sql_t *sql, apr_int64_t integer)
{
    const app_value_t value = { .type = APP_VALUE_INT, .integer = integer };

    rest_sql_param(sql, &value);
}

void rest_sql_column(rest_sql_t *sql, const rest_node_t *node, const rest_column_t *column)
{
    app_buf_adds(&sql->text, node->relation->ident);
    app_buf_addc(&sql->text, '.');
    app_buf_adds(&sql->text, column->ident);
}

void rest_sql_literal(rest_sql_t *sql, const char *text)
{
    const char *quote;

    app_buf_addc(&sql->text, '\'');
    while ((quote = strchr(text, '\''))) {
        app_buf_add(&sql->text, text, (apr_size_t)(quote - text) + 1);
        app_buf_addc(&sql->text, '\'');
        text = quote + 1;
    }
    app_buf_adds(&sql->text, text);
    app_buf_addc(&sql->text, '\'');
}

app_sql_t rest_sql_finish(const rest_sql_t *sql)
{
    const app_sql_t finished = { sql->text.data, sql->params, sql->nparams };

    return finished;
}

const char *rest_render_operator(rest_op_e op)
{
    static const char *const words[] = {
        [REST_OP_EQ] = " = ",  [REST_OP_NEQ] = " <> ", [REST_OP_GT] = " > ",
        [REST_OP_GTE] = " >= ", [REST_OP_LT] = " < ",  [REST_OP_LTE] = " <= ",
    };

    return op < sizeof(words) / sizeof(words[0]) ? words[op] : NULL;
}

const char *rest_render_is(rest_is_e is)
{
    switch (is) {
    case REST_IS_NOT_NULL:
        return " IS NOT NULL";
    case REST_IS_TRUE:
        return " IS TRUE";
    case REST_IS_FALSE:
        return " IS FALSE";
    default: /* an unknown boolean is null */
        return " IS NULL";
    }
}

static apr_status_t render_conds(rest_sql_t *sql, const rest_dialect_t *dialect,
                                 const rest_node_t *node, const rest_cond_t *cond,
                                 const char *between);

static apr_status_t render_cond(rest_sql_t *sql, const rest_dialect_t *dialect,
                                const rest_node_t *node, const rest_cond_t *cond)
{
    apr_status_t status;

    if (cond->filter->negated) {
        app_buf_adds(&sql->text, "NOT ");
    }
    app_buf_addc(&sql->text, '(');
    status = cond->filter->kind == REST_COMPARE
                 ? dialect->compare(sql, node, cond)
                 : render_conds(sql, dialect, node, cond->children,
                                cond->filter->kind == REST_AND ? " AND " : " OR ");
    app_buf_addc(&sql->text, ')');
    return status;
}

static apr_status_t render_conds(rest_sql_t *sql, const rest_dialect_t *dialect,
                                 const rest_node_t *node, const rest_cond_t *cond,
                                 const char *between)
{
    for (; cond; cond = cond->next) {
        if (render_cond(sql, dialect, node, cond) != APR_SUCCESS) {
            return APP_EFAIL;
        }
        if (cond->next) {
            app_buf_adds(&sql->text, between);
        }
    }
    return APR_SUCCESS;
}

apr_status_t rest_render_where(rest_sql_t *sql, const rest_dialect_t *dialect,
                               const rest_node_t *node)
{
    const char *lead = " WHERE ";

    if (node->row_filter) {
        app_buf_adds(&sql->text, lead);
        app_buf_addc(&sql->text, '(');
        app_buf_adds(&sql->text, node->row_filter);
        app_buf_addc(&sql->text, ')');
        lead = " AND ";
    }
    if (!node->where) {
        return APR_SUCCESS;
    }
    app_buf_adds(&sql->text, lead);
    return render_conds(sql, dialect, node, node->where, " AND ");
}

apr_status_t rest_render_from(rest_sql_t *sql, const rest_dialect_t *dialect,
                              const rest_node_t *node)
{
    app_buf_adds(&sql->text, " FROM ");
    app_buf_adds(&sql->text, node->relation->ident);
    return rest_render_where(sql, dialect, node);
}

void rest_render_order(rest_sql_t *sql, const rest_node_t *node, int more)
{
    const rest_sort_t *sort = node->sort;

    if (sort || more) {
        app_buf_adds(&sql->text, " ORDER BY ");
    }
    for (; sort; sort = sort->next) {
        rest_sql_column(sql, node, sort->operand.column);
        app_buf_adds(&sql->text, sort->descending ? " DESC" : " ASC");
        app_buf_adds(&sql->text, sort->nulls_first ? " NULLS FIRST" : " NULLS LAST");
        if (sort->next || more) {
            app_buf_adds(&sql->text, ", ");
        }
    }
}

apr_status_t rest_render(rest_statement_t *statement, const rest_dialect_t *dialect,
                         const rest_plan_t *plan, int counted, app_error_t *err, apr_pool_t *p)
{
    apr_status_t status;

    statement->main = statement->each = NULL;
    status = plan->action == REST_READ ? dialect->read(statement, plan, counted, err, p)
                                       : dialect->insert(statement, plan, err, p);
    if (status == APR_SUCCESS && ((statement->main && app_buf_full(&statement->main->text)) ||
                                  (statement->each && app_buf_full(&statement->each->text)))) {
        return app_fail(err, APP_E_URL_TOO_LONG, "The request makes too long a statement");
    }
    return status;
}
