/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The SQLite driver: transactions, queries, rows. Thread that has the connection.
 *
 * A transaction begins with its first query. A read that is one query needs no BEGIN at all. A
 * write holds the lock over all processes from BEGIN IMMEDIATE until its commit, so that SQLite
 * itself never finds the database busy with another of us.
 */
#include <stdlib.h>

#include "apr_strings.h"

#include "app_db_sqlite.h"

static const char *const command_texts[APP_LITE_COMMANDS] = {
    [APP_LITE_BEGIN_READ] = "BEGIN",
    [APP_LITE_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [APP_LITE_COMMIT] = "COMMIT",
    [APP_LITE_ROLLBACK] = "ROLLBACK",
    [APP_LITE_SCHEMA_VERSION] = "PRAGMA schema_version",
};

/* What surrounds queries */

/** Steps one of our own statements once. @return SQLITE_OK, or the code of the failure */
static int run_command(app_lite_t *lite, app_lite_command_e command, apr_int64_t *pvalue)
{
    sqlite3_stmt **pstmt = &lite->commands[command];
    int rc = SQLITE_OK;

    lite->trusted = 1;
    if (!*pstmt) {
        rc = sqlite3_prepare_v3(lite->link, command_texts[command], -1, SQLITE_PREPARE_PERSISTENT,
                                pstmt, NULL);
    }
    if (rc == SQLITE_OK) {
        if (sqlite3_step(*pstmt) == SQLITE_ROW && pvalue) {
            *pvalue = sqlite3_column_int64(*pstmt, 0);
        }
        rc = sqlite3_reset(*pstmt);
    }
    lite->trusted = 0;
    return rc;
}

/** The connection works for tx from now on. */
static void enter(app_tx_t *tx, app_lite_t *lite)
{
    lite->tx = tx;
    tx->state = APP_TX_OPEN;
}

/** Nothing of tx is left on the connection. */
static void leave(app_tx_t *tx, app_lite_t *lite)
{
    if (tx->locked) {
        tx->locked = 0;
        app_lite_unlock(lite);
    }
    lite->tx = NULL;
    lite->deadline = 0;
    app_lite_functions_reset(lite);
}

static apr_status_t begin(app_tx_t *tx, app_lite_t *lite, app_error_t *err)
{
    apr_interval_time_t wait = tx->db->conf->db_wait, timeout = tx->options.timeout;
    int rc;

    enter(tx, lite);
    if (tx->options.readonly) {
        rc = run_command(lite, APP_LITE_BEGIN_READ, NULL);
        return rc == SQLITE_OK ? APR_SUCCESS : app_lite_fail(lite, rc, err);
    }
    if (app_lite_lock(lite, timeout && timeout < wait ? timeout : wait, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    tx->locked = 1;
    rc = run_command(lite, APP_LITE_BEGIN_WRITE, NULL);
    return rc == SQLITE_OK ? APR_SUCCESS : app_lite_fail(lite, rc, err);
}

/** Commits what is open. @param pnumber the commit's, if something was written */
static apr_status_t commit_open(apr_uint64_t *pnumber, app_tx_t *tx, app_lite_t *lite,
                                app_error_t *err)
{
    int rc;

    lite->log_pages = 0;
    rc = run_command(lite, APP_LITE_COMMIT, NULL);
    if (rc != SQLITE_OK) {
        return app_lite_fail(lite, rc, err);
    }
    if (tx->locked && lite->log_pages) {
        *pnumber = app_lite_count_commit(lite);
        app_lite_checkpoint_locked(lite);
    }
    return APR_SUCCESS;
}

static apr_status_t commit(app_tx_t *tx, app_error_t *err)
{
    app_lite_t *lite = tx->conn->state;
    apr_uint64_t number = 0;

    lite->deadline = 0;
    if (!sqlite3_get_autocommit(lite->link) &&
        commit_open(&number, tx, lite, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    tx->state = APP_TX_OVER;
    leave(tx, lite);
    return number && !tx->db->conf->sqlite_sync ? app_lite_sync(lite, number, err) : APR_SUCCESS;
}

static void end_statement(app_lite_t *lite)
{
    if (lite->active) {
        sqlite3_reset(lite->active->stmt);
        lite->active = NULL;
    }
    app_lite_finalize(lite->uncached);
    lite->uncached = NULL;
}

static void rollback(app_tx_t *tx)
{
    app_lite_t *lite = tx->conn->state;

    lite->deadline = 0;
    end_statement(lite);
    if (!sqlite3_get_autocommit(lite->link) &&
        run_command(lite, APP_LITE_ROLLBACK, NULL) != SQLITE_OK) {
        tx->conn->broken = 1;
    }
    leave(tx, lite);
}

/* Queries */

/** The statement has delivered its last row. */
static apr_status_t finish(app_tx_t *tx, app_rows_t *rows, app_error_t *err)
{
    app_lite_t *lite = tx->conn->state;

    if (lite->active->writes) {
        rows->affected = sqlite3_changes64(lite->link);
    }
    rows->streaming = 0;
    end_statement(lite);
    return rows->flags & APP_QUERY_LAST ? commit(tx, err) : APR_SUCCESS;
}

static apr_status_t fail_step(app_lite_t *lite, app_rows_t *rows, int rc, app_error_t *err)
{
    rows->streaming = 0;
    app_lite_fail(lite, rc, err);
    end_statement(lite);
    return APP_EFAIL;
}

/**
 * A number that differs whenever the database has changed, whoever did it. Known as of the last
 * time that this connection began to read.
 */
static unsigned data_version(const app_lite_t *lite)
{
    unsigned version = 0;

    sqlite3_file_control(lite->link, "main", SQLITE_FCNTL_DATA_VERSION, &version);
    return lite->nattached ? version + app_lite_attached_change(lite) : version;
}

/**
 * The first step of a transaction has brought rc. Whether the check can be left out: it cannot, if
 * anything has changed. A failure may come of that, but not if the statement was stopped.
 */
static int still_holds(app_tx_t *tx, const app_lite_t *lite, int rc)
{
    int read = rc == SQLITE_ROW || rc == SQLITE_DONE;

    if (read ? data_version(lite) == lite->noted_at : lite->stopped != APP_LITE_RUNS) {
        tx->check = NULL;
    }
    return tx->check == NULL;
}

/** Takes rows into the block: all, or in a stream the next one. */
static apr_status_t fetch(app_tx_t *tx, app_rows_t *rows, app_error_t *err)
{
    app_lite_t *lite = tx->conn->state;
    app_lite_stmt_t *st = lite->active;
    int rc, put;

    rows->position = rows->end = 0;
    rc = sqlite3_step(st->stmt);
    if (tx->check && !still_holds(tx, lite, rc)) {
        end_statement(lite);
        return APP_EFAIL;
    }
    for (; rc == SQLITE_ROW; rc = sqlite3_step(st->stmt)) {
        app_lite_columns(rows, st);
        if ((put = app_lite_put_row(rows, st)) != SQLITE_OK) {
            return fail_step(lite, rows, put, err);
        }
        if (rows->flags & APP_QUERY_STREAM) {
            rows->streaming = 1;
            return APR_SUCCESS;
        }
    }
    return rc == SQLITE_DONE ? finish(tx, rows, err) : fail_step(lite, rows, rc, err);
}

static void set_deadline(app_lite_t *lite, const app_tx_t *tx)
{
    apr_interval_time_t timeout = app_lite_statement_time(tx);
    apr_time_t now = apr_time_now();

    lite->deadline = timeout ? now + timeout : 0;
    lite->look = now;
    lite->stopped = APP_LITE_RUNS;
}

static apr_status_t query(app_tx_t *tx, app_rows_t *rows, const app_sql_t *sql, app_error_t *err)
{
    app_lite_t *lite = tx->conn->state;
    app_lite_stmt_t *st = NULL;

    if (tx->state == APP_TX_IDLE) {
        if (tx->options.readonly && rows->flags & APP_QUERY_LAST) {
            enter(tx, lite);
        }
        else if (begin(tx, lite, err) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    set_deadline(lite, tx);
    if (app_lite_statement_get(&st, lite, sql->text, (int)tx->options.readonly, err) !=
        APR_SUCCESS) {
        return APP_EFAIL;
    }
    lite->active = st;
    tx->fickle |= st->fickle;
    if (app_lite_statement_bind(lite, st, sql, err) != APR_SUCCESS) {
        end_statement(lite);
        return APP_EFAIL;
    }
    app_lite_columns(rows, st);
    return fetch(tx, rows, err);
}

static apr_status_t next(app_rows_t *rows, app_error_t *err)
{
    if (rows->position >= rows->end && rows->streaming &&
        fetch(rows->tx, rows, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (rows->position >= rows->end) {
        return APR_EOF;
    }
    app_lite_fill_cells(rows);
    return APR_SUCCESS;
}

static void done(app_rows_t *rows)
{
    if (rows->streaming) {
        rows->streaming = 0;
        end_statement(rows->tx->conn->state);
    }
    free(rows->result);
    rows->result = NULL;
    rows->position = rows->end = 0;
}

static apr_status_t get(app_tx_t *tx, const char *name, const char **pvalue, app_error_t *err)
{
    (void)err;
    *pvalue = app_db_setting(tx, name);
    return APR_SUCCESS;
}

static apr_status_t schema_version(app_tx_t *tx, apr_int64_t *pversion, app_error_t *err)
{
    app_lite_t *lite = tx->conn->state;
    apr_int64_t version = 0;
    int rc;

    if (tx->state == APP_TX_IDLE && begin(tx, lite, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    rc = run_command(lite, APP_LITE_SCHEMA_VERSION, &version);
    if (rc == SQLITE_OK && lite->nattached) {
        rc = app_lite_attached_version(lite, &version);
    }
    if (rc != SQLITE_OK) {
        return app_lite_fail(lite, rc, err);
    }
    *pversion = version;
    return APR_SUCCESS;
}

static void note(app_tx_t *tx)
{
    app_lite_t *lite = tx->conn->state;

    lite->noted = tx->checked;
    lite->noted_at = data_version(lite);
}

static int noted(app_tx_t *tx)
{
    const app_lite_t *lite = tx->conn->state;

    return lite->noted == tx->checked;
}

static apr_status_t columns(app_tx_t *tx, const char *sql, const app_db_column_t **pcolumns,
                            int *pcount, app_error_t *err)
{
    app_lite_t *lite = tx->conn->state;
    app_db_column_t *list;
    sqlite3_stmt *stmt;
    int rc = sqlite3_prepare_v2(lite->link, sql, -1, &stmt, NULL), i;

    if (rc != SQLITE_OK) {
        return app_lite_fail(lite, rc, err);
    }
    *pcount = sqlite3_column_count(stmt);
    list = apr_palloc(tx->pool, sizeof(*list) * (apr_size_t)(*pcount + 1));
    for (i = 0; i < *pcount; i++) {
        list[i].name = apr_pstrdup(tx->pool, sqlite3_column_name(stmt, i));
        list[i].schema = apr_pstrdup(tx->pool, sqlite3_column_database_name(stmt, i));
        list[i].table = apr_pstrdup(tx->pool, sqlite3_column_table_name(stmt, i));
        list[i].column = apr_pstrdup(tx->pool, sqlite3_column_origin_name(stmt, i));
    }
    sqlite3_finalize(stmt);
    *pcolumns = list;
    return APR_SUCCESS;
}

/* Scripts */

static int line_of(const char *script, const char *at)
{
    int line = 1;

    at += strspn(at, " \t\r\n;");
    for (; script < at; script++) {
        line += *script == '\n';
    }
    return line;
}

static apr_status_t run_statements(app_lite_t *lite, const char *sql, app_error_t *err)
{
    const char *at = sql, *tail;
    sqlite3_stmt *stmt;
    int rc;

    while (*at) {
        rc = sqlite3_prepare_v2(lite->link, at, -1, &stmt, &tail);
        if (rc == SQLITE_OK && stmt) {
            while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
            }
            rc = rc == SQLITE_DONE ? SQLITE_OK : rc;
        }
        if (rc != SQLITE_OK) {
            app_lite_fail(lite, rc, err);
            sqlite3_finalize(stmt);
            return app_details(err, "line %d", line_of(sql, at));
        }
        sqlite3_finalize(stmt);
        at = tail;
    }
    return APR_SUCCESS;
}

static apr_status_t script(app_db_conn_t *conn, const char *sql, app_error_t *err)
{
    app_lite_t *lite = conn->state;
    app_tx_t tx = { .db = conn->db, .conn = conn, .pool = err->pool };
    apr_status_t rv = begin(&tx, lite, err);

    lite->script = 1;
    if (rv == APR_SUCCESS) {
        rv = run_statements(lite, sql, err);
    }
    if (rv == APR_SUCCESS) {
        rv = commit(&tx, err);
    }
    if (rv != APR_SUCCESS) {
        rollback(&tx);
    }
    lite->script = 0;
    return rv;
}

static void describe(app_db_t *db, json_t *part)
{
    (void)db;
    json_object_set_new(part, "server", json_string(sqlite3_libversion()));
}

const app_db_driver_t app_db_sqlite = {
    .kind = APP_DB_SQLITE,
    .name = "sqlite3",
    .load = app_lite_load,
    .check = app_lite_attach_check,
    .setup = app_lite_setup,
    .teardown = app_lite_teardown,
    .alive = app_lite_alive,
    .query = query,
    .next = next,
    .done = done,
    .get = get,
    .schema_version = schema_version,
    .version = app_lite_version,
    .note = note,
    .noted = noted,
    .columns = columns,
    .commit = commit,
    .rollback = rollback,
    .script = script,
    .maintain = app_lite_maintain,
    .describe = describe,
};
