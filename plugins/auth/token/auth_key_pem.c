/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Public keys in PEM (RFC 7468), which become JWK and are then read like any other. Runs in the
 * parent, when keys are read.
 */
#include <limits.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "auth_key_int.h"

#define BYTES_MAX 2048 /* of a number: RSA with 16,384 bits */

static int set_bytes(json_t *jwk, const char *name, const void *bytes, apr_size_t len,
                     apr_pool_t *p)
{
    const char *text = auth_base64url_encode(bytes, len, p);

    return text && json_object_set_new(jwk, name, json_string(text)) == 0;
}

/** @param width bytes that it must have; 0: as few as possible */
static int set_number(json_t *jwk, const char *name, const EVP_PKEY *key, const char *param,
                      int width, apr_pool_t *p)
{
    unsigned char bytes[BYTES_MAX];
    BIGNUM *number = NULL;
    int len = 0;

    if (EVP_PKEY_get_bn_param(key, param, &number) == 1 && BN_num_bytes(number) <= BYTES_MAX) {
        len = width ? BN_bn2binpad(number, bytes, width) : BN_bn2bin(number, bytes);
    }
    BN_free(number);
    return len > 0 && set_bytes(jwk, name, bytes, (apr_size_t)len, p);
}

static int write_rsa(json_t *jwk, const EVP_PKEY *key, apr_pool_t *p)
{
    json_object_set_new(jwk, "kty", json_string("RSA"));
    return set_number(jwk, "n", key, OSSL_PKEY_PARAM_RSA_N, 0, p) &&
           set_number(jwk, "e", key, OSSL_PKEY_PARAM_RSA_E, 0, p);
}

static int write_ec(json_t *jwk, const EVP_PKEY *key, apr_pool_t *p)
{
    static const struct { const char *group, *curve; int width; } curves[] = {
        { "prime256v1", "P-256", 32 }, { "secp384r1", "P-384", 48 }, { "secp521r1", "P-521", 66 },
    };
    char group[80];
    apr_size_t len, i;

    if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group),
                                       &len) != 1) {
        return 0;
    }
    for (i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
        if (strcmp(group, curves[i].group) == 0) {
            json_object_set_new(jwk, "kty", json_string("EC"));
            json_object_set_new(jwk, "crv", json_string(curves[i].curve));
            return set_number(jwk, "x", key, OSSL_PKEY_PARAM_EC_PUB_X, curves[i].width, p) &&
                   set_number(jwk, "y", key, OSSL_PKEY_PARAM_EC_PUB_Y, curves[i].width, p);
        }
    }
    return 0;
}

static int write_eddsa(json_t *jwk, const EVP_PKEY *key, apr_pool_t *p)
{
    unsigned char bytes[64];
    size_t len = sizeof(bytes);

    json_object_set_new(jwk, "kty", json_string("OKP"));
    json_object_set_new(jwk, "crv", json_string(EVP_PKEY_is_a(key, "ED25519") ? "Ed25519"
                                                                              : "Ed448"));
    return EVP_PKEY_get_raw_public_key(key, bytes, &len) == 1 &&
           set_bytes(jwk, "x", bytes, len, p);
}

static int write_jwk(json_t *jwk, const EVP_PKEY *key, apr_pool_t *p)
{
    if (EVP_PKEY_is_a(key, "RSA")) {
        return write_rsa(jwk, key, p);
    }
    if (EVP_PKEY_is_a(key, "EC")) {
        return write_ec(jwk, key, p);
    }
    return (EVP_PKEY_is_a(key, "ED25519") || EVP_PKEY_is_a(key, "ED448")) &&
           write_eddsa(jwk, key, p);
}

/** The key in one block. @return NULL: there is none in it */
static EVP_PKEY *decode(const char *label, const unsigned char *der, long len)
{
    EVP_PKEY *key = NULL;
    X509 *certificate;

    if (strcmp(label, PEM_STRING_PUBLIC) == 0) {
        return d2i_PUBKEY(NULL, &der, len);
    }
    if (strcmp(label, PEM_STRING_RSA_PUBLIC) == 0) {
        return d2i_PublicKey(EVP_PKEY_RSA, NULL, &der, len);
    }
    certificate = strcmp(label, PEM_STRING_X509) == 0 ? d2i_X509(NULL, &der, len) : NULL;
    if (certificate) {
        key = X509_get_pubkey(certificate);
    }
    X509_free(certificate);
    return key;
}

/** Adds a JWK to the set. @return what is wrong with the block, NULL for nothing */
static const char *add(json_t *set, const char *label, const unsigned char *der, long len,
                       apr_pool_t *p)
{
    EVP_PKEY *key;
    json_t *jwk;
    int done;

    if (strstr(label, "PRIVATE KEY")) {
        return "it is a private key, which is taken as a JWK alone";
    }
    key = decode(label, der, len);
    jwk = json_object();
    done = key && write_jwk(jwk, key, p);
    EVP_PKEY_free(key);
    if (!done) {
        json_decref(jwk);
        return "it is no public key, nor a certificate with one, of RSA, EC with P-256, P-384 or "
               "P-521, Ed25519 or Ed448";
    }
    json_array_append_new(set, jwk);
    return NULL;
}

const char *auth_key_read_pem(json_t **pset, const char *text, apr_size_t len, apr_pool_t *p)
{
    BIO *bio = len <= INT_MAX ? BIO_new_mem_buf(text, (int)len) : NULL;
    json_t *set = app_json_own(p, json_array());
    char *label, *headers;
    unsigned char *der;
    const char *wrong = NULL;
    long size;

    while (bio && !wrong && PEM_read_bio(bio, &label, &headers, &der, &size) == 1) {
        wrong = add(set, label, der, size, p);
        OPENSSL_free(label);
        OPENSSL_free(headers);
        OPENSSL_clear_free(der, (size_t)size);
    }
    BIO_free(bio);
    if (!wrong && json_array_size(set) == 0) {
        wrong = "it begins like PEM, but holds no whole block";
    }
    *pset = set;
    return wrong;
}
