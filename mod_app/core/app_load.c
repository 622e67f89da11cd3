/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Finds, opens and checks plugins, and puts them in order. Runs while the configuration is
 * read. Each refusal is one sentence that says which plugin, what is wrong and what to do.
 */
#include "apr_dso.h"
#include "apr_file_info.h"
#include "apr_lib.h"
#include "apr_strings.h"

#include "app_core_int.h"

typedef const app_plugin_t *entry_fn(const app_api_t *api);

/** Length of the part of the descriptor that every ABI has. */
#define FROZEN_SIZE offsetof(app_plugin_t, name)

static apr_status_t check_name(const char *name, app_error_t *err)
{
    apr_size_t len = strlen(name), i;

    for (i = 0; i < len && (apr_isalnum(name[i]) || name[i] == '_'); i++) {
    }
    if (len == 0 || i < len || len > APP_PLUGIN_NAME_MAX) {
        return app_fail(err, APP_E_SETTING,
                        "\"%s\" is no plugin's name: letters, digits and \"_\", at most %d", name,
                        APP_PLUGIN_NAME_MAX);
    }
    return APR_SUCCESS;
}

/** What root runs must not be somebody else's to change. */
static apr_status_t check_file(const char *name, const char *path, app_error_t *err, apr_pool_t *p)
{
    apr_finfo_t info;
    char why[120];
    apr_status_t rv = apr_stat(&info, path, APR_FINFO_TYPE | APR_FINFO_PROT, p);

    if (rv != APR_SUCCESS && rv != APR_INCOMPLETE) {
        return app_fail(err, APP_E_SETTING,
                        "plugin %s: cannot read %s: %s; install it, or set AppPluginDir", name,
                        path, apr_strerror(rv, why, sizeof(why)));
    }
    if (info.filetype != APR_REG) {
        return app_fail(err, APP_E_SETTING, "plugin %s: %s is not a regular file", name, path);
    }
    if (info.protection & APR_WWRITE) {
        return app_fail(
            err, APP_E_SETTING,
            "plugin %s: everybody may write %s; chmod o-w it, then make sure that it is "
            "still what you installed",
            name, path);
    }
    return APR_SUCCESS;
}

static apr_status_t open_entry(const char *name, const char *path, entry_fn **pentry,
                               app_error_t *err, apr_pool_t *p)
{
    apr_dso_handle_t *dso;
    apr_dso_handle_sym_t symbol;
    char why[400];

    if (apr_dso_load(&dso, path, p) != APR_SUCCESS) {
        return app_fail(err, APP_E_SETTING, "plugin %s: it cannot be opened: %s", name,
                        apr_dso_error(dso, why, sizeof(why)));
    }
    if (apr_dso_sym(&symbol, dso, "app_plugin_entry") != APR_SUCCESS) {
        return app_fail(err, APP_E_SETTING,
                        "plugin %s: %s has no app_plugin_entry, so it is no plugin of mod_app",
                        name, path);
    }
    *pentry = (entry_fn *)symbol;
    return APR_SUCCESS;
}

static apr_status_t check_frozen(const char *name, const app_plugin_t *plugin, app_error_t *err)
{
    if (!plugin || plugin->magic != APP_PLUGIN_MAGIC) {
        return app_fail(err, APP_E_SETTING,
                        "plugin %s: its descriptor does not start with mod_app's magic number; "
                        "build it with APP_PLUGIN()",
                        name);
    }
    if (plugin->abi_major != APP_PLUGIN_ABI_MAJOR || plugin->abi_minor > APP_PLUGIN_ABI_MINOR) {
        return app_fail(err, APP_E_SETTING,
                        "plugin %s: it was built for plugin ABI %d.%d, and this mod_app has %d.%d; "
                        "build it against this version's headers",
                        name, plugin->abi_major, plugin->abi_minor, APP_PLUGIN_ABI_MAJOR,
                        APP_PLUGIN_ABI_MINOR);
    }
    if (plugin->size <= FROZEN_SIZE || plugin->size > sizeof(*plugin)) {
        return app_fail(
            err, APP_E_SETTING,
            "plugin %s: its descriptor has %u bytes, and %u are the most that ABI %d.%d "
            "knows; build it against this version's headers",
            name, plugin->size, (unsigned)sizeof(*plugin), APP_PLUGIN_ABI_MAJOR,
            APP_PLUGIN_ABI_MINOR);
    }
    if (plugin->signature != APP_PLUGIN_SIGNATURE) {
        return app_fail(err, APP_E_SETTING,
                        "plugin %s: it was built for pointers of %u bits and APR %u.%u, and this "
                        "mod_app for %u bits and APR %u.%u; build it on this system",
                        name, (plugin->signature >> 16) * 8, plugin->signature >> 8 & 255,
                        plugin->signature & 255, (unsigned)sizeof(void *) * 8, APR_MAJOR_VERSION,
                        APR_MINOR_VERSION);
    }
    return APR_SUCCESS;
}

static apr_status_t check_routes(const char *name, const app_route_t *route, app_error_t *err)
{
    for (; route && route->path; route++) {
        if (*route->path != '/' || !route->handler) {
            return app_fail(err, APP_E_SETTING,
                            "plugin %s: its route \"%s\" has no handler, or no \"/\" in front",
                            name, route->path);
        }
    }
    return APR_SUCCESS;
}

static apr_status_t check_rest(const char *name, const app_plugin_t *plugin, app_error_t *err,
                               apr_pool_t *p)
{
    const char *problem;

    if (!plugin->name || strcmp(plugin->name, name) != 0) {
        return app_fail(err, APP_E_SETTING, "plugin %s: it calls itself \"%s\"; rename the file",
                        name, plugin->name ? plugin->name : "");
    }
    if (!plugin->version || !plugin->summary) {
        return app_fail(err, APP_E_SETTING,
                        "plugin %s: its descriptor has no version or no summary", name);
    }
    if (app_values_check(plugin->settings, plugin->settings_size, &problem, p) != APR_SUCCESS) {
        return app_fail(err, APP_E_SETTING, "plugin %s: its settings table is broken: %s", name,
                        problem);
    }
    return check_routes(name, plugin->routes, err);
}

static const app_plugin_t *already_loaded(app_core_t *core, const char *name)
{
    int i;

    for (i = 0; i < core->plugins->nelts; i++) {
        const app_plugin_t *plugin = APR_ARRAY_IDX(core->plugins, i, const app_plugin_t *);

        if (strcmp(plugin->name, name) == 0) {
            return plugin;
        }
    }
    return NULL;
}

const char *app_core_plugin_dir(const app_core_t *core)
{
    return core->plugin_dir;
}

apr_status_t app_core_load(app_core_t *core, const char *dir, const char *name,
                           const app_plugin_t **pplugin, app_error_t *err)
{
    const app_plugin_t *loaded = already_loaded(core, name);
    const app_plugin_t *theirs;
    app_plugin_t *plugin;
    const char *path;
    entry_fn *entry;

    if (loaded) {
        *pplugin = loaded;
        return APR_SUCCESS;
    }
    if (check_name(name, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (!dir) {
        return app_fail(err, APP_E_SETTING, "plugin %s: set AppPluginDir first", name);
    }
    path = apr_pstrcat(core->pool, dir, "/", name, ".so", NULL);
    if (check_file(name, path, err, core->pool) != APR_SUCCESS ||
        open_entry(name, path, &entry, err, core->pool) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    theirs = entry(&app_api_table);
    if (check_frozen(name, theirs, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    /* What an older ABI did not have yet reads as NULL. */
    plugin = apr_pcalloc(core->pool, sizeof(*plugin));
    memcpy(plugin, theirs, theirs->size);
    if (check_rest(name, plugin, err, core->pool) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    APR_ARRAY_PUSH(core->plugins, const app_plugin_t *) = plugin;
    *pplugin = plugin;
    return APR_SUCCESS;
}

/* Order */

static int names(const char *list, const char *name)
{
    apr_size_t len = strlen(name);
    const char *s = list;

    while (s && (s = strstr(s, name))) {
        if ((s == list || s[-1] == ' ') && (s[len] == ' ' || s[len] == '\0')) {
            return 1;
        }
        s += len;
    }
    return 0;
}

/** Whether all of those in rest that instance comes after have been placed. */
static int is_ready(const app_instance_t *instance, const apr_array_header_t *rest)
{
    int i;

    for (i = 0; i < rest->nelts; i++) {
        const app_instance_t *other = APR_ARRAY_IDX(rest, i, const app_instance_t *);

        if (other && other != instance && names(instance->plugin->after, other->plugin->name)) {
            return 0;
        }
    }
    return 1;
}

apr_status_t app_load_order(apr_array_header_t *instances, app_error_t *err, apr_pool_t *p)
{
    apr_array_header_t *rest = apr_array_copy(p, instances);
    int placed, i;

    for (placed = 0; placed < instances->nelts; placed++) {
        app_instance_t **candidate = NULL;

        for (i = 0; i < rest->nelts && !candidate; i++) {
            app_instance_t **each = &APR_ARRAY_IDX(rest, i, app_instance_t *);

            if (*each && is_ready(*each, rest)) {
                candidate = each;
            }
        }
        if (!candidate) {
            return app_fail(
                err, APP_E_SETTING,
                "the plugins of this site each want to come after another one: there is "
                "a circle in their `after`");
        }
        APR_ARRAY_IDX(instances, placed, app_instance_t *) = *candidate;
        *candidate = NULL;
    }
    return APR_SUCCESS;
}
