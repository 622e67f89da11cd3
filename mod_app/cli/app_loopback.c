/* SPDX-License-Identifier: Apache-2.0 */
/** Requests without a server: app_loopback.h says how. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "apr_strings.h"

#include "app_loopback.h"
#include "app_program.h"
#include "app_target.h"

#define READ_PART 4096 /* a body comes in parts, as it would from a socket */

struct app_loopback_t {
    app_host_t       host;
    app_core_t      *core;
    app_site_conf_t *conf;
    app_site_t      *site;
    apr_pool_t      *pool;
};

/* The host */

/* app_host_t's functions know nothing of whom they serve; there is one loopback in a process. */
static void (*log_to)(app_log_level_e level, const char *line);
static const char *settings_root;

static void write_log(app_log_level_e level, void *request, const char *line)
{
    (void)request;
    if (log_to) {
        log_to(level, line);
    }
    else {
        fprintf(stderr, "%s\n", line);
    }
}

static int is_logged(app_log_level_e level, void *request)
{
    (void)request;
    return log_to || level <= APP_LOG_WARNING;
}

static const char *root(void)
{
    return settings_root;
}

typedef struct mapping_t {
    void      *base;
    apr_size_t size;
} mapping_t;

static apr_status_t unmap(void *data)
{
    mapping_t *mapping = data;

    munmap(mapping->base, mapping->size);
    return APR_SUCCESS;
}

/** Memory that children forked by a test share with it. */
static apr_status_t share(const char *key, apr_size_t size, void **pbase, apr_pool_t *pconf,
                          app_error_t *err)
{
    mapping_t *mapping = apr_palloc(pconf, sizeof(*mapping));

    mapping->size = size;
    mapping->base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (mapping->base == MAP_FAILED) {
        return app_fail(err, APP_E_INTERNAL, "there is no memory for \"%s\"", key);
    }
    apr_pool_cleanup_register(pconf, mapping, unmap, apr_pool_cleanup_null);
    *pbase = mapping->base;
    return APR_SUCCESS;
}

static apr_status_t read_settings(app_loopback_t *loopback, const app_loopback_options_t *options,
                                  app_error_t *err)
{
    const char *file = options->file ? options->file : "settings";

    if (options->text) {
        return app_conf_file_apply(loopback->conf, file, options->text, strlen(options->text),
                                   options->mode, err, loopback->pool);
    }
    return app_conf_file_load(loopback->conf, file, options->mode, err, loopback->pool);
}

/** app.cgi has its plugins beside app.conf: appctl uses the same. */
static const char *find_plugins(const app_loopback_options_t *options, apr_pool_t *p)
{
    const char *dir = options->plugin_dir;

    if (!dir && settings_root) {
        dir = app_program_below(settings_root, "plugins", p);
    }
    return dir ? dir : app_program_beside("plugins", p);
}

apr_status_t app_loopback_make(app_loopback_t **ploopback, const app_loopback_options_t *options,
                               app_error_t *err, apr_pool_t *p)
{
    app_loopback_t *loopback = apr_pcalloc(p, sizeof(*loopback));
    app_host_t *host = &loopback->host;

    log_to = options->log;
    settings_root = options->text || !options->file ? NULL : app_program_folder(options->file, p);
    host->name = "appctl";
    host->log = write_log;
    host->logs = is_logged;
    host->share = share;
    host->root = root;
    host->plugin_dir = find_plugins(options, p);
    loopback->pool = p;
    loopback->core = app_core_create(host, p);
    loopback->conf = app_conf_create(loopback->core, APP_IN_SERVER, p);
    if (read_settings(loopback, options, err) != APR_SUCCESS ||
        app_site_make(loopback->core, "loopback", loopback->conf, &loopback->site, err) !=
            APR_SUCCESS) {
        return APP_EFAIL;
    }
    *ploopback = loopback;
    return APR_SUCCESS;
}

apr_status_t app_loopback_start(app_loopback_t *loopback, app_error_t *err)
{
    if (app_core_share(loopback->core, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return app_core_start(loopback->core, loopback->pool, err);
}

void app_loopback_stop(app_loopback_t *loopback)
{
    app_core_stop(loopback->core);
}

app_core_t *app_loopback_core(app_loopback_t *loopback)
{
    return loopback->core;
}

app_site_t *app_loopback_site(app_loopback_t *loopback)
{
    return loopback->site;
}

/* One request */

typedef struct exchange_t {
    const app_loopback_ask_t *ask;
    app_loopback_answer_t    *answer;
    apr_table_t              *headers;
    apr_size_t                read;
    app_buf_t                 body;
    apr_pool_t               *p;
} exchange_t;

static const char *get_header(void *data, const char *name)
{
    exchange_t *ex = data;

    return apr_table_getm(ex->p, ex->headers, name);
}

static void each_header(void *data, int (*each)(void *ctx, const char *name, const char *value),
                        void *ctx)
{
    apr_table_do(each, ctx, ((exchange_t *)data)->headers, NULL);
}

static apr_status_t read_body(void *data, char *buf, apr_size_t *plen)
{
    exchange_t *ex = data;
    apr_size_t left = ex->ask->body_len - ex->read;

    *plen = *plen > READ_PART ? READ_PART : *plen;
    *plen = *plen > left ? left : *plen;
    if (left == 0) {
        return APR_EOF;
    }
    memcpy(buf, ex->ask->body + ex->read, *plen);
    ex->read += *plen;
    return APR_SUCCESS;
}

static apr_int64_t body_length(void *data)
{
    return (apr_int64_t)((exchange_t *)data)->ask->body_len;
}

static void take_head(void *data, const app_head_t *head)
{
    exchange_t *ex = data;

    ex->answer->status = head->status;
    ex->answer->content_type = head->content_type ? apr_pstrdup(ex->p, head->content_type) : NULL;
    ex->answer->headers = head->headers ? apr_table_clone(ex->p, head->headers)
                                        : apr_table_make(ex->p, 1);
}

static apr_status_t take_body(void *data, const char *bytes, apr_size_t len, int last)
{
    exchange_t *ex = data;

    (void)last;
    app_buf_add(&ex->body, bytes, len);
    return app_buf_full(&ex->body) ? APR_ENOSPC : APR_SUCCESS;
}

static apr_status_t flush(void *data)
{
    (void)data;
    return APR_SUCCESS;
}

static void cut(void *data)
{
    ((exchange_t *)data)->answer->cut = 1;
}

static const app_exchange_ops_t ops = { .header = get_header,
                                        .headers = each_header,
                                        .read = read_body,
                                        .body_length = body_length,
                                        .head = take_head,
                                        .write = take_body,
                                        .flush = flush,
                                        .abort = cut };

static void take_headers(exchange_t *ex)
{
    const char *const *pair;

    ex->headers = apr_table_make(ex->p, 8);
    for (pair = ex->ask->headers; pair && pair[0] && pair[1]; pair += 2) {
        apr_table_add(ex->headers, pair[0], pair[1]);
    }
}

static void refuse(exchange_t *ex, const app_error_t *err)
{
    app_head_t head = { .status = err->status, .content_type = "application/json; charset=utf-8" };
    apr_size_t len;
    const char *body = app_error_body(err, 0, &len);

    take_head(ex, &head);
    take_body(ex, body, len, 1);
}

static apr_status_t find_target(app_target_t *target, const char *raw, app_error_t *err,
                                apr_pool_t *p)
{
    const char *path;

    if (app_target_decode(&path, raw, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (!app_target_split(target, path, 0, p)) {
        return app_fail(err, APP_E_NOT_FOUND, NULL);
    }
    return APR_SUCCESS;
}

void app_loopback_run(app_loopback_t *loopback, const app_loopback_ask_t *ask,
                      app_loopback_answer_t *answer, apr_pool_t *p)
{
    exchange_t ex = { .ask = ask, .answer = answer, .p = p };
    app_exchange_t exchange = { .pool = p, .ops = &ops, .data = &ex };
    app_error_t err = { .pool = p };
    const char *query = strchr(ask->target, '?');
    app_target_t target;

    memset(answer, 0, sizeof(*answer));
    app_buf_init(&ex.body, p, APP_LOOPBACK_BODY_MAX);
    take_headers(&ex);
    if (find_target(&target, ask->target, &err, p) != APR_SUCCESS) {
        refuse(&ex, &err);
    }
    else {
        exchange.method = ask->method ? ask->method : "GET";
        exchange.mount = target.mount;
        exchange.path = target.path;
        exchange.query = query ? query + 1 : NULL;
        exchange.peer = ask->peer ? ask->peer : "127.0.0.1";
        app_core_handle(loopback->site, target.entry, &exchange);
    }
    answer->body = ex.body.data ? ex.body.data : "";
    answer->len = ex.body.len;
}
