/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the core itself counts: requests of all sites, timers, the server's workers. Declared when
 * the core is created; counted in requests' threads and the timers'; the workers are asked for when
 * somebody reads.
 */
#include "apr_strings.h"

#include "app_metric_int.h"

static const apr_int64_t seconds[] = { 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000,
                                       250000, 500000, 1000000, 2500000, 5000000, 10000000 };
static const apr_int64_t bytes[] = { 0, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 16777216 };

#define COUNT(array) ((int)(sizeof(array) / sizeof(*(array))))

/** How many series of a family one route has at most, as a rule; 0: they are not by route. */
static const int per_route[APP_CORE_METRICS_] = { [APP_CORE_REQUESTS] = 8, [APP_CORE_DURATION] = 4,
                                                  [APP_CORE_BYTES_IN] = 1,
                                                  [APP_CORE_BYTES_OUT] = 1, [APP_CORE_ROWS] = 1 };

static const app_metric_def_t defs[APP_CORE_METRICS_] = {
    [APP_CORE_REQUESTS] = { .name = "app_requests",
                            .help = "Requests answered, by route, method and status.",
                            .kind = APP_METRIC_COUNTER,
                            .labels = "site route method status" },
    [APP_CORE_DURATION] = { .name = "app_request_duration_seconds",
                            .help = "Time from a request's head to the end of its answer.",
                            .kind = APP_METRIC_HISTOGRAM,
                            .labels = "site route method",
                            .decimals = 6,
                            .nbuckets = COUNT(seconds),
                            .buckets = seconds },
    [APP_CORE_BYTES_IN] = { .name = "app_request_body_bytes",
                            .help = "Bodies of requests, as far as they were read.",
                            .kind = APP_METRIC_HISTOGRAM,
                            .labels = "site route",
                            .nbuckets = COUNT(bytes),
                            .buckets = bytes },
    [APP_CORE_BYTES_OUT] = { .name = "app_response_body_bytes",
                             .help = "Bodies of answers, before compression.",
                             .kind = APP_METRIC_HISTOGRAM,
                             .labels = "site route",
                             .nbuckets = COUNT(bytes),
                             .buckets = bytes },
    [APP_CORE_ROWS] = { .name = "app_rows",
                        .help = "Rows in answers, or written.",
                        .kind = APP_METRIC_COUNTER,
                        .labels = "site route" },
    [APP_CORE_TIMER_RUNS] = { .name = "app_timer_runs",
                              .help = "Runs of periodic work, over all processes.",
                              .kind = APP_METRIC_COUNTER,
                              .labels = "site plugin timer",
                              .max_series = 256 },
    [APP_CORE_TIMER_TIME] = { .name = "app_timer_seconds",
                              .help = "Time spent in periodic work.",
                              .kind = APP_METRIC_COUNTER,
                              .labels = "site plugin timer",
                              .max_series = 256,
                              .decimals = 6 },
    [APP_CORE_WORKERS] = { .name = "app_workers",
                           .help = "Threads or processes of the server that answer requests.",
                           .kind = APP_METRIC_GAUGE,
                           .labels = "state",
                           .max_series = 8 },
    [APP_CORE_PROCESSES] = { .name = "app_processes",
                             .help = "Processes that serve requests, those of an old generation "
                                     "included.",
                             .kind = APP_METRIC_PROCESS },
    [APP_CORE_GENERATION] = { .name = "app_generation",
                              .help = "How often the server has been restarted gracefully.",
                              .kind = APP_METRIC_GAUGE },
    [APP_CORE_STARTED] = { .name = "app_start_time_seconds",
                           .help = "When the server was started, restarts by graceful not counted.",
                           .kind = APP_METRIC_GAUGE,
                           .decimals = 6 },
    [APP_CORE_BUILD] = { .name = "app_build_info",
                         .help = "What is running; always 1.",
                         .kind = APP_METRIC_GAUGE,
                         .labels = "version host apr compiler" },
};

apr_status_t app_metrics_declare_core(app_core_t *core, int routes, app_error_t *err)
{
    int i;

    for (i = 0; i < APP_CORE_METRICS_; i++) {
        if (app_metric_add_family(&core->metrics->core[i], core, NULL, &defs[i],
                                  per_route[i] ? per_route[i] * routes : defs[i].max_series,
                                  err) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    return APR_SUCCESS;
}

/* Requests */

/** Methods that nobody knows are one. */
static const char *method_of(const app_request_t *r)
{
    static const char *const known[] = { "GET", "HEAD", "POST", "PATCH", "PUT",
                                         "DELETE", "OPTIONS" };
    const char *method = app_request_method(r);
    int i;

    for (i = 0; i < COUNT(known); i++) {
        if (strcmp(method, known[i]) == 0) {
            return known[i];
        }
    }
    return "other";
}

static void count_request(const app_metrics_t *metrics, const app_request_t *r)
{
    const app_figures_t *figures = &r->figures;
    const int status = figures->status;
    const char digits[] = { (char)('0' + status / 100 % 10), (char)('0' + status / 10 % 10),
                            (char)('0' + status % 10), '\0' };
    const char *const labels[] = { r->site->name, figures->route, method_of(r), digits };

    app_metric_add(metrics->core[APP_CORE_REQUESTS], 1, labels);
    app_metric_observe(metrics->core[APP_CORE_DURATION], figures->duration, labels);
    app_metric_observe(metrics->core[APP_CORE_BYTES_IN], figures->bytes_in, labels);
    app_metric_observe(metrics->core[APP_CORE_BYTES_OUT], figures->bytes_out, labels);
    if (figures->rows > 0) {
        app_metric_add(metrics->core[APP_CORE_ROWS], figures->rows, labels);
    }
}

void app_metrics_request(const app_request_t *r)
{
    if (r->site->core->metrics->base) {
        count_request(r->site->core->metrics, r);
    }
}

/* Timers */

void app_metrics_timer(const app_timer_t *timer, apr_time_t begun)
{
    const app_site_t *site = timer->instance->site;
    app_metrics_t *metrics = site->core->metrics;
    const char *const labels[] = { site->name, timer->instance->plugin->name, timer->name };
    apr_time_t now;

    if (!metrics->base) {
        return;
    }
    now = apr_time_now();
    app_metric_add(metrics->core[APP_CORE_TIMER_RUNS], 1, labels);
    app_metric_add(metrics->core[APP_CORE_TIMER_TIME], now > begun ? now - begun : 0, labels);
}

/* The server */

/** Counts this process for as long as it lives. */
void app_metrics_process(app_core_t *core)
{
    if (core->metrics->base) {
        app_metric_place_take(core->metrics);
        app_metric_set(core->metrics->core[APP_CORE_PROCESSES], 1, NULL);
    }
}

void app_metrics_database(app_core_t *core, app_db_t *db)
{
    if (core->metrics->base) {
        app_db_metrics_start(db, &core->metrics->databases);
    }
}

static void refresh_workers(app_core_t *core)
{
    static const char *const names[] = { "busy", "idle", "free" };
    app_workers_t workers;
    int i;

    if (!core->host->workers || core->host->workers(&workers) != APR_SUCCESS) {
        return;
    }
    for (i = 0; i < COUNT(names); i++) {
        app_metric_set(core->metrics->core[APP_CORE_WORKERS],
                       ((const int[]){ workers.busy, workers.idle, workers.free })[i], &names[i]);
    }
    app_metric_set(core->metrics->core[APP_CORE_GENERATION], workers.generation, NULL);
}

void app_metrics_refresh(app_core_t *core)
{
    const app_counters_t *counters = app_shm_base(core->counters);

    refresh_workers(core);
    app_metric_set(core->metrics->core[APP_CORE_STARTED], counters->started, NULL);
    app_metric_set(core->metrics->core[APP_CORE_BUILD], 1,
                   APP_METRIC_LABELS(APP_VERSION, core->host->name, APR_VERSION_STRING,
                                     __VERSION__));
}
