/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Calls on SQLite, where a function is the text of statements. All but the last are run as they
 * are; the last becomes a WITH that the answer is read from. One that is no SELECT cannot stand
 * there: it is run, too, and its rows stand there as JSON. Called by rest_render_sqlite.c; thread
 * of the request.
 *
 * The statements run with the site's own rights: the right to call a function is all that a role
 * needs.
 */
#include <string.h>

#include "apr_strings.h"

#include "rest_ddl.h"
#include "rest_dialect.h"
#include "rest_value.h"

#define STATEMENTS_MAX 100
#define ROWS_TEXT_MAX  (64 * 1024 * 1024)
#define DIGITS_MAX     17 /* with point and sign: longer fractions are no doubles */

/* Arguments */

/** A parameter as a column, by whose type values are read. */
static rest_column_t column_of(const rest_param_t *param)
{
    const rest_column_t column = { .name = param->name, .type = param->type, .base = param->type,
                                   .kind = param->kind };

    return column;
}

static apr_status_t read_list(app_value_t *value, const rest_column_t *column,
                              const rest_name_t *list, app_error_t *err, apr_pool_t *p)
{
    rest_element_t *first = NULL, **tail = &first;
    const char *json;

    for (; list; list = list->next) {
        rest_element_t *element = apr_pcalloc(p, sizeof(*element));

        element->text = list->name;
        element->quoted = 1;
        *tail = element;
        tail = &element->next;
    }
    if (rest_value_array(&json, column, first, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    *value = (app_value_t){ .type = APP_VALUE_TEXT, .text = json, .len = strlen(json) };
    return APR_SUCCESS;
}

static apr_status_t read_default(app_value_t *value, const rest_param_t *param,
                                 const rest_column_t *column, app_error_t *err, apr_pool_t *p)
{
    rest_json_t json = { REST_JSON_NULL, NULL, 0 };

    if (param->default_value) {
        rest_json_read(&json, param->default_value, strlen(param->default_value));
    }
    return rest_value_of_json(value, column, &json, err, p);
}

/** @param argument NULL: none is given */
static apr_status_t read_value(app_value_t *value, const rest_param_t *param,
                               const rest_argument_t *argument, app_error_t *err, apr_pool_t *p)
{
    const rest_column_t column = column_of(param);

    if (!argument) {
        return read_default(value, param, &column, err, p);
    }
    if (argument->list) {
        return read_list(value, &column, argument->list, err, p);
    }
    return argument->text ? rest_value_of_text(value, &column, argument->text, err, p)
                          : rest_value_of_json(value, &column, argument->json, err, p);
}

/** Every parameter of the function, by its number. */
static apr_status_t bind_arguments(rest_sql_t *sql, const rest_plan_t *plan)
{
    const rest_argument_t *argument = plan->arguments;
    const rest_body_t *raw = plan->raw;
    app_value_t value;
    int i;

    if (raw) {
        value = (app_value_t){ .type = raw->kind == REST_BODY_BYTES ? APP_VALUE_BLOB
                                                                    : APP_VALUE_TEXT,
                               .text = raw->raw, .len = raw->raw_len };
        rest_sql_bind(sql, &value);
        return APR_SUCCESS;
    }
    for (i = 0; i < plan->routine->nparams; i++) {
        const rest_param_t *param = &plan->routine->params[i];
        int given = argument && argument->param == param;

        if (read_value(&value, param, given ? argument : NULL, sql->err, sql->pool) !=
            APR_SUCCESS) {
            return APP_EFAIL;
        }
        rest_sql_bind(sql, &value);
        argument = given ? argument->next : argument;
    }
    return APR_SUCCESS;
}

/* Statements */

typedef struct part_t {
    const char *text, *end;
    int         reads; /* it is a SELECT */
} part_t;

/** WITH may stand in front of statements of any kind. */
static int reads(rest_ddl_t c)
{
    static const char *const writes[] = { "INSERT", "REPLACE", "UPDATE", "DELETE" };
    apr_size_t i;

    if (!rest_ddl_is(&c, "WITH")) {
        return rest_ddl_is(&c, "SELECT") || rest_ddl_is(&c, "VALUES");
    }
    while (c.kind != REST_TOKEN_END && !rest_ddl_is_sign(&c, ';')) {
        for (i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
            if (rest_ddl_is(&c, writes[i])) {
                return 0;
            }
        }
        if (rest_ddl_is(&c, "SELECT") || rest_ddl_is(&c, "VALUES")) {
            return 1;
        }
        if (rest_ddl_is_sign(&c, '(')) {
            rest_ddl_skip(&c);
        }
        else {
            rest_ddl_next(&c);
        }
    }
    return 0;
}

/** The statements of a body, which are divided by ";". @return how many */
static int split(part_t *parts, const char *body)
{
    rest_ddl_t c;
    int count = 0;

    rest_ddl_start(&c, body);
    while (c.kind != REST_TOKEN_END && count < STATEMENTS_MAX) {
        part_t *part = &parts[count];

        part->text = part->end = c.text;
        part->reads = reads(c);
        while (c.kind != REST_TOKEN_END && !rest_ddl_is_sign(&c, ';')) {
            part->end = c.text + c.len; /* without a comment behind it */
            rest_ddl_next(&c);
        }
        count += part->end > part->text;
        rest_ddl_next(&c);
    }
    return count;
}

static apr_status_t add_place(rest_sql_t *sql, const rest_routine_t *routine, const char *name)
{
    int i;

    for (i = 0; i < routine->nparams; i++) {
        if (strcmp(routine->params[i].name, name) == 0) {
            app_buf_addf(&sql->text, "?%d", i + 1);
            return APR_SUCCESS;
        }
    }
    return app_fail_code(sql->err, "42P02", 400, "there is no parameter :%s", name);
}

/** The statement's text, with numbers for the names of its parameters. */
static apr_status_t add_text(rest_sql_t *sql, const rest_plan_t *plan, const part_t *part)
{
    const char *from = part->text;
    rest_ddl_t c;

    for (rest_ddl_start(&c, part->text); c.text < part->end; rest_ddl_next(&c)) {
        const char *colon = c.text;

        if (!rest_ddl_is_sign(&c, ':')) {
            continue;
        }
        rest_ddl_next(&c);
        app_buf_add(&sql->text, from, (apr_size_t)(colon - from));
        if (add_place(sql, plan->routine, rest_ddl_text(&c, sql->pool)) != APR_SUCCESS) {
            return APP_EFAIL;
        }
        from = c.text + c.len;
    }
    app_buf_add(&sql->text, from, (apr_size_t)(part->end - from));
    return APR_SUCCESS;
}

/** A statement that is run as it is. */
static apr_status_t make_alone(rest_sql_t **psql, const rest_plan_t *plan, const part_t *part,
                               app_error_t *err, apr_pool_t *p)
{
    *psql = rest_sql_create('?', err, p);
    return bind_arguments(*psql, plan) == APR_SUCCESS ? add_text(*psql, plan, part) : APP_EFAIL;
}

/* WITH */

static void open_with(rest_sql_t *sql, const rest_plan_t *plan)
{
    const rest_relation_t *relation = plan->root.relation;
    int i;

    app_buf_adds(&sql->text, "WITH app_call(");
    for (i = 0; i < relation->ncolumns; i++) {
        app_buf_addf(&sql->text, "%s%s", i ? ", " : "", relation->columns[i]->ident);
    }
    app_buf_adds(&sql->text, ") AS (");
}

/** Of what gives one result the first row counts, and it is nulls if there is none. */
static apr_status_t add_select(rest_sql_t *sql, const rest_plan_t *plan, const part_t *part)
{
    if (plan->one) {
        app_buf_adds(&sql->text, "SELECT app_first.* FROM (SELECT 1) LEFT JOIN (SELECT * FROM (");
    }
    if (add_text(sql, plan, part) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (plan->one) {
        app_buf_adds(&sql->text, ") LIMIT 1) AS app_first");
    }
    return APR_SUCCESS;
}

static apr_status_t make_call(rest_statement_t *statement, const rest_plan_t *plan,
                              const part_t *part, app_error_t *err, apr_pool_t *p)
{
    rest_sql_t *sql = statement->call = rest_sql_create('?', err, p);

    if (bind_arguments(sql, plan) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    open_with(sql, plan);
    if (!part) {
        app_buf_adds(&sql->text, "SELECT NULL");
    }
    else if (add_select(sql, plan, part) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&sql->text, ") ");
    return APR_SUCCESS;
}

/**
 * What is remembered of the schema is checked with a transaction's first query, which has to read
 * a table. A function may read none.
 */
static rest_sql_t *make_look(app_error_t *err, apr_pool_t *p)
{
    rest_sql_t *sql = rest_sql_create('?', err, p);

    app_buf_adds(&sql->text, "SELECT 1 FROM main.sqlite_schema LIMIT 1");
    return sql;
}

apr_status_t rest_sqlite_call(rest_statement_t *statement, const rest_plan_t *plan,
                              app_error_t *err, apr_pool_t *p)
{
    part_t parts[STATEMENTS_MAX], *last;
    int count = split(parts, plan->routine->body), alone, i;

    last = count && !plan->empty ? &parts[count - 1] : NULL;
    alone = last ? count - 1 : count;
    statement->steps = apr_palloc(p, sizeof(*statement->steps) * (apr_size_t)(alone + 1));
    if (plan->readonly) {
        statement->steps[statement->nsteps++] = make_look(err, p);
    }
    for (i = 0; i < alone; i++) {
        if (make_alone(&statement->steps[statement->nsteps++], plan, &parts[i], err, p) !=
            APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    return last && !last->reads ? make_alone(&statement->source, plan, last, err, p)
                                : make_call(statement, plan, last, err, p);
}

apr_status_t rest_sqlite_perform(app_tx_t *tx, const rest_routine_t *routine, app_error_t *err,
                                 apr_pool_t *p)
{
    const rest_plan_t plan = { .routine = routine, .empty = 1,
                               .root.relation = &(rest_relation_t){ .name = routine->name } };
    rest_statement_t statement = { .nsteps = 0 };
    apr_status_t status = rest_sqlite_call(&statement, &plan, err, p);
    int i;

    for (i = 0; i < statement.nsteps && status == APR_SUCCESS; i++) {
        const app_sql_t sql = rest_sql_finish(statement.steps[i]);

        status = app_tx_execute(tx, &sql, NULL, err);
    }
    return status;
}

/* Rows of what is no SELECT */

/** Whether a text was stored as the number that it looks like, and is that in JSON, too. */
static int is_number(rest_kind_e kind, const char *text, apr_size_t len)
{
    apr_int64_t integer;
    rest_json_t json;

    if (kind == REST_KIND_TEXT || kind == REST_KIND_JSON || kind == REST_KIND_ARRAY ||
        kind == REST_KIND_BLOB) {
        return 0;
    }
    if (app_int64_parse(text, len, &integer) == APR_SUCCESS) {
        return 1;
    }
    return rest_json_read(&json, text, len) == APR_SUCCESS && json.kind == REST_JSON_NUMBER &&
           (kind == REST_KIND_REAL || len <= DIGITS_MAX);
}

static void add_cell(app_buf_t *buf, rest_kind_e kind, const app_rows_t *rows, int cell)
{
    apr_size_t len;
    const char *text = app_rows_text(rows, cell, &len);

    if (!text) {
        app_buf_adds(buf, "null");
    }
    else if (is_number(kind, text, len)) {
        app_buf_add(buf, text, len);
    }
    else {
        app_buf_add_json(buf, text, len);
    }
}

static void add_row(app_buf_t *buf, const rest_relation_t *relation, const app_rows_t *rows)
{
    int i;

    app_buf_adds(buf, buf->len ? ",[" : "[[");
    for (i = 0; i < relation->ncolumns; i++) {
        app_buf_adds(buf, i ? "," : "");
        add_cell(buf, relation->columns[i]->kind, rows, i);
    }
    app_buf_addc(buf, ']');
}

static apr_status_t mismatch(const rest_plan_t *plan, const char *why, app_error_t *err)
{
    app_fail_code(err, "42P13", 400, "return type mismatch in function declared to return %s",
                  plan->routine->type);
    return app_details(err, "%s", why);
}

static apr_status_t check_width(const rest_plan_t *plan, const app_rows_t *rows, app_error_t *err)
{
    int wanted = plan->root.relation->ncolumns, given = app_rows_columns(rows);

    return given == wanted ? APR_SUCCESS
           : !given ? mismatch(plan, "Function's final statement must be SELECT or "
                                     "INSERT/UPDATE/DELETE RETURNING.", err)
                    : mismatch(plan, given < wanted ? "Final statement returns too few columns."
                                                    : "Final statement returns too many columns.",
                               err);
}

/** The rows as a JSON array of arrays. */
static apr_status_t read_rows(app_buf_t *buf, const rest_plan_t *plan, app_rows_t *rows,
                              app_error_t *err)
{
    apr_status_t status;
    int count = 0;

    while ((status = app_rows_next(rows, err)) == APR_SUCCESS) {
        if (!count++ || !plan->one) {
            add_row(buf, plan->root.relation, rows);
        }
    }
    if (status != APR_EOF) {
        return status;
    }
    if (!count && plan->one) {
        app_buf_adds(buf, "[[]"); /* a row of nulls */
    }
    app_buf_adds(buf, buf->len ? "]" : "[]");
    return app_buf_full(buf) ? app_fail(err, APP_E_INTERNAL, "The function gives too much")
                             : APR_SUCCESS;
}

apr_status_t rest_sqlite_gather(rest_statement_t *statement, const rest_plan_t *plan,
                                app_rows_t *rows, app_error_t *err, apr_pool_t *p)
{
    rest_sql_t *sql = statement->call = rest_sql_create('?', err, p);
    app_value_t value = { .type = APP_VALUE_TEXT };
    app_buf_t buf;
    int i;

    app_buf_init(&buf, p, ROWS_TEXT_MAX);
    if (check_width(plan, rows, err) != APR_SUCCESS ||
        read_rows(&buf, plan, rows, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    open_with(sql, plan);
    for (i = 0; i < plan->root.relation->ncolumns; i++) {
        app_buf_addf(&sql->text, "%s json_extract(value, '$[%d]')", i ? "," : "SELECT", i);
    }
    app_buf_adds(&sql->text, " FROM json_each(");
    value.text = buf.data;
    value.len = buf.len;
    rest_sql_param(sql, &value);
    app_buf_adds(&sql->text, ")) ");
    return APR_SUCCESS;
}
