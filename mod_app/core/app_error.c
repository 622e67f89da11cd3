/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The catalogue of errors and the functions that fill an app_error_t from it. Codes are never
 * reused; one that is withdrawn keeps its row.
 */
#include "apr_strings.h"

#include "app_core_int.h"

typedef struct entry_t {
    const char *code;
    int         status;
    const char *message;
} entry_t;

static const entry_t catalogue[APP_E_COUNT_] = {
    [APP_E_INTERNAL] = { "APPE001", 500, "Internal error" },
    [APP_E_SETTING] = { "APPE002", 500, "The configuration is wrong" },
    [APP_E_BAD_REQUEST] = { "APPE003", 400, "The request is malformed" },
    [APP_E_NOT_FOUND] = { "APPE004", 404, "There is nothing at this path" },
    [APP_E_METHOD] = { "APPE005", 405, "This path does not take the method" },
    [APP_E_BODY_TOO_LARGE] = { "APPE006", 413, "The request body is too large" },
    [APP_E_BODY_TIMEOUT] = { "APPE007", 408, "The request body did not arrive in time" },
    [APP_E_BODY_BROKEN] = { "APPE008", 400, "The request body could not be read" },
    [APP_E_URL_TOO_LONG] = { "APPE009", 414, "The request line is too long" },
    [APP_E_MEDIA_TYPE] = { "APPE010", 415, "The type of the request body is not accepted" },
    [APP_E_NO_DATABASE] = { "APPE011", 503, "No database is configured" },
    [APP_E_FORBIDDEN] = { "APPE012", 403, "Access is denied" },
    [APP_E_STOPPING] = { "APPE013", 503, "The server cannot take requests now" },
    [APP_E_UNAUTHENTICATED] = { "APPE014", 401, "Authentication is required" },
    [APP_E_DB_CONNECT] = { "PGRST000", 503, "Database connection error." },
    [APP_E_DB_LOST] = { "PGRST001", 503, "Database client error. Retrying the connection." },
    [APP_E_SCHEMA_CACHE] = { "PGRST002", 503,
                             "Could not query the database for the schema cache. Retrying." },
    [APP_E_DB_POOL] = { "PGRST003", 504, "Timed out acquiring connection from connection pool." },
    [APP_E_QUERY_SYNTAX] = { "PGRST100", 400, "The query string cannot be parsed" },
    [APP_E_RPC_METHOD] = { "PGRST101", 405, "Cannot use this method on RPC" },
    [APP_E_BODY] = { "PGRST102", 400, "Empty or invalid json" },
    [APP_E_RANGE] = { "PGRST103", 416, "Requested range not satisfiable" },
    [APP_E_PUT_FILTERS] = { "PGRST105", 405,
                            "Filters must include all and only primary key columns "
                            "with 'eq' operators" },
    [APP_E_SCHEMA] = { "PGRST106", 406, "Invalid schema" },
    [APP_E_NOT_ACCEPTABLE] = { "PGRST107", 406, "None of these media types are available" },
    [APP_E_NOT_EMBEDDED] = { "PGRST108", 400, "Not an embedded resource in this request" },
    [APP_E_RESPONSE_HEADERS] = { "PGRST111", 500,
                                 "response.headers guc must be a JSON array composed of objects "
                                 "with a single key and a string value" },
    [APP_E_RESPONSE_STATUS] = { "PGRST112", 500,
                                "response.status guc must be a valid status code" },
    [APP_E_PUT_RANGE] = { "PGRST114", 400,
                          "limit/offset querystring parameters are not allowed for PUT" },
    [APP_E_PUT_MISMATCH] = { "PGRST115", 400,
                             "Payload values do not match URL in primary key column(s)" },
    [APP_E_NOT_SINGULAR] = { "PGRST116", 406, "Cannot coerce the result to a single JSON object" },
    [APP_E_UNSUPPORTED_METHOD] = { "PGRST117", 405, "Unsupported HTTP method" },
    [APP_E_RELATED_ORDER] = { "PGRST118", 400, "A related order is not possible" },
    [APP_E_RAISE_JSON] = { "PGRST121", 500,
                           "Could not parse JSON in the \"RAISE SQLSTATE 'PGRST'\" error" },
    [APP_E_PREFERENCES] = { "PGRST122", 400, "Invalid preferences given with handling=strict" },
    [APP_E_AGGREGATES] = { "PGRST123", 400, "Use of aggregate functions is not allowed" },
    [APP_E_MAX_AFFECTED] = { "PGRST124", 400,
                             "Query result exceeds max-affected preference constraint" },
    [APP_E_PATH] = { "PGRST125", 404, "Invalid path specified in request URL" },
    [APP_E_ROOT_DISABLED] = { "PGRST126", 404, "Root endpoint metadata is disabled" },
    [APP_E_NOT_IMPLEMENTED] = { "PGRST127", 400, "Feature not implemented" },
    [APP_E_MAX_AFFECTED_RPC] = { "PGRST128", 400,
                                 "Function must return SETOF or TABLE when max-affected preference "
                                 "is used with handling=strict" },
    [APP_E_NO_RELATIONSHIP] = { "PGRST200", 400,
                                "Could not find a relationship in the schema cache" },
    [APP_E_AMBIGUOUS_EMBED] = { "PGRST201", 300,
                                "Could not embed because more than one relationship was found" },
    [APP_E_FUNCTION] = { "PGRST202", 404, "Could not find the function in the schema cache" },
    [APP_E_AMBIGUOUS_FUNCTION] = { "PGRST203", 300,
                                   "Could not choose the best candidate function" },
    [APP_E_COLUMN] = { "PGRST204", 400, "Could not find the column in the schema cache" },
    [APP_E_TABLE] = { "PGRST205", 404, "Could not find the table in the schema cache" },
    [APP_E_JWT_SECRET] = { "PGRST300", 500, "Server lacks JWT secret" },
    [APP_E_JWT] = { "PGRST301", 401, "No suitable key or wrong key type" },
    [APP_E_ANONYMOUS] = { "PGRST302", 401, "Anonymous access is disabled" },
    [APP_E_JWT_CLAIMS] = { "PGRST303", 401, "Parsing claims failed" },
    [APP_E_ISSUER] = { "APPE015", 503, "The keys of the token's issuer cannot be fetched" },
    [APP_E_TOO_MANY] = { "APPE016", 429, "Too many requests" },
    [APP_E_PRECONDITION] = { "APPE017", 412, "The precondition of the request does not hold" },
};

static void begin(app_error_t *err, const char *code, int status)
{
    apr_pool_t *p = err->pool;

    memset(err, 0, sizeof(*err));
    err->pool = p;
    err->code = code;
    err->status = status;
}

apr_status_t app_fail(app_error_t *err, app_error_e e, const char *message, ...)
{
    const entry_t *entry = &catalogue[e > APP_E_NONE && e < APP_E_COUNT_ ? e : APP_E_INTERNAL];
    va_list args;

    begin(err, entry->code, entry->status);
    err->message = entry->message;
    if (message) {
        va_start(args, message);
        err->message = apr_pvsprintf(err->pool, message, args);
        va_end(args);
    }
    return APP_EFAIL;
}

apr_status_t app_fail_code(app_error_t *err, const char *code, int status, const char *message, ...)
{
    va_list args;

    begin(err, apr_pstrdup(err->pool, code), status);
    va_start(args, message);
    err->message = apr_pvsprintf(err->pool, message, args);
    va_end(args);
    return APP_EFAIL;
}

#define SET_FORMATTED(err, member, format)                         \
    do {                                                           \
        va_list args;                                              \
        va_start(args, format);                                    \
        (err)->member = apr_pvsprintf((err)->pool, format, args);  \
        va_end(args);                                              \
    } while (0)

apr_status_t app_details(app_error_t *err, const char *format, ...)
{
    SET_FORMATTED(err, details, format);
    return APP_EFAIL;
}

apr_status_t app_hint(app_error_t *err, const char *format, ...)
{
    SET_FORMATTED(err, hint, format);
    return APP_EFAIL;
}

apr_status_t app_log_only(app_error_t *err, const char *format, ...)
{
    SET_FORMATTED(err, log, format);
    return APP_EFAIL;
}

static void add_text(app_buf_t *buf, const char *text)
{
    if (text) {
        app_buf_add_json(buf, text, strlen(text));
    }
    else {
        app_buf_adds(buf, "null");
    }
}

const char *app_error_body(const app_error_t *err, int minimal, apr_size_t *plen)
{
    app_buf_t buf;

    app_buf_init(&buf, err->pool, APP_ERROR_BODY_MAX);
    app_buf_adds(&buf, "{\"code\":");
    add_text(&buf, err->code);
    if (!minimal) {
        app_buf_adds(&buf, ",\"details\":");
        if (err->details_are_json && err->details) {
            app_buf_adds(&buf, err->details);
        }
        else {
            add_text(&buf, err->details);
        }
        app_buf_adds(&buf, ",\"hint\":");
        add_text(&buf, err->hint);
    }
    app_buf_adds(&buf, ",\"message\":");
    add_text(&buf, err->message);
    if (err->oauth) {
        app_buf_adds(&buf, ",\"error\":");
        add_text(&buf, err->oauth);
        app_buf_adds(&buf, ",\"error_description\":");
        add_text(&buf, err->message);
    }
    app_buf_addc(&buf, '}');
    if (app_buf_full(&buf)) {
        app_error_t cut = { .pool = err->pool,
                            .code = err->code,
                            .message = "Error text too long" };
        return app_error_body(&cut, minimal, plen);
    }
    *plen = buf.len;
    return buf.data;
}

/** The entry that says best what an HTTP status means where nobody knows more. */
static app_error_e entry_for_status(int status)
{
    switch (status) {
    case 401:
        return APP_E_UNAUTHENTICATED;
    case 403:
        return APP_E_FORBIDDEN;
    case 404:
        return APP_E_NOT_FOUND;
    case 405:
        return APP_E_METHOD;
    case 408:
        return APP_E_BODY_TIMEOUT;
    case 413:
        return APP_E_BODY_TOO_LARGE;
    case 414:
        return APP_E_URL_TOO_LONG;
    case 415:
        return APP_E_MEDIA_TYPE;
    case 503:
        return APP_E_STOPPING;
    default:
        return status >= 500 ? APP_E_INTERNAL : APP_E_BAD_REQUEST;
    }
}

const char *app_error_body_for_status(int status, apr_pool_t *p)
{
    app_error_t err = { .pool = p };
    apr_size_t len;

    app_fail(&err, entry_for_status(status), NULL);
    return app_error_body(&err, 0, &len);
}
