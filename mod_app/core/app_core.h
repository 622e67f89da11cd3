/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What a host (httpd, CGI, appctl, a unit test) does with the core. In order:
 *
 *   configuration   app_core_create → app_conf_create, _set, _plugin, _merge → app_site_make
 *   sharing         app_core_share       once, in the parent, when the configuration is to be used
 *   process         app_core_start … app_core_stop
 *   request         app_core_handle      many threads at once
 *
 * Everything before app_core_start runs in one thread. A core lives in its pool and dies with it.
 */
#ifndef APP_CORE_H
#define APP_CORE_H

#include "app_plugin.h"

#define APP_NAME    "mod_app"
#define APP_VERSION "0.1.0"

typedef struct app_core_t      app_core_t;
typedef struct app_site_t      app_site_t;
typedef struct app_site_conf_t app_site_conf_t;
typedef struct app_values_t    app_values_t;

/** How busy the host is. */
typedef struct app_workers_t {
    int busy, idle, free; /* threads or processes that answer requests; free: may be started yet */
    int generation;       /* graceful restarts so far */
} app_workers_t;

/* What the host gives. One const struct per host program. */
typedef struct app_host_t {
    const char *name; /* "httpd", "cgi", "fastcgi", "appctl" */
    /** Writes one finished line (number and text). request is app_exchange_t.data or NULL. */
    void (*log)(app_log_level_e level, void *request, const char *line);
    /** Whether lines of that level go anywhere; NULL: all do. */
    int (*logs)(app_log_level_e level, void *request);
    /**
     * size bytes, zero at first, that all processes share, the same for the same key and size
     * across graceful restarts. Called by app_core_share().
     */
    apr_status_t (*share)(const char *key, apr_size_t size, void **pbase, apr_pool_t *pconf,
                          app_error_t *err);
    /** Adds the host's members to /status (server version, MPM, …); may be NULL. */
    void (*status)(json_t *status);
    /** @return APR_SUCCESS, or APR_NOTFOUND: it cannot tell. May be NULL. */
    apr_status_t (*workers)(app_workers_t *workers);
    const char *plugin_dir; /* where plugins are, unless PluginDir says otherwise */
    const char *(*root)(void); /* folder that relative paths start from; NULL: the working folder */
    /** Folder for files that processes share, where StateDir is not set; may be or give NULL. */
    const char *(*state_dir)(void);
} app_host_t;

/* Configuration */

app_core_t *app_core_create(const app_host_t *host, apr_pool_t *pconf);

/** Where a line stands: decides which settings are allowed. */
typedef enum app_where_e { APP_IN_SERVER, APP_IN_LOCATION } app_where_e;

/** An empty set of settings: of a server, a virtual host or a location. */
app_site_conf_t *app_conf_create(app_core_t *core, app_where_e where, apr_pool_t *p);

/**
 * Settings of inner over those of outer. Returns outer or inner itself where the other is empty.
 */
app_site_conf_t *app_conf_merge(app_site_conf_t *outer, app_site_conf_t *inner, apr_pool_t *p);

/**
 * One of the core's own settings (rows of app_core_settings, without the "App" in front).
 * @param args the rest of the line, as written: quotes and blanks included
 */
apr_status_t app_conf_set(app_site_conf_t *conf, const char *name, const char *args,
                          app_error_t *err);

/** Uses a plugin: loads and checks NAME.so if that has not happened yet, and opens its settings. */
apr_status_t app_conf_plugin(app_site_conf_t *conf, const char *name, app_values_t **pvalues,
                             app_error_t *err);

/** One of a plugin's settings, inside <AppPlugin>. */
apr_status_t app_conf_plugin_set(app_site_conf_t *conf, app_values_t *values, const char *name,
                                 const char *args, app_error_t *err);

/** The rows of the core's own settings, ended by APP_SET_END. */
extern const app_setting_t app_core_settings[];

/** Makes a site from merged settings and configures its plugins in their order. */
apr_status_t app_site_make(app_core_t *core, const char *name, app_site_conf_t *conf,
                           app_site_t **psite, app_error_t *err);

/** Has the plugins check what holds in a location of the site. */
apr_status_t app_site_check(app_site_t *site, const app_site_conf_t *location, app_error_t *err,
                            apr_pool_t *p);

apr_status_t app_core_share(app_core_t *core, app_error_t *err);

/* Process */

/**
 * Opens pools, starts plugins. pchild must have an allocator with a mutex where there are threads.
 * A database that is down is no failure.
 */
apr_status_t app_core_start(app_core_t *core, apr_pool_t *pchild, app_error_t *err);

/** Tells plugins to take no new work. */
void app_core_stop(app_core_t *core);

/** Microseconds until a timer is due (at most a second); for the host's timer thread. */
apr_interval_time_t app_core_timer_wait(app_core_t *core);
/** Runs the timers that are due. One thread of the host. */
void app_core_timer_run(app_core_t *core, apr_pool_t *scratch);

/* Request */

typedef enum app_entry_e {
    APP_ENTRY_API,
    APP_ENTRY_HEALTH,
    APP_ENTRY_STATUS,
    APP_ENTRY_METRICS
} app_entry_e;

/** Status and headers of an answer, as the host is to send them. */
typedef struct app_head_t {
    int                status;
    const char        *reason;       /* NULL: the standard phrase */
    const char        *content_type; /* NULL: none */
    apr_int64_t        content_length; /* -1: not known */
    const apr_table_t *headers;      /* all others */
} app_head_t;

/** What the core does to a native request. data is app_exchange_t.data. */
typedef struct app_exchange_ops_t {
    const char *(*header)(void *data, const char *name); /* repeats joined by ", " */
    void (*headers)(void *data, int (*each)(void *ctx, const char *name, const char *value),
                    void *ctx);
    /** A variable by its CGI name; never a client's header. May be NULL: there are none. */
    const char *(*variable)(void *data, const char *name);
    /**
     * Reads up to *plen bytes of the body. @return APR_SUCCESS, APR_EOF, APR_TIMEUP, APR_ENOSPC
     * (a limit of the host), other
     */
    apr_status_t (*read)(void *data, char *buf, apr_size_t *plen);
    /** Announced length of the body; -1 if none is announced (chunked). 0: no body. */
    apr_int64_t (*body_length)(void *data);
    void (*head)(void *data, const app_head_t *head); /* once, before write */
    apr_status_t (*write)(void *data, const char *bytes, apr_size_t len, int last);
    apr_status_t (*flush)(void *data);
    int (*gone)(void *data); /* may be NULL: never known */
    /** The answer stays incomplete: makes the client see it. May be NULL. */
    void (*abort)(void *data);
    /** Who is asking is known now; for the host's own log. May be NULL: it need not know. */
    void (*identified)(void *data, const app_identity_t *identity);
    /** The request is over; for the host's own log, which copies. May be NULL. */
    void (*finished)(void *data, const app_figures_t *figures);
    /** Which trace it is part of is known now; for the host's own log. May be NULL. */
    void (*traced)(void *data, const app_trace_t *trace);
} app_exchange_ops_t;

/** A native request. Filled by the host; all texts live as long as pool. */
typedef struct app_exchange_t {
    apr_pool_t               *pool;
    const app_exchange_ops_t *ops;
    void                     *data;
    const char               *method;
    const char               *mount;    /* "/api", "" */
    const char               *path;     /* decoded, below mount, begins with "/" */
    const char               *query;    /* encoded, or NULL */
    const char               *peer;     /* address as text */
    const char               *id;       /* the host's own request id, or NULL */
    int                       secure;   /* came by HTTPS */
    app_site_conf_t          *location; /* settings of the location, or NULL */
    /**
     * The host wants credentials, and the request, a preflight, has none: only filters before
     * APP_PLACE_IDENTITY may answer it; if none does it is refused.
     */
    int                       early_only;
} app_exchange_t;

/** Answers a request. When it returns, the answer has been handed to the host, whole. */
void app_core_handle(app_site_t *site, app_entry_e entry, const app_exchange_t *exchange);

/**
 * The headers that plugins want on an error which the host makes itself, outside of
 * app_core_handle(): those of APP_PLACE_HOST_ERROR. Only the exchange's accessors of headers and
 * variables are called. Lives as long as the exchange's pool; empty while nothing is served.
 */
const apr_table_t *app_core_error_headers(app_site_t *site, const app_exchange_t *exchange);

/** What app_core_identify() finds. Lives as long as the exchange's pool. */
typedef struct app_identified_t {
    app_identity_t     identity; /* method NULL: nobody has been proved */
    const apr_table_t *headers;  /* for the answer, set by filters or by the refusal */
    const char        *body;     /* of a refusal, as JSON; NULL: none */
} app_identified_t;

/**
 * Asks the site's identity filters, and nothing else, who makes a request that is not for the API:
 * for a host that guards other paths with the same tokens. Nothing is written; the operations head,
 * write and flush are not called.
 * @param found is set in any case
 * @return APR_SUCCESS, also for a request that brings nothing along; APP_EFAIL, which has been
 * logged: what it brings is refused, or cannot be looked at
 */
apr_status_t app_core_identify(app_identified_t *found, app_site_t *site,
                               const app_exchange_t *exchange, app_error_t *err);

/**
 * Longest run of a statement that serves r, in microseconds: StatementTimeout as it holds for r,
 * or what is left of RequestTimeout where that is less; at least a millisecond.
 */
apr_interval_time_t app_request_statement_time(const app_request_t *r);

/** DatabaseSlowQuery as it holds for r, whose database others may share; 0: nothing is slow. */
apr_interval_time_t app_request_slow_query(const app_request_t *r);

/**
 * Notes for r's figures that a phase lasted from begun until now.
 * @param r NULL: nobody's time
 * @param statement SQL text of APP_PHASE_DATABASE, copied where a trace wants it; else NULL
 * @return now
 */
apr_time_t app_request_spend(app_request_t *r, app_phase_e phase, apr_time_t begun,
                             const char *statement);

/**
 * The JSON body of an error answer as the core writes them, for errors that the host makes itself.
 * Code and texts are those of the catalogue's entry that fits the status best.
 */
const char *app_error_body_for_status(int status, apr_pool_t *p);
/**
 * The JSON body of err, for errors that a host finds before there is a request.
 * @param minimal code and message only
 */
const char *app_error_body(const app_error_t *err, int minimal, apr_size_t *plen);

/** Whether filters of the site want to see requests that are not for the API. */
int app_core_others(const app_site_t *site);
/**
 * Runs the filters of APP_PLACE_OTHER for a request that somebody else answers.
 * @param exchange lives until app_core_other_end(), as what it points to does
 */
app_request_t *app_core_other(app_site_t *site, const app_exchange_t *exchange);
/** It has been answered, with so many bytes: runs those of APP_PLACE_OTHER_AFTER. */
void app_core_other_end(app_request_t *r, int status, apr_int64_t bytes);

/* The settings of the core itself, as read (app_core_settings.c). */
typedef struct app_core_conf_t {
    const char          *database;
    apr_int64_t          db_max, db_keep, db_min;
    apr_interval_time_t  db_idle, db_lifetime, db_wait, db_connect_timeout;
    apr_interval_time_t  statement_timeout, request_timeout;
    int                  db_prepared;
    apr_int64_t          db_statements;
    apr_interval_time_t  slow_query; /* 0: nothing is slow */
    int                  sqlite_sync; /* 0 full, 1 normal */
    apr_array_header_t  *sqlite_attach; /* "NAME=/path" */
    apr_int64_t          max_body;
    int                  error_verbosity; /* 0 verbose, 1 minimal */
    const char          *proxy_status_name; /* "": no such header */
    apr_array_header_t  *log_levels;      /* "APP10:warning"; NULL: all as the host says */
    apr_array_header_t  *details_for;     /* who sees the details of /health and /status */
    const char          *plugin_dir;
    const char          *state_dir;
    const char          *base_path;
} app_core_conf_t;

/* Metrics of the core's own folders: series that are resolved once, for each process anew. */

/**
 * Declares a family without the label "site", in app_core_share().
 * @param max series, in place of the definition's
 */
apr_status_t app_metric_add_family(app_metric_t **pmetric, app_core_t *core, const char *site,
                                   const app_metric_def_t *def, int max, app_error_t *err);
/** Where a series is counted; NULL: nobody collects, and the functions below do nothing. */
apr_int64_t *app_metric_cell(const app_metric_t *metric, const char *const *values);
/** @param cells of a histogram */
void app_metric_cell_observe(apr_int64_t *cells, const app_metric_def_t *def, apr_int64_t value);

static inline void app_metric_cell_add(apr_int64_t *cell, apr_int64_t amount)
{
    if (cell) {
        __atomic_add_fetch(cell, amount, __ATOMIC_RELAXED);
    }
}

static inline void app_metric_cell_set(apr_int64_t *cell, apr_int64_t value)
{
    if (cell) {
        __atomic_store_n(cell, value, __ATOMIC_RELAXED);
    }
}

const app_core_conf_t *app_site_core_conf(const app_site_t *site);
app_db_t              *app_site_db(const app_site_t *site); /* NULL: none */
const char            *app_site_name(const app_site_t *site);
/** The core's settings in a conf that has not been made into a site yet. */
const app_core_conf_t *app_conf_core(const app_site_conf_t *conf);

/* Listing, for appctl and the docs: calls each(ctx, plugin or NULL for the core, row). */
void app_core_list_settings(app_core_t *core,
                            void (*each)(void *ctx, const app_plugin_t *plugin,
                                         const app_setting_t *row),
                            void *ctx);
/** The folder that plugins come from: PluginDir, the host's, or the one named at the build. */
const char *app_core_plugin_dir(const app_core_t *core);

/** Calls each for every command of the site's plugins, until it returns 0. */
void app_site_list_commands(const app_site_t *site,
                            int (*each)(void *ctx, app_instance_t *instance,
                                        const app_plugin_t *plugin, const app_command_t *command),
                            void *ctx);

/** Loads a plugin without using it in a site. */
apr_status_t app_core_load(app_core_t *core, const char *dir, const char *name,
                           const app_plugin_t **pplugin, app_error_t *err);

#endif
