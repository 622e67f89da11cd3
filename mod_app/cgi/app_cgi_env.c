/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Makes a request of a CGI environment. Called once per request by app_cgi_exchange.c, and by
 * the fuzzer.
 */
#include <string.h>

#include "apr_escape.h"
#include "apr_lib.h"
#include "apr_strings.h"

#include "app_cgi_env.h"
#include "app_target.h"

#define METHOD_MAX 32
#define ID_MAX     64

const char *app_cgi_env_get(const char *const *env, const char *name)
{
    apr_size_t len = strlen(name);
    int i;

    for (i = 0; env[i] && i < APP_CGI_VARS_MAX; i++) {
        if (strncmp(env[i], name, len) == 0 && env[i][len] == '=') {
            return env[i] + len + 1;
        }
    }
    return NULL;
}

/** As above, but NULL also for "". */
static const char *get(const char *const *env, const char *name)
{
    const char *value = app_cgi_env_get(env, name);

    return value && *value ? value : NULL;
}

/** A token, as the web server has let it through: what is no method of ours is refused later. */
static apr_status_t read_method(app_cgi_request_t *request, const char *const *env,
                                app_error_t *err)
{
    const char *method = get(env, "REQUEST_METHOD");
    apr_size_t len = method ? strlen(method) : 0;

    if (!len || len > METHOD_MAX ||
        strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                       "!#$%&'*+-.^_`|~") != len) {
        return app_fail(err, APP_E_BAD_REQUEST, "The request method is no token of at most %d "
                                                "characters (RFC 9110, 5.6.2)", METHOD_MAX);
    }
    request->method = method;
    return APR_SUCCESS;
}

/* Path */

/** Whether path begins with base, up to the end of a segment. */
static int is_below(const char *path, const char *base, apr_size_t len)
{
    return strncmp(path, base, len) == 0 && (path[len] == '/' || !path[len]);
}

/** Length without a "/" at the end. */
static apr_size_t trimmed(const char *base)
{
    apr_size_t len = strlen(base);

    return len && base[len - 1] == '/' ? len - 1 : len;
}

/**
 * Finds where the site's own paths begin, without being told:
 *   script called by its name   /dir/app.cgi/api/x   SCRIPT_NAME /dir/app.cgi   base /dir/app.cgi
 *   name hidden by a rewrite    /dir/api/x           SCRIPT_NAME /dir/app.cgi   base /dir
 *   behind mod_proxy_fcgi       /dir/api/x           SCRIPT_NAME /dir/api/x     base /dir
 *   script in another folder    /dir/api/x           SCRIPT_NAME /cgi/app.cgi   base /dir
 * In the last two it is all before the first segment that is api, health, status or metrics.
 */
static int find_base(app_target_t *target, const char *path, const char *script, apr_pool_t *p)
{
    const char *slash = strrchr(script, '/');
    apr_size_t len = strlen(script), folder = slash ? (apr_size_t)(slash - script) : 0;
    const char *s;

    if (len && is_below(path, script, len) && app_target_split(target, path, len, p)) {
        return 1;
    }
    if (len && strcmp(path, script) != 0 && is_below(path, script, folder) &&
        app_target_split(target, path, folder, p)) {
        return 1;
    }
    for (s = path; s; s = strchr(s + 1, '/')) {
        if (app_target_split(target, path, (apr_size_t)(s - path), p)) {
            return 1;
        }
    }
    return 0;
}

/** The path as the client wrote it; where the server does not tell, put together again. */
static apr_status_t whole_path(const char **ppath, const char *const *env, app_error_t *err,
                               apr_pool_t *p)
{
    const char *uri = get(env, "REQUEST_URI"), *script, *info;

    if (uri) {
        return app_target_decode(ppath, uri, err, p);
    }
    script = get(env, "SCRIPT_NAME");
    info = get(env, "PATH_INFO");
    uri = apr_pstrcat(p, script ? script : "", info ? info : "", NULL);
    return app_target_decode(ppath, apr_pescape_path(p, uri, 1), err, p);
}

static apr_status_t read_path(app_cgi_request_t *request, const char *const *env,
                              const char *base_path, app_error_t *err, apr_pool_t *p)
{
    const char *script = get(env, "SCRIPT_NAME"), *path;
    app_target_t target;
    int found;

    if (whole_path(&path, env, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (base_path) {
        apr_size_t len = trimmed(base_path);

        found = is_below(path, base_path, len) && app_target_split(&target, path, len, p);
    }
    else {
        found = find_base(&target, path, script ? script : "", p);
    }
    if (!found) {
        app_fail(err, APP_E_NOT_FOUND, NULL);
        return app_hint(err, "There are /api, /health, /status and /metrics here.");
    }
    request->entry = target.entry;
    request->mount = target.mount;
    request->path = target.path;
    return APR_SUCCESS;
}

static const char *read_query(const char *const *env)
{
    const char *uri = app_cgi_env_get(env, "REQUEST_URI"), *mark;

    if (app_cgi_env_get(env, "QUERY_STRING")) {
        return get(env, "QUERY_STRING");
    }
    mark = uri ? strchr(uri, '?') : NULL;
    return mark && mark[1] ? mark + 1 : NULL;
}

/* Headers */

/** "ACCEPT_PROFILE" to "Accept-Profile". NULL if it is no name. */
static const char *header_name(const char *variable, apr_size_t len, apr_pool_t *p)
{
    char *name = apr_pstrmemdup(p, variable, len);
    int begins = 1;
    char *s;

    for (s = name; *s; s++) {
        if (!apr_isalnum(*s) && *s != '_') {
            return NULL;
        }
        *s = (char)(begins ? apr_toupper(*s) : apr_tolower(*s));
        begins = *s == '_';
        *s = *s == '_' ? '-' : *s;
    }
    return len ? name : NULL;
}

static apr_status_t check_value(const char *name, const char *value, app_error_t *err)
{
    const char *s;

    for (s = value; *s; s++) {
        if (((unsigned char)*s < 0x20 && *s != '\t') || *s == 0x7F) {
            return app_fail(err, APP_E_BAD_REQUEST, "The header %s holds a control character",
                            name);
        }
    }
    if (s - value > APP_CGI_VALUE_MAX) {
        return app_fail(err, APP_E_BAD_REQUEST, "The header %s is longer than %d bytes", name,
                        APP_CGI_VALUE_MAX);
    }
    return APR_SUCCESS;
}

/**
 * Authorization does not come through to CGI programs of itself (CGIPassAuth); a rewrite rule
 * may bring it under another name, and a client that gets nowhere may send X-Authorization.
 */
static void read_authorization(apr_table_t *headers, const char *const *env)
{
    static const char *const names[] = { "HTTP_AUTHORIZATION", "REDIRECT_HTTP_AUTHORIZATION",
                                         "HTTP_X_AUTHORIZATION" };
    const char *value = NULL;
    int i;

    for (i = 0; i < 3 && !value; i++) {
        value = get(env, names[i]);
    }
    if (value) {
        apr_table_setn(headers, "Authorization", value);
    }
}

static apr_status_t read_headers(app_cgi_request_t *request, const char *const *env,
                                 app_error_t *err, apr_pool_t *p)
{
    apr_table_t *headers = apr_table_make(p, 16);
    const char *type = get(env, "CONTENT_TYPE");
    int i;

    for (i = 0; env[i]; i++) {
        const char *equals = strncmp(env[i], "HTTP_", 5) == 0 ? strchr(env[i], '=') : NULL;
        const char *name;

        if (i == APP_CGI_VARS_MAX) {
            return app_fail(err, APP_E_BAD_REQUEST, "The request has too many headers");
        }
        if (!equals || !(name = header_name(env[i] + 5, (apr_size_t)(equals - env[i] - 5), p))) {
            continue;
        }
        if (strcmp(name, "Proxy") != 0) {
            apr_table_setn(headers, name, equals + 1);
        }
    }
    if (type) {
        apr_table_setn(headers, "Content-Type", type);
    }
    read_authorization(headers, env);
    for (i = 0; i < apr_table_elts(headers)->nelts; i++) {
        const apr_table_entry_t *pair = (apr_table_entry_t *)apr_table_elts(headers)->elts + i;

        if (check_value(pair->key, pair->val, err) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    request->headers = headers;
    return APR_SUCCESS;
}

/* Body */

/** Without a length there may still be a body: chunked, or from an HTTP/2 client. */
static int may_have_body(const app_cgi_request_t *request)
{
    return apr_table_get(request->headers, "Transfer-Encoding") ||
           strcmp(request->method, "POST") == 0 || strcmp(request->method, "PUT") == 0 ||
           strcmp(request->method, "PATCH") == 0;
}

static apr_status_t read_length(app_cgi_request_t *request, const char *const *env,
                                app_error_t *err)
{
    const char *text = get(env, "CONTENT_LENGTH");

    if (!text) {
        request->length = may_have_body(request) ? -1 : 0;
        return APR_SUCCESS;
    }
    if (strspn(text, "0123456789") != strlen(text) ||
        app_int64_parse(text, strlen(text), &request->length) != APR_SUCCESS) {
        return app_fail(err, APP_E_BAD_REQUEST, "The length of the request body is no number");
    }
    return APR_SUCCESS;
}

/** The id that mod_unique_id gave, so that both logs tell of the same request. */
static const char *read_id(const char *const *env)
{
    const char *id = get(env, "UNIQUE_ID");
    apr_size_t len = id ? strlen(id) : 0, i;

    for (i = 0; i < len && (apr_isalnum(id[i]) || strchr("-_@", id[i])); i++) {
    }
    return len && i == len && len <= ID_MAX ? id : NULL;
}

/** mod_ssl and most servers set HTTPS, some only the scheme. */
static int is_secure(const char *const *env)
{
    const char *https = get(env, "HTTPS"), *scheme = get(env, "REQUEST_SCHEME");

    return (https && strcasecmp(https, "on") == 0) || (scheme && strcmp(scheme, "https") == 0);
}

apr_status_t app_cgi_env_read(app_cgi_request_t *request, const char *const *env,
                              const char *base_path, app_error_t *err, apr_pool_t *p)
{
    const char *peer = get(env, "REMOTE_ADDR");

    request->length = 0;
    if (read_method(request, env, err) != APR_SUCCESS ||
        read_headers(request, env, err, p) != APR_SUCCESS ||
        read_length(request, env, err) != APR_SUCCESS ||
        read_path(request, env, base_path, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    request->query = read_query(env);
    request->peer = peer ? peer : "";
    request->id = read_id(env);
    request->secure = is_secure(env);
    return APR_SUCCESS;
}
