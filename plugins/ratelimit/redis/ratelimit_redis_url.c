/* SPDX-License-Identifier: Apache-2.0 */
/** Takes a URL of Redis apart (ratelimit_redis_url.h). */
#include "ratelimit_redis_url.h"

#include <string.h>

#include "apr_strings.h"

#define PORT          6379
#define DATABASE_MAX  1000000

static apr_status_t refuse(const char *what, app_error_t *err)
{
    return app_fail(err, APP_E_SETTING,
                    "Redis: %s. The form is redis://user:password@host:6379/0 or "
                    "unix:///run/redis/redis.sock; in a user or password @ : / %% are written "
                    "%%40 %%3A %%2F %%25",
                    what);
}

/** @return NULL for a malformed escape or a NUL */
static const char *decode(const char *text, apr_size_t len, apr_pool_t *p)
{
    const char *end = text + len;
    char *decoded = apr_palloc(p, len + 1), *to = decoded;

    while (text < end) {
        if (*text != '%') {
            *to++ = *text++;
            continue;
        }
        if (end - text < 3 || app_hex_digit(text[1]) < 0 || app_hex_digit(text[2]) < 0) {
            return NULL;
        }
        *to = (char)(app_hex_digit(text[1]) * 16 + app_hex_digit(text[2]));
        if (!*to++) {
            return NULL;
        }
        text += 3;
    }
    *to = '\0';
    return decoded;
}

/** "user:password", ":password"; a lone word is refused, since tools differ in what it means. */
static int read_user(ratelimit_redis_url_t *url, const char *text, apr_size_t len, apr_pool_t *p)
{
    const char *colon = memchr(text, ':', len);

    if (!colon) {
        return 0;
    }
    url->user = colon > text ? decode(text, (apr_size_t)(colon - text), p) : NULL;
    url->password = decode(colon + 1, len - (apr_size_t)(colon + 1 - text), p);
    return (url->user || colon == text) && url->password && *url->password;
}

static int read_number(const char *text, int max, int *pnumber)
{
    apr_int64_t number;

    if (app_int64_parse(text, strlen(text), &number) != APR_SUCCESS || number < 0 ||
        number > max) {
        return 0;
    }
    *pnumber = (int)number;
    return 1;
}

/** "host", "host:port", "[2001:db8::1]:port" */
static int read_host(ratelimit_redis_url_t *url, const char *text, apr_pool_t *p)
{
    const char *end = *text == '[' ? strchr(text, ']') : text + strcspn(text, ":");

    if (!end || end == text) {
        return 0;
    }
    url->host = *text == '[' ? apr_pstrmemdup(p, text + 1, (apr_size_t)(end - text - 1))
                             : apr_pstrmemdup(p, text, (apr_size_t)(end - text));
    end += *end == ']';
    url->port = PORT;
    return *url->host && (!*end || (*end == ':' && read_number(end + 1, 65535, &url->port) &&
                                    url->port > 0));
}

/** What stands between "//" and the next "/", and from there on. */
static apr_status_t read_rest(ratelimit_redis_url_t *url, const char *text, int is_unix,
                              app_error_t *err, apr_pool_t *p)
{
    const char *slash = text + strcspn(text, "/");
    const char *authority = apr_pstrmemdup(p, text, (apr_size_t)(slash - text));
    const char *at = strrchr(authority, '@');

    if (at && !read_user(url, authority, (apr_size_t)(at - authority), p)) {
        return refuse("what stands before \"@\" is no user:password or :password", err);
    }
    authority = at ? at + 1 : authority;
    if (is_unix) {
        url->path = slash;
        return *authority || !*slash || !slash[1] ? refuse("the path is missing", err)
                                                  : APR_SUCCESS;
    }
    if (!read_host(url, authority, p)) {
        return refuse("the host or port is wrong", err);
    }
    if (*slash && slash[1] && !read_number(slash + 1, DATABASE_MAX, &url->database)) {
        return refuse("the database behind the host is no number", err);
    }
    return APR_SUCCESS;
}

apr_status_t ratelimit_redis_url_parse(ratelimit_redis_url_t *url, const char *text,
                                       app_error_t *err, apr_pool_t *p)
{
    memset(url, 0, sizeof(*url));
    if (strncmp(text, "redis://", 8) == 0) {
        return read_rest(url, text + 8, 0, err, p);
    }
    if (strncmp(text, "unix://", 7) == 0) {
        return read_rest(url, text + 7, 1, err, p);
    }
    if (strncmp(text, "rediss://", 9) == 0) {
        return app_fail(err, APP_E_SETTING,
                        "Redis: there is no TLS to Redis here; let stunnel carry the connection, "
                        "and name its end on this machine");
    }
    return refuse("it begins with neither redis:// nor unix://", err);
}
