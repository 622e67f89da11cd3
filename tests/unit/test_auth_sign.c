/* SPDX-License-Identifier: Apache-2.0 */
/** Tokens that are signed here, by which key, and what is published of keys. */
#include "unit_jws.h"

#include "auth_sign.h"
#include "auth_token_int.h"

#define CLAIMS "{\"role\":\"user\"}"

static auth_keys_t *keys_of(const char *secret)
{
    app_error_t err = { .pool = unit_pool };
    auth_keys_t *keys = NULL;

    if (auth_keys_read(&keys, secret, "JwtSecret", 0, &err, unit_pool) != APR_SUCCESS) {
        fail_msg("%s: %s", secret, err.message);
    }
    return keys;
}

static const char *sign(const char *secret)
{
    app_error_t err = { .pool = unit_pool };
    const char *token = NULL;

    assert_int_equal(auth_keys_sign(&token, keys_of(secret), CLAIMS, strlen(CLAIMS), &err,
                                    unit_pool), APR_SUCCESS);
    return token;
}

static const char *header_of(const char *token)
{
    apr_size_t len;

    return auth_base64url_decode(token, strcspn(token, "."), &len, unit_pool);
}

static auth_verdict_e verdict(const char *secret, const char *token)
{
    app_error_t err = { .pool = unit_pool };
    const char *header = header_of(token);
    auth_jws_t jws = { .text = token };
    json_t *json;

    assert_int_equal(app_json_parse(header, strlen(header), &json, &err, unit_pool), APR_SUCCESS);
    jws.alg = json_string_value(json_object_get(json, "alg"));
    jws.kid = json_string_value(json_object_get(json, "kid"));
    return auth_keys_verify(keys_of(secret), &jws, unit_pool);
}

/** A JWK with its private part. */
static const char *private_jwk(cjose_jwk_t *key, const char *more)
{
    cjose_err why;
    char *text = cjose_jwk_to_json(key, true, &why);
    const char *jwk = apr_psprintf(unit_pool, "%.*s%s}", (int)strlen(text) - 1, text, more);

    cjose_get_dealloc()(text);
    return jwk;
}

static const char *private_eddsa(const char *curve)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, curve);
    const char *jwk = unit_eddsa_jwk(key, curve);
    unsigned char bytes[64];
    size_t len = sizeof(bytes);

    assert_int_equal(EVP_PKEY_get_raw_private_key(key, bytes, &len), 1);
    EVP_PKEY_free(key);
    return apr_psprintf(unit_pool, "%.*s,\"d\":\"%s\"}", (int)strlen(jwk) - 1, jwk,
                        unit_base64url(bytes, len));
}

static const struct {
    const char *name, *key, *more, *alg;
} algorithms[] = {
    { "HS256 is what oct does", "HS256", "", "HS256" },
    { "HS512", "HS512", ",\"alg\":\"HS512\"", "HS512" },
    { "RS256 is what RSA does", "RS256", "", "RS256" },
    { "RS384", "RS384", ",\"alg\":\"RS384\"", "RS384" },
    { "P-256", "ES256", "", "ES256" },
    { "P-384", "ES384", "", "ES384" },
    { "P-521", "ES512", "", "ES512" },
};

static void test_algorithms(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(algorithms); i++) {
        cjose_jwk_t *key = unit_key(algorithms[i].key);
        const char *jwk = private_jwk(key, apr_pstrcat(unit_pool, ",\"kid\":\"\\\"k\"",
                                                       algorithms[i].more, NULL));
        const char *token = sign(jwk);

        CASE_STRING(algorithms[i].name, header_of(token),
                    apr_psprintf(unit_pool, "{\"alg\":\"%s\",\"kid\":\"\\\"k\",\"typ\":\"JWT\"}",
                                 algorithms[i].alg));
        CASE_INT(algorithms[i].name, verdict(jwk, token), AUTH_JWS_GENUINE);
        cjose_jwk_release(key);
    }
}

static void test_eddsa(void **state)
{
    static const char *const curves[] = { "Ed25519", "Ed448" };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(curves); i++) {
        const char *jwk = private_eddsa(curves[i]);

        CASE_INT(curves[i], verdict(jwk, sign(jwk)), AUTH_JWS_GENUINE);
        CASE_INT(curves[i], verdict(private_eddsa(curves[i]), sign(jwk)), AUTH_JWS_NO_KEY);
    }
}

static void test_text(void **state)
{
    const char *token = sign(UNIT_SECRET);

    (void)state;
    assert_string_equal(header_of(token), "{\"alg\":\"HS256\",\"typ\":\"JWT\"}");
    assert_int_equal(verdict(UNIT_SECRET, token), AUTH_JWS_GENUINE);
}

/** New key in front, old ones behind it, one of them public alone. */
static void test_rotation(void **state)
{
    cjose_jwk_t *new = unit_key("ES256"), *old = unit_key("ES256"), *gone = unit_key("RS256");
    const char *before = private_jwk(old, ""), *token = sign(before);
    const char *set = apr_psprintf(unit_pool, "{\"keys\":[%s,%s,%s]}", unit_jwk(gone, ""),
                                   private_jwk(new, ""), before);

    (void)state;
    assert_int_equal(verdict(set, token), AUTH_JWS_GENUINE);
    assert_int_equal(verdict(private_jwk(new, ""), sign(set)), AUTH_JWS_GENUINE);
    assert_int_equal(verdict(before, sign(set)), AUTH_JWS_NO_KEY);
    cjose_jwk_release(new);
    cjose_jwk_release(old);
    cjose_jwk_release(gone);
}

static auth_tokens_t *tokens_of(const char *secret)
{
    const auth_token_conf_t conf = { .secret = secret, .role_path = "$.role" };
    app_error_t err = { .pool = unit_pool };
    auth_tokens_t *tokens = NULL;

    assert_int_equal(auth_tokens_create(&tokens, &conf, &err, unit_pool), APR_SUCCESS);
    return tokens;
}

static void test_plugin(void **state)
{
    cjose_jwk_t *key = unit_key("ES256");
    const auth_tokens_t *public = tokens_of(unit_jwk(key, "")), *text = tokens_of(UNIT_SECRET);
    app_error_t err = { .pool = unit_pool };
    json_t *claims = app_json_own(unit_pool, json_pack("{s:s}", "role", "user"));
    app_identity_t who;
    const char *token = NULL;

    (void)state;
    assert_int_equal(auth_sign_check(text, "Accounts", &err), APR_SUCCESS);
    assert_int_equal(auth_sign_check(NULL, "Accounts", &err), APP_EFAIL);
    assert_string_equal(err.message, "Accounts needs a key that tokens can be signed with, and "
                                     "JwtSecret is not set");
    assert_int_equal(auth_sign_check(public, "Accounts", &err), APP_EFAIL);
    assert_string_equal(err.message, "Accounts needs a key that tokens can be signed with, and "
                                     "JwtSecret holds public keys alone");
    assert_int_equal(auth_sign(&token, public, claims, &err, unit_pool), APP_EFAIL);
    assert_string_equal(err.code, "PGRST300");
    assert_int_equal(auth_sign(&token, NULL, claims, &err, unit_pool), APP_EFAIL);
    assert_null(token);
    assert_int_equal(auth_sign(&token, text, claims, &err, unit_pool), APR_SUCCESS);
    assert_int_equal(auth_token_identify(&who, text, token, NULL, &err, unit_pool), APR_SUCCESS);
    assert_string_equal(who.role, "user");
    cjose_jwk_release(key);
}

/** The example of RFC 7638, 3.1. */
static void test_thumbprint(void **state)
{
    static const char key[] =
        "{\"kty\":\"RSA\",\"n\":\"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zw"
        "u1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6"
        "Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD"
        "08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJz"
        "KnqDKgw\",\"e\":\"AQAB\"}";

    (void)state;
    assert_non_null(strstr(auth_keys_public(keys_of(key), unit_pool),
                           "\"kid\":\"NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs\""));
}

static void test_public(void **state)
{
    cjose_jwk_t *ec = unit_key("ES256"), *rsa = unit_key("RS256"), *oct = unit_key("HS256");
    const char *set = apr_psprintf(unit_pool, "{\"keys\":[%s,%s,%s,%s]}", private_jwk(oct, ""),
                                   private_jwk(ec, ",\"kid\":\"e\",\"x5c\":[\"no\"]"),
                                   private_jwk(rsa, ",\"alg\":\"RS512\""),
                                   private_eddsa("Ed25519"));
    static const char *const secrets[] = { "d", "p", "q", "dp", "dq", "qi", "k", "x5c" };
    const char *text = auth_keys_public(keys_of(set), unit_pool);
    app_error_t err = { .pool = unit_pool };
    json_t *json, *key;
    size_t i, j;

    (void)state;
    assert_int_equal(app_json_parse(text, strlen(text), &json, &err, unit_pool), APR_SUCCESS);
    json = json_object_get(json, "keys");
    assert_int_equal(json_array_size(json), 3);
    json_array_foreach(json, i, key) {
        assert_non_null(json_object_get(key, "kid"));
        for (j = 0; j < COUNT(secrets); j++) {
            assert_null(json_object_get(key, secrets[j]));
        }
    }
    key = json_array_get(json, 0);
    assert_string_equal(json_string_value(json_object_get(key, "kid")), "e");
    assert_string_equal(json_string_value(json_object_get(key, "alg")), "ES256");
    assert_string_equal(auth_keys_public(keys_of(UNIT_SECRET), unit_pool), "{\"keys\":[]}");
    /* What is published verifies what is signed. */
    assert_int_equal(verdict(text, sign(private_jwk(rsa, ",\"alg\":\"RS512\""))), AUTH_JWS_GENUINE);
    cjose_jwk_release(ec);
    cjose_jwk_release(rsa);
    cjose_jwk_release(oct);
}

/** Two halves of two keys. */
static void test_halves(void **state)
{
    const char *one = private_eddsa("Ed25519"), *other = private_eddsa("Ed25519");
    const char *mixed = apr_psprintf(unit_pool, "%.*s%s", (int)(strstr(one, ",\"d\"") - one), one,
                                     strstr(other, ",\"d\""));
    cjose_jwk_t *a = unit_key("ES256"), *b = unit_key("ES256");
    json_t *first = app_json_own(unit_pool, json_loads(private_jwk(a, ""), 0, NULL));
    json_t *second = app_json_own(unit_pool, json_loads(private_jwk(b, ""), 0, NULL));
    app_error_t err = { .pool = unit_pool };
    auth_keys_t *keys;

    (void)state;
    assert_int_equal(auth_keys_read(&keys, mixed, "X", 0, &err, unit_pool), APP_EFAIL);
    assert_string_equal(err.message, "X: no key can verify a token: its private part does not "
                                     "belong to its public part");
    json_object_set(first, "d", json_object_get(second, "d"));
    assert_int_equal(auth_keys_read(&keys, auth_json_text(first, unit_pool), "X", 0, &err,
                                    unit_pool), APP_EFAIL);
    cjose_jwk_release(a);
    cjose_jwk_release(b);
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_algorithms), cmocka_unit_test(test_eddsa),
    cmocka_unit_test(test_text),       cmocka_unit_test(test_rotation),
    cmocka_unit_test(test_plugin),     cmocka_unit_test(test_thumbprint),
    cmocka_unit_test(test_public),     cmocka_unit_test(test_halves),
};

UNIT_MAIN(tests)
