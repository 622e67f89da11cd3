/* SPDX-License-Identifier: Apache-2.0 */
/**
 * CORS: which pages of other origins may read our answers. A filter that is first of all, since a
 * preflight carries no token and errors must be readable, too. Thread of the request.
 */
#include <string.h>

#include "apr_lib.h"
#include "apr_strings.h"

#include "rest_int.h"

#define METHODS       "GET, POST, PATCH, PUT, DELETE, OPTIONS, HEAD"
#define EXPOSED                                                                        \
    "Content-Encoding, Content-Location, Content-Range, Content-Type, Date, Location, " \
    "Server, Transfer-Encoding, Range-Unit"
#define SECONDS       "86400" /* that a browser remembers a preflight for */
#define ASKED_MAX     16384

int rest_cors_serves_all(const rest_conf_t *conf)
{
    int i, count = conf->cors_origins ? conf->cors_origins->nelts : 0;

    for (i = 0; i < count; i++) {
        if (strcmp(APR_ARRAY_IDX(conf->cors_origins, i, const char *), "*") == 0) {
            return 1;
        }
    }
    return count == 0;
}

static int serves(const rest_conf_t *conf, const char *origin)
{
    int i;

    for (i = 0; i < conf->cors_origins->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(conf->cors_origins, i, const char *), origin) == 0) {
            return 1;
        }
    }
    return 0;
}

/** Whether a text is scheme://host, perhaps with a port: what a browser sends. */
static int is_origin(const char *text)
{
    const char *host = strstr(text, "://");

    return strcmp(text, "null") == 0 || strcmp(text, "*") == 0 ||
           (host && host > text && host[3] && !strpbrk(host + 3, "/?#*"));
}

apr_status_t rest_cors_configure(const rest_conf_t *conf, app_error_t *err)
{
    int i;

    for (i = 0; conf->cors_origins && i < conf->cors_origins->nelts; i++) {
        const char *origin = APR_ARRAY_IDX(conf->cors_origins, i, const char *);

        if (!is_origin(origin)) {
            app_fail(err, APP_E_SETTING, "CorsAllowedOrigins \"%s\" is no origin", origin);
            return app_hint(err, "An origin is a scheme and a host, and nothing behind them: "
                                 "https://app.example.org");
        }
    }
    return APR_SUCCESS;
}

/** @return whether the origin may read the answer */
static int allow_origin(app_response_t *res, const rest_conf_t *conf, const char *origin)
{
    if (rest_cors_serves_all(conf)) {
        if (origin) {
            app_response_header(res, "Access-Control-Allow-Origin", "*");
        }
        return origin != NULL;
    }
    app_response_header_add(res, "Vary", "Origin");
    if (!origin || !serves(conf, origin)) {
        return 0;
    }
    app_response_header(res, "Access-Control-Allow-Origin", origin);
    app_response_header(res, "Access-Control-Allow-Credentials", "true");
    return 1;
}

/** Whether a request asks what another one might do. */
static int is_preflight(const app_request_t *r)
{
    static const char *const methods[] = { "GET", "POST", "PATCH", "PUT", "DELETE", "OPTIONS",
                                           "HEAD" };
    const char *asked = app_request_header(r, "Access-Control-Request-Method");
    size_t i;

    for (i = 0; asked && i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (strcmp(asked, methods[i]) == 0) {
            return strcmp(app_request_method(r), "OPTIONS") == 0;
        }
    }
    return 0;
}

static int is_token(const char *text, apr_size_t len)
{
    apr_size_t i;

    for (i = 0; i < len; i++) {
        if (!apr_isalnum(text[i]) && !strchr("!#$%&'*+-.^_`|~", text[i])) {
            return 0;
        }
    }
    return len > 0;
}

/** The header names that were asked for, and those that are always good. */
static const char *allowed_headers(const char *asked, apr_pool_t *p)
{
    app_buf_t buf;

    app_buf_init(&buf, p, ASKED_MAX);
    app_buf_adds(&buf, "Authorization");
    while (*asked) {
        apr_size_t len;

        asked += strspn(asked, ", \t");
        len = strcspn(asked, ", \t");
        if (is_token(asked, len)) {
            app_buf_adds(&buf, ", ");
            app_buf_add(&buf, asked, len);
        }
        asked += len;
    }
    app_buf_adds(&buf, ", Accept, Accept-Language, Content-Language");
    return buf.data;
}

static void answer_preflight(app_request_t *r, app_response_t *res)
{
    const char *asked = app_request_header(r, "Access-Control-Request-Headers");

    app_response_status(res, 200);
    app_response_header(res, "Access-Control-Allow-Methods", METHODS);
    if (asked) {
        app_response_header(res, "Access-Control-Allow-Headers",
                            allowed_headers(asked, app_request_pool(r)));
    }
    app_response_header(res, "Access-Control-Max-Age", SECONDS);
}

apr_status_t rest_cors_filter(app_instance_t *self, app_request_t *r, app_response_t *res,
                              app_error_t *err)
{
    (void)err;
    if (!allow_origin(res, app_request_settings(r, self), app_request_header(r, "Origin"))) {
        return APP_NEXT;
    }
    if (is_preflight(r)) {
        answer_preflight(r, res);
        return APP_DONE;
    }
    app_response_header(res, "Access-Control-Expose-Headers", EXPOSED);
    return APP_NEXT;
}
