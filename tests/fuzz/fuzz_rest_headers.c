/* SPDX-License-Identifier: Apache-2.0 */
/** Prefer and Accept as the rest plugin reads them. */
#include "fuzz.h"
#include "rest_query.h"

/** Nothing can be had: every type is looked at, and the refusal names them all. */
static apr_status_t unavailable(void *ctx, const rest_accepted_t *type, app_error_t *err)
{
    (void)err;
    fuzz_expect(type->name && rest_media_type(type, ctx) != NULL);
    fuzz_expect(type->media != REST_MEDIA_PLAN || type->explain.of->media != REST_MEDIA_PLAN);
    return APR_NOTFOUND;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    app_error_t err;
    apr_pool_t *p = fuzz_pool(&err);
    char *text = fuzz_text(data, size);
    const rest_accepted_t *type;
    const rest_applied_t all = { 1, 1, 1, 1, 1 };
    rest_prefer_t prefer;

    rest_prefer_parse(&prefer, text, p);
    (void)rest_prefer_applied(&prefer, &all, p);
    fuzz_expect(rest_accept_choose(&type, rest_accept_parse(text, p), unavailable, p, &err) ==
                APP_EFAIL);
    free(text);
    return 0;
}
