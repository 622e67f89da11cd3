/* SPDX-License-Identifier: Apache-2.0 */
/** Bodies of writes and calls: every type, for both databases, with and without named columns. */
#include "fuzz.h"
#include "rest_query.h"

static void check(const rest_body_t *body, const rest_source_t *source)
{
    int i, examined = source->kind == APP_DB_SQLITE || !source->columns;
    rest_json_t json;

    fuzz_expect(body->nrows >= 0 && body->ncolumns >= 0);
    if (body->kind >= REST_BODY_TEXT) {
        fuzz_expect(body->raw && body->raw_len == source->len);
        return;
    }
    if (source->kind == APP_DB_PGSQL) {
        fuzz_expect(strlen(body->text) == body->len);
        fuzz_expect(!examined || rest_json_read(&json, body->text, body->len) == APR_SUCCESS);
        return;
    }
    for (i = 0; i < body->nrows * body->ncolumns; i++) {
        const rest_json_t *value = &body->values[i];

        fuzz_expect(!value->text ||
                    rest_json_read(&json, value->text, value->len) == APR_SUCCESS);
    }
}

static void parse(rest_source_t *source)
{
    app_error_t err;
    apr_pool_t *p = fuzz_pool(&err);
    rest_body_t *body;
    apr_status_t status;
    int want;

    for (want = 0; want < 3; want++) {
        status = want == 2 ? rest_body_parse_call(&body, source, &err, p)
                           : rest_body_parse(&body, source, want, &err, p);
        fuzz_expect_status(status, &err);
        if (status == APR_SUCCESS) {
            fuzz_expect(want == 0 || body->nrows <= 1);
            check(body, source);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const types[] = { "application/json", "text/csv", "text/plain",
                                         "application/x-www-form-urlencoded",
                                         "application/octet-stream" };
    static const rest_name_t last = { NULL, "b" };
    static const rest_name_t columns = { (rest_name_t *)&last, "a" };
    char *text = fuzz_text(data, size);
    rest_source_t source = { .data = text, .len = size };
    size_t i;

    for (i = 0; i < 4 * sizeof(types) / sizeof(types[0]); i++) {
        source.type = types[i / 4];
        source.kind = i & 1 ? APP_DB_PGSQL : APP_DB_SQLITE;
        source.columns = i & 2 ? &columns : NULL;
        parse(&source);
    }
    free(text);
    return 0;
}
