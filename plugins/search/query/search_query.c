/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The language of search boxes into to_tsquery()'s, in which every operand is quoted and has no
 * punctuation, so that nothing in it is an operator but what is written here. Thread of the request.
 */
#include <string.h>
#include <strings.h>

#include "apr_lib.h"
#include "apr_strings.h"

#include "search_query.h"

typedef struct reader_t {
    const char *at;
    app_buf_t   out;
    int         words;  /* operands written */
    int         wanted; /* of these not negated */
    int         open;   /* a side of "|" is open, and holds something */
    char        every;  /* label of operands without a field; 0: none */
    int         plain;  /* no operand has a label */
    const search_fields_t *fields;
} reader_t;

static void skip_blanks(reader_t *c)
{
    while (apr_isspace(*c->at)) {
        c->at++;
    }
}

/** Whether some byte of it may belong to a word: punctuation alone is nothing to look for. */
static int has_word(const char *text, apr_size_t len)
{
    apr_size_t i;

    for (i = 0; i < len; i++) {
        if (apr_isalnum(text[i]) || (text[i] & 0x80)) {
            return 1;
        }
    }
    return 0;
}

static void add_operand(reader_t *c, const char *text, apr_size_t len, const char *flags,
                        int negated)
{
    apr_size_t i;

    if (!has_word(text, len) || c->words == SEARCH_WORDS_MAX) {
        return;
    }
    app_buf_adds(&c->out, c->open ? " & " : "");
    app_buf_adds(&c->out, negated ? "!'" : "'");
    for (i = 0; i < len; i++) { /* PostgreSQL would take "a/b" for one word, a path */
        app_buf_addc(&c->out, apr_ispunct(text[i]) ? ' ' : text[i]);
    }
    app_buf_addf(&c->out, "'%s%s", *flags ? ":" : "", flags);
    c->open = 1;
    c->words++;
    c->wanted += !negated;
}

/** "title:", if there is such a field. @return its label, or that of words without one */
static char take_field(reader_t *c)
{
    apr_size_t len = strcspn(c->at, ": \t\r\n\"");
    char label;

    if (!len || c->at[len] != ':' || !c->at[len + 1] || apr_isspace(c->at[len + 1]) ||
        !(label = c->fields->label(c->fields->ctx, c->at, len))) {
        return c->every;
    }
    c->at += len + 1;
    return (char)(c->plain ? 0 : label);
}

/** A word or a phrase; a quote that is not closed goes up to the end. */
static void read_operand(reader_t *c, int negated)
{
    char flags[3] = { take_field(c), 0, 0 };
    int quoted = *c->at == '"';
    const char *from = c->at += quoted;
    apr_size_t len = quoted ? strcspn(from, "\"") : strcspn(from, " \t\r\n\"");

    c->at += len + (quoted && from[len] == '"');
    if (!quoted && len > 1 && from[len - 1] == '*') {
        len--;
        flags[flags[0] != 0] = '*';
    }
    add_operand(c, from, len, flags, negated);
}

/** "OR" or "|" between operands. */
static int take_or(reader_t *c)
{
    apr_size_t len = *c->at == '|' ? 1 : strncmp(c->at, "OR", 2) == 0 ? 2 : 0;

    if (!len || !apr_isspace(c->at[len]) || !c->at[len + strspn(c->at + len, " \t\r\n")]) {
        return 0;
    }
    c->at += len;
    return 1;
}

static void read_all(reader_t *c)
{
    for (skip_blanks(c); *c->at; skip_blanks(c)) {
        int negated = *c->at == '-' && c->at[1] && !apr_isspace(c->at[1]);

        if (take_or(c)) {
            if (c->open) {
                app_buf_adds(&c->out, " | ");
            }
            c->open = 0;
        }
        else {
            c->at += negated;
            read_operand(c, negated);
        }
    }
}

/** An "or" behind which nothing came. */
static void drop_last_or(reader_t *c)
{
    if (!c->open && c->out.len >= 3) {
        c->out.len -= 3;
        c->out.data[c->out.len] = '\0';
    }
}

/** Blanks around it do not count, and no character is cut in two. */
static const char *trimmed(const char *text, apr_pool_t *p)
{
    apr_size_t len;

    text += strspn(text, " \t\r\n");
    len = strlen(text);
    if (len > SEARCH_TEXT_MAX) {
        for (len = SEARCH_TEXT_MAX; len && (text[len] & 0xc0) == 0x80; len--) {
        }
    }
    while (len && apr_isspace(text[len - 1])) {
        len--;
    }
    return apr_pstrmemdup(p, text, len);
}

static const char *translated(reader_t *c, const char *text, apr_pool_t *p)
{
    c->at = text;
    app_buf_init(&c->out, p, SEARCH_TEXT_MAX * 8);
    read_all(c);
    drop_last_or(c);
    return c->wanted ? c->out.data : NULL;
}

void search_query_read(search_query_t *query, const char *text, const search_fields_t *fields,
                       apr_pool_t *p)
{
    reader_t whole = { .fields = fields }, titles = { .fields = fields, .every = fields->title };
    reader_t plain = { .fields = fields, .plain = 1 };

    query->text = trimmed(text, p);
    query->tsquery = translated(&whole, query->text, p);
    query->in_title = translated(&titles, query->text, p);
    query->plain = translated(&plain, query->text, p);
    query->words = whole.wanted;
    query->negates = whole.words > whole.wanted;
}
