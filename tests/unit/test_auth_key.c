/* SPDX-License-Identifier: Apache-2.0 */
/** Keys of tokens: which secrets are accepted, and which key verifies which token. */
#include "unit_jws.h"

#include "auth_key.h"

static auth_keys_t *keys_of(const char *secret)
{
    app_error_t err = { .pool = unit_pool };
    auth_keys_t *keys = NULL;

    if (auth_keys_read(&keys, secret, "JwtSecret", 0, &err, unit_pool) != APR_SUCCESS) {
        fail_msg("%s: %s", secret, err.message);
    }
    return keys;
}

static auth_verdict_e verdict(const char *secret, const char *token, const char *alg,
                              const char *kid)
{
    const auth_jws_t jws = { .text = token, .alg = alg, .kid = kid };

    return auth_keys_verify(keys_of(secret), &jws, unit_pool);
}

/* Every algorithm, with the right key, with another, and with the others' names on it. */

static const char *const algorithms[] = { "HS256", "HS384", "HS512", "RS256", "RS384",
                                          "RS512", "ES256", "ES384", "ES512" };

static void test_algorithms(void **state)
{
    size_t i, j;

    (void)state;
    for (i = 0; i < COUNT(algorithms); i++) {
        const char *alg = algorithms[i];
        cjose_jwk_t *key = unit_key(alg), *other = unit_key(alg);
        const char *jwk = unit_jwk(key, ""), *token = unit_sign(key, alg, NULL, "{}");
        const char *for_it = unit_jwk(key, apr_psprintf(unit_pool, ",\"alg\":\"%s\"", alg));

        CASE_INT(alg, verdict(jwk, token, alg, NULL), AUTH_JWS_GENUINE);
        CASE_INT(alg, verdict(for_it, token, alg, NULL), AUTH_JWS_GENUINE);
        CASE_INT(alg, verdict(unit_jwk(other, ""), token, alg, NULL), AUTH_JWS_FORGED);
        for (j = 0; j < COUNT(algorithms); j++) {
            if (i != j) {
                CASE_INT(alg, verdict(for_it, token, algorithms[j], NULL), AUTH_JWS_NO_KEY);
            }
        }
        cjose_jwk_release(key);
        cjose_jwk_release(other);
    }
}

static void test_eddsa(void **state)
{
    static const char *const curves[] = { "Ed25519", "Ed448" };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(curves); i++) {
        EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, curves[i]);
        EVP_PKEY *other = EVP_PKEY_Q_keygen(NULL, NULL, curves[i]);
        const char *jwk = unit_eddsa_jwk(key, curves[i]), *token = unit_eddsa_sign(key, "{}");
        const char *dot = strrchr(token, '.');
        const char *cut = apr_pstrmemdup(unit_pool, token, strlen(token) - 8);
        const char *broken = apr_pstrcat(unit_pool, token, "=", NULL);
        const char *none = apr_pstrmemdup(unit_pool, token, (apr_size_t)(dot + 1 - token));

        CASE_INT(curves[i], verdict(jwk, token, "EdDSA", NULL), AUTH_JWS_GENUINE);
        CASE_INT(curves[i], verdict(jwk, cut, "EdDSA", NULL), AUTH_JWS_FORGED);
        CASE_INT(curves[i], verdict(jwk, none, "EdDSA", NULL), AUTH_JWS_FORGED);
        CASE_INT(curves[i], verdict(jwk, broken, "EdDSA", NULL), AUTH_JWS_BROKEN);
        CASE_INT(curves[i], verdict(jwk, token, "ES256", NULL), AUTH_JWS_NO_KEY);
        CASE_INT(curves[i], verdict(unit_eddsa_jwk(other, curves[i]), token, "EdDSA", NULL),
                 AUTH_JWS_FORGED);
        EVP_PKEY_free(key);
        EVP_PKEY_free(other);
    }
}

/** A token that was made with a public key as the secret of an HMAC. */
static void test_confusion(void **state)
{
    cjose_jwk_t *key = unit_key("RS256");
    const char *jwk = unit_jwk(key, "");
    const char *token = unit_sign_text(jwk, "{}");

    (void)state;
    CASE_INT("RSA", verdict(jwk, token, "HS256", NULL), AUTH_JWS_NO_KEY);
    CASE_INT("RSA as RS256", verdict(jwk, token, "RS256", NULL), AUTH_JWS_FORGED);
    cjose_jwk_release(key);
}

static void check_truncated(const char *alg)
{
    cjose_jwk_t *key = unit_key(alg);
    const char *jwk = unit_jwk(key, ""), *token = unit_sign(key, alg, NULL, "{}");
    size_t len = strlen(token), i;

    for (i = (size_t)(strrchr(token, '.') - token) + 1; i < len; i++) {
        assert_int_not_equal(verdict(jwk, apr_pstrmemdup(unit_pool, token, i), alg, NULL),
                             AUTH_JWS_GENUINE);
    }
    CASE_INT(alg, verdict(jwk, apr_pstrcat(unit_pool, token, "AAAA", NULL), alg, NULL),
             AUTH_JWS_FORGED);
    cjose_jwk_release(key);
}

static void test_truncated(void **state)
{
    (void)state;
    check_truncated("HS512");
    check_truncated("RS256");
    check_truncated("ES256");
}

static void test_sets(void **state)
{
    cjose_jwk_t *rsa = unit_key("RS256"), *ec = unit_key("ES384"), *hmac = unit_key("HS384");
    const char *set = apr_psprintf(unit_pool, "{\"keys\":[%s,%s,%s,%s]}",
                                   unit_jwk(ec, ",\"kid\":\"enc\",\"use\":\"enc\""),
                                   unit_jwk(rsa, ",\"kid\":\"r\",\"use\":\"sig\""),
                                   unit_jwk(ec, ",\"kid\":\"e\",\"alg\":\"ES384\""),
                                   unit_jwk(hmac, ""));
    const char *by_rsa = unit_sign(rsa, "RS512", NULL, "{}");
    const char *by_ec = unit_sign(ec, "ES384", NULL, "{}");
    const char *by_hmac = unit_sign(hmac, "HS384", NULL, "{}");

    (void)state;
    CASE_INT("no kid", verdict(set, by_rsa, "RS512", NULL), AUTH_JWS_GENUINE);
    CASE_INT("no kid", verdict(set, by_hmac, "HS384", NULL), AUTH_JWS_GENUINE);
    CASE_INT("kid", verdict(set, by_rsa, "RS512", "r"), AUTH_JWS_GENUINE);
    CASE_INT("kid", verdict(set, by_ec, "ES384", "e"), AUTH_JWS_GENUINE);
    CASE_INT("kid of another type", verdict(set, by_rsa, "RS512", "e"), AUTH_JWS_NO_KEY);
    CASE_INT("kid of nobody", verdict(set, by_rsa, "RS512", "x"), AUTH_JWS_NO_KEY);
    CASE_INT("kid, key has none", verdict(set, by_hmac, "HS384", "h"), AUTH_JWS_NO_KEY);
    CASE_INT("kid of encryption", verdict(set, by_ec, "ES384", "enc"), AUTH_JWS_NO_KEY);
    CASE_INT("alg of another key", verdict(set, by_ec, "ES256", NULL), AUTH_JWS_NO_KEY);
    cjose_jwk_release(rsa);
    cjose_jwk_release(ec);
    cjose_jwk_release(hmac);
}

/** A key set while it is rotated: the right one of two is not the first. */
static void test_all_are_tried(void **state)
{
    cjose_jwk_t *old = unit_key("ES256"), *new = unit_key("ES256");
    const char *set = apr_psprintf(unit_pool, "{\"keys\":[%s,%s]}", unit_jwk(old, ""),
                                   unit_jwk(new, ""));

    (void)state;
    CASE_INT("old", verdict(set, unit_sign(old, "ES256", NULL, "{}"), "ES256", NULL),
             AUTH_JWS_GENUINE);
    CASE_INT("new", verdict(set, unit_sign(new, "ES256", NULL, "{}"), "ES256", NULL),
             AUTH_JWS_GENUINE);
    cjose_jwk_release(old);
    cjose_jwk_release(new);
}

/* Secrets: K43 stands for 32 bytes in base64url. */

#define K43 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define OCT "{\"kty\":\"oct\",\"k\":\"" K43 "\"}"
#define NO_KEY "JwtSecret: no key can verify a token: "
#define NO_ALG NO_KEY "its kty, crv and alg go with none of HS, RS and ES with 256, 384 or 512, " \
               "and EdDSA"

static const struct {
    const char *name, *secret;
    int         is_base64;
    const char *message; /* NULL: accepted */
} secrets[] = {
    { "text", UNIT_SECRET, 0, NULL },
    { "32 bytes", "reallyreallyreallyreallyverysafe", 0, NULL },
    { "31 bytes", "reallyreallyreallyreallyverysaf", 0, "JwtSecret is shorter than 32 bytes" },
    { "base64", "cmVhbGx5cmVhbGx5cmVhbGx5cmVhbGx5dmVyeXNhZmU=", 1, NULL },
    { "base64, both alphabets", "-_-_-_-_+/+/+/+/AAECAwQFBgcICQoLDA0ODxAREhM", 1, NULL },
    { "base64, too short", "YWJj", 1, "JwtSecret is shorter than 32 bytes" },
    { "no base64", UNIT_SECRET, 1, "JwtSecret is not base64, but JwtSecretIsBase64 says so" },
    { "JWK", OCT, 0, NULL },
    { "JWK, blanks", " \n" OCT "\n", 0, NULL },
    { "JWK in base64",
      "eyJrdHkiOiJvY3QiLCJrIjoiQUFFQ0F3UUZCZ2NJQ1FvTERBME9EeEFSRWhNVUZSWVhHQmthR3h3ZEhoOCJ9", 1,
      NULL },
    { "set", "{\"keys\":[" OCT "]}", 0, NULL },
    { "set, other members", "{\"keys\":[" OCT "],\"x\":1}", 0, NULL },
    { "empty set", "{\"keys\":[]}", 0, NO_KEY "it holds no key" },
    { "no JSON", "{\"kty\":\"oct\" and so on, and so on", 0,
      "JwtSecret begins like a JWK but is not JSON: line 1, column 16: "
      "'}' expected near 'and'" },
    { "member twice", "{\"kty\":\"oct\",\"kty\":\"oct\"}", 0,
      "JwtSecret begins like a JWK but is not JSON: line 1, column 18: "
      "duplicate object key near '\"kty\"'" },
    { "no kty", "{\"k\":\"" K43 "\"}", 0, NO_ALG },
    { "kty unknown", "{\"kty\":\"x\",\"k\":\"" K43 "\"}", 0, NO_ALG },
    { "kty number", "{\"kty\":1}", 0, NO_ALG },
    { "alg of another type", "{\"kty\":\"oct\",\"alg\":\"RS256\",\"k\":\"" K43 "\"}", 0, NO_ALG },
    { "alg unknown", "{\"kty\":\"oct\",\"alg\":\"A128KW\",\"k\":\"" K43 "\"}", 0, NO_ALG },
    { "alg none", "{\"kty\":\"oct\",\"alg\":\"none\",\"k\":\"" K43 "\"}", 0, NO_ALG },
    { "for encryption", "{\"kty\":\"oct\",\"use\":\"enc\",\"k\":\"" K43 "\"}", 0,
      NO_KEY "it is for encryption" },
    { "oct too short", "{\"kty\":\"oct\",\"k\":\"AAECAwQFBgcICQoLDA0ODw\"}", 0,
      NO_KEY "it is shorter than 32 bytes" },
    { "oct without k", "{\"kty\":\"oct\"}", 0, NO_KEY "its members are incomplete or wrong" },
    { "RSA too short", "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"" K43 K43 "\"}", 0,
      NO_KEY "it is shorter than 2048 bits" },
    { "EC without y", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" K43 "\"}", 0,
      NO_KEY "its members are incomplete or wrong" },
    { "base64 with a sign in the middle", "{\"kty\":\"oct\",\"k\":\"A=AA" K43 "\"}", 0,
      NO_KEY "its members are incomplete or wrong" },
    { "base64 of an odd length", "{\"kty\":\"oct\",\"k\":\"AA" K43 "\"}", 0,
      NO_KEY "its members are incomplete or wrong" },
    { "k number", "{\"kty\":\"oct\",\"k\":1}", 0, NO_KEY "its members are incomplete or wrong" },
    { "EC, not on its curve",
      "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" K43 "\",\"y\":\"" K43 "\"}", 0,
      NO_KEY "its members are incomplete or wrong" },
    { "EC, other curve",
      "{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"" K43 "\",\"y\":\"" K43 "\"}", 0, NO_ALG },
    { "OKP", "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" K43 "\"}", 0, NULL },
    { "OKP of another length", "{\"kty\":\"OKP\",\"crv\":\"Ed448\",\"x\":\"" K43 "\"}", 0,
      NO_KEY "its members are incomplete or wrong" },
    { "OKP without x", "{\"kty\":\"OKP\",\"crv\":\"Ed25519\"}", 0,
      NO_KEY "its members are incomplete or wrong" },
    { "X25519", "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" K43 "\"}", 0, NO_ALG },
    { "one good key of two", "{\"keys\":[{\"kty\":\"x\"}," OCT "]}", 0, NULL },
    { "no objects", "{\"keys\":[1,null]}", 0, NO_ALG },
};

static void test_secrets(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(secrets); i++) {
        app_error_t err = { .pool = unit_pool };
        auth_keys_t *keys = NULL;
        apr_status_t status = auth_keys_read(&keys, secrets[i].secret, "JwtSecret",
                                             secrets[i].is_base64, &err, unit_pool);

        CASE_STRING(secrets[i].name, err.message, secrets[i].message);
        CASE_INT(secrets[i].name, status, secrets[i].message ? APP_EFAIL : APR_SUCCESS);
        CASE_INT(secrets[i].name, keys != NULL, !secrets[i].message);
    }
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_algorithms),
    cmocka_unit_test(test_eddsa),
    cmocka_unit_test(test_confusion),
    cmocka_unit_test(test_truncated),
    cmocka_unit_test(test_sets),
    cmocka_unit_test(test_all_are_tried),
    cmocka_unit_test(test_secrets),
};

UNIT_MAIN(tests)
