/* SPDX-License-Identifier: Apache-2.0 */
/**
 * /status: what runs here, since when, and the parts that plugins add. Details for those who may
 * see them.
 */
#include "app_core_int.h"
#include "app_db_int.h"

static json_t *plugin_parts(app_request_t *r)
{
    const apr_array_header_t *instances = r->site->instances;
    json_t *plugins = json_array();
    int i;

    for (i = 0; i < instances->nelts; i++) {
        app_instance_t *instance = APR_ARRAY_IDX(instances, i, app_instance_t *);
        json_t *part = json_object();

        if (instance->plugin->status) {
            instance->plugin->status(instance, r, part);
        }
        json_object_set_new(part, "name", json_string(instance->plugin->name));
        json_object_set_new(part, "version", json_string(instance->plugin->version));
        json_object_set_new(part, "summary", json_string(instance->plugin->summary));
        json_array_append_new(plugins, part);
    }
    return plugins;
}

static json_t *build_part(void)
{
    return json_pack("{s:s, s:s, s:i, s:i}", "compiler", __VERSION__, "apr", APR_VERSION_STRING,
                     "plugin_abi_major", APP_PLUGIN_ABI_MAJOR, "plugin_abi_minor",
                     APP_PLUGIN_ABI_MINOR);
}

static void add_details(app_request_t *r, json_t *status, const app_counters_t *counters)
{
    const app_core_t *core = r->site->core;
    json_t *database;

    json_object_set_new(status, "host", json_string(core->host->name));
    json_object_set_new(status, "requests", json_integer((json_int_t)counters->requests));
    json_object_set_new(status, "errors", json_integer((json_int_t)counters->errors));
    json_object_set_new(status, "build", build_part());
    json_object_set_new(status, "plugins", plugin_parts(r));
    if (r->site->db) {
        database = json_object();
        app_db_describe(r->site->db, database);
        json_object_set_new(status, "database", database);
    }
    if (core->host->status) {
        core->host->status(status);
    }
}

apr_status_t app_status_answer(app_request_t *r, app_response_t *res, app_error_t *err)
{
    const app_counters_t *counters = app_shm_base(r->site->core->counters);
    apr_time_t now = apr_time_now();
    json_t *status;

    if (!r->is_head && strcmp(app_request_method(r), "GET") != 0) {
        app_fail(err, APP_E_METHOD, NULL);
        err->allow = "GET,HEAD";
        return APP_EFAIL;
    }
    if (strcmp(app_request_path(r), "/") != 0) {
        return app_fail(err, APP_E_NOT_FOUND, NULL);
    }
    status = json_pack("{s:s, s:s, s:s, s:I}", "name", APP_NAME, "version", APP_VERSION,
                       "timestamp", app_time_text(now, app_request_pool(r)), "uptime_seconds",
                       (json_int_t)apr_time_sec(now - counters->started));
    if (app_viewers_allow(r, res)) {
        add_details(r, status, counters);
    }
    return app_json_answer(res, status, err);
}
