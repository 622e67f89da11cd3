/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Plugin rest: the site's tables and views as a REST API in PostgREST's dialect. Descriptor,
 * settings, and the way of a request through the five steps (rest_int.h).
 */
#include <string.h>

#include "apr_strings.h"

#include "rest_int.h"

#define PLANS_MAX 3 /* tries to plan while the schema changes under the request */

static const char *const openapi_modes[] = { "follow-privileges", "ignore-privileges", "disabled",
                                             NULL };

static const char *const tx_ends[] = { "commit", "commit-allow-override", "rollback",
                                       "rollback-allow-override", NULL };

static const app_setting_t settings[] = {
    APP_SET_STRING("AnonRole", rest_conf_t, anon_role, NULL, APP_SET_LOCATION,
                   "role of requests without a token; without one a token is required "
                   "(db-anon-role)"),
    APP_SET_LIST("Schemas", rest_conf_t, schemas, NULL, 0,
                 "schemas served, the first is the default: public on PostgreSQL, main on SQLite "
                 "(db-schemas)"),
    APP_SET_LIST("ExtraSearchPath", rest_conf_t, extra_search_path, "public", 0,
                 "further schemas in PostgreSQL's search path (db-extra-search-path)"),
    APP_SET_INT("MaxRows", rest_conf_t, max_rows, "0", 0, APR_INT32_MAX, APP_SET_LOCATION,
                "most rows in an answer, 0 for no limit (db-max-rows)"),
    APP_SET_SECRET("JwtSecret", rest_conf_t, jwt_secret, 0,
                   "what tokens are verified with: a text of at least 32 bytes (HS256), a JWK or "
                   "a JWK set (jwt-secret)"),
    APP_SET_FLAG("JwtSecretIsBase64", rest_conf_t, jwt_secret_is_base64, "off", 0,
                 "JwtSecret is in base64, of either alphabet (jwt-secret-is-base64)"),
    APP_SET_STRING("JwtAud", rest_conf_t, jwt_aud, NULL, APP_SET_LOCATION,
                   "audience that a token must be for, if it names one (jwt-aud)"),
    APP_SET_STRING("JwtRoleClaimKey", rest_conf_t, jwt_role_claim_key, "$.role", 0,
                   "where in a token the role is, as a JSONPath (jwt-role-claim-key)"),
    APP_SET_INT("JwtCacheMaxEntries", rest_conf_t, jwt_cache_max_entries, "1000", 0, 100000, 0,
                "verified tokens that a process remembers, 0 for none (jwt-cache-max-entries)"),
    APP_SET_ENUM("OpenapiMode", rest_conf_t, openapi_mode, "follow-privileges", openapi_modes,
                 APP_SET_LOCATION,
                 "what the description at the root shows: what the role may use, all, or nothing "
                 "(openapi-mode)"),
    APP_SET_FLAG("OpenapiSecurityActive", rest_conf_t, openapi_security, "off", APP_SET_LOCATION,
                 "the description says that a token may be sent (openapi-security-active)"),
    APP_SET_STRING("OpenapiServerProxyUri", rest_conf_t, openapi_uri, NULL, 0,
                   "base URL in the description; none: as the request has it "
                   "(openapi-server-proxy-uri)"),
    APP_SET_STRING("RootSpec", rest_conf_t, root_spec, NULL, APP_SET_LOCATION,
                   "function that answers the root in place of the description (db-root-spec)"),
    APP_SET_FLAG("AggregatesEnabled", rest_conf_t, aggregates, "off", APP_SET_LOCATION,
                 "select may count and sum (db-aggregates-enabled)"),
    APP_SET_FLAG("PlanEnabled", rest_conf_t, explains, "off", APP_SET_LOCATION,
                 "a client may ask how the database would run its query (db-plan-enabled)"),
    APP_SET_FLAG("LegacyTargetNames", rest_conf_t, legacy_names, "on", APP_SET_LOCATION,
                 "an embed with an alias is found by its own name, too "
                 "(url-use-legacy-target-names)"),
    APP_SET_STRING("TraceHeader", rest_conf_t, trace_header, NULL, 0,
                   "header of a request that its answer repeats (server-trace-header)"),
    APP_SET_FLAG("ServerTiming", rest_conf_t, server_timing, "off", APP_SET_LOCATION,
                 "answers say how long their steps took (server-timing-enabled)"),
    APP_SET_STRING("PreRequest", rest_conf_t, pre_request, NULL, APP_SET_LOCATION,
                   "function without arguments that runs before every request (db-pre-request)"),
    APP_SET_ENUM("TxEnd", rest_conf_t, tx_end, "commit", tx_ends, APP_SET_LOCATION,
                 "how a transaction ends, and whether Prefer: tx= may say otherwise (db-tx-end)"),
    APP_SET_LIST("HoistedTxSettings", rest_conf_t, hoisted,
                 "statement_timeout plan_filter.statement_cost_limit "
                 "default_transaction_isolation", 0,
                 "settings of a function that hold for its whole transaction "
                 "(db-hoisted-tx-settings)"),
    APP_SET_LIST("AppSettings", rest_conf_t, app_settings, NULL, APP_SET_LOCATION,
                 "what SQL reads as current_setting('app.settings.NAME'): NAME=value "
                 "(app.settings.*)"),
    APP_SET_LIST("CorsAllowedOrigins", rest_conf_t, cors_origins, NULL, APP_SET_LOCATION,
                 "origins whose pages may read the answers, with credentials; none: any may, "
                 "without (server-cors-allowed-origins)"),
    APP_SET_END
};

/* The request as it comes */

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
static apr_status_t read_profile(rest_call_t *call, rest_request_t *request, int is_read,
                                 app_error_t *err)
{
    const apr_array_header_t *spaces = call->rest->spaces;
    const char *asked =
        app_request_header(call->r, is_read ? "Accept-Profile" : "Content-Profile");
    const char *names = "";
    int i;

    call->profiled = asked || spaces->nelts > 1;
    for (i = 0; asked && i < spaces->nelts; i++) {
        const char *name = APR_ARRAY_IDX(spaces, i, const char *);

        if (strcmp(name, asked) == 0) {
            request->space = name;
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

static apr_status_t read_method(rest_request_t *request, const char *method, app_error_t *err)
{
    apr_size_t i;

    request->options = strcmp(method, "OPTIONS") == 0;
    if (request->options) {
        return APR_SUCCESS;
    }
    request->head = strcmp(method, "HEAD") == 0;
    if (request->action == REST_CALL) {
        request->post = strcmp(method, "POST") == 0;
        return request->head || request->post || strcmp(method, "GET") == 0
                   ? APR_SUCCESS
                   : app_fail(err, APP_E_RPC_METHOD, "Cannot use the %s method on RPC", method);
    }
    if (request->head || strcmp(method, "GET") == 0) {
        request->action = REST_READ;
        return APR_SUCCESS;
    }
    for (i = 0; !request->root && i < sizeof(writes) / sizeof(writes[0]); i++) {
        if (strcmp(method, writes[i].method) == 0) {
            request->action = writes[i].action;
            return APR_SUCCESS;
        }
    }
    return app_fail(err, APP_E_UNSUPPORTED_METHOD, "Unsupported HTTP method: %s", method);
}

static apr_status_t read_role(rest_call_t *call, rest_request_t *request, app_error_t *err)
{
    const char *role = app_request_identity(call->r)->role;

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
    return request->options || request->action == REST_READ ||
           (request->action == REST_CALL && !request->post);
}

static apr_status_t read_query(rest_request_t *request, const char *query, app_error_t *err,
                               apr_pool_t *p)
{
    return request->action == REST_CALL && !request->post
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
    return request->post ? rest_body_parse_call(&request->body, &source, err, p)
                         : rest_body_parse(&request->body, &source, is_patch, err, p);
}

/** Range is for GET only. */
static const char *range_of(app_request_t *r, const rest_request_t *request)
{
    return is_asking(request) && !request->head ? app_request_header(r, "Range") : NULL;
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

/** Step 1. The order is the dialect's: the first thing that is wrong answers. */
static apr_status_t read_request(rest_call_t *call, rest_request_t *request, app_error_t *err,
                                 apr_pool_t *p)
{
    app_request_t *r = call->r;

    call->request = request;
    if (read_role(call, request, err) != APR_SUCCESS ||
        read_path(call, request, app_request_path(r), err) != APR_SUCCESS ||
        read_method(request, app_request_method(r), err) != APR_SUCCESS ||
        read_profile(call, request, is_asking(request), err) != APR_SUCCESS ||
        read_query(request, app_request_query(r), err, p) != APR_SUCCESS ||
        rest_window(&request->limit, &request->offset, &request->query->root,
                    range_of(r, request), err) != APR_SUCCESS ||
        check_replace(request, err) != APR_SUCCESS ||
        read_body(call, request, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    request->accept = app_request_header(r, "Accept");
    rest_prefer_parse(&request->prefer, app_request_header(r, "Prefer"), p);
    choose_ending(call, request);
    request->max_rows = call->conf->max_rows;
    request->aggregates = call->conf->aggregates != 0;
    request->explains = call->conf->explains != 0;
    request->legacy_names = call->conf->legacy_names != 0;
    return APR_SUCCESS;
}

/* The steps */

/** Steps 2 to 5 on one snapshot. @return REST_STALE if it is not the database's any more */
static apr_status_t answer_on(const rest_call_t *call, rest_schema_t *schema, int last,
                              app_error_t *err, apr_pool_t *p)
{
    rest_plan_t *plan;
    apr_status_t status;

    if (call->request->root && !call->request->options) {
        return rest_openapi_answer(call, schema, err, p);
    }
    status = call->request->options ? rest_options_answer(call, schema, err)
                                    : rest_plan_make(&plan, call->request, schema, err, p);
    rest_timing_end(call->timing, REST_STEP_PLAN);
    if (status != APR_SUCCESS) {
        return !last && rest_cache_outdated(call->rest, schema, call->r, p) ? REST_STALE
                                                                           : APP_EFAIL;
    }
    if (call->request->options) {
        return APR_SUCCESS;
    }
    status = rest_run(call, plan, schema, err, p);
    if (status == APP_EFAIL && !last && schema->kind == APP_DB_PGSQL && err->code &&
        (strcmp(err->code, "42P01") == 0 || strcmp(err->code, "42703") == 0) &&
        rest_cache_outdated(call->rest, schema, call->r, p)) {
        return REST_STALE;
    }
    return status;
}

static apr_status_t answer(const rest_call_t *call, app_error_t *err, apr_pool_t *p)
{
    apr_status_t status = REST_STALE;
    rest_schema_t *schema;
    int try;

    for (try = 1; try <= PLANS_MAX && status == REST_STALE; try++) {
        if (rest_cache_get(&schema, call->rest, call->r, err) != APR_SUCCESS) {
            return APP_EFAIL;
        }
        status = answer_on(call, schema, try == PLANS_MAX, err, p);
        if (status == REST_STALE &&
            rest_cache_renew(call->rest, schema, call->r, err) != APR_SUCCESS) {
            status = APP_EFAIL;
        }
        rest_cache_release(schema);
    }
    if (status == REST_STALE) {
        app_fail(err, APP_E_SCHEMA_CACHE, NULL);
        err->retry_after = 1;
        return APP_EFAIL;
    }
    return status;
}

static void add_allow(const rest_call_t *call, app_error_t *err)
{
    app_error_t ignored = { .pool = err->pool };
    rest_schema_t *schema = NULL;

    rest_cache_get(&schema, call->rest, call->r, &ignored);
    rest_options_refused(call->request, schema, err);
    rest_cache_release(schema);
}

/** Who may not do a thing as nobody may do it with a token: 401 says so. */
static apr_status_t finish_error(const rest_call_t *call, app_error_t *err)
{
    rest_raise(err, call->rest->dialect->kind, err->pool);
    if (call->anonymous && err->code && strcmp(err->code, "42501") == 0) {
        err->status = 401;
    }
    if (err->status == 401 && !err->challenge) {
        err->challenge = "Bearer";
    }
    if (err->status == 405) {
        add_allow(call, err);
    }
    return APP_EFAIL;
}

static apr_status_t handle(app_instance_t *self, app_request_t *r, app_response_t *res,
                           app_error_t *err)
{
    rest_call_t call = { .rest = app_instance_context(self), .r = r, .res = res,
                         .conf = app_request_settings(r, self) };
    apr_pool_t *p = app_request_pool(r);
    rest_request_t request;

    memset(&request, 0, sizeof(request));
    request.space = APR_ARRAY_IDX(call.rest->spaces, 0, const char *);
    if (!app_instance_db(self)) {
        return app_fail(err, APP_E_NO_DATABASE, NULL);
    }
    call.timing = rest_timing_of(r);
    rest_timing_begin(call.timing);
    if (read_request(&call, &request, err, p) != APR_SUCCESS) {
        return finish_error(&call, err);
    }
    rest_timing_end(call.timing, REST_STEP_PARSE);
    if (answer(&call, err, p) != APR_SUCCESS) {
        return finish_error(&call, err);
    }
    return APP_DONE;
}

/* Life */

static apr_status_t configure(app_instance_t *self, app_error_t *err)
{
    const rest_conf_t *conf = app_instance_settings(self);
    apr_pool_t *p = app_instance_pool(self);
    rest_t *rest = apr_pcalloc(p, sizeof(*rest));
    apr_array_header_t *spaces;
    app_db_kind_e kind;

    if (app_instance_db_kind(self, &kind) != APR_SUCCESS) {
        app_fail(err, APP_E_SETTING, "Plugin rest has no database to serve");
        return app_hint(err, "Name one with AppDatabase, or leave the plugin out.");
    }
    rest->self = self;
    rest->dialect = kind == APP_DB_SQLITE ? &rest_sqlite : &rest_pgsql;
    rest->spaces = conf->schemas;
    rest->further = conf->extra_search_path;
    if (!rest->spaces || !rest->spaces->nelts) {
        spaces = apr_array_make(p, 1, sizeof(const char *));
        APR_ARRAY_PUSH(spaces, const char *) = rest->dialect->default_space;
        rest->spaces = spaces;
    }
    if (rest_settings_check(conf, err) != APR_SUCCESS ||
        rest_trace_configure(conf, err) != APR_SUCCESS ||
        rest_openapi_configure(conf, err) != APR_SUCCESS ||
        rest_token_configure(rest, conf, err) != APR_SUCCESS ||
        rest_cors_configure(conf, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_instance_context_set(self, rest);
    app_filter_add(self, APP_PLACE_FIRST, rest_trace_filter);
    app_filter_add(self, APP_PLACE_FIRST, rest_cors_filter);
    app_filter_add(self, APP_PLACE_IDENTITY, rest_timing_filter);
    app_filter_add(self, APP_PLACE_IDENTITY, rest_token_filter);
    app_filter_add(self, APP_PLACE_IDENTITY, rest_timing_identified);
    return APR_SUCCESS;
}

static apr_status_t start(app_instance_t *self, app_error_t *err)
{
    rest_t *rest = app_instance_context(self);

    return rest_token_start(rest, err) == APR_SUCCESS ? rest_cache_start(rest, err) : APP_EFAIL;
}

static const app_route_t routes[] = { { NULL, "/", handle }, { NULL, NULL, NULL } };

APP_PLUGIN(.name = "rest", .version = "0.1", .summary = "tables and views as a REST API",
           .settings = settings, .settings_size = sizeof(rest_conf_t), .routes = routes,
           .configure = configure, .start = start)
