/* SPDX-License-Identifier: Apache-2.0 */
/** Foreign issuers: which lines are accepted, and which of their tokens are good. */
#include "unit_jws.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

#include "apr_file_io.h"

#include "auth_token_int.h"

#define ISS "https://id.example.org/"
#define URL "keys=https://id.example.org/jwks"

/** A file with this text, which is removed at the end. @return its path */
static const char *file_of(const char *text)
{
    char *path = apr_pstrdup(unit_pool, "/tmp/app-issuer-XXXXXX");
    apr_file_t *file;

    assert_int_equal(apr_file_mktemp(&file, path, APR_CREATE | APR_WRITE | APR_EXCL |
                                     APR_DELONCLOSE, unit_pool), APR_SUCCESS);
    apr_file_puts(text, file);
    apr_file_flush(file);
    return path;
}

static apr_array_header_t *words_of(const char *line)
{
    apr_array_header_t *words = apr_array_make(unit_pool, 8, sizeof(const char *));
    char *last, *word = apr_strtok(apr_pstrdup(unit_pool, line), " ", &last);

    for (; word; word = apr_strtok(NULL, " ", &last)) {
        APR_ARRAY_PUSH(words, const char *) = word;
    }
    return words;
}

static const struct {
    const char *line, *message; /* NULL: accepted */
} lines[] = {
    { "", NULL },
    { ISS " " URL " audience=us", NULL },
    { ISS " " URL " audience=us audience=them role=$.groups[0] default-role=web_user", NULL },
    { ISS " " URL " audience=us https://x/?a=b " URL " audience=us", NULL },
    { ISS " keys=http://127.0.0.1:1/x audience=us", NULL },
    { ISS " keys=http://localhost/x audience=us", NULL },
    { ISS " keys=http://[::1]:80/x audience=us", NULL },
    { ISS " " URL " audience=us algorithm=RS512 algorithm=EdDSA", NULL },
    { "keys=/x", "Issuer: the name of an issuer, its \"iss\", must stand before \"keys=/x\"" },
    { ISS, "Issuer \"" ISS "\": keys= is missing" },
    { ISS " " URL, "Issuer \"" ISS "\": audience= is missing" },
    { ISS " " URL " audience=", "Issuer \"" ISS "\": not known: audience=" },
    { ISS " " URL " aud=us", "Issuer \"" ISS "\": not known: aud=us" },
    { ISS " keys=http://id.example.org/jwks",
      "Issuer \"" ISS "\": keys are not at http://id.example.org/jwks" },
    { ISS " keys=http://127.0.0.1:80@evil.example.org/",
      "Issuer \"" ISS "\": keys are not at http://127.0.0.1:80@evil.example.org/" },
    { ISS " keys=http://127.0.0.1.example.org/",
      "Issuer \"" ISS "\": keys are not at http://127.0.0.1.example.org/" },
    { ISS " keys=http://[::1", "Issuer \"" ISS "\": keys are not at http://[::1" },
    { ISS " keys=jwks.json", "Issuer \"" ISS "\": keys are not at jwks.json" },
    { ISS " keys=/nowhere/x",
      "Issuer \"" ISS "\": \"/nowhere/x\" cannot be read: No such file or directory" },
    { ISS " keys=/etc/passwd audience=us",
      "Issuer \"" ISS "\": /etc/passwd holds neither a JWK or JWK set nor PEM" },
    { ISS " " URL " audience=us algorithm=none",
      "Issuer algorithm=: there is no algorithm \"none\"" },
    { ISS " " URL " audience=us role=.[", "Issuer role= \".[\" is not a path that is known, at "
                                          "character 2" },
    { ISS " " URL " audience=us " ISS, "Issuer \"" ISS "\" stands there twice" },
};

static void test_lines(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(lines); i++) {
        app_error_t err = { .pool = unit_pool };
        apr_array_header_t *list = NULL;
        apr_status_t status = auth_issuers_read(&list, words_of(lines[i].line), &err, unit_pool);

        CASE_STRING(lines[i].line, err.message, lines[i].message);
        CASE_INT(lines[i].line, status, lines[i].message ? APP_EFAIL : APR_SUCCESS);
    }
}

/* Tokens. Ours are signed with UNIT_SECRET; the issuer's with a key of its own, or with another. */

static const struct {
    const char *name, *more; /* options of the line */
    const char *claims;
    const char *by;          /* "RS256", "RS512": the issuer; "ours" */
    const char *message, *role, *passed_on; /* NULL: refused; not looked at */
} cases[] = {
    { "good", "", "{\"iss\":\"" ISS "\",\"aud\":\"us\"}", "RS256", NULL, NULL, NULL },
    { "one of several audiences", "audience=web", "{\"iss\":\"" ISS "\",\"aud\":[\"x\",\"web\"]}",
      "RS256", NULL, NULL, NULL },
    { "no audience", "", "{\"iss\":\"" ISS "\"}", "RS256", "JWT not in audience", NULL, NULL },
    { "other audience", "", "{\"iss\":\"" ISS "\",\"aud\":\"x\"}", "RS256", "JWT not in audience",
      NULL, NULL },
    { "our audience is not theirs", "", "{\"iss\":\"" ISS "\",\"aud\":\"site\"}", "RS256",
      "JWT not in audience", NULL, NULL },
    { "the role is not its to name", "", "{\"iss\":\"" ISS "\",\"aud\":\"us\",\"role\":\"admin\"}",
      "RS256", NULL, NULL, "{\"iss\":\"" ISS "\",\"aud\":\"us\"}" },
    { "default role", "default-role=guest",
      "{\"iss\":\"" ISS "\",\"aud\":\"us\",\"role\":\"admin\"}", "RS256", NULL, "guest",
      "{\"iss\":\"" ISS "\",\"aud\":\"us\",\"role\":\"guest\"}" },
    { "role by path", "role=$.groups[0] default-role=guest",
      "{\"iss\":\"" ISS "\",\"aud\":\"us\",\"groups\":[\"staff\"]}", "RS256", NULL, "staff",
      "{\"iss\":\"" ISS "\",\"aud\":\"us\",\"groups\":[\"staff\"],\"role\":\"staff\"}" },
    { "none at the path", "role=$.groups[0] default-role=guest",
      "{\"iss\":\"" ISS "\",\"aud\":\"us\",\"groups\":[]}", "RS256", NULL, "guest", NULL },
    { "algorithm that is not usual", "", "{\"iss\":\"" ISS "\",\"aud\":\"us\"}", "RS512",
      "No suitable key or wrong key type", NULL, NULL },
    { "algorithm that is named", "algorithm=RS512", "{\"iss\":\"" ISS "\",\"aud\":\"us\"}", "RS512",
      NULL, NULL, NULL },
    { "algorithm that is not named", "algorithm=RS512", "{\"iss\":\"" ISS "\",\"aud\":\"us\"}",
      "RS256", "No suitable key or wrong key type", NULL, NULL },
    { "expired", "", "{\"iss\":\"" ISS "\",\"aud\":\"us\",\"exp\":1}", "RS256", "JWT expired", NULL,
      NULL },
    { "in the issuer's name, with our key", "", "{\"iss\":\"" ISS "\",\"aud\":\"us\"}", "ours",
      "No suitable key or wrong key type", NULL, NULL },
    { "with the issuer's key, without its name", "", "{\"aud\":\"site\"}", "RS256",
      "No suitable key or wrong key type", NULL, NULL },
    { "with the issuer's key, in another name", "", "{\"iss\":\"https://id.example.org\"}", "RS256",
      "No suitable key or wrong key type", NULL, NULL },
    { "iss no text", "", "{\"iss\":[\"" ISS "\"],\"aud\":\"us\"}", "RS256",
      "No suitable key or wrong key type", NULL, NULL },
    { "iss twice", "", "{\"iss\":\"x\",\"iss\":\"" ISS "\",\"aud\":\"us\"}", "RS256",
      "No suitable key or wrong key type", NULL, NULL },
    { "ours", "", "{\"aud\":\"site\",\"role\":\"user\"}", "ours", NULL, "user", NULL },
    { "ours, of another name", "", "{\"iss\":\"x\",\"role\":\"user\"}", "ours", NULL, "user",
      NULL },
};

static auth_tokens_t *tokens_of(const char *path, const char *more)
{
    const auth_token_conf_t conf = {
        .secret = UNIT_SECRET, .role_path = "$.role", .cache_entries = 4,
        .issuers = words_of(apr_psprintf(unit_pool, ISS " keys=%s audience=us %s", path, more))
    };
    app_error_t err = { .pool = unit_pool };
    auth_tokens_t *tokens = NULL;

    if (auth_tokens_create(&tokens, &conf, &err, unit_pool) != APR_SUCCESS) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(auth_tokens_start(tokens, NULL, &err, unit_pool), APR_SUCCESS);
    return tokens;
}

static void test_tokens(void **state)
{
    cjose_jwk_t *key = unit_key("RS256");
    const char *path = file_of(unit_jwk(key, ""));
    size_t i;
    int again;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        const auth_tokens_t *tokens = tokens_of(path, cases[i].more);
        const char *token = strcmp(cases[i].by, "ours") == 0
                                ? unit_sign_text(UNIT_SECRET, cases[i].claims)
                                : unit_sign(key, cases[i].by, NULL, cases[i].claims);

        for (again = 0; again < 2; again++) {
            app_error_t err = { .pool = unit_pool };
            app_identity_t who = { .role = NULL };

            auth_token_identify(&who, tokens, token, "site", &err, unit_pool);
            CASE_STRING(cases[i].name, err.message, cases[i].message);
            CASE_STRING(cases[i].name, who.role, cases[i].role);
            if (cases[i].passed_on) {
                CASE_STRING(cases[i].name, who.claims, cases[i].passed_on);
            }
        }
    }
    cjose_jwk_release(key);
}

/* PEM */

static const char *text_of(BIO *bio)
{
    char *data;
    long len = BIO_get_mem_data(bio, &data);
    const char *text = apr_pstrmemdup(unit_pool, data, (apr_size_t)len);

    BIO_free(bio);
    return text;
}

static const char *public_pem(EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());

    assert_int_equal(PEM_write_bio_PUBKEY(bio, key), 1);
    return text_of(bio);
}

static const char *certificate_pem(EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    X509 *certificate = X509_new();

    X509_set_pubkey(certificate, key);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 60);
    assert_true(X509_sign(certificate, key, EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256()));
    assert_int_equal(PEM_write_bio_X509(bio, certificate), 1);
    X509_free(certificate);
    return text_of(bio);
}

static const char *private_pem(EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());

    assert_int_equal(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
    return text_of(bio);
}

static apr_status_t read_pem(auth_keys_t **pkeys, const char *text, app_error_t *err)
{
    return auth_keys_read(pkeys, text, "X", 0, err, unit_pool);
}

static void check_pem(const char *name, EVP_PKEY *key, const char *member)
{
    const char *texts[] = { public_pem(key), certificate_pem(key) };
    app_error_t err = { .pool = unit_pool };
    auth_keys_t *keys[2];
    size_t i;

    for (i = 0; i < 2; i++) {
        CASE_INT(name, read_pem(&keys[i], texts[i], &err), APR_SUCCESS);
        CASE_INT(name, auth_keys_can_sign(keys[i]), 0);
        assert_non_null(strstr(auth_keys_public(keys[i], unit_pool), member));
    }
    CASE_STRING(name, auth_keys_public(keys[0], unit_pool), auth_keys_public(keys[1], unit_pool));
    CASE_INT(name, read_pem(&keys[0], private_pem(key), &err), APP_EFAIL);
    CASE_STRING(name, err.message, "X cannot be read as PEM: it is a private key, which is taken "
                                   "as a JWK alone");
    EVP_PKEY_free(key);
}

static void test_pem(void **state)
{
    (void)state;
    check_pem("RSA", EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048), "\"kty\":\"RSA\"");
    check_pem("P-256", EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), "\"crv\":\"P-256\"");
    check_pem("P-521", EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-521"), "\"crv\":\"P-521\"");
    check_pem("Ed25519", EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), "\"crv\":\"Ed25519\"");
}

static void test_bad_pem(void **state)
{
    EVP_PKEY *odd = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "secp256k1");
    EVP_PKEY *good = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    app_error_t err = { .pool = unit_pool };
    auth_keys_t *keys;

    (void)state;
    assert_int_equal(read_pem(&keys, public_pem(odd), &err), APP_EFAIL);
    assert_int_equal(read_pem(&keys, "-----BEGIN PUBLIC KEY-----\nAAAA\n", &err), APP_EFAIL);
    assert_string_equal(err.message, "X cannot be read as PEM: it begins like PEM, but holds no "
                                     "whole block");
    assert_int_equal(read_pem(&keys, apr_pstrcat(unit_pool, public_pem(good), public_pem(good),
                                                 NULL), &err), APR_SUCCESS);
    EVP_PKEY_free(odd);
    EVP_PKEY_free(good);
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_lines),
    cmocka_unit_test(test_tokens),
    cmocka_unit_test(test_pem),
    cmocka_unit_test(test_bad_pem),
};

UNIT_MAIN(tests)
