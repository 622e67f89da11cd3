/* SPDX-License-Identifier: Apache-2.0 */
/** Who asks (auth_caller.h). Thread of the request. */
#include <string.h>

#include "auth_caller.h"
#include "auth_ended.h"
#include "auth_http.h"
#include "auth_session.h"

static const char *text(const json_t *claims, const char *name)
{
    return json_string_value(json_object_get(claims, name));
}

/** The latest time among the methods that the token names (OpenID's amr, as clients expect it). */
static apr_int64_t latest(const json_t *amr)
{
    apr_int64_t proved = 0, at;
    json_t *entry;
    size_t i;

    json_array_foreach(amr, i, entry) {
        at = json_integer_value(json_object_get(entry, "timestamp"));
        proved = at > proved ? at : proved;
    }
    return proved;
}

static int is_ours(const auth_t *auth, const char *issuer)
{
    return issuer && strcmp(issuer, auth_issuer(auth)) == 0;
}

apr_status_t auth_session_identify(app_identity_t *identity, auth_t *auth, const char *token,
                                   const char *audience, app_request_t *r, app_error_t *err)
{
    auth_token_session_t session;

    if (auth_token_read(identity, &session, auth->tokens, token, audience, err,
                        app_request_pool(r)) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return session.id && is_ours(auth, session.issuer)
               ? auth_ended_check(auth, session.id, r, err) : APR_SUCCESS;
}

apr_status_t auth_caller_read(auth_caller_t *caller, auth_t *auth, app_request_t *r,
                              app_error_t *err)
{
    const app_identity_t *identity = app_request_identity(r);
    json_t *claims;

    if (!identity->claims) {
        auth_fail(err, 401, "no_authorization", "This endpoint requires a Bearer token");
        err->challenge = "Bearer";
        return APP_EFAIL;
    }
    if (app_json_parse(identity->claims, strlen(identity->claims), &claims, err,
                       app_request_pool(r)) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    caller->user_id = text(claims, "sub");
    caller->session_id = text(claims, "session_id");
    caller->level = text(claims, "aal");
    caller->proved = latest(json_object_get(claims, "amr"));
    if (!is_ours(auth, text(claims, "iss")) || !caller->user_id || !caller->session_id) {
        auth_fail(err, 401, "bad_jwt", "The token is not one of a session of this server");
        err->challenge = "Bearer error=\"invalid_token\"";
        return APP_EFAIL;
    }
    return APR_SUCCESS;
}

int auth_caller_is_fresh(const auth_caller_t *caller, const auth_t *auth)
{
    return caller->proved && auth_now() - caller->proved < apr_time_sec(auth->conf->fresh_session);
}
