/* SPDX-License-Identifier: Apache-2.0 */
/** Bodies of writes: rest_body_parse(), with the columns from the body and with named ones. */
#include "fuzz.h"
#include "rest_query.h"

static void parse(const char *data, size_t size, const char *type, const rest_name_t *columns)
{
    app_error_t err;
    apr_pool_t *p = fuzz_pool(&err);
    rest_body_t *body;
    apr_status_t status = rest_body_parse(&body, data, size, type, columns, &err, p);

    fuzz_expect_status(status, &err);
    if (status == APR_SUCCESS) {
        fuzz_expect(body->nrows >= 0 && body->ncolumns >= 0);
        fuzz_expect(app_utf8_valid(body->text, body->len));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const rest_name_t last = { NULL, "b" };
    static const rest_name_t columns = { (rest_name_t *)&last, "a" };
    char *text = fuzz_text(data, size);

    parse(text, size, "application/json", NULL);
    parse(text, size, NULL, &columns);
    free(text);
    return 0;
}
