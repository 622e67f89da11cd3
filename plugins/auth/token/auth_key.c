/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Keys of tokens: which there are, which suits a token, and whether it made its signature. JWK and
 * JWS are libcjose's, but for EdDSA, which it does not know and OpenSSL does. Keys are read in the
 * parent and used in the threads of requests; nobody changes them in between.
 */
#include <string.h>

#include <cjose/cjose.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "apr_lib.h"
#include "apr_strings.h"

#include "auth_key.h"

#define SECRET_MIN 32   /* bytes: as many as SHA-256 has (RFC 7518 3.2) */
#define RSA_MIN    2048 /* bits (RFC 7518 3.3) */
#define KEYS_MAX   100

typedef struct auth_key_t {
    const char  *type; /* kty */
    const char  *curve;
    const char  *alg;  /* NULL: any that suits the type */
    const char  *kid;
    cjose_jwk_t *jwk;
    EVP_PKEY    *eddsa; /* in the place of jwk, for OKP */
} auth_key_t;

struct auth_keys_t {
    auth_key_t *list;
    int         n;
};

/** All algorithms there are for us, and the only type of key that each works with. */
static const struct {
    const char *name, *type, *curve;
    apr_size_t  len; /* bytes of its signatures; 0: as many as the key has */
} algorithms[] = {
    { "HS256", "oct", NULL, 32 },   { "HS384", "oct", NULL, 48 },   { "HS512", "oct", NULL, 64 },
    { "RS256", "RSA", NULL, 0 },    { "RS384", "RSA", NULL, 0 },    { "RS512", "RSA", NULL, 0 },
    { "ES256", "EC", "P-256", 64 }, { "ES384", "EC", "P-384", 96 }, { "ES512", "EC", "P-521", 132 },
    { "EdDSA", "OKP", "Ed25519", 64 }, { "EdDSA", "OKP", "Ed448", 114 },
};

#define ALGORITHMS (sizeof(algorithms) / sizeof(algorithms[0]))

static int works(const auth_key_t *key, apr_size_t i)
{
    return key->type && strcmp(key->type, algorithms[i].type) == 0 &&
           (!key->alg || strcmp(key->alg, algorithms[i].name) == 0) &&
           (!algorithms[i].curve ||
            (key->curve && strcmp(key->curve, algorithms[i].curve) == 0));
}

static apr_status_t release_jwk(void *jwk)
{
    cjose_jwk_release(jwk);
    return APR_SUCCESS;
}

static apr_status_t release_eddsa(void *key)
{
    EVP_PKEY_free(key);
    return APR_SUCCESS;
}

const char *auth_base64url_decode(const char *text, apr_size_t len, apr_size_t *plen,
                                  apr_pool_t *p)
{
    uint8_t *bytes = NULL;
    size_t n = 0, i;
    cjose_err why;
    char *copy;

    for (i = 0; i < len; i++) { /* cjose would let "=" pass, and what is behind it */
        if (!apr_isalnum(text[i]) && text[i] != '-' && text[i] != '_') {
            return NULL;
        }
    }
    if (!cjose_base64url_decode(text, len, &bytes, &n, &why)) {
        return NULL;
    }
    copy = apr_pstrmemdup(p, (const char *)bytes, n);
    cjose_get_dealloc()(bytes);
    *plen = n;
    return copy;
}

/* Reading. Those that take a key apart return what is wrong with it, NULL for nothing. */

static const char *import_jose(auth_key_t *key, const json_t *json, apr_pool_t *p)
{
    cjose_err why;
    size_t bits;

    key->jwk = cjose_jwk_import_json((cjose_header_t *)json, &why);
    if (!key->jwk) {
        return "its members are incomplete or wrong";
    }
    apr_pool_cleanup_register(p, key->jwk, release_jwk, apr_pool_cleanup_null);
    bits = cjose_jwk_get_keysize(key->jwk, &why);
    if (strcmp(key->type, "oct") == 0 && bits < SECRET_MIN * 8) {
        return "it is shorter than 32 bytes";
    }
    if (strcmp(key->type, "RSA") == 0 && bits < RSA_MIN) {
        return "it is shorter than 2048 bits";
    }
    return NULL;
}

static const char *import_eddsa(auth_key_t *key, const json_t *json, apr_pool_t *p)
{
    const json_t *x = json_object_get(json, "x");
    const char *bytes = NULL;
    apr_size_t len = 0;
    int type = strcmp(key->curve, "Ed25519") == 0 ? EVP_PKEY_ED25519 : EVP_PKEY_ED448;

    if (json_is_string(x)) {
        bytes = auth_base64url_decode(json_string_value(x), json_string_length(x), &len, p);
    }
    if (!bytes || !(key->eddsa = EVP_PKEY_new_raw_public_key(type, NULL,
                                                             (const unsigned char *)bytes, len))) {
        return "its members are incomplete or wrong";
    }
    apr_pool_cleanup_register(p, key->eddsa, release_eddsa, apr_pool_cleanup_null);
    return NULL;
}

static const char *member(const json_t *json, const char *name, apr_pool_t *p)
{
    return apr_pstrdup(p, json_string_value(json_object_get(json, name)));
}

static const char *import(auth_key_t *key, const json_t *json, apr_pool_t *p)
{
    apr_size_t i;

    key->type = member(json, "kty", p);
    key->curve = member(json, "crv", p);
    key->alg = member(json, "alg", p);
    key->kid = member(json, "kid", p);
    for (i = 0; i < ALGORITHMS && !works(key, i); i++) {
    }
    if (i == ALGORITHMS) {
        return "its kty, crv and alg go with none of HS, RS and ES with 256, 384 or 512, and EdDSA";
    }
    return strcmp(key->type, "OKP") == 0 ? import_eddsa(key, json, p) : import_jose(key, json, p);
}

static int is_for_encryption(const json_t *json)
{
    const char *use = json_string_value(json_object_get(json, "use"));

    return use && strcmp(use, "enc") == 0;
}

/** A JWK set; a JWK alone is a set of one. */
static apr_status_t read_set(auth_keys_t *keys, const json_t *set, const char *setting,
                             app_error_t *err, apr_pool_t *p)
{
    const json_t *json;
    const char *wrong = "it holds no key";
    size_t i, n = json_array_size(set);

    if (n > KEYS_MAX) {
        return app_fail(err, APP_E_SETTING, "%s is a set of more than %d keys", setting, KEYS_MAX);
    }
    keys->list = apr_pcalloc(p, (n + 1) * sizeof(*keys->list));
    json_array_foreach(set, i, json) {
        auth_key_t key = { .type = NULL };
        const char *why;

        if (is_for_encryption(json)) {
            wrong = "it is for encryption";
        }
        else if (!(why = import(&key, json, p))) {
            keys->list[keys->n++] = key;
        }
        else {
            wrong = why;
            app_log(APP_LOG_WARNING, NULL, "APP2000", "%s: key %d is left out: %s", setting,
                    (int)i + 1, why);
        }
    }
    if (keys->n) {
        return APR_SUCCESS;
    }
    app_fail(err, APP_E_SETTING, "%s: no key can verify a token: %s", setting, wrong);
    return app_hint(err, "It takes a JWK or a JWK set (RFC 7517) with a key for HS, RS or ES "
                         "with 256, 384 or 512, or for EdDSA.");
}

static apr_status_t read_json(auth_keys_t *keys, const char *text, apr_size_t len,
                              const char *setting, app_error_t *err, apr_pool_t *p)
{
    app_error_t why = { .pool = p };
    json_t *json = NULL, *set;

    if (app_json_parse(text, len, &json, &why, p) != APR_SUCCESS) {
        app_fail(err, APP_E_SETTING, "%s begins like a JWK but is not JSON: %s", setting,
                 why.details);
        return app_hint(err, "A text that begins with \"{\" is taken as a JWK or a JWK set.");
    }
    set = json_object_get(json, "keys");
    if (!json_is_array(set)) {
        set = app_json_own(p, json_array());
        json_array_append(set, json);
    }
    return read_set(keys, set, setting, err, p);
}

/** A plain text is the secret of HS256 and of nothing else. */
static apr_status_t read_text(auth_keys_t *keys, const char *text, apr_size_t len,
                              const char *setting, app_error_t *err, apr_pool_t *p)
{
    cjose_err why;

    if (len < SECRET_MIN) {
        app_fail(err, APP_E_SETTING, "%s is shorter than %d bytes", setting, SECRET_MIN);
        return app_hint(err, "Make one with: openssl rand -base64 32");
    }
    keys->list = apr_pcalloc(p, sizeof(*keys->list));
    keys->list->type = "oct";
    keys->list->alg = "HS256";
    keys->list->jwk = cjose_jwk_create_oct_spec((const uint8_t *)text, len, &why);
    if (!keys->list->jwk) {
        return app_fail(err, APP_E_SETTING, "%s cannot be used as a key", setting);
    }
    apr_pool_cleanup_register(p, keys->list->jwk, release_jwk, apr_pool_cleanup_null);
    keys->n = 1;
    return APR_SUCCESS;
}

/** Both alphabets, with or without padding. */
static const char *decode_secret(const char *secret, apr_size_t *plen, apr_pool_t *p)
{
    char *text = apr_pstrdup(p, secret), *c;
    apr_size_t len = strlen(text);

    while (len && strchr("=. \t\r\n", text[len - 1])) {
        len--;
    }
    text[len] = '\0';
    for (c = text; *c; c++) {
        *c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
    }
    return auth_base64url_decode(text, len, plen, p);
}

apr_status_t auth_keys_read(auth_keys_t **pkeys, const char *secret, const char *setting,
                            int is_base64, app_error_t *err, apr_pool_t *p)
{
    auth_keys_t *keys = apr_pcalloc(p, sizeof(*keys));
    apr_size_t len = strlen(secret);
    const char *text = is_base64 ? decode_secret(secret, &len, p) : secret;

    if (!text) {
        return app_fail(err, APP_E_SETTING, "%s is not base64, but %sIsBase64 says so", setting,
                        setting);
    }
    if ((text[strspn(text, " \t\r\n")] == '{' ? read_json : read_text)(keys, text, len, setting,
                                                                      err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    *pkeys = keys;
    return APR_SUCCESS;
}

/* Verifying */

/** A JWS and its signature, decoded. */
typedef struct signed_t {
    const auth_jws_t *jws;
    const char       *dot; /* between what is signed and the signature */
    const char       *signature; /* NULL: is no base64url */
    apr_size_t        len;
} signed_t;

/** The algorithm of the token, if the key suits; else ALGORITHMS. */
static apr_size_t find_algorithm(const auth_key_t *key, const auth_jws_t *jws)
{
    apr_size_t i;

    if (jws->kid && (!key->kid || strcmp(key->kid, jws->kid) != 0)) {
        return ALGORITHMS;
    }
    for (i = 0; i < ALGORITHMS && (strcmp(jws->alg, algorithms[i].name) != 0 || !works(key, i));
         i++) {
    }
    return i;
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
    apr_size_t i = find_algorithm(key, token->jws);

    if (i == ALGORITHMS) {
        return AUTH_JWS_NO_KEY;
    }
    if (!token->signature) {
        return AUTH_JWS_BROKEN;
    }
    if (algorithms[i].len && algorithms[i].len != token->len) {
        return AUTH_JWS_FORGED;
    }
    return key->eddsa ? verify_eddsa(key->eddsa, token) : verify_jose(key->jwk, token->jws);
}

auth_verdict_e auth_keys_verify(const auth_keys_t *keys, const auth_jws_t *jws, apr_pool_t *p)
{
    signed_t token = { .jws = jws, .dot = strrchr(jws->text, '.') };
    auth_verdict_e best = AUTH_JWS_NO_KEY;
    int i;

    token.signature = auth_base64url_decode(token.dot + 1, strlen(token.dot + 1), &token.len, p);
    for (i = 0; i < keys->n && best != AUTH_JWS_GENUINE; i++) {
        auth_verdict_e verdict = verify(&keys->list[i], &token);

        best = verdict == AUTH_JWS_NO_KEY ? best : verdict;
    }
    ERR_clear_error(); /* or the next user of OpenSSL in this thread takes them for his own */
    return best;
}
