/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What went wrong, as a value: what the client may see (code, HTTP status, message, details,
 * hint) and, apart from it, what only the log may hold (SQL text, paths). Never a secret.
 *
 * A function that can fail takes an app_error_t, fills it and returns the status that the
 * app_fail() family gives back, so that a refusal is one statement:
 *
 *     app_fail(err, APP_E_TABLE, "Could not find the table '%s' in the schema cache", name);
 *     return app_hint(err, "Perhaps you meant the table '%s'", similar);
 *
 * All texts are copied into err->pool. The functions may be called in any thread, each with
 * its own app_error_t.
 */
#ifndef APP_ERROR_H
#define APP_ERROR_H

#include <stdarg.h>

#include "apr_errno.h"
#include "apr_pools.h"
#include "apr_tables.h"

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define APP_PRINTF(text, args) __attribute__((__format__(__printf__, text, args)))
#else
#define APP_PRINTF(text, args)
#endif

/** What every failing function returns: the story is in the app_error_t. */
#define APP_EFAIL (APR_OS_START_USERERR + 4501)

/**
 * The catalogue, in app_error.c: code, HTTP status and message of each. Codes are never
 * reused. APPE… are mod_app's own; PGRST… are those of the data API's dialect.
 */
typedef enum app_error_e {
    APP_E_NONE = 0,
    APP_E_INTERNAL,          /* APPE001 500 */
    APP_E_SETTING,           /* APPE002 500 a setting or plugin is wrong: configtest only */
    APP_E_BAD_REQUEST,       /* APPE003 400 */
    APP_E_NOT_FOUND,         /* APPE004 404 */
    APP_E_METHOD,            /* APPE005 405 */
    APP_E_BODY_TOO_LARGE,    /* APPE006 413 */
    APP_E_BODY_TIMEOUT,      /* APPE007 408 */
    APP_E_BODY_BROKEN,       /* APPE008 400 */
    APP_E_URL_TOO_LONG,      /* APPE009 414 */
    APP_E_MEDIA_TYPE,        /* APPE010 415 */
    APP_E_NO_DATABASE,       /* APPE011 503 no database is configured */
    APP_E_FORBIDDEN,         /* APPE012 403 */
    APP_E_STOPPING,          /* APPE013 503 */
    APP_E_UNAUTHENTICATED,   /* APPE014 401 */
    APP_E_DB_CONNECT,        /* PGRST000 503 */
    APP_E_DB_LOST,           /* PGRST001 503 */
    APP_E_SCHEMA_CACHE,      /* PGRST002 503 */
    APP_E_DB_POOL,           /* PGRST003 504 */
    APP_E_QUERY_SYNTAX,      /* PGRST100 400 */
    APP_E_RPC_METHOD,        /* PGRST101 405 */
    APP_E_BODY,              /* PGRST102 400 */
    APP_E_RANGE,             /* PGRST103 416 */
    APP_E_PUT_FILTERS,       /* PGRST105 405 */
    APP_E_SCHEMA,            /* PGRST106 406 */
    APP_E_NOT_ACCEPTABLE,    /* PGRST107 406 */
    APP_E_NOT_EMBEDDED,      /* PGRST108 400 */
    APP_E_RESPONSE_HEADERS,  /* PGRST111 500 */
    APP_E_RESPONSE_STATUS,   /* PGRST112 500 */
    APP_E_PUT_RANGE,         /* PGRST114 400 */
    APP_E_PUT_MISMATCH,      /* PGRST115 400 */
    APP_E_NOT_SINGULAR,      /* PGRST116 406 */
    APP_E_UNSUPPORTED_METHOD,/* PGRST117 405 */
    APP_E_RELATED_ORDER,     /* PGRST118 400 */
    APP_E_RAISE_JSON,        /* PGRST121 500 */
    APP_E_PREFERENCES,       /* PGRST122 400 */
    APP_E_AGGREGATES,        /* PGRST123 400 */
    APP_E_MAX_AFFECTED,      /* PGRST124 400 */
    APP_E_PATH,              /* PGRST125 404 */
    APP_E_ROOT_DISABLED,     /* PGRST126 404 */
    APP_E_NOT_IMPLEMENTED,   /* PGRST127 400, on SQLite 501 */
    APP_E_MAX_AFFECTED_RPC,  /* PGRST128 400 */
    APP_E_NO_RELATIONSHIP,   /* PGRST200 400 */
    APP_E_AMBIGUOUS_EMBED,   /* PGRST201 300 */
    APP_E_FUNCTION,          /* PGRST202 404 */
    APP_E_AMBIGUOUS_FUNCTION,/* PGRST203 300 */
    APP_E_COLUMN,            /* PGRST204 400 */
    APP_E_TABLE,             /* PGRST205 404 */
    APP_E_JWT_SECRET,        /* PGRST300 500 */
    APP_E_JWT,               /* PGRST301 401 */
    APP_E_ANONYMOUS,         /* PGRST302 401 */
    APP_E_JWT_CLAIMS,        /* PGRST303 401 */
    APP_E_ISSUER,            /* APPE015 503 keys of a token's issuer cannot be had */
    APP_E_TOO_MANY,          /* APPE016 429 */
    APP_E_PRECONDITION,      /* APPE017 412 If-Match, If-None-Match */
    APP_E_COUNT_             /* number of entries, not an error */
} app_error_e;

typedef struct app_error_t {
    apr_pool_t *pool;        /* set by the caller before use; owns the texts below */
    const char *code;        /* NULL while nothing has failed */
    int         status;      /* HTTP status of the answer */
    const char *message;
    const char *details;     /* NULL: null in the answer */
    const char *hint;        /* NULL: null in the answer */
    const char *log;         /* for the error log alone; NULL: nothing to add */
    int         retry_after; /* seconds for Retry-After; 0: no such header */
    const char *challenge;   /* WWW-Authenticate; NULL: no such header */
    const char *allow;       /* Allow, for 405; NULL: no such header */
    unsigned    details_are_json : 1; /* details is JSON text, not a string */
    unsigned    noted : 1; /* its cause, one for many requests, has been logged as an error */
    const char *reason;    /* phrase behind the status; NULL: the usual one */
    const apr_table_t *headers; /* more of them, in place of those of the same name; NULL: none */
    const char *oauth; /* RFC 6749 5.2: also told as "error", with message as "error_description" */
} app_error_t;

/**
 * Fails with entry e of the catalogue. Whatever err held before is forgotten.
 * @param message NULL for the catalogue's own message, else a format that replaces it
 * @return always APP_EFAIL
 */
apr_status_t app_fail(app_error_t *err, app_error_e e, const char *message, ...) APP_PRINTF(3, 4);

/**
 * Fails with a code that is not in the catalogue: an SQLSTATE, or a plugin's own.
 * @return always APP_EFAIL
 */
apr_status_t app_fail_code(app_error_t *err, const char *code, int status, const char *message, ...)
    APP_PRINTF(4, 5);

/** Sets details, hint or the log's share of a failure. @return always APP_EFAIL */
apr_status_t app_details(app_error_t *err, const char *format, ...) APP_PRINTF(2, 3);
apr_status_t app_hint(app_error_t *err, const char *format, ...) APP_PRINTF(2, 3);
apr_status_t app_log_only(app_error_t *err, const char *format, ...) APP_PRINTF(2, 3);

#ifdef __cplusplus
}
#endif
#endif
