/* SPDX-License-Identifier: Apache-2.0 */
/** Bodies of forms. */
#include "auth_http.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    app_error_t err;
    apr_pool_t *p = fuzz_pool(&err);
    char *bytes = malloc(size ? size : 1);
    const char *name;
    json_t *form = NULL, *value;
    size_t total = 0;

    if (size) {
        memcpy(bytes, data, size);
    }
    if (auth_form_read(&form, bytes, size, &err, p) == APR_SUCCESS) {
        json_object_foreach(form, name, value) {
            fuzz_expect(json_is_string(value));
            fuzz_expect(strlen(json_string_value(value)) == json_string_length(value));
            total += strlen(name) + json_string_length(value);
        }
        fuzz_expect(total <= size);
    }
    else {
        fuzz_expect(form == NULL && err.code != NULL);
    }
    free(bytes);
    return 0;
}
