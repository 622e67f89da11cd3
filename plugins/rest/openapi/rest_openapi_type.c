/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Types and relations in the API's description. SQLite's types go by the names that PostgreSQL has
 * for them, so that a client reads one document of both. Thread of the request.
 */
#include <string.h>

#include "apr_strings.h"

#include "rest_openapi.h"

typedef struct type_t {
    const char *name; /* in PostgreSQL */
    const char *type;
    const char *format; /* NULL: the name */
} type_t;

static const type_t types[] = {
    { "boolean", "boolean", NULL },
    { "smallint", "integer", "int32" },
    { "integer", "integer", "int32" },
    { "bigint", "integer", "int64" },
    { "numeric", "number", NULL },
    { "real", "number", NULL },
    { "double precision", "number", NULL },
    { "json", NULL, NULL },
    { "jsonb", NULL, NULL },
};

static const char *const sqlite_names[] = {
    [REST_KIND_ANY] = NULL,
    [REST_KIND_INTEGER] = "bigint",
    [REST_KIND_BOOLEAN] = "boolean",
    [REST_KIND_REAL] = "double precision",
    [REST_KIND_NUMERIC] = "numeric",
    [REST_KIND_TEXT] = "text",
    [REST_KIND_DATE] = "date",
    [REST_KIND_TIME] = "time without time zone",
    [REST_KIND_TIMESTAMP] = "timestamp without time zone",
    [REST_KIND_TIMESTAMPTZ] = "timestamp with time zone",
    [REST_KIND_JSON] = "json",
    [REST_KIND_BLOB] = "bytea",
};

/** Length without "[]"; 0: no array. */
static apr_size_t element_length(const char *type)
{
    apr_size_t len = strlen(type);

    return len > 2 && strcmp(type + len - 2, "[]") == 0 ? len - 2 : 0;
}

static const type_t *find(const char *type)
{
    apr_size_t i;

    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(types[i].name, type) == 0) {
            return &types[i];
        }
    }
    return NULL;
}

const char *rest_openapi_type(const char *type)
{
    const type_t *known = type ? find(type) : NULL;

    if (known || !type) {
        return known ? known->type : NULL;
    }
    return element_length(type) ? "array" : "string";
}

const char *rest_openapi_type_name(const rest_openapi_t *doc, const char *declared,
                                   rest_kind_e kind)
{
    apr_size_t len;
    const char *element;

    if (doc->kind == APP_DB_PGSQL) {
        return declared;
    }
    if (kind != REST_KIND_ARRAY) {
        return sqlite_names[kind];
    }
    len = declared ? element_length(declared) : 0;
    element = len ? sqlite_names[rest_kind_of_type(apr_pstrmemdup(doc->scratch, declared, len))]
                  : NULL;
    return apr_pstrcat(doc->scratch, element ? element : "json", "[]", NULL);
}

void rest_openapi_add_type(rest_openapi_t *doc, const char *type)
{
    const char *swagger = rest_openapi_type(type);
    const type_t *known = type ? find(type) : NULL;

    if (swagger) {
        rest_openapi_text(doc, "type", swagger);
    }
    if (type) {
        rest_openapi_text(doc, "format", known && known->format ? known->format : type);
    }
    if (swagger && strcmp(swagger, "array") == 0) {
        rest_openapi_open(doc, "items", '{');
        swagger = rest_openapi_type(apr_pstrmemdup(doc->scratch, type, element_length(type)));
        if (swagger) {
            rest_openapi_text(doc, "type", swagger);
        }
        rest_openapi_close(doc, '}');
    }
}

/* Defaults */

/**
 * What 'it''s'::text stands for; NULL: the expression is no literal. PostgreSQL writes every
 * operator's expression in parentheses, so what begins with a quote and goes on with a cast is one.
 */
static const char *literal(const char *expression, apr_pool_t *p)
{
    char *text = apr_palloc(p, strlen(expression) + 1), *to = text;
    const char *from = expression;

    if (*from != '\'') {
        return NULL;
    }
    for (from++; *from && (*from != '\'' || from[1] == '\''); from++) {
        from += *from == '\'';
        *to++ = *from;
    }
    *to = '\0';
    return *from && (!from[1] || strncmp(from + 1, "::", 2) == 0) ? text : NULL;
}

static int is_null(const char *expression)
{
    return strncasecmp(expression, "null", 4) == 0 && (!expression[4] || expression[4] == ':');
}

/** Whether text is JSON of that type. */
static int fits(const char *type, const char *text, apr_pool_t *p)
{
    app_error_t ignored = { .pool = p };
    json_t *json;

    if (app_json_parse(text, strlen(text), &json, &ignored, p) != APR_SUCCESS) {
        return 0;
    }
    if (!type) {
        return 1;
    }
    return strcmp(type, "integer") == 0  ? json_is_integer(json)
           : strcmp(type, "number") == 0 ? json_is_number(json)
                                         : strcmp(type, "boolean") == 0 && json_is_boolean(json);
}

/** Of other expressions only those of strings are shown, as they stand. */
static void add_default(rest_openapi_t *doc, const char *type, const char *expression)
{
    const char *text = literal(expression, doc->scratch);

    if (is_null(expression)) {
        return;
    }
    if (type && strcmp(type, "string") == 0) {
        rest_openapi_text(doc, "default", text ? text : expression);
        return;
    }
    if (!text && (!type || strcmp(type, "array") == 0)) {
        return;
    }
    text = text ? text : expression;
    if (doc->kind == APP_DB_SQLITE && type && strcmp(type, "boolean") == 0) {
        text = strcmp(text, "1") == 0 || strcasecmp(text, "true") == 0 ? "true" : "false";
    }
    if (fits(type, text, doc->scratch)) {
        rest_openapi_raw(doc, "default", text);
    }
}

/* Columns */

static int is_key(const rest_relation_t *relation, const rest_column_t *column)
{
    int i;

    for (i = 0; i < relation->nkeys; i++) {
        if (relation->keys[i] == column) {
            return 1;
        }
    }
    return 0;
}

/** The foreign key of this column alone; to a table rather than to a view of it. */
static const rest_pair_t *foreign_key(const rest_relation_t *relation,
                                      const rest_column_t *column, const char **pto)
{
    const rest_pair_t *found = NULL;
    const rest_link_t *link;

    for (link = relation->links; link; link = link->next) {
        int ours = link->cardinality == REST_MANY_TO_ONE ||
                   (link->cardinality == REST_ONE_TO_ONE && link->owner);

        if (ours && link->npairs == 1 && link->pairs[0].from == column &&
            (!found || !link->to->is_view)) {
            found = &link->pairs[0];
            *pto = link->to->name;
            if (!link->to->is_view) {
                break;
            }
        }
    }
    return found;
}

/** The comment, and what admin tools read of keys. */
static void add_description(rest_openapi_t *doc, const rest_relation_t *relation,
                            const rest_column_t *column)
{
    const char *text = column->comment, *to = NULL;
    const rest_pair_t *foreign = foreign_key(relation, column, &to);
    int key = is_key(relation, column);

    if (key || foreign) {
        text = apr_pstrcat(doc->scratch, text ? text : "", text ? "\n\n" : "", "Note:",
                           key ? "\nThis is a Primary Key.<pk/>" : "", NULL);
    }
    if (foreign) {
        text = apr_pstrcat(doc->scratch, text, "\nThis is a Foreign Key to `", to, ".",
                           foreign->to->name, "`.<fk table='", to, "' column='",
                           foreign->to->name, "'/>", NULL);
    }
    if (text) {
        rest_openapi_text(doc, "description", text);
    }
}

static void add_column(rest_openapi_t *doc, const rest_relation_t *relation,
                       const rest_column_t *column)
{
    const char *type = rest_openapi_type_name(doc, column->base, column->kind);
    int i;

    rest_openapi_open(doc, column->name, '{');
    if (column->default_value) {
        add_default(doc, rest_openapi_type(type), column->default_value);
    }
    add_description(doc, relation, column);
    if (column->nlabels) {
        rest_openapi_open(doc, "enum", '[');
        for (i = 0; i < column->nlabels; i++) {
            rest_openapi_text(doc, NULL, column->labels[i]);
        }
        rest_openapi_close(doc, ']');
    }
    rest_openapi_add_type(doc, type);
    if (column->max_length) {
        rest_openapi_raw(doc, "maxLength",
                         apr_psprintf(doc->scratch, "%" APR_INT64_T_FMT, column->max_length));
    }
    rest_openapi_close(doc, '}');
}

void rest_openapi_add_relation(rest_openapi_t *doc, const rest_relation_t *relation)
{
    int i, required = 0;

    rest_openapi_open(doc, relation->name, '{');
    if (relation->comment) {
        rest_openapi_text(doc, "description", relation->comment);
    }
    for (i = 0; i < relation->ncolumns; i++) {
        if (!relation->columns[i]->nullable) {
            if (!required++) {
                rest_openapi_open(doc, "required", '[');
            }
            rest_openapi_text(doc, NULL, relation->columns[i]->name);
        }
    }
    if (required) {
        rest_openapi_close(doc, ']');
    }
    rest_openapi_open(doc, "properties", '{');
    for (i = 0; i < relation->ncolumns; i++) {
        add_column(doc, relation, relation->columns[i]);
        rest_openapi_flush(doc, 0);
    }
    rest_openapi_close(doc, '}');
    rest_openapi_text(doc, "type", "object");
    rest_openapi_close(doc, '}');
}
