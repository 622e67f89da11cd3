/* SPDX-License-Identifier: Apache-2.0 */
/** Encryption of what is stored, as auth_seal.h says. Any thread. */
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "apr_encode.h"
#include "apr_escape.h"
#include "apr_strings.h"

#include "auth_seal.h"
#include "auth_sign.h"

#define KEY_BYTES   32
#define NONCE_BYTES 12
#define TAG_BYTES   16
#define NAME_BYTES  4
#define SEALED_MAX  4096
#define SECRET_MIN  32
#define VERSION     "v1."

typedef struct seal_key_t {
    unsigned char bytes[KEY_BYTES];
    char          name[2 * NAME_BYTES + 1];
} seal_key_t;

apr_status_t auth_seal_check(const auth_conf_t *conf, app_error_t *err)
{
    if ((conf->seal_key && strlen(conf->seal_key) < SECRET_MIN) ||
        (conf->seal_key_old && strlen(conf->seal_key_old) < SECRET_MIN)) {
        app_fail(err, APP_E_SETTING, "SealKey and SealKeyOld need at least %d bytes", SECRET_MIN);
        return app_hint(err, "openssl rand -base64 32 makes one.");
    }
    return APR_SUCCESS;
}

/** HKDF of a secret. @return whether it worked */
static int derive(unsigned char *out, size_t len, const char *secret, const char *use)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)secret, strlen(secret)),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)use, strlen(use)),
        OSSL_PARAM_construct_end()
    };
    int good = ctx && EVP_KDF_derive(ctx, out, len, params) == 1;

    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
    return good;
}

static int key_from(seal_key_t *key, const char *secret)
{
    unsigned char name[NAME_BYTES];

    if (!secret || !derive(key->bytes, KEY_BYTES, secret, "mod_app seal") ||
        !derive(name, NAME_BYTES, secret, "mod_app seal name")) {
        return 0;
    }
    apr_escape_hex(key->name, name, NAME_BYTES, 0, NULL);
    return 1;
}

/** JwtSecret, where it holds a secret at all and not public keys alone. */
static const char *signing_secret(const auth_t *auth, apr_pool_t *p)
{
    app_error_t err = { .pool = p };

    return auth_sign_check(auth->tokens, "", &err) == APR_SUCCESS ? auth->conf->jwt_secret : NULL;
}

static apr_status_t key_now(seal_key_t *key, const auth_t *auth, app_error_t *err, apr_pool_t *p)
{
    const char *secret = auth->conf->seal_key;

    if (!key_from(key, secret ? secret : signing_secret(auth, p))) {
        app_fail(err, APP_E_INTERNAL, "Nothing can be encrypted");
        return app_log_only(err, "set SealKey, or a JwtSecret that can sign");
    }
    return APR_SUCCESS;
}

/** The key of that name among all that may still open something. */
static int key_named(seal_key_t *key, const auth_t *auth, const char *name, apr_pool_t *p)
{
    const char *const secrets[] = { auth->conf->seal_key, auth->conf->seal_key_old,
                                    signing_secret(auth, p) };
    apr_size_t i;

    for (i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
        if (key_from(key, secrets[i]) && strncmp(key->name, name, strlen(key->name)) == 0) {
            return 1;
        }
    }
    return 0;
}

/** bytes: the nonce, and room for ciphertext and tag. */
static int encrypt(unsigned char *bytes, const seal_key_t *key, const char *what, const char *plain)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int len = (int)strlen(plain), n;
    unsigned char *text = bytes + NONCE_BYTES;
    int good = ctx && EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key->bytes, bytes) == 1 &&
               EVP_EncryptUpdate(ctx, NULL, &n, (const unsigned char *)what,
                                 (int)strlen(what)) == 1 &&
               EVP_EncryptUpdate(ctx, text, &n, (const unsigned char *)plain, len) == 1 &&
               EVP_EncryptFinal_ex(ctx, text + len, &n) == 1 &&
               EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, text + len) == 1;

    EVP_CIPHER_CTX_free(ctx);
    return good;
}

static int decrypt(char *plain, const seal_key_t *key, const char *what, unsigned char *bytes,
                   int len)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    unsigned char *text = bytes + NONCE_BYTES;
    int n, rest;
    int good = ctx && EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key->bytes, bytes) == 1 &&
               EVP_DecryptUpdate(ctx, NULL, &n, (const unsigned char *)what,
                                 (int)strlen(what)) == 1 &&
               EVP_DecryptUpdate(ctx, (unsigned char *)plain, &n, text, len) == 1 &&
               EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_BYTES, text + len) == 1 &&
               EVP_DecryptFinal_ex(ctx, (unsigned char *)plain + n, &rest) == 1;

    EVP_CIPHER_CTX_free(ctx);
    return good;
}

apr_status_t auth_seal(const char **psealed, const auth_t *auth, const char *what,
                       const char *plain, app_error_t *err, apr_pool_t *p)
{
    apr_size_t len = NONCE_BYTES + strlen(plain) + TAG_BYTES;
    unsigned char *bytes = apr_palloc(p, len);
    seal_key_t key;

    if (key_now(&key, auth, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (RAND_bytes(bytes, NONCE_BYTES) != 1 || !encrypt(bytes, &key, what, plain)) {
        return app_fail(err, APP_E_INTERNAL, "Nothing can be encrypted");
    }
    *psealed = apr_pstrcat(p, VERSION, key.name, ".",
                           apr_pencode_base64_binary(p, bytes, (apr_ssize_t)len,
                                                     APR_ENCODE_BASE64URL, NULL), NULL);
    return APR_SUCCESS;
}

apr_status_t auth_unseal(const char **pplain, const auth_t *auth, const char *what,
                         const char *sealed, app_error_t *err, apr_pool_t *p)
{
    const apr_size_t head = strlen(VERSION) + 2 * NAME_BYTES + 1;
    unsigned char *bytes = NULL;
    apr_size_t len = 0;
    seal_key_t key;
    char *plain;

    if (strlen(sealed) > head && strlen(sealed) < SEALED_MAX && sealed[head - 1] == '.') {
        bytes = (unsigned char *)apr_pdecode_base64_binary(p, sealed + head, APR_ENCODE_STRING,
                                                           APR_ENCODE_BASE64URL, &len);
    }
    if (!bytes || len < NONCE_BYTES + TAG_BYTES || strncmp(sealed, VERSION, strlen(VERSION)) != 0) {
        return app_fail(err, APP_E_INTERNAL, "Something stored cannot be decrypted");
    }
    if (!key_named(&key, auth, sealed + strlen(VERSION), p)) {
        app_fail(err, APP_E_INTERNAL, "Something stored cannot be decrypted");
        return app_log_only(err, "%s was encrypted with another key: name that in SealKeyOld, be "
                            "it a former SealKey or JwtSecret", what);
    }
    len -= NONCE_BYTES + TAG_BYTES;
    plain = apr_pcalloc(p, len + 1);
    if (!decrypt(plain, &key, what, bytes, (int)len)) {
        return app_fail(err, APP_E_INTERNAL, "Something stored cannot be decrypted");
    }
    *pplain = plain;
    return APR_SUCCESS;
}

apr_status_t auth_seal_hash(const char **phash, const auth_t *auth, const char *what,
                            const char *text, app_error_t *err, apr_pool_t *p)
{
    const char *all = apr_pstrcat(p, what, "/", text, NULL);
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    seal_key_t key;

    if (key_now(&key, auth, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (!HMAC(EVP_sha256(), key.bytes, KEY_BYTES, (const unsigned char *)all, strlen(all), bytes,
              &len)) {
        return app_fail(err, APP_E_INTERNAL, "Nothing can be hashed");
    }
    *phash = apr_pescape_hex(p, bytes, len, 0);
    return APR_SUCCESS;
}
