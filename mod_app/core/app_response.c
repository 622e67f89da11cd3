/* SPDX-License-Identifier: Apache-2.0 */
/**
 * An answer on its way to the host. What is short leaves in one piece with its length; past
 * APP_RESPONSE_BUFFER it streams, and memory stays as it is. Thread of the request.
 */
#include "apr_lib.h"
#include "apr_strings.h"

#include "app_core_int.h"

#define FIRST_SIZE 2048

void app_response_make(app_response_t *res, app_request_t *r)
{
    memset(res, 0, sizeof(*res));
    res->r = r;
    res->status = 200;
    res->kept = -1;
    res->headers = apr_table_make(r->exchange->pool, 8);
    apr_table_setn(res->headers, "X-Request-Id", r->id);
}

void app_response_status(app_response_t *res, int status)
{
    res->status = status;
}

int app_response_status_get(const app_response_t *res)
{
    return res->status;
}

/** A control character would end the header line, and httpd answers 500 for it. */
static const char *clean(const char *value, apr_pool_t *p)
{
    const char *end = value;
    char *copy, *to;

    while ((unsigned char)*end >= 0x20 && *end != 0x7F) {
        end++;
    }
    if (!*end) {
        return apr_pstrmemdup(p, value, (apr_size_t)(end - value));
    }
    copy = to = apr_palloc(p, strlen(value) + 1);
    for (; *value; value++) {
        if ((unsigned char)*value >= 0x20 && *value != 0x7F) {
            *to++ = *value;
        }
    }
    *to = '\0';
    return copy;
}

/** A name with anything else in it would end there, and begin another line. */
static int is_name(const char *name)
{
    const char *c = name;

    while (apr_isalnum(*c) || (*c && strchr("!#$%&'*+-.^_`|~", *c))) {
        c++;
    }
    return c > name && !*c;
}

void app_response_header(app_response_t *res, const char *name, const char *value)
{
    apr_pool_t *p = res->r->exchange->pool;

    if (is_name(name)) {
        apr_table_setn(res->headers, apr_pstrdup(p, name), clean(value, p));
    }
}

void app_response_header_add(app_response_t *res, const char *name, const char *value)
{
    apr_pool_t *p = res->r->exchange->pool;

    if (is_name(name)) {
        apr_table_addn(res->headers, apr_pstrdup(p, name), clean(value, p));
    }
}

void app_response_type(app_response_t *res, const char *text)
{
    res->content_type = clean(text, res->r->exchange->pool);
}

void app_response_etag(app_response_t *res, const char *etag)
{
    res->etag = etag;
    apr_table_setn(res->headers, "ETag", clean(etag, res->r->exchange->pool));
}

static int has_no_body(int status)
{
    return status == 204 || status == 304 || status < 200;
}

/** RFC 9110 13.1.2: a GET or HEAD of what the client has already is answered 304. */
static void check_not_modified(app_response_t *res)
{
    const app_request_t *r = res->r;
    const char *known;

    if (!res->etag || res->status != 200 ||
        (!r->is_head && strcmp(r->exchange->method, "GET") != 0)) {
        return;
    }
    known = app_request_header(r, "If-None-Match");
    if (known && app_etag_match(known, res->etag)) {
        res->status = 304;
        res->len = 0;
    }
}

/** Caches know of Authorization that an answer is for one person; not so of cookies and keys. */
static void check_private(app_response_t *res)
{
    if (res->r->identity.method && !apr_table_get(res->headers, "Cache-Control")) {
        apr_table_setn(res->headers, "Cache-Control", "private");
    }
}

static void send_head(app_response_t *res, apr_int64_t content_length)
{
    const app_exchange_t *exchange = res->r->exchange;
    app_head_t head = { .status = res->status,
                        .reason = res->reason,
                        .content_type = res->content_type,
                        .content_length = content_length,
                        .headers = res->headers };

    check_private(res);
    if (has_no_body(res->status)) {
        head.content_type = NULL;
        head.content_length = -1;
    }
    else if (res->r->is_head) {
        head.content_length = -1;
    }
    res->head_sent = 1;
    exchange->ops->head(exchange->data, &head);
}

static apr_status_t put(app_response_t *res, const char *data, apr_size_t len, int last)
{
    const app_exchange_t *exchange = res->r->exchange;
    apr_time_t begun;

    if (res->r->is_head || has_no_body(res->status)) {
        len = 0;
    }
    if (res->broken == APR_SUCCESS && (len || last)) {
        begun = apr_time_now();
        res->broken = exchange->ops->write(exchange->data, data, len, last);
        app_request_spend(res->r, APP_PHASE_SEND, begun, NULL);
        res->r->figures.bytes_out += (apr_int64_t)len;
    }
    return res->broken;
}

/** Grows the buffer towards its full size. */
static void make_room(app_response_t *res, apr_size_t len)
{
    apr_size_t size = res->size ? res->size : FIRST_SIZE;
    char *buffer;

    while (size < res->len + len) {
        size *= 4;
    }
    size = size > APP_RESPONSE_BUFFER ? APP_RESPONSE_BUFFER : size;
    if (size > res->size) {
        buffer = apr_palloc(res->r->exchange->pool, size);
        if (res->len) {
            memcpy(buffer, res->buffer, res->len);
        }
        res->buffer = buffer;
        res->size = size;
    }
}

static apr_status_t send_buffer(app_response_t *res, int last)
{
    apr_size_t len = res->len;

    if (!res->head_sent) {
        check_not_modified(res);
        send_head(res, last ? (apr_int64_t)res->len : -1);
        len = res->len;
    }
    res->len = 0;
    return put(res, res->buffer, len, last);
}

static apr_status_t hold_or_put(app_response_t *res, const char *data, apr_size_t len)
{
    if (res->len + len <= APP_RESPONSE_BUFFER) {
        make_room(res, len);
        memcpy(res->buffer + res->len, data, len);
        res->len += len;
        return APR_SUCCESS;
    }
    if (send_buffer(res, 0) != APR_SUCCESS) {
        return res->broken;
    }
    if (len > APP_RESPONSE_BUFFER) {
        return put(res, data, len, 0);
    }
    return hold_or_put(res, data, len);
}

apr_status_t app_response_write(app_response_t *res, const char *data, apr_size_t len)
{
    if (res->broken != APR_SUCCESS) {
        return res->broken;
    }
    if (res->taps) {
        app_tap_body(res, data, len);
    }
    return hold_or_put(res, data, len);
}

apr_status_t app_response_flush(app_response_t *res)
{
    const app_exchange_t *exchange = res->r->exchange;

    if (send_buffer(res, 0) == APR_SUCCESS) {
        res->broken = exchange->ops->flush(exchange->data);
    }
    return res->broken;
}

void app_response_finish(app_response_t *res)
{
    send_buffer(res, 1);
}

void app_response_abort(app_response_t *res)
{
    const app_exchange_t *exchange = res->r->exchange;

    if (exchange->ops->abort) {
        exchange->ops->abort(exchange->data);
    }
    res->broken = APR_ECONNABORTED;
}

void app_response_keep(app_response_t *res)
{
    res->kept = apr_table_elts(res->headers)->nelts;
    if (res->taps) {
        app_tap_begin(res);
    }
}

/** Takes away what the handler has set: it belongs to an answer that there will not be. */
static void forget_headers(app_response_t *res)
{
    const apr_array_header_t *set = apr_table_elts(res->headers);
    apr_table_t *headers;
    int i;

    if (res->kept < 0 || res->kept == set->nelts) {
        return;
    }
    headers = apr_table_make(res->r->exchange->pool, 8);
    for (i = 0; i < res->kept; i++) {
        const apr_table_entry_t *entry = &APR_ARRAY_IDX(set, i, apr_table_entry_t);

        apr_table_addn(headers, entry->key, entry->val);
    }
    res->headers = headers;
}

/** The name as RFC 8941 wants it: a token, or else a string in quotes. */
static const char *item(const char *name, apr_pool_t *p)
{
    const char *c = name;
    app_buf_t buf;

    while (apr_isalnum(*c) || (*c && strchr("!#$%&'*+-.^_`|~:/", *c))) {
        c++;
    }
    if (!*c && apr_isalpha(*name)) {
        return name;
    }
    app_buf_init(&buf, p, APP_RESPONSE_BUFFER);
    app_buf_addc(&buf, '"');
    for (c = name; *c; c++) {
        if (*c == '"' || *c == '\\') {
            app_buf_addc(&buf, '\\');
        }
        app_buf_addc(&buf, *c);
    }
    app_buf_addc(&buf, '"');
    return buf.data;
}

static void add_proxy_status(app_response_t *res, const app_error_t *err)
{
    const char *name = res->r->conf->proxy_status_name;

    if (name && *name) {
        app_response_header(res, "Proxy-Status",
                            apr_pstrcat(err->pool, item(name, err->pool), "; error=", err->code,
                                        NULL));
    }
}

static int add_error_header(void *ctx, const char *name, const char *value)
{
    if (strcasecmp(name, "Content-Type") == 0) {
        app_response_type(ctx, value);
    }
    else {
        app_response_header(ctx, name, value);
    }
    return 1;
}

/** A reason phrase goes into the status line: no control characters (RFC 9112 4). */
static const char *phrase_of(const char *reason, apr_pool_t *p)
{
    char *phrase = apr_pstrdup(p, reason), *c;

    for (c = phrase; c && *c; c++) {
        *c = (unsigned char)*c < ' ' || *c == 127 ? ' ' : *c;
    }
    return phrase;
}

void app_response_error_headers(app_response_t *res, const app_error_t *err)
{
    forget_headers(res);
    app_response_type(res, "application/json; charset=utf-8");
    add_proxy_status(res, err);
    if (err->challenge) {
        app_response_header(res, "WWW-Authenticate", err->challenge);
    }
    if (err->retry_after) {
        app_response_header(res, "Retry-After", apr_itoa(err->pool, err->retry_after));
    }
    if (err->allow) {
        app_response_header(res, "Allow", err->allow);
    }
    if (err->headers) {
        apr_table_do(add_error_header, res, err->headers, NULL);
    }
}

void app_response_error(app_response_t *res, const app_error_t *err)
{
    apr_size_t len;
    const char *body = app_error_body(err, res->r->conf->error_verbosity, &len);

    res->status = err->status;
    res->etag = NULL;
    res->len = 0;
    res->reason = phrase_of(err->reason, err->pool);
    app_response_error_headers(res, err);
    app_response_write(res, body, len);
}
