/* SPDX-License-Identifier: Apache-2.0 */
/** The dialect's grammar: rest_parse_query(), rest_query_location(). */
#include "fuzz.h"
#include "rest_query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    app_error_t err;
    apr_pool_t *p = fuzz_pool(&err);
    char *text = fuzz_text(data, size);
    rest_query_t *query;
    apr_status_t status = rest_parse_query(&query, text, &err, p);

    fuzz_expect_status(status, &err);
    if (status == APR_SUCCESS) {
        fuzz_expect(rest_query_location(query, "/t", p) != NULL);
    }
    free(text);
    return 0;
}
