/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Step 1 of a request: method, path, profile, query string, ranges, body and headers, in the order
 * in which the dialect wants them refused. Called by rest.c; thread of the request.
 */
#include <string.h>

#include "apr_strings.h"

#include "rest_int.h"

static apr_status_t read_path(const rest_call_t *call, rest_request_t *request, const char *path,
                              app_error_t *err)
{
    const rest_conf_t *conf = call->conf;

    if (strcmp(path, "/") == 0 && conf->root_spec) {
        path = apr_pstrcat(err->pool, "/rpc/", conf->root_spec, NULL);
    }
    if (strcmp(path, "/") == 0) {
        request->root = 1;
        return conf->openapi_mode == REST_OPENAPI_DISABLED
                   ? app_fail(err, APP_E_ROOT_DISABLED, NULL) : APR_SUCCESS;
    }
    if (strncmp(path, "/rpc/", 5) == 0 && path[5] && !strchr(path + 5, '/')) {
        request->action = REST_CALL;
        request->relation = path + 5;
        return APR_SUCCESS;
    }
    if (strchr(path + 1, '/')) {
        return app_fail(err, APP_E_PATH, NULL);
    }
    request->relation = path + 1;
    return APR_SUCCESS;
}

/** The schema: of a profile header, else the first. */
static apr_status_t read_profile(rest_call_t *call, rest_request_t *request,
                                 const rest_schema_t *schema, app_error_t *err)
{
    const char *asked = call->said.profile, *names = "";
    int i;

    call->profiled = asked || schema->nspaces > 1;
    request->space = apr_pstrdup(err->pool, schema->spaces[0].name);
    for (i = 0; asked && i < schema->nspaces; i++) {
        const char *name = schema->spaces[i].name;

        if (strcmp(name, asked) == 0) {
            request->space = apr_pstrdup(err->pool, name);
            return APR_SUCCESS;
        }
        names = apr_pstrcat(err->pool, names, i ? ", " : "", name, NULL);
    }
    if (!asked) {
        return APR_SUCCESS;
    }
    app_fail(err, APP_E_SCHEMA, "Invalid schema: %s", asked);
    return app_hint(err, "Only the following schemas are exposed: %s", names);
}

static const struct {
    const char   *method;
    rest_action_e action;
} writes[] = { { "POST", REST_INSERT },
               { "PATCH", REST_UPDATE },
               { "PUT", REST_REPLACE },
               { "DELETE", REST_DELETE } };

static void read_method(rest_request_t *request, const char *method)
{
    apr_size_t i;

    request->options = strcmp(method, "OPTIONS") == 0;
    request->head = strcmp(method, "HEAD") == 0;
    request->post = strcmp(method, "POST") == 0;
    request->reads = request->head || strcmp(method, "GET") == 0;
    request->action = REST_READ;
    for (i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
        if (strcmp(method, writes[i].method) == 0) {
            request->action = writes[i].action;
        }
    }
}

static apr_status_t check_method(const rest_request_t *request, const char *method,
                                 app_error_t *err)
{
    if (request->options || request->reads) {
        return APR_SUCCESS;
    }
    if (request->action == REST_CALL) {
        return request->post ? APR_SUCCESS
                             : app_fail(err, APP_E_RPC_METHOD, "Cannot use the %s method on RPC",
                                        method);
    }
    return request->action != REST_READ && !request->root
               ? APR_SUCCESS
               : app_fail(err, APP_E_UNSUPPORTED_METHOD, "Unsupported HTTP method: %s", method);
}

static int has_token(const app_request_t *r)
{
    const char *header = app_request_header(r, "Authorization");

    return header && strncasecmp(header, "Bearer", 6) == 0 && memchr(" \t", header[6], 3);
}

static apr_status_t read_role(rest_call_t *call, rest_request_t *request, app_error_t *err)
{
    const app_identity_t *identity = app_request_identity(call->r);
    const char *role = identity->role;

    if (!identity->method && has_token(call->r)) {
        return app_fail(err, APP_E_JWT_SECRET, NULL); /* which nobody has looked at */
    }
    request->role = role ? role : call->conf->anon_role;
    if (!request->role) {
        app_fail(err, APP_E_ANONYMOUS, NULL);
        err->challenge = "Bearer";
        return APP_EFAIL;
    }
    call->anonymous = call->conf->anon_role && strcmp(request->role, call->conf->anon_role) == 0;
    return APR_SUCCESS;
}

/** Whether all that is said stands in the URL. */
static int is_asking(const rest_request_t *request)
{
    return request->options || request->reads;
}

static apr_status_t read_query(rest_request_t *request, const char *query, app_error_t *err,
                               apr_pool_t *p)
{
    return request->action == REST_CALL && request->reads
               ? rest_parse_call(&request->query, query, err, p)
               : rest_parse_query(&request->query, query, err, p);
}

static apr_status_t read_body(rest_call_t *call, rest_request_t *request, app_error_t *err,
                              apr_pool_t *p)
{
    rest_source_t source = { .type = app_request_header(call->r, "Content-Type"),
                             .columns = request->query->columns,
                             .kind = call->rest->dialect->kind };
    const int is_patch = request->action == REST_UPDATE;

    if (is_asking(request) || request->action == REST_DELETE) {
        return APR_SUCCESS;
    }
    if (request->action == REST_REPLACE) {
        source.columns = NULL;
    }
    if (app_request_body(call->r, 0, &source.data, &source.len, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return request->action == REST_CALL
               ? rest_body_parse_call(&request->body, &source, err, p)
               : rest_body_parse(&request->body, &source, is_patch, err, p);
}

/** PUT is about one row, whichever part of the table it were in. */
static apr_status_t check_replace(const rest_request_t *request, app_error_t *err)
{
    const rest_scope_t *root = &request->query->root;

    return request->action == REST_REPLACE && (root->has_limit || root->has_offset)
               ? app_fail(err, APP_E_PUT_RANGE, NULL)
               : APR_SUCCESS;
}

/** How the transaction ends: as the site has it, unless it lets the client choose. */
static void choose_ending(rest_call_t *call, const rest_request_t *request)
{
    rest_tx_end_e end = (rest_tx_end_e)call->conf->tx_end;

    call->rolls_back = end == REST_TX_ROLLBACK || end == REST_TX_ROLLBACK_OVERRIDE;
    if (end == REST_TX_COMMIT_OVERRIDE || end == REST_TX_ROLLBACK_OVERRIDE) {
        call->ending_chosen = request->prefer.end != REST_END_UNSET;
        call->rolls_back = call->ending_chosen ? request->prefer.end == REST_END_ROLLBACK
                                               : call->rolls_back;
    }
}

/** Range is for GET only. */
static void read_said(rest_said_t *said, app_request_t *r, const rest_request_t *request)
{
    int asks = is_asking(request);

    said->path = app_request_path(r);
    said->query = app_request_query(r);
    said->profile = app_request_header(r, asks ? "Accept-Profile" : "Content-Profile");
    said->range = asks && !request->head ? app_request_header(r, "Range") : NULL;
    said->accept = app_request_header(r, "Accept");
    said->prefer = app_request_header(r, "Prefer");
}

/* Step 1. The order is the dialect's: the first thing that is wrong answers. */

apr_status_t rest_request_begin(rest_call_t *call, rest_request_t *request, app_error_t *err)
{
    memset(request, 0, sizeof(*request));
    call->request = request;
    read_method(request, app_request_method(call->r));
    read_said(&call->said, call->r, request);
    call->compares = !is_asking(request) && (app_request_header(call->r, "If-Match") ||
                                             app_request_header(call->r, "If-None-Match"));
    return read_role(call, request, err);
}

/** A read for another plugin: rows of a relation, as JSON, whatever the client calls it. */
static apr_status_t read_asked(const rest_call_t *call, rest_request_t *request,
                               const rest_schema_t *schema, app_error_t *err, apr_pool_t *p)
{
    const app_data_ask_t *ask = call->asked->ask;

    request->action = REST_READ;
    request->head = request->options = 0;
    request->reads = 1;
    request->space = ask->schema ? ask->schema : apr_pstrdup(p, schema->spaces[0].name);
    request->relation = ask->relation;
    return rest_parse_query(&request->query, ask->query, err, p) == APR_SUCCESS
               ? rest_window(&request->limit, &request->offset, &request->query->root, NULL, err)
               : APP_EFAIL;
}

apr_status_t rest_request_read(rest_call_t *call, rest_request_t *request,
                               const rest_schema_t *schema, app_error_t *err, apr_pool_t *p)
{
    const rest_said_t *said = &call->said;

    request->max_rows = call->conf->max_rows;
    request->legacy_names = call->conf->legacy_names != 0;
    if (call->asked) {
        return read_asked(call, request, schema, err, p);
    }
    if (read_path(call, request, said->path, err) != APR_SUCCESS ||
        read_profile(call, request, schema, err) != APR_SUCCESS ||
        check_method(request, app_request_method(call->r), err) != APR_SUCCESS ||
        read_query(request, said->query, err, p) != APR_SUCCESS ||
        rest_window(&request->limit, &request->offset, &request->query->root,
                    said->range, err) != APR_SUCCESS ||
        check_replace(request, err) != APR_SUCCESS ||
        read_body(call, request, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    request->accept = said->accept;
    rest_prefer_parse(&request->prefer, said->prefer, p);
    choose_ending(call, request);
    request->aggregates = call->conf->aggregates != 0;
    request->explains = call->conf->explains != 0;
    return APR_SUCCESS;
}
