/* SPDX-License-Identifier: Apache-2.0 */
/** Settings lines of app.conf and of a piece of httpd.conf: app_conf_file_parse(). */
#include "app_conf_file.h"
#include "fuzz.h"

static apr_status_t setting(void *ctx, const char *name, const char *args, app_error_t *err)
{
    (void)ctx;
    (void)err;
    fuzz_expect(*name != '\0' && strlen(args) <= APP_CONF_LINE_MAX);
    return APR_SUCCESS;
}

static apr_status_t plugin(void *ctx, const char *name, app_error_t *err)
{
    (void)ctx;
    return *name == 'x' ? app_fail(err, APP_E_SETTING, "there is no plugin '%s'", name)
                        : APR_SUCCESS;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const app_conf_sink_t sink = { setting, plugin, setting };
    static const app_conf_mode_e modes[] = { APP_CONF_STRICT, APP_CONF_LENIENT };
    app_error_t err;
    size_t i;

    for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        apr_pool_t *p = fuzz_pool(&err);

        fuzz_expect_status(app_conf_file_parse("app.conf", (const char *)data, size, modes[i],
                                               &sink, NULL, &err, p),
                           &err);
    }
    return 0;
}
