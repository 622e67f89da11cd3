/* SPDX-License-Identifier: Apache-2.0 */
/** SQL of SQLite as tokens. Used by the readers of its catalogue, in the thread that loads. */
#include <string.h>

#include "apr_lib.h"
#include "apr_strings.h"

#include "rest_ddl.h"

/** Where the token's quotes end: behind them, or at the end of a text that does not close them. */
static const char *end_of_quoted(const char *at, char close)
{
    for (at++; *at; at++) {
        if (*at == close && (close == ']' || at[1] != close)) {
            return at + 1;
        }
        at += *at == close;
    }
    return at;
}

static const char *skip_blanks(const char *at)
{
    const char *end;

    for (;;) {
        if (apr_isspace(*at)) {
            at++;
        }
        else if (at[0] == '-' && at[1] == '-') {
            at += strcspn(at, "\n");
        }
        else if (at[0] == '/' && at[1] == '*') {
            end = strstr(at + 2, "*/");
            at = end ? end + 2 : at + strlen(at);
        }
        else {
            return at;
        }
    }
}

static int is_word(char c)
{
    return apr_isalnum(c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

static const char *end_of_word(const char *at)
{
    while (is_word(*at)) {
        at++;
    }
    return at;
}

static rest_token_e kind_of(char c)
{
    if (!c) {
        return REST_TOKEN_END;
    }
    if (c == '\'') {
        return REST_TOKEN_STRING;
    }
    if (c == '"' || c == '`' || c == '[') {
        return REST_TOKEN_NAME;
    }
    if (apr_isdigit(c)) {
        return REST_TOKEN_NUMBER;
    }
    return is_word(c) ? REST_TOKEN_WORD : REST_TOKEN_SIGN;
}

void rest_ddl_next(rest_ddl_t *c)
{
    const char *at = skip_blanks(c->next), *end;

    c->kind = kind_of(*at);
    switch (c->kind) {
    case REST_TOKEN_END:
        end = at;
        break;
    case REST_TOKEN_SIGN:
        end = at + 1;
        break;
    case REST_TOKEN_STRING:
    case REST_TOKEN_NAME:
        end = end_of_quoted(at, *at == '[' ? ']' : *at);
        break;
    default:
        end = end_of_word(at);
        break;
    }
    c->text = at;
    c->len = (apr_size_t)(end - at);
    c->next = end;
}

void rest_ddl_start(rest_ddl_t *c, const char *sql)
{
    c->next = sql;
    rest_ddl_next(c);
}

int rest_ddl_is(const rest_ddl_t *c, const char *keyword)
{
    return c->kind == REST_TOKEN_WORD && c->len == strlen(keyword) &&
           strncasecmp(c->text, keyword, c->len) == 0;
}

int rest_ddl_is_sign(const rest_ddl_t *c, char sign)
{
    return c->kind == REST_TOKEN_SIGN && *c->text == sign;
}

int rest_ddl_is_name(const rest_ddl_t *c)
{
    return c->kind == REST_TOKEN_WORD || c->kind == REST_TOKEN_NAME ||
           c->kind == REST_TOKEN_STRING;
}

const char *rest_ddl_text(const rest_ddl_t *c, apr_pool_t *p)
{
    char *text = apr_pstrmemdup(p, c->text, c->len), *from = text + 1, *to = text;
    char quote = *text == '[' ? ']' : *text;

    if (c->kind != REST_TOKEN_NAME && c->kind != REST_TOKEN_STRING) {
        return text;
    }
    while (*from) {
        if (*from == quote && *++from != quote) {
            break;
        }
        *to++ = *from++;
    }
    *to = '\0';
    return text;
}

void rest_ddl_skip(rest_ddl_t *c)
{
    int depth = 0;

    do {
        depth += rest_ddl_is_sign(c, '(') - rest_ddl_is_sign(c, ')');
        rest_ddl_next(c);
    } while (depth > 0 && c->kind != REST_TOKEN_END);
}

int rest_ddl_is_compound(const char *sql)
{
    rest_ddl_t c;

    for (rest_ddl_start(&c, sql); c.kind != REST_TOKEN_END; rest_ddl_next(&c)) {
        if (rest_ddl_is(&c, "UNION") || rest_ddl_is(&c, "INTERSECT") || rest_ddl_is(&c, "EXCEPT")) {
            return 1;
        }
    }
    return 0;
}

int rest_ddl_mentions(const char *sql, const char *name, apr_pool_t *p)
{
    rest_ddl_t c;

    for (rest_ddl_start(&c, sql); c.kind != REST_TOKEN_END; rest_ddl_next(&c)) {
        if (rest_ddl_is(&c, name) ||
            (c.kind >= REST_TOKEN_NAME && c.kind <= REST_TOKEN_STRING &&
             strcasecmp(rest_ddl_text(&c, p), name) == 0)) {
            return 1;
        }
    }
    return 0;
}
