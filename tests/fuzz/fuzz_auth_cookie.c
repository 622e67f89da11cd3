/* SPDX-License-Identifier: Apache-2.0 */
/** Cookie headers, and what is found in them. */
#include "auth_cookie.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    app_error_t err;
    apr_pool_t *p = fuzz_pool(&err);
    char *bytes = malloc(size ? size : 1);
    const char *value = NULL, *at;

    if (size) {
        memcpy(bytes, data, size);
    }
    if (auth_cookie_find(&value, bytes, size, "__Host-app_access", p) == APR_SUCCESS) {
        fuzz_expect(*value != '\0' && strlen(value) < size);
        for (at = value; *at; at++) {
            fuzz_expect(*at > ' ' && *at < 0x7f && !strchr(";,\"\\=", *at));
        }
    }
    else {
        fuzz_expect(value == NULL);
    }
    free(bytes);
    return 0;
}
