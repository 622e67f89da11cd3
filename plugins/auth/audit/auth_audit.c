/* SPDX-License-Identifier: Apache-2.0 */
/** Writes events down (auth_audit.h). Thread of the request, or of a timer or command. */
#include "apr_strings.h"

#include "auth_audit_int.h"

#define INSERT                                                                                   \
    "INSERT INTO app_audit (at, event, user_id, actor, session_id, address, request_id, detail)" \
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"

static const char *or_none(const char *text)
{
    return text ? text : "-";
}

static void write_line(app_request_t *r, const auth_event_t *event)
{
    app_log(APP_LOG_NOTICE, r, "APP2300", "audit: %s user=%s by=%s session=%s from=%s %s",
            event->name, or_none(event->user_id), or_none(event->actor),
            or_none(event->session_id), or_none(r ? app_request_peer(r) : NULL),
            event->detail ? event->detail : "{}");
}

static apr_status_t insert(app_tx_t *tx, app_request_t *r, const auth_event_t *event,
                           app_error_t *err, apr_pool_t *p)
{
    const app_value_t values[] = { auth_int(auth_now()),
                                   auth_text(event->name),
                                   auth_text(event->user_id),
                                   auth_text(event->actor),
                                   auth_text(event->session_id),
                                   auth_text(r ? app_request_peer(r) : NULL),
                                   auth_text(r ? app_request_id(r) : NULL),
                                   auth_text(event->detail ? event->detail : "{}") };
    const app_sql_t sql = { INSERT, apr_pmemdup(p, values, sizeof(values)), 8 };

    return app_tx_execute(tx, &sql, NULL, err);
}

/** The request is not handed to the transaction: a client that goes away leaves its trace. */
static apr_status_t insert_alone(auth_t *auth, app_request_t *r, const auth_event_t *event,
                                 app_error_t *err, apr_pool_t *p)
{
    app_tx_t *tx;

    if (auth_begin(&tx, auth, NULL, 0, err, p) != APR_SUCCESS ||
        insert(tx, r, event, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return app_tx_commit(tx, err);
}

void auth_audit_write(auth_t *auth, app_tx_t *tx, app_request_t *r, const auth_event_t *event,
                      apr_pool_t *p)
{
    app_error_t err = { .pool = p };
    apr_status_t rv;

    write_line(r, event);
    rv = tx ? insert(tx, r, event, &err, p) : insert_alone(auth, r, event, &err, p);
    if (rv != APR_SUCCESS) {
        app_log(APP_LOG_ERROR, r, "APP2301", "event %s could not be written to app_audit: %s; %s",
                event->name, or_none(err.message), or_none(err.log));
    }
}

static int admitted(auth_t *auth, const auth_event_t *event)
{
    int good;

    if (app_shm_lock(auth->audit) != APR_SUCCESS) {
        return 0;
    }
    good = auth_audit_budget_take(app_shm_base(auth->audit), event->name, auth_now());
    app_shm_unlock(auth->audit);
    return good;
}

static apr_pool_t *pool_of(auth_t *auth, app_request_t *r, const auth_event_t *event)
{
    if (event->pool) {
        return event->pool;
    }
    return r ? app_request_pool(r) : app_instance_pool(auth->self);
}

void auth_audit(auth_t *auth, app_tx_t *tx, app_request_t *r, const auth_event_t *event)
{
    apr_pool_t *p;

    auth_metrics_event(auth, event->name);
    if (!tx && !admitted(auth, event)) {
        return;
    }
    apr_pool_create(&p, pool_of(auth, r, event));
    auth_audit_write(auth, tx, r, event, p);
    if (!tx) { /* which would still need its parameters */
        apr_pool_destroy(p);
    }
}
