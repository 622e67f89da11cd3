/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Redirect targets. Called where they come in and once more where they are used. Any thread.
 *
 * A URL is compared as text, and anything that readers of URLs may read differently is refused
 * first: what is no visible ASCII, backslashes, and a user in front of the host.
 */
#include <string.h>

#include "apr_strings.h"

#include "auth_redirect.h"

#define URL_MAX    2000
#define AUTH_PLACE "/api/auth"

/** Where the path begins, or the end of the text; NULL: there is no scheme or no host. */
static const char *authority_end(const char *url)
{
    const char *host = strstr(url, "://");

    if (!host || host == url || strcspn(host + 3, "/?#") == 0) {
        return NULL;
    }
    return host + 3 + strcspn(host + 3, "/?#");
}

static int is_clean(const char *url)
{
    const char *end = authority_end(url), *c;

    if (!end || strlen(url) > URL_MAX) {
        return 0;
    }
    for (c = url; *c; c++) {
        if (*c <= ' ' || *c > '~' || strchr("\\\"<>`", *c) || (*c == '@' && c < end)) {
            return 0;
        }
    }
    return 1;
}

const char *auth_redirect_origin(const char *url, apr_pool_t *p)
{
    const char *end = url ? authority_end(url) : NULL;

    return end ? apr_pstrndup(p, url, (apr_size_t)(end - url)) : NULL;
}

const char *auth_redirect_base(const auth_mail_conf_t *conf, apr_pool_t *p)
{
    char *base;

    if (!conf->auth_url) {
        return apr_pstrcat(p, auth_redirect_origin(conf->site_url, p), AUTH_PLACE, NULL);
    }
    base = apr_pstrdup(p, conf->auth_url);
    while (*base && base[strlen(base) - 1] == '/') {
        base[strlen(base) - 1] = '\0';
    }
    return base;
}

/** @param entry of the list: "https://a.example/in", "https://a.example/in/ *" */
static int entry_takes(const char *entry, const char *url)
{
    apr_size_t len = strlen(entry);

    if (len && entry[len - 1] == '*') {
        return strncmp(entry, url, len - 1) == 0;
    }
    return strcmp(entry, url) == 0;
}

static int is_of_site(const auth_mail_conf_t *conf, const char *url)
{
    apr_size_t len = (apr_size_t)(authority_end(conf->site_url) - conf->site_url);

    return strncasecmp(conf->site_url, url, len) == 0 && strchr("/?#", url[len]);
}

apr_status_t auth_redirect_allow(const auth_mail_conf_t *conf, const char *url, app_error_t *err)
{
    const apr_array_header_t *list = conf->redirects;
    int i;

    if (!url || (conf->site_url && is_clean(url) && is_of_site(conf, url))) {
        return APR_SUCCESS;
    }
    for (i = 0; list && is_clean(url) && i < list->nelts; i++) {
        if (entry_takes(APR_ARRAY_IDX(list, i, const char *), url)) {
            return APR_SUCCESS;
        }
    }
    app_fail_code(err, "validation_failed", 400, "Links may not lead to that redirect_to");
    return app_hint(err, "It must be below SiteUrl, or in RedirectUrls.");
}

static int is_web(const char *url)
{
    return is_clean(url) && (strncasecmp(url, "https://", 8) == 0 ||
                             strncasecmp(url, "http://", 7) == 0);
}

apr_status_t auth_redirect_check(const auth_mail_conf_t *conf, app_error_t *err)
{
    int i;

    if ((conf->site_url && !is_web(conf->site_url)) ||
        (conf->auth_url && !is_web(conf->auth_url))) {
        return app_fail(err, APP_E_SETTING, "SiteUrl and AuthUrl must be URLs of http or https, "
                        "as in https://example.org/");
    }
    for (i = 0; conf->redirects && i < conf->redirects->nelts; i++) {
        const char *entry = APR_ARRAY_IDX(conf->redirects, i, const char *);
        const char *star = strchr(entry, '*');

        if (!is_clean(entry) || (star && (star[1] || star <= authority_end(entry)))) {
            return app_fail(err, APP_E_SETTING, "RedirectUrls: \"%s\" must be a URL; * may stand "
                            "at its end, in the path", entry);
        }
    }
    return APR_SUCCESS;
}
