/* SPDX-License-Identifier: Apache-2.0 */
/** Accept, and the Content-Type that follows from it. Thread of the request. */
#include <stdlib.h>
#include <string.h>

#include "apr_lib.h"
#include "apr_strings.h"

#include "rest_accept.h"

#define TYPES_MAX 64 /* types looked at in one header */

/** A type and its rank. */
typedef struct ranked_t {
    rest_accepted_t *type;
    int              quality; /* thousandths */
    int              exactness;
    int              index;
} ranked_t;

static const struct {
    const char  *name;
    rest_media_e media;
} known[] = {
    { "application/json", REST_MEDIA_JSON },
    { "*/*", REST_MEDIA_ANY },
    { "application/vnd.pgrst.object+json", REST_MEDIA_OBJECT },
    { "application/vnd.pgrst.object", REST_MEDIA_OBJECT },
    { "text/csv", REST_MEDIA_CSV },
    { "application/vnd.pgrst.array+json", REST_MEDIA_JSON },
    { "application/vnd.pgrst.array", REST_MEDIA_JSON },
    { "application/geo+json", REST_MEDIA_GEOJSON },
    { "application/vnd.pgrst.plan", REST_MEDIA_PLAN },
    { "application/vnd.pgrst.plan+text", REST_MEDIA_PLAN },
    { "application/vnd.pgrst.plan+json", REST_MEDIA_PLAN },
    { "application/openapi+json", REST_MEDIA_OPENAPI },
};

static const rest_accepted_t json = { NULL, "application/json", "application/json",
                                      REST_MEDIA_JSON, 0, { 0 } };
static const rest_accepted_t anything = { NULL, "*/*", "*/*", REST_MEDIA_ANY, 0, { 0 } };

static rest_media_e media_of(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(name, known[i].name) == 0) {
            return known[i].media;
        }
    }
    return REST_MEDIA_OTHER;
}

static char *lower(const char *text, apr_size_t len, apr_pool_t *p)
{
    char *copy = apr_pstrmemdup(p, text, len), *c;

    for (c = copy; *c; c++) {
        *c = (char)apr_tolower(*c);
    }
    return copy;
}

/* Parameters */

/** Length of a text up to the next ";" that is not in quotes. */
static apr_size_t part_length(const char *text)
{
    const char *c;
    int quoted = 0;

    for (c = text; *c && (quoted || *c != ';'); c++) {
        quoted ^= *c == '"';
    }
    return (apr_size_t)(c - text);
}

/** The value of a parameter, without its quotes; NULL: there is none of that name. */
static const char *param(const char *text, const char *name, apr_pool_t *p)
{
    apr_size_t name_len = strlen(name), len = part_length(text);

    for (text += len; *text; text += len) {
        text++;
        len = part_length(text);
        if (len > name_len && text[name_len] == '=' && strncasecmp(text, name, name_len) == 0) {
            text += name_len + 1;
            len -= name_len + 1;
            return len > 1 && text[0] == '"' && text[len - 1] == '"'
                       ? apr_pstrmemdup(p, text + 1, len - 2)
                       : apr_pstrmemdup(p, text, len);
        }
    }
    return NULL;
}

static int is_stripped(const char *text, apr_pool_t *p)
{
    const char *nulls = param(text, "nulls", p);

    return nulls && strcmp(nulls, "stripped") == 0;
}

/** Whether a word is in a list that is divided by "|". */
static int lists(const char *list, const char *word)
{
    apr_size_t len, word_len = strlen(word);

    for (; list; list = list[len] ? list + len + 1 : NULL) {
        len = strcspn(list, "|");
        if (len == word_len && strncmp(list, word, len) == 0) {
            return 1;
        }
    }
    return 0;
}

static rest_accepted_t *read_type(const char *text, apr_pool_t *p);

static void read_explain(rest_accepted_t *type, apr_pool_t *p)
{
    rest_explain_t *explain = &type->explain;
    const char *of = param(type->text, "for", p), *options = param(type->text, "options", p);
    rest_accepted_t *inner = of ? read_type(of, p) : NULL;

    if (inner && inner->media == REST_MEDIA_PLAN) {
        inner->media = REST_MEDIA_OTHER; /* a plan has no plan */
    }
    explain->of = inner ? inner : &json;
    explain->json = strcmp(type->name, "application/vnd.pgrst.plan+json") == 0;
    explain->analyze = lists(options, "analyze");
    explain->verbose = lists(options, "verbose");
    explain->settings = lists(options, "settings");
    explain->buffers = lists(options, "buffers");
    explain->wal = lists(options, "wal");
}

static rest_accepted_t *read_type(const char *text, apr_pool_t *p)
{
    rest_accepted_t *type = apr_pcalloc(p, sizeof(*type));

    type->text = text;
    type->name = lower(text, strcspn(text, ";"), p);
    type->media = media_of(type->name);
    if (type->media == REST_MEDIA_PLAN) {
        read_explain(type, p);
    }
    else if (type->media == REST_MEDIA_OBJECT ||
             (type->media == REST_MEDIA_JSON && strcmp(type->name, json.name) != 0)) {
        type->stripped = is_stripped(text, p) != 0;
    }
    return type;
}

/* Ranks */

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

/** Takes q, and what stands behind it, off a type. @return q */
static int cut_quality(char *text)
{
    for (text += part_length(text); *text; text += 1 + part_length(text + 1)) {
        if (strncasecmp(text, ";q=", 3) == 0) {
            *text = '\0';
            return quality_of(text + 3);
        }
    }
    return 1000;
}

static int exactness_of(const char *text)
{
    int exactness = 0;

    for (; *text; text++) {
        exactness += *text == ';' ? 1 : *text == '*' ? -1 : 0;
    }
    return exactness;
}

static int compare(const void *left, const void *right)
{
    const ranked_t *a = left, *b = right;

    if (a->quality != b->quality) {
        return b->quality - a->quality;
    }
    if (a->exactness != b->exactness) {
        return b->exactness - a->exactness;
    }
    return a->index - b->index;
}

static int split(ranked_t *ranked, const char *accept, apr_pool_t *p)
{
    int count = 0;

    while (*accept && count < TYPES_MAX) {
        apr_size_t len = strcspn(accept, ",");
        char *text = apr_pstrmemdup(p, accept, len);
        ranked_t *next = &ranked[count];

        apr_collapse_spaces(text, text);
        if (*text) {
            next->index = count++;
            next->quality = cut_quality(text);
            next->exactness = exactness_of(text);
            next->type = read_type(text, p);
        }
        accept += len + (accept[len] == ',');
    }
    qsort(ranked, (apr_size_t)count, sizeof(*ranked), compare);
    return count;
}

const rest_accepted_t *rest_accept_parse(const char *accept, apr_pool_t *p)
{
    ranked_t ranked[TYPES_MAX];
    int i, count;

    if (!accept || strcmp(accept, "*/*") == 0 || !(count = split(ranked, accept, p))) {
        return &anything;
    }
    for (i = 1; i < count; i++) {
        ranked[i - 1].type->next = ranked[i].type;
    }
    return ranked[0].type;
}

/* The answer */

apr_status_t rest_accept_choose(const rest_accepted_t **pchosen, const rest_accepted_t *types,
                                rest_accept_fn *available, void *ctx, app_error_t *err)
{
    const rest_accepted_t *type;
    const char *names = "";

    for (type = types; type; type = type->next) {
        apr_status_t status = available(ctx, type, err);

        if (status == APR_SUCCESS) {
            *pchosen = type;
        }
        if (status != APR_NOTFOUND) {
            return status;
        }
    }
    for (type = types; type; type = type->next) {
        names = apr_pstrcat(err->pool, names, *names ? ", " : "", type->text, NULL);
    }
    return app_fail(err, APP_E_NOT_ACCEPTABLE, "None of these media types are available: %s",
                    names);
}

/** Type and parameters, as an answer names them. */
static const char *bare_type(const rest_accepted_t *type)
{
    switch (type->media) {
    case REST_MEDIA_OBJECT:
        return type->stripped ? "application/vnd.pgrst.object+json;nulls=stripped"
                              : "application/vnd.pgrst.object+json";
    case REST_MEDIA_JSON:
        return type->stripped ? "application/vnd.pgrst.array+json;nulls=stripped" : json.name;
    default:
        return type->name;
    }
}

static const char *plan_type(const rest_explain_t *explain, apr_pool_t *p)
{
    const char *options = apr_pstrcat(
        p, explain->analyze ? "|analyze" : "", explain->verbose ? "|verbose" : "",
        explain->settings ? "|settings" : "", explain->buffers ? "|buffers" : "",
        explain->wal ? "|wal" : "", NULL);

    return apr_psprintf(p, "application/vnd.pgrst.plan+%s; for=\"%s\"%s%s; charset=utf-8",
                        explain->json ? "json" : "text", bare_type(explain->of),
                        *options ? "; options=" : "", *options ? options + 1 : "");
}

static int has_charset(const rest_accepted_t *type)
{
    return type->media != REST_MEDIA_OTHER || strcmp(type->name, "text/plain") == 0 ||
           strcmp(type->name, "text/xml") == 0;
}

const char *rest_media_type(const rest_accepted_t *type, apr_pool_t *p)
{
    if (type->media == REST_MEDIA_PLAN) {
        return plan_type(&type->explain, p);
    }
    if (type->media == REST_MEDIA_ANY || (type->media == REST_MEDIA_JSON && !type->stripped)) {
        return "application/json; charset=utf-8";
    }
    return apr_pstrcat(p, bare_type(type), has_charset(type) ? "; charset=utf-8" : "", NULL);
}
