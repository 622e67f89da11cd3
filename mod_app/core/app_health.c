/* SPDX-License-Identifier: Apache-2.0 */
/**
 * /health (can this site answer requests), /health/live (does the process answer at all) and
 * /api/health (alias of the first). What is wrong is said to those who may see details, and to
 * the log.
 */
#include "apr_strings.h"

#include "app_core_int.h"
#include "app_db_int.h"

#define PING_WAIT APR_USEC_PER_SEC

static const char live_body[] = "{\"status\":\"alive\"}";

const char *app_time_text(apr_time_t when, apr_pool_t *p)
{
    apr_time_exp_t t;

    apr_time_exp_gmt(&t, when);
    return apr_psprintf(p, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", t.tm_year + 1900, t.tm_mon + 1,
                        t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec, t.tm_usec / 1000);
}

apr_status_t app_json_answer(app_response_t *res, json_t *document, app_error_t *err)
{
    char *text = json_dumps(document, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(6));

    json_decref(document);
    if (!text) {
        return app_fail(err, APP_E_INTERNAL, NULL);
    }
    app_response_type(res, "application/json; charset=utf-8");
    app_response_header(res, "Cache-Control", "no-store");
    app_response_write(res, text, strlen(text));
    free(text);
    return APR_SUCCESS;
}

static apr_status_t answer_live(app_response_t *res)
{
    app_response_type(res, "application/json; charset=utf-8");
    app_response_header(res, "Cache-Control", "no-store");
    return app_response_write(res, live_body, sizeof(live_body) - 1);
}

/** Adds one check: its state always, its figures for those who may see them. */
static void add_check(json_t *checks, const char *name, int healthy, json_t *figures, int details)
{
    json_t *part = details ? figures : json_object();

    if (!details) {
        json_decref(figures);
    }
    json_object_set_new(part, "status", json_string(healthy ? "healthy" : "unhealthy"));
    json_object_set_new(checks, name, part);
}

static int check_database(app_request_t *r, json_t *checks, int details)
{
    app_db_t *db = r->site->db;
    app_error_t err = { .pool = app_request_pool(r) };
    json_t *figures = json_object();
    apr_time_t begun = apr_time_now();
    int healthy = app_db_ping(db, PING_WAIT, &err, err.pool) == APR_SUCCESS;

    if (healthy) {
        json_object_set_new(figures, "latency_ms",
                            json_real((double)(apr_time_now() - begun) / 1000.0));
    }
    else {
        app_log(APP_LOG_WARNING, r, "APP0008", "the database does not answer: %s %s; %s",
                err.message, err.details ? err.details : "", err.log ? err.log : "");
        json_object_set_new(figures, "error", json_string(err.code));
    }
    app_db_describe(db, figures);
    add_check(checks, "database", healthy, figures, details);
    return healthy;
}

static int check_plugins(app_request_t *r, json_t *checks, int details)
{
    const apr_array_header_t *instances = r->site->instances;
    int healthy = 1, i;

    for (i = 0; i < instances->nelts; i++) {
        app_instance_t *instance = APR_ARRAY_IDX(instances, i, app_instance_t *);
        json_t *figures;
        int good;

        if (!instance->plugin->health) {
            continue;
        }
        figures = json_object();
        good = instance->plugin->health(instance, r, figures);
        add_check(checks, instance->plugin->name, good, figures, details);
        healthy = healthy && good;
    }
    return healthy;
}

static apr_status_t answer_ready(app_request_t *r, app_response_t *res, app_error_t *err)
{
    apr_pool_t *p = app_request_pool(r);
    int details = app_viewers_allow(r, res);
    json_t *checks = json_object();
    int healthy = !r->site->db || check_database(r, checks, details);

    healthy = check_plugins(r, checks, details) && healthy;
    if (!healthy) {
        app_response_status(res, 503);
        app_response_header(res, "Retry-After", "1");
    }
    return app_json_answer(res,
                           json_pack("{s:s, s:s, s:s, s:o}", "status",
                                     healthy ? "healthy" : "unhealthy", "timestamp",
                                     app_time_text(apr_time_now(), p), "version", APP_VERSION,
                                     "checks", checks),
                           err);
}

static int is_read(const app_request_t *r)
{
    return r->is_head || strcmp(app_request_method(r), "GET") == 0;
}

apr_status_t app_health_answer(app_request_t *r, app_response_t *res, app_error_t *err)
{
    const char *path = app_request_path(r);

    if (!is_read(r)) {
        app_fail(err, APP_E_METHOD, NULL);
        err->allow = "GET,HEAD";
        return APP_EFAIL;
    }
    if (r->entry == APP_ENTRY_API || strcmp(path, "/") == 0) {
        return answer_ready(r, res, err);
    }
    if (strcmp(path, "/live") == 0) {
        return answer_live(res);
    }
    app_fail(err, APP_E_NOT_FOUND, NULL);
    return app_hint(err, "There are %s and %s/live.", app_request_mount(r), app_request_mount(r));
}
