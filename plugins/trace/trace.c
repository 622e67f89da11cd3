/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Plugin trace: gives each request its place in a trace, taken over from the caller or begun here
 * (W3C Trace Context), and hands what it has spent its time on to a collector.
 */
#include <string.h>

#include "apr_strings.h"

#include "trace_int.h"
#include "trace_spans.h"

#define OF_REQUEST "mod_app trace" /* a request's trace_request_t among the data of its pool */

static const app_setting_t settings[] = {
    APP_SET_FLAG("TakeParent", trace_conf_t, take_parent, "on", APP_SET_LOCATION,
                 "whether a client's traceparent is followed; off: each request begins a trace"),
    APP_SET_FLAG("OtherRequests", trace_conf_t, other, "off", APP_SET_LOCATION,
                 "whether what is not for the API (files, programs, proxied servers) is traced, too, "
                 "and told of its trace by the header traceparent"),
    APP_SET_STRING("SampleRatio", trace_conf_t, sample_ratio, "1", 0,
                   "which part of the traces that begin here is kept, from 0 to 1; of others their "
                   "traceparent says it"),
    APP_SET_STRING("Endpoint", trace_conf_t, export.endpoint, NULL, 0,
                   "URL of a collector that takes OTLP in JSON, as in "
                   "http://127.0.0.1:4318/v1/traces; none: spans are sent nowhere"),
    APP_SET_SECRET("EndpointHeader", trace_conf_t, export.header, 0,
                   "header that the collector wants, as in \"Authorization: Bearer …\""),
    APP_SET_PATH("EndpointCaFile", trace_conf_t, export.ca_file, NULL, 0,
                 "certificates that the collector's is to come from; the system's, if not set"),
    APP_SET_DURATION("EndpointTimeout", trace_conf_t, export.timeout, "10s", 100000, 60000000, 0,
                     "longest time of one request to the collector"),
    APP_SET_STRING("ServiceName", trace_conf_t, export.service, "mod_app", 0,
                   "service.name of the spans"),
    APP_SET_DURATION("SendEvery", trace_conf_t, export.every, "2s", 10000, 60000000, 0,
                     "longest time that spans wait for others to be sent together"),
    APP_SET_SIZE("QueueSize", trace_conf_t, export.queue_size, "1m", 65536, 268435456, 0,
                 "bytes of spans that wait to be sent, of each process; what is more is dropped"),
    APP_SET_END
};

/** The plugin in one site. */
typedef struct trace_t {
    apr_int64_t     ratio;
    const char     *database; /* as OpenTelemetry calls it; NULL: none */
    trace_export_t *export;   /* from start() on; NULL: nothing is sent */
    app_metric_t   *requests;
} trace_t;

static const app_metric_def_t requests = { .name = "app_trace_requests",
                                           .help = "Requests whose spans were sent, or dropped.",
                                           .kind = APP_METRIC_COUNTER,
                                           .labels = "outcome",
                                           .max_series = 2 };

/** Follows the caller's trace. @return 0: there is none to follow */
static int follow(trace_request_t *trace, app_request_t *r)
{
    const char *parent = app_request_header(r, "traceparent");
    const char *state = app_request_header(r, "tracestate");

    if (!parent || trace_context_parse(&trace->own, parent) != APR_SUCCESS) {
        return 0;
    }
    trace->has_parent = 1;
    memcpy(trace->parent, trace->own.span_id, sizeof(trace->parent));
    if (state) {
        trace->told.state = trace_state_parse(state, app_request_pool(r));
    }
    return 1;
}

/** At APP_PLACE_FIRST, so that all log lines know the trace. */
static apr_status_t begin(app_instance_t *self, app_request_t *r, app_response_t *res,
                          app_error_t *err)
{
    const trace_conf_t *conf = app_request_settings(r, self);
    const trace_t *plugin = app_instance_context(self);
    apr_pool_t *p = app_request_pool(r);
    trace_request_t *trace = apr_pcalloc(p, sizeof(*trace));
    char *parent = apr_palloc(p, TRACE_PARENT_LEN + 1);

    (void)res;
    (void)err;
    if (!conf->take_parent || !follow(trace, r)) {
        trace_id_make(trace->own.trace_id);
        trace->own.sampled = trace_id_chosen(trace->own.trace_id, plugin->ratio);
    }
    trace_id_make_span(trace->own.span_id);
    trace_context_print(parent, &trace->own);
    trace->told.parent = parent;
    trace->told.id = apr_pstrmemdup(p, parent + TRACE_PARENT_ID_AT, TRACE_ID_HEX);
    trace->told.sampled = trace->own.sampled && plugin->export;
    app_request_trace_set(r, &trace->told);
    if (trace->told.sampled) {
        apr_pool_userdata_setn(trace, OF_REQUEST, NULL, p);
    }
    return APP_NEXT;
}

/** At APP_PLACE_AFTER. */
static apr_status_t finish(app_instance_t *self, app_request_t *r, app_response_t *res,
                           app_error_t *err)
{
    const trace_t *plugin = app_instance_context(self);
    apr_pool_t *p = app_request_pool(r);
    void *trace = NULL;
    app_buf_t spans;

    (void)res;
    (void)err;
    apr_pool_userdata_get(&trace, OF_REQUEST, p);
    if (trace) {
        app_buf_init(&spans, p, TRACE_SPANS_MAX);
        trace_spans_write(&spans, trace, r, plugin->database);
        if (!app_buf_full(&spans)) {
            trace_export_put(plugin->export, spans.data, spans.len);
        }
    }
    return APP_NEXT;
}

/** At APP_PLACE_OTHER: requests that others answer are traced where that is wanted. */
static apr_status_t begin_other(app_instance_t *self, app_request_t *r, app_response_t *res,
                                app_error_t *err)
{
    const trace_conf_t *conf = app_request_settings(r, self);

    return conf->other ? begin(self, r, res, err) : APP_NEXT;
}

/* The life of the plugin */

/** A password in a URL would be in the log. */
static apr_status_t check_endpoint(const char *url, app_error_t *err)
{
    const char *host = NULL;

    if (strncmp(url, "http://", 7) == 0) {
        host = url + 7;
    }
    else if (strncmp(url, "https://", 8) == 0) {
        host = url + 8;
    }
    if (!host || !strcspn(host, "/?#") || strcspn(url, " \t\r\n\"<>\\") != strlen(url)) {
        app_fail(err, APP_E_SETTING, "Endpoint: \"%s\" is no URL of a collector", url);
        return app_hint(err, "Write it whole: http://127.0.0.1:4318/v1/traces");
    }
    if (memchr(host, '@', strcspn(host, "/?#"))) {
        app_fail(err, APP_E_SETTING, "Endpoint: a name or password has no place in the URL");
        return app_hint(err, "EndpointHeader can say who sends.");
    }
    return APR_SUCCESS;
}

static const char *database_of(const app_instance_t *self)
{
    app_db_kind_e kind;

    if (app_instance_db_kind(self, &kind) != APR_SUCCESS) {
        return NULL;
    }
    return kind == APP_DB_SQLITE ? "sqlite" : "postgresql";
}

static apr_status_t configure(app_instance_t *self, app_error_t *err)
{
    const trace_conf_t *conf = app_instance_settings(self);
    trace_t *plugin = apr_pcalloc(app_instance_pool(self), sizeof(*plugin));

    if (trace_ratio_parse(&plugin->ratio, conf->sample_ratio) != APR_SUCCESS) {
        app_fail(err, APP_E_SETTING, "SampleRatio: \"%s\" is not a number from 0 to 1",
                 conf->sample_ratio);
        return app_hint(err, "Write it with at most six digits behind the point: 0.05");
    }
    if (conf->export.endpoint && check_endpoint(conf->export.endpoint, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (app_metric_declare(&plugin->requests, self, &requests, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    plugin->database = database_of(self);
    app_instance_context_set(self, plugin);
    app_filter_add(self, APP_PLACE_FIRST, begin);
    app_filter_add(self, APP_PLACE_AFTER, finish);
    app_filter_add(self, APP_PLACE_OTHER, begin_other);
    app_filter_add(self, APP_PLACE_OTHER_AFTER, finish);
    return APR_SUCCESS;
}

static apr_status_t start(app_instance_t *self, app_error_t *err)
{
    const trace_conf_t *conf = app_instance_settings(self);
    trace_t *plugin = app_instance_context(self);

    if (!conf->export.endpoint) {
        return APR_SUCCESS;
    }
    return trace_export_start(&plugin->export, &conf->export, plugin->requests, err,
                              app_instance_pool(self));
}

static void stop(app_instance_t *self)
{
    const trace_t *plugin = app_instance_context(self);

    if (plugin->export) {
        trace_export_stop(plugin->export);
    }
}

static void status(app_instance_t *self, app_request_t *r, json_t *part)
{
    const trace_t *plugin = app_instance_context(self);
    trace_export_counts_t counts;

    (void)r;
    if (plugin->export) {
        counts = trace_export_counts(plugin->export);
        json_object_set_new(part, "sent", json_integer((json_int_t)counts.sent));
        json_object_set_new(part, "dropped", json_integer((json_int_t)counts.dropped));
        json_object_set_new(part, "waiting_bytes", json_integer((json_int_t)counts.waiting));
    }
}

APP_PLUGIN(.name = "trace", .version = "0.1", .summary = "follows requests over several programs",
           .settings = settings, .settings_size = sizeof(trace_conf_t), .configure = configure,
           .start = start, .stop = stop, .status = status)
