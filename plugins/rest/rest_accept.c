/* SPDX-License-Identifier: Apache-2.0 */
/** Accept: which of our types the answer gets. Thread of the request. */
#include <stdlib.h>
#include <string.h>

#include "apr_lib.h"
#include "apr_strings.h"

#include "rest_plan.h"

#define RANGES_MAX 64 /* media ranges looked at in one header */

/** A media range and its rank. */
typedef struct range_t {
    const char *type; /* lower case, no blanks, without q */
    int         quality; /* thousandths */
    int         exactness;
    int         index;
} range_t;

/** q as thousandths: "0.8" is 800; what is no number counts as 1. */
static int quality_of(const char *text)
{
    int value, digit, weight = 100;

    if (!apr_isdigit(*text)) {
        return 1000;
    }
    value = *text == '0' ? 0 : 1000;
    text += text[1] == '.' ? 2 : 1;
    for (; apr_isdigit(*text) && weight; weight /= 10) {
        digit = *text++ - '0';
        value += digit * weight;
    }
    return value > 1000 ? 1000 : value;
}

static void read_range(range_t *range, char *text)
{
    char *c, *q = strstr(text, ";q=");

    range->quality = 1000;
    if (q) {
        apr_size_t len = 3 + strcspn(q + 3, ";");

        range->quality = quality_of(q + 3);
        memmove(q, q + len, strlen(q + len) + 1);
    }
    range->exactness = 0;
    for (c = text; *c; c++) {
        range->exactness += *c == ';' ? 1 : *c == '*' ? -1 : 0;
    }
    range->type = text;
}

static int compare_ranges(const void *left, const void *right)
{
    const range_t *a = left, *b = right;

    if (a->quality != b->quality) {
        return b->quality - a->quality;
    }
    if (a->exactness != b->exactness) {
        return b->exactness - a->exactness;
    }
    return a->index - b->index;
}

static int split(range_t *ranges, const char *accept, apr_pool_t *p)
{
    int count = 0;

    while (*accept && count < RANGES_MAX) {
        apr_size_t len = strcspn(accept, ",");
        char *text = apr_pstrmemdup(p, accept, len), *c;

        apr_collapse_spaces(text, text);
        for (c = text; *c; c++) {
            *c = (char)apr_tolower(*c);
        }
        if (*text) {
            ranges[count].index = count;
            read_range(&ranges[count++], text);
        }
        accept += len + (accept[len] == ',');
    }
    qsort(ranges, (apr_size_t)count, sizeof(*ranges), compare_ranges);
    return count;
}

static int bare_is(const char *type, const char *name)
{
    apr_size_t len = strlen(name);

    return strncmp(type, name, len) == 0 && (type[len] == '\0' || type[len] == ';');
}

/** Types of the dialect that are known and not served. A plan is none: it is off unless allowed. */
static int known(const char *type)
{
    return bare_is(type, "text/csv") || bare_is(type, "application/geo+json") ||
           (strncmp(type, "application/vnd.pgrst.", 22) == 0 && strstr(type, ";nulls=stripped"));
}

static apr_status_t refuse(const char *type, app_db_kind_e kind, app_error_t *err)
{
    if (kind == APP_DB_SQLITE && bare_is(type, "application/geo+json")) {
        return rest_unavailable(kind, err,
                                "GeoJSON output is not available on the SQLite backend");
    }
    return rest_unavailable(kind, err, "Answers of type '%s' are not available", type);
}

/** @return whether the type is one of ours */
static int serve(const char *type, rest_media_e *pmedia)
{
    if (strstr(type, ";nulls=stripped")) {
        return 0;
    }
    if (bare_is(type, "*/*") || bare_is(type, "application/json") ||
        bare_is(type, "application/vnd.pgrst.array+json") ||
        bare_is(type, "application/vnd.pgrst.array")) {
        *pmedia = REST_MEDIA_JSON;
        return 1;
    }
    if (bare_is(type, "application/vnd.pgrst.object+json") ||
        bare_is(type, "application/vnd.pgrst.object")) {
        *pmedia = REST_MEDIA_OBJECT;
        return 1;
    }
    return 0;
}

apr_status_t rest_accept_choose(rest_media_e *pmedia, const char *accept, app_db_kind_e kind,
                                app_error_t *err, apr_pool_t *p)
{
    range_t ranges[RANGES_MAX];
    const char *names = "";
    int i, count;

    *pmedia = REST_MEDIA_JSON;
    if (!accept || strcmp(accept, "*/*") == 0 || !(count = split(ranges, accept, p))) {
        return APR_SUCCESS;
    }
    for (i = 0; i < count; i++) {
        if (serve(ranges[i].type, pmedia)) {
            return APR_SUCCESS;
        }
        if (known(ranges[i].type)) {
            return refuse(ranges[i].type, kind, err);
        }
    }
    for (i = 0; i < count; i++) {
        names = apr_pstrcat(p, names, i ? ", " : "", ranges[i].type, NULL);
    }
    return app_fail(err, APP_E_NOT_ACCEPTABLE, "None of these media types are available: %s",
                    names);
}

const char *rest_media_type(rest_media_e media)
{
    return media == REST_MEDIA_OBJECT ? "application/vnd.pgrst.object+json; charset=utf-8"
                                      : "application/json; charset=utf-8";
}
