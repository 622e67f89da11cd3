/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Comparisons as SQL of SQLite. Values are bound with the column's declared type after strict
 * parsing; JSON and arrays, which SQLite does not know, are compared by functions of the driver
 * (app_json_compare() and others). Called by rest_render.c; thread of the request.
 */
#include <string.h>

#include "apr_strings.h"

#include "rest_dialect.h"
#include "rest_pattern.h"
#include "rest_value.h"

/** One comparison, perhaps with many values. */
typedef struct compare_t {
    rest_sql_t           *sql;
    const rest_node_t    *node;
    const rest_operand_t *operand;
    const rest_filter_t  *filter;
    rest_column_t         as; /* whose type the values have: the column's, or that of its path */
} compare_t;

static void init(compare_t *c, rest_sql_t *sql, const rest_node_t *node, const rest_cond_t *cond)
{
    c->sql = sql;
    c->node = node;
    c->operand = &cond->operand;
    c->filter = cond->filter;
    c->as = *cond->operand.column;
    c->as.kind = rest_sqlite_kind(&cond->operand);
}

static apr_status_t add_operand(const compare_t *c)
{
    return rest_sqlite_operand(c->sql, c->node, c->operand);
}

/**
 * Digits as a number where they would stay a text: of an expression SQLite takes neither side's
 * type for the other. A column of numbers as text compares them as text.
 */
static void make_number(const compare_t *c, app_value_t *value)
{
    if (value->type == APP_VALUE_TEXT && !rest_value_is_text(&c->as) &&
        (c->as.kind == REST_KIND_REAL || c->as.kind == REST_KIND_NUMERIC)) {
        rest_value_number(value, value->text);
    }
}

/** A value of the operand's type; text NULL: NULL. */
static apr_status_t add_value(const compare_t *c, const char *text)
{
    app_value_t value = { .type = APP_VALUE_NULL };

    if (text && rest_value_of_text(&value, &c->as, text, c->sql->err, c->sql->pool) !=
                    APR_SUCCESS) {
        return APP_EFAIL;
    }
    make_number(c, &value);
    rest_sql_param(c->sql, &value);
    return APR_SUCCESS;
}

/** A text as it is. */
static void add_text(const compare_t *c, const char *text)
{
    const app_value_t null = { .type = APP_VALUE_NULL };

    if (text) {
        rest_sql_text(c->sql, text);
    }
    else {
        rest_sql_param(c->sql, &null);
    }
}

/** What PostgreSQL says to an operator that a type does not have. */
static apr_status_t no_operator(const compare_t *c, const char *word)
{
    app_fail_code(c->sql->err, "42883", 404, "operator does not exist: %s %s unknown",
                  rest_value_type(&c->as), word);
    return app_hint(c->sql->err, "No operator matches the given name and argument types. You might "
                                 "need to add explicit type casts.");
}

/* Comparisons with one value */

static apr_status_t compare_json(const compare_t *c, const char *word, const char *text)
{
    app_buf_adds(&c->sql->text, "app_json_compare(");
    if (add_operand(c) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&c->sql->text, ", ");
    if (add_value(c, text) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_addf(&c->sql->text, ")%s0", word);
    return APR_SUCCESS;
}

/** Where no type is declared the value is what the row's is: a number, or its digits as text. */
static apr_status_t add_any(const compare_t *c, const char *text)
{
    app_value_t number = { .type = APP_VALUE_NULL };

    if (!text || !rest_value_number(&number, text)) {
        add_text(c, text);
        return APR_SUCCESS;
    }
    app_buf_adds(&c->sql->text, "CASE typeof(");
    if (add_operand(c) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&c->sql->text, ") WHEN 'text' THEN ");
    rest_sql_text(c->sql, text);
    app_buf_adds(&c->sql->text, " ELSE ");
    rest_sql_param(c->sql, &number);
    app_buf_adds(&c->sql->text, " END");
    return APR_SUCCESS;
}

static apr_status_t compare_plain(const compare_t *c, const char *text)
{
    const char *word = c->filter->op == REST_OP_IN           ? " = "
                       : c->filter->op == REST_OP_ISDISTINCT ? " IS NOT "
                                                             : rest_render_operator(c->filter->op);

    if (c->as.kind == REST_KIND_JSON || c->as.kind == REST_KIND_ARRAY) {
        return compare_json(c, word, text);
    }
    if (add_operand(c) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&c->sql->text, rest_sqlite_collation(c->operand));
    app_buf_adds(&c->sql->text, word);
    return c->as.kind == REST_KIND_ANY ? add_any(c, text) : add_value(c, text);
}

static apr_status_t compare_like(const compare_t *c, const char *text)
{
    const char *glob = NULL;

    if (text && rest_pattern_glob(&glob, text, c->sql->err, c->sql->pool) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (add_operand(c) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&c->sql->text, " GLOB ");
    add_text(c, glob);
    return APR_SUCCESS;
}

/** "function(operand, text" */
static apr_status_t open_call(const compare_t *c, const char *function, const char *text)
{
    app_buf_adds(&c->sql->text, function);
    if (add_operand(c) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&c->sql->text, ", ");
    add_text(c, text);
    return APR_SUCCESS;
}

static apr_status_t compare_ilike(const compare_t *c, const char *text)
{
    const char *pattern = NULL;
    apr_status_t status;

    if (text && rest_pattern_ilike(&pattern, text, c->sql->err, c->sql->pool) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    status = open_call(c, "app_ilike(", pattern);
    app_buf_addc(&c->sql->text, ')');
    return status;
}

static apr_status_t compare_pattern(const compare_t *c, const char *text)
{
    static const char *const words[] = { "~~", "~~*", "~", "~*" };
    rest_op_e op = c->filter->op;
    apr_status_t status;

    switch (c->as.kind) {
    case REST_KIND_JSON:
    case REST_KIND_ARRAY:
    case REST_KIND_BOOLEAN:
    case REST_KIND_BLOB:
        return no_operator(c, words[op - REST_OP_LIKE]);
    default:
        break;
    }
    if (op == REST_OP_LIKE) {
        return compare_like(c, text);
    }
    if (op == REST_OP_ILIKE) {
        return compare_ilike(c, text);
    }
    status = open_call(c, "app_regex(", text);
    app_buf_adds(&c->sql->text, op == REST_OP_MATCH ? ", 0)" : ", 1)");
    return status;
}

static apr_status_t compare(const compare_t *c, const char *text)
{
    return c->filter->op >= REST_OP_LIKE && c->filter->op <= REST_OP_IMATCH
               ? compare_pattern(c, text)
               : compare_plain(c, text);
}

/* Comparisons with many values: an array of texts, of which NULL is NULL */

#define TEXT_OF(texts, i) APR_ARRAY_IDX(texts, i, const char *)

/** Halves, so that the expression is never deep: SQLite takes no more than a thousand levels. */
static apr_status_t compare_each(const compare_t *c, const apr_array_header_t *texts, int first,
                                 int count)
{
    if (count == 1) {
        return compare(c, TEXT_OF(texts, first));
    }
    app_buf_addc(&c->sql->text, '(');
    if (compare_each(c, texts, first, count / 2) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&c->sql->text, c->filter->quantifier == REST_ALL ? " AND " : " OR ");
    if (compare_each(c, texts, first + count / 2, count - count / 2) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_addc(&c->sql->text, ')');
    return APR_SUCCESS;
}

/** "column IN (…)", which an index serves. */
static apr_status_t compare_in(const compare_t *c, const apr_array_header_t *texts)
{
    int i;

    if (add_operand(c) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&c->sql->text, rest_sqlite_collation(c->operand));
    app_buf_adds(&c->sql->text, " IN (");
    for (i = 0; i < texts->nelts; i++) {
        app_buf_adds(&c->sql->text, i ? ", " : "");
        if (add_value(c, TEXT_OF(texts, i)) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    app_buf_addc(&c->sql->text, ')');
    return APR_SUCCESS;
}

/** Whether the values can be compared as they are, with one that is equal being enough. */
static int is_in(const compare_t *c)
{
    return (c->filter->op == REST_OP_IN ||
            (c->filter->op == REST_OP_EQ && c->filter->quantifier == REST_ANY)) &&
           c->as.kind != REST_KIND_JSON && c->as.kind != REST_KIND_ARRAY &&
           c->as.kind != REST_KIND_ANY;
}

static apr_status_t compare_texts(const compare_t *c, const apr_array_header_t *texts)
{
    if (!texts->nelts) {
        app_buf_addc(&c->sql->text, c->filter->quantifier == REST_ALL ? '1' : '0');
        return APR_SUCCESS;
    }
    return is_in(c) ? compare_in(c, texts) : compare_each(c, texts, 0, texts->nelts);
}

static apr_status_t compare_list(const compare_t *c)
{
    apr_array_header_t *texts = apr_array_make(c->sql->pool, 8, sizeof(const char *));
    const rest_name_t *name;

    for (name = c->filter->list; name; name = name->next) {
        APR_ARRAY_PUSH(texts, const char *) = name->name;
    }
    return compare_texts(c, texts);
}

static apr_status_t compare_quantified(const compare_t *c)
{
    apr_array_header_t *texts = apr_array_make(c->sql->pool, 8, sizeof(const char *));
    rest_element_t *element;

    if (rest_array_parse(&element, c->filter->value, c->sql->err, c->sql->pool) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    for (element = rest_array_flatten(element); element; element = element->next) {
        APR_ARRAY_PUSH(texts, const char *) = element->text;
    }
    return compare_texts(c, texts);
}

static apr_status_t compare_is(const compare_t *c)
{
    rest_is_e is = c->filter->is;

    if (is > REST_IS_NOT_NULL && c->as.kind != REST_KIND_BOOLEAN && c->as.kind != REST_KIND_ANY) {
        return app_fail_code(c->sql->err, "42804", 400,
                             "argument of%s must be type boolean, not type %s",
                             is == REST_IS_UNKNOWN ? " IS UNKNOWN" : rest_render_is(is),
                             rest_value_type(&c->as));
    }
    if (add_operand(c) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&c->sql->text, rest_render_is(is));
    return APR_SUCCESS;
}

/* Containment */

static apr_status_t no_ranges(const compare_t *c)
{
    static const char *const words[] = {
        [REST_OP_CS] = "cs", [REST_OP_CD] = "cd", [REST_OP_OV] = "ov",   [REST_OP_SL] = "sl",
        [REST_OP_SR] = "sr", [REST_OP_NXR] = "nxr", [REST_OP_NXL] = "nxl", [REST_OP_ADJ] = "adj",
    };

    rest_unavailable(APP_DB_SQLITE, c->sql->err,
                     "The '%s' operator on ranges is not available on the SQLite backend",
                     words[c->filter->op]);
    return app_hint(c->sql->err,
                    "Keep the bounds in two columns and compare them with gte and lt.");
}

static int is_range(const char *text)
{
    apr_size_t len = strlen(text);

    return len > 2 && strchr("[(", text[0]) && strchr("])", text[len - 1]) && strchr(text, ',');
}

/** Without those that are NULL, which is in no array. @return how many those were */
static int drop_nulls(rest_element_t **pelement)
{
    int count = 0;

    while (*pelement) {
        if (!(*pelement)->is_array && !(*pelement)->text) {
            *pelement = (*pelement)->next;
            count++;
        }
        else {
            pelement = &(*pelement)->next;
        }
    }
    return count;
}

/**
 * The filter's value as JSON.
 * @param pnulls how many elements were NULL and have been left out
 */
static apr_status_t array_of(const compare_t *c, const char **pjson, int *pnulls)
{
    const char *text = c->filter->value;
    rest_element_t *first = NULL;
    apr_size_t len;
    rest_json_t json;

    *pnulls = 0;
    if (c->as.kind != REST_KIND_ARRAY && rest_json_read(&json, text, strlen(text)) == APR_SUCCESS) {
        *pjson = rest_json_minify(&json, &len, c->sql->pool);
        return APR_SUCCESS;
    }
    if (is_range(text)) {
        return no_ranges(c);
    }
    if (rest_array_parse(&first, text, c->sql->err, c->sql->pool) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    *pnulls = drop_nulls(&first);
    return rest_value_array(pjson, &c->as, first, c->sql->err, c->sql->pool);
}

/** NULL is an element of no array, not even of one that has it. */
static apr_status_t contains_null(const compare_t *c)
{
    app_buf_adds(&c->sql->text, "CASE WHEN ");
    if (add_operand(c) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&c->sql->text, " IS NOT NULL THEN 0 END");
    return APR_SUCCESS;
}

static apr_status_t is_contained(const compare_t *c, const char *json)
{
    app_buf_adds(&c->sql->text, "app_contains(");
    rest_sql_text(c->sql, json);
    app_buf_adds(&c->sql->text, ", ");
    if (add_operand(c) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_addc(&c->sql->text, ')');
    return APR_SUCCESS;
}

static apr_status_t compare_contained(const compare_t *c)
{
    static const char *const words[] = { "@>", "<@", "&&" };
    const char *json;
    apr_status_t status;
    int nulls;

    switch (c->as.kind) {
    case REST_KIND_JSON:
    case REST_KIND_ARRAY:
    case REST_KIND_TEXT:
    case REST_KIND_ANY:
        break;
    default:
        return is_range(c->filter->value) ? no_ranges(c)
                                          : no_operator(c, words[c->filter->op - REST_OP_CS]);
    }
    if (array_of(c, &json, &nulls) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (c->filter->op == REST_OP_CD) {
        return is_contained(c, json);
    }
    if (c->filter->op == REST_OP_CS && nulls) {
        return contains_null(c);
    }
    status = open_call(c, c->filter->op == REST_OP_CS ? "app_contains(" : "app_overlaps(", json);
    app_buf_addc(&c->sql->text, ')');
    return status;
}

apr_status_t rest_sqlite_compare(rest_sql_t *sql, const rest_node_t *node, const rest_cond_t *cond)
{
    compare_t c;

    init(&c, sql, node, cond);
    switch (cond->filter->op) {
    case REST_OP_IS:
        return compare_is(&c);
    case REST_OP_IN:
        return compare_list(&c);
    case REST_OP_CS:
    case REST_OP_CD:
    case REST_OP_OV:
        return compare_contained(&c);
    case REST_OP_SL:
    case REST_OP_SR:
    case REST_OP_NXR:
    case REST_OP_NXL:
    case REST_OP_ADJ:
        return no_ranges(&c);
    case REST_OP_FTS:
    case REST_OP_PLFTS:
    case REST_OP_PHFTS:
    case REST_OP_WFTS:
        return rest_sqlite_search(sql, node, cond);
    default:
        return cond->filter->quantifier == REST_ONE ? compare(&c, cond->filter->value)
                                                    : compare_quantified(&c);
    }
}
