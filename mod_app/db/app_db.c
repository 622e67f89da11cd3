/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The calls of app_db.h and app_db_int.h: the life of a transaction, its queries, and the one
 * repetition of a read whose connection was lost. Thread of the request; app_db_make() in the
 * parent.
 */
#include "app_db_driver.h"

app_db_kind_e app_db_kind(const app_db_t *db)
{
    return db->url.kind;
}

const char *app_db_identity(const app_db_t *db)
{
    return db->url.identity;
}

const char *app_db_path(const app_db_t *db)
{
    return db->url.kind == APP_DB_SQLITE ? db->url.path : NULL;
}

int app_tx_lasting(const app_tx_t *tx)
{
    return tx->db->url.kind == APP_DB_SQLITE && !tx->fickle;
}

apr_uint64_t app_db_version(app_db_t *db, apr_pool_t *p)
{
    app_error_t ignored = { .pool = p };
    apr_uint64_t version;
    app_db_conn_t *conn;

    if (!db || !db->driver->version || app_db_draw(&conn, db, 0, &ignored) != APR_SUCCESS) {
        return 0;
    }
    version = db->driver->version(conn);
    app_db_give_back(conn);
    return version;
}

/* Making and starting */

apr_status_t app_db_make(app_db_t **pdb, const app_core_conf_t *conf, app_error_t *err,
                         apr_pool_t *pconf)
{
    app_db_t *db = apr_pcalloc(pconf, sizeof(*db));
    apr_status_t rv;

    if (app_db_url_parse(&db->url, conf->database, conf->db_connect_timeout, err, pconf) !=
        APR_SUCCESS) {
        return APP_EFAIL;
    }
    db->conf = conf;
    db->driver = db->url.kind == APP_DB_SQLITE ? &app_db_sqlite : &app_db_pgsql;
    if (db->driver->load(err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (db->driver->check && db->driver->check(db, err, pconf) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    apr_dbd_init(pconf);
    rv = apr_dbd_get_driver(pconf, db->driver->name, &db->dbd);
    if (rv != APR_SUCCESS) {
        app_fail(err, APP_E_SETTING, "APR's database driver \"%s\" cannot be loaded",
                 db->driver->name);
        return app_hint(err, "On Debian the package is libaprutil1-dbd-%s", db->driver->name);
    }
    *pdb = db;
    return APR_SUCCESS;
}

apr_status_t app_db_start(app_db_t *db, apr_pool_t *pchild, app_error_t *err)
{
    return app_db_pool_start(db, pchild, err);
}

/* A transaction's end */

static void release(app_tx_t *tx)
{
    app_db_conn_t *conn = tx->conn;

    if (conn) {
        tx->conn = NULL;
        app_db_give_back(conn);
    }
}

/** Gives the connection back as soon as nothing is left to do on it. */
static void settle(app_tx_t *tx)
{
    if (tx->state == APP_TX_OVER && !tx->rows.streaming) {
        release(tx);
    }
}

/** Rolls back first: a result that still streams is then cut off instead of read to its end. */
static void abandon(app_tx_t *tx)
{
    if (tx->conn && tx->conn->handle) { /* a lost one that could not be reopened has none */
        tx->db->driver->rollback(tx);
    }
    tx->rows.streaming = 0;
    tx->db->driver->done(&tx->rows);
    tx->state = APP_TX_OVER;
    app_db_work_end(tx);
    release(tx);
}

static apr_status_t forget(void *data)
{
    app_tx_t *tx = data;

    tx->options.request = NULL; /* over by now, and so may be what its statement was made of */
    tx->sql.text = NULL;
    abandon(tx);
    return APR_SUCCESS;
}

static apr_status_t over(app_error_t *err)
{
    app_fail(err, APP_E_INTERNAL, NULL);
    return app_log_only(err, "a call on a database transaction that has ended");
}

static apr_status_t begin(app_tx_t **ptx, app_db_t *db, const app_tx_options_t *options,
                          apr_interval_time_t wait, app_error_t *err, apr_pool_t *p)
{
    apr_time_t begun = apr_time_now(), now;
    apr_status_t status;
    app_db_conn_t *conn;
    app_tx_t *tx;

    status = app_db_draw(&conn, db, wait, err);
    now = app_request_spend(options->request, APP_PHASE_WAIT, begun, NULL);
    app_db_count_wait(db, now > begun ? now - begun : 0);
    if (status != APR_SUCCESS) {
        return status;
    }
    tx = apr_pcalloc(p, sizeof(*tx));
    tx->db = db;
    tx->conn = conn;
    tx->pool = p;
    tx->options = *options;
    if (!tx->options.timeout) {
        tx->options.timeout = options->request ? app_request_statement_time(options->request)
                                               : db->conf->statement_timeout;
    }
    tx->rows.tx = tx;
    tx->rows.cells = tx->rows.few;
    apr_pool_cleanup_register(p, tx, forget, apr_pool_cleanup_null);
    *ptx = tx;
    return APR_SUCCESS;
}

apr_status_t app_tx_begin(app_tx_t **ptx, app_db_t *db, const app_tx_options_t *options,
                          app_error_t *err, apr_pool_t *p)
{
    if (!db) {
        return app_fail(err, APP_E_NO_DATABASE, NULL);
    }
    return begin(ptx, db, options, db->conf->db_wait, err, p);
}

apr_status_t app_tx_commit(app_tx_t *tx, app_error_t *err)
{
    static const app_sql_t commit = { "COMMIT", NULL, 0 };
    apr_status_t rv = APR_SUCCESS;

    if (tx->state == APP_TX_OVER) {
        return over(err);
    }
    app_db_work_begin(tx, &commit);
    tx->db->driver->done(&tx->rows);
    if (tx->state == APP_TX_OPEN) {
        rv = tx->db->driver->commit(tx, err);
    }
    if (rv != APR_SUCCESS) {
        abandon(tx);
        return APP_EFAIL;
    }
    tx->state = APP_TX_OVER;
    app_db_work_end(tx);
    release(tx);
    return APR_SUCCESS;
}

void app_tx_rollback(app_tx_t *tx)
{
    abandon(tx);
}

/* What holds in a transaction */

apr_status_t app_tx_get(app_tx_t *tx, const char *name, const char **pvalue, app_error_t *err)
{
    static const app_sql_t get = { "SELECT current_setting(name)", NULL, 0 };
    const char *value = NULL;
    int whole;

    if (tx->state == APP_TX_OVER) {
        return over(err);
    }
    whole = app_db_work_begin(tx, &get);
    if (tx->db->driver->get(tx, name, &value, err) != APR_SUCCESS) {
        abandon(tx);
        return APP_EFAIL;
    }
    if (whole) {
        app_db_work_end(tx);
    }
    *pvalue = value && *value ? value : NULL;
    return APR_SUCCESS;
}

const app_guard_t *app_tx_guard(app_tx_t *tx, const app_guard_t *guard)
{
    const app_guard_t *before = tx->guard;

    tx->guard = guard;
    return before;
}

/* What is remembered of the database */

static apr_status_t run_check(app_tx_t *tx, app_error_t *err)
{
    const app_db_driver_t *driver = tx->db->driver;
    app_tx_check_fn *check = tx->check;
    const app_guard_t *guard = tx->guard;
    apr_status_t status;

    tx->check = NULL; /* its own queries find none */
    tx->guard = NULL; /* and are not the request's */
    status = check(tx, tx->checked, err);
    tx->guard = guard;
    if (status == APR_SUCCESS && tx->options.readonly && driver->note) {
        driver->note(tx);
    }
    return status;
}

/* Queries */

static void reset_rows(app_tx_t *tx, unsigned flags)
{
    app_rows_t *rows = &tx->rows;

    tx->db->driver->done(rows);
    rows->cells = rows->few;
    rows->position = rows->end = 0;
    rows->columns = 0;
    rows->affected = 0;
    rows->flags = flags;
    rows->nmembers = (int)(flags >> 8);
    rows->members = NULL;
}

static apr_status_t check_params(const app_sql_t *sql, app_error_t *err)
{
    int i;

    for (i = 0; i < sql->nparams; i++) {
        const app_value_t *value = &sql->params[i];

        if (value->type == APP_VALUE_TEXT && memchr(value->text, 0, value->len)) {
            return app_db_fail(err, "22021", "invalid byte sequence for encoding \"UTF8\": 0x00");
        }
    }
    return APR_SUCCESS;
}

static void log_lost(const app_tx_t *tx, const app_error_t *err)
{
    app_log(APP_LOG_WARNING, tx->options.request, "APP0202",
            "%s: connection lost, the read is tried once more: %s", tx->db->url.label,
            err->log ? err->log : err->message);
}

/** Something in the database has changed. The check decides, now in the transaction itself. */
static apr_status_t query_checked(app_tx_t *tx, const app_sql_t *sql, unsigned flags,
                                  app_error_t *err)
{
    const app_db_driver_t *driver = tx->db->driver;
    apr_status_t status;

    driver->done(&tx->rows);
    driver->rollback(tx);
    tx->state = APP_TX_IDLE;
    status = run_check(tx, err);
    if (status != APR_SUCCESS) {
        return status;
    }
    reset_rows(tx, flags);
    return driver->query(tx, &tx->rows, sql, err);
}

/**
 * A transaction whose first query failed is run again where that cannot do anything twice: after a
 * read that lost its connection, and after a failure that the driver says has left nothing behind.
 */
static apr_status_t run_query(app_tx_t *tx, const app_sql_t *sql, unsigned flags, app_error_t *err)
{
    const app_db_driver_t *driver = tx->db->driver;
    int first = tx->state == APP_TX_IDLE;

    reset_rows(tx, flags);
    tx->lost = tx->again = 0;
    if (driver->query(tx, &tx->rows, sql, err) == APR_SUCCESS) {
        return APR_SUCCESS;
    }
    if (tx->check) {
        return query_checked(tx, sql, flags, err);
    }
    if (!first || !(tx->again || (tx->lost && tx->options.readonly))) {
        return APP_EFAIL;
    }
    if (tx->lost) {
        log_lost(tx, err);
        driver->done(&tx->rows);
        if (app_db_reopen(tx->conn, err) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    tx->state = APP_TX_IDLE;
    tx->lost = tx->again = 0;
    reset_rows(tx, flags);
    return driver->query(tx, &tx->rows, sql, err);
}

apr_status_t app_tx_query(app_tx_t *tx, const app_sql_t *sql, unsigned flags, app_rows_t **prows,
                          app_error_t *err)
{
    apr_status_t status;
    int whole;

    if (tx->state == APP_TX_OVER) {
        return over(err);
    }
    status = check_params(sql, err);
    whole = app_db_work_begin(tx, sql);
    if (status == APR_SUCCESS) {
        status = run_query(tx, sql, flags, err);
    }
    if (whole && !tx->rows.streaming) {
        app_db_work_end(tx);
    }
    if (status != APR_SUCCESS) {
        if (status == APP_EFAIL && !err->log) {
            app_log_only(err, "%s", sql->text);
        }
        abandon(tx);
        return status;
    }
    settle(tx);
    *prows = &tx->rows;
    return APR_SUCCESS;
}

apr_status_t app_tx_execute(app_tx_t *tx, const app_sql_t *sql, apr_int64_t *paffected,
                            app_error_t *err)
{
    app_rows_t *rows;
    apr_status_t status = app_tx_query(tx, sql, 0, &rows, err);

    if (status != APR_SUCCESS) {
        return status;
    }
    if (paffected) {
        *paffected = rows->affected;
    }
    tx->db->driver->done(rows);
    return APR_SUCCESS;
}

apr_status_t app_rows_next(app_rows_t *rows, app_error_t *err)
{
    app_tx_t *tx = rows->tx;
    apr_status_t rv = tx->db->driver->next(rows, err);

    if (rv == APR_SUCCESS) {
        return rv;
    }
    if (rv == APR_EOF) {
        tx->db->driver->done(rows);
        app_db_work_end(tx);
        settle(tx);
        return rv;
    }
    abandon(tx);
    return APP_EFAIL;
}

apr_status_t app_tx_schema_version(app_tx_t *tx, apr_int64_t *pversion, app_error_t *err)
{
    if (tx->state == APP_TX_OVER) {
        return over(err);
    }
    if (tx->db->driver->schema_version(tx, pversion, err) != APR_SUCCESS) {
        abandon(tx);
        return APP_EFAIL;
    }
    return APR_SUCCESS;
}

apr_status_t app_tx_check(app_tx_t *tx, const void *what, app_tx_check_fn *check,
                          app_error_t *err)
{
    const app_db_driver_t *driver = tx->db->driver;
    apr_status_t status;

    if (tx->state == APP_TX_OVER) {
        return over(err);
    }
    tx->check = check;
    tx->checked = what;
    if (tx->state == APP_TX_IDLE && tx->options.readonly && driver->noted && driver->noted(tx)) {
        return APR_SUCCESS;
    }
    status = run_check(tx, err);
    if (status != APR_SUCCESS) {
        abandon(tx);
    }
    return status;
}

apr_status_t app_tx_columns(app_tx_t *tx, const char *sql, const app_db_column_t **pcolumns,
                            int *pcount, app_error_t *err)
{
    if (tx->state == APP_TX_OVER) {
        return over(err);
    }
    if (!tx->db->driver->columns) {
        *pcolumns = NULL;
        *pcount = 0;
        return APR_SUCCESS;
    }
    return tx->db->driver->columns(tx, sql, pcolumns, pcount, err);
}

/* For the core */

apr_status_t app_db_ping(app_db_t *db, apr_interval_time_t timeout, app_error_t *err,
                         apr_pool_t *p)
{
    const app_tx_options_t options = { .readonly = 1, .timeout = timeout };
    const app_sql_t sql = { "SELECT 1", NULL, 0 };
    app_rows_t *rows;
    app_tx_t *tx;

    if (begin(&tx, db, &options, timeout, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return app_tx_query(tx, &sql, APP_QUERY_LAST, &rows, err);
}

apr_status_t app_db_script(app_db_t *db, const char *sql, app_error_t *err, apr_pool_t *p)
{
    app_db_conn_t conn = { .db = db };
    apr_status_t rv;

    apr_pool_create(&conn.pool, p);
    rv = app_db_conn_open(&conn, app_db_url_create(&db->url, p), err);
    if (rv == APR_SUCCESS) {
        rv = db->driver->script(&conn, sql, err);
    }
    app_db_conn_close(&conn);
    apr_pool_destroy(conn.pool);
    return rv;
}
