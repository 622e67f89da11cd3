/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Step 1 of a request: the query string into a syntax tree. Each parameter is put to the scope
 * (the root, or the embed that its path leads to) that it speaks of. Called by rest.c; thread of
 * the request.
 */
#include <stdlib.h>
#include <string.h>

#include "apr_strings.h"

#include "rest_parse.h"

typedef struct parse_t {
    rest_query_t  *query;
    rest_given_t **given; /* where the next argument goes; NULL: all are filters */
    app_error_t   *err;
    apr_pool_t    *pool;
} parse_t;

/** Names divided by "."; the last one is handed out apart. @return whether the text was that */
static int lex_key(rest_cursor_t *c, rest_name_t **ppath, rest_name_t **plast)
{
    rest_name_t *name = apr_pcalloc(c->pool, sizeof(*name));

    *ppath = NULL;
    name->name = rest_lex_name(c);
    while (name->name && c->at < c->end && *c->at == '.') {
        c->at++;
        *ppath = name;
        ppath = &name->next;
        name = apr_pcalloc(c->pool, sizeof(*name));
        name->name = rest_lex_name(c);
    }
    *ppath = NULL;
    *plast = name;
    return name->name != NULL;
}

static int same_path(const rest_name_t *a, const rest_name_t *b)
{
    while (a && b && strcmp(a->name, b->name) == 0) {
        a = a->next;
        b = b->next;
    }
    return !a && !b;
}

static rest_scope_t *scope_of(parse_t *parse, rest_name_t *path)
{
    rest_scope_t **pscope = &parse->query->embeds;

    if (!path) {
        return &parse->query->root;
    }
    while (*pscope && !same_path((*pscope)->path, path)) {
        pscope = &(*pscope)->next;
    }
    if (!*pscope) {
        *pscope = apr_pcalloc(parse->pool, sizeof(**pscope));
        (*pscope)->path = path;
    }
    return *pscope;
}

static void add_filter(rest_scope_t *scope, rest_filter_t *filter)
{
    rest_filter_t **tail = &scope->filters;

    while (*tail) {
        tail = &(*tail)->next;
    }
    *tail = filter;
}

/** Where an operator needs no more to be one, its value must be right: it is no argument. */
static int is_operation(const char *value)
{
    return strncmp(value, "not.", 4) == 0 || strncmp(value, "in.", 3) == 0 ||
           strncmp(value, "is.", 3) == 0;
}

static apr_status_t add_given(parse_t *parse, const char *name, const app_pair_t *pair)
{
    rest_given_t *given = apr_pcalloc(parse->pool, sizeof(*given));

    given->name = name;
    given->value = pair->value;
    *parse->given = given;
    parse->given = &given->next;
    return APR_SUCCESS;
}

static apr_status_t parse_filter(parse_t *parse, const app_pair_t *pair)
{
    rest_filter_t *filter = apr_pcalloc(parse->pool, sizeof(*filter));
    rest_name_t *path, *last;
    rest_cursor_t c;

    rest_lex_init(&c, pair->key, pair->key_len, parse->pool);
    if (!lex_key(&c, &path, &last) || !rest_lex_path(&c, &filter->field.path) ||
        !rest_lex_end(&c)) {
        return rest_lex_fail(&c, "tree path", pair->key, parse->err);
    }
    filter->field.name = last->name;
    rest_lex_init(&c, pair->value, pair->value_len, parse->pool);
    if (!rest_parse_operation(&c, filter)) {
        return parse->given && !is_operation(pair->value)
                   ? add_given(parse, last->name, pair)
                   : rest_lex_fail(&c, "filter", pair->value, parse->err);
    }
    add_filter(scope_of(parse, path), filter);
    return APR_SUCCESS;
}

/** Takes the "not" out of a logic tree's path: it negates the tree. */
static int take_not(rest_name_t **ppath)
{
    int negated = 0;

    while (*ppath) {
        if (strcmp((*ppath)->name, "not") == 0) {
            *ppath = (*ppath)->next;
            negated = 1;
        }
        else {
            ppath = &(*ppath)->next;
        }
    }
    return negated;
}

static apr_status_t parse_logic(parse_t *parse, const app_pair_t *pair)
{
    rest_name_t *path, *last;
    rest_filter_t *tree;
    rest_cursor_t c;
    const char *text;

    rest_lex_init(&c, pair->key, pair->key_len, parse->pool);
    if (!lex_key(&c, &path, &last) || !rest_lex_end(&c)) {
        return rest_lex_fail(&c, "logic path", pair->key, parse->err);
    }
    text = apr_pstrcat(parse->pool, take_not(&path) ? "not." : "", last->name, pair->value, NULL);
    rest_lex_init(&c, text, strlen(text), parse->pool);
    if (!rest_parse_tree(&c, &tree)) {
        return rest_lex_fail(&c, "logic tree", pair->value, parse->err);
    }
    add_filter(scope_of(parse, path), tree);
    return APR_SUCCESS;
}

static apr_status_t parse_order(parse_t *parse, rest_scope_t *scope, const app_pair_t *pair)
{
    rest_cursor_t c;

    if (scope->has_order) {
        return APR_SUCCESS;
    }
    rest_lex_init(&c, pair->value, pair->value_len, parse->pool);
    if (!rest_parse_order(&c, &scope->order)) {
        return rest_lex_fail(&c, "order", pair->value, parse->err);
    }
    scope->has_order = 1;
    return APR_SUCCESS;
}

static void parse_limit(rest_scope_t *scope, const app_pair_t *pair)
{
    apr_int64_t value;

    scope->has_limit = app_int64_parse(pair->value, pair->value_len, &value) == APR_SUCCESS;
    scope->bad_limit = !scope->has_limit;
    if (scope->has_limit) {
        scope->limit = value;
    }
}

static void parse_offset(rest_scope_t *scope, const app_pair_t *pair)
{
    apr_int64_t value;

    if (app_int64_parse(pair->value, pair->value_len, &value) == APR_SUCCESS) {
        scope->offset = value;
        scope->has_offset = 1;
    }
}

/** order, limit or offset, of the root or with a path before it. */
static apr_status_t parse_scoped(parse_t *parse, const app_pair_t *pair, const char *word)
{
    rest_name_t *path, *last;
    rest_scope_t *scope;
    rest_cursor_t c;

    rest_lex_init(&c, pair->key, pair->key_len, parse->pool);
    if (!lex_key(&c, &path, &last) || !rest_lex_end(&c)) {
        return rest_lex_fail(&c, "tree path", pair->key, parse->err);
    }
    scope = scope_of(parse, path);
    if (strcmp(word, "limit") == 0) {
        parse_limit(scope, pair);
    }
    else if (strcmp(word, "offset") == 0) {
        parse_offset(scope, pair);
    }
    else {
        return parse_order(parse, scope, pair);
    }
    return APR_SUCCESS;
}

static apr_status_t parse_names(parse_t *parse, const app_pair_t *pair, const char *what,
                                rest_name_t **pnames)
{
    rest_cursor_t c;

    if (*pnames) {
        return APR_SUCCESS;
    }
    rest_lex_init(&c, pair->value, pair->value_len, parse->pool);
    return rest_parse_names(&c, pnames) ? APR_SUCCESS
                                        : rest_lex_fail(&c, what, pair->value, parse->err);
}

static apr_status_t parse_select(parse_t *parse, const app_pair_t *pair)
{
    rest_cursor_t c;

    if (parse->query->has_select) {
        return APR_SUCCESS;
    }
    parse->query->has_select = 1;
    rest_lex_init(&c, pair->value, pair->value_len, parse->pool);
    return rest_parse_select(&c, &parse->query->select)
               ? APR_SUCCESS
               : rest_lex_fail(&c, "select parameter", pair->value, parse->err);
}

/** The class of a key is decided by its last word. */
static apr_status_t parse_pair(parse_t *parse, const app_pair_t *pair)
{
    const char *dot = memrchr(pair->key, '.', pair->key_len);
    const char *word = dot ? dot + 1 : pair->key;

    if (strcmp(pair->key, "select") == 0) {
        return parse_select(parse, pair);
    }
    if (strcmp(pair->key, "columns") == 0) {
        return parse_names(parse, pair, "columns parameter", &parse->query->columns);
    }
    if (strcmp(pair->key, "on_conflict") == 0) {
        return parse_names(parse, pair, "on_conflict parameter", &parse->query->on_conflict);
    }
    if (strcmp(word, "order") == 0 || strcmp(word, "limit") == 0 || strcmp(word, "offset") == 0) {
        return parse_scoped(parse, pair, word);
    }
    if (strcmp(word, "and") == 0 || strcmp(word, "or") == 0) {
        return parse_logic(parse, pair);
    }
    return parse_filter(parse, pair);
}

static apr_status_t parse_pairs(rest_query_t **pquery, parse_t *parse, const char *query)
{
    const apr_array_header_t *pairs;
    int i;

    if (app_query_parse(query, &pairs, parse->err, parse->pool) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    parse->query->pairs = pairs;
    for (i = 0; i < pairs->nelts; i++) {
        const app_pair_t *pair = &APR_ARRAY_IDX(pairs, i, app_pair_t);

        if (pair->value && parse_pair(parse, pair) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    *pquery = parse->query;
    return APR_SUCCESS;
}

apr_status_t rest_parse_query(rest_query_t **pquery, const char *query, app_error_t *err,
                              apr_pool_t *p)
{
    parse_t parse = { .query = apr_pcalloc(p, sizeof(rest_query_t)), .err = err, .pool = p };

    return parse_pairs(pquery, &parse, query);
}

apr_status_t rest_parse_call(rest_query_t **pquery, const char *query, app_error_t *err,
                             apr_pool_t *p)
{
    parse_t parse = { .query = apr_pcalloc(p, sizeof(rest_query_t)), .err = err, .pool = p };

    parse.given = &parse.query->given;
    return parse_pairs(pquery, &parse, query);
}

typedef struct param_t {
    const app_pair_t *pair;
    int               index; /* keeps the sort stable */
} param_t;

static int compare_params(const void *left, const void *right)
{
    const param_t *a = left, *b = right;
    int order = strcmp(a->pair->key, b->pair->key);

    return order ? order : a->index - b->index;
}

const char *rest_query_location(const rest_query_t *query, const char *path, apr_pool_t *p)
{
    param_t *params = apr_palloc(p, sizeof(*params) * (apr_size_t)(query->pairs->nelts + 1));
    const char *last = NULL;
    int i, count = 0;
    app_buf_t buf;

    for (i = 0; i < query->pairs->nelts; i++) {
        const app_pair_t *pair = &APR_ARRAY_IDX(query->pairs, i, app_pair_t);

        if (pair->value) {
            params[count++] = (param_t){ pair, i };
        }
    }
    qsort(params, (apr_size_t)count, sizeof(*params), compare_params);
    app_buf_init(&buf, p, APR_SIZE_MAX / 2);
    app_buf_adds(&buf, path);
    for (i = 0; i < count; i++) {
        int again = last && strcmp(last, params[i].pair->key) == 0;

        if (!again) {
            app_buf_addc(&buf, i ? '&' : '?');
            app_buf_adds(&buf, app_url_encode(params[i].pair->key, p));
        }
        app_buf_adds(&buf, again ? "%2C" : "=");
        app_buf_adds(&buf, app_url_encode(params[i].pair->value, p));
        last = params[i].pair->key;
    }
    return buf.data;
}
