/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A plugin that shows the tests what a host does with requests and answers. Built by the runner against the public headers alone,
 * as anybody's plugin would be.
 */
#include <string.h>

#include "app_plugin.h"

#define TEXT "application/json; charset=utf-8"

typedef struct probe_conf_t {
    const char *word;
    const char *refuse;
} probe_conf_t;

static const app_setting_t settings[] = {
    APP_SET_STRING("Word", probe_conf_t, word, "default", APP_SET_LOCATION, "word that /probe/word says"),
    APP_SET_STRING("Refuse", probe_conf_t, refuse, NULL, 0, "reason for which it refuses to be configured"),
    APP_SET_END
};

static apr_status_t configure(app_instance_t *self, app_error_t *err)
{
    const probe_conf_t *conf = app_instance_settings(self);

    return conf->refuse ? app_fail(err, APP_E_SETTING, "%s", conf->refuse) : APR_SUCCESS;
}

static apr_int64_t number_asked(app_request_t *r)
{
    const char *query = app_request_query(r);
    apr_int64_t n = 0;

    if (!query || strncmp(query, "n=", 2) != 0 ||
        app_int64_parse(query + 2, strlen(query + 2), &n) != APR_SUCCESS) {
        return 0;
    }
    return n;
}

static apr_status_t answer(app_response_t *res, app_buf_t *buf)
{
    app_response_type(res, TEXT);
    return app_response_write(res, buf->data, buf->len);
}

static void add_member(app_buf_t *buf, const char *name, const char *value)
{
    app_buf_adds(buf, buf->len ? "," : "{");
    app_buf_add_json(buf, name, strlen(name));
    app_buf_addc(buf, ':');
    if (value) {
        app_buf_add_json(buf, value, strlen(value));
    }
    else {
        app_buf_adds(buf, "null");
    }
}

/** What the host says of the request. */
static apr_status_t show_request(app_instance_t *self, app_request_t *r, app_response_t *res,
                                 app_error_t *err)
{
    app_buf_t buf;

    (void)self;
    (void)err;
    app_buf_init(&buf, app_request_pool(r), 65536);
    add_member(&buf, "method", app_request_method(r));
    add_member(&buf, "mount", app_request_mount(r));
    add_member(&buf, "path", app_request_path(r));
    add_member(&buf, "query", app_request_query(r));
    add_member(&buf, "peer", app_request_peer(r));
    add_member(&buf, "x-probe", app_request_header(r, "X-Probe"));
    add_member(&buf, "authorization", app_request_header(r, "Authorization"));
    add_member(&buf, "content-type", app_request_header(r, "Content-Type"));
    app_buf_addc(&buf, '}');
    return answer(res, &buf);
}

static apr_status_t show_body(app_instance_t *self, app_request_t *r, app_response_t *res,
                              app_error_t *err)
{
    const char *data;
    apr_size_t len;
    app_buf_t buf;

    (void)self;
    if (app_request_body(r, 0, &data, &len, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_init(&buf, app_request_pool(r), 4096);
    app_buf_addf(&buf, "{\"length\":%" APR_SIZE_T_FMT ",\"start\":", len);
    app_buf_add_json(&buf, data, len < 20 ? len : 20);
    app_buf_addc(&buf, '}');
    return answer(res, &buf);
}

static apr_status_t show_word(app_instance_t *self, app_request_t *r, app_response_t *res,
                              app_error_t *err)
{
    const probe_conf_t *conf = app_request_settings(r, self);
    app_buf_t buf;

    (void)err;
    app_buf_init(&buf, app_request_pool(r), 4096);
    add_member(&buf, "word", conf->word);
    app_buf_addc(&buf, '}');
    return answer(res, &buf);
}

/** A body that compresses well, of a known version. */
static apr_status_t tagged(app_instance_t *self, app_request_t *r, app_response_t *res,
                           app_error_t *err)
{
    int i;

    (void)self;
    (void)r;
    (void)err;
    app_response_type(res, TEXT);
    app_response_etag(res, "\"v1\"");
    app_response_write(res, "[", 1);
    for (i = 0; i < 100; i++) {
        app_response_write(res, "\"again and again\",", 18);
    }
    return app_response_write(res, "0]", 2);
}

/** n KiB in pieces, as a JSON array of strings. */
static apr_status_t stream(app_instance_t *self, app_request_t *r, app_response_t *res,
                           app_error_t *err)
{
    apr_int64_t n = number_asked(r);
    char piece[1024];
    apr_status_t rv = APR_SUCCESS;

    (void)self;
    (void)err;
    memset(piece, 'x', sizeof(piece));
    piece[0] = piece[1021] = '"';
    piece[1022] = ',';
    piece[1023] = '\n';
    app_response_type(res, TEXT);
    app_response_write(res, "[", 1);
    while (n-- > 0 && rv == APR_SUCCESS) {
        rv = app_response_write(res, piece, sizeof(piece));
    }
    return rv == APR_SUCCESS ? app_response_write(res, "0]", 2) : rv;
}

/** Status n, with headers that a host must pass on as they are. */
static apr_status_t headers(app_instance_t *self, app_request_t *r, app_response_t *res,
                            app_error_t *err)
{
    apr_int64_t n = number_asked(r);

    (void)self;
    (void)err;
    app_response_status(res, n ? (int)n : 200);
    app_response_header(res, "X-One", "first");
    app_response_header(res, "x-one", "second");
    app_response_header_add(res, "Set-Cookie", "a=1");
    app_response_header_add(res, "Set-Cookie", "b=2");
    app_response_header(res, "X-Split", "one\r\nX-Evil: two");
    app_response_header(res, "Content-Location", "/elsewhere?a=%20b");
    app_response_header(res, "Content-Security-Policy", "default-src 'self'");
    app_response_type(res, TEXT);
    return app_response_write(res, "{}", 2);
}

/** An error with everything that an error can have. */
static apr_status_t error(app_instance_t *self, app_request_t *r, app_response_t *res,
                          app_error_t *err)
{
    apr_int64_t n = number_asked(r);

    (void)self;
    (void)res;
    app_fail_code(err, "PROBE", n ? (int)n : 400, "A message with \"quotes\" and \xC3\xBC");
    app_details(err, "what was wrong");
    app_hint(err, "what to do");
    app_log_only(err, "only for the log: /secret/path");
    err->retry_after = 7;
    err->challenge = "Bearer";
    return APP_EFAIL;
}

/** Breaks off after the head and some of the body have left. */
static apr_status_t broken(app_instance_t *self, app_request_t *r, app_response_t *res,
                           app_error_t *err)
{
    (void)self;
    (void)r;
    app_response_type(res, TEXT);
    app_response_write(res, "[1,", 3);
    app_response_flush(res);
    return app_fail(err, APP_E_INTERNAL, NULL);
}

static const app_route_t routes[] = {
    { NULL, "/probe/request/", show_request },
    { "POST PUT", "/probe/body", show_body },
    { "GET", "/probe/word", show_word },
    { "GET", "/probe/tagged", tagged },
    { "GET", "/probe/stream", stream },
    { "GET", "/probe/headers", headers },
    { "GET", "/probe/error", error },
    { "GET", "/probe/broken", broken },
    { NULL, NULL, NULL }
};

APP_PLUGIN(.name = "probe", .version = "1.0", .summary = "shows the tests what a host does",
           .settings = settings, .settings_size = sizeof(probe_conf_t), .routes = routes,
           .configure = configure)
