/* SPDX-License-Identifier: Apache-2.0 */
/** What the commands share (auth_command.h): times and failures. */
#include <stdio.h>
#include <string.h>

#include "apr_strings.h"

#include "auth_command.h"

#define NO_TABLE "42P01"
#define LONGEST (APR_INT64_C(3650) * 86400)

/* Times */

static apr_int64_t unit(char c)
{
    switch (c) {
    case 's':
        return 1;
    case 'm':
        return 60;
    case 'h':
        return 3600;
    case 'd':
        return 86400;
    case 'w':
        return 7 * 86400;
    default:
        return 0;
    }
}

apr_status_t auth_command_duration(apr_int64_t *pseconds, const char *text, const char *option,
                                   app_error_t *err)
{
    apr_size_t len = strlen(text);
    apr_int64_t scale = len ? unit(text[len - 1]) : 0, number;

    if (!scale || app_int64_parse(text, len - 1, &number) != APR_SUCCESS || number < 1 ||
        number > LONGEST / scale) {
        return app_fail(err, APP_E_BAD_REQUEST,
                        "%s takes a time with a unit (30s, 15m, 24h, 90d, 2w), at most 3650d, not "
                        "\"%s\"",
                        option, text);
    }
    *pseconds = number * scale;
    return APR_SUCCESS;
}

const char *auth_command_time(apr_int64_t seconds, apr_pool_t *p)
{
    apr_time_exp_t t;

    if (!seconds || apr_time_exp_gmt(&t, apr_time_from_sec(seconds)) != APR_SUCCESS) {
        return "-";
    }
    return apr_psprintf(p, "%04d-%02d-%02d %02d:%02d:%02d", t.tm_year + 1900, t.tm_mon + 1,
                        t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec);
}

/* Users and roles */

/** @return APR_SUCCESS; APR_NOTFOUND; APP_EFAIL */
static apr_status_t first_text(const char **ptext, app_tx_t *tx, const char *text,
                               const char *param, app_error_t *err)
{
    const app_value_t value = auth_text(param);
    const app_sql_t sql = { text, apr_pmemdup(err->pool, &value, sizeof(value)), 1 };
    app_rows_t *rows;
    apr_status_t rv;

    if (app_tx_query(tx, &sql, 0, &rows, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    rv = app_rows_next(rows, err);
    if (rv == APR_SUCCESS) {
        *ptext = apr_pstrdup(err->pool, app_rows_text(rows, 0, NULL));
    }
    return rv == APR_EOF ? APR_NOTFOUND : rv;
}

#define PGSQL_ROLE                                                                           \
    "SELECT CASE WHEN pg_has_role(session_user, rolname, 'MEMBER') THEN 'member' ELSE 'no'"  \
    " END FROM pg_catalog.pg_roles WHERE rolname = $1"
#define SQLITE_ROLE "SELECT 'granted' FROM app_grants WHERE role = $1 LIMIT 1"

apr_status_t auth_command_check_role(auth_t *auth, app_tx_t *tx, const char *role,
                                     app_error_t *err)
{
    int pgsql = app_db_kind(app_instance_db(auth->self)) == APP_DB_PGSQL;
    const char *found = NULL;
    apr_status_t rv = first_text(&found, tx, pgsql ? PGSQL_ROLE : SQLITE_ROLE, role, err);

    if (rv == APP_EFAIL) {
        return rv;
    }
    if (!pgsql && !found) {
        fprintf(stderr, "No grant names role \"%s\" yet.\n", role);
    }
    else if (!found) {
        return app_fail(err, APP_E_BAD_REQUEST, "the database has no role \"%s\"", role);
    }
    else if (strcmp(found, "no") == 0) {
        app_fail(err, APP_E_BAD_REQUEST, "the server's role is no member of \"%s\"", role);
        return app_hint(err, "GRANT \"%s\" TO the role that AppDatabase names.", role);
    }
    return APR_SUCCESS;
}

apr_status_t auth_command_find_user(const char **pid, app_tx_t *tx, const char *named,
                                    app_error_t *err)
{
    apr_status_t rv = first_text(pid, tx, "SELECT id FROM app_users WHERE id = $1 OR"
                                 " email = lower($1) OR name = lower($1) ORDER BY id = $1 DESC",
                                 named, err);

    return rv == APR_NOTFOUND ? app_fail(err, APP_E_NOT_FOUND, "there is no user \"%s\"", named)
                              : rv;
}

/* Failures */

app_command_e auth_command_failed(app_error_t *err)
{
    if (strcmp(err->code, NO_TABLE) == 0) {
        app_fail(err, APP_E_SCHEMA_CACHE, "the database has no tables of accounts");
        app_hint(err, "appctl migrate up makes them. On PostgreSQL the role of AppDatabase also "
                      "needs USAGE on their schema, app.");
    }
    return APP_COMMAND_WRONG;
}
