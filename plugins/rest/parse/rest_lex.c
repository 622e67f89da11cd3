/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Lexemes of the query string, and the sentence that answers a syntax error. Thread of the
 * request.
 */
#include <string.h>

#include "apr_lib.h"
#include "apr_strings.h"

#include "rest_lex.h"

#define TAB_WIDTH 8

static const char field_label[] = "field name (* or [a..z0..9_$])";

void rest_lex_init(rest_cursor_t *c, const char *text, apr_size_t len, apr_pool_t *p)
{
    memset(c, 0, sizeof(*c));
    c->start = c->at = c->miss = text;
    c->end = text + len;
    c->pool = p;
}

int rest_lex_miss(rest_cursor_t *c, const char *at, const char *label)
{
    int i;

    if (at < c->miss) {
        return 0;
    }
    if (at > c->miss) {
        c->miss = at;
        c->nlabels = 0;
    }
    for (i = 0; i < c->nlabels; i++) {
        if (strcmp(c->labels[i], label) == 0) {
            return 0;
        }
    }
    if (c->nlabels < REST_LABELS_MAX) {
        c->labels[c->nlabels++] = label;
    }
    return 0;
}

/** Line and column as the dialect's reference counts them: characters, tabs to the next eighth. */
static void position(const rest_cursor_t *c, int *pline, int *pcolumn)
{
    const char *at;

    *pline = *pcolumn = 1;
    for (at = c->start; at < c->miss; at++) {
        if (*at == '\n') {
            ++*pline;
            *pcolumn = 1;
        }
        else if (*at == '\t') {
            *pcolumn += TAB_WIDTH - (*pcolumn - 1) % TAB_WIDTH;
        }
        else if ((*at & 0xC0) != 0x80) {
            ++*pcolumn;
        }
    }
}

/** The character that came instead; of a word that began like an expected one, where it differs. */
static const char *unexpected(const rest_cursor_t *c)
{
    const char *at = c->miss, *label = c->nlabels ? c->labels[0] : "";
    apr_size_t len = 1;

    if (*label == '"') {
        while (at < c->end && label[1] != '"' && *at == label[1]) {
            at++;
            label++;
        }
    }
    if (at == c->end) {
        return "end of input";
    }
    while (at + len < c->end && (at[len] & 0xC0) == 0x80) {
        len++;
    }
    return apr_pstrcat(c->pool, "\"", apr_pstrmemdup(c->pool, at, len), "\"", NULL);
}

apr_status_t rest_lex_fail(const rest_cursor_t *c, const char *what, const char *text,
                           app_error_t *err)
{
    const char *expecting = "";
    int line, column, i;

    for (i = 0; i < c->nlabels; i++) {
        expecting = apr_pstrcat(c->pool, expecting,
                                i == 0 ? " expecting " : i + 1 < c->nlabels ? ", " : " or ",
                                c->labels[i], NULL);
    }
    position(c, &line, &column);
    app_fail(err, APP_E_QUERY_SYNTAX, "\"failed to parse %s (%s)\" (line %d, column %d)", what,
             text, line, column);
    return app_details(err, "unexpected %s%s", unexpected(c), expecting);
}

void rest_lex_blanks(rest_cursor_t *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t')) {
        c->at++;
    }
}

int rest_lex_char(rest_cursor_t *c, char ch, const char *label)
{
    if (c->at < c->end && *c->at == ch) {
        c->at++;
        return 1;
    }
    return rest_lex_miss(c, c->at, label);
}

int rest_lex_word(rest_cursor_t *c, const char *word)
{
    apr_size_t len = strlen(word);

    if ((apr_size_t)(c->end - c->at) >= len && memcmp(c->at, word, len) == 0) {
        c->at += len;
        return 1;
    }
    return 0;
}

int rest_lex_end(rest_cursor_t *c)
{
    return c->at == c->end || rest_lex_miss(c, c->at, "end of input");
}

/** Every character beyond ASCII counts as a letter: what is none is found in no schema. */
static int is_ident(char ch)
{
    return apr_isalnum(ch) || (ch & 0x80) || ch == '_' || ch == ' ' || ch == '$';
}

static const char *trimmed(rest_cursor_t *c, const char *from, const char *to)
{
    while (from < to && *from == ' ') {
        from++;
    }
    while (to > from && to[-1] == ' ') {
        to--;
    }
    return apr_pstrmemdup(c->pool, from, (apr_size_t)(to - from));
}

const char *rest_lex_ident(rest_cursor_t *c, const char *label)
{
    const char *from = c->at;

    while (c->at < c->end && is_ident(*c->at)) {
        c->at++;
    }
    if (c->at == from) {
        rest_lex_miss(c, c->at, label);
        return NULL;
    }
    return trimmed(c, from, c->at);
}

const char *rest_lex_quoted(rest_cursor_t *c)
{
    const char *from, *at;
    char *text, *to;

    if (!rest_lex_char(c, '"', "\"")) {
        return NULL;
    }
    from = c->at;
    while (c->at < c->end && *c->at != '"') {
        c->at += *c->at == '\\' && c->end - c->at > 1 ? 2 : 1;
    }
    at = c->at;
    if (!rest_lex_char(c, '"', "\"")) {
        return NULL;
    }
    text = to = apr_palloc(c->pool, (apr_size_t)(at - from) + 1);
    for (; from < at; from++) {
        from += *from == '\\';
        *to++ = *from;
    }
    *to = '\0';
    return text;
}

/** Copies a name of several words with "-" between them; blanks around each word go. */
static const char *words_trimmed(rest_cursor_t *c, const char *from, const char *to)
{
    char *name = apr_palloc(c->pool, (apr_size_t)(to - from) + 1), *end = name;

    for (; from < to; from++) {
        int at_start = end == name || end[-1] == '-';

        if (*from == '-') {
            while (end > name && end[-1] == ' ') {
                end--;
            }
        }
        if (*from != ' ' || !at_start) {
            *end++ = *from;
        }
    }
    while (end > name && end[-1] == ' ') {
        end--;
    }
    *end = '\0';
    return name;
}

const char *rest_lex_name(rest_cursor_t *c)
{
    const char *from = c->at;
    int dashes = 0;

    if (c->at < c->end && *c->at == '"') {
        return rest_lex_quoted(c);
    }
    for (;;) {
        const char *word = c->at;

        while (c->at < c->end && is_ident(*c->at)) {
            c->at++;
        }
        if (c->at == word) {
            rest_lex_miss(c, c->at, field_label);
            return NULL;
        }
        if (c->at == c->end || *c->at != '-' || (c->end - c->at > 1 && c->at[1] == '>')) {
            break;
        }
        c->at++;
        dashes++;
    }
    return dashes ? words_trimmed(c, from, c->at) : trimmed(c, from, c->at);
}

static int miss_end_of_index(rest_cursor_t *c, const char *at)
{
    static const char *const labels[] = { "digit", "\"->\"", "\"::\"", "\".\"", "\",\"",
                                          "end of input" };
    apr_size_t i;

    for (i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
        rest_lex_miss(c, at, labels[i]);
    }
    return 0;
}

/** An index counts only if the operand ends behind it. */
static int lex_index(rest_cursor_t *c, apr_int64_t *pindex)
{
    const char *at = c->at + (c->at < c->end && *c->at == '-');
    const char *digits = at;

    while (at < c->end && apr_isdigit(*at)) {
        at++;
    }
    if (at == digits) {
        return at > c->at && rest_lex_miss(c, at, "digit");
    }
    if (app_int64_parse(c->at, (apr_size_t)(at - c->at), pindex) != APR_SUCCESS) {
        return 0;
    }
    if (at < c->end && !strchr(".,)", *at) && (c->end - at < 2 || (memcmp(at, "->", 2) != 0 &&
                                                                   memcmp(at, "::", 2) != 0))) {
        return miss_end_of_index(c, at);
    }
    c->at = at;
    return 1;
}

static int is_key(const char *at, const char *end)
{
    return at < end && !strchr("(-:.,>)", *at);
}

static const char *lex_key(rest_cursor_t *c)
{
    const char *from = c->at;

    while (is_key(c->at, c->end) ||
           (c->at > from && c->at < c->end && *c->at == '-' && is_key(c->at + 1, c->end))) {
        c->at++;
    }
    if (c->at == from) {
        rest_lex_miss(c, c->at, "any non reserved character different from: .,>()");
        return NULL;
    }
    return trimmed(c, from, c->at);
}

int rest_lex_path(rest_cursor_t *c, rest_step_t **ppath)
{
    while (c->end - c->at >= 2 && memcmp(c->at, "->", 2) == 0) {
        rest_step_t *step = apr_pcalloc(c->pool, sizeof(*step));

        c->at += 2;
        if (c->at < c->end && *c->at == '>') {
            step->text = 1;
            c->at++;
        }
        if (!lex_index(c, &step->index)) {
            step->key = c->at < c->end && *c->at == '"' ? rest_lex_quoted(c) : lex_key(c);
            if (!step->key) {
                return 0;
            }
        }
        *ppath = step;
        ppath = &step->next;
    }
    return 1;
}

int rest_lex_field(rest_cursor_t *c, rest_field_t *field)
{
    field->path = NULL;
    field->name = rest_lex_name(c);
    return field->name && rest_lex_path(c, &field->path);
}
