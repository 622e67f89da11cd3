/* SPDX-License-Identifier: Apache-2.0 */
/** Request targets: app_target_decode(), app_target_split(). */
#include "app_target.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    app_error_t err;
    apr_pool_t *p = fuzz_pool(&err);
    char *raw = fuzz_text(data, size);
    const char *path;
    app_target_t target;
    apr_status_t status = app_target_decode(&path, raw, &err, p);

    fuzz_expect_status(status, &err);
    if (status == APR_SUCCESS) {
        fuzz_expect(*path == '/' && !strstr(path, "//") && !strstr(path, "/../"));
        fuzz_expect(app_utf8_valid(path, strlen(path)));
        if (app_target_split(&target, path, 0, p)) {
            fuzz_expect(*target.path == '/');
        }
    }
    free(raw);
    return 0;
}
