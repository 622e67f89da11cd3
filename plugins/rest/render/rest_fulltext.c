/* SPDX-License-Identifier: Apache-2.0 */
/**
 * PostgreSQL's four languages of full-text search into FTS5's. A word goes over as a string, which
 * the index's own tokenizer takes apart: so "foo-bar" is a phrase, as in PostgreSQL. Words side by
 * side are joined by a blank, FTS5's AND that overlooks a string without any token. Thread of the
 * request.
 */
#include <string.h>
#include <strings.h>

#include "apr_lib.h"
#include "apr_strings.h"

#include "rest_fulltext.h"

#define TEXT_MAX  16384
#define WORDS_MAX 200 /* FTS5 takes expressions that are 256 deep */
#define DEPTH_MAX 16  /* parentheses: FTS5's parser has a small stack */

typedef enum shape_e { PHRASE, PREFIX, WORDS, AND, OR, NOT } shape_e;

typedef struct expr_t {
    const char *text;    /* NULL: nothing is looked for */
    shape_e     shape;
    int         negated;
} expr_t;

static const expr_t nothing = { NULL, PHRASE, 0 };

typedef struct query_t {
    const char  *text, *at;
    const char *const *labels;
    int          words, depth;
    app_error_t *err;
    apr_pool_t  *pool;
} query_t;

/* Expressions of FTS5 */

/** A string of FTS5. */
static const char *quoted(const char *text, apr_size_t len, apr_pool_t *p)
{
    char *string = apr_palloc(p, len * 2 + 3), *to = string;
    apr_size_t i;

    *to++ = '"';
    for (i = 0; i < len; i++) {
        if (text[i] == '"') {
            *to++ = '"';
        }
        *to++ = text[i];
    }
    *to++ = '"';
    *to = '\0';
    return string;
}

static expr_t phrase(query_t *q, const char *text, apr_size_t len)
{
    expr_t e = nothing;

    q->words++;
    e.text = quoted(text, len, q->pool);
    return e;
}

static expr_t negate(expr_t e)
{
    e.negated = !e.negated;
    return e;
}

static int is_word(const expr_t *e)
{
    return e->shape == PHRASE || e->shape == PREFIX;
}

static const char *operand(const query_t *q, const expr_t *e, shape_e in)
{
    return is_word(e) || (e->shape == in && in != NOT)
               ? e->text
               : apr_pstrcat(q->pool, "(", e->text, ")", NULL);
}

static expr_t join(const query_t *q, const expr_t *a, shape_e shape, const expr_t *b)
{
    static const char *const words[] = { [WORDS] = " ", [AND] = " AND ", [OR] = " OR ",
                                         [NOT] = " NOT " };
    expr_t e = { NULL, shape, 0 };

    if (shape == AND && (is_word(a) || a->shape == WORDS) && is_word(b)) {
        e.shape = WORDS;
    }
    e.text = apr_pstrcat(q->pool, operand(q, a, e.shape), words[e.shape], operand(q, b, e.shape),
                         NULL);
    return e;
}

/** What is not there to be looked for does not count. */
static expr_t both(const query_t *q, expr_t a, expr_t b)
{
    if (!a.text || !b.text) {
        return a.text ? a : b;
    }
    if (a.negated && b.negated) {
        return negate(join(q, &a, OR, &b));
    }
    if (!a.negated && !b.negated) {
        return join(q, &a, AND, &b);
    }
    return a.negated ? join(q, &b, NOT, &a) : join(q, &a, NOT, &b);
}

static expr_t either(const query_t *q, expr_t a, expr_t b)
{
    return negate(both(q, negate(a), negate(b)));
}

/* Words */

static void skip_blanks(query_t *q)
{
    while (apr_isspace(*q->at)) {
        q->at++;
    }
}

/** All words up to the end are looked for. */
static expr_t read_plain(query_t *q)
{
    expr_t all = nothing;

    for (skip_blanks(q); *q->at && q->words <= WORDS_MAX; skip_blanks(q)) {
        const char *word = q->at;

        while (*q->at && !apr_isspace(*q->at)) {
            q->at++;
        }
        all = both(q, all, phrase(q, word, (apr_size_t)(q->at - word)));
    }
    return all;
}

static expr_t read_phrase(query_t *q)
{
    skip_blanks(q);
    return *q->at ? phrase(q, q->at, strlen(q->at)) : nothing;
}

/* The language of web searches */

/** A quoted phrase, or a word. */
static expr_t read_web_word(query_t *q)
{
    const char *end = *q->at == '"' ? strchr(q->at + 1, '"') : NULL, *word;

    if (end) {
        word = q->at + 1;
        q->at = end + 1;
        return word == end ? nothing : phrase(q, word, (apr_size_t)(end - word));
    }
    q->at += *q->at == '"';
    word = q->at;
    while (*q->at && !apr_isspace(*q->at) && *q->at != '"') {
        q->at++;
    }
    return word == q->at ? nothing : phrase(q, word, (apr_size_t)(q->at - word));
}

static expr_t read_web_operand(query_t *q)
{
    int negated = 0;

    for (skip_blanks(q); *q->at == '-'; skip_blanks(q)) {
        q->at++;
        negated = !negated;
    }
    return negated ? negate(read_web_word(q)) : read_web_word(q);
}

/** "or" between two operands. */
static int take_or(query_t *q)
{
    const char *at = q->at;

    if (strncasecmp(at, "or", 2) != 0 || (!apr_isspace(at[2]) && at[2] != '"')) {
        return 0;
    }
    at += 2;
    if (!at[strspn(at, " \t\r\n")]) {
        return 0;
    }
    q->at = at;
    return 1;
}

static expr_t read_web(query_t *q)
{
    expr_t all = nothing;

    for (skip_blanks(q); *q->at && q->words <= WORDS_MAX; skip_blanks(q)) {
        expr_t some = read_web_operand(q);

        for (skip_blanks(q); *q->at && q->words <= WORDS_MAX && !take_or(q); skip_blanks(q)) {
            some = both(q, some, read_web_operand(q));
        }
        all = all.text && some.text ? either(q, all, some) : all.text ? all : some;
    }
    return all;
}

/* The language with operators */

static apr_status_t bad_syntax(const query_t *q)
{
    return app_fail_code(q->err, "42601", 400, "syntax error in tsquery: \"%s\"", q->text);
}

static apr_status_t unavailable(const query_t *q, const char *details)
{
    app_fail(q->err, APP_E_NOT_IMPLEMENTED, NULL);
    q->err->status = 501;
    return app_details(q->err, "%s", details);
}

static int take(query_t *q, const char *word)
{
    apr_size_t len = strlen(word);

    skip_blanks(q);
    if (strncmp(q->at, word, len) != 0) {
        return 0;
    }
    q->at += len;
    return 1;
}

/** Looks for it in some columns only: then it is no word of a sequence any more. */
static void look_in(const query_t *q, expr_t *e, const char *columns)
{
    if (*columns) {
        e->text = apr_pstrcat(q->pool, "{", columns, "} : ", e->text, NULL);
        e->shape = NOT;
    }
}

/** Behind a word: ":*" looks for what begins like it, ":A" in the columns of that label. */
static apr_status_t read_flags(query_t *q, expr_t *e)
{
    const char *columns = "";

    if (*q->at != ':') {
        return APR_SUCCESS;
    }
    for (q->at++; *q->at && strchr("*ABCDabcd", *q->at); q->at++) {
        if (*q->at == '*') {
            e->shape = PREFIX;
        }
        else if (!q->labels) {
            return unavailable(q, "Weights in full-text search ('word:A') are not available on the "
                                  "SQLite backend");
        }
        else {
            columns = apr_pstrcat(q->pool, columns, *columns ? " " : "",
                                  q->labels[apr_toupper(*q->at) - 'A'], NULL);
        }
    }
    if (e->shape == PREFIX) {
        e->text = apr_pstrcat(q->pool, e->text, " *", NULL);
    }
    look_in(q, e, columns);
    return APR_SUCCESS;
}

/** 'a word' with '' and \ for what is special in it, or one that ends before an operator. */
static apr_status_t read_word(query_t *q, expr_t *e)
{
    char *word = apr_palloc(q->pool, strlen(q->at) + 1), *to = word;
    int in_quotes = *q->at == '\'';

    for (q->at += in_quotes; *q->at; q->at++) {
        if (in_quotes ? *q->at == '\'' && *++q->at != '\''
                      : apr_isspace(*q->at) || strchr("!|&():<", *q->at)) {
            break;
        }
        if (*q->at == '\\' && !*++q->at) {
            return bad_syntax(q);
        }
        *to++ = *q->at;
    }
    if (to == word || (in_quotes && q->at[-1] != '\'')) {
        return bad_syntax(q);
    }
    *e = phrase(q, word, (apr_size_t)(to - word));
    return read_flags(q, e);
}

static apr_status_t read_either(query_t *q, expr_t *e);

static apr_status_t read_group(query_t *q, expr_t *e)
{
    if (q->depth++ == DEPTH_MAX) {
        return app_fail_code(q->err, "54001", 400, "the search is nested too deeply");
    }
    if (read_either(q, e) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    q->depth--;
    return take(q, ")") ? APR_SUCCESS : bad_syntax(q);
}

static apr_status_t read_operand(query_t *q, expr_t *e)
{
    int negated = 0;
    apr_status_t status;

    while (take(q, "!")) {
        negated = !negated;
    }
    if (!*q->at) {
        return app_fail_code(q->err, "42601", 400, "no operand in tsquery: \"%s\"", q->text);
    }
    status = take(q, "(") ? read_group(q, e) : read_word(q, e);
    if (negated && status == APR_SUCCESS) {
        *e = negate(*e);
    }
    return status;
}

/** Words that stand one behind the other. */
static apr_status_t read_sequence(query_t *q, expr_t *e)
{
    expr_t next;

    if (read_operand(q, e) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    while (take(q, "<->")) {
        if (read_operand(q, &next) != APR_SUCCESS) {
            return APP_EFAIL;
        }
        if (e->shape != PHRASE || !is_word(&next) || e->negated || next.negated) {
            return unavailable(q, "'<->' between anything but words is not available on the SQLite "
                                  "backend");
        }
        e->text = apr_pstrcat(q->pool, e->text, " + ", next.text, NULL);
        e->shape = next.shape;
    }
    if (q->at[0] == '<' && apr_isdigit(q->at[1])) {
        return unavailable(q, "Distances in full-text search ('<N>') are not available on the "
                              "SQLite backend");
    }
    return APR_SUCCESS;
}

static apr_status_t read_both(query_t *q, expr_t *e)
{
    expr_t next;

    if (read_sequence(q, e) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    while (take(q, "&")) {
        if (read_sequence(q, &next) != APR_SUCCESS) {
            return APP_EFAIL;
        }
        *e = both(q, *e, next);
    }
    return APR_SUCCESS;
}

static apr_status_t read_either(query_t *q, expr_t *e)
{
    expr_t next;

    if (read_both(q, e) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    while (take(q, "|")) {
        if (read_both(q, &next) != APR_SUCCESS) {
            return APP_EFAIL;
        }
        *e = either(q, *e, next);
    }
    return APR_SUCCESS;
}

static apr_status_t read_query(query_t *q, expr_t *e)
{
    *e = nothing;
    skip_blanks(q);
    if (!*q->at) {
        return APR_SUCCESS;
    }
    if (read_either(q, e) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return *q->at ? bad_syntax(q) : APR_SUCCESS;
}

apr_status_t rest_fulltext_translate(rest_match_t *match, rest_language_e language,
                                     const char *text, const char *const *labels,
                                     app_error_t *err, apr_pool_t *p)
{
    query_t q = { .text = text, .at = text, .labels = labels, .err = err, .pool = p };
    expr_t e = nothing;

    if (strlen(text) > TEXT_MAX) {
        return app_fail_code(err, "54000", 400, "the search is too long");
    }
    if (language == REST_LANGUAGE_QUERY) {
        if (read_query(&q, &e) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    else {
        e = language == REST_LANGUAGE_PLAIN ? read_plain(&q)
            : language == REST_LANGUAGE_WEB ? read_web(&q)
                                            : read_phrase(&q);
    }
    if (q.words > WORDS_MAX) {
        return app_fail_code(err, "54000", 400, "the search has more than %d words", WORDS_MAX);
    }
    match->text = e.text;
    match->negated = e.negated != 0;
    return APR_SUCCESS;
}

const char *rest_fulltext_of_column(const char *text, const char *column, apr_pool_t *p)
{
    return apr_pstrcat(p, "{", quoted(column, strlen(column), p), "} : (", text, ")", NULL);
}

int rest_fulltext_has_config(const char *tokenizer, const char *config)
{
    int stems = tokenizer && strncasecmp(tokenizer, "porter", strlen("porter")) == 0;

    return strcmp(config, stems ? "english" : "simple") == 0;
}
