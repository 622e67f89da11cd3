/* SPDX-License-Identifier: Apache-2.0 */
/** Header values that the core reads: entity-tag lists (app_etag_match) and numbers (app_int64_parse). */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    app_error_t err;
    apr_pool_t *p = fuzz_pool(&err);
    char *text = fuzz_text(data, size);
    apr_int64_t number;

    (void)app_etag_match(text, "\"abc\"");
    (void)app_etag_match(text, "W/\"abc-gzip\"");
    (void)app_etag_match("\"abc\", W/\"def-br\"", text);
    if (app_int64_parse((const char *)data, size, &number) == APR_SUCCESS) {
        apr_int64_t again;
        const char *written = apr_psprintf(p, "%" APR_INT64_T_FMT, number);

        fuzz_expect(app_int64_parse(written, strlen(written), &again) == APR_SUCCESS);
        fuzz_expect(again == number);
    }
    free(text);
    return 0;
}
