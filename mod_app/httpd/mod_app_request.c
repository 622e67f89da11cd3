/* SPDX-License-Identifier: Apache-2.0 */
/**
 * One request of httpd as the core wants it, and the core's answer as httpd wants it: bodies come
 * and go through the filters, as brigades. The request's thread; under HTTP/2 that is one of
 * mod_http2's, on a connection without a socket of its own.
 */
#include <poll.h>
#include <sys/socket.h>

#include "mod_app.h"

#include "apr_portable.h"
#include "apr_strings.h"
#include "http_connection.h"
#include "http_protocol.h"
#include "http_request.h"
#include "http_ssl.h"
#include "util_filter.h"

#define AT_ONCE_MAX 8192 /* bytes that an idle connection takes without waiting */

static ap_filter_rec_t *range_filter;

/* Headers of the request */

const char *app_httpd_request_header(void *data, const char *name)
{
    const app_exchange_state_t *state = data;

    return apr_table_get(state->r->headers_in, name);
}

void app_httpd_request_headers(void *data,
                               int (*each)(void *ctx, const char *name, const char *value),
                               void *ctx)
{
    const app_exchange_state_t *state = data;

    apr_table_do(each, ctx, state->r->headers_in, NULL);
}

const char *app_httpd_request_variable(void *data, const char *name)
{
    const app_exchange_state_t *state = data;
    const request_rec *r = state->r;

    if (strcmp(name, "REMOTE_USER") == 0) {
        return state->user;
    }
    if (strcmp(name, "AUTH_TYPE") == 0) {
        return r->ap_auth_type;
    }
    if (strncmp(name, "SSL_", 4) == 0) { /* in the table only where SSLOptions says so */
        const char *value = ap_ssl_var_lookup(r->pool, r->server, r->connection, (request_rec *)r,
                                              name);

        return value && *value ? value : NULL;
    }
    return strncmp(name, "HTTP_", 5) == 0 ? NULL : apr_table_get(r->subprocess_env, name);
}

/* For the access log, and others that look at the request */

static void note_user(void *data, const app_identity_t *identity)
{
    app_exchange_state_t *state = data;
    request_rec *r = state->r;

    state->role = identity->role;
    if (identity->user) {
        r->user = apr_pstrdup(r->pool, identity->user);
    }
}

static void note_trace(void *data, const app_trace_t *trace)
{
    request_rec *r = ((const app_exchange_state_t *)data)->r;

    apr_table_setn(r->notes, APP_HTTPD_TRACE_NOTE, trace->id);
}

static void note_figures(void *data, const app_figures_t *figures)
{
    ((app_exchange_state_t *)data)->figures = *figures;
}

/* Body of the request. It is read when somebody asks for it; only then "100 Continue" is sent. */

static apr_int64_t body_length(void *data)
{
    const app_exchange_state_t *state = data;
    const apr_table_t *headers = state->r->headers_in;
    const char *text = apr_table_get(headers, "Content-Length");
    apr_off_t length;

    if (apr_table_get(headers, "Transfer-Encoding") || apr_table_get(headers, "Content-Encoding")) {
        return -1; /* an input filter may unpack what is encoded */
    }
    if (text) {
        return ap_parse_strict_length(&length, text) ? length : -1;
    }
    return state->r->connection->master ? -1 : 0; /* HTTP/2 announces neither */
}

/** Moves bytes out of the brigade until buf is full. @return how many; *prv tells of a failure */
static apr_size_t take(app_exchange_state_t *state, char *buf, apr_size_t size, apr_status_t *prv)
{
    apr_size_t taken = 0, len;
    const char *bytes;

    *prv = APR_SUCCESS;
    while (taken < size && !APR_BRIGADE_EMPTY(state->in)) {
        apr_bucket *bucket = APR_BRIGADE_FIRST(state->in);

        if (APR_BUCKET_IS_EOS(bucket)) {
            state->body_read = 1;
        }
        if (!APR_BUCKET_IS_METADATA(bucket)) {
            if ((*prv = apr_bucket_read(bucket, &bytes, &len, APR_BLOCK_READ)) != APR_SUCCESS) {
                break;
            }
            if (len > size - taken) {
                len = size - taken;
                apr_bucket_split(bucket, len);
            }
            memcpy(buf + taken, bytes, len);
            taken += len;
        }
        apr_bucket_delete(bucket);
    }
    return taken;
}

/** An input filter has answered with an error of its own: nothing of ours may follow it. */
static apr_status_t answered_by_filter(app_exchange_state_t *state)
{
    int status = state->r->status;

    state->answered_by_filter = 1;
    return status == HTTP_REQUEST_ENTITY_TOO_LARGE ? APR_ENOSPC
           : status == HTTP_REQUEST_TIME_OUT       ? APR_TIMEUP
                                                   : APR_EGENERAL;
}

static apr_status_t fetch(app_exchange_state_t *state, apr_size_t size)
{
    request_rec *r = state->r;
    apr_status_t rv = ap_get_brigade(r->input_filters, state->in, AP_MODE_READBYTES, APR_BLOCK_READ,
                                     (apr_off_t)size);

    if (rv == AP_FILTER_ERROR) {
        return answered_by_filter(state);
    }
    if (rv == APR_EOF || (rv == APR_SUCCESS && APR_BRIGADE_EMPTY(state->in))) {
        return APR_INCOMPLETE; /* the end of the connection is not the end of the body */
    }
    return rv;
}

static apr_status_t read_body(void *data, char *buf, apr_size_t *plen)
{
    app_exchange_state_t *state = data;
    request_rec *r = state->r;
    apr_size_t size = *plen;
    apr_status_t rv;

    *plen = 0;
    if (!state->in) {
        state->in = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    }
    while (*plen == 0 && size && !state->body_read) {
        if (APR_BRIGADE_EMPTY(state->in) && (rv = fetch(state, size)) != APR_SUCCESS) {
            return rv;
        }
        *plen = take(state, buf, size, &rv);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    return *plen || !size ? APR_SUCCESS : APR_EOF;
}

/* The answer */

/**
 * Content-Range goes in behind the compressing filters, which leave alone whatever carries one:
 * they think of byte ranges, and ours count rows.
 */
static apr_status_t add_range(ap_filter_t *f, apr_bucket_brigade *brigade)
{
    apr_table_setn(f->r->headers_out, "Content-Range", f->ctx);
    ap_remove_output_filter(f);
    return ap_pass_brigade(f->next, brigade);
}

void app_httpd_request_register(void)
{
    range_filter = ap_register_output_filter("APP_CONTENT_RANGE", add_range, NULL,
                                             AP_FTYPE_CONTENT_SET + 1);
}

static int copy_header(void *data, const char *name, const char *value)
{
    request_rec *r = data;

    if (strcasecmp(name, "Content-Range") == 0) {
        ap_add_output_filter_handle(range_filter, (void *)value, r, r->connection);
    }
    else {
        apr_table_addn(r->headers_out, name, value);
    }
    return 1;
}

/** NULL: httpd's own. It would make 500 of a status that it does not know. */
static const char *status_line(const app_head_t *head, apr_pool_t *p)
{
    int known = head->status == 500 || strncmp(ap_get_status_line(head->status), "500", 3) != 0;

    return head->reason || !known ? apr_psprintf(p, "%d %s", head->status,
                                                 head->reason ? head->reason : "Status")
                                  : NULL;
}

static void send_head(void *data, const app_head_t *head)
{
    app_exchange_state_t *state = data;
    request_rec *r = state->r;

    if (state->answered_by_filter) {
        return;
    }
    r->status = head->status;
    r->status_line = status_line(head, r->pool);
    if (head->content_type) {
        ap_set_content_type(r, head->content_type);
    }
    if (head->content_length >= 0) {
        ap_set_content_length(r, head->content_length);
    }
    apr_table_do(copy_header, r, head->headers, NULL);
}

static void append(app_exchange_state_t *state, apr_bucket *bucket)
{
    APR_BRIGADE_INSERT_TAIL(state->out, bucket);
}

static apr_status_t pass(app_exchange_state_t *state)
{
    request_rec *r = state->r;
    apr_status_t rv = APR_ECONNABORTED;

    state->passed = 1;
    if (!state->answered_by_filter) {
        rv = ap_pass_brigade(r->output_filters, state->out);
    }
    apr_brigade_cleanup(state->out);
    return rv == APR_SUCCESS && r->connection->aborted ? APR_ECONNABORTED : rv;
}

/**
 * Whether the last bytes are to leave at once, and not when httpd is done with the request: so the
 * client has its answer before the cleaning up, and its next request is often here when the same
 * thread looks for one. Not where that could wait for a slow client, or where requests are
 * pipelined, whose answers go out together. Under HTTP/2 the connection is not this thread's.
 */
static int leaves_at_once(const app_exchange_state_t *state, apr_size_t len)
{
    const conn_rec *c = state->r->connection;

    return len <= AT_ONCE_MAX && !state->passed && !c->master && !c->data_in_input_filters &&
           !c->data_in_output_filters;
}

/** The order to send goes to the connection: the request's filters have seen their end. */
static apr_status_t pass_at_once(app_exchange_state_t *state)
{
    conn_rec *c = state->r->connection;
    apr_status_t rv = pass(state);

    if (rv == APR_SUCCESS) {
        append(state, apr_bucket_flush_create(c->bucket_alloc));
        rv = ap_pass_brigade(c->output_filters, state->out);
        apr_brigade_cleanup(state->out);
    }
    return rv;
}

static void make_out(app_exchange_state_t *state)
{
    if (!state->out) {
        state->out = apr_brigade_create(state->r->pool, state->r->connection->bucket_alloc);
    }
}

/** The end rides along with the last bytes: a short answer is one walk through the filters. */
static apr_status_t write_body(void *data, const char *bytes, apr_size_t len, int last)
{
    app_exchange_state_t *state = data;
    apr_bucket_alloc_t *alloc = state->r->connection->bucket_alloc;

    if (state->answered_by_filter) {
        return APR_ECONNABORTED; /* a second answer would stand behind the first */
    }
    make_out(state);
    if (len && !state->r->header_only) {
        append(state, apr_bucket_transient_create(bytes, len, alloc));
    }
    if (last) {
        append(state, apr_bucket_eos_create(alloc));
    }
    if (APR_BRIGADE_EMPTY(state->out)) {
        return APR_SUCCESS;
    }
    return last && leaves_at_once(state, len) ? pass_at_once(state) : pass(state);
}

static apr_status_t flush_body(void *data)
{
    app_exchange_state_t *state = data;

    make_out(state);
    append(state, apr_bucket_flush_create(state->r->connection->bucket_alloc));
    return pass(state);
}

/**
 * An answer whose head has gone and whose rest will not come. httpd knows this from its proxies,
 * whose code 502 in the stream keeps back the end of a chunked body, or resets an HTTP/2 stream.
 */
static void abort_body(void *data)
{
    app_exchange_state_t *state = data;
    request_rec *r = state->r;
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;

    make_out(state);
    r->connection->keepalive = AP_CONN_CLOSE;
    append(state, ap_bucket_error_create(HTTP_BAD_GATEWAY, NULL, r->pool, alloc));
    append(state, apr_bucket_eos_create(alloc));
    pass(state);
}

/**
 * Whether the client has hung up. One that has said its last, but from which requests are still
 * unread (pipelining), waits for answers; over TLS what is unread is the goodbye itself.
 */
static int is_gone(void *data)
{
    const app_exchange_state_t *state = data;
    conn_rec *c = state->r->connection;
    struct pollfd watch = { .events = POLLRDHUP };
    apr_socket_t *socket;
    char byte;

    if (c->aborted) {
        return 1;
    }
    if (c->master || !(socket = ap_get_conn_socket(c)) ||
        apr_os_sock_get(&watch.fd, socket) != APR_SUCCESS || poll(&watch, 1, 0) <= 0) {
        return 0;
    }
    if (watch.revents & (POLLHUP | POLLERR)) {
        return 1;
    }
    return (watch.revents & POLLRDHUP) &&
           (ap_ssl_conn_is_ssl(c) || recv(watch.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0);
}

/* Handler */

static const app_exchange_ops_t ops = { .header = app_httpd_request_header,
                                        .headers = app_httpd_request_headers,
                                        .variable = app_httpd_request_variable,
                                        .read = read_body,
                                        .body_length = body_length,
                                        .head = send_head,
                                        .write = write_body,
                                        .flush = flush_body,
                                        .gone = is_gone,
                                        .abort = abort_body,
                                        .identified = note_user,
                                        .traced = note_trace,
                                        .finished = note_figures };

app_exchange_t app_httpd_request_exchange(app_exchange_state_t *state,
                                          const app_exchange_ops_t *with, const char *mount,
                                          const char *path)
{
    request_rec *r = state->r;
    const app_location_t *location = ap_get_module_config(r->per_dir_config, &app_module);

    return (app_exchange_t){ .pool = r->pool,
                             .ops = with,
                             .data = state,
                             .method = r->method,
                             .mount = mount,
                             .path = *path ? path : "/",
                             .query = r->args,
                             .peer = r->useragent_ip,
                             .id = apr_table_get(r->subprocess_env, "UNIQUE_ID"),
                             .secure = strcmp(ap_http_scheme(r), "https") == 0,
                             .location = location->conf,
                             .early_only = state->early_only };
}

static void answer(app_exchange_state_t *state, app_site_t *site)
{
    const app_mount_t *mount = state->mount;
    const app_exchange_t exchange = app_httpd_request_exchange(state, &ops, mount->path,
                                                               state->r->uri + mount->len);
    sigset_t before;

    state->user = state->r->user;
    app_httpd_run_hold(&before);
    app_core_handle(site, mount->entry, &exchange);
    app_httpd_run_release(&before);
}

/* Hooks */

int app_httpd_request_preflight(request_rec *r)
{
    app_exchange_state_t *state = ap_get_module_config(r->request_config, &app_module);

    if (!state || state->mount->entry != APP_ENTRY_API || r->method_number != M_OPTIONS ||
        !ap_auth_type(r) || !apr_table_get(r->headers_in, "Origin") ||
        !apr_table_get(r->headers_in, "Access-Control-Request-Method")) {
        return DECLINED;
    }
    state->early_only = 1;
    return OK;
}

int app_httpd_request_handle(request_rec *r)
{
    app_exchange_state_t *state = ap_get_module_config(r->request_config, &app_module);
    const app_server_t *server;

    if (!r->handler || !app_httpd_mount_is_handler(r->handler)) {
        /* A line like RewriteRule [H=] gives it to somebody who relies on httpd's Require. */
        return state && state->early_only ? HTTP_UNAUTHORIZED : DECLINED;
    }
    server = ap_get_module_config(r->server->module_config, &app_module);
    if (!state || !server->site) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "APP0310: handler %s was set for %s by something other than SetHandler in "
                      "<Location /path>; only there it works",
                      r->handler, r->uri);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (!app_httpd_run_ready()) {
        apr_table_setn(r->err_headers_out, "Retry-After", "5");
        return HTTP_SERVICE_UNAVAILABLE;
    }
    /* Whatever the status, the answer is written: an error returned from here would have httpd make
     * one of its own. */
    answer(state, server->site);
    return state->answered_by_filter ? AP_FILTER_ERROR : OK;
}
