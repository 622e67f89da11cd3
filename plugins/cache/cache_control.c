/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Cache-Control (RFC 9111 5.2): what requests and answers say to caches, and what is said to the
 * client. Thread of the request.
 */
#include "apr_lib.h"
#include "apr_strings.h"

#include "cache_int.h"

static int is_word(const char *word, apr_size_t len, const char *name)
{
    return strlen(name) == len && strncasecmp(word, name, len) == 0;
}

/** Seconds behind "max-age=", also in quotes. Digits that are no number say 0: stale at once. */
static apr_interval_time_t seconds(const char *text, apr_size_t len)
{
    apr_int64_t value = 0;
    apr_size_t i;

    for (i = 0; i < len && value < APR_INT32_MAX; i++) {
        if (apr_isdigit(text[i])) {
            value = value * 10 + (text[i] - '0');
        }
        else if (text[i] != '"') {
            return 0;
        }
    }
    return apr_time_from_sec(value < APR_INT32_MAX ? value : APR_INT32_MAX);
}

static void read_directive(cache_control_t *control, const char *text, apr_size_t len)
{
    const char *equals = memchr(text, '=', len);
    apr_size_t name = equals ? (apr_size_t)(equals - text) : len;

    if (is_word(text, name, "no-store")) {
        control->no_store = 1;
    }
    else if (is_word(text, name, "no-cache")) {
        control->no_cache = 1;
    }
    else if (is_word(text, name, "private")) {
        control->is_private = 1;
    }
    else if (is_word(text, name, "max-age") && equals) {
        control->max_age = seconds(equals + 1, len - name - 1);
    }
}

void cache_control_read(cache_control_t *control, const char *field)
{
    memset(control, 0, sizeof(*control));
    control->max_age = -1;
    while (field && *field) {
        apr_size_t len;

        field += strspn(field, ", \t");
        len = strcspn(field, ", \t");
        read_directive(control, field, len);
        field += len;
    }
}

void cache_control_asked(cache_control_t *control, const cache_conf_t *conf,
                         const app_request_t *r)
{
    const char *field = conf->obeys ? app_request_header(r, "Cache-Control") : NULL;
    const char *pragma;

    cache_control_read(control, field);
    if (conf->obeys && !field && (pragma = app_request_header(r, "Pragma"))) {
        control->no_cache = strcasestr(pragma, "no-cache") != NULL;
    }
}

/** Nobody in particular, and nothing that another place than the identity filters may look at. */
static int is_anonymous(const app_request_t *r)
{
    return !app_request_identity(r)->method && !app_request_header(r, "Authorization");
}

void cache_control_say(app_response_t *res, app_request_t *r, const cache_conf_t *conf,
                       apr_interval_time_t age)
{
    int is_public = conf->shared && is_anonymous(r);
    apr_interval_time_t left = conf->ttl - age;
    const char *who = is_public ? "public" : "private", *how = "no-cache";

    left = left < conf->client_age ? left : conf->client_age;
    if (left >= APR_USEC_PER_SEC) {
        how = apr_psprintf(app_request_pool(r), "max-age=%" APR_INT64_T_FMT,
                           (apr_int64_t)apr_time_sec(left));
    }
    app_response_header(res, "Cache-Control",
                        apr_pstrcat(app_request_pool(r), who, ", ", how, NULL));
    if (is_public) {
        app_response_header_add(res, "Vary", "Authorization, Cookie, X-API-Key");
    }
}
