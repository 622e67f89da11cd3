/* SPDX-License-Identifier: Apache-2.0 */
/** Query strings: app_query_parse(), app_url_encode(). */
#include "fuzz.h"

static void check_pair(const app_pair_t *pair, app_error_t *err, apr_pool_t *p)
{
    const apr_array_header_t *again;

    fuzz_expect(strlen(pair->key) == pair->key_len);
    fuzz_expect(app_utf8_valid(pair->key, pair->key_len));
    if (!pair->value) {
        return;
    }
    fuzz_expect(strlen(pair->value) == pair->value_len);
    fuzz_expect(app_utf8_valid(pair->value, pair->value_len));
    /* What was decoded comes back unchanged through encoding and decoding. */
    fuzz_expect(app_query_parse(apr_pstrcat(p, "k=", app_url_encode(pair->value, p), NULL), &again,
                                err, p) == APR_SUCCESS);
    fuzz_expect(again->nelts == 1);
    fuzz_expect(strcmp(APR_ARRAY_IDX(again, 0, app_pair_t).value, pair->value) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    app_error_t err;
    apr_pool_t *p = fuzz_pool(&err);
    char *query = fuzz_text(data, size);
    const apr_array_header_t *pairs;
    apr_status_t status = app_query_parse(query, &pairs, &err, p);
    int i;

    fuzz_expect_status(status, &err);
    for (i = 0; status == APR_SUCCESS && i < pairs->nelts; i++) {
        check_pair(&APR_ARRAY_IDX(pairs, i, app_pair_t), &err, p);
    }
    free(query);
    return 0;
}
