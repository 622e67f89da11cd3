/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Tokens and what they are verified with. The first byte says what the rest is: "t" a token, "c"
 * the claims of a genuine one, "p" a role path, "k" a secret, "b" one in base64.
 */
#include "fuzz.h"
#include "auth_key.h"
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
    apr_status_t status = auth_token_identify(&first, tokens, token, "us", err, p);

    fuzz_expect_status(status, err);
    fuzz_expect(auth_token_identify(&second, tokens, token, "us", err, p) == status);
    if (status == APR_SUCCESS) {
        fuzz_expect(strcmp(first.claims, second.claims) == 0);
    }
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    app_error_t err;
    apr_pool_t *p = fuzz_pool(&err);
    auth_keys_t *keys;
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
        fuzz_expect_status(auth_keys_read(&keys, text, "X", data[0] == 'b', &err, p), &err);
        break;
    }
    free(text);
    return 0;
}
