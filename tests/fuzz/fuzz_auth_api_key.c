/* SPDX-License-Identifier: Apache-2.0 */
/** What may be an API key, as a header brings it; and scopes. */
#include "fuzz.h"

#include "auth_api_key_int.h"

/** What is read of a key is in it; nothing but a whole key is read. */
static void parse(const char *text, apr_size_t len)
{
    char id[AUTH_API_KEY_ID_LEN + 1] = "";
    const char *why = NULL;

    if (auth_api_key_parse(id, &why, text, len) != APR_SUCCESS) {
        fuzz_expect(why && !*id);
        return;
    }
    fuzz_expect(len == AUTH_API_KEY_LEN && !why);
    fuzz_expect(auth_api_key_is_id(id, strlen(id)));
    fuzz_expect(memcmp(text + strlen(AUTH_API_KEY_PREFIX), id, strlen(id)) == 0);
}

/** What comes out of scopes goes in again unchanged. */
static void read_scopes(const char *text, app_error_t *err, apr_pool_t *p)
{
    apr_array_header_t *texts = apr_array_make(p, 1, sizeof(const char *));
    const char *first, *second;
    apr_status_t rv;

    APR_ARRAY_PUSH(texts, const char *) = text;
    rv = auth_api_key_scopes(&first, texts, err, p);
    fuzz_expect_status(rv, err);
    if (rv == APR_SUCCESS) {
        APR_ARRAY_IDX(texts, 0, const char *) = first;
        fuzz_expect(auth_api_key_scopes(&second, texts, err, p) == APR_SUCCESS);
        fuzz_expect(strcmp(first, second) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    app_error_t err;
    apr_pool_t *p = fuzz_pool(&err);
    char *text = fuzz_text(data, size);

    parse(text, size);
    read_scopes(text, &err, p);
    free(text);
    return 0;
}
