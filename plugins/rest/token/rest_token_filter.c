/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Where tokens meet the plugin: the settings they are read by, and the filter at
 * APP_PLACE_IDENTITY. A request without a token passes as anonymous. Thread of the request.
 */
#include <string.h>

#include "rest_int.h"

apr_status_t rest_token_configure(rest_t *rest, const rest_conf_t *conf, app_error_t *err)
{
    const rest_token_conf_t made_of = { .secret = conf->jwt_secret,
                                        .secret_base64 = conf->jwt_secret_is_base64,
                                        .role_path = conf->jwt_role_claim_key,
                                        .cache_entries = conf->jwt_cache_max_entries };

    return rest_tokens_create(&rest->tokens, &made_of, err, app_instance_pool(rest->self));
}

apr_status_t rest_token_start(rest_t *rest, app_error_t *err)
{
    return rest->tokens ? rest_tokens_start(rest->tokens, err, app_instance_pool(rest->self))
                        : APR_SUCCESS;
}

/** What follows "Bearer"; NULL: there is no token. */
static const char *token_of(app_request_t *r)
{
    const char *header = app_request_header(r, "Authorization");

    if (!header || strncasecmp(header, "Bearer", 6) != 0 || !memchr(" \t", header[6], 3)) {
        return NULL;
    }
    return header + 6 + strspn(header + 6, " \t");
}

apr_status_t rest_token_filter(app_instance_t *self, app_request_t *r, app_response_t *res,
                               app_error_t *err)
{
    const rest_t *rest = app_instance_context(self);
    const rest_conf_t *conf = app_request_settings(r, self);
    const rest_token_rules_t rules = { .audience = conf->jwt_aud, .anon_role = conf->anon_role };
    const char *token = token_of(r);
    app_identity_t identity;

    (void)res;
    if (!token || app_request_identity(r)->method) {
        return APP_NEXT;
    }
    if (!rest->tokens) {
        return app_fail(err, APP_E_JWT_SECRET, NULL);
    }
    if (rest_token_identify(&identity, rest->tokens, token, &rules, err, app_request_pool(r)) !=
        APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_request_identify(r, &identity);
    return APP_NEXT;
}
