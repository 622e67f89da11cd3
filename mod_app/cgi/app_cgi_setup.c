/* SPDX-License-Identifier: Apache-2.0 */
/** From the program's own place to a site that answers. While a process starts, in one thread. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apr_file_info.h"
#include "apr_strings.h"

#include "app_cgi_int.h"
#include "app_conf_file.h"

#define SETTINGS_NAME "app.conf"
#define PLUGINS_NAME  "plugins"

/* app_host_t.root takes no argument; there is one setup in a process. */
static const char *settings_root;

static const char *root(void)
{
    return settings_root;
}

static const char *folder_of(const char *path, apr_pool_t *p)
{
    const char *slash = strrchr(path, '/');

    if (!slash) {
        return ".";
    }
    return slash == path ? "/" : apr_pstrmemdup(p, path, (apr_size_t)(slash - path));
}

static const char *own_path(apr_pool_t *p)
{
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

    return len > 0 ? apr_pstrmemdup(p, path, (apr_size_t)len) : "app.cgi";
}

/** A folder "plugins" beside the program needs no setting. */
static const char *plugins_beside(const char *folder, apr_pool_t *p)
{
    const char *path = apr_pstrcat(p, folder, "/" PLUGINS_NAME, NULL);
    apr_finfo_t info;

    return apr_stat(&info, path, APR_FINFO_TYPE, p) == APR_SUCCESS && info.filetype == APR_DIR
               ? path
               : NULL;
}

void app_cgi_setup_find(app_cgi_setup_t *setup, const char *host_name, apr_pool_t *p)
{
    const char *named = getenv("APP_CONFIG");

    memset(setup, 0, sizeof(*setup));
    setup->program = own_path(p);
    setup->folder = folder_of(setup->program, p);
    setup->settings = named && *named ? apr_pstrdup(p, named)
                                      : apr_pstrcat(p, setup->folder, "/" SETTINGS_NAME, NULL);
    setup->root = settings_root = folder_of(setup->settings, p);
    setup->host.name = host_name;
    setup->host.log = app_cgi_log;
    setup->host.logs = app_cgi_logs;
    setup->host.share = app_cgi_share;
    setup->host.root = root;
    setup->host.plugin_dir = plugins_beside(setup->folder, p);
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
