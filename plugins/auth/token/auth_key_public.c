/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the world may know of the keys: public parts, and names by which tokens refer to them. Made
 * in the parent, when keys are read; the set is put together in the thread of a request.
 */
#include <string.h>

#include <openssl/evp.h>

#include "apr_strings.h"

#include "auth_key_int.h"

#define SET_MAX (1 << 20) /* bytes: KEYS_MAX keys of 16,384 bits fit */

const char *auth_base64url_encode(const void *bytes, apr_size_t len, apr_pool_t *p)
{
    cjose_err why;
    char *text = NULL;
    const char *copy = NULL;
    size_t n = 0;

    if (cjose_base64url_encode(bytes, len, &text, &n, &why)) {
        copy = apr_pstrmemdup(p, text, n);
        cjose_get_dealloc()(text);
    }
    return copy;
}

static json_t *public_jose(const auth_key_t *key)
{
    cjose_err why;
    char *text = cjose_jwk_to_json(key->jwk, false, &why);
    json_t *jwk = text ? json_loads(text, 0, NULL) : NULL;

    if (text) {
        cjose_get_dealloc()(text);
    }
    return jwk;
}

static json_t *public_eddsa(const auth_key_t *key, apr_pool_t *p)
{
    unsigned char bytes[64];
    size_t len = sizeof(bytes);
    const char *x;

    if (EVP_PKEY_get_raw_public_key(key->eddsa, bytes, &len) != 1 ||
        !(x = auth_base64url_encode(bytes, len, p))) {
        return NULL;
    }
    return json_pack("{s:s, s:s, s:s}", "kty", key->type, "crv", key->curve, "x", x);
}

json_t *auth_key_public_members(const json_t *jwk)
{
    static const char *const names[] = { "crv", "e", "kty", "n", "x", "y" };
    json_t *only = json_object();
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        json_t *value = json_object_get(jwk, names[i]);

        if (value) {
            json_object_set(only, names[i], value);
        }
    }
    return only;
}

const char *auth_key_digest(const char *text, apr_pool_t *p)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int len = 0;

    return EVP_Digest(text, strlen(text), digest, &len, EVP_sha256(), NULL) == 1
               ? auth_base64url_encode(digest, len, p) : NULL;
}

const char *auth_key_thumbprint(const json_t *jwk, apr_pool_t *p)
{
    json_t *members = app_json_own(p, auth_key_public_members(jwk));
    char *text = json_dumps(members, JSON_COMPACT | JSON_SORT_KEYS);
    const char *digest = text ? auth_key_digest(text, p) : NULL;

    free(text);
    return digest;
}

/** The hash of a symmetric key would help whoever guesses it: it gets no name that it has not. */
int auth_key_publish(auth_key_t *key, apr_pool_t *p)
{
    json_t *jwk, *whole;
    const char *alg = key->alg;

    if (strcmp(key->type, "oct") == 0) {
        return 1;
    }
    whole = app_json_own(p, key->eddsa ? public_eddsa(key, p) : public_jose(key));
    jwk = app_json_own(p, auth_key_public_members(whole));
    if (!key->kid) {
        key->kid = auth_key_thumbprint(jwk, p);
    }
    if (!alg && auth_key_algorithm(key)->curve) {
        alg = auth_key_algorithm(key)->name; /* a curve has one only */
    }
    if (!json_object_size(whole) || !key->kid) {
        return 0;
    }
    json_object_set_new(jwk, "kid", json_string(key->kid));
    json_object_set_new(jwk, "use", json_string("sig"));
    if (alg) {
        json_object_set_new(jwk, "alg", json_string(alg));
    }
    key->public_jwk = auth_json_text(jwk, p);
    return key->public_jwk != NULL;
}

const char *auth_keys_public(const auth_keys_t *keys, apr_pool_t *p)
{
    app_buf_t buf;
    int i;

    app_buf_init(&buf, p, SET_MAX);
    app_buf_adds(&buf, "{\"keys\":[");
    for (i = 0; i < keys->n; i++) {
        if (keys->list[i].public_jwk) {
            app_buf_adds(&buf, buf.data[buf.len - 1] == '[' ? "" : ",");
            app_buf_adds(&buf, keys->list[i].public_jwk);
        }
    }
    app_buf_adds(&buf, "]}");
    return buf.data;
}
