/* SPDX-License-Identifier: Apache-2.0 */
/**
 * How long the database works for a transaction, and which statements take too long. Called by
 * app_db.c; thread of the request.
 */
#include "app_db_driver.h"

#define TYPES_MAX 8 /* parameters whose types are told */

/** Types alone: values are the client's business. */
static const char *types_of(const app_sql_t *sql, apr_pool_t *p)
{
    static const char *const names[] = { [APP_VALUE_NULL] = "null", [APP_VALUE_TEXT] = "text",
                                         [APP_VALUE_INT] = "integer", [APP_VALUE_REAL] = "real",
                                         [APP_VALUE_BLOB] = "blob" };
    app_buf_t buf;
    int i;

    app_buf_init(&buf, p, 256);
    app_buf_adds(&buf, "");
    for (i = 0; i < sql->nparams && i < TYPES_MAX; i++) {
        app_buf_adds(&buf, i ? ", " : " (");
        app_buf_adds(&buf, names[sql->params[i].type]);
    }
    app_buf_adds(&buf, i == 0 ? "" : i < sql->nparams ? ", …)" : ")");
    return buf.data ? buf.data : "";
}

static void log_slow(const app_tx_t *tx, apr_interval_time_t took)
{
    const app_request_t *r = tx->options.request;
    const char *route = r ? app_request_figures(r)->route : NULL;
    const char *role = app_db_setting(tx, "role");

    app_log(APP_LOG_WARNING, r, "APP0240",
            "slow: %" APR_TIME_T_FMT ".%03d ms, role %s, route %s, %d parameters%s: %s",
            took / 1000, (int)(took % 1000), role ? role : "-", route ? route : "-",
            tx->sql.nparams, types_of(&tx->sql, tx->pool), tx->sql.text);
}

static apr_interval_time_t sent_so_far(const app_tx_t *tx)
{
    const app_request_t *r = tx->options.request;

    return r ? app_request_figures(r)->spent[APP_PHASE_SEND] : 0;
}

void app_db_work_end(app_tx_t *tx)
{
    app_request_t *r = tx->options.request;
    apr_interval_time_t slow = r ? app_request_slow_query(r) : tx->db->conf->slow_query;
    apr_time_t begun, now;

    if (!tx->running) {
        return;
    }
    begun = tx->running + sent_so_far(tx) - tx->sent;
    tx->running = 0;
    now = app_request_spend(r, APP_PHASE_DATABASE, begun, tx->sql.text);
    app_db_count_work(tx->db, now > begun ? now - begun : 0);
    if (slow && now - begun >= slow && tx->sql.text) {
        log_slow(tx, now - begun);
    }
}

int app_db_work_begin(app_tx_t *tx, const app_sql_t *sql)
{
    if (tx->running && !tx->rows.streaming) {
        return 0;
    }
    app_db_work_end(tx);
    tx->sql = *sql;
    tx->running = apr_time_now();
    tx->sent = sent_so_far(tx);
    return 1;
}
