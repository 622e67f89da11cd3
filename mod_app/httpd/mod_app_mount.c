/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Which requests are ours, and where their path begins: <Location /path> with SetHandler app-api,
 * app-health, app-status or app-metrics. Their path names nothing on disk, so directory walk,
 * document root and file types are passed by. Collected at check_config in one thread; the hooks
 * run in every request's thread, also for requests that are not ours, and must cost those next to
 * nothing.
 */
#include <stdlib.h>
#include <strings.h>

#include "mod_app.h"

#include "apr_strings.h"
#include "http_protocol.h"
#include "http_request.h"
#include "util_cfgtree.h"

/** A SetHandler line that is ours. */
typedef struct handler_line_t {
    const ap_directive_t *line;
    app_entry_e           entry;
} handler_line_t;

static const char *const handlers[] = { "app-api", "app-health", "app-status", "app-metrics" };

#define HANDLERS ((int)(sizeof(handlers) / sizeof(*handlers)))

/* Configuration */

int app_httpd_mount_is_handler(const char *name)
{
    int i, found = 0;

    for (i = 0; strncmp(name, "app-", 4) == 0 && i < HANDLERS && !found; i++) {
        found = strcmp(name, handlers[i]) == 0;
    }
    return found;
}

static int find_entry(const char *args, app_entry_e *pentry, apr_pool_t *p)
{
    const char *name = ap_getword_conf(p, &args);
    int i;

    for (i = 0; i < HANDLERS; i++) {
        if (strcasecmp(name, handlers[i]) == 0) {
            *pentry = (app_entry_e)i;
            return 1;
        }
    }
    return 0;
}

/** Whether a line is <Location /path> with a path that needs no matching to be found. */
static int is_plain_location(const ap_directive_t *line, apr_pool_t *p)
{
    const char *args, *end, *path;

    if (!line || strcasecmp(line->directive, "<Location") != 0 ||
        !(end = strrchr(line->args, '>'))) {
        return 0;
    }
    args = apr_pstrmemdup(p, line->args, (apr_size_t)(end - line->args));
    path = ap_getword_conf(p, &args);
    return *path == '/' && !ap_is_matchexp(path);
}

static int check_line(const ap_directive_t *line, apr_array_header_t *lines, apr_pool_t *p)
{
    app_entry_e entry;
    handler_line_t *found;

    if (strcasecmp(line->directive, "SetHandler") != 0 || !find_entry(line->args, &entry, p)) {
        return OK;
    }
    if (!is_plain_location(line->parent, p)) {
        app_log(APP_LOG_ERROR, NULL, "APP0300",
                "%s:%d: SetHandler %s stands in %s%s%s; write it inside <Location /path>, where "
                "/path is where it is to be found, without wildcards",
                line->filename, line->line_num, line->args,
                line->parent ? line->parent->directive : "no section",
                line->parent ? " " : "", line->parent ? line->parent->args : "");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    found = apr_array_push(lines);
    found->line = line;
    found->entry = entry;
    return OK;
}

static int check_tree(const ap_directive_t *line, apr_array_header_t *lines, apr_pool_t *p)
{
    for (; line; line = line->next) {
        if (check_line(line, lines, p) != OK || check_tree(line->first_child, lines, p) != OK) {
            return HTTP_INTERNAL_SERVER_ERROR;
        }
    }
    return OK;
}

int app_httpd_mount_check(apr_array_header_t **plines, apr_pool_t *p)
{
    *plines = apr_array_make(p, 4, sizeof(handler_line_t));
    return check_tree(ap_conftree, *plines, p);
}

/** SetHandler keeps an expression, also for a plain word; it remembers which line it came from. */
static const handler_line_t *find_line(const apr_array_header_t *lines, const ap_expr_info_t *key)
{
    int i;

    for (i = 0; i < lines->nelts; i++) {
        const handler_line_t *found = &APR_ARRAY_IDX(lines, i, handler_line_t);

        if ((int)key->line_number == found->line->line_num &&
            strcmp(key->filename, found->line->filename) == 0) {
            return found;
        }
    }
    return NULL;
}

static int longest_first(const void *a, const void *b)
{
    const app_mount_t *left = a, *right = b;

    return left->len < right->len ? 1 : left->len > right->len ? -1 : 0;
}

apr_array_header_t *app_httpd_mount_collect(server_rec *s, const apr_array_header_t *lines,
                                            apr_pool_t *p)
{
    const core_server_config *core = ap_get_core_module_config(s->module_config);
    apr_array_header_t *mounts = apr_array_make(p, 4, sizeof(app_mount_t));
    int i;

    for (i = 0; i < core->sec_url->nelts; i++) {
        const ap_conf_vector_t *section = APR_ARRAY_IDX(core->sec_url, i, ap_conf_vector_t *);
        const core_dir_config *dir = ap_get_core_module_config(section);
        const handler_line_t *found;
        app_mount_t *mount;

        if (!dir || !dir->expr_handler || !(found = find_line(lines, dir->expr_handler))) {
            continue;
        }
        mount = apr_array_push(mounts);
        mount->len = strlen(dir->d);
        mount->len -= mount->len && dir->d[mount->len - 1] == '/';
        mount->path = apr_pstrmemdup(p, dir->d, mount->len);
        mount->key = dir->expr_handler;
        mount->entry = found->entry;
    }
    qsort(mounts->elts, (size_t)mounts->nelts, sizeof(app_mount_t), longest_first);
    return mounts;
}

/* Requests */

static const apr_array_header_t *mounts_of(const request_rec *r)
{
    const app_server_t *server = ap_get_module_config(r->server->module_config, &app_module);

    return server->mounts;
}

/** Whether the path of the request is at or below some mount: cheap, and true for all of ours. */
static int is_below_mount(const request_rec *r)
{
    const apr_array_header_t *mounts = mounts_of(r);
    int i;

    if (!r->uri || r->proxyreq == PROXYREQ_PROXY) {
        return 0;
    }
    for (i = 0; i < mounts->nelts; i++) {
        const app_mount_t *mount = &APR_ARRAY_IDX(mounts, i, app_mount_t);

        if (strncmp(r->uri, mount->path, mount->len) == 0 &&
            (r->uri[mount->len] == '/' || !r->uri[mount->len])) {
            return 1;
        }
    }
    return 0;
}

/** The mount whose SetHandler has won in the merged sections; NULL: another handler has. */
static const app_mount_t *find_mount(const request_rec *r)
{
    const core_dir_config *dir = ap_get_core_module_config(r->per_dir_config);
    const apr_array_header_t *mounts = mounts_of(r);
    int i;

    for (i = 0; dir->expr_handler && i < mounts->nelts; i++) {
        const app_mount_t *mount = &APR_ARRAY_IDX(mounts, i, app_mount_t);

        if (mount->key == dir->expr_handler) {
            return mount;
        }
    }
    return NULL;
}

int app_httpd_mount_owns(request_rec *r)
{
    if (ap_get_module_config(r->request_config, &app_module)) {
        return 1;
    }
    /* Before the sections are known, the path alone must tell. */
    return is_below_mount(r) &&
           (r->per_dir_config == r->server->lookup_defaults || find_mount(r) != NULL);
}

/* ErrorDocument
 *
 * An ErrorDocument of the site would turn an error of ours into an internal redirect or a page.
 * httpd asks the request for a text before it looks for one; with a text that is there, and that
 * our error filter replaces, it looks no further. */

static char no_document[] = "\"";

void app_httpd_mount_forbid_documents(request_rec *r)
{
    const core_dir_config *dir = ap_get_core_module_config(r->per_dir_config);
    core_request_config *core = ap_get_core_module_config(r->request_config);
    int i;

    if (!dir->response_code_exprs || core->response_code_strings) {
        return;
    }
    core->response_code_strings = apr_palloc(r->pool, RESPONSE_CODES * sizeof(char *));
    for (i = 0; i < RESPONSE_CODES; i++) {
        core->response_code_strings[i] = no_document;
    }
}

static void allow_documents(request_rec *r)
{
    core_request_config *core = ap_get_core_module_config(r->request_config);

    if (core->response_code_strings && core->response_code_strings[0] == no_document) {
        core->response_code_strings = NULL;
    }
}

/* Hooks */

/** For errors that come before the sections are known: "%2F", a bad escape. */
int app_httpd_mount_read(request_rec *r)
{
    if (is_below_mount(r)) {
        app_httpd_mount_forbid_documents(r);
    }
    return DECLINED;
}

/** Keeps the core from joining document root and path, which refuses some paths. */
int app_httpd_mount_translate(request_rec *r)
{
    return is_below_mount(r) && find_mount(r) ? OK : DECLINED;
}

/*
 * Some modules take for granted that there is a name, and with a "/" in it go looking
 * (mod_speling).
 */
static char no_file[] = "mod_app";

/** TRACE is answered by httpd, in the same hook. */
int app_httpd_mount_map(request_rec *r)
{
    app_exchange_state_t *state;
    const app_mount_t *mount;
    int status;

    if (!is_below_mount(r)) {
        return DECLINED;
    }
    /* httpd has reset the request to the server's own section. The walk is remembered, so cheap. */
    if ((status = ap_location_walk(r)) != OK) {
        return status;
    }
    mount = find_mount(r);
    if (!mount || r->method_number == M_TRACE) {
        if (!mount) {
            allow_documents(r);
        }
        r->per_dir_config = r->server->lookup_defaults;
        return DECLINED;
    }
    app_httpd_mount_forbid_documents(r);
    r->filename = no_file;
    r->proxyreq = PROXYREQ_NONE; /* a ProxyPass / may have laid hands on it */
    state = apr_pcalloc(r->pool, sizeof(*state));
    state->r = r;
    state->mount = mount;
    ap_set_module_config(r->request_config, &app_module, state);
    return OK;
}

/** mod_mime would take "/packages.fr.gz" for a French archive. */
int app_httpd_mount_type(request_rec *r)
{
    return ap_get_module_config(r->request_config, &app_module) ? OK : DECLINED;
}
