/* SPDX-License-Identifier: Apache-2.0 */
/** A request as plugins see it, over what the host gave. Thread of the request. */
#include "apr_strings.h"

#include "app_core_int.h"
#include "app_series.h"

#define BODY_FIRST_SIZE 8192
#define SHORTEST_RUN    1000

/** No other request of this machine has it for a long time. */
static void make_id(char *id)
{
    static const char hex[] = "0123456789abcdef";
    static apr_uint64_t series;
    apr_uint64_t number = app_series_next(&series);
    int i;

    for (i = 0; i < APP_REQUEST_ID_LENGTH; i++, number >>= 4) {
        id[i] = hex[number & 15];
    }
    id[i] = '\0';
}

static const app_core_conf_t *effective_conf(app_site_t *site, const app_exchange_t *exchange)
{
    if (exchange->location && !app_values_empty(exchange->location->own)) {
        return app_values_merge(site->conf->own, exchange->location->own, exchange->pool)->data;
    }
    return app_conf_core(site->conf);
}

void app_request_make(app_request_t *r, app_site_t *site, app_entry_e entry,
                      const app_exchange_t *exchange)
{
    memset(r, 0, sizeof(*r));
    r->exchange = exchange;
    r->site = site;
    r->entry = entry;
    r->conf = effective_conf(site, exchange);
    r->figures.begun = apr_time_now();
    r->figures.rows = -1;
    r->deadline = r->figures.begun + r->conf->request_timeout;
    r->is_head = strcmp(exchange->method, "HEAD") == 0;
    if (exchange->id) {
        r->id = exchange->id;
    }
    else {
        char *id = apr_palloc(exchange->pool, APP_REQUEST_ID_LENGTH + 1);

        make_id(id); /* the host logs the header when r is long gone */
        r->id = id;
    }
}

const char *app_request_method(const app_request_t *r)
{
    return r->exchange->method;
}

const char *app_request_path(const app_request_t *r)
{
    return r->exchange->path;
}

const char *app_request_mount(const app_request_t *r)
{
    return r->exchange->mount;
}

const char *app_request_query(const app_request_t *r)
{
    return r->exchange->query;
}

const char *app_request_header(const app_request_t *r, const char *name)
{
    return r->exchange->ops->header(r->exchange->data, name);
}

void app_request_headers(const app_request_t *r,
                         int (*each)(void *ctx, const char *name, const char *value), void *ctx)
{
    r->exchange->ops->headers(r->exchange->data, each, ctx);
}

const char *app_request_peer(const app_request_t *r)
{
    return r->exchange->peer;
}

const char *app_request_variable(const app_request_t *r, const char *name)
{
    const app_exchange_t *exchange = r->exchange;

    return exchange->ops->variable ? exchange->ops->variable(exchange->data, name) : NULL;
}

int app_request_secure(const app_request_t *r)
{
    return r->exchange->secure;
}

const char *app_request_id(const app_request_t *r)
{
    return r->id;
}

apr_pool_t *app_request_pool(const app_request_t *r)
{
    return r->exchange->pool;
}

apr_time_t app_request_deadline(const app_request_t *r)
{
    return r->deadline;
}

apr_interval_time_t app_request_statement_time(const app_request_t *r)
{
    apr_interval_time_t left = r->deadline - apr_time_now();

    if (left > r->conf->statement_timeout) {
        return r->conf->statement_timeout;
    }
    return left > SHORTEST_RUN ? left : SHORTEST_RUN;
}

apr_interval_time_t app_request_slow_query(const app_request_t *r)
{
    return r->conf->slow_query;
}

int app_request_gone(app_request_t *r)
{
    const app_exchange_t *exchange = r->exchange;

    return exchange->ops->gone && exchange->ops->gone(exchange->data);
}

const app_identity_t *app_request_identity(const app_request_t *r)
{
    return &r->identity;
}

void app_request_identify(app_request_t *r, const app_identity_t *identity)
{
    const app_exchange_t *exchange = r->exchange;

    r->identity = *identity;
    if (exchange->ops->identified) {
        exchange->ops->identified(exchange->data, identity);
    }
}

const app_trace_t *app_request_trace(const app_request_t *r)
{
    return &r->trace;
}

void app_request_trace_set(app_request_t *r, const app_trace_t *trace)
{
    const app_exchange_t *exchange = r->exchange;

    r->trace = *trace;
    if (exchange->ops->traced) {
        exchange->ops->traced(exchange->data, trace);
    }
}

/* Settings of the location */

const void *app_request_settings(app_request_t *r, app_instance_t *self)
{
    const app_site_conf_t *location = r->exchange->location;
    app_values_t *values;
    int i;

    if (!location) {
        return self->values->data;
    }
    for (i = 0; r->settings && i < r->settings->nelts; i++) {
        values = APR_ARRAY_IDX(r->settings, i, app_values_t *);
        if (values->plugin == self->plugin) {
            return values->data;
        }
    }
    for (i = 0; i < location->plugins->nelts; i++) {
        values = APR_ARRAY_IDX(location->plugins, i, app_values_t *);
        if (values->plugin == self->plugin) {
            if (!r->settings) {
                r->settings = apr_array_make(r->exchange->pool, 2, sizeof(app_values_t *));
            }
            values = app_values_merge(self->values, values, r->exchange->pool);
            APR_ARRAY_PUSH(r->settings, app_values_t *) = values;
            return values->data;
        }
    }
    return self->values->data;
}

/* Body */

static apr_status_t too_large(apr_size_t max, app_error_t *err)
{
    app_fail(err, APP_E_BODY_TOO_LARGE, NULL);
    app_details(err, "At most %" APR_SIZE_T_FMT " bytes are accepted here", max);
    return app_hint(err, "Send it in parts, or have AppMaxBody raised.");
}

static apr_status_t read_failed(apr_status_t rv, apr_size_t max, app_error_t *err)
{
    char why[120];

    if (rv == APR_ENOSPC) {
        return too_large(max, err);
    }
    if (APR_STATUS_IS_TIMEUP(rv)) {
        return app_fail(err, APP_E_BODY_TIMEOUT, NULL);
    }
    app_fail(err, APP_E_BODY_BROKEN, NULL);
    return app_log_only(err, "%s", apr_strerror(rv, why, sizeof(why)));
}

/**
 * One byte more than fits is asked for, so that a body of exactly max bytes is told from a longer
 * one.
 */
static apr_status_t read_all(app_request_t *r, apr_size_t max, apr_size_t size, app_error_t *err)
{
    const app_exchange_t *exchange = r->exchange;
    char *data = apr_palloc(exchange->pool, size + 1);
    apr_size_t len = 0;

    for (;;) {
        apr_size_t n = size - len;
        apr_status_t rv = exchange->ops->read(exchange->data, data + len, &n);

        if (rv != APR_SUCCESS && rv != APR_EOF) {
            return read_failed(rv, max, err);
        }
        len += n;
        if (len > max) {
            return too_large(max, err);
        }
        if (rv == APR_EOF) {
            break;
        }
        if (len == size) {
            char *larger;

            size = size * 2 > max + 1 ? max + 1 : size * 2;
            larger = apr_palloc(exchange->pool, size + 1);
            data = memcpy(larger, data, len);
        }
    }
    data[len] = '\0';
    r->body = data;
    r->body_len = len;
    r->figures.bytes_in = (apr_int64_t)len;
    return APR_SUCCESS;
}

apr_status_t app_request_body(app_request_t *r, apr_size_t max, const char **pdata,
                              apr_size_t *plen, app_error_t *err)
{
    apr_size_t limit = (apr_size_t)r->conf->max_body, size;
    apr_int64_t announced = r->exchange->ops->body_length(r->exchange->data);

    if (max && max < limit) {
        limit = max;
    }
    if (!r->body) {
        if (announced > 0 && (apr_uint64_t)announced > limit) {
            return too_large(limit, err);
        }
        size = announced >= 0 ? (apr_size_t)announced + 1 : BODY_FIRST_SIZE;
        if (read_all(r, limit, size > limit + 1 ? limit + 1 : size, err) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    *pdata = r->body;
    *plen = r->body_len;
    return APR_SUCCESS;
}
