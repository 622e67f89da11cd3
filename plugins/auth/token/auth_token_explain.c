/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Explains a token to an administrator (auth_token_explain.h): shows each step of auth_token.c, and
 * those that a request would not come to. The verdict is that of auth_token_identify() itself.
 */
#include <string.h>

#include "apr_strings.h"
#include "apr_time.h"

#include "auth_key_int.h"
#include "auth_token_explain.h"
#include "auth_token_int.h"

#define TEXT_MAX (512 * 1024)

/** As JSON in ASCII: what others have written must not reach the terminal as it is. */
static const char *shown(const json_t *json, apr_pool_t *p)
{
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII |
                                      JSON_REAL_PRECISION(17));
    const char *copy = apr_pstrdup(p, text ? text : "");

    free(text);
    return copy;
}

static const char *shown_text(const char *text, apr_pool_t *p)
{
    return shown(app_json_own(p, json_string(text)), p);
}

/** EC P-256, kid "1" */
static const char *name_of(const auth_key_t *key, apr_pool_t *p)
{
    return apr_psprintf(p, "%s%s%s%s%s, %s%s", key->type, key->curve ? " " : "",
                        key->curve ? key->curve : "", key->alg ? " " : "", key->alg ? key->alg : "",
                        key->kid ? "kid " : "no kid", key->kid ? shown_text(key->kid, p) : "");
}

/** Why a key is not tried, or what came of it. */
static const char *verdict_of(auth_key_t *key, const auth_jws_t *jws, apr_pool_t *p)
{
    auth_keys_t alone = { .list = key, .n = 1 };
    auth_jws_t nameless = { .text = jws->text, .alg = jws->alg };

    switch (auth_keys_verify(&alone, jws, p)) {
    case AUTH_JWS_GENUINE:
        return "has signed it";
    case AUTH_JWS_FORGED:
        return "has not signed it";
    case AUTH_JWS_BROKEN:
        return "the signature cannot be decoded";
    default:
        break;
    }
    switch (auth_keys_verify(&alone, &nameless, p)) {
    case AUTH_JWS_NO_KEY:
        return "is for another algorithm";
    case AUTH_JWS_GENUINE:
        return "has signed it, but the token names another kid";
    default:
        return "the token names another kid";
    }
}

static void explain_keys(app_buf_t *buf, const auth_keys_t *keys, const auth_jws_t *jws)
{
    int i;

    for (i = 0; i < keys->n; i++) {
        app_buf_addf(buf, "key      %s: %s\n", name_of(&keys->list[i], buf->pool),
                     verdict_of(&keys->list[i], jws, buf->pool));
    }
}

static void explain_remote(app_buf_t *buf, auth_jwks_t *remote, const auth_jws_t *jws)
{
    app_error_t err = { .pool = buf->pool };
    const auth_jwks_set_t *set;

    if (auth_jwks_take(&set, remote, &err, buf->pool) != APR_SUCCESS) {
        app_buf_addf(buf, "keys     %s\n", err.message);
        return;
    }
    explain_keys(buf, set->keys, jws);
    auth_jwks_release(remote, set);
}

static void explain_time(app_buf_t *buf, const json_t *claims, const char *name)
{
    const json_t *claim = json_object_get(claims, name);
    apr_int64_t seconds = json_integer_value(claim), off = seconds - apr_time_sec(apr_time_now());
    char text[APR_RFC822_DATE_LEN];

    if (json_is_integer(claim) && seconds > 0 && seconds < APR_INT64_C(253402300800) &&
        apr_rfc822_date(text, apr_time_from_sec(seconds)) == APR_SUCCESS) {
        app_buf_addf(buf, "%-8s %s, %s%" APR_INT64_T_FMT " s%s\n", name, text, off < 0 ? "" : "in ",
                     off < 0 ? -off : off, off < 0 ? " ago" : "");
    }
}

/** A part of the token as text; control characters of it do not reach the terminal. */
static json_t *explain_part(app_buf_t *buf, const char *name, const char *part)
{
    apr_size_t len = 0;
    const char *text = auth_base64url_decode(part, strcspn(part, "."), &len, buf->pool);
    json_t *json = text ? auth_claims_parse(text, len, buf->pool) : NULL;

    app_buf_addf(buf, "%-8s ", name);
    if (json) {
        app_buf_adds(buf, shown(json, buf->pool));
    }
    else if (text) {
        app_buf_adds(buf, "no object of JSON, or one that would not be accepted");
    }
    else {
        app_buf_adds(buf, "not base64url");
    }
    app_buf_addc(buf, '\n');
    return json;
}

static void explain_parts(app_buf_t *buf, const auth_tokens_t *tokens, const char *token)
{
    const json_t *header = explain_part(buf, "header", token);
    const json_t *claims = explain_part(buf, "claims", strchr(token, '.') + 1);
    const auth_issuer_t *issuer = auth_token_find_issuer(tokens, token, buf->pool);
    auth_jws_t jws = { .text = token,
                       .alg = json_string_value(json_object_get(header, "alg")),
                       .kid = json_string_value(json_object_get(header, "kid")) };

    explain_time(buf, claims, "exp");
    explain_time(buf, claims, "nbf");
    explain_time(buf, claims, "iat");
    app_buf_addf(buf, "issuer   %s\n", issuer == &tokens->own ? "ours: JwtSecret" : issuer->name);
    if (!jws.alg) {
        return;
    }
    if (!auth_algorithm_allowed(issuer->algorithms, jws.alg)) {
        app_buf_addf(buf, "keys     %s may not sign for this issuer\n",
                     shown_text(jws.alg, buf->pool));
    }
    if (issuer->remote) {
        explain_remote(buf, issuer->remote, &jws);
    }
    else if (issuer->keys) {
        explain_keys(buf, issuer->keys, &jws);
    }
}

const char *auth_token_explain(int *pgood, const auth_tokens_t *tokens, const char *token,
                               const char *audience, apr_pool_t *p)
{
    app_error_t err = { .pool = p };
    app_identity_t who;
    app_buf_t buf;
    const char *dot = strchr(token, '.');

    app_buf_init(&buf, p, TEXT_MAX);
    if (dot && strchr(dot + 1, '.') && strchr(dot + 1, '.') == strrchr(token, '.')) {
        explain_parts(&buf, tokens, token);
    }
    *pgood = auth_token_identify(&who, tokens, token, audience, &err, p) == APR_SUCCESS;
    if (*pgood) {
        app_buf_addf(&buf, "result   good: role %s, user %s\n",
                     who.role ? shown_text(who.role, p) : "(the anonymous one)",
                     who.user ? shown_text(who.user, p) : "(none)");
    }
    else {
        app_buf_addf(&buf, "result   refused: %s%s%s\n", err.message, err.details ? ": " : "",
                     err.details ? err.details : "");
    }
    return buf.data;
}

/* Lists */

static void list(app_buf_t *buf, const char *whose, const auth_keys_t *keys)
{
    const auth_key_t *signer = auth_keys_signer(keys);
    int i;

    for (i = 0; i < keys->n; i++) {
        app_buf_addf(buf, "%s  %-8s  %s\n", whose,
                     &keys->list[i] == signer ? "signs" : "verifies",
                     name_of(&keys->list[i], buf->pool));
    }
}

const char *auth_tokens_list_keys(const auth_tokens_t *tokens, apr_pool_t *p)
{
    app_error_t err = { .pool = p };
    app_buf_t buf;
    int i;

    app_buf_init(&buf, p, TEXT_MAX);
    app_buf_adds(&buf, "");
    if (tokens->own.keys) {
        list(&buf, "JwtSecret", tokens->own.keys);
    }
    for (i = 0; i < tokens->foreign->nelts; i++) {
        const auth_issuer_t *issuer = &APR_ARRAY_IDX(tokens->foreign, i, auth_issuer_t);
        const auth_jwks_set_t *set;

        if (!issuer->remote) {
            list(&buf, issuer->name, issuer->keys);
        }
        else if (auth_jwks_take(&set, issuer->remote, &err, p) == APR_SUCCESS) {
            list(&buf, issuer->name, set->keys);
            auth_jwks_release(issuer->remote, set);
        }
        else {
            app_buf_addf(&buf, "%s  %s\n", issuer->name, err.message);
        }
    }
    return buf.data;
}
