/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What helps to follow a request from outside: the header that is sent back, and how long the
 * answer's steps took. Filters of the plugin, and called along a request's way; thread of the
 * request.
 */
#include <string.h>

#include "apr_lib.h"
#include "apr_strings.h"

#include "rest_int.h"

#define KEY "mod_app rest timing" /* in the request's pool */

struct rest_timing_t {
    apr_time_t          since; /* end of the step before */
    apr_interval_time_t spent[REST_STEPS_];
};

/* The header that is sent back */

apr_status_t rest_trace_filter(app_instance_t *self, app_request_t *r, app_response_t *res,
                               app_error_t *err)
{
    const rest_conf_t *conf = app_request_settings(r, self);
    const char *value;

    (void)err;
    if (conf->trace_header) {
        value = app_request_header(r, conf->trace_header);
        app_response_header(res, conf->trace_header, value ? value : "");
    }
    return APP_NEXT;
}

apr_status_t rest_trace_configure(const rest_conf_t *conf, app_error_t *err)
{
    const char *c = conf->trace_header;

    if (!c) {
        return APR_SUCCESS;
    }
    while (apr_isalnum(*c) || (*c && strchr("!#$%&'*+-.^_`|~", *c))) {
        c++;
    }
    return *c || c == conf->trace_header
               ? app_fail(err, APP_E_SETTING, "TraceHeader '%s' is no name of a header",
                          conf->trace_header)
               : APR_SUCCESS;
}

/* Server-Timing */

apr_status_t rest_timing_filter(app_instance_t *self, app_request_t *r, app_response_t *res,
                                app_error_t *err)
{
    const rest_conf_t *conf = app_request_settings(r, self);
    apr_pool_t *p = app_request_pool(r);
    rest_timing_t *timing;

    (void)res;
    (void)err;
    if (conf->server_timing) {
        timing = apr_pcalloc(p, sizeof(*timing));
        timing->since = apr_time_now();
        apr_pool_userdata_setn(timing, KEY, NULL, p);
    }
    return APP_NEXT;
}

apr_status_t rest_timing_identified(app_instance_t *self, app_request_t *r, app_response_t *res,
                                    app_error_t *err)
{
    (void)self;
    (void)res;
    (void)err;
    rest_timing_end(rest_timing_of(r), REST_STEP_JWT);
    return APP_NEXT;
}

rest_timing_t *rest_timing_of(app_request_t *r)
{
    void *timing = NULL;

    apr_pool_userdata_get(&timing, KEY, app_request_pool(r));
    return timing;
}

void rest_timing_begin(rest_timing_t *timing)
{
    if (timing) {
        timing->since = apr_time_now();
    }
}

void rest_timing_end(rest_timing_t *timing, rest_step_e step)
{
    apr_time_t now;

    if (timing) {
        now = apr_time_now();
        timing->spent[step] += now - timing->since;
        timing->since = now;
    }
}

void rest_timing_respond(const rest_timing_t *timing, app_response_t *res, apr_pool_t *p)
{
    static const char *const names[REST_STEPS_] = { "jwt", "parse", "plan", "transaction",
                                                    "response" };
    const char *text = "";
    int i;

    if (!timing) {
        return;
    }
    for (i = 0; i < REST_STEPS_; i++) {
        text = apr_psprintf(p, "%s%s%s;dur=%.1f", text, i ? ", " : "", names[i],
                            (double)timing->spent[i] / 1000);
    }
    app_response_header(res, "Server-Timing", text);
}
