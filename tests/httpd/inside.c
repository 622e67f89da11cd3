/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A plugin that lets the tests of the httpd host see a request from the inside, and that answers in
 * the ways that are hard for a host: in pieces, broken off, late, with ranges. Counts in shared
 * memory.
 */
#include <string.h>
#include <unistd.h>

#include "app_plugin.h"

typedef struct inside_conf_t {
    const char *word;
    const char *password;
    apr_int64_t size;
    int         refuse, broken;
} inside_conf_t;

static const app_setting_t settings[] = {
    APP_SET_STRING("Word", inside_conf_t, word, "none", APP_SET_LOCATION, "comes back in /echo"),
    APP_SET_SECRET("Password", inside_conf_t, password, 0, "never comes back"),
    APP_SET_SIZE("Size", inside_conf_t, size, "64", 8, 1048576, 0, "bytes of shared memory"),
    APP_SET_FLAG("Refuse", inside_conf_t, refuse, "off", 0, "makes configure fail"),
    APP_SET_FLAG("Broken", inside_conf_t, broken, "off", 0, "makes start fail"),
    APP_SET_END
};

typedef struct counters_t {
    apr_uint64_t requests, ticks, gone;
} counters_t;

static counters_t *counters(app_instance_t *self)
{
    return app_shm_base(app_instance_context(self));
}

static apr_int64_t number(app_request_t *r, const char *key, apr_int64_t deflt)
{
    app_error_t err = { .pool = app_request_pool(r) };
    const apr_array_header_t *pairs;
    apr_int64_t value = deflt;
    int i;

    if (app_query_parse(app_request_query(r), &pairs, &err, app_request_pool(r)) == APR_SUCCESS) {
        for (i = 0; i < pairs->nelts; i++) {
            const app_pair_t *pair = &APR_ARRAY_IDX(pairs, i, app_pair_t);

            if (strcmp(pair->key, key) == 0 && pair->value) {
                app_int64_parse(pair->value, pair->value_len, &value);
            }
        }
    }
    return value;
}

static void member(app_buf_t *buf, const char *name, const char *value)
{
    app_buf_addf(buf, "%s\"%s\":", buf->len ? "," : "{", name);
    if (value) {
        app_buf_add_json(buf, value, strlen(value));
    }
    else {
        app_buf_adds(buf, "null");
    }
}

static apr_status_t echo(app_instance_t *self, app_request_t *r, app_response_t *res,
                         app_error_t *err)
{
    const inside_conf_t *conf = app_request_settings(r, self);
    const char *body;
    apr_size_t len, i;
    unsigned sum = 0;
    app_buf_t buf;

    if (app_request_body(r, 0, &body, &len, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    for (i = 0; i < len; i++) {
        sum = sum * 31 + (unsigned char)body[i];
    }
    app_buf_init(&buf, app_request_pool(r), 65536);
    member(&buf, "method", app_request_method(r));
    member(&buf, "mount", app_request_mount(r));
    member(&buf, "path", app_request_path(r));
    member(&buf, "query", app_request_query(r));
    member(&buf, "peer", app_request_peer(r));
    member(&buf, "test", app_request_header(r, "X-Test"));
    member(&buf, "word", conf->word);
    app_buf_addf(&buf, ",\"length\":%" APR_SIZE_T_FMT ",\"sum\":%u,\"pid\":%d}", len, sum,
                 (int)getpid());
    app_response_type(res, "application/json; charset=utf-8");
    return app_response_write(res, buf.data, buf.len);
}

static void fill(app_response_t *res, apr_int64_t n)
{
    static const char piece[] = "{\"name\":\"something that repeats and so packs well\"},\n";

    while (n > 0 && app_response_write(res, piece, sizeof(piece) - 1) == APR_SUCCESS) {
        n -= (apr_int64_t)sizeof(piece) - 1;
    }
}

/** ?status= ?bytes= and a Content-Range, as lists of rows have it. */
static apr_status_t range(app_instance_t *self, app_request_t *r, app_response_t *res,
                          app_error_t *err)
{
    (void)self;
    (void)err;
    app_response_status(res, (int)number(r, "status", 200));
    app_response_type(res, "application/json; charset=utf-8");
    app_response_header(res, "Content-Range", "0-9/100");
    app_response_header_add(res, "X-Twice", "a");
    app_response_header_add(res, "X-Twice", "b");
    app_response_etag(res, "\"inside\"");
    fill(res, number(r, "bytes", 1000));
    return APR_SUCCESS;
}

/** ?bytes= in all, or for ever with bytes=-1; ?flush=1 after the first. */
static apr_status_t stream(app_instance_t *self, app_request_t *r, app_response_t *res,
                           app_error_t *err)
{
    (void)self;
    (void)err;
    app_response_type(res, "text/plain");
    fill(res, 100);
    if (number(r, "flush", 0)) {
        app_response_flush(res);
        usleep(500000);
    }
    fill(res, number(r, "bytes", 1000));
    return APR_SUCCESS;
}

static apr_status_t broken(app_instance_t *self, app_request_t *r, app_response_t *res,
                           app_error_t *err)
{
    (void)self;
    app_response_type(res, "text/plain");
    fill(res, number(r, "bytes", 200000));
    return app_fail(err, APP_E_INTERNAL, "broken off");
}

/** Waits ?ms=, and counts it if the client goes away meanwhile. */
static apr_status_t slow(app_instance_t *self, app_request_t *r, app_response_t *res,
                         app_error_t *err)
{
    apr_int64_t left;

    (void)err;
    for (left = number(r, "ms", 500); left > 0; left -= 10) {
        if (app_request_gone(r)) {
            __atomic_add_fetch(&counters(self)->gone, 1, __ATOMIC_RELAXED);
            break;
        }
        usleep(10000);
    }
    return app_response_write(res, "slow\n", 5);
}

static apr_status_t count(app_instance_t *self, app_request_t *r, app_response_t *res,
                          app_error_t *err)
{
    counters_t *c = counters(self);
    app_buf_t buf;

    (void)err;
    app_buf_init(&buf, app_request_pool(r), 1024);
    app_buf_addf(&buf, "{\"requests\":%d,\"ticks\":%d,\"gone\":%d}",
                 (int)__atomic_add_fetch(&c->requests, 1, __ATOMIC_RELAXED), (int)c->ticks,
                 (int)c->gone);
    app_response_type(res, "application/json; charset=utf-8");
    return app_response_write(res, buf.data, buf.len);
}

static void tick(app_instance_t *self, apr_pool_t *scratch)
{
    (void)scratch;
    __atomic_add_fetch(&counters(self)->ticks, 1, __ATOMIC_RELAXED);
}

static apr_status_t configure(app_instance_t *self, app_error_t *err)
{
    const inside_conf_t *conf = app_instance_settings(self);

    if (conf->refuse) {
        return app_fail(err, APP_E_SETTING, "it was told to");
    }
    app_instance_context_set(self, app_shm_declare(self, "counters", (apr_size_t)conf->size));
    app_timer_add(self, "tick", 50000, 0, tick);
    return APR_SUCCESS;
}

static apr_status_t start(app_instance_t *self, app_error_t *err)
{
    const inside_conf_t *conf = app_instance_settings(self);

    return conf->broken ? app_fail(err, APP_E_INTERNAL, "it was told to break") : APR_SUCCESS;
}

static const app_route_t routes[] = { { NULL, "/echo", echo },     { NULL, "/echo/", echo },
                                      { NULL, "/range", range },   { NULL, "/stream", stream },
                                      { NULL, "/broken", broken }, { NULL, "/slow", slow },
                                      { NULL, "/count", count },   { NULL, NULL, NULL } };

APP_PLUGIN(.name = "inside", .version = "1.0", .summary = "for the tests of the httpd host",
           .settings = settings, .settings_size = sizeof(inside_conf_t), .routes = routes,
           .configure = configure, .start = start)
