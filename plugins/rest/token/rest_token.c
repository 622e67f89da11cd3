/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Who a Bearer token names (rest_token.h). A token is a JWS in three parts; its header says which
 * keys suit, never how they are used. Thread of the request, but for create and start.
 */
#include <string.h>

#include "apr_strings.h"

#include "rest_key.h"
#include "rest_token_int.h"

#define TOKEN_MAX (64 * 1024) /* bytes */

struct rest_tokens_t {
    const rest_keys_t     *keys;
    const rest_jsonpath_t *role_path;
    apr_int64_t            cache_entries;
    rest_token_cache_t    *cache; /* NULL: none */
};

/* Making */

apr_status_t rest_tokens_create(rest_tokens_t **ptokens, const rest_token_conf_t *conf,
                                app_error_t *err, apr_pool_t *p)
{
    rest_tokens_t *tokens = apr_pcalloc(p, sizeof(*tokens));
    rest_jsonpath_t *path;
    rest_keys_t *keys;
    int old;

    if (rest_jsonpath_compile(&path, &old, conf->role_path, "JwtRoleClaimKey", err, p) !=
        APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (old) {
        app_log(APP_LOG_WARNING, NULL, "APP1021",
                "JwtRoleClaimKey \"%s\" is in the older notation; write it as a JSONPath: $.role",
                conf->role_path);
    }
    *ptokens = NULL;
    if (!conf->secret) {
        return APR_SUCCESS;
    }
    if (rest_keys_read(&keys, conf->secret, "JwtSecret", conf->secret_base64, err, p) !=
        APR_SUCCESS) {
        return APP_EFAIL;
    }
    tokens->keys = keys;
    tokens->role_path = path;
    tokens->cache_entries = conf->cache_entries;
    *ptokens = tokens;
    return APR_SUCCESS;
}

apr_status_t rest_tokens_start(rest_tokens_t *tokens, app_error_t *err, apr_pool_t *p)
{
    return tokens->cache_entries
               ? rest_token_cache_create(&tokens->cache, tokens->cache_entries, err, p)
               : APR_SUCCESS;
}

/* Refusing */

apr_status_t rest_token_refuse(app_error_t *err, app_error_e e, const char *message)
{
    app_fail(err, e, "%s", message);
    err->challenge = apr_psprintf(err->pool,
                                  "Bearer error=\"invalid_token\", error_description=\"%s\"",
                                  message);
    return APP_EFAIL;
}

static apr_status_t refuse_key(app_error_t *err, const char *details)
{
    rest_token_refuse(err, APP_E_JWT, "No suitable key or wrong key type");
    return app_details(err, "%s", details);
}

static apr_status_t undecodable(app_error_t *err)
{
    return rest_token_refuse(err, APP_E_JWT, "JWT cryptographic operation failed");
}

/* Verifying */

static apr_status_t check_parts(const char *token, apr_size_t len, app_error_t *err)
{
    const char *dot = token;
    int parts = 1;

    if (!len) {
        return rest_token_refuse(err, APP_E_JWT, "Empty JWT is sent in Authorization header");
    }
    if (len > TOKEN_MAX) {
        return undecodable(err);
    }
    for (; (dot = strchr(dot, '.')) != NULL; dot++) {
        parts++;
    }
    return parts == 3 ? APR_SUCCESS
                      : rest_token_refuse(err, APP_E_JWT,
                                          apr_psprintf(err->pool,
                                                       "Expected 3 parts in JWT; got %d", parts));
}

/** A text member of the header. @return 0 if it is there, but is no text or holds a NUL */
static int read_member(const char **ptext, const json_t *header, const char *name)
{
    const json_t *member = json_object_get(header, name);

    *ptext = json_string_value(member);
    return !member || (*ptext && strlen(*ptext) == json_string_length(member));
}

/** The first part of the token: how it is signed. */
static apr_status_t read_header(rest_jws_t *jws, app_error_t *err, apr_pool_t *p)
{
    app_error_t ignored = { .pool = p };
    json_t *header = NULL;
    apr_size_t len;
    const char *text = rest_base64url_decode(jws->text, strcspn(jws->text, "."), &len, p);

    if (!text || app_json_parse(text, len, &header, &ignored, p) != APR_SUCCESS ||
        !json_is_object(header) || !read_member(&jws->alg, header, "alg") || !jws->alg ||
        !read_member(&jws->kid, header, "kid") || json_object_get(header, "crit")) {
        return undecodable(err);
    }
    if (strcmp(jws->alg, "none") == 0) {
        rest_token_refuse(err, APP_E_JWT, "Wrong or unsupported encoding algorithm");
        return app_details(err, "JWT is unsecured but expected 'alg' was not 'none'");
    }
    return APR_SUCCESS;
}

static apr_status_t verify(const rest_keys_t *keys, const char *token, app_error_t *err,
                           apr_pool_t *p)
{
    rest_jws_t jws = { .text = token };

    if (read_header(&jws, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    switch (rest_keys_verify(keys, &jws, p)) {
    case REST_JWS_GENUINE:
        return APR_SUCCESS;
    case REST_JWS_NO_KEY:
        return refuse_key(err, "No suitable key was found to decode the JWT");
    case REST_JWS_FORGED:
        return refuse_key(err, "None of the keys was able to decode the JWT");
    default:
        return undecodable(err);
    }
}

static apr_status_t read_claims(rest_claims_t **pclaims, const rest_tokens_t *tokens,
                                const char *token, app_error_t *err, apr_pool_t *p)
{
    const char *part = strchr(token, '.') + 1, *payload;
    apr_size_t len;

    if (verify(tokens->keys, token, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    payload = rest_base64url_decode(part, strcspn(part, "."), &len, p);
    return payload ? rest_claims_read(pclaims, payload, len, tokens->role_path, err, p)
                   : undecodable(err);
}

static apr_status_t release(void *claims)
{
    rest_claims_release(claims);
    return APR_SUCCESS;
}

/** Claims of a token that is genuine and holds; they are released with p. */
static apr_status_t get_claims(rest_claims_t **pclaims, const rest_tokens_t *tokens,
                               const char *token, const char *audience, app_error_t *err,
                               apr_pool_t *p)
{
    apr_size_t len = strlen(token);
    rest_claims_t *claims = tokens->cache ? rest_token_cache_get(tokens->cache, token, len) : NULL;
    int cached = claims != NULL;

    if (!cached && (check_parts(token, len, err) != APR_SUCCESS ||
                    read_claims(&claims, tokens, token, err, p) != APR_SUCCESS)) {
        return APP_EFAIL;
    }
    apr_pool_cleanup_register(p, claims, release, apr_pool_cleanup_null);
    if (rest_claims_check(claims, audience, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (tokens->cache && !cached) {
        rest_token_cache_put(tokens->cache, token, len, claims);
    }
    *pclaims = claims;
    return APR_SUCCESS;
}

apr_status_t rest_token_identify(app_identity_t *identity, const rest_tokens_t *tokens,
                                 const char *token, const rest_token_rules_t *rules,
                                 app_error_t *err, apr_pool_t *p)
{
    rest_claims_t *claims;

    if (get_claims(&claims, tokens, token, rules->audience, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    memset(identity, 0, sizeof(*identity));
    identity->method = "jwt";
    identity->role = claims->role;
    identity->user = claims->user;
    identity->claims = claims->role || !rules->anon_role
                           ? claims->text
                           : rest_claims_with_role(claims->text, rules->anon_role, p);
    return APR_SUCCESS;
}
