/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Tokens and what they are verified with. The first byte says what the rest is: "t" a token, "c"
 * the claims of a genuine one, "p" a role path, "k" a secret (a text, JSON or PEM), "b" one in
 * base64, "s" a key set that an issuer publishes, "i" words of lines Issuer.
 */
#include "fuzz.h"
#include "auth_key.h"
#include "auth_key_int.h"
#include "auth_sign.h"
#include "auth_token_explain.h"
#include "auth_token_int.h"

#define SECRET "a secret of the tests, which is long enough"

static const char claims[] =
    "{\"role\":\"user\",\"a\":{\"b-c\":[\"x\",\"yx\",1,null]},"
    "\"r\":[[\"a\",\"aa\"],{\"k\":\"v\"}]}";

static auth_tokens_t *tokens_of(app_error_t *err, apr_pool_t *p)
{
    const auth_token_conf_t conf = { .secret = SECRET, .role_path = "$.role", .cache_entries = 4 };
    auth_tokens_t *tokens = NULL;

    fuzz_expect(auth_tokens_create(&tokens, &conf, err, p) == APR_SUCCESS);
    fuzz_expect(auth_tokens_start(tokens, NULL, err, p) == APR_SUCCESS);
    return tokens;
}

/** Twice: the second time it may be remembered. */
static void identify(const char *token, app_error_t *err, apr_pool_t *p)
{
    const auth_tokens_t *tokens = tokens_of(err, p);
    app_identity_t first, second;
    int good;
    apr_status_t status = auth_token_identify(&first, tokens, token, "us", err, p);

    fuzz_expect_status(status, err);
    fuzz_expect(auth_token_identify(&second, tokens, token, "us", err, p) == status);
    if (status == APR_SUCCESS) {
        fuzz_expect(strcmp(first.claims, second.claims) == 0);
    }
    fuzz_expect(auth_token_explain(&good, tokens, token, "us", p) != NULL);
    fuzz_expect(good == (status == APR_SUCCESS));
}

/** The claims that are passed on are JSON and have the role that was found. */
static void take_apart(const char *text, size_t len, app_error_t *err, apr_pool_t *p)
{
    auth_issuer_t by = { .name = NULL };
    auth_jsonpath_t *path;
    auth_claims_t *read = NULL;
    const json_t *named;
    json_t *json;
    apr_status_t status;
    int old;

    fuzz_expect(auth_jsonpath_compile(&path, &old, "$.a[?@ != 'x']", "X", err, p) == APR_SUCCESS);
    by.role_path = path;
    status = auth_claims_read(&read, text, len, &by, err, p);
    fuzz_expect_status(status, err);
    if (status != APR_SUCCESS) {
        return;
    }
    fuzz_expect_status(auth_claims_check(read, "us", 1, err), err);
    json = json_loads(read->text, JSON_DECODE_INT_AS_REAL | JSON_REJECT_DUPLICATES, NULL);
    fuzz_expect(json != NULL);
    named = json_object_get(json, "role");
    fuzz_expect(!named == !read->role);
    fuzz_expect(!named || strcmp(json_string_value(named), read->role) == 0);
    json_decref(json);
    auth_claims_release(read);
}

static void follow(const char *text, app_error_t *err, apr_pool_t *p)
{
    json_t *json = app_json_own(p, json_loads(claims, 0, NULL));
    auth_jsonpath_t *path;
    int old;
    apr_status_t status = auth_jsonpath_compile(&path, &old, text, "X", err, p);

    fuzz_expect_status(status, err);
    if (status == APR_SUCCESS) {
        (void)auth_jsonpath_first(path, json);
    }
}

/** What is published is read again and has no private part; what can sign does, and verifies. */
static void use_keys(auth_keys_t *keys, app_error_t *err, apr_pool_t *p)
{
    const char *text = auth_keys_public(keys, p), *token;
    auth_keys_t *again;
    auth_jws_t jws;
    int i;

    for (i = 0; i < keys->n; i++) {
        if (keys->list[i].public_jwk) {
            fuzz_expect(auth_keys_read_set(&again, text, "X", err, p) == APR_SUCCESS);
            fuzz_expect(!auth_keys_can_sign(again));
            break;
        }
    }
    if (auth_keys_can_sign(keys)) {
        fuzz_expect(auth_keys_sign(&token, keys, "{}", 2, err, p) == APR_SUCCESS);
        memset(&jws, 0, sizeof(jws));
        jws.text = token;
        jws.alg = auth_key_algorithm(auth_keys_signer(keys))->name;
        jws.kid = auth_keys_signer(keys)->kid;
        fuzz_expect(auth_keys_verify(keys, &jws, p) == AUTH_JWS_GENUINE);
    }
}

static void read_keys(const char *text, char how, app_error_t *err, apr_pool_t *p)
{
    auth_keys_t *keys = NULL;
    apr_status_t status = how == 's' ? auth_keys_read_set(&keys, text, "X", err, p)
                                     : auth_keys_read(&keys, text, "X", how == 'b', err, p);

    fuzz_expect_status(status, err);
    if (status == APR_SUCCESS) {
        use_keys(keys, err, p);
    }
}

/** No file and no URL is opened: keys= of a file is not tried. */
static void read_issuers(char *text, app_error_t *err, apr_pool_t *p)
{
    apr_array_header_t *words = apr_array_make(p, 8, sizeof(const char *)), *list;
    char *last, *word = apr_strtok(text, " \n", &last);

    for (; word; word = apr_strtok(NULL, " \n", &last)) {
        if (strncmp(word, "keys=/", 6) != 0) {
            APR_ARRAY_PUSH(words, const char *) = word;
        }
    }
    fuzz_expect_status(auth_issuers_read(&list, words, err, p), err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    app_error_t err;
    apr_pool_t *p = fuzz_pool(&err);
    char *text;

    if (!size) {
        return 0;
    }
    text = fuzz_text(data + 1, size - 1);
    switch (data[0]) {
    case 't':
        identify(text, &err, p);
        break;
    case 'c':
        take_apart(text, size - 1, &err, p);
        break;
    case 'p':
        follow(text, &err, p);
        break;
    case 'k':
    case 'b':
    case 's':
        read_keys(text, (char)data[0], &err, p);
        break;
    case 'i':
        read_issuers(text, &err, p);
        break;
    }
    free(text);
    return 0;
}
