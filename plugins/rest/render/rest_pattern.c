/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Patterns of like and ilike. SQLite's own LIKE ignores the case of ASCII letters, always and only
 * of these; GLOB heeds case. Thread of the request.
 */
#include <string.h>

#include "apr_strings.h"

#include "rest_pattern.h"

/*
 * Bytes of GLOB behind the first "*", or of a pattern of ilike. They may be compared anew at every
 * place of the text, and no deadline interrupts that.
 */
#define SOUGHT_MAX 1024

const char *rest_pattern_like(const char *text, apr_pool_t *p)
{
    char *pattern = apr_pstrdup(p, text), *star = pattern;

    while ((star = strchr(star, '*'))) {
        *star = '%';
    }
    return pattern;
}

static apr_status_t too_long(app_error_t *err)
{
    app_fail_code(err, "54000", 400, "the pattern is too long");
    return app_details(err, "There is room for %d bytes from the first \"*\" on, of ilike in all.",
                       SOUGHT_MAX);
}

static apr_status_t ends_with_escape(app_error_t *err)
{
    return app_fail_code(err, "22025", 400, "LIKE pattern must not end with escape character");
}

/** What is wrong with a pattern is said at once: later it would depend on which rows there are. */
apr_status_t rest_pattern_ilike(const char **ppattern, const char *text, app_error_t *err,
                                apr_pool_t *p)
{
    apr_size_t len = strlen(text), escapes = 0;

    while (escapes < len && text[len - escapes - 1] == '\\') {
        escapes++;
    }
    if (escapes % 2) {
        return ends_with_escape(err);
    }
    if (len > SOUGHT_MAX) {
        return too_long(err);
    }
    *ppattern = rest_pattern_like(text, p);
    return APR_SUCCESS;
}

/** Adds a character so that it stands for itself. */
static char *add_literal(char *to, char c)
{
    if (strchr("*?[", c)) {
        *to++ = '[';
        *to++ = c;
        c = ']';
    }
    *to++ = c;
    return to;
}

apr_status_t rest_pattern_glob(const char **pglob, const char *text, app_error_t *err,
                               apr_pool_t *p)
{
    const char *c = rest_pattern_like(text, p), *star;
    char *glob = apr_palloc(p, strlen(text) * strlen("[*]") + 1), *to = glob;

    for (; *c; c++) {
        if (*c == '%') {
            *to++ = '*';
        }
        else if (*c == '_') {
            *to++ = '?';
        }
        else if (*c != '\\') {
            to = add_literal(to, *c);
        }
        else if (*++c) {
            to = add_literal(to, *c);
        }
        else {
            return ends_with_escape(err);
        }
    }
    *to = '\0';
    star = strchr(glob, '*'); /* one that stands for itself is in brackets, and does no harm here */
    if (star && to - star > SOUGHT_MAX) {
        return too_long(err);
    }
    *pglob = glob;
    return APR_SUCCESS;
}
