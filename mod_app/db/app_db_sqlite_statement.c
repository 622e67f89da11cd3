/* SPDX-License-Identifier: Apache-2.0 */
/** SQLite's prepared statements: made, kept with their connection, given parameters. */
#include <stdlib.h>

#include "apr_lib.h"

#include "app_db_sqlite.h"

/** $7 or ?7 is parameter 7. @return 0 for any other name */
static int parameter_number(const char *name)
{
    apr_int64_t number;

    if (!name || app_int64_parse(name + 1, strlen(name + 1), &number) != APR_SUCCESS ||
        number < 1 || number > APR_INT16_MAX) {
        return 0;
    }
    return (int)number;
}

static apr_status_t map_parameters(app_lite_stmt_t *st, app_error_t *err)
{
    int i;

    for (i = 0; i < st->nparams; i++) {
        const char *name = sqlite3_bind_parameter_name(st->stmt, i + 1);
        int number = parameter_number(name);

        if (!number) {
            return app_db_fail(err, "42P02", "parameters are written $1, $2 and so on");
        }
        st->map[i] = (short)(number - 1);
    }
    return APR_SUCCESS;
}

static apr_status_t check_statement(app_lite_t *lite, sqlite3_stmt *stmt, const char *tail,
                                    int readonly, app_error_t *err)
{
    if (!stmt) {
        return app_db_fail(err, "42601", "syntax error at end of input");
    }
    while (apr_isspace(*tail) || *tail == ';') {
        tail++;
    }
    if (*tail) {
        return app_db_fail(err, "42601",
                           "cannot insert multiple commands into a prepared statement");
    }
    if (readonly && !sqlite3_stmt_readonly(stmt)) {
        return app_db_fail(err, "25006", "cannot execute %s in a read-only transaction",
                           lite->command ? lite->command : "this statement");
    }
    return APR_SUCCESS;
}

static int is_change(const char *command)
{
    return command && (strcmp(command, "INSERT") == 0 || strcmp(command, "UPDATE") == 0 ||
                       strcmp(command, "DELETE") == 0);
}

static apr_status_t prepare(app_lite_stmt_t **pst, app_lite_t *lite, const char *text,
                            apr_size_t len, int readonly, app_error_t *err)
{
    app_lite_stmt_t *st;
    sqlite3_stmt *stmt;
    const char *tail;
    int nparams;

    if (app_lite_prepare(lite, text, len, &stmt, &tail, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (check_statement(lite, stmt, tail, readonly, err) != APR_SUCCESS) {
        sqlite3_finalize(stmt);
        return APP_EFAIL;
    }
    nparams = sqlite3_bind_parameter_count(stmt);
    st = calloc(1, sizeof(*st) + sizeof(st->map[0]) * (apr_size_t)nparams);
    if (!st) {
        sqlite3_finalize(stmt);
        return app_db_fail(err, "53200", "out of memory");
    }
    st->stmt = stmt;
    st->nparams = nparams;
    st->writes = is_change(lite->command);
    st->fickle = lite->fickle;
    if (map_parameters(st, err) != APR_SUCCESS) {
        app_lite_finalize(st);
        return APP_EFAIL;
    }
    *pst = st;
    return APR_SUCCESS;
}

/** What was prepared for one guard must not serve another. */
static apr_uint64_t variant_of(const app_tx_t *tx, int readonly)
{
    return (tx->guard ? tx->guard->id << 1 : 0) | (readonly != 0);
}

apr_status_t app_lite_statement_get(app_lite_stmt_t **pst, app_lite_t *lite, const char *text,
                                    int readonly, app_error_t *err)
{
    apr_size_t len = strlen(text);
    app_db_statement_t *cached;
    app_lite_stmt_t *st = NULL;

    if (len > APP_DB_SQL_CACHED) {
        if (prepare(&lite->uncached, lite, text, len, readonly, err) != APR_SUCCESS) {
            return APP_EFAIL;
        }
        *pst = lite->uncached;
        return APR_SUCCESS;
    }
    cached = app_db_statements_get(lite->statements, text, len, variant_of(lite->tx, readonly));
    if (!cached) {
        return app_db_fail(err, "53200", "out of memory");
    }
    app_db_count_prepared(lite->tx->db, cached->data != NULL);
    if (!cached->data) {
        if (prepare(&st, lite, text, len, readonly, err) != APR_SUCCESS) {
            app_db_statements_remove(lite->statements, cached);
            return APP_EFAIL;
        }
        cached->data = st;
    }
    *pst = cached->data;
    return APR_SUCCESS;
}

static int bind_value(sqlite3_stmt *stmt, int at, const app_value_t *value)
{
    switch (value->type) {
    case APP_VALUE_TEXT:
        return sqlite3_bind_text64(stmt, at, value->text, value->len, SQLITE_STATIC, SQLITE_UTF8);
    case APP_VALUE_INT:
        return sqlite3_bind_int64(stmt, at, value->integer);
    case APP_VALUE_REAL:
        return sqlite3_bind_double(stmt, at, value->real);
    case APP_VALUE_BLOB:
        return value->len ? sqlite3_bind_blob64(stmt, at, value->text, value->len, SQLITE_STATIC)
                          : sqlite3_bind_zeroblob(stmt, at, 0);
    default:
        return sqlite3_bind_null(stmt, at);
    }
}

apr_status_t app_lite_statement_bind(app_lite_t *lite, const app_lite_stmt_t *st,
                                     const app_sql_t *sql, app_error_t *err)
{
    int i, rc;

    for (i = 0; i < st->nparams; i++) {
        if (st->map[i] >= sql->nparams) {
            return app_db_fail(err, "08P01", "the statement uses parameter $%d, and %d are given",
                               st->map[i] + 1, sql->nparams);
        }
        rc = bind_value(st->stmt, i + 1, &sql->params[st->map[i]]);
        if (rc != SQLITE_OK) {
            return app_lite_fail(lite, rc, err);
        }
    }
    return APR_SUCCESS;
}
