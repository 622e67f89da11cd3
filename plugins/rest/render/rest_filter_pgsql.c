/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Comparisons as SQL of PostgreSQL. Values are parameters without a type, so the column's own type
 * parses them. Called by rest_render.c; thread of the request.
 */
#include <string.h>

#include "rest_dialect.h"
#include "rest_pattern.h"

void rest_pgsql_element(app_buf_t *buf, const char *text)
{
    app_buf_addc(buf, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') {
            app_buf_addc(buf, '\\');
        }
        app_buf_addc(buf, *text);
    }
    app_buf_addc(buf, '"');
}

const char *rest_pgsql_texts(const rest_name_t *list, apr_pool_t *p)
{
    app_buf_t buf;

    app_buf_init(&buf, p, APR_SIZE_MAX / 2);
    app_buf_addc(&buf, '{');
    for (; list; list = list->next) {
        rest_pgsql_element(&buf, list->name);
        if (list->next) {
            app_buf_addc(&buf, ',');
        }
    }
    app_buf_addc(&buf, '}');
    return buf.data;
}

static const char *operator_of(rest_op_e op)
{
    static const char *const words[] = {
        [REST_OP_LIKE] = " LIKE ",  [REST_OP_ILIKE] = " ILIKE ",
        [REST_OP_MATCH] = " ~ ",    [REST_OP_IMATCH] = " ~* ",
        [REST_OP_IN] = " = ",       [REST_OP_ISDISTINCT] = " IS DISTINCT FROM ",
        [REST_OP_CS] = " @> ",      [REST_OP_CD] = " <@ ",
        [REST_OP_OV] = " && ",      [REST_OP_SL] = " << ",
        [REST_OP_SR] = " >> ",      [REST_OP_NXR] = " &< ",
        [REST_OP_NXL] = " &> ",     [REST_OP_ADJ] = " -|- ",
    };
    const char *word = rest_render_operator(op);

    return word ? word : words[op];
}

static int is_pattern(rest_op_e op)
{
    return op >= REST_OP_LIKE && op <= REST_OP_IMATCH;
}

/** The function that makes a value of a domain from a text; NULL: its type's own does. */
static const char *converter(const rest_cond_t *cond)
{
    return cond->operand.path || is_pattern(cond->filter->op) ? NULL
                                                             : cond->operand.column->from_text;
}

static void render_value(rest_sql_t *sql, const char *value, const char *convert)
{
    if (!convert) {
        rest_sql_text(sql, value);
        return;
    }
    app_buf_addf(&sql->text, "%s(", convert);
    rest_sql_text(sql, value);
    app_buf_adds(&sql->text, "::text)");
}

/** The elements of an array literal, each of which is to be a value of the column. */
static void render_array(rest_sql_t *sql, const char *literal, const char *convert)
{
    if (convert) {
        app_buf_addf(&sql->text, "ARRAY(SELECT %s(app_value) FROM unnest(", convert);
    }
    rest_sql_text(sql, literal);
    app_buf_adds(&sql->text, convert ? "::text[]) AS app_value)" : "");
}

static apr_status_t compare_value(rest_sql_t *sql, const rest_node_t *node,
                                  const rest_cond_t *cond)
{
    const rest_filter_t *filter = cond->filter;
    const char *value = filter->value;

    if (rest_pgsql_operand(sql, node, &cond->operand) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&sql->text, operator_of(filter->op));
    if (filter->op == REST_OP_LIKE || filter->op == REST_OP_ILIKE) {
        value = rest_pattern_like(value, sql->pool);
    }
    else if (filter->op == REST_OP_IN) {
        value = rest_pgsql_texts(filter->list, sql->pool);
    }
    if (filter->op != REST_OP_IN && filter->quantifier == REST_ONE) {
        render_value(sql, value, converter(cond));
        return APR_SUCCESS;
    }
    app_buf_adds(&sql->text, filter->quantifier == REST_ALL ? "ALL (" : "ANY (");
    render_array(sql, value, converter(cond));
    app_buf_addc(&sql->text, ')');
    return APR_SUCCESS;
}

static apr_status_t compare_is(rest_sql_t *sql, const rest_node_t *node, const rest_cond_t *cond)
{
    rest_is_e is = cond->filter->is;

    if (rest_pgsql_operand(sql, node, &cond->operand) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&sql->text, is == REST_IS_UNKNOWN ? " IS UNKNOWN" : rest_render_is(is));
    return APR_SUCCESS;
}

/** "(", and the configuration, as a constant: so it can match that of an index. */
static void open_call(rest_sql_t *sql, const char *function, const char *language)
{
    app_buf_addf(&sql->text, "%s(", function);
    if (language) {
        rest_pgsql_literal(sql, language);
        app_buf_adds(&sql->text, ", ");
    }
}

/** What is not known (a computed field) may well be a tsvector, so it stays as it is. */
static int is_tsvector(const rest_operand_t *operand)
{
    const char *base = operand->column->base;

    return !operand->path && (!base || strcmp(base, "tsvector") == 0);
}

static apr_status_t compare_text(rest_sql_t *sql, const rest_node_t *node, const rest_cond_t *cond)
{
    static const char *const queries[] = { "to_tsquery", "plainto_tsquery", "phraseto_tsquery",
                                           "websearch_to_tsquery" };
    const rest_filter_t *filter = cond->filter;
    int wrapped = !is_tsvector(&cond->operand);

    if (wrapped) {
        open_call(sql, "to_tsvector", filter->language);
    }
    if (rest_pgsql_operand(sql, node, &cond->operand) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&sql->text, wrapped ? ") @@ " : " @@ ");
    open_call(sql, queries[filter->op - REST_OP_FTS], filter->language);
    rest_sql_text(sql, filter->value);
    app_buf_addc(&sql->text, ')');
    return APR_SUCCESS;
}

apr_status_t rest_pgsql_compare(rest_sql_t *sql, const rest_node_t *node, const rest_cond_t *cond)
{
    switch (cond->filter->op) {
    case REST_OP_IS:
        return compare_is(sql, node, cond);
    case REST_OP_FTS:
    case REST_OP_PLFTS:
    case REST_OP_PHFTS:
    case REST_OP_WFTS:
        return compare_text(sql, node, cond);
    default:
        return compare_value(sql, node, cond);
    }
}
