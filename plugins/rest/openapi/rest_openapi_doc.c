/* SPDX-License-Identifier: Apache-2.0 */
/** The API's description from its first member to its last. Thread of the request. */
#include <string.h>

#include "apr_strings.h"

#include "rest_openapi.h"

static const char produced[] =
    "[\"application/json\",\"application/vnd.pgrst.object+json;nulls=stripped\","
    "\"application/vnd.pgrst.object+json\",\"text/csv\"]";
static const char produced_by_functions[] =
    "[\"application/json\",\"application/vnd.pgrst.object+json;nulls=stripped\","
    "\"application/vnd.pgrst.object+json\"]";

/* Parts */

/** A reference in a URL's fragment: a JSON pointer, percent-encoded. */
static const char *pointer(const char *name, apr_pool_t *p)
{
    const char *from = app_url_encode(name, p);
    char *text = apr_palloc(p, strlen(from) * 2 + 1), *to = text;

    for (; *from; from++) {
        *to++ = *from;
        if (*from == '~') {
            *to++ = '0';
        }
        else if (strncmp(from, "%2F", 3) == 0) {
            memcpy(to - 1, "~1", 2);
            to++;
            from += 2;
        }
    }
    *to = '\0';
    return text;
}

static void add_ref(rest_openapi_t *doc, const char *name, const char *kind, const char *to)
{
    rest_openapi_open(doc, name, '{');
    rest_openapi_text(doc, "$ref",
                      apr_pstrcat(doc->scratch, "#/", kind, "/", pointer(to, doc->scratch), NULL));
    rest_openapi_close(doc, '}');
}

static void add_parameter_ref(rest_openapi_t *doc, const char *to)
{
    add_ref(doc, NULL, "parameters", to);
}

static const char *row_filter(const rest_openapi_t *doc, const rest_relation_t *relation,
                              const rest_column_t *column)
{
    return apr_pstrcat(doc->scratch, "rowFilter.", relation->name, ".", column->name, NULL);
}

static const char *body_of(const rest_openapi_t *doc, const rest_relation_t *relation)
{
    return apr_pstrcat(doc->scratch, "body.", relation->name, NULL);
}

/** A comment: its first line, and what follows it, each NULL if there is none. */
static void split_comment(const char *comment, const char **pfirst, const char **prest,
                          apr_pool_t *p)
{
    const char *rest = comment ? strchr(comment, '\n') : NULL;

    *pfirst = rest ? apr_pstrmemdup(p, comment, (apr_size_t)(rest - comment)) : comment;
    *prest = rest && rest[strspn(rest, "\n")] ? rest + strspn(rest, "\n") : NULL;
}

/** Starts an operation up to its parameters, which are open. */
static void begin_operation(rest_openapi_t *doc, const char *method, const char *tag,
                            const char *comment)
{
    const char *summary, *description;

    split_comment(comment, &summary, &description, doc->scratch);
    rest_openapi_open(doc, method, '{');
    rest_openapi_open(doc, "tags", '[');
    rest_openapi_text(doc, NULL, tag);
    rest_openapi_close(doc, ']');
    if (summary) {
        rest_openapi_text(doc, "summary", summary);
    }
    if (description) {
        rest_openapi_text(doc, "description", description);
    }
    rest_openapi_open(doc, "parameters", '[');
}

static void add_response(rest_openapi_t *doc, const char *status, const char *description)
{
    rest_openapi_open(doc, status, '{');
    rest_openapi_text(doc, "description", description);
    rest_openapi_close(doc, '}');
}

/** Ends an operation that writes to a relation. */
static void end_write(rest_openapi_t *doc, const char *status, const char *description)
{
    add_parameter_ref(doc, "ifMatch");
    add_parameter_ref(doc, "ifNoneMatch");
    rest_openapi_close(doc, ']');
    rest_openapi_open(doc, "responses", '{');
    add_response(doc, status, description);
    add_response(doc, "412", "Precondition Failed");
    rest_openapi_close(doc, '}');
    rest_openapi_close(doc, '}');
}

/** Ends an operation that has one answer. @param types of the answer; NULL: as everywhere */
static void end_operation(rest_openapi_t *doc, const char *types, const char *status,
                          const char *description)
{
    rest_openapi_close(doc, ']');
    if (types) {
        rest_openapi_raw(doc, "produces", types);
    }
    rest_openapi_open(doc, "responses", '{');
    add_response(doc, status, description);
    rest_openapi_close(doc, '}');
    rest_openapi_close(doc, '}');
}

/* Relations */

static void add_row_filters(rest_openapi_t *doc, const rest_relation_t *relation)
{
    int i;

    for (i = 0; i < relation->ncolumns; i++) {
        add_parameter_ref(doc, row_filter(doc, relation, relation->columns[i]));
    }
}

static void add_get(rest_openapi_t *doc, const rest_relation_t *relation)
{
    static const char *const parameters[] = { "select", "order", "range", "rangeUnit", "offset",
                                              "limit", "preferCount", "ifNoneMatch", NULL };
    int i;

    begin_operation(doc, "get", relation->name, relation->comment);
    add_row_filters(doc, relation);
    for (i = 0; parameters[i]; i++) {
        add_parameter_ref(doc, parameters[i]);
    }
    rest_openapi_close(doc, ']');
    rest_openapi_open(doc, "responses", '{');
    rest_openapi_open(doc, "200", '{');
    rest_openapi_text(doc, "description", "OK");
    rest_openapi_open(doc, "schema", '{');
    add_ref(doc, "items", "definitions", relation->name);
    rest_openapi_text(doc, "type", "array");
    rest_openapi_close(doc, '}');
    rest_openapi_raw(doc, "headers", "{\"ETag\":{\"type\":\"string\"}}");
    rest_openapi_close(doc, '}');
    add_response(doc, "206", "Partial Content");
    add_response(doc, "304", "Not Modified");
    rest_openapi_close(doc, '}');
    rest_openapi_close(doc, '}');
}

static void add_writes(rest_openapi_t *doc, const rest_relation_t *relation)
{
    begin_operation(doc, "post", relation->name, relation->comment);
    add_parameter_ref(doc, body_of(doc, relation));
    add_parameter_ref(doc, "select");
    add_parameter_ref(doc, "preferPost");
    end_write(doc, "201", "Created");
    begin_operation(doc, "patch", relation->name, relation->comment);
    add_row_filters(doc, relation);
    add_parameter_ref(doc, body_of(doc, relation));
    add_parameter_ref(doc, "preferReturn");
    end_write(doc, "204", "No Content");
    begin_operation(doc, "delete", relation->name, relation->comment);
    add_row_filters(doc, relation);
    add_parameter_ref(doc, "preferReturn");
    end_write(doc, "204", "No Content");
}

static void add_relation_path(rest_openapi_t *doc, const rest_relation_t *relation)
{
    rest_openapi_open(doc, apr_pstrcat(doc->scratch, "/", relation->name, NULL), '{');
    add_get(doc, relation);
    if (relation->insertable || relation->updatable || relation->deletable) {
        add_writes(doc, relation);
    }
    rest_openapi_close(doc, '}');
    rest_openapi_flush(doc, 0);
}

/* Functions */

static const char *type_of(const rest_openapi_t *doc, const rest_param_t *param)
{
    return rest_openapi_type_name(doc, param->type, param->kind);
}

/** Texts of arrays are literals ({1,2}), and what is of any type is JSON: both are strings. */
static const char *query_type(const char *type)
{
    const char *swagger = rest_openapi_type(type);

    return !swagger || strcmp(swagger, "array") == 0 ? "string" : swagger;
}

static void add_query_parameter(rest_openapi_t *doc, const rest_param_t *param)
{
    const char *type = type_of(doc, param);

    rest_openapi_open(doc, NULL, '{');
    rest_openapi_text(doc, "name", param->name);
    rest_openapi_text(doc, "in", "query");
    rest_openapi_raw(doc, "required", param->required ? "true" : "false");
    if (param->variadic) {
        rest_openapi_add_type(doc, type);
        rest_openapi_text(doc, "collectionFormat", "multi");
    }
    else {
        rest_openapi_text(doc, "type", query_type(type));
        if (type) {
            rest_openapi_text(doc, "format", type);
        }
    }
    rest_openapi_close(doc, '}');
}

static int is_raw(const rest_routine_t *routine)
{
    return routine->nparams == 1 && !*routine->params[0].name;
}

static void add_arguments(rest_openapi_t *doc, const rest_routine_t *routine)
{
    int i, required = 0;

    rest_openapi_open(doc, "properties", '{');
    for (i = 0; i < routine->nparams; i++) {
        rest_openapi_open(doc, routine->params[i].name, '{');
        rest_openapi_add_type(doc, type_of(doc, &routine->params[i]));
        rest_openapi_close(doc, '}');
    }
    rest_openapi_close(doc, '}');
    for (i = 0; i < routine->nparams; i++) {
        if (routine->params[i].required) {
            if (!required++) {
                rest_openapi_open(doc, "required", '[');
            }
            rest_openapi_text(doc, NULL, routine->params[i].name);
        }
    }
    if (required) {
        rest_openapi_close(doc, ']');
    }
    rest_openapi_text(doc, "type", "object");
}

/** What goes in as JSON: an object, or all of it where the parameter has no name. */
static void add_body_parameter(rest_openapi_t *doc, const rest_routine_t *routine)
{
    rest_openapi_open(doc, NULL, '{');
    rest_openapi_text(doc, "name", "args");
    rest_openapi_text(doc, "in", "body");
    rest_openapi_raw(doc, "required", "true");
    rest_openapi_open(doc, "schema", '{');
    if (routine->comment) {
        rest_openapi_text(doc, "description", routine->comment);
    }
    if (is_raw(routine)) {
        rest_openapi_add_type(doc, type_of(doc, &routine->params[0]));
    }
    else {
        add_arguments(doc, routine);
    }
    rest_openapi_close(doc, '}');
    rest_openapi_close(doc, '}');
}

static void add_routine_path(rest_openapi_t *doc, const rest_routine_t *routine)
{
    const char *tag = apr_pstrcat(doc->scratch, "(rpc) ", routine->name, NULL);
    int i;

    rest_openapi_open(doc, apr_pstrcat(doc->scratch, "/rpc/", routine->name, NULL), '{');
    if (routine->volatility != REST_VOLATILE && !is_raw(routine)) {
        begin_operation(doc, "get", tag, routine->comment);
        for (i = 0; i < routine->nparams; i++) {
            add_query_parameter(doc, &routine->params[i]);
        }
        end_operation(doc, produced_by_functions, "200", "OK");
    }
    begin_operation(doc, "post", tag, routine->comment);
    add_body_parameter(doc, routine);
    add_parameter_ref(doc, "preferParams");
    end_operation(doc, produced_by_functions, "200", "OK");
    rest_openapi_close(doc, '}');
    rest_openapi_flush(doc, 0);
}

/* Parameters */

/** @param more further members, or "" */
static void add_plain(rest_openapi_t *doc, const char *key, const char *name,
                      const char *description, const char *in, const char *more)
{
    rest_openapi_raw(doc, key,
                     apr_psprintf(doc->scratch,
                                  "{\"name\":\"%s\",\"description\":\"%s\",\"required\":false,"
                                  "\"in\":\"%s\",\"type\":\"string\"%s}",
                                  name, description, in, more));
}

static void add_preference(rest_openapi_t *doc, const char *key, const char *more)
{
    add_plain(doc, key, "Prefer", "Preference", "header", more);
}

static void add_shared_parameters(rest_openapi_t *doc)
{
    static const char page[] = "Limiting and Pagination";

    add_preference(doc, "preferParams", "");
    add_preference(doc, "preferReturn",
                   ",\"enum\":[\"return=representation\",\"return=minimal\","
                   "\"return=headers-only\"]");
    add_preference(doc, "preferCount",
                   ",\"enum\":[\"count=exact\",\"count=planned\",\"count=estimated\"]");
    add_preference(doc, "preferPost",
                   ",\"enum\":[\"return=representation\",\"return=minimal\","
                   "\"return=headers-only\",\"resolution=ignore-duplicates\","
                   "\"resolution=merge-duplicates\"]");
    add_plain(doc, "select", "select", "Filtering Columns", "query", "");
    add_plain(doc, "on_conflict", "on_conflict", "On Conflict", "query", "");
    add_plain(doc, "order", "order", "Ordering", "query", "");
    add_plain(doc, "range", "Range", page, "header", "");
    add_plain(doc, "rangeUnit", "Range-Unit", page, "header", ",\"default\":\"items\"");
    add_plain(doc, "offset", "offset", page, "query", "");
    add_plain(doc, "limit", "limit", page, "query", "");
    add_plain(doc, "ifMatch", "If-Match", "Only what was read is written over", "header", "");
    add_plain(doc, "ifNoneMatch", "If-None-Match", "Only what is new", "header", "");
}

static void add_filter_parameter(rest_openapi_t *doc, const rest_relation_t *relation,
                                 const rest_column_t *column)
{
    const char *type = rest_openapi_type_name(doc, column->base, column->kind);

    rest_openapi_open(doc, row_filter(doc, relation, column), '{');
    rest_openapi_text(doc, "name", column->name);
    if (column->comment) {
        rest_openapi_text(doc, "description", column->comment);
    }
    rest_openapi_raw(doc, "required", "false");
    rest_openapi_text(doc, "in", "query");
    rest_openapi_text(doc, "type", "string");
    if (type) {
        rest_openapi_text(doc, "format", type);
    }
    rest_openapi_close(doc, '}');
}

static void add_relation_parameters(rest_openapi_t *doc, const rest_relation_t *relation)
{
    int i;

    rest_openapi_open(doc, body_of(doc, relation), '{');
    rest_openapi_text(doc, "name", relation->name);
    rest_openapi_text(doc, "description", relation->name);
    rest_openapi_raw(doc, "required", "false");
    rest_openapi_text(doc, "in", "body");
    add_ref(doc, "schema", "definitions", relation->name);
    rest_openapi_close(doc, '}');
    for (i = 0; i < relation->ncolumns; i++) {
        add_filter_parameter(doc, relation, relation->columns[i]);
    }
    rest_openapi_flush(doc, 0);
}

/* The document */

static void add_head(rest_openapi_t *doc)
{
    const char *title, *description;

    split_comment(doc->comment, &title, &description, doc->scratch);
    rest_openapi_text(doc, "swagger", "2.0");
    rest_openapi_open(doc, "info", '{');
    rest_openapi_text(doc, "title", title && *title ? title : "PostgREST API");
    rest_openapi_text(doc, "description",
                      description ? description
                                  : "This is a dynamic API generated by PostgREST");
    rest_openapi_text(doc, "version", REST_DIALECT_VERSION);
    rest_openapi_close(doc, '}');
    if (doc->host) {
        rest_openapi_text(doc, "host", doc->host);
    }
    rest_openapi_text(doc, "basePath", doc->path);
    rest_openapi_open(doc, "schemes", '[');
    rest_openapi_text(doc, NULL, doc->scheme);
    rest_openapi_close(doc, ']');
    rest_openapi_raw(doc, "consumes", produced);
    rest_openapi_raw(doc, "produces", produced);
}

static void add_root_path(rest_openapi_t *doc)
{
    rest_openapi_raw(doc, "/",
                     "{\"get\":{\"tags\":[\"Introspection\"],"
                     "\"summary\":\"OpenAPI description (this document)\","
                     "\"produces\":[\"application/openapi+json\",\"application/json\"],"
                     "\"responses\":{\"200\":{\"description\":\"OK\"}}}}");
}

static void add_paths(rest_openapi_t *doc)
{
    int i;

    rest_openapi_open(doc, "paths", '{');
    add_root_path(doc);
    for (i = 0; i < doc->nrelations; i++) {
        add_relation_path(doc, doc->relations[i]);
    }
    for (i = 0; i < doc->nroutines; i++) {
        add_routine_path(doc, doc->routines[i]);
    }
    rest_openapi_close(doc, '}');
}

static void add_security(rest_openapi_t *doc)
{
    rest_openapi_raw(doc, "security", "[{\"JWT\":[]}]");
    rest_openapi_raw(doc, "securityDefinitions",
                     "{\"JWT\":{\"description\":\"Add the token prepending \\\"Bearer \\\" "
                     "(without quotes) to it\",\"in\":\"header\",\"name\":\"Authorization\","
                     "\"type\":\"apiKey\"}}");
}

apr_status_t rest_openapi_write(rest_openapi_t *doc)
{
    int i;

    app_buf_init(&doc->buf, doc->pool, APR_SIZE_MAX / 2);
    doc->status = apr_pool_create(&doc->scratch, doc->pool);
    if (doc->status != APR_SUCCESS) {
        return doc->status;
    }
    rest_openapi_open(doc, NULL, '{');
    add_head(doc);
    add_paths(doc);
    rest_openapi_open(doc, "definitions", '{');
    for (i = 0; i < doc->nrelations; i++) {
        rest_openapi_add_relation(doc, doc->relations[i]);
    }
    rest_openapi_close(doc, '}');
    rest_openapi_open(doc, "parameters", '{');
    add_shared_parameters(doc);
    for (i = 0; i < doc->nrelations; i++) {
        add_relation_parameters(doc, doc->relations[i]);
    }
    rest_openapi_close(doc, '}');
    if (doc->security) {
        add_security(doc);
    }
    rest_openapi_raw(doc, "externalDocs",
                     "{\"description\":\"PostgREST Documentation\",\"url\":"
                     "\"https://postgrest.org/en/v" REST_DIALECT_MAJOR "/references/api.html\"}");
    rest_openapi_close(doc, '}');
    rest_openapi_flush(doc, 1);
    apr_pool_destroy(doc->scratch);
    return doc->status;
}
