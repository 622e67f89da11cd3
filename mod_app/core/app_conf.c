/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The settings of a server, a virtual host or a location while the configuration is read: the
 * core's own, and those of each plugin that it uses. One thread.
 */
#include <strings.h>

#include "apr_strings.h"

#include "app_core_int.h"

app_site_conf_t *app_conf_create(app_core_t *core, app_where_e where, apr_pool_t *p)
{
    app_site_conf_t *conf = apr_pcalloc(p, sizeof(*conf));

    conf->core = core;
    conf->where = where;
    conf->pool = p;
    conf->own = app_values_create(NULL, app_core_settings, sizeof(app_core_conf_t), p);
    conf->plugins = apr_array_make(p, 4, sizeof(app_values_t *));
    return conf;
}

static app_values_t *find_values(const apr_array_header_t *list, const app_plugin_t *plugin)
{
    int i;

    for (i = 0; i < list->nelts; i++) {
        app_values_t *values = APR_ARRAY_IDX(list, i, app_values_t *);

        if (values->plugin == plugin) {
            return values;
        }
    }
    return NULL;
}

static int is_empty(const app_site_conf_t *conf)
{
    return apr_is_empty_array(conf->plugins) && app_values_empty(conf->own);
}

app_site_conf_t *app_conf_merge(app_site_conf_t *outer, app_site_conf_t *inner, apr_pool_t *p)
{
    app_site_conf_t *conf;
    int i;

    if (is_empty(inner)) {
        return outer;
    }
    if (is_empty(outer)) {
        return inner;
    }
    conf = apr_pmemdup(p, inner, sizeof(*inner));
    conf->pool = p;
    conf->own = app_values_merge(outer->own, inner->own, p);
    conf->plugins = apr_array_copy(p, outer->plugins);
    for (i = 0; i < inner->plugins->nelts; i++) {
        app_values_t *added = APR_ARRAY_IDX(inner->plugins, i, app_values_t *);
        int j;

        for (j = 0; j < conf->plugins->nelts; j++) {
            app_values_t **place = &APR_ARRAY_IDX(conf->plugins, j, app_values_t *);

            if ((*place)->plugin == added->plugin) {
                *place = app_values_merge(*place, added, p);
                break;
            }
        }
        if (j == conf->plugins->nelts) {
            APR_ARRAY_PUSH(conf->plugins, app_values_t *) = added;
        }
    }
    return conf;
}

static const char *root_of(const app_core_t *core)
{
    return core->host->root ? core->host->root() : NULL;
}

apr_status_t app_conf_set(app_site_conf_t *conf, const char *name, const char *args,
                          app_error_t *err)
{
    if (app_values_set(conf->own, conf->where, root_of(conf->core), name, args, err, conf->pool) !=
        APR_SUCCESS) {
        /* Sentences start with the row's name; its directive has "App" in front. */
        if (strncasecmp(err->message, name, strlen(name)) == 0) {
            err->message = apr_pstrcat(err->pool, "App", err->message, NULL);
        }
        return APP_EFAIL;
    }
    /* A virtual host's plugins come from where the main server's come from. */
    if (strcasecmp(name, "PluginDir") == 0) {
        conf->core->plugin_dir = app_conf_core(conf)->plugin_dir;
    }
    return APR_SUCCESS;
}

apr_status_t app_conf_plugin(app_site_conf_t *conf, const char *name, app_values_t **pvalues,
                             app_error_t *err)
{
    const app_plugin_t *plugin;
    app_values_t *values;

    if (app_core_load(conf->core, conf->core->plugin_dir, name, &plugin, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    values = find_values(conf->plugins, plugin);
    if (!values) {
        values = app_values_create(plugin, plugin->settings, plugin->settings_size, conf->pool);
        APR_ARRAY_PUSH(conf->plugins, app_values_t *) = values;
    }
    *pvalues = values;
    return APR_SUCCESS;
}

apr_status_t app_conf_plugin_set(app_site_conf_t *conf, app_values_t *values, const char *name,
                                 const char *args, app_error_t *err)
{
    return app_values_set(values, conf->where, root_of(conf->core), name, args, err, conf->pool);
}

const app_core_conf_t *app_conf_core(const app_site_conf_t *conf)
{
    return conf->own->data;
}

void app_core_list_settings(app_core_t *core,
                            void (*each)(void *ctx, const app_plugin_t *plugin,
                                         const app_setting_t *row),
                            void *ctx)
{
    const app_setting_t *row;
    int i;

    for (row = app_core_settings; row->name; row++) {
        each(ctx, NULL, row);
    }
    for (i = 0; i < core->plugins->nelts; i++) {
        const app_plugin_t *plugin = APR_ARRAY_IDX(core->plugins, i, const app_plugin_t *);

        for (row = plugin->settings; row && row->name; row++) {
            each(ctx, plugin, row);
        }
    }
}
