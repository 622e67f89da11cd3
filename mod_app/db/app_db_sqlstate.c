/* SPDX-License-Identifier: Apache-2.0 */
/**
 * SQLSTATE to HTTP status, as the data API's dialect has it, and the failures that both drivers
 * report.
 */
#include "apr_strings.h"

#include "app_db_driver.h"

typedef struct row_t {
    const char *prefix; /* of the SQLSTATE; the first row that fits counts */
    int         status;
} row_t;

static const row_t rows[] = {
    { "22023", 400 }, { "21000", 500 }, { "25006", 405 }, { "23503", 409 }, { "23505", 409 },
    { "42501", 403 }, /* 401 for the anonymous role: who knows the role says so */
    { "42P01", 404 }, { "42883", 404 }, { "42P17", 500 }, { "57P01", 503 }, { "P0001", 400 },
    { "53400", 500 }, { "08", 503 },    { "09", 500 },    { "0L", 403 },    { "0P", 403 },
    { "25", 500 },    { "28", 403 },    { "2D", 500 },    { "38", 500 },    { "39", 500 },
    { "3B", 500 },    { "40", 500 },    { "53", 503 },    { "54", 500 },    { "55", 500 },
    { "57", 500 },    { "58", 500 },    { "F0", 500 },    { "HV", 500 },    { "P0", 500 },
    { "XX", 500 },
};

static int starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static int ends(const char *text, const char *suffix)
{
    apr_size_t len = strlen(text), end = strlen(suffix);

    return len >= end && strcmp(text + len - end, suffix) == 0;
}

/** What depends on the message too; 0: nothing does. */
static int status_by_message(const char *sqlstate, const char *message)
{
    if (strcmp(sqlstate, "22023") == 0 && starts(message, "role ") &&
        ends(message, " does not exist")) {
        return 401;
    }
    if (strcmp(sqlstate, "21000") == 0 && ends(message, "requires a WHERE clause")) {
        return 400;
    }
    if (strcmp(sqlstate, "42883") == 0 && starts(message, "function xmlagg(")) {
        return 406;
    }
    return 0;
}

/** A status that SQL chose by raising SQLSTATE PTnnn; 0: it is none of these. */
static int status_raised(const char *sqlstate)
{
    int i, status = 0;

    if (!starts(sqlstate, "PT") || strlen(sqlstate) != 5) {
        return 0;
    }
    for (i = 2; i < 5; i++) {
        if (sqlstate[i] < '0' || sqlstate[i] > '9') {
            return 500;
        }
        status = status * 10 + sqlstate[i] - '0';
    }
    return status >= 200 && status <= 599 ? status : 500;
}

int app_db_status(const char *sqlstate, const char *message)
{
    int status = status_raised(sqlstate);
    apr_size_t i;

    if (status || (status = status_by_message(sqlstate, message))) {
        return status;
    }
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (starts(sqlstate, rows[i].prefix)) {
            return rows[i].status;
        }
    }
    return 400;
}

apr_status_t app_db_fail(app_error_t *err, const char *sqlstate, const char *format, ...)
{
    const char *message;
    va_list args;
    int status;

    va_start(args, format);
    message = apr_pvsprintf(err->pool, format, args);
    va_end(args);
    status = app_db_status(sqlstate, message);
    app_fail_code(err, sqlstate, status, "%s", message);
    if (status == 503) {
        err->retry_after = APP_DB_RETRY_AFTER;
    }
    return APP_EFAIL;
}

apr_status_t app_db_fail_connect(app_error_t *err, const app_db_t *db, const char *problem)
{
    app_fail(err, APP_E_DB_CONNECT, NULL);
    err->retry_after = APP_DB_RETRY_AFTER;
    err->noted = 1; /* by the breaker */
    return app_log_only(err, "%s: %s", db->url.label, problem);
}
