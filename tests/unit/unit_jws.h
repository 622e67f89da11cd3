/* SPDX-License-Identifier: Apache-2.0 */
/** Keys and signed tokens for tests, by libcjose, and for EdDSA by OpenSSL. */
#ifndef UNIT_JWS_H
#define UNIT_JWS_H

#include <cjose/cjose.h>
#include <openssl/evp.h>

#include "apr_strings.h"

#include "unit.h"

#define UNIT_SECRET "a secret of at least thirty-two bytes"

static inline const char *unit_base64url(const void *bytes, size_t len)
{
    cjose_err why;
    char *encoded = NULL;
    const char *copy;
    size_t n = 0;

    assert_true(cjose_base64url_encode(bytes, len, &encoded, &n, &why));
    copy = apr_pstrmemdup(unit_pool, encoded, n);
    cjose_get_dealloc()(encoded);
    return copy;
}

/** Two RSA keys take turns: making one takes a while, and under valgrind a minute. */
static inline cjose_jwk_t *unit_rsa_key(void)
{
    static cjose_jwk_t *keys[2];
    static int turn;
    cjose_err why;

    turn = !turn;
    if (!keys[turn]) {
        keys[turn] = cjose_jwk_create_RSA_random(2048, (const uint8_t *)"\1\0\1", 3, &why);
    }
    return cjose_jwk_retain(keys[turn], &why);
}

/** A key with which alg signs; cjose_jwk_release() is owed. */
static inline cjose_jwk_t *unit_key(const char *alg)
{
    cjose_err why;
    cjose_jwk_t *key = *alg == 'H' ? cjose_jwk_create_oct_random(512, &why)
                     : *alg == 'R' ? unit_rsa_key()
                     : cjose_jwk_create_EC_random(strcmp(alg, "ES256") == 0   ? CJOSE_JWK_EC_P_256
                                                  : strcmp(alg, "ES384") == 0 ? CJOSE_JWK_EC_P_384
                                                                              : CJOSE_JWK_EC_P_521,
                                                  &why);

    assert_non_null(key);
    return key;
}

/** Its JWK as it is published, secrets whole, with more members: ",\"kid\":\"1\"". */
static inline const char *unit_jwk(const cjose_jwk_t *key, const char *more)
{
    cjose_err why;
    char *text = cjose_jwk_to_json(key, cjose_jwk_get_kty(key, &why) == CJOSE_JWK_KTY_OCT, &why);
    const char *jwk = apr_psprintf(unit_pool, "%.*s%s}", (int)strlen(text) - 1, text, more);

    cjose_get_dealloc()(text);
    return jwk;
}

static inline const char *unit_sign(const cjose_jwk_t *key, const char *alg, const char *kid,
                                    const char *claims)
{
    cjose_err why;
    cjose_header_t *header = cjose_header_new(&why);
    const char *text, *token;
    cjose_jws_t *jws;

    cjose_header_set(header, CJOSE_HDR_ALG, alg, &why);
    if (kid) {
        cjose_header_set(header, CJOSE_HDR_KID, kid, &why);
    }
    jws = cjose_jws_sign(key, header, (const uint8_t *)claims, strlen(claims), &why);
    assert_non_null(jws);
    assert_true(cjose_jws_export(jws, &text, &why));
    token = apr_pstrdup(unit_pool, text);
    cjose_jws_release(jws);
    cjose_header_release(header);
    return token;
}

/** A token of HS256 with a text as its secret. */
static inline const char *unit_sign_text(const char *secret, const char *claims)
{
    cjose_err why;
    cjose_jwk_t *key = cjose_jwk_create_oct_spec((const uint8_t *)secret, strlen(secret), &why);
    const char *token = unit_sign(key, "HS256", NULL, claims);

    cjose_jwk_release(key);
    return token;
}

/** The token with another header, which its signature is not for. */
static inline const char *unit_with_header(const char *token, const char *header)
{
    return apr_pstrcat(unit_pool, unit_base64url(header, strlen(header)), strchr(token, '.'), NULL);
}

static inline const char *unit_eddsa_jwk(EVP_PKEY *key, const char *curve)
{
    unsigned char bytes[64];
    size_t len = sizeof(bytes);

    assert_int_equal(EVP_PKEY_get_raw_public_key(key, bytes, &len), 1);
    return apr_psprintf(unit_pool, "{\"kty\":\"OKP\",\"crv\":\"%s\",\"x\":\"%s\"}", curve,
                        unit_base64url(bytes, len));
}

static inline const char *unit_eddsa_sign(EVP_PKEY *key, const char *claims)
{
    const char *text = apr_pstrcat(unit_pool, unit_base64url("{\"alg\":\"EdDSA\"}", 15), ".",
                                   unit_base64url(claims, strlen(claims)), NULL);
    unsigned char signature[128];
    size_t len = sizeof(signature);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    assert_int_equal(EVP_DigestSignInit(ctx, NULL, NULL, NULL, key), 1);
    assert_int_equal(EVP_DigestSign(ctx, signature, &len, (const unsigned char *)text,
                                    strlen(text)), 1);
    EVP_MD_CTX_free(ctx);
    return apr_pstrcat(unit_pool, text, ".", unit_base64url(signature, len), NULL);
}

#endif
