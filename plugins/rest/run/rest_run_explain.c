/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the database says of a statement before, or instead of, its rows: query plans and
 * estimated numbers. Called by rest_run.c; thread of the request.
 */
#include "rest_run.h"

/* Estimates */

/** The number behind the first "Plan Rows" of a plan in JSON. */
static apr_int64_t plan_rows(const char *json)
{
    static const char key[] = "\"Plan Rows\":";
    const char *at = json ? strstr(json, key) : NULL;
    apr_int64_t rows = -1;

    if (at) {
        at += strlen(key);
        at += strspn(at, " ");
        app_int64_parse(at, strspn(at, "0123456789"), &rows);
    }
    return rows;
}

apr_status_t rest_run_planned(rest_run_t *run, apr_int64_t *ptotal)
{
    const rest_dialect_t *dialect = run->call->rest->dialect;
    rest_sql_t *sql;
    app_rows_t *rows;
    apr_status_t status;

    if (dialect->planned(&sql, run->plan, run->err, run->pool) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if ((status = rest_run_query(run, sql, 0, &rows)) != APR_SUCCESS) {
        return status;
    }
    while ((status = app_rows_next(rows, run->err)) == APR_SUCCESS) {
        *ptotal = dialect->kind == APP_DB_PGSQL ? plan_rows(app_rows_text(rows, 0, NULL))
                                                : app_rows_int(rows, 0);
    }
    return status == APR_EOF ? APR_SUCCESS : status;
}

/* EXPLAIN */

static void add_option(app_buf_t *buf, unsigned wanted, const char *word)
{
    app_buf_adds(buf, wanted ? word : "");
}

/** What stands in front of the statement. */
static const char *explain_words(const rest_run_t *run)
{
    const rest_explain_t *explain = &run->plan->type->explain;
    app_buf_t buf;

    if (run->schema->kind == APP_DB_SQLITE) {
        return "EXPLAIN QUERY PLAN ";
    }
    app_buf_init(&buf, run->pool, 1024);
    app_buf_addf(&buf, "EXPLAIN (FORMAT %s", explain->json ? "JSON" : "TEXT");
    add_option(&buf, explain->analyze, ", ANALYZE");
    add_option(&buf, explain->verbose, ", VERBOSE");
    add_option(&buf, explain->settings, ", SETTINGS");
    add_option(&buf, explain->buffers, ", BUFFERS");
    add_option(&buf, explain->wal, ", WAL");
    app_buf_adds(&buf, ") ");
    return buf.data;
}

/** A step of SQLite's plan: id, parent, a number, and what is done. */
static void add_step(const rest_run_t *run, app_buf_t *text, const app_rows_t *rows)
{
    const char *detail = app_rows_text(rows, 3, NULL);

    detail = detail ? detail : "";
    if (run->plan->type->explain.json) {
        app_buf_addf(text, "%s{\"id\":%" APR_INT64_T_FMT ",\"parent\":%" APR_INT64_T_FMT
                           ",\"detail\":", text->len ? "," : "[", app_rows_int(rows, 0),
                     app_rows_int(rows, 1));
        app_buf_add_json(text, detail, strlen(detail));
        app_buf_addc(text, '}');
        return;
    }
    app_buf_addf(text, "%s%s%s", text->len ? "\n" : "", app_rows_int(rows, 1) ? "  " : "", detail);
}

static void add_line(app_buf_t *text, const app_rows_t *rows)
{
    const char *line = app_rows_text(rows, 0, NULL);

    app_buf_addf(text, "%s%s", text->len ? "\n" : "", line ? line : "");
}

static apr_status_t take_plan(const rest_run_t *run, app_buf_t *text, app_rows_t *rows)
{
    apr_status_t status;

    while ((status = app_rows_next(rows, run->err)) == APR_SUCCESS) {
        if (run->schema->kind == APP_DB_SQLITE) {
            add_step(run, text, rows);
        }
        else {
            add_line(text, rows);
        }
    }
    if (run->schema->kind == APP_DB_SQLITE && run->plan->type->explain.json) {
        app_buf_adds(text, text->len ? "]" : "[]");
    }
    return status == APR_EOF ? APR_SUCCESS : status;
}

/** The statement whose plan it is: of a write on SQLite the first that writes. NULL: nothing is. */
static const rest_sql_t *explained(const rest_statement_t *statement)
{
    const rest_sql_t *sql = statement->each   ? statement->each
                            : statement->main ? statement->main
                                              : statement->source;

    return sql && sql->text.len ? sql : NULL;
}

static apr_status_t make_explain(rest_run_t *run, app_sql_t *sql)
{
    rest_statement_t *statement = &run->statement;
    const rest_dialect_t *dialect = run->call->rest->dialect;
    const rest_sql_t *rendered;

    if (rest_render(statement, dialect, run->plan, 0, run->err, run->pool) != APR_SUCCESS ||
        (statement->each && run->plan->body && run->plan->body->nrows &&
         dialect->bind_row(statement, run->plan, 0) != APR_SUCCESS)) {
        return APP_EFAIL;
    }
    rendered = explained(statement);
    if (rendered && rest_sql_check(rendered) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    *sql = rendered ? rest_sql_finish(rendered) : (app_sql_t){ "SELECT 1 WHERE 1 = 0", NULL, 0 };
    sql->text = apr_pstrcat(run->pool, explain_words(run), sql->text, NULL);
    return APR_SUCCESS;
}

apr_status_t rest_run_explain(rest_run_t *run)
{
    app_rows_t *rows;
    app_buf_t text;
    app_sql_t sql;
    apr_status_t status;

    run->result = (rest_result_t){ .total = -1, .inserted = -1 };
    app_buf_init(&text, run->pool, REST_HELD_MAX);
    if ((status = rest_run_begin(run)) != APR_SUCCESS ||
        (status = make_explain(run, &sql)) != APR_SUCCESS ||
        (status = app_tx_query(run->tx, &sql, 0, &rows, run->err)) != APR_SUCCESS ||
        (status = take_plan(run, &text, rows)) != APR_SUCCESS) {
        return status;
    }
    app_response_type(run->call->res, rest_media_type(run->plan->type, run->pool));
    app_response_header_add(run->call->res, "Vary", "Accept, Prefer, Range");
    app_response_write(run->call->res, text.data, text.len);
    return APR_SUCCESS;
}
