/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Whether one of the keys has made a token's signature. JWS are libcjose's, but for EdDSA, which
 * it does not know and OpenSSL does. Thread of the request; nothing of a key changes.
 */
#include <string.h>

#include <openssl/err.h>

#include "auth_key_int.h"

/** A JWS and its signature, decoded. */
typedef struct signed_t {
    const auth_jws_t *jws;
    const char       *dot; /* between what is signed and the signature */
    const char       *signature; /* NULL: one of the parts is no base64url */
    apr_size_t        len;
} signed_t;

/** The algorithm of the token, if the key suits; else NULL. */
static const auth_algorithm_t *find_algorithm(const auth_key_t *key, const auth_jws_t *jws)
{
    const auth_algorithm_t *algorithm = auth_algorithms;

    if (jws->kid && (!key->kid || strcmp(key->kid, jws->kid) != 0)) {
        return NULL;
    }
    for (; algorithm->name; algorithm++) {
        if (strcmp(jws->alg, algorithm->name) == 0 && auth_key_suits(key, algorithm)) {
            return algorithm;
        }
    }
    return NULL;
}

static auth_verdict_e verify_eddsa(EVP_PKEY *key, const signed_t *token)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const char *text = token->jws->text;
    int genuine = ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
                  EVP_DigestVerify(ctx, (const unsigned char *)token->signature, token->len,
                                   (const unsigned char *)text, (size_t)(token->dot - text)) == 1;

    EVP_MD_CTX_free(ctx);
    return genuine ? AUTH_JWS_GENUINE : AUTH_JWS_FORGED;
}

/**
 * cjose 0.6 looks at neither the key's type nor, before it compares an HMAC, at the length of the
 * signature, and would read over the end of both. So the length has been checked, and the algorithm
 * that it has read must be the one that the key was chosen for.
 */
static auth_verdict_e verify_jose(cjose_jwk_t *key, const auth_jws_t *token)
{
    cjose_err why;
    cjose_jws_t *jws = cjose_jws_import(token->text, strlen(token->text), &why);
    const char *alg;
    int genuine;

    if (!jws) {
        return AUTH_JWS_BROKEN;
    }
    alg = cjose_header_get(cjose_jws_get_protected(jws), CJOSE_HDR_ALG, &why);
    genuine = alg && strcmp(alg, token->alg) == 0 && cjose_jws_verify(jws, key, &why);
    cjose_jws_release(jws);
    return genuine ? AUTH_JWS_GENUINE : AUTH_JWS_FORGED;
}

static auth_verdict_e verify(const auth_key_t *key, const signed_t *token)
{
    const auth_algorithm_t *algorithm = find_algorithm(key, token->jws);

    if (!algorithm) {
        return AUTH_JWS_NO_KEY;
    }
    if (!token->signature) {
        return AUTH_JWS_BROKEN;
    }
    if (algorithm->len && algorithm->len != token->len) {
        return AUTH_JWS_FORGED;
    }
    return key->eddsa ? verify_eddsa(key->eddsa, token) : verify_jose(key->jwk, token->jws);
}

static int are_base64url(const char *parts)
{
    apr_size_t len = strcspn(parts, ".");

    for (; auth_is_base64url(parts, len); len = strcspn(parts, ".")) {
        if (!parts[len]) {
            return 1;
        }
        parts += len + 1;
    }
    return 0;
}

auth_verdict_e auth_keys_verify(const auth_keys_t *keys, const auth_jws_t *jws, apr_pool_t *p)
{
    signed_t token = { .jws = jws, .dot = strrchr(jws->text, '.') };
    auth_verdict_e best = AUTH_JWS_NO_KEY;
    int i;

    if (are_base64url(jws->text)) {
        token.signature = auth_base64url_decode(token.dot + 1, strlen(token.dot + 1), &token.len,
                                                p);
    }
    for (i = 0; i < keys->n && best != AUTH_JWS_GENUINE; i++) {
        auth_verdict_e verdict = verify(&keys->list[i], &token);

        best = verdict == AUTH_JWS_NO_KEY ? best : verdict;
    }
    ERR_clear_error(); /* or the next user of OpenSSL in this thread takes them for his own */
    return best;
}

int auth_key_fits(const auth_key_t *private, auth_key_t *public, apr_pool_t *p)
{
    auth_keys_t keys = { .list = public, .n = 1 };
    auth_jws_t jws = { .alg = auth_key_algorithm(private)->name };

    jws.text = auth_key_sign(private, "{}", 2, p);
    return jws.text && auth_keys_verify(&keys, &jws, p) == AUTH_JWS_GENUINE;
}
