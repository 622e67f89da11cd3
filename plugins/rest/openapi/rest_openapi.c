/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The root: the API's description, of what the role may use or of all that is served. Called by
 * rest.c; thread of the request.
 */
#include <string.h>

#include "apr_escape.h"
#include "apr_strings.h"

#include "rest_int.h"
#include "rest_openapi.h"

/*
 * Relations (0) and functions (1) that the role may use, each in the order of its name's bytes. A
 * function counts if any of its overloads may be called.
 */
static const char usable_sql[] =
    "SELECT 0, c.relname"
    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
    " AND has_schema_privilege(n.oid, 'USAGE')"
    " AND (has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE')"
    "      OR has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE'))"
    " UNION "
    "SELECT 1, p.proname"
    " FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace"
    " WHERE n.nspname = $1 AND p.prokind = 'f'"
    " AND has_schema_privilege(n.oid, 'USAGE') AND has_function_privilege(p.oid, 'EXECUTE')"
    " ORDER BY 1, 2";

/* All are shown; the role is still to be one that there is. */
static const char nothing_sql[] = "SELECT 0, '' WHERE $1 = ''";

typedef struct run_t {
    const rest_call_t   *call;
    const rest_schema_t *schema;
    rest_openapi_t       doc;
    app_tx_t            *tx;
    app_error_t         *err;
    apr_pool_t          *pool;
} run_t;

/* What is shown */

static void show_relation(run_t *run, const rest_relation_t *relation)
{
    if (relation) {
        run->doc.relations[run->doc.nrelations++] = relation;
    }
}

static void show_routine(run_t *run, const rest_routine_t *routine)
{
    if (routine) {
        run->doc.routines[run->doc.nroutines++] = routine;
    }
}

static int may_use(const rest_relation_t *relation, const char *role)
{
    int right;

    for (right = REST_RIGHT_SELECT; right <= REST_RIGHT_DELETE; right++) {
        if (rest_relation_grant(relation, role, (rest_right_e)right)) {
            return 1;
        }
    }
    return 0;
}

static int may_call(const rest_routine_t *routine, const char *role)
{
    const rest_grant_t *grant;

    for (grant = routine->grants; grant; grant = grant->next) {
        if (strcmp(grant->role, role) == 0) {
            return 1;
        }
    }
    return 0;
}

/** @param all whatever the grants say */
static void show_by_grants(run_t *run, const rest_space_t *space, int all)
{
    const char *role = run->call->request->role;
    int i;

    for (i = 0; i < space->nrelations; i++) {
        if (all || may_use(space->relations[i], role)) {
            show_relation(run, space->relations[i]);
        }
    }
    for (i = 0; i < space->nroutines; i++) {
        if (all || may_call(space->routines[i], role)) {
            show_routine(run, space->routines[i]);
        }
    }
}

/** Asks PostgreSQL, as the role in force. */
static apr_status_t show_usable(run_t *run, const rest_space_t *space, int all)
{
    const app_value_t name = { .type = APP_VALUE_TEXT, .text = space->name,
                               .len = strlen(space->name) };
    const app_sql_t sql = { all ? nothing_sql : usable_sql, &name, 1 };
    apr_status_t status;
    app_rows_t *rows;

    status = app_tx_query(run->tx, &sql, APP_QUERY_LAST, &rows, run->err);
    while (status == APR_SUCCESS && (status = app_rows_next(rows, run->err)) == APR_SUCCESS) {
        const char *found = app_rows_text(rows, 1, NULL);

        if (app_rows_int(rows, 0) == 0) {
            show_relation(run, rest_schema_relation(run->schema, space->name, found));
        }
        else {
            show_routine(run, rest_schema_routine(run->schema, space->name, found));
        }
    }
    if (status == APR_EOF && all) {
        show_by_grants(run, space, 1);
    }
    return status == APR_EOF ? APR_SUCCESS : status;
}

/** In a transaction like any other request's. */
static apr_status_t collect(run_t *run, const rest_space_t *space)
{
    int all = run->call->conf->openapi_mode == REST_OPENAPI_IGNORE;
    apr_status_t status;

    run->doc.relations =
        apr_palloc(run->pool, sizeof(*run->doc.relations) * (apr_size_t)(space->nrelations + 1));
    run->doc.routines =
        apr_palloc(run->pool, sizeof(*run->doc.routines) * (apr_size_t)(space->nroutines + 1));
    status = rest_begin(&run->tx, run->call, run->schema, NULL, 1, run->err, run->pool);
    if (status != APR_SUCCESS) {
        return status;
    }
    if (run->schema->kind == APP_DB_PGSQL) {
        return show_usable(run, space, all);
    }
    show_by_grants(run, space, all);
    return app_tx_commit(run->tx, run->err);
}

/* Where it is */

int rest_openapi_read_uri(apr_uri_t *puri, const char *text, apr_pool_t *p)
{
    if (apr_uri_parse(p, text, puri) != APR_SUCCESS || !puri->scheme || !puri->hostname ||
        !*puri->hostname || puri->query || puri->fragment || puri->user) {
        return 0;
    }
    if (!puri->port) {
        puri->port = apr_uri_port_of_scheme(puri->scheme);
    }
    return strcmp(puri->scheme, "http") == 0 || strcmp(puri->scheme, "https") == 0;
}

static void set_place(rest_openapi_t *doc, const rest_call_t *call, apr_pool_t *p)
{
    const char *mount = app_request_mount(call->r);
    apr_uri_t uri;

    if (call->conf->openapi_uri && rest_openapi_read_uri(&uri, call->conf->openapi_uri, p)) {
        doc->scheme = uri.scheme;
        doc->host = apr_psprintf(p, strchr(uri.hostname, ':') ? "[%s]:%u" : "%s:%u",
                                 uri.hostname, uri.port);
        doc->path = uri.path ? uri.path : "/";
        return;
    }
    doc->scheme = app_request_secure(call->r) ? "https" : "http";
    doc->host = app_request_header(call->r, "Host");
    doc->path = *mount ? apr_pescape_path(p, mount, 1) : "/";
}

apr_status_t rest_openapi_configure(const rest_conf_t *conf, app_error_t *err)
{
    apr_uri_t uri;

    if (!conf->openapi_uri || rest_openapi_read_uri(&uri, conf->openapi_uri, err->pool)) {
        return APR_SUCCESS;
    }
    app_fail(err, APP_E_SETTING, "OpenapiServerProxyUri '%s' is no base URL", conf->openapi_uri);
    return app_hint(err, "Write it like https://example.org/api");
}

/* The answer */

static apr_status_t available(void *ctx, const rest_accepted_t *type, app_error_t *err)
{
    (void)ctx;
    (void)err;
    return type->media == REST_MEDIA_ANY || type->media == REST_MEDIA_OPENAPI ||
                   strcmp(type->name, "application/json") == 0
               ? APR_SUCCESS : APR_NOTFOUND;
}

static apr_status_t send_part(void *ctx, const char *data, apr_size_t len)
{
    return app_response_write(ctx, data, len);
}

static void add_head(const rest_call_t *call)
{
    app_response_status(call->res, 200);
    app_response_type(call->res, "application/openapi+json; charset=utf-8");
    app_response_header_add(call->res, "Vary", "Accept, Prefer, Range");
    if (call->profiled) {
        app_response_header(call->res, "Content-Profile", call->request->space);
    }
}

apr_status_t rest_openapi_answer(const rest_call_t *call, const rest_schema_t *schema,
                                 app_error_t *err, apr_pool_t *p)
{
    const rest_space_t *space = rest_schema_space(schema, call->request->space);
    run_t run = { .call = call, .schema = schema, .err = err, .pool = p };
    const rest_accepted_t *type;
    apr_status_t status;

    if (rest_accept_choose(&type, rest_accept_parse(call->request->accept, p), available, NULL,
                           err) != APR_SUCCESS ||
        rest_schema_check_role(schema, call->request->role, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    rest_timing_end(call->timing, REST_STEP_PLAN);
    status = collect(&run, space);
    if (status != APR_SUCCESS) {
        if (run.tx) {
            app_tx_rollback(run.tx);
        }
        return status;
    }
    rest_timing_end(call->timing, REST_STEP_TRANSACTION);
    add_head(call);
    rest_timing_end(call->timing, REST_STEP_RESPONSE);
    rest_timing_respond(call->timing, call->res, p);
    if (call->request->head) {
        return APR_SUCCESS;
    }
    run.doc.kind = schema->kind;
    run.doc.comment = space->comment;
    run.doc.security = call->conf->openapi_security;
    run.doc.send = send_part;
    run.doc.ctx = call->res;
    run.doc.pool = p;
    set_place(&run.doc, call, p);
    rest_openapi_write(&run.doc); /* a client that is gone is no error */
    return APR_SUCCESS;
}
