/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What a genuine token says: read once, when it is first seen; whether it holds is asked on every
 * request. Thread of the request.
 */
#include <math.h>
#include <string.h>

#include "apr_atomic.h"
#include "apr_strings.h"
#include "apr_time.h"

#include "auth_token_int.h"

#define SKEW      30        /* seconds that clocks may differ */
#define TEXT_MAX  (1 << 20) /* bytes of claims */
#define DEPTH_MAX 64        /* of their nesting */

/* Reading */

/** Whether brackets outside strings are nested deeper than a reader's stack should follow. */
static int is_too_deep(const char *text, apr_size_t len)
{
    int depth = 0, in_string = 0;
    apr_size_t i;

    for (i = 0; i < len && depth <= DEPTH_MAX; i++) {
        if (text[i] == '"') {
            in_string = !in_string;
        }
        else if (in_string) {
            i += text[i] == '\\';
        }
        else {
            depth += (text[i] == '[' || text[i] == '{') - (text[i] == ']' || text[i] == '}');
        }
    }
    return depth > DEPTH_MAX;
}

json_t *auth_claims_parse(const char *payload, apr_size_t len, apr_pool_t *p)
{
    /* Roles, users and audiences are C strings from here on: NULs, which would cut them short, are
     * refused since JSON_ALLOW_NUL is not asked for. */
    size_t flags = JSON_REJECT_DUPLICATES;
    json_error_t why;
    json_t *json;

    if (is_too_deep(payload, len)) {
        return NULL;
    }
    json = json_loadb(payload, len, flags, &why);
    /* Numbers that are too large for an integer are no reason to refuse. */
    if (!json && json_error_code(&why) == json_error_numeric_overflow) {
        json = json_loadb(payload, len, flags | JSON_DECODE_INT_AS_REAL, &why);
    }
    return json_is_object(json) ? app_json_own(p, json) : (json_decref(json), NULL);
}

static auth_claim_time_t read_time(const json_t *claims, const char *name)
{
    const json_t *claim = json_object_get(claims, name);
    auth_claim_time_t time = { .kind = AUTH_CLAIM_NUMBER };
    double real = json_real_value(claim);

    if (!claim || json_is_null(claim)) {
        time.kind = AUTH_CLAIM_ABSENT;
    }
    else if (!json_is_number(claim)) {
        time.kind = AUTH_CLAIM_WRONG;
    }
    else if (json_is_integer(claim)) {
        time.seconds = json_integer_value(claim);
    }
    else if (real == floor(real) && fabs(real) < 0x1p63) {
        time.seconds = (apr_int64_t)real;
    }
    return time;
}

/** @return how many texts are in *ptexts, or AUTH_AUDIENCE_WRONG */
static int read_audiences(const char ***ptexts, const json_t *claims, apr_pool_t *p)
{
    json_t *claim = json_object_get(claims, "aud");
    const json_t *one;
    const char **texts;
    size_t i;

    if (!claim || json_is_null(claim)) {
        return 0;
    }
    texts = apr_palloc(p, (json_array_size(claim) + 1) * sizeof(*texts));
    *ptexts = texts;
    if (json_is_string(claim)) {
        texts[0] = json_string_value(claim);
        return 1;
    }
    if (!json_is_array(claim)) {
        return AUTH_AUDIENCE_WRONG;
    }
    json_array_foreach(claim, i, one) {
        texts[i] = json_string_value(one);
        if (!texts[i]) {
            return AUTH_AUDIENCE_WRONG;
        }
    }
    return (int)json_array_size(claim);
}

/** The role that the claims name; one that is no string is taken as its JSON text. */
static const char *read_role(const json_t *claims, const auth_issuer_t *by, apr_pool_t *p)
{
    const json_t *role = by->role_path ? auth_jsonpath_first(by->role_path, claims) : NULL;

    if (!role) {
        return by->default_role;
    }
    return json_is_string(role) ? json_string_value(role) : auth_json_text(role, p);
}

/** Claims without a role, with one. */
static const char *with_role(const char *text, const char *role, apr_pool_t *p)
{
    app_buf_t buf;
    apr_size_t len = strlen(text) - 1; /* without "}" */

    app_buf_init(&buf, p, TEXT_MAX);
    app_buf_add(&buf, text, len);
    app_buf_adds(&buf, len > 1 ? ",\"role\":" : "\"role\":");
    app_buf_add_json(&buf, role, strlen(role));
    app_buf_addc(&buf, '}');
    return buf.data;
}

/**
 * The claims as they are passed on: as the token has them, to the digit, unless its "role" is not
 * the role in force.
 */
static const char *write_claims(json_t *claims, const char *payload, apr_size_t len,
                                const char *role, apr_pool_t *p)
{
    const json_t *named = json_object_get(claims, "role");
    const char *text;

    if (role && json_is_string(named) && strcmp(json_string_value(named), role) == 0) {
        return apr_pstrmemdup(p, payload, len);
    }
    if (!named && json_object_size(claims)) {
        while (payload[len - 1] != '}') { /* blanks */
            len--;
        }
        text = apr_pstrmemdup(p, payload, len);
    }
    else {
        json_object_del(claims, "role");
        text = auth_json_text(claims, p);
    }
    return role ? with_role(text, role, p) : text;
}

/* Keeping */

static apr_size_t bytes(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

static const char *keep(char **pat, const char *text)
{
    char *at = *pat;

    *pat += bytes(text);
    return text ? memcpy(at, text, bytes(text)) : NULL;
}

/** A copy of the claims, whose texts are scattered, in one block. */
static auth_claims_t *pack(const auth_claims_t *from)
{
    apr_size_t list = sizeof(*from->audiences) * (apr_size_t)(from->naudiences > 0
                                                                  ? from->naudiences : 0);
    apr_size_t size = sizeof(*from) + list + bytes(from->role) + bytes(from->user) +
                      bytes(from->issuer) + bytes(from->session) + bytes(from->text);
    auth_claims_t *claims;
    char *at;
    int i;

    for (i = 0; i < from->naudiences; i++) {
        size += bytes(from->audiences[i]);
    }
    claims = malloc(size);
    if (!claims) {
        return NULL;
    }
    *claims = *from;
    claims->uses = 1;
    claims->size = size;
    claims->audiences = (const char **)(claims + 1);
    at = (char *)claims->audiences + list;
    for (i = 0; i < from->naudiences; i++) {
        claims->audiences[i] = keep(&at, from->audiences[i]);
    }
    claims->issuer = keep(&at, from->issuer);
    claims->role = keep(&at, from->role);
    claims->user = keep(&at, from->user);
    claims->session = keep(&at, from->session);
    claims->text = keep(&at, from->text);
    return claims;
}

void auth_claims_hold(auth_claims_t *claims)
{
    apr_atomic_inc32(&claims->uses);
}

void auth_claims_release(auth_claims_t *claims)
{
    if (!apr_atomic_dec32(&claims->uses)) {
        free(claims);
    }
}

apr_status_t auth_claims_read(auth_claims_t **pclaims, const char *payload, apr_size_t len,
                              const auth_issuer_t *by, app_error_t *err, apr_pool_t *p)
{
    json_t *json = auth_claims_parse(payload, len, p);
    auth_claims_t claims = { .by = by };

    if (!json) {
        return auth_token_refuse(err, APP_E_JWT_CLAIMS, "Parsing claims failed");
    }
    claims.exp = read_time(json, "exp");
    claims.nbf = read_time(json, "nbf");
    claims.iat = read_time(json, "iat");
    claims.naudiences = read_audiences(&claims.audiences, json, p);
    claims.issuer = json_string_value(json_object_get(json, "iss"));
    claims.role = apr_pstrdup(p, read_role(json, by, p));
    claims.user = json_string_value(json_object_get(json, "sub"));
    claims.session = json_string_value(json_object_get(json, "session_id"));
    claims.text = write_claims(json, payload, len, claims.role, p);
    *pclaims = pack(&claims);
    return *pclaims ? APR_SUCCESS : app_fail(err, APP_E_INTERNAL, NULL);
}

/* Checking */

static apr_status_t refuse(app_error_t *err, const char *message)
{
    return auth_token_refuse(err, APP_E_JWT_CLAIMS, message);
}

/** @param late whether the time is one that must not have passed, else one that must have */
static apr_status_t check_time(const auth_claim_time_t *time, const char *name, int late,
                               const char *message, app_error_t *err)
{
    apr_int64_t now = apr_time_sec(apr_time_now());

    if (time->kind == AUTH_CLAIM_WRONG) {
        return refuse(err, apr_psprintf(err->pool, "The JWT '%s' claim must be a number", name));
    }
    if (time->kind == AUTH_CLAIM_NUMBER &&
        (late ? now - SKEW > time->seconds : now + SKEW < time->seconds)) {
        return refuse(err, message);
    }
    return APR_SUCCESS;
}

static int is_for(const auth_claims_t *claims, const char *audience)
{
    int i;

    for (i = 0; i < claims->naudiences; i++) {
        if (strcmp(claims->audiences[i], audience) == 0) {
            return 1;
        }
    }
    return 0;
}

static int is_for_one_of(const auth_claims_t *claims, const apr_array_header_t *audiences)
{
    int i;

    for (i = 0; i < audiences->nelts; i++) {
        if (is_for(claims, APR_ARRAY_IDX(audiences, i, const char *))) {
            return 1;
        }
    }
    return 0;
}

/** Ours may name no audience; those of a foreign issuer must, or they could be for anybody. */
static apr_status_t check_audience(const auth_claims_t *claims, const char *audience, int ours,
                                   app_error_t *err)
{
    int good;

    if (claims->naudiences == AUTH_AUDIENCE_WRONG) {
        return refuse(err, "The JWT 'aud' claim must be a string or an array of strings");
    }
    if (ours) {
        good = !audience || !claims->naudiences || is_for(claims, audience);
    }
    else {
        good = !claims->by->audiences || is_for_one_of(claims, claims->by->audiences);
    }
    return good ? APR_SUCCESS : refuse(err, "JWT not in audience");
}

apr_status_t auth_claims_check(const auth_claims_t *claims, const char *audience, int ours,
                               app_error_t *err)
{
    const char *issuer = claims->by->name;

    if (check_time(&claims->exp, "exp", 1, "JWT expired", err) != APR_SUCCESS ||
        check_time(&claims->nbf, "nbf", 0, "JWT not yet valid", err) != APR_SUCCESS ||
        check_time(&claims->iat, "iat", 0, "JWT issued at future", err) != APR_SUCCESS ||
        check_audience(claims, audience, ours, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return issuer && (!claims->issuer || strcmp(claims->issuer, issuer) != 0)
               ? refuse(err, "JWT not from this issuer") : APR_SUCCESS;
}
