/* SPDX-License-Identifier: Apache-2.0 */
/**
 * SQL functions that every SQLite connection has, so that the same SQL, views, triggers and row
 * filters know who is asking as on PostgreSQL:
 *
 *     current_setting(name)  current_setting(name, missing_ok)
 *     set_config(name, value, is_local)   always local: a connection serves others afterwards
 *     auth_uid()    claim "sub"
 *     auth_role()   setting "role", else claim "role"
 *     auth_claim(name)   as SQLite's ->> gives it: text, integer, real, 0 or 1, JSON text, NULL
 */
#include <stdlib.h>

#include "apr_strings.h"

#include "app_db_sqlite.h"

#define CLAIMS_SETTING "request.jwt.claims"
#define TEXT_KEPT      (256 * 1024) /* memory that app_json() keeps between transactions */
#define CLAIMS_KEPT    4096         /* longest text of claims that is */

static const char *text_of(sqlite3_value *value)
{
    return (const char *)sqlite3_value_text(value);
}

/* Settings */

static void current_setting(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    const app_lite_t *lite = sqlite3_user_data(ctx);
    const char *name = text_of(argv[0]), *value;
    char message[256];

    if (!name || !lite->tx) {
        return;
    }
    if (strncmp(name, "request.header", 14) == 0 || strncmp(name, "request.cookie", 14) == 0) {
        lite->tx->fickle = 1;
    }
    value = app_db_setting(lite->tx, name);
    if (value) {
        sqlite3_result_text(ctx, value, -1, SQLITE_TRANSIENT);
    }
    else if (argc < 2 || !sqlite3_value_int(argv[1])) {
        apr_snprintf(message, sizeof(message), "unrecognized configuration parameter \"%.100s\"",
                     name);
        app_lite_raise(sqlite3_user_data(ctx), ctx, "42704", message);
    }
}

static void set_config(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    const app_lite_t *lite = sqlite3_user_data(ctx);
    const char *name = text_of(argv[0]), *value = text_of(argv[1]);

    (void)argc;
    if (!name) {
        app_lite_raise(sqlite3_user_data(ctx), ctx, "22004", "SET requires parameter name");
        return;
    }
    if (!lite->tx) {
        return;
    }
    value = value ? value : "";
    app_db_setting_put(lite->tx, name, value, strlen(value));
    sqlite3_result_text(ctx, value, -1, SQLITE_TRANSIENT);
}

/** "250ms", "2s", "1min", "1500": as PostgreSQL reads it. @return 0: none, or not understood */
static apr_interval_time_t read_interval(const char *text)
{
    static const struct {
        const char *name;
        apr_int64_t factor;
    } units[] = { { "", 1000 },
                  { "us", 1 },
                  { "ms", 1000 },
                  { "s", APR_USEC_PER_SEC },
                  { "min", 60 * APR_USEC_PER_SEC },
                  { "h", 3600 * APR_USEC_PER_SEC },
                  { "d", 86400 * APR_USEC_PER_SEC } };
    apr_size_t digits = strspn(text, "0123456789"), i;
    apr_int64_t number;

    if (app_int64_parse(text, digits, &number) != APR_SUCCESS || number > APR_INT32_MAX) {
        return 0;
    }
    text += digits + strspn(text + digits, " ");
    for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(units[i].name, text) == 0) {
            return number * units[i].factor;
        }
    }
    return 0;
}

apr_interval_time_t app_lite_statement_time(const app_tx_t *tx)
{
    const char *text = app_db_setting(tx, "statement_timeout");
    apr_interval_time_t given = tx->options.timeout, said = text ? read_interval(text) : 0;

    return said && (!given || said < given) ? said : given;
}

/* Claims */

void app_lite_claims_free(app_lite_t *lite)
{
    json_decref(lite->claims);
    lite->claims = NULL;
    free(lite->claims_of);
    lite->claims_of = NULL;
}

/**
 * The claims, parsed once: a row filter asks for each row, and who has written once often writes
 * again. The text is compared since it is another request's, or SQL may have set it anew.
 */
static const json_t *claims_of(app_lite_t *lite)
{
    const char *text = lite->tx ? app_db_setting(lite->tx, CLAIMS_SETTING) : NULL;

    if (!text) {
        return NULL;
    }
    if (!lite->claims || strcmp(text, lite->claims_of) != 0) {
        app_lite_claims_free(lite);
        lite->claims_of = strdup(text);
        lite->claims = lite->claims_of ? json_loads(text, 0, NULL) : NULL;
    }
    return lite->claims;
}

static void result_json(sqlite3_context *ctx, const json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);

    if (text) {
        sqlite3_result_text(ctx, text, -1, SQLITE_TRANSIENT);
        free(text);
    }
}

static void result_claim(sqlite3_context *ctx, const char *name)
{
    const json_t *claim = json_object_get(claims_of(sqlite3_user_data(ctx)), name);

    switch (claim ? json_typeof(claim) : JSON_NULL) {
    case JSON_STRING:
        sqlite3_result_text64(ctx, json_string_value(claim), json_string_length(claim),
                              SQLITE_TRANSIENT, SQLITE_UTF8);
        break;
    case JSON_INTEGER:
        sqlite3_result_int64(ctx, json_integer_value(claim));
        break;
    case JSON_REAL:
        sqlite3_result_double(ctx, json_real_value(claim));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        sqlite3_result_int(ctx, json_is_true(claim));
        break;
    case JSON_NULL:
        break;
    default:
        result_json(ctx, claim);
        break;
    }
}

static void auth_claim(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    const char *name = text_of(argv[0]);

    (void)argc;
    if (name) {
        result_claim(ctx, name);
    }
}

static void auth_uid(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    (void)argc;
    (void)argv;
    result_claim(ctx, "sub");
}

static void auth_role(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    const app_lite_t *lite = sqlite3_user_data(ctx);
    const char *role = lite->tx ? app_db_setting(lite->tx, "role") : NULL;

    (void)argc;
    (void)argv;
    if (role && *role) {
        sqlite3_result_text(ctx, role, -1, SQLITE_TRANSIENT);
    }
    else {
        result_claim(ctx, "role");
    }
}

/* Registering */

int app_lite_register(app_lite_t *lite, const app_lite_function_t *functions, apr_size_t count,
                      int flags)
{
    apr_size_t i;
    int rc = SQLITE_OK;

    /* Innocuous: usable in views and triggers under any setting of trusted_schema. */
    for (i = 0; i < count && rc == SQLITE_OK; i++) {
        rc = sqlite3_create_function_v2(lite->link, functions[i].name, functions[i].nargs,
                                        SQLITE_UTF8 | SQLITE_INNOCUOUS | flags, lite,
                                        functions[i].run, NULL, NULL, NULL);
    }
    return rc;
}

int app_lite_functions(app_lite_t *lite)
{
    static const app_lite_function_t functions[] = {
        { "current_setting", 1, current_setting }, { "current_setting", 2, current_setting },
        { "set_config", 3, set_config },           { "auth_uid", 0, auth_uid },
        { "auth_role", 0, auth_role },             { "auth_claim", 1, auth_claim },
    };
    int rc = app_lite_register(lite, functions, sizeof(functions) / sizeof(functions[0]), 0);

    rc = rc != SQLITE_OK ? rc : app_lite_functions_json(lite);
    rc = rc != SQLITE_OK ? rc : app_lite_functions_csv(lite);
    rc = rc != SQLITE_OK ? rc : app_lite_functions_array(lite);
    rc = rc != SQLITE_OK ? rc : app_lite_functions_path(lite);
    rc = rc != SQLITE_OK ? rc : app_lite_functions_jsonb(lite);
    rc = rc != SQLITE_OK ? rc : app_lite_functions_numeric(lite);
    rc = rc != SQLITE_OK ? rc : app_lite_functions_cast(lite);
    return rc != SQLITE_OK ? rc : app_lite_functions_match(lite);
}

/* What functions share */

void app_lite_raise(app_lite_t *lite, sqlite3_context *ctx, const char *sqlstate,
                    const char *message)
{
    lite->sqlstate = sqlstate;
    sqlite3_result_error(ctx, message, -1);
}

app_buf_t *app_lite_text_begin(app_lite_t *lite)
{
    app_buf_t *buf = &lite->text;

    buf->len = 0;
    buf->full = 0;
    return buf;
}

void app_lite_text_finish(sqlite3_context *ctx, const app_buf_t *buf)
{
    if (app_buf_full(buf)) {
        sqlite3_result_error_toobig(ctx);
        return;
    }
    sqlite3_result_text64(ctx, buf->data, buf->len, SQLITE_TRANSIENT, SQLITE_UTF8);
    sqlite3_result_subtype(ctx, APP_LITE_JSON);
}

void app_lite_functions_reset(app_lite_t *lite)
{
    if (lite->claims_of && strlen(lite->claims_of) > CLAIMS_KEPT) {
        app_lite_claims_free(lite);
    }
    lite->sqlstate = NULL;
    if (!lite->text.pool || lite->text.size > TEXT_KEPT) {
        apr_pool_clear(lite->scratch);
        app_buf_init(&lite->text, lite->scratch, APP_LITE_TEXT_MAX);
    }
}
