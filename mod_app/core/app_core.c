/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The core's life: created for a configuration, sharing memory, started and stopped in each
 * process. One thread.
 */
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
    app_metrics_create(core);
    core->counters = app_shm_add(core, "core/counters", sizeof(app_counters_t));
    app_log_host(host);
    apr_pool_cleanup_register(pconf, NULL, forget_host, apr_pool_cleanup_null);
    return core;
}

apr_status_t app_core_share(app_core_t *core, app_error_t *err)
{
    app_counters_t *counters;

    if (app_metrics_layout(core, err) != APR_SUCCESS || app_shm_share(core, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_metrics_shared(core);
    counters = app_shm_base(core->counters);
    if (counters->started == 0) {
        counters->started = apr_time_now();
    }
    return APR_SUCCESS;
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

    app_metrics_process(core);
    for (i = 0; i < core->dbs->nelts; i++) {
        app_db_use_t *use = &APR_ARRAY_IDX(core->dbs, i, app_db_use_t);

        app_metrics_database(core, use->db);
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
