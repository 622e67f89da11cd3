/* SPDX-License-Identifier: Apache-2.0 */
/** From the program's own place to a site that answers. While a process starts, in one thread. */
#include <stdlib.h>
#include <string.h>

#include "apr_strings.h"

#include "app_cgi_int.h"
#include "app_conf_file.h"
#include "app_program.h"

#define SETTINGS_NAME "app.conf"

/* app_host_t.root takes no argument; there is one setup in a process. */
static const char *settings_root;

static const char *root(void)
{
    return settings_root;
}

void app_cgi_setup_find(app_cgi_setup_t *setup, const char *host_name, apr_pool_t *p)
{
    const char *named = getenv("APP_CONFIG");

    memset(setup, 0, sizeof(*setup));
    setup->program = app_program_path(p);
    setup->folder = app_program_folder(setup->program, p);
    setup->settings = named && *named ? apr_pstrdup(p, named)
                                      : apr_pstrcat(p, setup->folder, "/" SETTINGS_NAME, NULL);
    setup->root = settings_root = app_program_folder(setup->settings, p);
    setup->host.name = host_name;
    setup->host.log = app_cgi_log;
    setup->host.logs = app_cgi_logs;
    setup->host.share = app_cgi_share;
    setup->host.root = root;
    setup->host.plugin_dir = app_program_beside("plugins", p);
}

apr_status_t app_cgi_setup_load(app_cgi_setup_t *setup, app_error_t *err, apr_pool_t *p)
{
    setup->core = app_core_create(&setup->host, p);
    setup->conf = app_conf_create(setup->core, APP_IN_SERVER, p);
    if (app_conf_file_load(setup->conf, setup->settings, APP_CONF_STRICT, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return app_site_make(setup->core, "cgi", setup->conf, &setup->site, err);
}

static apr_status_t start(app_cgi_setup_t *setup, apr_pool_t *pchild, app_error_t *err)
{
    app_cgi_share_in(app_conf_core(setup->conf)->state_dir, setup->settings);
    if (app_core_share(setup->core, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return app_core_start(setup->core, pchild, err);
}

apr_status_t app_cgi_setup_start(app_cgi_setup_t *setup, apr_pool_t *pchild, app_error_t *err)
{
    apr_status_t rv = start(setup, pchild, err);

    if (rv != APR_SUCCESS) {
        setup->site = NULL;
    }
    return rv;
}
