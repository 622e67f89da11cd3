/* SPDX-License-Identifier: Apache-2.0 */
/** What has ended, put into the set and asked of it or the database (auth_ended.h). Any thread. */
#include "auth_ended.h"
#include "auth_ended_int.h"
#include "auth_http.h"

void auth_ended_configure(auth_t *auth)
{
    auth->ended = app_shm_declare(auth->self, "ended", sizeof(auth_ended_t));
    app_timer_add(auth->self, "ended", APR_USEC_PER_SEC, 1, auth_ended_poll);
    app_timer_add(auth->self, "sessions", 600 * APR_USEC_PER_SEC, 1, auth_session_prune);
}

apr_int64_t auth_ended_until(const auth_t *auth, apr_int64_t now)
{
    return now + apr_time_sec(auth->conf->access_lifetime) + AUTH_ENDED_LEEWAY;
}

void auth_ended_add(auth_t *auth, const char *session_id)
{
    auth_ended_t *set = app_shm_base(auth->ended);
    apr_int64_t now = auth_now();

    if (app_shm_lock(auth->ended) != APR_SUCCESS) {
        return; /* the timer hears of it */
    }
    auth_ended_put_locked(set, session_id, now, auth_ended_until(auth, now));
    app_shm_unlock(auth->ended);
}

static apr_status_t refuse(app_error_t *err)
{
    auth_fail(err, 401, "session_not_found", "The session has ended");
    err->challenge = "Bearer error=\"invalid_token\", error_description=\"The session has ended\"";
    return APP_EFAIL;
}

static apr_status_t ask_database(auth_t *auth, const char *session_id, app_request_t *r,
                                 app_error_t *err)
{
    apr_pool_t *p = app_request_pool(r);
    const app_value_t params[] = { auth_text(session_id) };
    app_rows_t *rows;
    app_tx_t *tx;
    apr_status_t rv;

    if (auth_begin(&tx, auth, r, 1, err, p) != APR_SUCCESS ||
        auth_query(&rows, tx, "SELECT 1 FROM app_sessions WHERE id = $1 AND ended_at IS NULL",
                   params, 1, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    rv = app_rows_next(rows, err);
    app_tx_rollback(tx);
    return rv == APR_EOF ? refuse(err) : rv;
}

apr_status_t auth_ended_check(auth_t *auth, const char *session_id, app_request_t *r,
                              app_error_t *err)
{
    auth_ended_t *set = app_shm_base(auth->ended);
    apr_time_t now = apr_time_now();

    if (auth_ended_has(set, session_id, apr_time_sec(now))) {
        return refuse(err);
    }
    return auth_ended_is_complete(set, now) ? APR_SUCCESS : ask_database(auth, session_id, r, err);
}
