/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The core from configuration to process: what app_core.h describes in its order. One thread until
 * app_core_start() has returned.
 */
#include <strings.h>

#include "apr_strings.h"

#include "app_core_int.h"
#include "app_db_int.h"

static apr_status_t forget_host(void *unused)
{
    (void)unused;
    app_log_host(NULL);
    return APR_SUCCESS;
}

app_core_t *app_core_create(const app_host_t *host, apr_pool_t *pconf)
{
    app_core_t *core = apr_pcalloc(pconf, sizeof(*core));

    core->host = host;
    core->pool = pconf;
    core->plugin_dir = host->plugin_dir ? host->plugin_dir : APP_PLUGIN_DIR;
    core->plugins = apr_array_make(pconf, 8, sizeof(const app_plugin_t *));
    core->sites = apr_array_make(pconf, 2, sizeof(app_site_t *));
    core->dbs = apr_array_make(pconf, 2, sizeof(app_db_use_t));
    core->shms = apr_array_make(pconf, 8, sizeof(app_shm_t *));
    core->timers = apr_array_make(pconf, 4, sizeof(app_timer_t));
    core->counters = app_shm_add(core, "core/counters", sizeof(app_counters_t));
    app_log_host(host);
    apr_pool_cleanup_register(pconf, NULL, forget_host, apr_pool_cleanup_null);
    return core;
}

/* Configuration */

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

/* Sites */

/** Sites with the same database and the same pool settings share one pool. */
static int same_database(const app_core_conf_t *a, const app_core_conf_t *b)
{
    return strcmp(a->database, b->database) == 0 && a->db_max == b->db_max &&
           a->db_keep == b->db_keep && a->db_min == b->db_min && a->db_idle == b->db_idle &&
           a->db_lifetime == b->db_lifetime && a->db_wait == b->db_wait &&
           a->db_connect_timeout == b->db_connect_timeout && a->db_prepared == b->db_prepared &&
           a->db_statements == b->db_statements && a->sqlite_sync == b->sqlite_sync &&
           a->statement_timeout == b->statement_timeout;
}

static apr_status_t find_database(app_core_t *core, const app_core_conf_t *conf, app_db_t **pdb,
                                  app_error_t *err)
{
    app_db_use_t *use;
    app_db_t *db;
    int i;

    *pdb = NULL;
    if (!conf->database) {
        return APR_SUCCESS;
    }
    for (i = 0; i < core->dbs->nelts; i++) {
        use = &APR_ARRAY_IDX(core->dbs, i, app_db_use_t);
        if (same_database(use->conf, conf)) {
            *pdb = use->db;
            return APR_SUCCESS;
        }
    }
    if (app_db_make(&db, conf, err, core->pool) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    use = apr_array_push(core->dbs);
    use->conf = conf;
    use->db = *pdb = db;
    return APR_SUCCESS;
}

static apr_status_t make_instances(app_site_t *site, app_error_t *err)
{
    apr_pool_t *p = site->core->pool;
    int i;

    site->instances = apr_array_make(p, 4, sizeof(app_instance_t *));
    for (i = 0; i < site->conf->plugins->nelts; i++) {
        app_instance_t *instance = apr_pcalloc(p, sizeof(*instance));

        instance->site = site;
        instance->values = APR_ARRAY_IDX(site->conf->plugins, i, app_values_t *);
        instance->plugin = instance->values->plugin;
        instance->pool = p;
        APR_ARRAY_PUSH(site->instances, app_instance_t *) = instance;
    }
    return app_load_order(site->instances, err, p);
}

static apr_status_t configure_instances(app_site_t *site, app_error_t *err)
{
    int i;

    for (i = 0; i < site->instances->nelts; i++) {
        app_instance_t *instance = APR_ARRAY_IDX(site->instances, i, app_instance_t *);
        apr_status_t rv;

        if (!instance->plugin->configure) {
            continue;
        }
        instance->configuring = 1;
        rv = instance->plugin->configure(instance, err);
        instance->configuring = 0;
        if (rv != APR_SUCCESS) {
            const char *why = err->message ? err->message : "it gives no reason";

            return app_fail(err, APP_E_SETTING, "plugin %s refuses its settings: %s",
                            instance->plugin->name, why);
        }
    }
    return APR_SUCCESS;
}

apr_status_t app_site_make(app_core_t *core, const char *name, app_site_conf_t *conf,
                           app_site_t **psite, app_error_t *err)
{
    app_site_t *site = apr_pcalloc(core->pool, sizeof(*site));
    app_viewers_t viewers;
    int place;

    site->core = core;
    site->name = apr_pstrdup(core->pool, name);
    site->conf = conf;
    for (place = 0; place < APP_PLACES_; place++) {
        site->filters[place] = apr_array_make(core->pool, 2, sizeof(app_filter_t));
    }
    if (app_viewers_parse(app_conf_core(conf)->details_for, &viewers, err, core->pool) !=
            APR_SUCCESS ||
        find_database(core, app_conf_core(conf), &site->db, err) != APR_SUCCESS ||
        make_instances(site, err) != APR_SUCCESS ||
        configure_instances(site, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    site->viewers = viewers;
    app_route_collect(site);
    APR_ARRAY_PUSH(core->sites, app_site_t *) = site;
    *psite = site;
    return APR_SUCCESS;
}

apr_status_t app_core_share(app_core_t *core, app_error_t *err)
{
    app_counters_t *counters;

    if (app_shm_share(core, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    counters = app_shm_base(core->counters);
    if (counters->started == 0) {
        counters->started = apr_time_now();
    }
    return APR_SUCCESS;
}

const app_core_conf_t *app_site_core_conf(const app_site_t *site)
{
    return app_conf_core(site->conf);
}

app_db_t *app_site_db(const app_site_t *site)
{
    return site->db;
}

const char *app_site_name(const app_site_t *site)
{
    return site->name;
}

/* Process */

static apr_status_t start_site(app_site_t *site, apr_pool_t *pchild, app_error_t *err)
{
    int i;

    for (i = 0; i < site->instances->nelts; i++) {
        app_instance_t *instance = APR_ARRAY_IDX(site->instances, i, app_instance_t *);

        apr_pool_create(&instance->pool, pchild);
        if (instance->plugin->start && instance->plugin->start(instance, err) != APR_SUCCESS) {
            app_log(APP_LOG_ERROR, NULL, "APP0002", "plugin %s cannot start: %s",
                    instance->plugin->name, err->message ? err->message : "it gives no reason");
            return APP_EFAIL;
        }
    }
    return APR_SUCCESS;
}

apr_status_t app_core_start(app_core_t *core, apr_pool_t *pchild, app_error_t *err)
{
    int i;

    for (i = 0; i < core->dbs->nelts; i++) {
        app_db_use_t *use = &APR_ARRAY_IDX(core->dbs, i, app_db_use_t);

        if (app_db_start(use->db, pchild, err) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    for (i = 0; i < core->sites->nelts; i++) {
        if (start_site(APR_ARRAY_IDX(core->sites, i, app_site_t *), pchild, err) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    core->running = 1;
    return APR_SUCCESS;
}

void app_core_stop(app_core_t *core)
{
    int i, j;

    core->running = 0;
    for (i = 0; i < core->sites->nelts; i++) {
        app_site_t *site = APR_ARRAY_IDX(core->sites, i, app_site_t *);

        for (j = 0; j < site->instances->nelts; j++) {
            app_instance_t *instance = APR_ARRAY_IDX(site->instances, j, app_instance_t *);

            if (instance->plugin->stop) {
                instance->plugin->stop(instance);
            }
        }
    }
}

/* Request */

static void count(app_core_t *core, int status)
{
    app_counters_t *counters = app_shm_base(core->counters);

    if (counters) {
        __atomic_add_fetch(&counters->requests, 1, __ATOMIC_RELAXED);
        if (status >= 500) {
            __atomic_add_fetch(&counters->errors, 1, __ATOMIC_RELAXED);
        }
    }
}

static void answer_error(app_request_t *r, app_response_t *res, app_error_t *err)
{
    app_log_level_e level;

    if (!err->code) {
        app_fail(err, APP_E_INTERNAL, NULL);
    }
    /* "Come again later" has one cause for many requests, which is logged where it is noticed. */
    level = err->status >= 500 && !err->retry_after ? APP_LOG_ERROR : APP_LOG_INFO;
    app_log(level, r, "APP0003",
            "%d %s %s%s: %s %s%s%s%s%s", err->status, app_request_method(r), app_request_mount(r),
            app_request_path(r), err->code, err->message ? err->message : "",
            err->details ? "; " : "", err->details ? err->details : "", err->log ? "; " : "",
            err->log ? err->log : "");
    app_response_error(res, err);
}

static apr_status_t dispatch(app_request_t *r, app_response_t *res, app_error_t *err)
{
    app_place_e place;
    apr_status_t rv;

    if (!r->site->core->running) {
        app_fail(err, APP_E_STOPPING, NULL);
        err->retry_after = 1;
        return APP_EFAIL;
    }
    if (!app_utf8_valid(app_request_path(r), strlen(app_request_path(r)))) {
        return app_fail(err, APP_E_BAD_REQUEST, "The path is not valid UTF-8");
    }
    if (r->entry == APP_ENTRY_HEALTH) {
        return app_health_answer(r, res, err);
    }
    if (r->entry == APP_ENTRY_STATUS) {
        return app_status_answer(r, res, err);
    }
    for (place = APP_PLACE_FIRST; place < APP_PLACE_AFTER; place++) {
        if ((rv = app_filter_run(place, r, res, err)) != APP_NEXT) {
            return rv;
        }
    }
    return app_route_run(r, res, err);
}

void app_core_handle(app_site_t *site, app_entry_e entry, const app_exchange_t *exchange)
{
    app_error_t err = { .pool = exchange->pool };
    app_request_t r;
    app_response_t res;
    apr_status_t rv;

    app_request_make(&r, site, entry, exchange);
    app_response_make(&res, &r);
    rv = dispatch(&r, &res, &err);
    if (rv != APR_SUCCESS && res.broken != APR_SUCCESS) {
        app_log(APP_LOG_DEBUG, &r, "APP0004", "the client went away before the answer was whole");
    }
    else if (rv != APR_SUCCESS && res.head_sent) {
        app_log(APP_LOG_ERROR, &r, "APP0005", "the answer broke off: %s %s; %s",
                err.code ? err.code : "", err.message ? err.message : "", err.log ? err.log : "");
        app_response_abort(&res);
    }
    else if (rv != APR_SUCCESS) {
        answer_error(&r, &res, &err);
    }
    app_response_finish(&res);
    if (entry == APP_ENTRY_API) {
        app_filter_run(APP_PLACE_AFTER, &r, &res, &err);
    }
    count(site->core, res.status);
}
