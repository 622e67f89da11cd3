/* SPDX-License-Identifier: Apache-2.0 */
/** JSON texts: app_json_parse(), and app_buf_add_json(), whose output the parser must take. */
#include "app_buf.h"
#include "fuzz.h"

static void check_written(const char *text, size_t size, app_error_t *err, apr_pool_t *p)
{
    app_buf_t buf;
    json_t *json;

    app_buf_init(&buf, p, 8 * size + 16);
    app_buf_add_json(&buf, text, size);
    fuzz_expect(!app_buf_full(&buf));
    /* The parser refuses a NUL in a string, the writer writes it. */
    if (!memchr(text, '\0', size)) {
        fuzz_expect(app_json_parse(buf.data, buf.len, &json, err, p) == APR_SUCCESS);
        fuzz_expect(json_is_string(json));
        fuzz_expect(!app_utf8_valid(text, size) ||
                    (json_string_length(json) == size &&
                     memcmp(json_string_value(json), text, size) == 0));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    app_error_t err;
    apr_pool_t *p = fuzz_pool(&err);
    const char *text = (const char *)data;
    json_t *json;

    fuzz_expect_status(app_json_parse(text, size, &json, &err, p), &err);
    check_written(text, size, &err, p);
    return 0;
}
