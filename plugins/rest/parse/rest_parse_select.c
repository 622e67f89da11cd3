/* SPDX-License-Identifier: Apache-2.0 */
/** select=, columns=, on_conflict= and order=: lists of fields. Thread of the request. */
#include <string.h>

#include "rest_parse.h"

static int parse_items(rest_cursor_t *c, rest_item_t **pitems);

/** A type goes into PostgreSQL's statement as it is written, where "$$" would open a string. */
static int lex_cast(rest_cursor_t *c, const char **pcast)
{
    if (!rest_lex_word(c, "::")) {
        return 1;
    }
    *pcast = rest_lex_ident(c, "cast type");
    if (*pcast && strchr(*pcast, '$')) {
        return rest_lex_miss(c, c->at, "cast type without \"$\"");
    }
    return *pcast != NULL;
}

static int lex_aggregate(rest_cursor_t *c, rest_item_t *item)
{
    static const char *const words[] = { "sum()", "avg()", "min()", "max()", "count()", NULL };
    int i;

    if (c->at == c->end || *c->at != '.') {
        return 1;
    }
    c->at++;
    for (i = 0; words[i]; i++) {
        if (rest_lex_word(c, words[i])) {
            item->aggregate = (rest_aggregate_e)(REST_AGG_SUM + i);
            return lex_cast(c, &item->aggregate_cast);
        }
    }
    return rest_lex_miss(c, c->at, "aggregate function (sum(), avg(), min(), max(), count())");
}

/** "!inner", "!left" and a hint, in any order. */
static int lex_params(rest_cursor_t *c, rest_item_t *item)
{
    int i;

    for (i = 0; i < 2 && c->at < c->end && *c->at == '!'; i++) {
        const char *param;

        c->at++;
        if (!(param = rest_lex_name(c))) {
            return 0;
        }
        if (strcmp(param, "inner") == 0) {
            item->inner = 1;
        }
        else if (strcmp(param, "left") != 0) {
            item->hint = param;
        }
    }
    return 1;
}

/** What follows the name of an embed. */
static int parse_embed(rest_cursor_t *c, rest_item_t *item, rest_item_e kind)
{
    int ok;

    item->kind = kind;
    if (!lex_params(c, item) || !rest_lex_char(c, '(', "\"(\"")) {
        return 0;
    }
    if (c->depth == REST_DEPTH_MAX) {
        return rest_lex_miss(c, c->at, "no deeper nesting than 16 levels");
    }
    c->depth++;
    ok = parse_items(c, &item->select) && rest_lex_char(c, ')', "\")\"");
    c->depth--;
    return ok;
}

/** "alias:", but not the "::" of a cast. */
static const char *lex_alias(rest_cursor_t *c)
{
    const char *from = c->at, *alias = rest_lex_name(c);

    if (alias && c->at < c->end && *c->at == ':' && (c->end - c->at < 2 || c->at[1] != ':')) {
        c->at++;
        return alias;
    }
    c->at = from;
    return NULL;
}

static int parse_column(rest_cursor_t *c, rest_item_t *item)
{
    item->alias = lex_alias(c);
    if (rest_lex_word(c, "count()")) {
        item->kind = REST_ITEM_COUNT;
        return lex_cast(c, &item->cast);
    }
    if (!(item->field.name = rest_lex_name(c))) {
        return 0;
    }
    if (c->at < c->end && (*c->at == '!' || *c->at == '(') &&
        strcmp(item->field.name, "count") != 0) {
        return parse_embed(c, item, REST_ITEM_EMBED);
    }
    item->kind = REST_ITEM_COLUMN;
    return rest_lex_path(c, &item->field.path) && lex_cast(c, &item->cast) &&
           lex_aggregate(c, item);
}

static int parse_item(rest_cursor_t *c, rest_item_t *item)
{
    if (rest_lex_word(c, "...")) {
        item->field.name = rest_lex_name(c);
        return item->field.name && parse_embed(c, item, REST_ITEM_SPREAD);
    }
    if (rest_lex_word(c, "*")) {
        item->kind = REST_ITEM_STAR;
        return 1;
    }
    return parse_column(c, item);
}

/** Items up to the end, or up to the ")" that ends an embed. */
static int parse_items(rest_cursor_t *c, rest_item_t **pitems)
{
    rest_lex_blanks(c);
    if (c->at == c->end || *c->at == ')') {
        return 1;
    }
    for (;;) {
        rest_item_t *item = apr_pcalloc(c->pool, sizeof(*item));

        rest_lex_blanks(c);
        if (!parse_item(c, item)) {
            return 0;
        }
        *pitems = item;
        pitems = &item->next;
        rest_lex_blanks(c);
        if (c->at == c->end || *c->at == ')') {
            return 1;
        }
        if (!rest_lex_char(c, ',', "\",\"")) {
            return 0;
        }
    }
}

int rest_parse_select(rest_cursor_t *c, rest_item_t **pitems)
{
    return parse_items(c, pitems) && rest_lex_end(c);
}

int rest_parse_names(rest_cursor_t *c, rest_name_t **pnames)
{
    do {
        rest_name_t *name = apr_pcalloc(c->pool, sizeof(*name));

        rest_lex_blanks(c);
        if (!(name->name = rest_lex_name(c))) {
            return 0;
        }
        *pnames = name;
        pnames = &name->next;
        rest_lex_blanks(c);
    } while (rest_lex_char(c, ',', "\",\""));
    return rest_lex_end(c);
}

/** The options behind a term of order: ".desc", ".nullslast". */
static int lex_order_options(rest_cursor_t *c, rest_order_t *term)
{
    static const char label[] = "\"asc\", \"desc\", \"nullsfirst\" or \"nullslast\"";
    int directed = 0;

    while (c->at < c->end && *c->at == '.') {
        c->at++;
        if (!directed && rest_lex_word(c, "asc")) {
            directed = 1;
        }
        else if (!directed && rest_lex_word(c, "desc")) {
            directed = term->descending = 1;
        }
        else if (rest_lex_word(c, "nullsfirst")) {
            term->nulls = REST_NULLS_FIRST;
            break;
        }
        else if (rest_lex_word(c, "nullslast")) {
            term->nulls = REST_NULLS_LAST;
            break;
        }
        else {
            return rest_lex_miss(c, c->at, directed ? "\"nullsfirst\" or \"nullslast\"" : label);
        }
    }
    return 1;
}

static int parse_order_term(rest_cursor_t *c, rest_order_t *term)
{
    rest_lex_blanks(c);
    if (!rest_lex_field(c, &term->field)) {
        return 0;
    }
    if (!term->field.path && c->at < c->end && *c->at == '(') {
        c->at++;
        term->relation = term->field.name;
        if (!rest_lex_field(c, &term->field) || !rest_lex_char(c, ')', "\")\"")) {
            return 0;
        }
    }
    if (!lex_order_options(c, term)) {
        return 0;
    }
    rest_lex_blanks(c);
    return 1;
}

int rest_parse_order(rest_cursor_t *c, rest_order_t **porder)
{
    do {
        rest_order_t *term = apr_pcalloc(c->pool, sizeof(*term));

        if (!parse_order_term(c, term)) {
            return 0;
        }
        *porder = term;
        porder = &term->next;
    } while (rest_lex_char(c, ',', "\",\""));
    return rest_lex_end(c);
}
