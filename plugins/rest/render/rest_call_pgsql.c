/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Calls as SQL of PostgreSQL. The function stands in a WITH, so that what may write is run once,
 * whatever is counted and joined; what does not, and is read once, PostgreSQL takes out of it, and
 * takes simple SQL functions apart. Called by rest_render_pgsql.c; thread of the request.
 */
#include <string.h>

#include "rest_dialect.h"

/** Whether arguments are in a body that PostgreSQL reads as JSON. */
static int reads_body(const rest_plan_t *plan)
{
    return plan->arguments && !plan->arguments->text;
}

/** "json_to_record(…) AS app_body ("a" integer, "b" text)" */
static void render_body(rest_sql_t *sql, const rest_plan_t *plan)
{
    const rest_argument_t *argument;

    app_buf_adds(&sql->text, "json_to_record(");
    rest_sql_text(sql, plan->body->text);
    app_buf_adds(&sql->text, "::json) AS app_body (");
    for (argument = plan->arguments; argument; argument = argument->next) {
        app_buf_add_ident(&sql->text, argument->param->name);
        app_buf_addf(&sql->text, " %s%s", argument->param->type, argument->next ? ", " : ")");
    }
}

static void render_argument(rest_sql_t *sql, const rest_argument_t *argument)
{
    const rest_param_t *param = argument->param;

    app_buf_adds(&sql->text, param->variadic ? "VARIADIC " : "");
    app_buf_add_ident(&sql->text, param->name);
    app_buf_adds(&sql->text, " := ");
    if (!argument->text) {
        app_buf_adds(&sql->text, "app_body.");
        app_buf_add_ident(&sql->text, param->name);
        return;
    }
    rest_sql_text(sql, argument->list ? rest_pgsql_texts(argument->list, sql->pool)
                                      : argument->text);
    app_buf_addf(&sql->text, "::%s", param->type);
}

/** The one argument that is the whole body. */
static void render_raw(rest_sql_t *sql, const rest_plan_t *plan)
{
    const app_value_t value = { .type = plan->raw->kind == REST_BODY_BYTES ? APP_VALUE_BLOB
                                                                           : APP_VALUE_TEXT,
                                .text = plan->raw->raw, .len = plan->raw->raw_len };

    rest_sql_param(sql, &value);
    app_buf_addf(&sql->text, "::%s", plan->routine->params[0].type);
}

/** "s"."f"("a" := $1::integer) */
static void render_function(rest_sql_t *sql, const rest_plan_t *plan)
{
    const rest_argument_t *argument;

    app_buf_addf(&sql->text, "%s(", plan->routine->ident);
    if (plan->raw) {
        render_raw(sql, plan);
    }
    for (argument = plan->arguments; argument; argument = argument->next) {
        render_argument(sql, argument);
        app_buf_adds(&sql->text, argument->next ? ", " : "");
    }
    app_buf_addc(&sql->text, ')');
}

/** Values stand in SELECT, where records have no need to be described. */
static void render_values(rest_sql_t *sql, const rest_plan_t *plan)
{
    app_buf_adds(&sql->text, "SELECT ");
    render_function(sql, plan);
    app_buf_addf(&sql->text, "%s AS %s", plan->empty ? "::text" : "", plan->root.as);
    if (reads_body(plan)) {
        app_buf_adds(&sql->text, " FROM ");
        render_body(sql, plan);
    }
}

static void render_rows(rest_sql_t *sql, const rest_plan_t *plan)
{
    app_buf_addf(&sql->text, "SELECT %s.* FROM ", plan->root.as);
    if (reads_body(plan)) {
        render_body(sql, plan);
        app_buf_adds(&sql->text, ", LATERAL ");
    }
    render_function(sql, plan);
    app_buf_addf(&sql->text, " AS %s", plan->root.as);
}

void rest_pgsql_call(rest_sql_t *sql, const rest_plan_t *plan)
{
    app_buf_adds(&sql->text, "WITH app_call AS (");
    if (plan->routine->gives == REST_GIVES_ROW) {
        render_rows(sql, plan);
    }
    else {
        render_values(sql, plan);
    }
    app_buf_adds(&sql->text, ") ");
}
