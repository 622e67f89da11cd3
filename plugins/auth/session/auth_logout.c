/* SPDX-License-Identifier: Apache-2.0 */
/** POST logout?scope=global|local|others. Thread of the request. */
#include <string.h>

#include "apr_strings.h"

#include "auth_audit.h"
#include "auth_caller.h"
#include "auth_cookie.h"
#include "auth_endpoints.h"
#include "auth_http.h"
#include "auth_session.h"

/** Which sessions a scope means; all where none is named, as clients expect. */
static apr_status_t read_scope(auth_session_which_e *pwhich, const char *scope, app_error_t *err)
{
    static const struct {
        const char           *name;
        auth_session_which_e  which;
    } scopes[] = { { "global", AUTH_SESSIONS_ALL },
                   { "local", AUTH_SESSIONS_ONE },
                   { "others", AUTH_SESSIONS_OTHERS } };
    apr_size_t i;

    for (i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++) {
        if (strcmp(scope, scopes[i].name) == 0) {
            *pwhich = scopes[i].which;
            return APR_SUCCESS;
        }
    }
    return auth_fail(err, 400, "validation_failed", "scope is global, local or others");
}

apr_status_t auth_logout_post(app_instance_t *self, app_request_t *r, app_response_t *res,
                              app_error_t *err)
{
    auth_t *auth = app_instance_context(self);
    apr_pool_t *p = app_request_pool(r);
    auth_event_t event = { .name = "sign_out" };
    auth_session_which_e which = AUTH_SESSIONS_ALL;
    auth_caller_t caller;
    const char *scope;
    app_tx_t *tx;

    if (auth_query_text(&scope, r, "scope", err) != APR_SUCCESS ||
        read_scope(&which, scope ? scope : "global", err) != APR_SUCCESS ||
        auth_caller_read(&caller, auth, r, err) != APR_SUCCESS ||
        auth_begin(&tx, auth, r, 0, err, p) != APR_SUCCESS ||
        auth_session_end(auth, tx, caller.user_id, caller.session_id, which, err, p) !=
            APR_SUCCESS) {
        return APP_EFAIL;
    }
    event.user_id = caller.user_id;
    event.session_id = caller.session_id;
    event.detail = apr_psprintf(p, "{\"scope\":\"%s\"}", scope ? scope : "global");
    auth_audit(auth, tx, r, &event);
    if (app_tx_commit(tx, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (which != AUTH_SESSIONS_OTHERS) {
        auth_cookie_clear(auth, r, res);
    }
    app_response_status(res, 204);
    return APP_DONE;
}
