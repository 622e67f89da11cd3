/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A request's way: filters in their order, the route's handler, the answer. Thread of the request.
 */
#include "app_core_int.h"

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

static void log_error(app_request_t *r, app_error_t *err)
{
    app_log_level_e level;

    if (!err->code) {
        app_fail(err, APP_E_INTERNAL, NULL);
    }
    /* 501 is the request's doing; and who has gone away has ended it himself. */
    level = err->status >= 500 && err->status != 501 && !err->noted && !app_request_gone(r)
                ? APP_LOG_ERROR
                : APP_LOG_INFO;
    app_log(level, r, "APP0003",
            "%d %s %s%s: %s %s%s%s%s%s", err->status, app_request_method(r), app_request_mount(r),
            app_request_path(r), err->code, err->message ? err->message : "",
            err->details ? "; " : "", err->details ? err->details : "", err->log ? "; " : "",
            err->log ? err->log : "");
}

static apr_status_t refuse_stopping(app_error_t *err)
{
    app_fail(err, APP_E_STOPPING, NULL);
    err->retry_after = 1;
    return APP_EFAIL;
}

/** Nobody has looked at credentials: what no filter answers may not go further. */
static apr_status_t answer_early(app_request_t *r, app_response_t *res, app_error_t *err)
{
    app_place_e place;
    apr_status_t rv;

    for (place = APP_PLACE_FIRST; place < APP_PLACE_IDENTITY; place++) {
        if ((rv = app_filter_run(place, r, res, err)) != APP_NEXT) {
            return rv;
        }
    }
    return app_fail(err, APP_E_UNAUTHENTICATED, NULL);
}

static apr_status_t dispatch(app_request_t *r, app_response_t *res, app_error_t *err)
{
    app_place_e place;
    apr_status_t rv;

    if (!r->site->core->running) {
        return refuse_stopping(err);
    }
    if (!app_utf8_valid(app_request_path(r), strlen(app_request_path(r)))) {
        app_filter_run(APP_PLACE_HOST_ERROR, r, res, err);
        return app_fail(err, APP_E_BAD_REQUEST, "The path is not valid UTF-8");
    }
    if (r->exchange->early_only) {
        return answer_early(r, res, err);
    }
    if (r->entry == APP_ENTRY_HEALTH ||
        (r->entry == APP_ENTRY_API && strcmp(app_request_path(r), "/health") == 0)) {
        app_request_route_set(r, "/health");
        return app_health_answer(r, res, err);
    }
    if (r->entry == APP_ENTRY_STATUS) {
        app_request_route_set(r, "/status");
        return app_status_answer(r, res, err);
    }
    if (r->entry == APP_ENTRY_METRICS) {
        app_request_route_set(r, "/metrics");
        return app_metrics_answer(r, res, err);
    }
    for (place = APP_PLACE_FIRST; place < APP_PLACE_AFTER; place++) {
        if ((rv = app_filter_run(place, r, res, err)) != APP_NEXT) {
            return rv;
        }
    }
    app_response_keep(res);
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
    if (rv != APR_SUCCESS &&
        (res.broken != APR_SUCCESS || (res.head_sent && app_request_gone(&r)))) {
        app_log(APP_LOG_DEBUG, &r, "APP0004", "the client went away before the answer was whole");
    }
    else if (rv != APR_SUCCESS && res.head_sent) {
        app_log(APP_LOG_ERROR, &r, "APP0005", "the answer broke off: %s %s; %s",
                err.code ? err.code : "", err.message ? err.message : "", err.log ? err.log : "");
        app_response_abort(&res);
    }
    else if (rv != APR_SUCCESS) {
        log_error(&r, &err);
        app_response_error(&res, &err);
    }
    app_tap_end(&res, rv == APR_SUCCESS);
    app_response_finish(&res);
    app_figures_finish(&r, &res);
    app_metrics_request(&r);
    if (entry == APP_ENTRY_API) {
        app_filter_run(APP_PLACE_AFTER, &r, &res, &err);
    }
    if (exchange->ops->finished) {
        exchange->ops->finished(exchange->data, &r.figures);
    }
    count(site->core, res.status);
}

const apr_table_t *app_core_error_headers(app_site_t *site, const app_exchange_t *exchange)
{
    app_error_t err = { .pool = exchange->pool };
    app_request_t r;
    app_response_t res;

    app_request_make(&r, site, APP_ENTRY_API, exchange);
    app_response_make(&res, &r);
    apr_table_clear(res.headers); /* the id: the host has its own */
    if (site->core->running) {
        app_filter_run(APP_PLACE_HOST_ERROR, &r, &res, &err);
    }
    return res.headers;
}

static apr_status_t identify(app_request_t *r, app_response_t *res, app_error_t *err)
{
    apr_status_t rv;

    if (!r->site->core->running) {
        return refuse_stopping(err);
    }
    if (apr_is_empty_array(r->site->filters[APP_PLACE_IDENTITY])) {
        app_fail(err, APP_E_INTERNAL, "No plugin of this site tells who is asking");
        return app_hint(err, "Use one that does, for example by <AppPlugin auth>.");
    }
    rv = app_filter_run(APP_PLACE_IDENTITY, r, res, err);
    if (rv == APP_DONE) { /* an answer of its own, which has no place here */
        return app_fail(err, APP_E_UNAUTHENTICATED, NULL);
    }
    return rv == APP_NEXT ? APR_SUCCESS : rv;
}

apr_status_t app_core_identify(app_identified_t *found, app_site_t *site,
                               const app_exchange_t *exchange, app_error_t *err)
{
    app_request_t r;
    app_response_t res;
    apr_size_t len;

    memset(found, 0, sizeof(*found));
    app_request_make(&r, site, APP_ENTRY_API, exchange);
    app_response_make(&res, &r);
    found->headers = res.headers;
    if (identify(&r, &res, err) == APR_SUCCESS) {
        found->identity = r.identity;
        return APR_SUCCESS;
    }
    log_error(&r, err);
    app_response_error_headers(&res, err);
    found->headers = res.headers;
    found->body = app_error_body(err, r.conf->error_verbosity, &len);
    return APP_EFAIL;
}
