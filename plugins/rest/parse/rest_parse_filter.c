/* SPDX-License-Identifier: Apache-2.0 */
/** Operators, values and logic trees of filters. Thread of the request. */
#include <string.h>

#include "apr_lib.h"
#include "apr_strings.h"

#include "rest_parse.h"

static const char operator_label[] = "operator (eq, gt, ...)";
static const char delimiter_label[] = "delimiter (.)";

/** What may stand between an operator's word and its value. */
typedef enum shape_e { SIMPLE, QUANTIFIED, LANGUAGE, LIST, KEYWORD } shape_e;

typedef struct operator_t {
    const char *word;
    rest_op_e   op;
    shape_e     shape;
} operator_t;

static const operator_t operators[] = {
    { "eq", REST_OP_EQ, QUANTIFIED },       { "gte", REST_OP_GTE, QUANTIFIED },
    { "gt", REST_OP_GT, QUANTIFIED },       { "lte", REST_OP_LTE, QUANTIFIED },
    { "lt", REST_OP_LT, QUANTIFIED },       { "like", REST_OP_LIKE, QUANTIFIED },
    { "ilike", REST_OP_ILIKE, QUANTIFIED }, { "match", REST_OP_MATCH, QUANTIFIED },
    { "imatch", REST_OP_IMATCH, QUANTIFIED },
    { "neq", REST_OP_NEQ, SIMPLE },         { "in", REST_OP_IN, LIST },
    { "is", REST_OP_IS, KEYWORD },          { "isdistinct", REST_OP_ISDISTINCT, SIMPLE },
    { "fts", REST_OP_FTS, LANGUAGE },       { "plfts", REST_OP_PLFTS, LANGUAGE },
    { "phfts", REST_OP_PHFTS, LANGUAGE },   { "wfts", REST_OP_WFTS, LANGUAGE },
    { "cs", REST_OP_CS, SIMPLE },           { "cd", REST_OP_CD, SIMPLE },
    { "ov", REST_OP_OV, SIMPLE },           { "sl", REST_OP_SL, SIMPLE },
    { "sr", REST_OP_SR, SIMPLE },           { "nxr", REST_OP_NXR, SIMPLE },
    { "nxl", REST_OP_NXL, SIMPLE },         { "adj", REST_OP_ADJ, SIMPLE },
};

/** "(any)", "(all)": @return 0 if something else begins with the parenthesis */
static int lex_quantifier(rest_cursor_t *c, rest_filter_t *filter)
{
    if (!rest_lex_word(c, "(")) {
        return 1;
    }
    if (rest_lex_word(c, "any")) {
        filter->quantifier = REST_ANY;
    }
    else if (rest_lex_word(c, "all")) {
        filter->quantifier = REST_ALL;
    }
    else {
        rest_lex_miss(c, c->at, "\"any\"");
        return rest_lex_miss(c, c->at, "\"all\"");
    }
    return rest_lex_char(c, ')', "\")\"");
}

static int lex_language(rest_cursor_t *c, rest_filter_t *filter)
{
    if (!rest_lex_word(c, "(")) {
        return 1;
    }
    filter->language = rest_lex_ident(c, "language");
    return filter->language && rest_lex_char(c, ')', "\")\"");
}

/**
 * The word, its "(any)" or "(language)", and the delimiter. Leaves the cursor in place if they are
 * not all there.
 */
static int lex_operator(rest_cursor_t *c, const operator_t *o, rest_filter_t *filter)
{
    const char *from = c->at;

    filter->quantifier = REST_ONE;
    filter->language = NULL;
    if (!rest_lex_word(c, o->word) || (o->shape == QUANTIFIED && !lex_quantifier(c, filter)) ||
        (o->shape == LANGUAGE && !lex_language(c, filter)) ||
        !rest_lex_char(c, '.', delimiter_label)) {
        c->at = from;
        return 0;
    }
    filter->op = o->op;
    return 1;
}

/**
 * A quoted text, if "," or ")" or the end follows it. Otherwise the quotes are part of the value,
 * and nothing was missed.
 */
static const char *lex_quoted_element(rest_cursor_t *c)
{
    rest_cursor_t before = *c;
    const char *text;

    if (c->at == c->end || *c->at != '"') {
        return NULL;
    }
    text = rest_lex_quoted(c);
    if (text && (c->at == c->end || *c->at == ',' || *c->at == ')')) {
        return text;
    }
    *c = before;
    return NULL;
}

static const char *lex_raw_element(rest_cursor_t *c)
{
    const char *from = c->at;

    while (c->at < c->end && *c->at != ',' && *c->at != ')') {
        c->at++;
    }
    return apr_pstrmemdup(c->pool, from, (apr_size_t)(c->at - from));
}

/** "{a,b}" without braces inside. */
static const char *lex_array(rest_cursor_t *c)
{
    const char *from = c->at;

    if (!rest_lex_word(c, "{")) {
        return NULL;
    }
    while (c->at < c->end && *c->at != '{' && *c->at != '}') {
        c->at++;
    }
    if (!rest_lex_word(c, "}")) {
        c->at = from;
        return NULL;
    }
    return apr_pstrmemdup(c->pool, from, (apr_size_t)(c->at - from));
}

static const char *lex_value(rest_cursor_t *c, int in_tree)
{
    const char *text;

    if (in_tree) {
        (void)((text = lex_quoted_element(c)) || (text = lex_array(c)) ||
               (text = lex_raw_element(c)));
        return text;
    }
    text = apr_pstrmemdup(c->pool, c->at, (apr_size_t)(c->end - c->at));
    c->at = c->end;
    return text;
}

static int lex_list(rest_cursor_t *c, rest_name_t **plist)
{
    rest_name_t **tail = plist;

    rest_lex_blanks(c);
    if (!rest_lex_char(c, '(', "\"(\"")) {
        return 0;
    }
    rest_lex_blanks(c);
    do {
        rest_name_t *element = apr_pcalloc(c->pool, sizeof(*element));

        element->name = lex_quoted_element(c);
        if (!element->name) {
            element->name = lex_raw_element(c);
        }
        *tail = element;
        tail = &element->next;
    } while (rest_lex_char(c, ',', "\",\""));
    if (!rest_lex_char(c, ')', "\")\"")) {
        return 0;
    }
    rest_lex_blanks(c);
    if (!(*plist)->next && !*(*plist)->name) {
        *plist = NULL;
    }
    return 1;
}

static int lex_is(rest_cursor_t *c, rest_is_e *pis)
{
    static const char *const words[] = { "null", "not_null", "true", "false", "unknown", NULL };
    const char *furthest = c->at;
    int i;

    for (i = 0; words[i]; i++) {
        const char *word = words[i], *at = c->at;

        while (*word && at < c->end && apr_tolower(*at) == *word) {
            at++;
            word++;
        }
        if (!*word) {
            c->at = at;
            *pis = (rest_is_e)(REST_IS_NULL + i);
            return 1;
        }
        furthest = at > furthest ? at : furthest;
    }
    return rest_lex_miss(c, furthest, "isVal: (null, not_null, true, false, unknown)");
}

/** "not", as a word with its delimiter. */
static int lex_not(rest_cursor_t *c, const char *label)
{
    const char *from = c->at;

    if (!rest_lex_word(c, "not")) {
        return rest_lex_miss(c, from, label);
    }
    if (!rest_lex_char(c, '.', delimiter_label)) {
        c->at = from;
        return 0;
    }
    return 1;
}

static int parse_operation(rest_cursor_t *c, rest_filter_t *filter, int in_tree)
{
    apr_size_t i;

    filter->kind = REST_COMPARE;
    filter->negated = lex_not(c, "\"not\"") != 0;
    for (i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        const operator_t *o = &operators[i];

        if (!lex_operator(c, o, filter)) {
            continue;
        }
        if (o->shape == LIST) {
            return lex_list(c, &filter->list);
        }
        if (o->shape == KEYWORD) {
            return lex_is(c, &filter->is);
        }
        filter->value = lex_value(c, in_tree);
        return 1;
    }
    return rest_lex_miss(c, c->at, operator_label);
}

int rest_parse_operation(rest_cursor_t *c, rest_filter_t *filter)
{
    return parse_operation(c, filter, 0);
}

static int parse_group(rest_cursor_t *c, rest_filter_t *group);

static int parse_term(rest_cursor_t *c, rest_filter_t *term)
{
    const char *from = c->at;

    if (rest_lex_field(c, &term->field) && rest_lex_char(c, '.', delimiter_label) &&
        parse_operation(c, term, 1)) {
        return 1;
    }
    c->at = from;
    memset(term, 0, sizeof(*term));
    return parse_group(c, term);
}

static int parse_terms(rest_cursor_t *c, rest_filter_t **pterm)
{
    do {
        rest_filter_t *term = apr_pcalloc(c->pool, sizeof(*term));

        rest_lex_blanks(c);
        if (!parse_term(c, term)) {
            return 0;
        }
        *pterm = term;
        pterm = &term->next;
        rest_lex_blanks(c);
    } while (rest_lex_char(c, ',', "\",\""));
    return 1;
}

static int parse_group(rest_cursor_t *c, rest_filter_t *group)
{
    int ok;

    group->negated = lex_not(c, "negation operator (not)") != 0;
    if (rest_lex_word(c, "and")) {
        group->kind = REST_AND;
    }
    else if (rest_lex_word(c, "or")) {
        group->kind = REST_OR;
    }
    else {
        return rest_lex_miss(c, c->at, "logic operator (and, or)");
    }
    rest_lex_blanks(c);
    if (!rest_lex_char(c, '(', "\"(\"")) {
        return 0;
    }
    if (c->depth == REST_DEPTH_MAX) {
        return rest_lex_miss(c, c->at, "no deeper nesting than 16 levels");
    }
    c->depth++;
    ok = parse_terms(c, &group->children) && rest_lex_char(c, ')', "\")\"");
    c->depth--;
    rest_lex_blanks(c);
    return ok;
}

int rest_parse_tree(rest_cursor_t *c, rest_filter_t **ptree)
{
    *ptree = apr_pcalloc(c->pool, sizeof(**ptree));
    return parse_group(c, *ptree) && rest_lex_end(c);
}
