/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Periodic work of sessions: hears of those that ended elsewhere, and deletes those that ended long
 * ago. In one process at a time; a site that has no accounts is left alone. Thread of the timer.
 */
#include <string.h>

#include "auth_ended.h"
#include "auth_ended_int.h"

#define NO_TABLE  "42P01"
#define IN_USE    (600 * APR_USEC_PER_SEC) /* since somebody wanted to know */
#define OVERLAP   60                       /* seconds that clocks and commits may be late */
#define KEPT      (7 * 86400)              /* seconds that an ended session stays */

static apr_status_t hear(auth_t *auth, apr_int64_t since, app_error_t *err, apr_pool_t *p)
{
    const app_value_t params[] = { auth_int(since) };
    app_rows_t *rows;
    app_tx_t *tx;
    apr_status_t rv;

    if (auth_begin(&tx, auth, NULL, 1, err, p) != APR_SUCCESS ||
        auth_query(&rows, tx, "SELECT id FROM app_sessions WHERE ended_at >= $1", params, 1, err,
                   p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    while ((rv = app_rows_next(rows, err)) == APR_SUCCESS) {
        auth_ended_add(auth, app_rows_text(rows, 0, NULL));
    }
    app_tx_rollback(tx);
    return rv == APR_EOF ? APR_SUCCESS : rv;
}

void auth_ended_poll(app_instance_t *self, apr_pool_t *scratch)
{
    auth_t *auth = app_instance_context(self);
    auth_ended_t *set = app_shm_base(auth->ended);
    app_error_t err = { .pool = scratch };
    apr_time_t at = apr_time_now();
    apr_int64_t longest = auth_ended_until(auth, 0), late = apr_time_sec(at - set->heard);

    if (at - __atomic_load_n(&set->wanted, __ATOMIC_RELAXED) > IN_USE) {
        return;
    }
    late = late > longest ? longest : late;
    if (hear(auth, apr_time_sec(at) - late - OVERLAP, &err, scratch) == APR_SUCCESS) {
        __atomic_store_n(&set->heard, at, __ATOMIC_RELEASE);
    }
    else {
        app_log(APP_LOG_DEBUG, NULL, "APP2021", "it is not known which sessions have ended: %s",
                err.message);
    }
}

void auth_session_prune(app_instance_t *self, apr_pool_t *scratch)
{
    auth_t *auth = app_instance_context(self);
    app_error_t err = { .pool = scratch };
    apr_int64_t before = auth_now() - KEPT;
    const app_value_t params[] = {
        auth_int(before), auth_int(before - apr_time_sec(auth->conf->session_idle))
    };
    app_tx_t *tx;

    if (!app_instance_db(self)) {
        return;
    }
    if ((auth_begin(&tx, auth, NULL, 0, &err, scratch) != APR_SUCCESS ||
         auth_execute(NULL, tx, "DELETE FROM app_sessions WHERE ended_at < $1 OR expires_at < $1"
                                " OR refreshed_at < $2", params, 2, &err, scratch) !=
             APR_SUCCESS ||
         app_tx_commit(tx, &err) != APR_SUCCESS) && strcmp(err.code, NO_TABLE) != 0 &&
        !err.noted) {
        app_log(APP_LOG_WARNING, NULL, "APP2022", "old sessions are not deleted: %s", err.message);
    }
}
