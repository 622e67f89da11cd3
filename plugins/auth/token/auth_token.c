/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Who a Bearer token names (auth_token.h). A token is a JWS in three parts; its header says which
 * keys suit, never how they are used. Thread of the request, but for create and start.
 */
#include <string.h>

#include "apr_strings.h"

#include "auth_token_int.h"

#define TOKEN_MAX (64 * 1024) /* bytes */

/* Making */

static auth_issuer_t *foreign(const auth_tokens_t *tokens, int i)
{
    return &APR_ARRAY_IDX(tokens->foreign, i, auth_issuer_t);
}

static apr_status_t read_role_path(auth_issuer_t *own, const char *text, app_error_t *err,
                                   apr_pool_t *p)
{
    auth_jsonpath_t *path;
    int old;

    if (auth_jsonpath_compile(&path, &old, text, "JwtRoleClaimKey", err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (old) {
        app_log(APP_LOG_WARNING, NULL, "APP2001",
                "JwtRoleClaimKey \"%s\" is in the older notation; write it as a JSONPath: $.role",
                text);
    }
    own->role_path = path;
    return APR_SUCCESS;
}

static apr_status_t read_own(auth_issuer_t *own, const auth_token_conf_t *conf, app_error_t *err,
                             apr_pool_t *p)
{
    auth_keys_t *keys;

    if (read_role_path(own, conf->role_path, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    own->name = conf->issuer;
    if (conf->algorithms && conf->algorithms->nelts) {
        own->algorithms = apr_array_copy(p, conf->algorithms);
        if (auth_algorithms_check(own->algorithms, "JwtAlgorithms", err) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    if (!conf->secret) {
        return APR_SUCCESS;
    }
    if (auth_keys_read(&keys, conf->secret, "JwtSecret", conf->secret_base64, err, p) !=
        APR_SUCCESS) {
        return APP_EFAIL;
    }
    own->keys = keys;
    return APR_SUCCESS;
}

apr_status_t auth_tokens_create(auth_tokens_t **ptokens, const auth_token_conf_t *conf,
                                app_error_t *err, apr_pool_t *p)
{
    auth_tokens_t *tokens = apr_pcalloc(p, sizeof(*tokens));
    const apr_array_header_t *words = conf->issuers ? conf->issuers
                                                    : apr_array_make(p, 1, sizeof(const char *));
    int i;

    if (read_own(&tokens->own, conf, err, p) != APR_SUCCESS ||
        auth_issuers_read(&tokens->foreign, words, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    tokens->jwks = conf->jwks;
    tokens->cache_entries = conf->cache_entries;
    for (i = 0; i < tokens->foreign->nelts; i++) {
        auth_issuer_t *issuer = foreign(tokens, i);

        issuer->remote = issuer->url ? auth_jwks_create(issuer->url, &tokens->jwks, p) : NULL;
    }
    *ptokens = tokens->own.keys || tokens->foreign->nelts ? tokens : NULL;
    return APR_SUCCESS;
}

int auth_tokens_need_timer(const auth_tokens_t *tokens)
{
    int i;

    for (i = 0; i < tokens->foreign->nelts; i++) {
        if (foreign(tokens, i)->remote) {
            return 1;
        }
    }
    return 0;
}

apr_status_t auth_tokens_start(auth_tokens_t *tokens, const char *state_dir, app_error_t *err,
                               apr_pool_t *p)
{
    int i;

    for (i = 0; i < tokens->foreign->nelts; i++) {
        auth_jwks_t *remote = foreign(tokens, i)->remote;

        if (remote && auth_jwks_start(remote, state_dir, err, p) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    return tokens->cache_entries
               ? auth_token_cache_create(&tokens->cache, tokens->cache_entries, err, p)
               : APR_SUCCESS;
}

void auth_tokens_tick(auth_tokens_t *tokens, apr_pool_t *scratch)
{
    int i;

    for (i = 0; i < tokens->foreign->nelts; i++) {
        if (foreign(tokens, i)->remote) {
            auth_jwks_tick(foreign(tokens, i)->remote, scratch);
        }
    }
}

void auth_tokens_stop(auth_tokens_t *tokens)
{
    int i;

    for (i = 0; i < tokens->foreign->nelts; i++) {
        if (foreign(tokens, i)->remote) {
            auth_jwks_stop(foreign(tokens, i)->remote);
        }
    }
}

/* Refusing */

apr_status_t auth_token_refuse(app_error_t *err, app_error_e e, const char *message)
{
    app_fail(err, e, "%s", message);
    err->challenge = apr_psprintf(err->pool,
                                  "Bearer error=\"invalid_token\", error_description=\"%s\"",
                                  message);
    return APP_EFAIL;
}

static apr_status_t refuse_key(app_error_t *err, const char *details)
{
    auth_token_refuse(err, APP_E_JWT, "No suitable key or wrong key type");
    return app_details(err, "%s", details);
}

static apr_status_t undecodable(app_error_t *err)
{
    return auth_token_refuse(err, APP_E_JWT, "JWT cryptographic operation failed");
}

/* Verifying */

/** Whether no bits are left over behind the last byte: then one token has one text alone. */
static int is_canonical(const char *part, apr_size_t len)
{
    static const char *const last[] = { NULL, "", "AQgw", "AEIMQUYcgkosw048" };

    return len % 4 == 0 || (len && part[len - 1] && strchr(last[len % 4], part[len - 1]));
}

static apr_status_t check_parts(const char *token, apr_size_t len, app_error_t *err)
{
    const char *part = token;
    int parts = 0, canonical = 1;

    if (!len) {
        return auth_token_refuse(err, APP_E_JWT, "Empty JWT is sent in Authorization header");
    }
    if (len > TOKEN_MAX) {
        return undecodable(err);
    }
    for (; part; parts++) {
        apr_size_t n = strcspn(part, ".");

        canonical = canonical && auth_is_base64url(part, n) && is_canonical(part, n);
        part = part[n] ? part + n + 1 : NULL;
    }
    if (parts != 3) {
        return auth_token_refuse(err, APP_E_JWT,
                                 apr_psprintf(err->pool, "Expected 3 parts in JWT; got %d", parts));
    }
    return canonical ? APR_SUCCESS : undecodable(err);
}

/** A text member of the header. @return 0 if it is there, but is no text or holds a NUL */
static int read_member(const char **ptext, const json_t *header, const char *name)
{
    const json_t *member = json_object_get(header, name);

    *ptext = json_string_value(member);
    return !member || (*ptext && strlen(*ptext) == json_string_length(member));
}

/** The first part of the token: how it is signed. */
static apr_status_t read_header(auth_jws_t *jws, app_error_t *err, apr_pool_t *p)
{
    app_error_t ignored = { .pool = p };
    json_t *header = NULL;
    apr_size_t len;
    const char *text = auth_base64url_decode(jws->text, strcspn(jws->text, "."), &len, p);

    if (!text || app_json_parse(text, len, &header, &ignored, p) != APR_SUCCESS ||
        !json_is_object(header) || !read_member(&jws->alg, header, "alg") || !jws->alg ||
        !read_member(&jws->kid, header, "kid") || json_object_get(header, "crit")) {
        return undecodable(err);
    }
    if (strcmp(jws->alg, "none") == 0) {
        auth_token_refuse(err, APP_E_JWT, "Wrong or unsupported encoding algorithm");
        return app_details(err, "JWT is unsecured but expected 'alg' was not 'none'");
    }
    return APR_SUCCESS;
}

static const char *payload_of(const char *token, apr_size_t *plen, apr_pool_t *p)
{
    const char *part = strchr(token, '.') + 1;

    return auth_base64url_decode(part, strcspn(part, "."), plen, p);
}

const auth_issuer_t *auth_token_find_issuer(const auth_tokens_t *tokens, const char *token,
                                            apr_pool_t *p)
{
    apr_size_t len;
    const char *payload = tokens->foreign->nelts ? payload_of(token, &len, p) : NULL;
    const json_t *claims = payload ? auth_claims_parse(payload, len, p) : NULL;
    const char *name = json_string_value(json_object_get(claims, "iss"));
    int i;

    for (i = 0; name && i < tokens->foreign->nelts; i++) {
        if (strcmp(foreign(tokens, i)->name, name) == 0) {
            return foreign(tokens, i);
        }
    }
    return &tokens->own;
}

static apr_status_t judge(auth_verdict_e verdict, app_error_t *err)
{
    switch (verdict) {
    case AUTH_JWS_GENUINE:
        return APR_SUCCESS;
    case AUTH_JWS_NO_KEY:
        return refuse_key(err, "No suitable key was found to decode the JWT");
    case AUTH_JWS_FORGED:
        return refuse_key(err, "None of the keys was able to decode the JWT");
    default:
        return undecodable(err);
    }
}

/** With the keys that the issuer publishes; newer ones if the token names one that is not known. */
static apr_status_t verify_remote(apr_uint32_t *pgeneration, auth_jwks_t *remote,
                                  const auth_jws_t *jws, app_error_t *err, apr_pool_t *p)
{
    const auth_jwks_set_t *set;
    auth_verdict_e verdict;

    if (auth_jwks_take(&set, remote, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    verdict = auth_keys_verify(set->keys, jws, p);
    if (verdict == AUTH_JWS_NO_KEY && jws->kid && auth_jwks_renew(&set, remote, p)) {
        verdict = auth_keys_verify(set->keys, jws, p);
    }
    *pgeneration = set->generation;
    auth_jwks_release(remote, set);
    return judge(verdict, err);
}

static apr_status_t verify(apr_uint32_t *pgeneration, const auth_issuer_t *issuer,
                           const char *token, app_error_t *err, apr_pool_t *p)
{
    auth_jws_t jws = { .text = token };

    if (read_header(&jws, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (!auth_algorithm_allowed(issuer->algorithms, jws.alg)) {
        return judge(AUTH_JWS_NO_KEY, err);
    }
    if (issuer->remote) {
        return verify_remote(pgeneration, issuer->remote, &jws, err, p);
    }
    return judge(issuer->keys ? auth_keys_verify(issuer->keys, &jws, p) : AUTH_JWS_NO_KEY, err);
}

static apr_status_t read_claims(auth_claims_t **pclaims, const auth_tokens_t *tokens,
                                const char *token, app_error_t *err, apr_pool_t *p)
{
    const auth_issuer_t *issuer = auth_token_find_issuer(tokens, token, p);
    apr_uint32_t generation = 0;
    const char *payload;
    apr_size_t len;

    if (verify(&generation, issuer, token, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    payload = payload_of(token, &len, p);
    if (!payload) {
        return undecodable(err);
    }
    if (auth_claims_read(pclaims, payload, len, issuer, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    (*pclaims)->generation = generation;
    return APR_SUCCESS;
}

/** Claims of a token that was seen before, if it would still be taken as genuine. */
static auth_claims_t *get_cached(const auth_tokens_t *tokens, const char *token, apr_size_t len,
                                 apr_pool_t *p)
{
    auth_claims_t *claims = tokens->cache ? auth_token_cache_get(tokens->cache, token, len) : NULL;

    if (claims && claims->by->remote &&
        !auth_jwks_is_current(claims->by->remote, claims->generation, p)) {
        auth_claims_release(claims);
        return NULL;
    }
    return claims;
}

static apr_status_t release(void *claims)
{
    auth_claims_release(claims);
    return APR_SUCCESS;
}

/** Claims of a token that is genuine and holds; they are released with p. */
static apr_status_t get_claims(auth_claims_t **pclaims, const auth_tokens_t *tokens,
                               const char *token, const char *audience, app_error_t *err,
                               apr_pool_t *p)
{
    apr_size_t len = strlen(token);
    auth_claims_t *claims = get_cached(tokens, token, len, p);
    int cached = claims != NULL;

    if (!cached && (check_parts(token, len, err) != APR_SUCCESS ||
                    read_claims(&claims, tokens, token, err, p) != APR_SUCCESS)) {
        return APP_EFAIL;
    }
    apr_pool_cleanup_register(p, claims, release, apr_pool_cleanup_null);
    if (auth_claims_check(claims, audience, claims->by == &tokens->own, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (tokens->cache && !cached) {
        auth_token_cache_put(tokens->cache, token, len, claims);
    }
    *pclaims = claims;
    return APR_SUCCESS;
}

apr_status_t auth_token_read(app_identity_t *identity, auth_token_session_t *session,
                             const auth_tokens_t *tokens, const char *token,
                             const char *audience, app_error_t *err, apr_pool_t *p)
{
    auth_claims_t *claims;

    if (get_claims(&claims, tokens, token, audience, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    memset(identity, 0, sizeof(*identity));
    identity->method = "jwt";
    identity->role = claims->role;
    identity->user = claims->user;
    identity->claims = claims->text;
    session->issuer = claims->issuer;
    session->id = claims->session;
    return APR_SUCCESS;
}

apr_status_t auth_token_identify(app_identity_t *identity, const auth_tokens_t *tokens,
                                 const char *token, const char *audience,
                                 app_error_t *err, apr_pool_t *p)
{
    auth_token_session_t session;

    return auth_token_read(identity, &session, tokens, token, audience, err, p);
}
