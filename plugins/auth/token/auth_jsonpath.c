/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Paths into claims (auth_jsonpath.h). Compiled when the server is configured; followed in the
 * threads of requests, which share the compiled path and change nothing in it.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <string.h>

#include <pcre2.h>

#include "apr_lib.h"
#include "apr_strings.h"

#include "auth_jsonpath.h"

#define STEPS_MAX   32
#define INDEX_MAX   100000
#define TEXT_MAX    1024   /* bytes of a path */
#define MATCH_LIMIT 10000  /* steps of one regular expression over one value */
#define HEAP_LIMIT  1024   /* KiB of memory for it */

typedef enum step_e {
    STEP_NAME, STEP_INDEX, STEP_EQUAL, STEP_UNEQUAL, STEP_PREFIX, STEP_SUFFIX, STEP_CONTAINS,
    STEP_REGEX
} step_e;

typedef struct step_t {
    step_e      kind;
    const char *text; /* name or operand */
    apr_int64_t index;
    pcre2_code *regex;
} step_t;

struct auth_jsonpath_t {
    step_t               steps[STEPS_MAX];
    int                  nsteps;
    pcre2_match_context *limits;
};

typedef struct reader_t {
    const char *at;
    int         old; /* the older notation */
    apr_pool_t *pool;
} reader_t;

static apr_status_t free_regex(void *regex)
{
    pcre2_code_free(regex);
    return APR_SUCCESS;
}

static apr_status_t free_limits(void *limits)
{
    pcre2_match_context_free(limits);
    return APR_SUCCESS;
}

/* Reading. Each function returns whether what it is for stood there. */

static void blanks(reader_t *r)
{
    r->at += strspn(r->at, " \t");
}

static int word(reader_t *r, const char *text)
{
    apr_size_t len = strlen(text);

    blanks(r);
    if (strncmp(r->at, text, len) != 0) {
        return 0;
    }
    r->at += len;
    return 1;
}

static int is_name(const reader_t *r, char c, int first)
{
    if (r->old) {
        return apr_isalnum(c) || (c && strchr("_$@", c));
    }
    return apr_isalpha(c) || c == '_' || (c & 0x80) || (!first && apr_isdigit(c));
}

static int name(reader_t *r, const char **pname)
{
    const char *from = r->at;

    while (is_name(r, *r->at, r->at == from)) {
        r->at++;
    }
    *pname = apr_pstrmemdup(r->pool, from, (apr_size_t)(r->at - from));
    return r->at > from;
}

/** Between quotes. "\" stands before a quote or itself; in the older notation it is a character. */
static int string(reader_t *r, const char **ptext)
{
    char quote, *to;

    blanks(r);
    quote = *r->at;
    if (quote != '\'' && quote != '"') {
        return 0;
    }
    r->at++;
    *ptext = to = apr_palloc(r->pool, strlen(r->at) + 1);
    for (; *r->at && *r->at != quote; r->at++) {
        if (*r->at == '\\' && !r->old) {
            r->at++;
            if (!*r->at || !strchr("\\'\"/", *r->at)) {
                return 0;
            }
        }
        *to++ = *r->at;
    }
    *to = '\0';
    if (*r->at != quote) {
        return 0;
    }
    r->at++;
    return 1;
}

static int read_index(reader_t *r, apr_int64_t *pindex)
{
    apr_size_t len = strspn(r->at, "-0123456789");

    if (app_int64_parse(r->at, len, pindex) != APR_SUCCESS || *pindex > INDEX_MAX ||
        *pindex < -INDEX_MAX) {
        return 0;
    }
    r->at += len;
    return 1;
}

static int compile(reader_t *r, step_t *step, uint32_t options)
{
    int code;
    PCRE2_SIZE at;

    step->kind = STEP_REGEX;
    step->regex = pcre2_compile((PCRE2_SPTR)step->text, PCRE2_ZERO_TERMINATED,
                                options | PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C, &code, &at, NULL);
    if (!step->regex) {
        return 0;
    }
    apr_pool_cleanup_register(r->pool, step->regex, free_regex, apr_pool_cleanup_null);
    return 1;
}

/** search(@, 're') anywhere, match(@, 're') as a whole. */
static int function(reader_t *r, step_t *step)
{
    int whole = word(r, "match");

    return (whole || word(r, "search")) && word(r, "(") && word(r, "@") && word(r, ",") &&
           string(r, &step->text) && word(r, ")") &&
           compile(r, step, whole ? PCRE2_ANCHORED | PCRE2_ENDANCHORED : 0);
}

static int comparison(reader_t *r, step_t *step)
{
    static const struct { const char *word; step_e kind; int old; } operators[] = {
        { "==^", STEP_SUFFIX, 1 }, { "==", STEP_EQUAL, 0 },     { "!=", STEP_UNEQUAL, 0 },
        { "^==", STEP_PREFIX, 1 }, { "*==", STEP_CONTAINS, 1 },
    };
    apr_size_t i;

    if (!word(r, "@")) {
        return 0;
    }
    for (i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        if (operators[i].old <= r->old && word(r, operators[i].word)) {
            step->kind = operators[i].kind;
            return string(r, &step->text);
        }
    }
    return 0;
}

/** Behind "[?". */
static int filter(reader_t *r, step_t *step)
{
    int bracket = word(r, "(");

    if (r->old) {
        return bracket && comparison(r, step) && word(r, ")");
    }
    return (comparison(r, step) || function(r, step)) && (!bracket || word(r, ")"));
}

/** Behind "[". */
static int selector(reader_t *r, step_t *step)
{
    int found;

    if (word(r, "?")) {
        found = filter(r, step) && word(r, "]");
        return found && (!r->old || !*r->at);
    }
    step->kind = STEP_INDEX;
    if (read_index(r, &step->index)) {
        return word(r, "]") && (!r->old || step->index >= 0);
    }
    step->kind = STEP_NAME;
    return !r->old && string(r, &step->text) && word(r, "]");
}

static int read_step(reader_t *r, step_t *step)
{
    if (*r->at == '[') {
        r->at++;
        blanks(r);
        return selector(r, step);
    }
    if (*r->at != '.') {
        return 0;
    }
    r->at++;
    step->kind = STEP_NAME;
    return r->old && *r->at == '"' ? string(r, &step->text) : name(r, &step->text);
}

static apr_status_t refuse(const reader_t *r, const char *text, const char *setting,
                           app_error_t *err)
{
    apr_size_t at = (apr_size_t)(r->at - text), len = strlen(text);

    app_fail(err, APP_E_SETTING, "%s \"%s\" is not a path that is known, at character %d", setting,
             text, (int)(at < len ? at + 1 : len));
    return app_hint(err, "Accepted: $.name, ['name'], [0], [?@ == 'x'], [?@ != 'x'], "
                         "[?search(@, 're')], [?match(@, 're')], one behind the other; also the "
                         "older .name.\"na-me\"[0] with, as its last step, [?(@ == \"x\")], !=, "
                         "^==, ==^ or *==.");
}

apr_status_t auth_jsonpath_compile(auth_jsonpath_t **ppath, int *pold, const char *text,
                                   const char *setting, app_error_t *err, apr_pool_t *p)
{
    auth_jsonpath_t *path = apr_pcalloc(p, sizeof(*path));
    reader_t r = { .at = text, .old = *text != '$', .pool = p };

    r.at += !r.old;
    if (strlen(text) > TEXT_MAX || !app_utf8_valid(text, strlen(text)) || !*r.at) {
        return refuse(&r, text, setting, err);
    }
    for (; *r.at; path->nsteps++) {
        if (path->nsteps == STEPS_MAX || !read_step(&r, &path->steps[path->nsteps])) {
            return refuse(&r, text, setting, err);
        }
    }
    path->limits = pcre2_match_context_create(NULL);
    if (!path->limits) {
        return app_fail(err, APP_E_INTERNAL, NULL);
    }
    apr_pool_cleanup_register(p, path->limits, free_limits, apr_pool_cleanup_null);
    pcre2_set_match_limit(path->limits, MATCH_LIMIT);
    pcre2_set_heap_limit(path->limits, HEAP_LIMIT);
    *pold = r.old;
    *ppath = path;
    return APR_SUCCESS;
}

/* Following */

/** A match that takes too much is none. */
static int matches(const auth_jsonpath_t *path, const step_t *step, const json_t *value)
{
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    int found = data && pcre2_match(step->regex, (PCRE2_SPTR)json_string_value(value),
                                    json_string_length(value), 0, 0, data, path->limits) >= 0;

    pcre2_match_data_free(data);
    return found;
}

static int passes(const auth_jsonpath_t *path, const step_t *step, const json_t *value)
{
    const char *text = json_string_value(value);
    apr_size_t len = text ? json_string_length(value) : 0, want;

    if (!text) {
        return step->kind == STEP_UNEQUAL;
    }
    if (step->kind == STEP_REGEX) {
        return matches(path, step, value);
    }
    want = strlen(step->text);
    switch (step->kind) {
    case STEP_PREFIX:
        return strncmp(text, step->text, want) == 0;
    case STEP_SUFFIX:
        return len >= want && memcmp(text + len - want, step->text, want) == 0;
    case STEP_CONTAINS:
        return strstr(text, step->text) != NULL;
    default:
        return (len == want && memcmp(text, step->text, len) == 0) == (step->kind == STEP_EQUAL);
    }
}

static const json_t *follow(const auth_jsonpath_t *path, int i, const json_t *value);

static const json_t *follow_passing(const auth_jsonpath_t *path, int i, const json_t *value)
{
    const json_t *found = NULL;
    json_t *child;
    const char *key;
    size_t at;

    json_array_foreach(value, at, child) {
        if (passes(path, &path->steps[i], child) && (found = follow(path, i + 1, child))) {
            return found;
        }
    }
    json_object_foreach((json_t *)value, key, child) {
        if (passes(path, &path->steps[i], child) && (found = follow(path, i + 1, child))) {
            return found;
        }
    }
    return NULL;
}

/** Follows the steps from i on. */
static const json_t *follow(const auth_jsonpath_t *path, int i, const json_t *value)
{
    for (; value && i < path->nsteps; i++) {
        const step_t *step = &path->steps[i];

        if (step->kind == STEP_NAME) {
            value = json_object_get(value, step->text);
        }
        else if (step->kind == STEP_INDEX) {
            apr_int64_t at = step->index;

            at += at < 0 ? (apr_int64_t)json_array_size(value) : 0;
            value = at < 0 ? NULL : json_array_get(value, (size_t)at);
        }
        else {
            return follow_passing(path, i, value);
        }
    }
    return value;
}

const json_t *auth_jsonpath_first(const auth_jsonpath_t *path, const json_t *root)
{
    return follow(path, 0, root);
}
