/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Reads the keys of tokens out of a setting (auth_key.h). JWK are libcjose's, but for EdDSA, which
 * it does not know and OpenSSL does. Keys are read in the parent and used in the threads of
 * requests; nobody changes them in between.
 */
#include <string.h>

#include <openssl/err.h>

#include "apr_lib.h"
#include "apr_strings.h"

#include "auth_key_int.h"

#define SECRET_MIN 32   /* bytes: as many as SHA-256 has (RFC 7518 3.2) */
#define RSA_MIN    2048 /* bits (RFC 7518 3.3) */
#define KEYS_MAX   100

const auth_algorithm_t auth_algorithms[] = {
    { "HS256", "oct", NULL, 32 },   { "HS384", "oct", NULL, 48 },   { "HS512", "oct", NULL, 64 },
    { "RS256", "RSA", NULL, 0 },    { "RS384", "RSA", NULL, 0 },    { "RS512", "RSA", NULL, 0 },
    { "ES256", "EC", "P-256", 64 }, { "ES384", "EC", "P-384", 96 }, { "ES512", "EC", "P-521", 132 },
    { "EdDSA", "OKP", "Ed25519", 64 }, { "EdDSA", "OKP", "Ed448", 114 },
    { NULL, NULL, NULL, 0 }
};

int auth_key_suits(const auth_key_t *key, const auth_algorithm_t *algorithm)
{
    return key->type && strcmp(key->type, algorithm->type) == 0 &&
           (!key->alg || strcmp(key->alg, algorithm->name) == 0) &&
           (!algorithm->curve || (key->curve && strcmp(key->curve, algorithm->curve) == 0));
}

const auth_algorithm_t *auth_key_algorithm(const auth_key_t *key)
{
    const auth_algorithm_t *algorithm = auth_algorithms;

    while (algorithm->name && !auth_key_suits(key, algorithm)) {
        algorithm++;
    }
    return algorithm->name ? algorithm : NULL;
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

int auth_is_base64url(const char *text, apr_size_t len)
{
    apr_size_t i;

    for (i = 0; i < len && (apr_isalnum(text[i]) || text[i] == '-' || text[i] == '_'); i++) {
    }
    return i == len && len % 4 != 1;
}

const char *auth_base64url_decode(const char *text, apr_size_t len, apr_size_t *plen,
                                  apr_pool_t *p)
{
    uint8_t *bytes = NULL;
    size_t n = 0;
    cjose_err why;
    char *copy;

    if (!auth_is_base64url(text, len)) {
        return NULL;
    }
    if (!cjose_base64url_decode(text, len, &bytes, &n, &why)) {
        return NULL;
    }
    copy = apr_pstrmemdup(p, (const char *)bytes, n);
    cjose_get_dealloc()(bytes);
    *plen = n;
    return copy;
}

const char *auth_json_text(const json_t *json, apr_pool_t *p)
{
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));
    const char *copy = apr_pstrdup(p, text);

    free(text);
    return copy;
}

/* Reading. Those that take a key apart return what is wrong with it, NULL for nothing. */

/** Whether cjose may see them: what is no base64url, it ends the process for. */
static int has_good_members(const json_t *json)
{
    static const char *const names[] = { "k", "n", "e", "d", "p", "q", "dp", "dq", "qi", "x", "y" };
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const json_t *value = json_object_get(json, names[i]);

        if (value && !auth_is_base64url(json_string_value(value), json_string_length(value))) {
            return 0;
        }
    }
    return 1;
}

static const char *import_jose(auth_key_t *key, const json_t *json, apr_pool_t *p)
{
    cjose_err why;
    size_t bits;

    if (has_good_members(json)) {
        key->jwk = cjose_jwk_import_json((cjose_header_t *)json, &why);
    }
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

/** A member that holds bytes. @return NULL if there is none, or is no base64url */
static const unsigned char *bytes_of(const json_t *json, const char *name, apr_size_t *plen,
                                     apr_pool_t *p)
{
    const json_t *value = json_object_get(json, name);

    return json_is_string(value) ? (const unsigned char *)auth_base64url_decode(
                                       json_string_value(value), json_string_length(value), plen, p)
                                 : NULL;
}

static const char *import_eddsa(auth_key_t *key, const json_t *json, apr_pool_t *p)
{
    apr_size_t len = 0;
    const unsigned char *bytes = bytes_of(json, key->can_sign ? "d" : "x", &len, p);
    int type = strcmp(key->curve, "Ed25519") == 0 ? EVP_PKEY_ED25519 : EVP_PKEY_ED448;

    if (bytes) {
        key->eddsa = (key->can_sign ? EVP_PKEY_new_raw_private_key
                                    : EVP_PKEY_new_raw_public_key)(type, NULL, bytes, len);
    }
    if (!key->eddsa) {
        return "its members are incomplete or wrong";
    }
    apr_pool_cleanup_register(p, key->eddsa, release_eddsa, apr_pool_cleanup_null);
    return NULL;
}

static const char *import_material(auth_key_t *key, const json_t *json, apr_pool_t *p)
{
    const char *wrong = (strcmp(key->type, "OKP") == 0 ? import_eddsa : import_jose)(key, json, p);

    return !wrong && !auth_key_publish(key, p) ? "its public part cannot be written" : wrong;
}

/** Whether what a private key signs is genuine for its public half, as it was given. */
static const char *check_halves(auth_key_t *key, const json_t *json, apr_pool_t *p)
{
    auth_key_t half = { .type = key->type, .curve = key->curve, .alg = key->alg };
    json_t *members = app_json_own(p, auth_key_public_members(json));
    const char *wrong = import_material(&half, members, p);

    return !wrong && !auth_key_fits(key, &half, p)
               ? "its private part does not belong to its public part" : wrong;
}

static const char *member(const json_t *json, const char *name, apr_pool_t *p)
{
    return apr_pstrdup(p, json_string_value(json_object_get(json, name)));
}

/** All factors of a private RSA key, or none (RFC 7518 6.3.2): cjose leaks one that is alone. */
static int has_half_of_factors(const json_t *json)
{
    static const char *const names[] = { "p", "q", "dp", "dq", "qi" };
    size_t i, n = sizeof(names) / sizeof(names[0]), found = 0;

    for (i = 0; i < n; i++) {
        found += json_is_string(json_object_get(json, names[i]));
    }
    return found && found < n;
}

/** @param published the key is somebody else's: a private part is of no use, if it has one */
static const char *import(auth_key_t *key, const json_t *json, int published, apr_pool_t *p)
{
    int symmetric;
    const char *wrong;

    key->type = member(json, "kty", p);
    key->curve = member(json, "crv", p);
    key->alg = member(json, "alg", p);
    key->kid = member(json, "kid", p);
    if (!auth_key_algorithm(key)) {
        return "its kty, crv and alg go with none of HS, RS and ES with 256, 384 or 512, and EdDSA";
    }
    symmetric = strcmp(key->type, "oct") == 0;
    if (symmetric && published) {
        return "it is no public key";
    }
    key->can_sign = symmetric || (!published && json_object_get(json, "d"));
    if (key->can_sign && !symmetric && has_half_of_factors(json)) {
        return "its members are incomplete or wrong";
    }
    wrong = import_material(key, key->can_sign ? json
                                               : app_json_own(p, auth_key_public_members(json)), p);
    return !wrong && key->can_sign && !symmetric ? check_halves(key, json, p) : wrong;
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
            continue;
        }
        why = import(&key, json, keys->published, p);
        if (!why) {
            keys->list[keys->n++] = key;
        }
        else {
            wrong = why;
            app_log(keys->published ? APP_LOG_DEBUG : APP_LOG_WARNING, NULL, "APP2000",
                    "%s: key %d is left out: %s", setting, (int)i + 1, why);
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

static apr_status_t read_pem(auth_keys_t *keys, const char *text, apr_size_t len,
                             const char *setting, app_error_t *err, apr_pool_t *p)
{
    json_t *set;
    const char *wrong = auth_key_read_pem(&set, text, len, p);

    return wrong ? app_fail(err, APP_E_SETTING, "%s cannot be read as PEM: %s", setting, wrong)
                 : read_set(keys, set, setting, err, p);
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
    keys->list->can_sign = 1;
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

/** A public key is never a text, with which everybody who has it could make an HMAC. */
static apr_status_t read_any(auth_keys_t *keys, const char *text, apr_size_t len,
                             const char *setting, app_error_t *err, apr_pool_t *p)
{
    switch (auth_keys_form(text)) {
    case AUTH_KEYS_JSON:
        return read_json(keys, text, len, setting, err, p);
    case AUTH_KEYS_PEM:
        return read_pem(keys, text, len, setting, err, p);
    default:
        return read_text(keys, text, len, setting, err, p);
    }
}

auth_keys_form_e auth_keys_form(const char *text)
{
    text += strspn(text, " \t\r\n");
    return *text == '{' ? AUTH_KEYS_JSON
         : strncmp(text, "-----BEGIN ", 11) == 0 ? AUTH_KEYS_PEM : AUTH_KEYS_TEXT;
}

apr_status_t auth_keys_read(auth_keys_t **pkeys, const char *secret, const char *setting,
                            int is_base64, app_error_t *err, apr_pool_t *p)
{
    auth_keys_t *keys = apr_pcalloc(p, sizeof(*keys));
    apr_size_t len = strlen(secret);
    const char *text = is_base64 ? decode_secret(secret, &len, p) : secret;
    apr_status_t status;

    if (!text) {
        return app_fail(err, APP_E_SETTING, "%s is not base64, but %sIsBase64 says so", setting,
                        setting);
    }
    status = read_any(keys, text, len, setting, err, p);
    ERR_clear_error(); /* or the next user of OpenSSL in this thread takes them for his own */
    if (status == APR_SUCCESS) {
        *pkeys = keys;
    }
    return status;
}

apr_status_t auth_keys_read_set(auth_keys_t **pkeys, const char *text, const char *where,
                                app_error_t *err, apr_pool_t *p)
{
    auth_keys_t *keys = apr_pcalloc(p, sizeof(*keys));
    apr_status_t status;

    keys->published = 1;
    if (auth_keys_form(text) != AUTH_KEYS_JSON) {
        return app_fail(err, APP_E_SETTING, "%s is no JWK set", where);
    }
    status = read_json(keys, text, strlen(text), where, err, p);
    ERR_clear_error();
    if (status == APR_SUCCESS) {
        *pkeys = keys;
    }
    return status;
}
