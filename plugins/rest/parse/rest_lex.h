/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Lexemes of the dialect's grammar over a bounded cursor. A function that does not find what it is
 * for notes what it expected and where, and leaves the cursor in place unless it says otherwise;
 * the furthest such note becomes the message. Used by rest_parse*.c only.
 */
#ifndef REST_LEX_H
#define REST_LEX_H

#include "rest_query.h"

#define REST_LABELS_MAX 6

typedef struct rest_cursor_t {
    const char *start, *at, *end;
    apr_pool_t *pool;
    const char *miss; /* furthest place where something else was expected */
    const char *labels[REST_LABELS_MAX];
    int         nlabels;
    int         depth;
} rest_cursor_t;

void rest_lex_init(rest_cursor_t *c, const char *text, apr_size_t len, apr_pool_t *p);

/** Notes that label was expected at a place. @return always 0 */
int rest_lex_miss(rest_cursor_t *c, const char *at, const char *label);

/** Refuses with "failed to parse WHAT (TEXT)". @return always APP_EFAIL */
apr_status_t rest_lex_fail(const rest_cursor_t *c, const char *what, const char *text,
                           app_error_t *err);

void rest_lex_blanks(rest_cursor_t *c);

/** Steps over ch, or over a whole word. @return whether it was there */
int rest_lex_char(rest_cursor_t *c, char ch, const char *label);
int rest_lex_word(rest_cursor_t *c, const char *word);

/** The end of the text. */
int rest_lex_end(rest_cursor_t *c);

/** @return the lexeme, or NULL; the cursor is then anywhere */
const char *rest_lex_ident(rest_cursor_t *c, const char *label);
const char *rest_lex_quoted(rest_cursor_t *c);
const char *rest_lex_name(rest_cursor_t *c);

/** @return whether there was one; the cursor is otherwise anywhere */
int rest_lex_path(rest_cursor_t *c, rest_step_t **ppath);
int rest_lex_field(rest_cursor_t *c, rest_field_t *field);

#endif
