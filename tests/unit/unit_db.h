/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the tests of the databases share: a database of some URL, answers as one line, and a client
 * that goes away.
 */
#ifndef UNIT_DB_H
#define UNIT_DB_H

#include "unit.h"

#include <stdlib.h>

#include "apr_strings.h"

#include "app_core_int.h"
#include "app_db_driver.h"

static app_error_t err;

static inline app_core_conf_t *db_conf(const char *url)
{
    app_core_conf_t *conf = apr_pcalloc(unit_pool, sizeof(*conf));

    conf->database = url;
    conf->db_max = 4;
    conf->db_keep = 2;
    conf->db_idle = apr_time_from_sec(30);
    conf->db_lifetime = apr_time_from_sec(1800);
    conf->db_wait = apr_time_from_sec(2);
    conf->db_connect_timeout = apr_time_from_sec(5);
    conf->statement_timeout = apr_time_from_sec(10);
    conf->db_prepared = 1;
    conf->db_statements = 100;
    return conf;
}

static inline app_db_t *db_of(const app_core_conf_t *conf)
{
    app_db_t *db = NULL;

    err.pool = unit_pool;
    if (app_db_make(&db, conf, &err, unit_pool) != APR_SUCCESS ||
        app_db_start(db, unit_pool, &err) != APR_SUCCESS) {
        fail_msg("%s", err.message);
    }
    return db;
}

static inline app_tx_t *tx_of(app_db_t *db, int readonly)
{
    const app_tx_options_t options = { .readonly = readonly != 0 };
    app_tx_t *tx = NULL;

    if (app_tx_begin(&tx, db, &options, &err, unit_pool) != APR_SUCCESS) {
        fail_msg("%s: %s", err.message, err.log);
    }
    return tx;
}

/** Runs a statement that does not fail. */
static inline app_rows_t *rows_of(app_tx_t *tx, const app_sql_t *sql, unsigned flags)
{
    app_rows_t *rows = NULL;

    if (app_tx_query(tx, sql, flags, &rows, &err) != APR_SUCCESS) {
        fail_msg("%s: %s", sql->text, err.message);
    }
    return rows;
}

/**
 * Runs a statement without parameters: its rows, "|" between columns, ";" behind rows; on failure
 * the SQLSTATE.
 */
static inline const char *answer_of(app_tx_t *tx, const char *text, unsigned flags)
{
    const app_sql_t sql = { text, NULL, 0 };
    app_rows_t *rows;
    app_buf_t buf;
    apr_status_t rv;
    int i;

    if (app_tx_query(tx, &sql, flags, &rows, &err) != APR_SUCCESS) {
        return err.code;
    }
    app_buf_init(&buf, unit_pool, 1 << 20);
    while ((rv = app_rows_next(rows, &err)) == APR_SUCCESS) {
        for (i = 0; i < app_rows_columns(rows); i++) {
            const char *cell = app_rows_text(rows, i, NULL);

            app_buf_addf(&buf, "%s%s", i ? "|" : "", cell ? cell : "NULL");
        }
        app_buf_addc(&buf, ';');
    }
    return rv == APR_EOF ? buf.data : err.code;
}

/** The same in a transaction of its own. */
static inline const char *ask(app_db_t *db, int readonly, const char *text)
{
    return answer_of(tx_of(db, readonly), text, APP_QUERY_LAST);
}

/** One figure of app_db_describe(). */
static inline json_int_t figure(app_db_t *db, const char *name)
{
    json_t *part = json_object();
    json_int_t value;

    app_db_describe(db, part);
    value = json_integer_value(json_object_get(part, name));
    json_decref(part);
    return value;
}

static inline int client_gone(void *data)
{
    return *(int *)data;
}

/** A request whose client has gone once *gone is set. */
static inline app_request_t *request_of(int *gone)
{
    static const app_exchange_ops_t ops = { .gone = client_gone };
    static const app_core_conf_t conf = { .statement_timeout = 30 * APR_USEC_PER_SEC };
    app_exchange_t *exchange = apr_pcalloc(unit_pool, sizeof(*exchange));
    app_request_t *r = apr_pcalloc(unit_pool, sizeof(*r));

    exchange->pool = unit_pool;
    exchange->ops = &ops;
    exchange->data = gone;
    r->exchange = exchange;
    r->conf = &conf;
    r->deadline = apr_time_now() + 60 * APR_USEC_PER_SEC;
    return r;
}

#endif
