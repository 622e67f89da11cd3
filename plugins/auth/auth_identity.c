/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The filter at APP_PLACE_IDENTITY: what a request brings along, and whom that names. One that
 * brings nothing passes as anonymous. Thread of the request.
 */
#include <string.h>

#include "auth_api_key.h"
#include "auth_cookie.h"
#include "auth_factor.h"
#include "auth_server.h"
#include "auth_session.h"

const char *auth_bearer(const app_request_t *r)
{
    const char *header = app_request_header(r, "Authorization");

    if (!header || strncasecmp(header, "Bearer", 6) != 0 || !memchr(" \t", header[6], 3)) {
        return NULL;
    }
    return header + 6 + strspn(header + 6, " \t");
}

/** A signed token behind "Bearer". */
static apr_status_t identify_by_token(app_identity_t *identity, auth_t *auth, app_request_t *r,
                                      app_error_t *err)
{
    const auth_conf_t *conf = app_request_settings(r, auth->self);
    const char *token = auth_bearer(r);

    if (!token) {
        return APP_NEXT;
    }
    if (!auth->tokens) {
        return app_fail(err, APP_E_JWT_SECRET, NULL);
    }
    return auth_session_identify(identity, auth, token, conf->jwt_aud, r, err);
}

/**
 * In this order, and the first that a request brings decides, whether it is good or not: what a
 * client has put into a header itself stands before what its browser or the server adds to every
 * request.
 */
static const struct {
    const char     *name;
    auth_source_fn *identify;
} sources[] = { { "key", auth_api_key_identify },
                { "token", identify_by_token },
                { "cookie", auth_cookie_identify },
                { "server", auth_server_identify } };

#define SOURCES (sizeof(sources) / sizeof(sources[0]))

apr_status_t auth_identity_filter(app_instance_t *self, app_request_t *r, app_response_t *res,
                                  app_error_t *err)
{
    auth_t *auth = app_instance_context(self);
    app_identity_t identity = { .method = NULL };
    apr_status_t rv = APP_NEXT;
    apr_size_t i;

    (void)res;
    if (app_request_identity(r)->method) {
        return APP_NEXT;
    }
    for (i = 0; i < SOURCES && rv == APP_NEXT; i++) {
        rv = sources[i].identify(&identity, auth, r, err);
    }
    if (rv != APP_NEXT) {
        auth_metrics_identity(auth, sources[i - 1].name,
                              rv == APR_SUCCESS    ? "accepted"
                              : err->status >= 500 ? "failed"
                                                   : "refused");
    }
    if (rv == APR_SUCCESS) {
        rv = auth_factor_admit(&identity, r, err);
    }
    if (rv == APR_SUCCESS) {
        app_request_identify(r, &identity);
    }
    return rv == APP_EFAIL ? APP_EFAIL : APP_NEXT;
}
