/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Paths of requests, decoded once and divided. Used by the CGI and the loopback host; httpd does
 * the same by itself.
 */
#include <string.h>

#include "apr_strings.h"

#include "app_target.h"

/** The path within "http://host/path". */
static const char *skip_authority(const char *raw)
{
    const char *scheme = *raw == '/' ? NULL : strstr(raw, "://");
    apr_size_t host;

    if (!scheme) {
        return raw;
    }
    host = strcspn(scheme + 3, "/?#");
    return scheme[3 + host] == '/' ? scheme + 3 + host : "/";
}

/**
 * Decodes len bytes into to. @return bytes, or -1: a broken "%", or a "/" or NUL that hides in one
 */
static apr_ssize_t decode(char *to, const char *raw, apr_size_t len)
{
    apr_size_t i;
    apr_ssize_t n = 0;

    for (i = 0; i < len; i++) {
        char c = raw[i];

        if (c == '%') {
            int high = i + 2 < len ? app_hex_digit(raw[i + 1]) : -1;
            int low = i + 2 < len ? app_hex_digit(raw[i + 2]) : -1;

            if (high < 0 || low < 0) {
                return -1;
            }
            c = (char)(high << 4 | low);
            if (c == '\0' || c == '/') {
                return -1;
            }
            i += 2;
        }
        if (c != '/' || n == 0 || to[n - 1] != '/') {
            to[n++] = c;
        }
    }
    return n;
}

/** Whether "." or ".." is a segment: what it leads to may be forbidden under its own name. */
static int has_dots(const char *path)
{
    while (*path) {
        apr_size_t len = strcspn(++path, "/");

        if ((len == 1 && path[0] == '.') || (len == 2 && path[0] == '.' && path[1] == '.')) {
            return 1;
        }
        path += len;
    }
    return 0;
}

apr_status_t app_target_decode(const char **ppath, const char *raw, app_error_t *err,
                               apr_pool_t *p)
{
    const char *start = skip_authority(raw);
    apr_size_t len = strcspn(start, "?#");
    apr_ssize_t n;
    char *path;

    if (len > APP_TARGET_MAX) {
        app_fail(err, APP_E_URL_TOO_LONG, "The path is longer than %d bytes", APP_TARGET_MAX);
        return app_hint(err, "Put values into the query string or the body.");
    }
    if (*start != '/') {
        return app_fail(err, APP_E_BAD_REQUEST, "The path does not begin with \"/\"");
    }
    path = apr_palloc(p, len + 1);
    n = decode(path, start, len);
    if (n < 0) {
        app_fail(err, APP_E_BAD_REQUEST, "The path holds a \"%%\" that cannot be decoded");
        return app_hint(err, "Two hexadecimal digits must follow it, but neither 00 nor 2F.");
    }
    path[n] = '\0';
    if (!app_utf8_valid(path, (apr_size_t)n)) {
        return app_fail(err, APP_E_BAD_REQUEST, "The path is not valid UTF-8");
    }
    if (has_dots(path)) {
        return app_fail(err, APP_E_BAD_REQUEST, "The path holds \".\" or \"..\" as a segment");
    }
    *ppath = path;
    return APR_SUCCESS;
}

int app_target_split(app_target_t *target, const char *path, apr_size_t base, apr_pool_t *p)
{
    static const struct {
        const char *name;
        apr_size_t  len;
        app_entry_e entry;
    } entries[] = { { "/api", 4, APP_ENTRY_API },
                    { "/health", 7, APP_ENTRY_HEALTH },
                    { "/status", 7, APP_ENTRY_STATUS },
                    { "/metrics", 8, APP_ENTRY_METRICS } };
    const char *rest = path + base;
    int i;

    for (i = 0; i < (int)(sizeof(entries) / sizeof(*entries)); i++) {
        apr_size_t len = entries[i].len;

        if (strncmp(rest, entries[i].name, len) == 0 && (rest[len] == '/' || !rest[len])) {
            target->entry = entries[i].entry;
            target->mount = apr_pstrmemdup(p, path, base + len);
            target->path = rest[len] ? apr_pstrdup(p, rest + len) : "/";
            return 1;
        }
    }
    return 0;
}
