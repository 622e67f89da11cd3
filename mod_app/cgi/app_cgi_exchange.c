/* SPDX-License-Identifier: Apache-2.0 */
/**
 * One request over a pair of streams, CGI's or FastCGI's: what app_exchange_ops_t asks for, said
 * in the notation of RFC 3875. Thread of the request.
 */
#include <string.h>

#include "app_cgi_int.h"

#define HEAD_MAX  (256 * 1024)
#define DRAIN_MAX (64 * 1024 * 1024)

typedef struct app_cgi_exchange_t {
    const app_cgi_io_t *io;
    void               *stream;
    app_cgi_request_t   request;
    const char *const  *env;
    apr_int64_t         left; /* of the announced body */
    apr_pool_t         *p;
} app_cgi_exchange_t;

void app_cgi_exchange_log(void *data, const char *line)
{
    app_cgi_exchange_t *ex = data;

    ex->io->log(ex->stream, line);
}

/* Request */

static const char *get_header(void *data, const char *name)
{
    return apr_table_get(((app_cgi_exchange_t *)data)->request.headers, name);
}

static void each_header(void *data, int (*each)(void *ctx, const char *name, const char *value),
                        void *ctx)
{
    apr_table_do(each, ctx, ((app_cgi_exchange_t *)data)->request.headers, NULL);
}

static const char *get_variable(void *data, const char *name)
{
    const char *value = strncmp(name, "HTTP_", 5) == 0
                            ? NULL
                            : app_cgi_env_get(((app_cgi_exchange_t *)data)->env, name);

    return value && *value ? value : NULL;
}

static apr_int64_t body_length(void *data)
{
    return ((app_cgi_exchange_t *)data)->request.length;
}

/** Never reads past the announced length; less than that is a body that broke off. */
static apr_status_t read_body(void *data, char *buf, apr_size_t *plen)
{
    app_cgi_exchange_t *ex = data;
    int announced = ex->request.length >= 0;
    apr_status_t rv;

    if (announced && ex->left == 0) {
        *plen = 0;
        return APR_EOF;
    }
    if (announced && (apr_size_t)ex->left < *plen) {
        *plen = (apr_size_t)ex->left;
    }
    rv = ex->io->read(ex->stream, buf, plen);
    if (rv == APR_SUCCESS) {
        ex->left -= (apr_int64_t)*plen;
    }
    return rv == APR_EOF && announced ? APR_INCOMPLETE : rv;
}

/* Answer */

static const char *phrase(int status)
{
    static const struct {
        int         status;
        const char *text;
    } phrases[] = { { 200, "OK" },
                    { 201, "Created" },
                    { 202, "Accepted" },
                    { 204, "No Content" },
                    { 206, "Partial Content" },
                    { 300, "Multiple Choices" },
                    { 304, "Not Modified" },
                    { 400, "Bad Request" },
                    { 401, "Unauthorized" },
                    { 403, "Forbidden" },
                    { 404, "Not Found" },
                    { 405, "Method Not Allowed" },
                    { 406, "Not Acceptable" },
                    { 408, "Request Timeout" },
                    { 409, "Conflict" },
                    { 413, "Content Too Large" },
                    { 414, "URI Too Long" },
                    { 415, "Unsupported Media Type" },
                    { 416, "Range Not Satisfiable" },
                    { 429, "Too Many Requests" },
                    { 500, "Internal Server Error" },
                    { 501, "Not Implemented" },
                    { 503, "Service Unavailable" },
                    { 504, "Gateway Timeout" },
                    { 0, "Status" } };
    int i = 0;

    while (phrases[i].status && phrases[i].status != status) {
        i++;
    }
    return phrases[i].text;
}

static int add_line(void *ctx, const char *name, const char *value)
{
    app_buf_addf(ctx, "%s: %s\r\n", name, value);
    return 1;
}

/**
 * Reads away what nobody wanted of the body. mod_cgid and others do not look at the answer before
 * they have passed the whole body on: left unread, it would cost the answer, or both would wait for
 * each other.
 */
static void drain(app_cgi_exchange_t *ex)
{
    char buf[8192];
    apr_size_t total = 0, n;

    do {
        n = sizeof(buf);
        if (read_body(ex, buf, &n) != APR_SUCCESS) {
            return;
        }
        total += n;
    } while (total < DRAIN_MAX);
}

static void send_head(void *data, const app_head_t *head)
{
    app_cgi_exchange_t *ex = data;
    app_buf_t buf;

    drain(ex);
    app_buf_init(&buf, ex->p, HEAD_MAX);
    app_buf_addf(&buf, "Status: %d %s\r\n", head->status,
                 head->reason ? head->reason : phrase(head->status));
    if (head->content_type) {
        add_line(&buf, "Content-Type", head->content_type);
    }
    if (head->content_length >= 0) {
        app_buf_addf(&buf, "Content-Length: %" APR_INT64_T_FMT "\r\n", head->content_length);
    }
    if (head->headers) {
        apr_table_do(add_line, &buf, head->headers, NULL);
    }
    app_buf_adds(&buf, "\r\n");
    ex->io->write(ex->stream, buf.data, buf.len);
}

static apr_status_t write_body(void *data, const char *bytes, apr_size_t len, int last)
{
    app_cgi_exchange_t *ex = data;
    apr_status_t rv = len ? ex->io->write(ex->stream, bytes, len) : APR_SUCCESS;

    return rv == APR_SUCCESS && last ? ex->io->flush(ex->stream) : rv;
}

static apr_status_t flush(void *data)
{
    app_cgi_exchange_t *ex = data;

    return ex->io->flush(ex->stream);
}

static int gone(void *data)
{
    app_cgi_exchange_t *ex = data;

    return ex->io->gone(ex->stream);
}

static void cut(void *data)
{
    app_cgi_exchange_t *ex = data;

    ex->io->abort(ex->stream);
}

static const app_exchange_ops_t ops = { .header = get_header,
                                        .headers = each_header,
                                        .variable = get_variable,
                                        .read = read_body,
                                        .body_length = body_length,
                                        .head = send_head,
                                        .write = write_body,
                                        .flush = flush,
                                        .gone = gone,
                                        .abort = cut };

/* Running */

/** An answer for what never became a request of the core. */
static void refuse(app_cgi_exchange_t *ex, const app_error_t *err)
{
    app_head_t head = { .status = err->status, .content_type = "application/json; charset=utf-8" };
    apr_size_t len;
    const char *body = app_error_body(err, 0, &len);

    head.content_length = (apr_int64_t)len;
    send_head(ex, &head);
    write_body(ex, body, len, 1);
}

void app_cgi_exchange_run(const app_cgi_setup_t *setup, const app_cgi_io_t *io, void *stream,
                          const char *const *env, apr_pool_t *p)
{
    app_cgi_exchange_t ex = { .io = io, .stream = stream, .env = env, .p = p };
    app_cgi_request_t *request = &ex.request;
    app_exchange_t exchange = { .pool = p, .ops = &ops, .data = &ex };
    app_error_t err = { .pool = p };
    const char *base_path;
    apr_status_t rv;

    base_path = setup->site ? app_site_core_conf(setup->site)->base_path : NULL;
    rv = app_cgi_env_read(request, env, base_path, &err, p);
    ex.left = request->length;
    if (!setup->site) {
        app_fail(&err, APP_E_INTERNAL, NULL);
        refuse(&ex, &err);
        return;
    }
    if (rv != APR_SUCCESS) {
        app_log(APP_LOG_INFO, NULL, "APP0401", "%d before the request could be read: %s",
                err.status, err.message);
        refuse(&ex, &err);
        return;
    }
    exchange.method = request->method;
    exchange.mount = request->mount;
    exchange.path = request->path;
    exchange.query = request->query;
    exchange.peer = request->peer;
    exchange.id = request->id;
    exchange.secure = request->secure;
    app_core_handle(setup->site, request->entry, &exchange);
}
