/* SPDX-License-Identifier: Apache-2.0 */
/** Those who see an answer on its way. Called by app_response.c and app_handle.c. */
#include "app_core_int.h"

void app_response_source(app_response_t *res, const app_source_t *source)
{
    res->source = source;
}

int app_response_tapped(const app_response_t *res)
{
    return res->taps != NULL;
}

void app_response_tap(app_response_t *res, app_tap_t *tap)
{
    tap->next = res->taps;
    res->taps = tap;
}

void app_tap_begin(app_response_t *res)
{
    res->before = apr_array_copy(res->r->exchange->pool, apr_table_elts(res->headers));
}

void app_tap_body(const app_response_t *res, const char *data, apr_size_t len)
{
    app_tap_t *tap;

    for (tap = res->taps; tap; tap = tap->next) {
        if (tap->body) {
            tap->body(tap, data, len);
        }
    }
}

/** Each call that sets a header makes a copy of its value: so the same text is the same header. */
static int was_before(const app_response_t *res, const char *value)
{
    int i;

    for (i = 0; res->before && i < res->before->nelts; i++) {
        if (APR_ARRAY_IDX(res->before, i, apr_table_entry_t).val == value) {
            return 1;
        }
    }
    return 0;
}

static const apr_table_t *handlers_headers(const app_response_t *res)
{
    const apr_array_header_t *set = apr_table_elts(res->headers);
    apr_table_t *headers = apr_table_make(res->r->exchange->pool, set->nelts + 1);
    int i;

    for (i = 0; i < set->nelts; i++) {
        const apr_table_entry_t *entry = &APR_ARRAY_IDX(set, i, apr_table_entry_t);

        if (!was_before(res, entry->val)) {
            apr_table_addn(headers, entry->key, entry->val);
        }
    }
    return headers;
}

void app_tap_end(app_response_t *res, int whole)
{
    app_answer_t answer = { .whole = whole && res->broken == APR_SUCCESS,
                            .status = res->status,
                            .type = res->content_type,
                            .etag = res->etag,
                            .source = res->source };
    app_tap_t *tap;

    if (!res->taps) {
        return;
    }
    answer.headers = handlers_headers(res);
    for (tap = res->taps; tap; tap = tap->next) {
        tap->end(tap, &answer);
    }
}
