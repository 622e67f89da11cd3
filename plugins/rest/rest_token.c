/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Who is asking: the Bearer token of a request, a JWS signed with HS256 and the site's secret. A
 * filter at APP_PLACE_IDENTITY; a request without a token passes as anonymous. Thread of the
 * request.
 */
#include <string.h>

#include <cjose/cjose.h>

#include "apr_lib.h"
#include "apr_strings.h"

#include "rest_int.h"

#define SECRET_MIN 32 /* bytes: as many as the hash has (RFC 7518 3.2) */
#define SKEW       30 /* seconds that clocks may differ */

static apr_status_t release_key(void *jwk)
{
    cjose_jwk_release(jwk);
    return APR_SUCCESS;
}

apr_status_t rest_token_configure(rest_t *rest, const rest_conf_t *conf, app_error_t *err)
{
    apr_pool_t *p = app_instance_pool(rest->self);
    cjose_jwk_t *jwk;
    cjose_err why;

    if (conf->jwt_role_claim_key && strcmp(conf->jwt_role_claim_key, "$.role") != 0) {
        app_fail(err, APP_E_SETTING, "JwtRoleClaimKey \"%s\" is not available",
                 conf->jwt_role_claim_key);
        return app_hint(err, "Only $.role is: leave the setting out.");
    }
    if (!conf->jwt_secret) {
        return APR_SUCCESS;
    }
    if (strlen(conf->jwt_secret) < SECRET_MIN) {
        app_fail(err, APP_E_SETTING, "JwtSecret is shorter than %d bytes", SECRET_MIN);
        return app_hint(err, "Make one with: openssl rand -base64 32");
    }
    jwk = cjose_jwk_create_oct_spec((const uint8_t *)conf->jwt_secret, strlen(conf->jwt_secret),
                                    &why);
    if (!jwk) {
        return app_fail(err, APP_E_SETTING, "JwtSecret cannot be used as a key");
    }
    apr_pool_cleanup_register(p, jwk, release_key, apr_pool_cleanup_null);
    rest->jwk = jwk;
    return APR_SUCCESS;
}

static apr_status_t refuse(app_error_t *err, app_error_e e, const char *message)
{
    app_fail(err, e, "%s", message);
    err->challenge = apr_psprintf(err->pool,
                                  "Bearer error=\"invalid_token\", error_description=\"%s\"",
                                  message);
    return APP_EFAIL;
}

static apr_status_t refuse_key(app_error_t *err, const char *details)
{
    refuse(err, APP_E_JWT, "No suitable key or wrong key type");
    return app_details(err, "%s", details);
}

static apr_status_t undecodable(app_error_t *err)
{
    return refuse(err, APP_E_JWT, "JWT cryptographic operation failed");
}

static apr_status_t check_parts(const char *token, app_error_t *err)
{
    int parts = 1;

    if (!*token) {
        return refuse(err, APP_E_JWT, "Empty JWT is sent in Authorization header");
    }
    for (; *token; token++) {
        parts += *token == '.';
    }
    return parts == 3 ? APR_SUCCESS
                      : refuse(err, APP_E_JWT,
                               apr_psprintf(err->pool, "Expected 3 parts in JWT; got %d", parts));
}

/** The first part of the token, which says how it is signed. */
static json_t *read_header(const char *token, app_error_t *err, apr_pool_t *p)
{
    apr_size_t len = strcspn(token, ".");
    app_error_t ignored = { .pool = p };
    json_t *header = NULL;
    uint8_t *text = NULL;
    size_t text_len;
    cjose_err why;

    if (len && cjose_base64url_decode(token, len, &text, &text_len, &why)) {
        app_json_parse((const char *)text, text_len, &header, &ignored, p);
        cjose_get_dealloc()(text);
    }
    if (!json_is_object(header)) {
        undecodable(err);
        return NULL;
    }
    return header;
}

/** Only what the secret is for: a token does not choose its algorithm. */
static apr_status_t check_header(const char *token, app_error_t *err, apr_pool_t *p)
{
    json_t *header = read_header(token, err, p);
    const char *alg;

    if (!header) {
        return APP_EFAIL;
    }
    alg = json_string_value(json_object_get(header, "alg"));
    if (!alg || json_object_get(header, "crit")) {
        return undecodable(err);
    }
    if (strcmp(alg, "none") == 0) {
        refuse(err, APP_E_JWT, "Wrong or unsupported encoding algorithm");
        return app_details(err, "JWT is unsecured but expected 'alg' was not 'none'");
    }
    if (strcmp(alg, "HS256") != 0 || json_object_get(header, "kid")) {
        return refuse_key(err, "No suitable key was found to decode the JWT");
    }
    return APR_SUCCESS;
}

/** Verifies the signature, then reads the claims. */
static apr_status_t read_claims(json_t **pclaims, const void *jwk, const char *token,
                                app_error_t *err, apr_pool_t *p)
{
    app_error_t ignored = { .pool = p };
    json_t *claims = NULL;
    uint8_t *text;
    size_t len;
    cjose_err why;
    cjose_jws_t *jws = cjose_jws_import(token, strlen(token), &why);

    if (!jws) {
        return undecodable(err);
    }
    if (!cjose_jws_verify(jws, jwk, &why) ||
        !cjose_jws_get_plaintext(jws, &text, &len, &why)) {
        cjose_jws_release(jws);
        return refuse_key(err, "None of the keys was able to decode the JWT");
    }
    /* Roles, users and audiences are C strings from here on: a NUL would cut them short. */
    if (!memmem(text, len, "\\u0000", 6)) {
        app_json_parse((const char *)text, len, &claims, &ignored, p);
    }
    cjose_jws_release(jws);
    if (!json_is_object(claims)) {
        return refuse(err, APP_E_JWT_CLAIMS, "Parsing claims failed");
    }
    *pclaims = claims;
    return APR_SUCCESS;
}

/** A claim that is a time. @return whether it is there; a number that is no integer counts as 0 */
static int read_time(const json_t *claims, const char *name, json_int_t *ptime,
                     apr_status_t *pstatus, app_error_t *err)
{
    const json_t *claim = json_object_get(claims, name);

    if (!claim || json_is_null(claim)) {
        return 0;
    }
    if (!json_is_number(claim)) {
        *pstatus = refuse(err, APP_E_JWT_CLAIMS,
                          apr_psprintf(err->pool, "The JWT '%s' claim must be a number", name));
        return 0;
    }
    *ptime = json_integer_value(claim);
    return 1;
}

static apr_status_t check_times(const json_t *claims, app_error_t *err)
{
    json_int_t now = apr_time_sec(apr_time_now()), time;
    apr_status_t status = APR_SUCCESS;

    if (read_time(claims, "exp", &time, &status, err) && now - SKEW > time) {
        return refuse(err, APP_E_JWT_CLAIMS, "JWT expired");
    }
    if (status == APR_SUCCESS && read_time(claims, "nbf", &time, &status, err) &&
        now + SKEW < time) {
        return refuse(err, APP_E_JWT_CLAIMS, "JWT not yet valid");
    }
    if (status == APR_SUCCESS && read_time(claims, "iat", &time, &status, err) &&
        now + SKEW < time) {
        return refuse(err, APP_E_JWT_CLAIMS, "JWT issued at future");
    }
    return status;
}

static apr_status_t check_audience(const json_t *claims, const char *wanted, app_error_t *err)
{
    const json_t *aud = json_object_get(claims, "aud");
    int found = !wanted || !aud || json_is_null(aud);
    const json_t *one;
    size_t i;

    if (aud && !json_is_null(aud) && !json_is_string(aud) && !json_is_array(aud)) {
        return refuse(err, APP_E_JWT_CLAIMS,
                      "The JWT 'aud' claim must be a string or an array of strings");
    }
    if (json_is_string(aud)) {
        found |= wanted && strcmp(json_string_value(aud), wanted) == 0;
    }
    found |= json_is_array(aud) && json_array_size(aud) == 0;
    json_array_foreach(aud, i, one) {
        if (!json_is_string(one)) {
            return refuse(err, APP_E_JWT_CLAIMS,
                          "The JWT 'aud' claim must be a string or an array of strings");
        }
        found |= wanted && strcmp(json_string_value(one), wanted) == 0;
    }
    return found ? APR_SUCCESS : refuse(err, APP_E_JWT_CLAIMS, "JWT not in audience");
}

static const char *dump(const json_t *json, size_t flags, apr_pool_t *p)
{
    char *text = json_dumps(json, flags | JSON_COMPACT | JSON_ENCODE_ANY);
    const char *copy = text ? apr_pstrdup(p, text) : NULL;

    free(text);
    return copy;
}

/** The role that the claims name; one that is no string is taken as its JSON text. */
static const char *role_of(const json_t *claims, apr_pool_t *p)
{
    const json_t *role = json_object_get(claims, "role");

    if (!role || json_is_string(role)) {
        return apr_pstrdup(p, json_string_value(role));
    }
    return dump(role, 0, p);
}

static void read_identity(app_identity_t *identity, json_t *claims, const rest_conf_t *conf,
                          apr_pool_t *p)
{
    const json_t *sub = json_object_get(claims, "sub");
    const char *in_force;

    memset(identity, 0, sizeof(*identity));
    identity->method = "jwt";
    identity->role = role_of(claims, p);
    identity->user = json_is_string(sub) ? apr_pstrdup(p, json_string_value(sub)) : NULL;
    in_force = identity->role ? identity->role : conf->anon_role;
    if (in_force) {
        json_object_set_new(claims, "role", json_string(in_force));
    }
    identity->claims = dump(claims, JSON_REAL_PRECISION(17), p);
}

apr_status_t rest_token_identify(app_identity_t *identity, const char *token, const void *jwk,
                                 const rest_conf_t *conf, app_error_t *err, apr_pool_t *p)
{
    json_t *claims = NULL;

    if (check_parts(token, err) != APR_SUCCESS || check_header(token, err, p) != APR_SUCCESS ||
        read_claims(&claims, jwk, token, err, p) != APR_SUCCESS ||
        check_times(claims, err) != APR_SUCCESS ||
        check_audience(claims, conf->jwt_aud, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    read_identity(identity, claims, conf, p);
    return APR_SUCCESS;
}

/** What follows "Bearer"; NULL: there is no token. */
static const char *token_of(app_request_t *r)
{
    const char *header = app_request_header(r, "Authorization");

    if (!header || strncasecmp(header, "Bearer", 6) != 0 || (header[6] && header[6] != ' ')) {
        return NULL;
    }
    header += 6;
    return header + strspn(header, " ");
}

apr_status_t rest_token_filter(app_instance_t *self, app_request_t *r, app_response_t *res,
                               app_error_t *err)
{
    const rest_t *rest = app_instance_context(self);
    const rest_conf_t *conf = app_request_settings(r, self);
    const char *token = token_of(r);
    app_identity_t identity;

    (void)res;
    if (!token || app_request_identity(r)->method) {
        return APP_NEXT;
    }
    if (!rest->jwk) {
        return app_fail(err, APP_E_JWT_SECRET, NULL);
    }
    if (rest_token_identify(&identity, token, rest->jwk, conf, err, app_request_pool(r)) !=
        APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_request_identify(r, &identity);
    return APP_NEXT;
}
