/* SPDX-License-Identifier: Apache-2.0 */
/** CGI environments: app_cgi_env_read() on "NAME=value" lines. */
#include "app_cgi_env.h"
#include "fuzz.h"

#define VARS_MAX (APP_CGI_VARS_MAX + 8)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    app_error_t err;
    apr_pool_t *p = fuzz_pool(&err);
    char *text = fuzz_text(data, size), *line = text;
    const char *env[VARS_MAX + 1];
    app_cgi_request_t request;
    int n = 0;

    while (line && n < VARS_MAX) {
        env[n++] = line;
        line = strchr(line, '\n');
        if (line) {
            *line++ = '\0';
        }
    }
    env[n] = NULL;
    memset(&request, 0, sizeof(request));
    if (app_cgi_env_read(&request, env, NULL, &err, p) == APR_SUCCESS) {
        fuzz_expect(request.method && request.path && *request.path == '/' && request.headers);
    }
    else {
        fuzz_expect_status(APP_EFAIL, &err);
    }
    fuzz_expect_status(app_cgi_env_read(&request, env, "/base", &err, p), &err);
    free(text);
    return 0;
}
