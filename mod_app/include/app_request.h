/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A request and its answer, as plugins see them; the same under httpd, CGI, FastCGI and in a
 * unit test. Both live until the answer has been sent and belong to the one thread that runs the
 * request; what the accessors return lives as long, unless it says otherwise.
 */
#ifndef APP_REQUEST_H
#define APP_REQUEST_H

#include "apr_tables.h"
#include "apr_time.h"

#include "app_error.h"
#include "app_log.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct app_response_t app_response_t;

/* The request */

/** Method in capitals: "GET". A HEAD is "HEAD"; answer it as a GET, the host drops the body. */
const char *app_request_method(const app_request_t *r);

/** Decoded path below the mount point; begins with "/", is UTF-8, holds no NUL. */
const char *app_request_path(const app_request_t *r);

/** Where the path starts on the server ("/api"), without a "/" at the end; "" at the root. */
const char *app_request_mount(const app_request_t *r);

/** The text after "?", still encoded; NULL if there is none. */
const char *app_request_query(const app_request_t *r);

/**
 * A header's value by its name in any case; repeats joined by ", " (RFC 9110 5.3); NULL if
 * absent. Entity tags in If-None-Match and If-Match are for app_etag_match().
 */
const char *app_request_header(const app_request_t *r, const char *name);

/** Calls each(ctx, name, value) for every header, until it returns 0. */
void app_request_headers(const app_request_t *r,
                         int (*each)(void *ctx, const char *name, const char *value), void *ctx);

/** The client's address as text, as the host knows it (mod_remoteip is respected). */
const char *app_request_peer(const app_request_t *r);

/** Whether the client came by HTTPS, as the host knows it. */
int app_request_secure(const app_request_t *r);

/**
 * What the server knows about the request, by the name it has for CGI programs: "REMOTE_USER" and
 * "AUTH_TYPE" (whom the server itself has authenticated, and how), "SSL_CLIENT_S_DN" …. NULL if
 * absent. Headers of the client (HTTP_…) are not among them.
 */
const char *app_request_variable(const app_request_t *r, const char *name);

/**
 * Stands in the log lines and in the answer's X-Request-Id: mod_unique_id's, or 16 hexadecimal
 * digits.
 */
const char *app_request_id(const app_request_t *r);

/** Memory that lives as long as the request. */
apr_pool_t *app_request_pool(const app_request_t *r);

/** The moment after which nobody waits any more for the answer. */
apr_time_t app_request_deadline(const app_request_t *r);

/** Whether the client has gone away. Costs a system call: ask between waits, not per row. */
int app_request_gone(app_request_t *r);

/**
 * The whole body. Reads it on the first call, up to the site's MaxBody (or max, if smaller and
 * not 0).
 * @param pdata ends with a NUL that *plen does not count
 * @return APR_SUCCESS, or APP_EFAIL with APP_E_BODY_TOO_LARGE, _BODY_TIMEOUT or _BODY_BROKEN
 */
apr_status_t app_request_body(app_request_t *r, apr_size_t max, const char **pdata,
                              apr_size_t *plen, app_error_t *err);

/**
 * The settings of plugin instance self as they hold for this request: those of its site, with
 * those of the <Location> on top.
 */
const void *app_request_settings(app_request_t *r, app_instance_t *self);

/**
 * A number that differs wherever any setting of the core or of a plugin, of the site or of this
 * request's <Location>, differs, or the database does; the same in all processes and after a
 * restart. For what is remembered of one request and used for another.
 */
apr_uint64_t app_request_settings_digest(app_request_t *r);

/* Who is asking */

typedef struct app_identity_t {
    const char *role;   /* NULL: the site's anonymous role */
    const char *user;   /* NULL: nobody in particular */
    const char *claims; /* JSON object text; NULL: none */
    const char *method; /* how it was proved: "jwt", "key", "httpd" …; NULL: not at all */
} app_identity_t;

/** Who is asking; never NULL, all members NULL until an identity filter has set them. */
const app_identity_t *app_request_identity(const app_request_t *r);

/**
 * Sets who is asking. For filters at APP_PLACE_IDENTITY. The texts must live as long as the
 * request.
 */
void app_request_identify(app_request_t *r, const app_identity_t *identity);

/* Which trace it is part of */

/** W3C Trace Context. The texts live as long as the request. */
typedef struct app_trace_t {
    const char *id;     /* of the trace: 32 hexadecimal digits; NULL: part of none */
    const char *parent; /* the header traceparent of whatever is asked on the request's behalf */
    const char *state;  /* the header tracestate that goes with it; NULL: none */
    int         sampled; /* somebody wants to know of it: figures tell the text of statements */
} app_trace_t;

/** The request's trace; never NULL, all members NULL unless a plugin has set them. */
const app_trace_t *app_request_trace(const app_request_t *r);

/**
 * Sets it, for log lines and for all that the request asks of others. For filters at
 * APP_PLACE_FIRST. The texts must live as long as the request's pool, and be fit for a header.
 */
void app_request_trace_set(app_request_t *r, const app_trace_t *trace);

/* What a request has cost: for logs, metrics and traces */

/** What a request spends its time on; the rest of its duration is work of ours. */
typedef enum app_phase_e {
    APP_PHASE_WAIT,     /* for a connection to the database, making one included */
    APP_PHASE_DATABASE, /* in the database; of rows that stream, up to the last one */
    APP_PHASE_SEND,     /* handing bytes to the client, as far as it takes them at once */
    APP_PHASES_         /* number of phases */
} app_phase_e;

#define APP_SPANS 16 /* more of one request are summed up, but not listed */

/** One uninterrupted time of a phase. */
typedef struct app_span_t {
    app_phase_e         phase;
    apr_time_t          begun;
    apr_interval_time_t duration; /* microseconds */
    const char         *statement; /* SQL text of a sampled trace, cut; NULL: not told */
} app_span_t;

typedef struct app_figures_t {
    /** "/packages", "/rpc/NAME", "/auth/refresh": never what a client made up; at least "none". */
    const char         *route;
    apr_time_t          begun;
    apr_interval_time_t duration;           /* microseconds; 0 until the answer has been made */
    apr_interval_time_t spent[APP_PHASES_]; /* microseconds, by app_phase_e */
    int                 status;             /* 0 until the answer has been made */
    int                 nspans;
    app_span_t          spans[APP_SPANS];   /* in the order in which they ended */
    apr_int64_t         bytes_in;           /* of the body that was read */
    apr_int64_t         bytes_out;          /* of the body, before any compression */
    apr_int64_t         rows;               /* in the answer or written; -1: none were asked for */
} app_figures_t;

/** What is known so far; whole at APP_PLACE_AFTER. Never NULL. */
const app_figures_t *app_request_figures(const app_request_t *r);

/**
 * Names the route more closely than the plugin's table does, which has "/auth/" and the like for
 * all that is below: call it with a name that is known to exist, so that there are never more
 * routes than the site has. What nobody names is the path of the table, with a "*" behind the
 * slash at its end.
 * @param route begins with "/"; must live as long as the request
 */
void app_request_route_set(app_request_t *r, const char *route);

/** How many rows the answer has, or the request has written. */
void app_request_rows_set(app_request_t *r, apr_int64_t rows);

/* The answer: status and headers first, then the body. What is set after the first byte of the
 * body has left has no effect. Without a call, the status is 200. */

void app_response_status(app_response_t *res, int status);
int app_response_status_get(const app_response_t *res);

/**
 * Sets, or adds, a header. Copies both texts; control characters in value are dropped, and so is a
 * header whose name is no token.
 */
void app_response_header(app_response_t *res, const char *name, const char *value);
void app_response_header_add(app_response_t *res, const char *name, const char *value);

/** Content-Type. Copies text; control characters in it are dropped. */
void app_response_type(app_response_t *res, const char *text);

/**
 * Strong validator, with its quotes. A GET whose If-None-Match has it is answered 304 by the
 * core.
 */
void app_response_etag(app_response_t *res, const char *etag);

/**
 * Adds to the body. The bytes are copied or sent before it returns. Memory does not grow with
 * the size of the answer: past 64 KiB the host starts to send, in chunks.
 * @return APR_SUCCESS, or the host's status when the client is gone: stop then
 */
apr_status_t app_response_write(app_response_t *res, const char *data, apr_size_t len);

/** Sends what was written so far. */
apr_status_t app_response_flush(app_response_t *res);

/**
 * What an answer was made of, told by the handler that makes it. Beside what it says, an answer
 * depends on the request's method, path, query string and those headers that its Vary names, on
 * role, user and claims, and on the settings.
 */
typedef struct app_source_t {
    int         lasting;   /* nothing but a change in the database makes it another: no clock, no
                              chance, no other header of the request */
    const char *relations; /* the tables and views that the client named: each "schema.name" with a
                              NUL behind it, one more at the end; NULL: not known */
} app_source_t;

/**
 * Says that the answer may be kept, and given to whoever asks the same. What nobody says this of
 * is never kept. For handlers; of a GET that changes nothing.
 * @param source lives as long as the request
 */
void app_response_source(app_response_t *res, const app_source_t *source);

/** Whether anybody sees the answer on its way: else nobody wants to know its source. */
int app_response_tapped(const app_response_t *res);

/** An answer as a tap sees it at its end. */
typedef struct app_answer_t {
    int                 whole;   /* 0: it is an error, or broke off */
    int                 status;
    const char         *type;    /* NULL: none */
    const char         *etag;    /* among the headers, too; NULL: none */
    const apr_table_t  *headers; /* those that the handler has set; repeats stand apart */
    const app_source_t *source;  /* NULL: it is not to be kept */
} app_answer_t;

/** Somebody who sees an answer on its way. Calls come in the thread of the request. */
typedef struct app_tap_t app_tap_t;
struct app_tap_t {
    void (*body)(app_tap_t *tap, const char *data, apr_size_t len); /* NULL: not wanted */
    /** Once, behind the last of the body, and before the client has it whole. */
    void (*end)(app_tap_t *tap, const app_answer_t *answer);
    app_tap_t *next; /* the core's */
};

/**
 * Has tap see the answer. For filters; the route's handler runs afterwards.
 * @param tap lives as long as the request
 */
void app_response_tap(app_response_t *res, app_tap_t *tap);

/**
 * Makes the answer that error: status, headers, JSON body. Headers that the handler has set
 * before are forgotten, those of filters stay.
 * Nothing of the body may have left.
 */
void app_response_error(app_response_t *res, const app_error_t *err);

#ifdef __cplusplus
}
#endif
#endif
