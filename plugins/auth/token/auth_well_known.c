/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What others need to verify our tokens: GET /auth/.well-known/jwks.json and
 * /auth/.well-known/openid-configuration. Thread of the request.
 */
#include <string.h>

#include "apr_strings.h"

#include "auth_int.h"
#include "auth_token_int.h"
#include "auth_well_known.h"

#define CACHE_CONTROL "public, max-age=600"
#define JWKS_PATH     "/auth/.well-known/jwks.json"

/** Public keys are the same for everybody: they may be kept, and asked again by their ETag. */
static apr_status_t answer(app_request_t *r, app_response_t *res, const char *type,
                           const char *text)
{
    apr_pool_t *p = app_request_pool(r);

    app_response_type(res, type);
    app_response_header(res, "Cache-Control", CACHE_CONTROL);
    app_response_etag(res, apr_pstrcat(p, "\"", auth_hash(text, p), "\"", NULL));
    return app_response_write(res, text, strlen(text));
}

static const auth_keys_t *own_keys(const auth_t *auth)
{
    return auth->tokens ? auth->tokens->own.keys : NULL;
}

apr_status_t auth_jwks_handler(app_instance_t *self, app_request_t *r, app_response_t *res,
                               app_error_t *err)
{
    const auth_t *auth = app_instance_context(self);
    const auth_keys_t *keys = own_keys(auth);
    const char *set = keys ? auth_keys_public(keys, app_request_pool(r)) : "{\"keys\":[]}";

    (void)err;
    return answer(r, res, "application/jwk-set+json", set);
}

/** Scheme and authority of a URL; NULL: it is none of HTTP. */
static const char *origin_of(const char *url, apr_pool_t *p)
{
    apr_size_t scheme = strncmp(url, "https://", 8) == 0 ? 8 : 7;

    if (scheme == 7 && strncmp(url, "http://", 7) != 0) {
        return NULL;
    }
    return apr_pstrmemdup(p, url, scheme + strcspn(url + scheme, "/?#"));
}

/**
 * As much of OpenID Connect Discovery 1.0 and RFC 8414 as one needs who verifies. The address is
 * the issuer's, never that of the request, which a client chooses.
 */
apr_status_t auth_metadata_handler(app_instance_t *self, app_request_t *r, app_response_t *res,
                                   app_error_t *err)
{
    const auth_t *auth = app_instance_context(self);
    apr_pool_t *p = app_request_pool(r);
    const char *issuer = auth->conf->jwt_issuer, *origin = issuer ? origin_of(issuer, p) : NULL;
    json_t *json, *names = app_json_own(p, json_array());

    if (!origin || !own_keys(auth)) {
        app_fail(err, APP_E_NOT_FOUND, NULL);
        return app_hint(err, "The site has it once JwtIssuer is its URL.");
    }
    auth_keys_list_algorithms(names, own_keys(auth));
    json = json_pack("{s:s, s:s, s:O}", "issuer", issuer, "jwks_uri",
                     apr_pstrcat(p, origin, app_request_mount(r), JWKS_PATH, NULL),
                     "id_token_signing_alg_values_supported", names);
    return answer(r, res, "application/json", auth_json_text(app_json_own(p, json), p));
}
