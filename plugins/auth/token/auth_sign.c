/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Makes signatures (auth_sign.h, auth_key.h): libcjose for HMAC, RSA and ECDSA, OpenSSL for EdDSA.
 * Any thread; nothing of a key changes.
 */
#include <string.h>

#include <openssl/err.h>

#include "apr_strings.h"

#include "auth_key_int.h"
#include "auth_sign.h"
#include "auth_token_int.h"

#define SIGNATURE_MAX 128 /* bytes; Ed448 has 114 */
#define HEADER_MAX    4096

static int set(cjose_header_t *header, const char *name, const char *value)
{
    cjose_err why;

    return !value || cjose_header_set(header, name, value, &why);
}

static const char *sign_jose(const auth_key_t *key, const char *payload, apr_size_t len,
                             apr_pool_t *p)
{
    cjose_err why;
    cjose_header_t *header = cjose_header_new(&why);
    cjose_jws_t *jws = NULL;
    const char *text, *token = NULL;

    if (header && set(header, CJOSE_HDR_ALG, auth_key_algorithm(key)->name) &&
        set(header, CJOSE_HDR_KID, key->kid) && set(header, "typ", "JWT")) {
        jws = cjose_jws_sign(key->jwk, header, (const uint8_t *)payload, len, &why);
    }
    if (jws && cjose_jws_export(jws, &text, &why)) {
        token = apr_pstrdup(p, text);
    }
    cjose_jws_release(jws);
    cjose_header_release(header);
    return token;
}

static const char *header_of(const auth_key_t *key, apr_pool_t *p)
{
    app_buf_t buf;

    app_buf_init(&buf, p, HEADER_MAX);
    app_buf_addf(&buf, "{\"alg\":\"%s\",\"kid\":", auth_key_algorithm(key)->name);
    app_buf_add_json(&buf, key->kid, strlen(key->kid));
    app_buf_adds(&buf, ",\"typ\":\"JWT\"}");
    return app_buf_full(&buf) ? NULL : auth_base64url_encode(buf.data, buf.len, p);
}

static const char *sign_eddsa(const auth_key_t *key, const char *payload, apr_size_t len,
                              apr_pool_t *p)
{
    unsigned char signature[SIGNATURE_MAX];
    size_t size = sizeof(signature);
    const char *header = header_of(key, p), *body = auth_base64url_encode(payload, len, p), *text;
    EVP_MD_CTX *ctx;
    int done;

    if (!header || !body || !(ctx = EVP_MD_CTX_new())) {
        return NULL;
    }
    text = apr_pstrcat(p, header, ".", body, NULL);
    done = EVP_DigestSignInit(ctx, NULL, NULL, NULL, key->eddsa) == 1 &&
           EVP_DigestSign(ctx, signature, &size, (const unsigned char *)text, strlen(text)) == 1;
    EVP_MD_CTX_free(ctx);
    return done ? apr_pstrcat(p, text, ".", auth_base64url_encode(signature, size, p), NULL) : NULL;
}

const char *auth_key_sign(const auth_key_t *key, const char *payload, apr_size_t len,
                          apr_pool_t *p)
{
    const char *token = (key->eddsa ? sign_eddsa : sign_jose)(key, payload, len, p);

    ERR_clear_error(); /* or the next user of OpenSSL in this thread takes them for his own */
    return token;
}

const auth_key_t *auth_keys_signer(const auth_keys_t *keys)
{
    int i;

    for (i = 0; i < keys->n; i++) {
        if (keys->list[i].can_sign) {
            return &keys->list[i];
        }
    }
    return NULL;
}

int auth_keys_can_sign(const auth_keys_t *keys)
{
    return auth_keys_signer(keys) != NULL;
}

void auth_keys_list_algorithms(json_t *names, const auth_keys_t *keys)
{
    int i;
    size_t j, n;

    for (i = 0; i < keys->n; i++) {
        const char *name = auth_key_algorithm(&keys->list[i])->name;

        n = json_array_size(names);
        for (j = 0; j < n && strcmp(json_string_value(json_array_get(names, j)), name) != 0; j++) {
        }
        if (j == n && keys->list[i].can_sign) {
            json_array_append_new(names, json_string(name));
        }
    }
}

apr_status_t auth_keys_sign(const char **ptoken, const auth_keys_t *keys, const char *payload,
                            apr_size_t len, app_error_t *err, apr_pool_t *p)
{
    const auth_key_t *key = auth_keys_signer(keys);
    const char *token;

    if (!key) {
        return APR_ENOTIMPL;
    }
    token = auth_key_sign(key, payload, len, p);
    if (!token) {
        app_fail(err, APP_E_INTERNAL, NULL);
        return app_log_only(err, "a token could not be signed with %s",
                            auth_key_algorithm(key)->name);
    }
    *ptoken = token;
    return APR_SUCCESS;
}

/* For the plugin */

apr_status_t auth_sign_check(const auth_tokens_t *tokens, const char *what, app_error_t *err)
{
    if (tokens && tokens->own.keys && auth_keys_can_sign(tokens->own.keys)) {
        return APR_SUCCESS;
    }
    app_fail(err, APP_E_SETTING, "%s needs a key that tokens can be signed with, and JwtSecret %s",
             what, tokens && tokens->own.keys ? "holds public keys alone" : "is not set");
    return app_hint(err, "JwtSecret takes a text of at least 32 bytes, or a JWK or JWK set with a "
                         "private key.");
}

/** Who signs says so: without it a token would not be good here. */
static const json_t *with_issuer(const json_t *claims, const auth_tokens_t *tokens, apr_pool_t *p)
{
    json_t *more;

    if (!tokens || !tokens->own.name || json_object_get(claims, "iss")) {
        return claims;
    }
    more = app_json_own(p, json_copy((json_t *)claims));
    json_object_set_new(more, "iss", json_string(tokens->own.name));
    return more;
}

apr_status_t auth_sign(const char **ptoken, const auth_tokens_t *tokens, const json_t *claims,
                       app_error_t *err, apr_pool_t *p)
{
    const char *payload = auth_json_text(with_issuer(claims, tokens, p), p);
    apr_status_t status = APR_ENOTIMPL;

    if (!payload) {
        return app_fail(err, APP_E_INTERNAL, NULL);
    }
    if (tokens && tokens->own.keys) {
        status = auth_keys_sign(ptoken, tokens->own.keys, payload, strlen(payload), err, p);
    }
    return status == APR_ENOTIMPL
               ? app_fail(err, APP_E_JWT_SECRET, "Server lacks a key to sign tokens with")
               : status;
}
