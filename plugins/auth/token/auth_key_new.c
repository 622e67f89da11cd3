/* SPDX-License-Identifier: Apache-2.0 */
/** Makes new keys, and puts them in front of others, for appctl keys (auth_key_int.h). */
#include <string.h>

#include <openssl/err.h>
#include <openssl/rand.h>

#include "apr_strings.h"

#include "auth_key_int.h"

#define RSA_BITS 3072
#define KID_LEN  12 /* bytes */

static json_t *jwk_of(cjose_jwk_t *key)
{
    cjose_err why;
    char *text = key ? cjose_jwk_to_json(key, true, &why) : NULL;
    json_t *jwk = text ? json_loads(text, 0, NULL) : NULL;

    if (text) {
        cjose_get_dealloc()(text);
    }
    cjose_jwk_release(key);
    return jwk;
}

static json_t *new_eddsa(apr_pool_t *p)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    unsigned char x[32], d[32];
    size_t xlen = sizeof(x), dlen = sizeof(d);
    json_t *jwk = NULL;

    if (key && EVP_PKEY_get_raw_public_key(key, x, &xlen) == 1 &&
        EVP_PKEY_get_raw_private_key(key, d, &dlen) == 1) {
        jwk = json_pack("{s:s, s:s, s:s, s:s}", "kty", "OKP", "crv", "Ed25519", "x",
                        auth_base64url_encode(x, xlen, p), "d", auth_base64url_encode(d, dlen, p));
    }
    OPENSSL_cleanse(d, sizeof(d));
    EVP_PKEY_free(key);
    return jwk;
}

static json_t *new_key(const char *alg, apr_pool_t *p)
{
    cjose_err why;

    if (strcmp(alg, "ES256") == 0) {
        return jwk_of(cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, &why));
    }
    if (strcmp(alg, "ES384") == 0) {
        return jwk_of(cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_384, &why));
    }
    if (strcmp(alg, "RS256") == 0) {
        return jwk_of(cjose_jwk_create_RSA_random(RSA_BITS, (const uint8_t *)"\1\0\1", 3, &why));
    }
    if (strcmp(alg, "HS256") == 0) {
        return jwk_of(cjose_jwk_create_oct_random(256, &why));
    }
    return strcmp(alg, "EdDSA") == 0 ? new_eddsa(p) : NULL;
}

/** Of a symmetric key the thumbprint would tell something: it gets any name. */
static const char *new_kid(const char *alg, const json_t *jwk, apr_pool_t *p)
{
    unsigned char bytes[KID_LEN];

    if (strcmp(alg, "HS256") != 0) {
        return auth_key_thumbprint(jwk, p);
    }
    return RAND_bytes(bytes, sizeof(bytes)) == 1 ? auth_base64url_encode(bytes, sizeof(bytes), p)
                                                 : NULL;
}

json_t *auth_key_new(const char *alg, apr_int64_t created, apr_pool_t *p)
{
    json_t *jwk = app_json_own(p, new_key(alg, p));
    const char *kid = jwk ? new_kid(alg, jwk, p) : NULL;

    ERR_clear_error();
    if (!kid) {
        return NULL;
    }
    json_object_set_new(jwk, "kid", json_string(kid));
    json_object_set_new(jwk, "alg", json_string(alg));
    json_object_set_new(jwk, "use", json_string("sig"));
    json_object_set_new(jwk, "iat", json_integer(created));
    return jwk;
}

/** What a file holds, as an array of JWK; a text becomes the key that it is. */
static const char *read_list(json_t **plist, const char *text, apr_pool_t *p)
{
    app_error_t err = { .pool = p };
    json_t *json, *list;

    switch (auth_keys_form(text)) {
    case AUTH_KEYS_PEM:
        return auth_key_read_pem(plist, text, strlen(text), p);
    case AUTH_KEYS_TEXT:
        *plist = app_json_own(p, json_pack("[{s:s, s:s, s:s}]", "kty", "oct", "alg", "HS256", "k",
                                           auth_base64url_encode(text, strlen(text), p)));
        return NULL;
    default:
        break;
    }
    if (app_json_parse(text, strlen(text), &json, &err, p) != APR_SUCCESS) {
        return err.details;
    }
    list = json_object_get(json, "keys");
    *plist = list ? list : app_json_own(p, json_pack("[O]", json));
    return json_is_array(*plist) ? NULL : "its \"keys\" is no array";
}

const char *auth_keys_rotated(const char **pset, int *pdropped, const char *old, json_t *fresh,
                              apr_int64_t keep_from, apr_pool_t *p)
{
    json_t *set = app_json_own(p, json_pack("{s:[]}", "keys")), *list = NULL, *key;
    json_t *keys = json_object_get(set, "keys");
    apr_int64_t replaced = json_integer_value(json_object_get(fresh, "iat"));
    const char *wrong = old ? read_list(&list, old, p) : NULL;
    size_t i;

    json_array_append(keys, fresh);
    *pdropped = 0;
    json_array_foreach(list, i, key) {
        apr_int64_t since = replaced; /* when the key in front of this one took over */

        replaced = json_integer_value(json_object_get(key, "iat"));
        if (since && since < keep_from) {
            ++*pdropped;
        }
        else {
            json_array_append(keys, key);
        }
    }
    if (!wrong) {
        char *text = json_dumps(set, JSON_INDENT(1));

        *pset = apr_pstrcat(p, text, "\n", NULL);
        free(text);
    }
    return wrong;
}
