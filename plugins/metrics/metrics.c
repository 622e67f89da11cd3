/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Plugin metrics: has the server count, and shows what it has counted, at SetHandler app-metrics.
 * What is counted is said where it is (app_metric_core.c, app_db_metrics.c, and the plugins).
 */
#include "metrics_int.h"

typedef struct metrics_conf_t {
    apr_int64_t routes;
} metrics_conf_t;

static const app_setting_t settings[] = {
    APP_SET_INT("MaxRoutes", metrics_conf_t, routes, "256", 1, 4096, 0,
                "routes of the server that are told apart; what comes after them is counted as "
                "\"other\". 1 MB of shared memory holds 50"),
    APP_SET_END
};

static apr_status_t answer(app_instance_t *self, app_request_t *r, app_response_t *res,
                           app_error_t *err)
{
    static const char *const types[] = {
        [METRICS_PROMETHEUS] = "text/plain; version=0.0.4; charset=utf-8",
        [METRICS_OPENMETRICS] = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    };
    metrics_form_e form = metrics_accept(app_request_header(r, "Accept"));

    (void)err;
    app_response_type(res, types[form]);
    app_response_header(res, "Cache-Control", "no-store");
    app_response_header(res, "Vary", "Accept");
    return metrics_write(self, res, form, app_request_pool(r));
}

static const app_metrics_page_t page = { answer };

static apr_status_t configure(app_instance_t *self, app_error_t *err)
{
    const metrics_conf_t *conf = app_instance_settings(self);

    (void)err;
    app_metrics_collect(self, (int)conf->routes);
    app_service_offer(self, APP_METRICS_PAGE, &page);
    return APR_SUCCESS;
}

APP_PLUGIN(.name = "metrics", .version = "0.1", .summary = "what was counted, for Prometheus",
           .settings = settings, .settings_size = sizeof(metrics_conf_t), .configure = configure)
