/* SPDX-License-Identifier: Apache-2.0 */
/** Bearer tokens: who is let in as whom, and what the others are told. */
#include "unit.h"

#include <cjose/cjose.h>

#include "apr_strings.h"

#include "rest_int.h"

#define SECRET "a secret of at least thirty-two bytes"

static const char *encode(const char *text)
{
    cjose_err why;
    char *encoded = NULL;
    size_t len = 0;
    const char *copy;

    assert_true(cjose_base64url_encode((const uint8_t *)text, strlen(text), &encoded, &len, &why));
    copy = apr_pstrmemdup(unit_pool, encoded, len);
    cjose_get_dealloc()(encoded);
    return copy;
}

/** Signs with HS256; a header that is given is put in the place of the one that was signed. */
static const char *sign(const char *header, const char *claims, const char *secret)
{
    cjose_err why;
    cjose_jwk_t *jwk = cjose_jwk_create_oct_spec((const uint8_t *)secret, strlen(secret), &why);
    cjose_header_t *made = cjose_header_new(&why);
    const char *signed_text, *token, *dot;
    cjose_jws_t *jws;

    cjose_header_set(made, CJOSE_HDR_ALG, CJOSE_HDR_ALG_HS256, &why);
    jws = cjose_jws_sign(jwk, made, (const uint8_t *)claims, strlen(claims), &why);
    assert_non_null(jws);
    assert_true(cjose_jws_export(jws, &signed_text, &why));
    dot = strchr(signed_text, '.');
    token = header ? apr_pstrcat(unit_pool, encode(header), dot, NULL)
                   : apr_pstrdup(unit_pool, signed_text);
    cjose_jws_release(jws);
    cjose_header_release(made);
    cjose_jwk_release(jwk);
    return token;
}

typedef struct case_t {
    const char *name;
    const char *header; /* NULL: of a right HS256 token */
    const char *claims; /* %d stands for now plus shift */
    int         shift;
    const char *secret; /* NULL: ours */
    const char *code, *message, *details, *role, *passed_on;
} case_t;

static const case_t cases[] = {
    { "role", NULL, "{\"role\":\"user\",\"sub\":\"ada\"}", 0, NULL, NULL, NULL, NULL, "user",
      "{\"role\":\"user\",\"sub\":\"ada\"}" },
    { "no role", NULL, "{\"sub\":\"ada\"}", 0, NULL, NULL, NULL, NULL, NULL,
      "{\"sub\":\"ada\",\"role\":\"anon\"}" },
    { "role that is no string", NULL, "{\"role\":5}", 0, NULL, NULL, NULL, NULL, "5",
      "{\"role\":\"5\"}" },
    { "just expired", NULL, "{\"exp\":%d}", -20, NULL, NULL, NULL, NULL, NULL, "..." },
    { "expired", NULL, "{\"exp\":%d}", -40, NULL, "PGRST303", "JWT expired", NULL, NULL, NULL },
    { "exp that is no integer", NULL, "{\"exp\":99999999999.5}", 0, NULL, "PGRST303",
      "JWT expired", NULL, NULL, NULL },
    { "exp null", NULL, "{\"exp\":null}", 0, NULL, NULL, NULL, NULL, NULL, "..." },
    { "exp text", NULL, "{\"exp\":\"soon\"}", 0, NULL, "PGRST303",
      "The JWT 'exp' claim must be a number", NULL, NULL, NULL },
    { "nbf", NULL, "{\"nbf\":%d}", 40, NULL, "PGRST303", "JWT not yet valid", NULL, NULL, NULL },
    { "nbf text", NULL, "{\"nbf\":[]}", 0, NULL, "PGRST303",
      "The JWT 'nbf' claim must be a number", NULL, NULL, NULL },
    { "iat", NULL, "{\"iat\":%d}", 40, NULL, "PGRST303", "JWT issued at future", NULL, NULL, NULL },
    { "aud of others", NULL, "{\"aud\":\"them\"}", 0, NULL, "PGRST303", "JWT not in audience", NULL,
      NULL, NULL },
    { "aud", NULL, "{\"aud\":[\"them\",\"us\"]}", 0, NULL, NULL, NULL, NULL, NULL, "..." },
    { "aud empty", NULL, "{\"aud\":[]}", 0, NULL, NULL, NULL, NULL, NULL, "..." },
    { "aud number", NULL, "{\"aud\":[1]}", 0, NULL, "PGRST303",
      "The JWT 'aud' claim must be a string or an array of strings", NULL, NULL, NULL },
    { "claims no object", NULL, "[]", 0, NULL, "PGRST303", "Parsing claims failed", NULL, NULL,
      NULL },
    { "NUL in a role", NULL, "{\"role\":\"user\\u0000x\"}", 0, NULL, "PGRST303",
      "Parsing claims failed", NULL, NULL, NULL },
    { "claims no JSON", NULL, "{", 0, NULL, "PGRST303", "Parsing claims failed", NULL, NULL, NULL },
    { "other key", NULL, "{}", 0, "another secret of thirty-two bytes!!", "PGRST301",
      "No suitable key or wrong key type", "None of the keys was able to decode the JWT", NULL,
      NULL },
    { "none", "{\"alg\":\"none\"}", "{}", 0, NULL, "PGRST301",
      "Wrong or unsupported encoding algorithm",
      "JWT is unsecured but expected 'alg' was not 'none'", NULL, NULL },
    { "other algorithm", "{\"alg\":\"HS512\"}", "{}", 0, NULL, "PGRST301",
      "No suitable key or wrong key type", "No suitable key was found to decode the JWT", NULL,
      NULL },
    { "header changed", "{\"alg\":\"HS256\",\"typ\":\"X\"}", "{}", 0, NULL, "PGRST301",
      "No suitable key or wrong key type", "None of the keys was able to decode the JWT", NULL,
      NULL },
    { "kid", "{\"alg\":\"HS256\",\"kid\":\"1\"}", "{}", 0, NULL, "PGRST301",
      "No suitable key or wrong key type", "No suitable key was found to decode the JWT", NULL,
      NULL },
    { "crit", "{\"alg\":\"HS256\",\"crit\":[\"b64\"]}", "{}", 0, NULL, "PGRST301",
      "JWT cryptographic operation failed", NULL, NULL, NULL },
    { "header no JSON", "{", "{}", 0, NULL, "PGRST301", "JWT cryptographic operation failed", NULL,
      NULL, NULL },
};

static void test_cases(void **state)
{
    const rest_conf_t conf = { .anon_role = "anon", .jwt_secret = SECRET, .jwt_aud = "us" };
    cjose_err why;
    cjose_jwk_t *jwk =
        cjose_jwk_create_oct_spec((const uint8_t *)SECRET, strlen(SECRET), &why);
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        const case_t *c = &cases[i];
        app_error_t err = { .pool = unit_pool };
        app_identity_t identity = { .role = NULL };
        int now = (int)apr_time_sec(apr_time_now()) + c->shift;
        const char *at = strstr(c->claims, "%d");
        const char *claims = at ? apr_psprintf(unit_pool, "%.*s%d%s", (int)(at - c->claims),
                                               c->claims, now, at + 2)
                                : c->claims;
        const char *token = sign(c->header, claims, c->secret ? c->secret : SECRET);
        apr_status_t status =
            rest_token_identify(&identity, token, jwk, &conf, &err, unit_pool);

        CASE_STRING(c->name, err.code, c->code);
        CASE_INT(c->name, status, c->code ? APP_EFAIL : APR_SUCCESS);
        CASE_STRING(c->name, err.message, c->message);
        CASE_STRING(c->name, err.details, c->details);
        CASE_STRING(c->name, identity.role, c->role);
        if (c->code) {
            CASE_STRING(c->name, err.challenge,
                        apr_psprintf(unit_pool,
                                     "Bearer error=\"invalid_token\", error_description=\"%s\"",
                                     c->message));
        }
        else if (strcmp(c->passed_on, "...") != 0) {
            CASE_STRING(c->name, identity.claims, c->passed_on);
        }
    }
    cjose_jwk_release(jwk);
}

static void test_shapes(void **state)
{
    static const struct { const char *token, *message; } shapes[] = {
        { "", "Empty JWT is sent in Authorization header" },
        { "abc", "Expected 3 parts in JWT; got 1" },
        { "a.b", "Expected 3 parts in JWT; got 2" },
        { "a.b.c.d", "Expected 3 parts in JWT; got 4" },
        { "..", "JWT cryptographic operation failed" },
        { "a!b.c.d", "JWT cryptographic operation failed" },
        { "e30.e30.", "JWT cryptographic operation failed" },
    };
    const rest_conf_t conf = { .anon_role = "anon" };
    cjose_err why;
    cjose_jwk_t *jwk =
        cjose_jwk_create_oct_spec((const uint8_t *)SECRET, strlen(SECRET), &why);
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(shapes); i++) {
        app_error_t err = { .pool = unit_pool };
        app_identity_t identity;

        CASE_INT(shapes[i].token, rest_token_identify(&identity, shapes[i].token, jwk, &conf, &err,
                                                      unit_pool), APP_EFAIL);
        CASE_STRING(shapes[i].token, err.message, shapes[i].message);
        CASE_STRING(shapes[i].token, err.code, "PGRST301");
    }
    cjose_jwk_release(jwk);
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_cases),
    cmocka_unit_test(test_shapes),
};

UNIT_MAIN(tests)
