/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The PostgreSQL driver. A transaction with one query is one round trip: BEGIN, the settings, the
 * query and COMMIT go out together, for a read the settings and the query. Thread that has the
 * connection.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "apr_strings.h"

#include "app_db_pgsql.h"

/* How much later than its own deadline the server may answer. */
#define DEADLINE_GRACE (2 * 1000 * 1000)
/* Of a function of PostgreSQL's. */
#define ARGUMENTS_MAX  100
/* An answer to ROLLBACK, or to nothing else. */
#define ROLLBACK_WAIT  (5 * 1000 * 1000)

static apr_status_t load(app_error_t *err)
{
    if (PQlibVersion() < 140000) {
        return app_fail(err, APP_E_SETTING,
                        "libpq %d has no pipeline mode; it needs to be 14 or newer",
                        PQlibVersion() / 10000);
    }
    return APR_SUCCESS;
}

/* A connection */

static void log_notice(void *data, const char *message)
{
    (void)data;
    app_log(APP_LOG_DEBUG, NULL, "APP0210", "PostgreSQL: %.*s", (int)strcspn(message, "\n"),
            message);
}

/** A statement has left the cache; the server is told with the next transaction. */
static void drop_statement(void *data, app_db_statement_t *st)
{
    app_pg_t *pg = data;

    if (!st->data) {
        return;
    }
    if (pg->ndropped == APP_PG_DROPPED) {
        pg->drop_all = 1;
        return;
    }
    pg->dropped[pg->ndropped++] = (unsigned)(apr_uintptr_t)st->data;
}

static apr_status_t setup(app_db_conn_t *conn, app_error_t *err)
{
    const app_core_conf_t *conf = conn->db->conf;
    app_pg_t *pg = apr_pcalloc(conn->pool, sizeof(*pg));

    conn->state = pg;
    pg->link = conn->native;
    conn->db->server_version = PQserverVersion(pg->link);
    PQsetNoticeProcessor(pg->link, log_notice, NULL);
    if (conf->db_prepared) {
        pg->statements = app_db_statements_create(conf->db_statements, drop_statement, pg);
    }
    if (PQsetnonblocking(pg->link, 1) != 0 || !PQenterPipelineMode(pg->link)) {
        return app_db_fail_connect(err, conn->db, PQerrorMessage(pg->link));
    }
    return APR_SUCCESS;
}

static void teardown(app_db_conn_t *conn)
{
    app_pg_t *pg = conn->state;

    if (pg && pg->statements) {
        app_db_statements_destroy(pg->statements);
        pg->statements = NULL;
    }
    if (pg) {
        PQfreemem(pg->heard);
        pg->heard = NULL;
    }
}

static int alive(app_db_conn_t *conn)
{
    app_pg_t *pg = conn->state;
    struct pollfd watch = { .fd = PQsocket(pg->link), .events = POLLIN | POLLRDHUP };

    if (PQstatus(pg->link) != CONNECTION_OK) {
        return 0;
    }
    if (poll(&watch, 1, 0) <= 0) {
        return 1;
    }
    if (watch.revents != POLLIN || !PQconsumeInput(pg->link)) {
        return 0;
    }
    return !PQisBusy(pg->link) && PQstatus(pg->link) == CONNECTION_OK;
}

static void describe(app_db_t *db, json_t *part)
{
    char version[32];

    if (db->server_version) {
        snprintf(version, sizeof(version), "%d.%d", db->server_version / 10000,
                 db->server_version % 10000);
        json_object_set_new(part, "server", json_string(version));
    }
}

/* What is sent */

static const char *real_text(double value, apr_pool_t *p)
{
    char *text = apr_palloc(p, APP_DB_REAL_SIZE);

    app_db_print_real(text, value);
    return text;
}

static const char *int_text(apr_int64_t value, apr_pool_t *p)
{
    char *text = apr_palloc(p, APP_DB_REAL_SIZE);

    app_db_print_int(text, value);
    return text;
}

static void fill_param(app_pg_params_t *params, int i, const app_value_t *value, apr_pool_t *p)
{
    params->formats[i] = 0;
    params->lengths[i] = 0;
    switch (value->type) {
    case APP_VALUE_NULL:
        params->values[i] = NULL;
        break;
    case APP_VALUE_TEXT: /* libpq looks for the NUL, which a slice of a longer text does not have */
        params->values[i] = apr_pstrmemdup(p, value->text, value->len);
        break;
    case APP_VALUE_INT:
        params->values[i] = int_text(value->integer, p);
        break;
    case APP_VALUE_REAL:
        params->values[i] = real_text(value->real, p);
        break;
    case APP_VALUE_BLOB:
        params->values[i] = value->len ? value->text : "";
        params->lengths[i] = (int)value->len;
        params->formats[i] = 1;
        break;
    }
}

static void make_params(app_pg_params_t *params, int n, apr_pool_t *p)
{
    params->n = n;
    if (n) {
        params->values = apr_palloc(p, sizeof(*params->values) * (apr_size_t)n);
        params->lengths = apr_palloc(p, sizeof(*params->lengths) * (apr_size_t)n);
        params->formats = apr_palloc(p, sizeof(*params->formats) * (apr_size_t)n);
    }
}

/** One number is answered instead of all the values: they need not travel back. */
static const char *settings_sql(int n, apr_pool_t *p)
{
    int counted = n <= ARGUMENTS_MAX, i;
    app_buf_t buf;

    app_buf_init(&buf, p, 64 * (apr_size_t)(n + 1));
    app_buf_adds(&buf, counted ? "SELECT num_nulls(" : "SELECT ");
    for (i = 0; i < n; i++) {
        app_buf_addf(&buf, "%sset_config($%d,$%d,true)", i ? "," : "", 2 * i + 1, 2 * i + 2);
    }
    app_buf_adds(&buf, counted ? ")" : "");
    return buf.data;
}

static const char *kept_settings_sql(app_tx_t *tx, app_pg_t *pg, int n)
{
    if (n > APP_PG_SETTINGS) {
        return settings_sql(n, tx->pool);
    }
    if (!pg->set_config[n]) {
        pg->set_config[n] = settings_sql(n, tx->conn->pool);
    }
    return pg->set_config[n];
}

/**
 * What the transaction itself needs stands first: whoever "role" names may not be allowed to change
 * it.
 */
static int send_settings(app_tx_t *tx, app_pg_t *pg)
{
    const app_db_setting_t *settings = tx->settings ? (void *)tx->settings->elts : NULL;
    int more = tx->settings ? tx->settings->nelts : 0, n = 0, i;
    app_pg_params_t params = { 0 };

    make_params(&params, 2 * (more + 2), tx->pool);
    memset(params.formats, 0, sizeof(*params.formats) * (apr_size_t)params.n);
    if (pg->implicit) {
        params.values[n++] = "transaction_read_only";
        params.values[n++] = "on";
    }
    if (tx->options.timeout) {
        params.values[n++] = "statement_timeout";
        params.values[n++] = int_text((tx->options.timeout + 999) / 1000, tx->pool);
    }
    for (i = 0; i < more; i++) {
        params.values[n++] = settings[i].name;
        params.values[n++] = settings[i].value;
    }
    params.n = n;
    return !n || app_pg_send(pg, APP_PG_BEGIN, kept_settings_sql(tx, pg, n / 2), &params);
}

/**
 * A read of one query needs neither BEGIN nor COMMIT: whatever stands before a sync is one
 * transaction. Its isolation level cannot be set from inside any more.
 */
static int is_implicit(const app_tx_t *tx, unsigned flags)
{
    return tx->options.readonly && flags & APP_QUERY_LAST &&
           tx->options.isolation == APP_ISOLATION_DEFAULT;
}

static int send_begin(app_tx_t *tx, app_pg_t *pg, unsigned flags)
{
    static const char *const begins[][2] = {
        [APP_ISOLATION_DEFAULT] = { "BEGIN", "BEGIN READ ONLY" },
        [APP_READ_COMMITTED] = { "BEGIN ISOLATION LEVEL READ COMMITTED",
                                 "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY" },
        [APP_REPEATABLE_READ] = { "BEGIN ISOLATION LEVEL REPEATABLE READ",
                                  "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" },
        [APP_SERIALIZABLE] = { "BEGIN ISOLATION LEVEL SERIALIZABLE",
                               "BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY" },
    };
    const char *sql = begins[tx->options.isolation][tx->options.readonly];

    if ((pg->ndropped || pg->drop_all) && !app_pg_send_drops(pg)) {
        return 0;
    }
    tx->state = APP_TX_OPEN;
    pg->implicit = is_implicit(tx, flags);
    return (pg->implicit || app_pg_send(pg, APP_PG_BEGIN, sql, NULL)) && send_settings(tx, pg);
}

static void set_deadline(app_pg_t *pg, const app_tx_t *tx)
{
    pg->deadline = tx->options.timeout ? apr_time_now() + tx->options.timeout + DEADLINE_GRACE : 0;
}

/* A transaction */

static void rollback(app_tx_t *tx)
{
    app_pg_t *pg = tx->conn->state;
    app_error_t ignored = { .pool = tx->pool };
    app_rows_t rows = { .tx = tx };

    if (!tx->conn->broken) {
        app_pg_stop(tx);
    }
    if (tx->conn->broken || PQtransactionStatus(pg->link) == PQTRANS_IDLE) {
        return;
    }
    pg->deadline = apr_time_now() + ROLLBACK_WAIT;
    if (!app_pg_send(pg, APP_PG_ROLLBACK, "ROLLBACK", NULL) || !app_pg_sync(pg) ||
        app_pg_collect(tx, &rows, &ignored) != APR_SUCCESS ||
        PQtransactionStatus(pg->link) != PQTRANS_IDLE) {
        tx->conn->broken = 1;
    }
}

/**
 * The failure of a statement that is only out of date: everything is undone, and it can be prepared
 * anew.
 */
static void forget_statements(app_tx_t *tx, app_pg_t *pg)
{
    rollback(tx);
    if (!tx->conn->broken) {
        pg->drop_all = 1;
        tx->again = 1;
    }
}

static apr_status_t query(app_tx_t *tx, app_rows_t *rows, const app_sql_t *sql, app_error_t *err)
{
    app_pg_t *pg = tx->conn->state;
    app_pg_params_t params = { 0 };
    int i;

    make_params(&params, sql->nparams, tx->pool);
    for (i = 0; i < sql->nparams; i++) {
        fill_param(&params, i, &sql->params[i], tx->pool);
    }
    set_deadline(pg, tx);
    if ((tx->state == APP_TX_IDLE && !send_begin(tx, pg, rows->flags)) ||
        !app_pg_send(pg, APP_PG_QUERY, sql->text, &params) ||
        (rows->flags & APP_QUERY_LAST && !pg->implicit &&
         !app_pg_send(pg, APP_PG_COMMIT, "COMMIT", NULL)) ||
        !app_pg_sync(pg)) {
        return app_pg_lost(tx, err);
    }
    app_db_count_prepared(tx->db, pg->reused);
    if (app_pg_collect(tx, rows, err) != APR_SUCCESS) {
        if (pg->stale && pg->item == pg->nitems) {
            forget_statements(tx, pg);
        }
        return APP_EFAIL;
    }
    return APR_SUCCESS;
}

static void fill_cells(app_rows_t *rows)
{
    const PGresult *res = rows->result;
    int row = (int)rows->position++, i = 0, column = 0;

    if (rows->nmembers) {
        app_pg_object(rows, row);
        column = app_pg_object_columns(rows);
        i = 1;
    }
    for (; i < rows->columns; i++, column++) {
        if (PQgetisnull(res, row, column)) {
            rows->cells[i].text = NULL;
            rows->cells[i].len = 0;
        }
        else {
            rows->cells[i].text = PQgetvalue(res, row, column);
            rows->cells[i].len = (apr_size_t)PQgetlength(res, row, column);
        }
    }
}

static apr_status_t next(app_rows_t *rows, app_error_t *err)
{
    if (rows->position >= rows->end && rows->streaming) {
        PQclear(rows->result);
        rows->result = NULL;
        rows->position = rows->end = 0;
        if (app_pg_collect(rows->tx, rows, err) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    if (rows->position >= rows->end) {
        return APR_EOF;
    }
    fill_cells(rows);
    return APR_SUCCESS;
}

static void done(app_rows_t *rows)
{
    app_error_t ignored = { .pool = rows->tx->pool };

    while (rows->streaming) {
        PQclear(rows->result);
        rows->result = NULL;
        app_pg_collect(rows->tx, rows, &ignored);
    }
    PQclear(rows->result);
    rows->result = NULL;
    rows->position = rows->end = 0;
}

static apr_status_t get(app_tx_t *tx, const char *name, const char **pvalue, app_error_t *err)
{
    const app_value_t value = { .type = APP_VALUE_TEXT, .text = name, .len = strlen(name) };
    const app_sql_t sql = { "SELECT current_setting($1, true)", &value, 1 };
    app_rows_t rows = { .tx = tx };

    done(&tx->rows);
    rows.cells = rows.few;
    if (query(tx, &rows, &sql, err) != APR_SUCCESS) {
        done(&rows);
        return APP_EFAIL;
    }
    if (next(&rows, err) == APR_SUCCESS && rows.cells[0].text) {
        *pvalue = apr_pstrdup(tx->pool, rows.cells[0].text);
    }
    done(&rows);
    return APR_SUCCESS;
}

static apr_status_t schema_version(app_tx_t *tx, apr_int64_t *pversion, app_error_t *err)
{
    (void)tx;
    (void)err;
    *pversion = 0;
    return APR_SUCCESS;
}

static apr_status_t commit(app_tx_t *tx, app_error_t *err)
{
    app_pg_t *pg = tx->conn->state;
    app_rows_t rows = { .tx = tx };

    set_deadline(pg, tx);
    if (!app_pg_send(pg, APP_PG_COMMIT, "COMMIT", NULL) || !app_pg_sync(pg)) {
        return app_pg_lost(tx, err);
    }
    return app_pg_collect(tx, &rows, err);
}

/* Scripts */

static apr_status_t fail_at(const PGresult *res, const char *sql, app_error_t *err)
{
    const char *position = PQresultErrorField(res, PG_DIAG_STATEMENT_POSITION);
    apr_int64_t at = 0, line = 1;

    app_pg_fail(res, err);
    if (!position || app_int64_parse(position, strlen(position), &at) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    for (; *sql && at > 1; sql++) { /* the position counts characters */
        at -= ((unsigned char)sql[1] & 0xC0) != 0x80;
        line += *sql == '\n';
    }
    return app_details(err, "line %" APR_INT64_T_FMT "%s%s", line, err->details ? ": " : "",
                       err->details ? err->details : "");
}

static apr_status_t run_script(PGconn *link, const char *sql, app_error_t *err)
{
    PGresult *res = PQexec(link, sql);
    ExecStatusType status = PQresultStatus(res);
    apr_status_t rv = APR_SUCCESS;

    if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE) {
        rv = fail_at(res, sql, err);
    }
    else if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) {
        rv = app_db_fail(err, "0A000", "a script cannot copy from or to the client");
    }
    PQclear(res);
    return rv;
}

static apr_status_t script(app_db_conn_t *conn, const char *sql, app_error_t *err)
{
    PGconn *link = conn->native;

    if (!PQexitPipelineMode(link) || PQsetnonblocking(link, 0) != 0) {
        return app_db_fail_connect(err, conn->db, PQerrorMessage(link));
    }
    if (run_script(link, "BEGIN", err) != APR_SUCCESS ||
        run_script(link, sql, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (PQtransactionStatus(link) != PQTRANS_INTRANS) {
        return app_db_fail(err, "2D000", "the script has ended its transaction itself");
    }
    return run_script(link, "COMMIT", err);
}

const app_db_driver_t app_db_pgsql = {
    .kind = APP_DB_PGSQL,
    .name = "pgsql",
    .load = load,
    .setup = setup,
    .teardown = teardown,
    .alive = alive,
    .query = query,
    .next = next,
    .done = done,
    .get = get,
    .schema_version = schema_version,
    .commit = commit,
    .rollback = rollback,
    .script = script,
    .listen = app_pg_listen,
    .listen_fd = app_pg_listen_fd,
    .listen_next = app_pg_listen_next,
    .describe = describe,
};
