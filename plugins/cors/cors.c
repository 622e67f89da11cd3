/* SPDX-License-Identifier: Apache-2.0 */
/**
 * CORS (Fetch, 3.2): which pages of other origins may read our answers. The first filter of all, since
 * a preflight carries no credentials, and errors must be readable, too. What it sets stays on every
 * answer, whoever makes it. Thread of the request.
 *
 * With "*" every answer says the same to everybody, so that a cache may keep one copy; with origins
 * that are named each answer says that it varies.
 */
#include <string.h>

#include "apr_strings.h"

#include "cors_int.h"

#define EXPOSED                                                                         \
    "Content-Encoding Content-Location Content-Range Content-Type Date Location Server " \
    "Transfer-Encoding Range-Unit Age Allow ETag Preference-Applied Proxy-Status RateLimit " \
    "RateLimit-Policy Retry-After Server-Timing WWW-Authenticate X-Request-Id"

static const char *const credentials[] = { "named", "on", "off", NULL };

static const app_setting_t settings[] = {
    APP_SET_LIST("AllowedOrigins", cors_conf_t, origins, "*", APP_SET_LOCATION,
                 "origins whose pages may read the answers: https://app.example.org, "
                 "https://*.example.org, null; *: all (server-cors-allowed-origins)"),
    APP_SET_ENUM("Credentials", cors_conf_t, credentials, "named", credentials, APP_SET_LOCATION,
                 "whose pages may send cookies and other credentials: those of origins that are "
                 "named; on: the same, and * is refused; off: nobody's"),
    APP_SET_LIST("AllowedMethods", cors_conf_t, methods,
                 "GET POST PATCH PUT DELETE OPTIONS HEAD", APP_SET_LOCATION,
                 "methods that pages may use"),
    APP_SET_LIST("AllowedHeaders", cors_conf_t, headers, "*", APP_SET_LOCATION,
                 "headers that pages may send; *: whatever they ask for"),
    APP_SET_LIST("ExposedHeaders", cors_conf_t, exposed, EXPOSED, APP_SET_LOCATION,
                 "headers of answers that pages may read"),
    APP_SET_DURATION("MaxAge", cors_conf_t, max_age, "1d", 0, APR_USEC_PER_SEC * 86400 * 7,
                     APP_SET_LOCATION, "how long browsers remember what a preflight was told"),
    APP_SET_FLAG("PrivateNetwork", cors_conf_t, private_network, "off", APP_SET_LOCATION,
                 "whether pages of public addresses may come to this server in a private network"),
    APP_SET_FLAG("LimitPreflights", cors_conf_t, limit_preflights, "off", APP_SET_LOCATION,
                 "whether preflights count in rate limits"),
    APP_SET_END
};

/** The settings of the site as headers have them, joined once. */
typedef struct texts_t {
    const char *methods;
    const char *headers;
    const char *exposed;
} texts_t;

/* What a request is */

static const cors_conf_t *settings_of(app_instance_t *self, app_request_t *r)
{
    return app_request_settings(r, self);
}

static int asks_options(const app_request_t *r)
{
    return strcmp(app_request_method(r), "OPTIONS") == 0;
}

static int may_read(const app_request_t *r, const cors_conf_t *conf)
{
    const char *origin = app_request_header(r, "Origin");

    return cors_origin_any(conf->origins) || (origin && cors_origin_named(conf->origins, origin));
}

/** Asking for a method that nobody may use is no preflight, but OPTIONS as of anybody. */
static int is_preflight(const app_request_t *r, const cors_conf_t *conf)
{
    const char *method = app_request_header(r, "Access-Control-Request-Method");

    return asks_options(r) && method && app_request_header(r, "Origin") &&
           cors_list_has(conf->methods, method) && may_read(r, conf);
}

/* What is said */

static const char *joined(app_instance_t *self, app_request_t *r, const cors_conf_t *conf,
                          const apr_array_header_t *words, const char *of_site)
{
    return conf == app_instance_settings(self) ? of_site
                                               : cors_list_join(words, app_request_pool(r));
}

static void say_vary(const app_request_t *r, app_response_t *res, const cors_conf_t *conf)
{
    if (!cors_origin_any(conf->origins) || asks_options(r)) {
        app_response_header_add(res, "Vary", "Origin");
    }
    if (asks_options(r)) {
        app_response_header_add(res, "Vary",
                                "Access-Control-Request-Method, Access-Control-Request-Headers");
        if (conf->private_network) {
            app_response_header_add(res, "Vary", "Access-Control-Request-Private-Network");
        }
    }
}

/** "null" is nobody in particular, as "*": any site's page makes one of that origin in a sandbox. */
static void say_origin(const app_request_t *r, app_response_t *res, const cors_conf_t *conf)
{
    const char *origin = app_request_header(r, "Origin");

    if (cors_origin_any(conf->origins)) {
        app_response_header(res, "Access-Control-Allow-Origin", "*");
        return;
    }
    app_response_header(res, "Access-Control-Allow-Origin", origin);
    if (conf->credentials != CORS_CREDENTIALS_OFF && strcmp(origin, "null") != 0) {
        app_response_header(res, "Access-Control-Allow-Credentials", "true");
    }
}

/** What every answer says, of a preflight too. @return whether the page may read it */
static int say_always(app_request_t *r, app_response_t *res, const cors_conf_t *conf)
{
    int may = may_read(r, conf);

    say_vary(r, res, conf);
    if (may) {
        say_origin(r, res, conf);
    }
    return may;
}

static void say_exposed(app_instance_t *self, app_request_t *r, app_response_t *res,
                        const cors_conf_t *conf)
{
    const texts_t *texts = app_instance_context(self);

    if (conf->exposed->nelts) {
        app_response_header(res, "Access-Control-Expose-Headers",
                            joined(self, r, conf, conf->exposed, texts->exposed));
    }
}

static void say_headers(app_instance_t *self, app_request_t *r, app_response_t *res,
                        const cors_conf_t *conf)
{
    const texts_t *texts = app_instance_context(self);
    const char *asked = app_request_header(r, "Access-Control-Request-Headers");
    apr_pool_t *p = app_request_pool(r);

    if (!asked) {
        return;
    }
    if (cors_list_has(conf->headers, "*")) {
        app_response_header(res, "Access-Control-Allow-Headers",
                            apr_pstrcat(p, "Authorization", cors_list_names(asked, p),
                                        ", Accept, Accept-Language, Content-Language", NULL));
    }
    else if (conf->headers->nelts) {
        app_response_header(res, "Access-Control-Allow-Headers",
                            joined(self, r, conf, conf->headers, texts->headers));
    }
}

static void say_private_network(const app_request_t *r, app_response_t *res,
                                const cors_conf_t *conf)
{
    const char *asked = app_request_header(r, "Access-Control-Request-Private-Network");

    if (conf->private_network && asked && strcmp(asked, "true") == 0) {
        app_response_header(res, "Access-Control-Allow-Private-Network", "true");
    }
}

static apr_status_t answer_preflight(app_instance_t *self, app_request_t *r, app_response_t *res,
                                     const cors_conf_t *conf)
{
    const texts_t *texts = app_instance_context(self);

    app_response_status(res, 200);
    app_response_header(res, "Access-Control-Allow-Methods",
                        joined(self, r, conf, conf->methods, texts->methods));
    say_headers(self, r, res, conf);
    say_private_network(r, res, conf);
    app_response_header(res, "Access-Control-Max-Age",
                        apr_psprintf(app_request_pool(r), "%" APR_TIME_T_FMT,
                                     apr_time_sec(conf->max_age)));
    return APP_DONE;
}

/* Filters */

static apr_status_t first(app_instance_t *self, app_request_t *r, app_response_t *res,
                          app_error_t *err)
{
    const cors_conf_t *conf = settings_of(self, r);
    int may = say_always(r, res, conf);

    (void)err;
    if (is_preflight(r, conf)) {
        return conf->limit_preflights ? APP_NEXT : answer_preflight(self, r, res, conf);
    }
    if (may) {
        say_exposed(self, r, res, conf);
    }
    return APP_NEXT;
}

/** Stands behind the filters of plugin ratelimit. */
static apr_status_t limited(app_instance_t *self, app_request_t *r, app_response_t *res,
                            app_error_t *err)
{
    const cors_conf_t *conf = settings_of(self, r);

    (void)err;
    return conf->limit_preflights && is_preflight(r, conf) ? answer_preflight(self, r, res, conf)
                                                           : APP_NEXT;
}

static apr_status_t host_error(app_instance_t *self, app_request_t *r, app_response_t *res,
                               app_error_t *err)
{
    const cors_conf_t *conf = settings_of(self, r);

    (void)err;
    if (say_always(r, res, conf)) {
        say_exposed(self, r, res, conf);
    }
    return APP_NEXT;
}

/* Configuration */

static apr_status_t check_origins(const cors_conf_t *conf, app_error_t *err)
{
    int i;

    for (i = 0; i < conf->origins->nelts; i++) {
        const char *word = APR_ARRAY_IDX(conf->origins, i, const char *);
        const char *fault = cors_origin_fault(word);

        if (fault) {
            return app_fail(err, APP_E_SETTING,
                            "AllowedOrigins \"%s\" is no origin: it %s. An origin is a scheme and a "
                            "host and nothing behind them, as https://app.example.org or "
                            "https://*.example.org; or it is * or null", word, fault);
        }
    }
    if (conf->credentials == CORS_CREDENTIALS_ON && cors_origin_any(conf->origins)) {
        return app_fail(err, APP_E_SETTING,
                        "Credentials on does not go with AllowedOrigins *: no browser sends "
                        "credentials where any page may read the answers. Name the origins, for "
                        "example AllowedOrigins https://app.example.org");
    }
    return APR_SUCCESS;
}

static apr_status_t check_names(const char *setting, const apr_array_header_t *words,
                                app_error_t *err)
{
    const char *fault = cors_list_fault(words);

    return fault ? app_fail(err, APP_E_SETTING, "%s \"%s\" is no name", setting, fault)
                 : APR_SUCCESS;
}

static apr_status_t check(app_instance_t *self, const void *values, app_error_t *err)
{
    const cors_conf_t *conf = values;

    (void)self;
    if (check_origins(conf, err) != APR_SUCCESS ||
        check_names("AllowedMethods", conf->methods, err) != APR_SUCCESS ||
        check_names("AllowedHeaders", conf->headers, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return check_names("ExposedHeaders", conf->exposed, err);
}

static apr_status_t configure(app_instance_t *self, app_error_t *err)
{
    const cors_conf_t *conf = app_instance_settings(self);
    apr_pool_t *p = app_instance_pool(self);
    texts_t *texts;

    if (check(self, conf, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    texts = apr_palloc(p, sizeof(*texts));
    texts->methods = cors_list_join(conf->methods, p);
    texts->headers = cors_list_join(conf->headers, p);
    texts->exposed = cors_list_join(conf->exposed, p);
    app_instance_context_set(self, texts);
    app_filter_add(self, APP_PLACE_FIRST, first);
    app_filter_add(self, APP_PLACE_LIMIT, limited);
    app_filter_add(self, APP_PLACE_HOST_ERROR, host_error);
    return APR_SUCCESS;
}

APP_PLUGIN(.name = "cors", .version = "0.1",
           .summary = "lets pages of other origins read the answers", .after = "ratelimit",
           .settings = settings, .settings_size = sizeof(cors_conf_t), .configure = configure,
           .check = check)
