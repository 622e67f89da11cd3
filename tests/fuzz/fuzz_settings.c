/* SPDX-License-Identifier: Apache-2.0 */
/** Values of settings, of every type that the core has: "Name args", a line each, through app_conf_set(). */
#include "fuzz.h"

static void no_log(app_log_level_e level, void *request, const char *line)
{
    (void)level;
    (void)request;
    (void)line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const app_host_t host = { .name = "fuzz", .log = no_log, .plugin_dir = "/nonexistent" };
    app_error_t err;
    apr_pool_t *p = fuzz_pool(&err);
    app_core_t *core = app_core_create(&host, p);
    app_site_conf_t *outer = app_conf_create(core, APP_IN_SERVER, p);
    app_site_conf_t *inner = app_conf_create(core, APP_IN_LOCATION, p);
    char *text = fuzz_text(data, size), *line, *next;

    for (line = text; line; line = next) {
        char *args;

        next = strchr(line, '\n');
        if (next) {
            *next++ = '\0';
        }
        args = line + strcspn(line, " ");
        if (*args) {
            *args++ = '\0';
        }
        fuzz_expect_status(app_conf_set(outer, line, args, &err), &err);
        fuzz_expect_status(app_conf_set(inner, line, args, &err), &err);
    }
    fuzz_expect(app_conf_core(app_conf_merge(outer, inner, p)) != NULL);
    free(text);
    return 0;
}
