/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A site: merged settings with their database, plugins in order, filters and routes. Made while the
 * configuration is read, by one thread; only looked at afterwards.
 */
#include "apr_strings.h"

#include "app_core_int.h"
#include "app_db_int.h"

static int same_list(const apr_array_header_t *a, const apr_array_header_t *b)
{
    int i, count = a ? a->nelts : 0;

    if (count != (b ? b->nelts : 0)) {
        return 0;
    }
    for (i = 0; i < count; i++) {
        if (strcmp(APR_ARRAY_IDX(a, i, const char *), APR_ARRAY_IDX(b, i, const char *)) != 0) {
            return 0;
        }
    }
    return 1;
}

/** Sites with the same database and the same pool settings share one pool. */
static int same_database(const app_core_conf_t *a, const app_core_conf_t *b)
{
    return strcmp(a->database, b->database) == 0 && a->db_max == b->db_max &&
           a->db_keep == b->db_keep && a->db_min == b->db_min && a->db_idle == b->db_idle &&
           a->db_lifetime == b->db_lifetime && a->db_wait == b->db_wait &&
           a->db_connect_timeout == b->db_connect_timeout && a->db_prepared == b->db_prepared &&
           a->db_statements == b->db_statements && a->sqlite_sync == b->sqlite_sync &&
           a->statement_timeout == b->statement_timeout &&
           same_list(a->sqlite_attach, b->sqlite_attach);
}

static int is_named(const app_core_t *core, const char *name)
{
    int i;

    for (i = 0; i < core->dbs->nelts; i++) {
        if (strcmp(app_db_name(APR_ARRAY_IDX(core->dbs, i, app_db_use_t).db), name) == 0) {
            return 1;
        }
    }
    return 0;
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
    for (i = 0; is_named(core, app_db_name(db)); i++) {
        app_db_name_apart(db, i, core->pool);
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

/** Puts the plugin's name before its sentence; details and hint stay. */
static apr_status_t refused(const app_instance_t *instance, app_error_t *err)
{
    const char *why = err->message ? err->message : "it gives no reason";

    if (!err->code) {
        app_fail(err, APP_E_SETTING, NULL);
    }
    err->message = apr_psprintf(err->pool, "plugin %s refuses its settings: %s",
                                instance->plugin->name, why);
    return APP_EFAIL;
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
            return refused(instance, err);
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
    site->offers = apr_array_make(core->pool, 2, sizeof(app_offer_t));
    for (place = 0; place < APP_PLACES_; place++) {
        site->filters[place] = apr_array_make(core->pool, 2, sizeof(app_filter_t));
    }
    if (app_viewers_parse(app_conf_core(conf)->details_for, &viewers, err, core->pool) !=
            APR_SUCCESS ||
        app_log_levels_use(app_conf_core(conf)->log_levels, err) != APR_SUCCESS ||
        find_database(core, app_conf_core(conf), &site->db, err) != APR_SUCCESS ||
        make_instances(site, err) != APR_SUCCESS ||
        configure_instances(site, err) != APR_SUCCESS ||
        app_route_collect(site, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    site->viewers = viewers;
    site->digest = app_digest_site(site);
    APR_ARRAY_PUSH(core->sites, app_site_t *) = site;
    *psite = site;
    return APR_SUCCESS;
}

apr_status_t app_site_check(app_site_t *site, const app_site_conf_t *location, app_error_t *err,
                            apr_pool_t *p)
{
    int i, j;

    for (i = 0; i < site->instances->nelts; i++) {
        app_instance_t *instance = APR_ARRAY_IDX(site->instances, i, app_instance_t *);

        for (j = 0; instance->plugin->check && j < location->plugins->nelts; j++) {
            app_values_t *values = APR_ARRAY_IDX(location->plugins, j, app_values_t *);

            if (values->plugin != instance->plugin) {
                continue;
            }
            values = app_values_merge(instance->values, values, p);
            if (instance->plugin->check(instance, values->data, err) != APR_SUCCESS) {
                return refused(instance, err);
            }
        }
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

void app_site_list_commands(const app_site_t *site,
                            int (*each)(void *ctx, app_instance_t *instance,
                                        const app_plugin_t *plugin, const app_command_t *command),
                            void *ctx)
{
    const app_command_t *command;
    int i;

    for (i = 0; i < site->instances->nelts; i++) {
        app_instance_t *instance = APR_ARRAY_IDX(site->instances, i, app_instance_t *);

        for (command = instance->plugin->commands; command && command->name; command++) {
            if (!each(ctx, instance, instance->plugin, command)) {
                return;
            }
        }
    }
}
