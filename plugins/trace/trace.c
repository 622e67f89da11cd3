/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Plugin trace: gives each request its place in a trace, taken over from the caller or begun here
 * (W3C Trace Context).
 */
#include <string.h>

#include "apr_strings.h"

#include "trace_int.h"

static const app_setting_t settings[] = {
    APP_SET_FLAG("TakeParent", trace_conf_t, take_parent, "on", APP_SET_LOCATION,
                 "whether a client's traceparent is followed; off: each request begins a trace"),
    APP_SET_STRING("SampleRatio", trace_conf_t, sample_ratio, "1", 0,
                   "which part of the traces that begin here is kept, from 0 to 1; of others their "
                   "traceparent says it"),
    APP_SET_END
};

/** What is prepared of the settings. */
typedef struct trace_t {
    apr_int64_t ratio;
} trace_t;

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
    app_request_trace_set(r, &trace->told);
    return APP_NEXT;
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
    app_instance_context_set(self, plugin);
    app_filter_add(self, APP_PLACE_FIRST, begin);
    return APR_SUCCESS;
}

APP_PLUGIN(.name = "trace", .version = "1.0", .summary = "follows requests over several programs",
           .settings = settings, .settings_size = sizeof(trace_conf_t), .configure = configure)
