/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What SQL can read of the request by current_setting(): the role, the claims, headers. The order
 * is the dialect's: the search path before the role, so that it holds for all that follows.
 */
#include <string.h>

#include "apr_lib.h"
#include "apr_strings.h"

#include "rest_int.h"

#define SETTING_MAX (1 << 20)

/** The schema of the request and the further ones, as identifiers. */
static const char *search_path(const rest_call_t *call, apr_pool_t *p)
{
    const apr_array_header_t *extra = call->conf->extra_search_path;
    app_buf_t buf;
    int i;

    app_buf_init(&buf, p, SETTING_MAX);
    app_buf_add_ident(&buf, call->request->space);
    for (i = 0; extra && i < extra->nelts; i++) {
        app_buf_adds(&buf, ", ");
        app_buf_add_ident(&buf, APR_ARRAY_IDX(extra, i, const char *));
    }
    return buf.data;
}

/** They name the role in force, whoever named it. */
static const char *claims(const rest_call_t *call, apr_pool_t *p)
{
    const app_identity_t *identity = app_request_identity(call->r);
    const char *text = identity->claims ? identity->claims : "{}";
    apr_size_t len = strlen(text) - 1; /* without "}" */
    app_buf_t buf;

    if (identity->role && identity->claims) {
        return identity->claims;
    }
    app_buf_init(&buf, p, SETTING_MAX);
    app_buf_add(&buf, text, len);
    app_buf_adds(&buf, len > 1 ? ",\"role\":" : "\"role\":");
    app_buf_add_json(&buf, call->request->role, strlen(call->request->role));
    app_buf_addc(&buf, '}');
    return buf.data;
}

static int add_header(void *ctx, const char *name, const char *value)
{
    app_buf_t *buf = ctx;
    char lower[128];
    apr_size_t i, len = strlen(name);

    if (len >= sizeof(lower) || strcasecmp(name, "Cookie") == 0) {
        return 1;
    }
    for (i = 0; i < len; i++) {
        lower[i] = (char)apr_tolower(name[i]);
    }
    app_buf_addc(buf, buf->len ? ',' : '{');
    app_buf_add_json(buf, lower, len);
    app_buf_addc(buf, ':');
    app_buf_add_json(buf, value, strlen(value));
    return 1;
}

static int add_but_trace(void *buf, const char *name, const char *value)
{
    return strcasecmp(name, "traceparent") == 0 || add_header(buf, name, value);
}

/**
 * A JSON object; of a repeated name the last value counts, as JSON readers take it. SQL that
 * asks others on the request's behalf is told the request's own place in its trace.
 */
static const char *headers(const rest_call_t *call, apr_pool_t *p)
{
    const char *parent = app_request_trace(call->r)->parent;
    app_buf_t buf;

    app_buf_init(&buf, p, SETTING_MAX);
    app_request_headers(call->r, parent ? add_but_trace : add_header, &buf);
    if (parent) {
        add_header(&buf, "traceparent", parent);
    }
    if (!buf.len) {
        app_buf_addc(&buf, '{');
    }
    app_buf_addc(&buf, '}');
    return buf.data;
}

static const char *cookies(const rest_call_t *call, apr_pool_t *p)
{
    const char *header = app_request_header(call->r, "Cookie");
    app_buf_t buf;

    app_buf_init(&buf, p, SETTING_MAX);
    while (header && *header) {
        apr_size_t len, name;

        header += strspn(header, "; ");
        len = strcspn(header, ";");
        name = strcspn(header, "=;");
        if (name < len) {
            app_buf_addc(&buf, buf.len ? ',' : '{');
            app_buf_add_json(&buf, header, name);
            app_buf_addc(&buf, ':');
            app_buf_add_json(&buf, header + name + 1, len - name - 1);
        }
        header += len;
    }
    if (!buf.len) {
        return "{}";
    }
    app_buf_addc(&buf, '}');
    return buf.data;
}

/* Settings of roles, functions and the site */

static int is_hoisted(const rest_conf_t *conf, const char *name)
{
    int i;

    for (i = 0; conf->hoisted && i < conf->hoisted->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(conf->hoisted, i, const char *), name) == 0) {
            return 1;
        }
    }
    return 0;
}

static void put_role_settings(app_tx_t *tx, const rest_schema_t *schema, const char *role)
{
    const rest_role_setting_t *setting;

    for (setting = schema->role_settings; setting; setting = setting->next) {
        if (strcmp(setting->role, role) == 0) {
            app_tx_set(tx, setting->name, setting->value);
        }
    }
}

static void put_hoisted(app_tx_t *tx, const rest_conf_t *conf, const rest_routine_t *routine)
{
    int i;

    for (i = 0; routine && i < routine->nsettings; i++) {
        if (is_hoisted(conf, routine->settings[2 * i])) {
            app_tx_set(tx, routine->settings[2 * i], routine->settings[2 * i + 1]);
        }
    }
}

static void put_app_settings(app_tx_t *tx, const rest_conf_t *conf, apr_pool_t *p)
{
    int i;

    for (i = 0; conf->app_settings && i < conf->app_settings->nelts; i++) {
        const char *item = APR_ARRAY_IDX(conf->app_settings, i, const char *);
        const char *equals = strchr(item, '=');

        app_tx_set(tx, apr_psprintf(p, "app.settings.%.*s", (int)(equals - item), item),
                   equals + 1);
    }
}

apr_status_t rest_settings_check(const rest_conf_t *conf, app_error_t *err)
{
    int i;

    for (i = 0; conf->app_settings && i < conf->app_settings->nelts; i++) {
        const char *item = APR_ARRAY_IDX(conf->app_settings, i, const char *);
        apr_size_t len = strspn(item, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "0123456789_");

        if (!len || item[len] != '=') {
            app_fail(err, APP_E_SETTING, "AppSettings: \"%s\" is not of the form NAME=value", item);
            return app_hint(err, "A name has letters, digits and \"_\"; a value with blanks is "
                                 "written \"NAME=the value\".");
        }
    }
    return APR_SUCCESS;
}

static app_isolation_e isolation_of(const char *text)
{
    static const char *const words[] = {
        [APP_READ_COMMITTED] = "read committed",
        [APP_REPEATABLE_READ] = "repeatable read",
        [APP_SERIALIZABLE] = "serializable",
    };
    int i;

    for (i = APP_READ_COMMITTED; i <= APP_SERIALIZABLE; i++) {
        if (strcasecmp(words[i], text) == 0) {
            return (app_isolation_e)i;
        }
    }
    return APP_ISOLATION_DEFAULT;
}

static app_isolation_e roles_isolation(const rest_call_t *call, const rest_schema_t *schema,
                                       const rest_routine_t *routine)
{
    const rest_role_setting_t *setting = schema->role_settings;

    if (routine && routine->isolation) {
        return isolation_of(routine->isolation);
    }
    while (setting && (strcmp(setting->role, call->request->role) != 0 ||
                       strcmp(setting->name, "default_transaction_isolation") != 0)) {
        setting = setting->next;
    }
    return setting ? isolation_of(setting->value) : APP_ISOLATION_DEFAULT;
}

app_isolation_e rest_settings_isolation(const rest_call_t *call, const rest_schema_t *schema,
                                        const rest_routine_t *routine)
{
    app_isolation_e isolation = roles_isolation(call, schema, routine);

    return call->compares && isolation < APP_REPEATABLE_READ ? APP_REPEATABLE_READ : isolation;
}

/** The order is the dialect's: what a role is set to holds before the role is taken. */
void rest_settings_put(app_tx_t *tx, const rest_call_t *call, const rest_schema_t *schema,
                       const rest_routine_t *routine, apr_pool_t *p)
{
    if (call->rest->dialect->kind == APP_DB_PGSQL) {
        app_tx_set(tx, "search_path", search_path(call, p));
    }
    put_role_settings(tx, schema, call->request->role);
    app_tx_set(tx, "role", call->request->role);
    app_tx_set(tx, "request.jwt.claims", claims(call, p));
    if (schema->kind == APP_DB_PGSQL && schema->sets_response) {
        /* One set for the session would be said to whoever has the connection afterwards. */
        app_tx_set(tx, "response.status", "");
        app_tx_set(tx, "response.headers", "");
    }
    if (!schema->reads_request) {
        return; /* nobody would ask for the rest */
    }
    app_tx_set(tx, "request.method", app_request_method(call->r));
    app_tx_set(tx, "request.path", app_request_path(call->r));
    app_tx_set(tx, "request.headers", headers(call, p));
    app_tx_set(tx, "request.cookies", cookies(call, p));
    if (call->request->prefer.timezone) {
        app_tx_set(tx, "timezone", call->request->prefer.timezone);
    }
    if (call->rest->dialect->kind == APP_DB_PGSQL) {
        put_hoisted(tx, call->conf, routine);
    }
    put_app_settings(tx, call->conf, p);
}
