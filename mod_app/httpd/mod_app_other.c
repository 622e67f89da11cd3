/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Requests that others answer (files, programs, proxied servers, httpd itself), and of which the
 * core is asked something: who makes them, which headers their errors have, which trace they are
 * part of. Their body is not ours to read, and nothing is written. Thread of the request.
 */
#include "mod_app.h"

#include "http_request.h"

static apr_int64_t no_body_length(void *data)
{
    (void)data;
    return 0;
}

static apr_status_t read_nothing(void *data, char *buf, apr_size_t *plen)
{
    (void)data;
    (void)buf;
    *plen = 0;
    return APR_EOF;
}

/** For the access log, for programs (as HTTP_TRACEPARENT), and for what mod_proxy asks. */
static void pass_trace(void *data, const app_trace_t *trace)
{
    request_rec *r = ((const app_exchange_state_t *)data)->r;

    apr_table_setn(r->notes, APP_HTTPD_TRACE_NOTE, trace->id);
    apr_table_setn(r->headers_in, "traceparent", trace->parent);
    if (trace->state) {
        apr_table_setn(r->headers_in, "tracestate", trace->state);
    }
    else {
        apr_table_unset(r->headers_in, "tracestate");
    }
}

static const app_exchange_ops_t ops = { .header = app_httpd_request_header,
                                        .headers = app_httpd_request_headers,
                                        .variable = app_httpd_request_variable,
                                        .read = read_nothing,
                                        .body_length = no_body_length,
                                        .traced = pass_trace };

apr_status_t app_httpd_other_identify(app_identified_t *found, request_rec *r, app_site_t *site,
                                      app_error_t *err)
{
    app_exchange_state_t state = { .r = r, .user = r->user };
    /* No path of the API's: what filters let pass at one is not meant for others' of that name. */
    const app_exchange_t exchange = app_httpd_request_exchange(&state, &ops, r->uri, "");
    sigset_t before;
    apr_status_t rv;

    app_httpd_run_hold(&before);
    rv = app_core_identify(found, site, &exchange, err);
    app_httpd_run_release(&before);
    return rv;
}

static int add_header(void *data, const char *name, const char *value)
{
    apr_table_addn(((request_rec *)data)->headers_out, name, value);
    return 1;
}

void app_httpd_other_error_headers(request_rec *r)
{
    const app_exchange_state_t *known = ap_get_module_config(r->request_config, &app_module);
    const app_server_t *server = ap_get_module_config(r->server->module_config, &app_module);
    app_exchange_state_t state = { .r = r, .user = r->user };
    app_exchange_t exchange;
    sigset_t before;

    if (!server->site || !app_httpd_run_ready() ||
        (known && known->mount->entry != APP_ENTRY_API)) {
        return;
    }
    exchange = app_httpd_request_exchange(&state, &ops, "", "");
    app_httpd_run_hold(&before);
    apr_table_do(add_header, r, app_core_error_headers(server->site, &exchange), NULL);
    app_httpd_run_release(&before);
}

/* Traces */

static const char traced_key[] = "mod_app traced"; /* among the data of the request's pool */

/** What lives from the beginning to the end of a request, which the core's part points to. */
typedef struct traced_t {
    app_exchange_state_t state;
    app_exchange_t       exchange;
    app_request_t       *request;
} traced_t;

static void begin_trace(request_rec *r, app_site_t *site)
{
    traced_t *traced = apr_pcalloc(r->pool, sizeof(*traced));
    sigset_t before;

    traced->state.r = r;
    traced->state.user = r->user;
    traced->exchange = app_httpd_request_exchange(&traced->state, &ops, "", "");
    app_httpd_run_hold(&before);
    traced->request = app_core_other(site, &traced->exchange);
    app_httpd_run_release(&before);
    apr_pool_userdata_setn(traced, traced_key, NULL, r->pool);
}

/** Behind those that set headers. Parts of a request (SSI, a folder's page) are in its trace. */
int app_httpd_other_fixup(request_rec *r)
{
    const app_server_t *server = ap_get_module_config(r->server->module_config, &app_module);

    if (ap_is_initial_req(r) && server->site && app_core_others(server->site) &&
        app_httpd_run_ready() && !ap_get_module_config(r->request_config, &app_module)) {
        begin_trace(r, server->site);
    }
    return DECLINED;
}

int app_httpd_other_log(request_rec *r)
{
    void *traced = NULL;
    sigset_t before;

    apr_pool_userdata_get(&traced, traced_key, r->pool);
    if (traced) {
        while (r->next) {
            r = r->next;
        }
        app_httpd_run_hold(&before);
        app_core_other_end(((traced_t *)traced)->request, r->status, r->bytes_sent);
        app_httpd_run_release(&before);
    }
    return DECLINED;
}
