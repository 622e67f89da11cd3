/* SPDX-License-Identifier: Apache-2.0 */
/** Prefer and Accept as the rest plugin reads them. */
#include "fuzz.h"
#include "rest_query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    app_error_t err;
    apr_pool_t *p = fuzz_pool(&err);
    char *text = fuzz_text(data, size);
    rest_prefer_t prefer;
    rest_media_e media;
    apr_status_t status;

    rest_prefer_parse(&prefer, text, p);
    (void)rest_prefer_applied(&prefer, 0, p);
    (void)rest_prefer_applied(&prefer, 1, p);
    status = rest_accept_choose(&media, text, APP_DB_SQLITE, &err, p);
    fuzz_expect_status(status, &err);
    if (status == APR_SUCCESS) {
        fuzz_expect(rest_media_type(media) != NULL);
    }
    free(text);
    return 0;
}
