/* SPDX-License-Identifier: Apache-2.0 */
/** GET sessions, DELETE sessions/ID: a user's own. Thread of the request. */
#include <string.h>

#include "auth_audit.h"
#include "auth_caller.h"
#include "auth_endpoints.h"
#include "auth_http.h"
#include "auth_session.h"

json_t *auth_session_json(const app_rows_t *rows)
{
    json_t *json = json_object();

    json_object_set_new(json, "id", auth_json_column(rows, 0));
    json_object_set_new(json, "method", auth_json_column(rows, 1));
    json_object_set_new(json, "aal", auth_json_column(rows, 2));
    json_object_set_new(json, "ip", auth_json_column(rows, 3));
    json_object_set_new(json, "user_agent", auth_json_column(rows, 4));
    json_object_set_new(json, "created_at", auth_json_time(app_rows_int(rows, 5)));
    json_object_set_new(json, "refreshed_at", auth_json_time(app_rows_int(rows, 6)));
    json_object_set_new(json, "not_after", auth_json_time(app_rows_int(rows, 7)));
    return json;
}

static json_t *listed_json(const app_rows_t *rows, const char *current)
{
    json_t *json = auth_session_json(rows);

    json_object_set_new(json, "current",
                        json_boolean(strcmp(app_rows_text(rows, 0, NULL), current) == 0));
    return json;
}

static apr_status_t list(json_t *array, auth_t *auth, const auth_caller_t *caller,
                         app_request_t *r, app_error_t *err)
{
    apr_pool_t *p = app_request_pool(r);
    apr_int64_t now = auth_now();
    const app_value_t params[] = { auth_text(caller->user_id), auth_int(now),
                                   auth_int(now - apr_time_sec(auth->conf->session_idle)) };
    app_rows_t *rows;
    app_tx_t *tx;
    apr_status_t rv;

    if (auth_begin(&tx, auth, r, 1, err, p) != APR_SUCCESS ||
        auth_query(&rows, tx, AUTH_SESSIONS_SELECT " ORDER BY refreshed_at DESC, id LIMIT 1000",
                   params, 3, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    while ((rv = app_rows_next(rows, err)) == APR_SUCCESS) {
        json_array_append_new(array, listed_json(rows, caller->session_id));
    }
    return rv == APR_EOF ? app_tx_commit(tx, err) : rv;
}

apr_status_t auth_sessions_get(app_instance_t *self, app_request_t *r, app_response_t *res,
                               app_error_t *err)
{
    auth_t *auth = app_instance_context(self);
    json_t *array = app_json_own(app_request_pool(r), json_array());
    auth_caller_t caller;

    if (auth_caller_read(&caller, auth, r, err) != APR_SUCCESS ||
        list(array, auth, &caller, r, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return auth_answer_json(r, res, 200, json_incref(array), err);
}

/** @return APR_SUCCESS; APR_NOTFOUND: no session of this user that is open */
static apr_status_t find(app_tx_t *tx, const auth_caller_t *caller, const char *id,
                         app_error_t *err, apr_pool_t *p)
{
    const app_value_t params[] = { auth_text(id), auth_text(caller->user_id) };
    app_rows_t *rows;
    apr_status_t rv;

    if (auth_query(&rows, tx, "SELECT 1 FROM app_sessions WHERE id = $1 AND user_id = $2"
                              " AND ended_at IS NULL", params, 2, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    rv = app_rows_next(rows, err);
    return rv == APR_EOF ? APR_NOTFOUND : rv;
}

static apr_status_t end(auth_t *auth, app_tx_t *tx, const auth_caller_t *caller, const char *id,
                        app_request_t *r, app_error_t *err)
{
    const auth_event_t event = { .name = "session_ended", .user_id = caller->user_id,
                                 .session_id = id };
    apr_status_t rv = find(tx, caller, id, err, app_request_pool(r));

    if (rv == APR_NOTFOUND) {
        return auth_fail(err, 404, "session_not_found", "There is no such session");
    }
    if (rv != APR_SUCCESS || auth_session_end(auth, tx, caller->user_id, id, AUTH_SESSIONS_ONE,
                                              err, app_request_pool(r)) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    auth_audit(auth, tx, r, &event);
    return app_tx_commit(tx, err);
}

apr_status_t auth_sessions_delete(app_instance_t *self, app_request_t *r, app_response_t *res,
                                  app_error_t *err)
{
    auth_t *auth = app_instance_context(self);
    const char *id = strrchr(app_request_path(r), '/') + 1;
    auth_caller_t caller;
    app_tx_t *tx;

    if (auth_caller_read(&caller, auth, r, err) != APR_SUCCESS ||
        auth_begin(&tx, auth, r, 0, err, app_request_pool(r)) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (end(auth, tx, &caller, id, r, err) != APR_SUCCESS) {
        app_tx_rollback(tx);
        return APP_EFAIL;
    }
    app_response_status(res, 204);
    return APP_DONE;
}
