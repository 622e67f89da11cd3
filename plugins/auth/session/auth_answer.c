/* SPDX-License-Identifier: Apache-2.0 */
/** The answer with a session's tokens (RFC 6749 5.1). Thread of the request. */
#include "auth_cookie.h"
#include "auth_http.h"
#include "auth_session_int.h"

apr_status_t auth_session_answer(const auth_session_t *session, auth_t *auth, app_request_t *r,
                                 app_response_t *res, app_error_t *err)
{
    json_t *json = app_json_own(app_request_pool(r), json_object());
    int cookies;

    if (auth_cookie_wanted(&cookies, auth, r, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (cookies) {
        auth_cookie_set(auth, session, r, res);
    }
    else {
        json_object_set_new(json, "access_token", json_string(session->access_token));
        json_object_set_new(json, "refresh_token", json_string(session->refresh_token));
    }
    json_object_set_new(json, "token_type", json_string("bearer"));
    json_object_set_new(json, "expires_in", json_integer(session->expires_at - auth_now()));
    json_object_set_new(json, "expires_at", json_integer(session->expires_at));
    json_object_set_new(json, "user", auth_user_json(&session->user));
    app_response_header(res, "Cache-Control", "no-store");
    app_response_header(res, "Pragma", "no-cache");
    return auth_answer_json(r, res, 200, json_incref(json), err);
}
