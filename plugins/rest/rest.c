/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Plugin rest: the site's tables and views as a REST API in PostgREST's dialect. Descriptor,
 * settings, and the way of a request through the five steps (rest_int.h).
 */
#include <string.h>
#include <unistd.h>

#include "apr_strings.h"

#include "rest_command.h"

#define PLANS_MAX 3 /* tries to plan while the schema changes under the request */

const char *const rest_openapi_modes[] = { "follow-privileges", "ignore-privileges", "disabled",
                                           NULL };

const char *const rest_tx_ends[] = { "commit", "commit-allow-override", "rollback",
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
    APP_SET_ENUM("OpenapiMode", rest_conf_t, openapi_mode, "follow-privileges",
                 rest_openapi_modes,
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
    APP_SET_ENUM("TxEnd", rest_conf_t, tx_end, "commit", rest_tx_ends, APP_SET_LOCATION,
                 "how a transaction ends, and whether Prefer: tx= may say otherwise (db-tx-end)"),
    APP_SET_LIST("HoistedTxSettings", rest_conf_t, hoisted,
                 "statement_timeout plan_filter.statement_cost_limit "
                 "default_transaction_isolation", 0,
                 "settings of a function that hold for its whole transaction "
                 "(db-hoisted-tx-settings)"),
    APP_SET_LIST("AppSettings", rest_conf_t, app_settings, NULL, APP_SET_LOCATION,
                 "what SQL reads as current_setting('app.settings.NAME'): NAME=value "
                 "(app.settings.*)"),
    APP_SET_STRING("Channel", rest_conf_t, channel, "pgrst", 0,
                   "PostgreSQL: channel of notifications that the schema has changed "
                   "(db-channel)"),
    APP_SET_FLAG("ChannelEnabled", rest_conf_t, channel_enabled, "on", 0,
                 "PostgreSQL: one process of the site listens to Channel "
                 "(db-channel-enabled)"),
    APP_SET_FLAG("DatabaseConfig", rest_conf_t, db_config, "on", 0,
                 "PostgreSQL: settings pgrst.NAME of the connection's role take the place of "
                 "those here (db-config)"),
    APP_SET_STRING("PreConfig", rest_conf_t, pre_config, NULL, 0,
                   "PostgreSQL: function without arguments that makes such settings by "
                   "set_config() (db-pre-config)"),
    APP_SET_FLAG("EntityTags", rest_conf_t, entity_tags, "on", APP_SET_LOCATION,
                 "answers to GET have an ETag; what the client has already is not sent again"),
    APP_SET_END
};

/* The steps */

/**
 * Whether a plan that was made may have failed for what the snapshot does not know: on PostgreSQL a
 * name that is gone, on SQLite a full-text index that is new, before the first query finds it out.
 */
static int tells_of_change(const rest_schema_t *schema, const app_error_t *err)
{
    static const char *const pgsql[] = { "42P01", "42703" };
    static const char *const sqlite[] = { "PGRST127", "42704" };
    const char *const *codes = schema->kind == APP_DB_PGSQL ? pgsql : sqlite;

    return err->code && (strcmp(err->code, codes[0]) == 0 || strcmp(err->code, codes[1]) == 0);
}

/**
 * Step 1, with the settings that hold with this snapshot.
 * @param pplan of a request that was made before, what step 2 would make; else NULL
 */
static apr_status_t read_request(rest_plan_t **pplan, rest_call_t *call, rest_request_t *request,
                                 rest_schema_t *schema, app_error_t *err, apr_pool_t *p)
{
    const rest_conf_t *conf = app_request_settings(call->r, call->rest->self);
    int is_sites = conf == app_instance_settings(call->rest->self);
    apr_status_t status = APR_SUCCESS;

    call->conf = rest_config_over(conf, schema->config, p);
    *pplan = is_sites ? rest_memo_get(call, schema) : NULL;
    if (!*pplan) {
        status = rest_request_read(call, request, schema, err, p);
    }
    rest_timing_end(call->timing, REST_STEP_PARSE);
    return status;
}

static apr_status_t run(const rest_call_t *call, rest_plan_t *plan, rest_schema_t *schema,
                        int last, app_error_t *err, apr_pool_t *p)
{
    apr_status_t status = call->asked ? rest_data_run(call, plan, schema, err, p)
                                      : rest_run(call, plan, schema, err, p);

    return status == APP_EFAIL && !last && tells_of_change(schema, err) &&
                   rest_cache_outdated(call->rest, schema, call->r, p)
               ? REST_STALE
               : status;
}

/** For logs and metrics: the route, with a name that the schema has. @param plan NULL: none made */
static void name_route(const rest_call_t *call, const rest_plan_t *plan,
                       const rest_schema_t *schema, apr_pool_t *p)
{
    const rest_request_t *request = call->request;
    const char *route = NULL;

    if (call->asked) {
        return;
    }
    if (request->root) {
        route = "/";
    }
    else if (request->action == REST_CALL) {
        route = plan ? apr_pstrcat(p, "/rpc/", request->relation, NULL) : "/rpc/*";
    }
    else if (plan || rest_schema_relation(schema, request->space, request->relation)) {
        route = apr_pstrcat(p, "/", request->relation, NULL);
    }
    if (route) {
        app_request_route_set(call->r, route);
    }
}

/**
 * Steps 2 to 5 on one snapshot.
 * @param plan NULL: to be made @return REST_STALE if the snapshot is not the database's any more
 */
static apr_status_t answer_on(const rest_call_t *call, rest_plan_t *plan, rest_schema_t *schema,
                              int last, app_error_t *err, apr_pool_t *p)
{
    apr_status_t status;

    if (plan) {
        rest_timing_end(call->timing, REST_STEP_PLAN);
        name_route(call, plan, schema, p);
        return run(call, plan, schema, last, err, p);
    }
    if (call->request->root && !call->request->options) {
        name_route(call, NULL, schema, p);
        return rest_openapi_answer(call, schema, err, p);
    }
    status = call->request->options ? rest_options_answer(call, schema, err)
                                    : rest_plan_make(&plan, call->request, schema, err, p);
    rest_timing_end(call->timing, REST_STEP_PLAN);
    name_route(call, plan, schema, p);
    if (status != APR_SUCCESS) {
        return !last && rest_cache_outdated(call->rest, schema, call->r, p) ? REST_STALE
                                                                           : APP_EFAIL;
    }
    return call->request->options ? APR_SUCCESS : run(call, plan, schema, last, err, p);
}

static apr_status_t answer(rest_call_t *call, rest_request_t *request, app_error_t *err,
                           apr_pool_t *p)
{
    apr_status_t status = REST_STALE;
    rest_schema_t *schema;
    rest_plan_t *plan;
    int try;

    for (try = 1; try <= PLANS_MAX && status == REST_STALE; try++) {
        if (rest_cache_get(&schema, call->rest, call->r, err) != APR_SUCCESS) {
            return APP_EFAIL;
        }
        status = read_request(&plan, call, request, schema, err, p);
        if (status == APR_SUCCESS && !rest_unchanged_answer(call, p)) {
            status = answer_on(call, plan, schema, try == PLANS_MAX, err, p);
        }
        if (status == REST_STALE &&
            (rest_cache_renew(call->rest, schema, call->r, err) != APR_SUCCESS ||
             rest_request_begin(call, request, err) != APR_SUCCESS)) {
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

apr_status_t rest_answer(rest_call_t *call, app_error_t *err)
{
    rest_request_t request;

    if (!app_instance_db(call->rest->self)) {
        return app_fail(err, APP_E_NO_DATABASE, NULL);
    }
    call->timing = rest_timing_of(call->r);
    rest_timing_begin(call->timing);
    if (rest_request_begin(call, &request, err) != APR_SUCCESS ||
        answer(call, &request, err, app_request_pool(call->r)) != APR_SUCCESS) {
        return finish_error(call, err);
    }
    return APP_DONE;
}

static apr_status_t handle(app_instance_t *self, app_request_t *r, app_response_t *res,
                           app_error_t *err)
{
    rest_call_t call = { .rest = app_instance_context(self), .r = r, .res = res,
                         .conf = app_request_settings(r, self) };

    return rest_answer(&call, err);
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
    rest->configured = apr_time_now();
    rest->configured_by = getpid();
    rest->dialect = kind == APP_DB_SQLITE ? &rest_sqlite : &rest_pgsql;
    rest->spaces = conf->schemas;
    if (!rest->spaces || !rest->spaces->nelts) {
        spaces = apr_array_make(p, 1, sizeof(const char *));
        APR_ARRAY_PUSH(spaces, const char *) = rest->dialect->default_space;
        rest->spaces = spaces;
    }
    if (rest_settings_check(conf, err) != APR_SUCCESS ||
        rest_trace_configure(conf, err) != APR_SUCCESS ||
        rest_openapi_configure(conf, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_instance_context_set(self, rest);
    app_service_offer(self, APP_DATA_SERVICE, &rest_data_service);
    rest_listen_configure(rest);
    rest_unchanged_configure(rest);
    app_filter_add(self, APP_PLACE_FIRST, rest_trace_filter);
    app_filter_add(self, APP_PLACE_LIMIT, rest_timing_filter);
    app_filter_add(self, APP_PLACE_IDENTITY, rest_timing_identified);
    return APR_SUCCESS;
}

static apr_status_t start(app_instance_t *self, app_error_t *err)
{
    rest_t *rest = app_instance_context(self);

    if (rest_cache_start(rest, err) != APR_SUCCESS || rest_memo_start(rest, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return rest_listen_start(rest, err);
}

static void stop(app_instance_t *self)
{
    rest_listen_stop(app_instance_context(self));
}

static const app_command_t commands[] = {
    { "grant", REST_COMMAND_GRANT_USAGE, rest_command_grant },
    { "revoke", REST_COMMAND_REVOKE_USAGE, rest_command_revoke },
    { "policy", REST_COMMAND_POLICY_USAGE, rest_command_policy },
    { NULL, NULL, NULL }
};

static const app_route_t routes[] = { { NULL, "/", handle }, { NULL, NULL, NULL } };

APP_PLUGIN(.name = "rest", .version = "0.1", .summary = "tables and views as a REST API",
           .after = "auth", .settings = settings, .settings_size = sizeof(rest_conf_t),
           .routes = routes, .configure = configure, .start = start, .stop = stop,
           .commands = commands)
