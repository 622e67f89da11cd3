/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The filter at APP_PLACE_IDENTITY: what a request brings along, and whom that names. One that
 * brings nothing passes as anonymous. Thread of the request.
 */
#include <string.h>

#include "auth_int.h"

/** What follows "Bearer"; NULL: there is no token. */
static const char *bearer(app_request_t *r)
{
    const char *header = app_request_header(r, "Authorization");

    if (!header || strncasecmp(header, "Bearer", 6) != 0 || !memchr(" \t", header[6], 3)) {
        return NULL;
    }
    return header + 6 + strspn(header + 6, " \t");
}

apr_status_t auth_identity_filter(app_instance_t *self, app_request_t *r, app_response_t *res,
                                  app_error_t *err)
{
    const auth_t *auth = app_instance_context(self);
    const auth_conf_t *conf = app_request_settings(r, self);
    const char *token = bearer(r);
    app_identity_t identity;

    (void)res;
    if (!token || app_request_identity(r)->method) {
        return APP_NEXT;
    }
    if (!auth->tokens) {
        return app_fail(err, APP_E_JWT_SECRET, NULL);
    }
    if (auth_token_identify(&identity, auth->tokens, token, conf->jwt_aud, err,
                            app_request_pool(r)) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_request_identify(r, &identity);
    return APP_NEXT;
}
