/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the files of the core know of each other. Hosts use app_core.h, plugins app_plugin.h.
 */
#ifndef APP_CORE_INT_H
#define APP_CORE_INT_H

#include <string.h>

#include "apr_network_io.h"

#include "app_core.h"
#include "app_lock.h"

/* Where plugins are unless host or settings say otherwise; the build names it. */
#ifndef APP_PLUGIN_DIR
#define APP_PLUGIN_DIR NULL
#endif

#define APP_ERROR_BODY_MAX    (256 * 1024)
#define APP_RESPONSE_BUFFER   (64 * 1024)
#define APP_PLUGIN_NAME_MAX   32
#define APP_REQUEST_ID_LENGTH 16

/*
 * Settings as read: of the core (plugin is NULL) or of one plugin, in one place of the
 * configuration.
 */
struct app_values_t {
    const app_plugin_t  *plugin;
    const app_setting_t *rows;
    int                  nrows;
    apr_size_t           size; /* of data */
    void                *data; /* the struct that the rows describe */
    unsigned char       *set;  /* by row: was it set here */
    apr_uint64_t        *lines; /* by row: a hash of its lines, which APP_TYPE_PARSED needs */
};

struct app_site_conf_t {
    app_core_t         *core;
    app_where_e         where;
    apr_pool_t         *pool;
    app_values_t       *own;     /* the core's settings */
    apr_array_header_t *plugins; /* of app_values_t *, in order of appearance */
};

/** One plugin in one site. */
struct app_instance_t {
    app_site_t         *site;
    const app_plugin_t *plugin;
    app_values_t       *values;
    apr_pool_t         *pool; /* of the configuration; from start() on, of the process */
    void               *context;
    int                 configuring;
};

typedef struct app_route_entry_t {
    const app_route_t *route;
    apr_size_t         length; /* of the path */
    const char        *name;   /* the path, with "*" behind a "/" at its end */
    app_instance_t    *instance;
} app_route_entry_t;

typedef struct app_filter_t {
    app_instance_t *instance;
    app_handler_fn *run;
} app_filter_t;

/** What a plugin offers to the others of its site. */
typedef struct app_offer_t {
    const char     *name;
    const void     *service;
    app_instance_t *owner;
} app_offer_t;

/** Who may see the details of /health and /status. */
typedef struct app_viewers_t {
    apr_array_header_t *networks; /* of apr_ipsubnet_t * */
    apr_array_header_t *roles;    /* of const char * */
} app_viewers_t;

struct app_site_t {
    app_core_t         *core;
    const char         *name;
    app_site_conf_t    *conf;
    app_db_t           *db;
    apr_array_header_t *instances;             /* of app_instance_t *, in the order of `after` */
    app_viewers_t       viewers;
    apr_array_header_t *routes;                /* of app_route_entry_t, longest path first */
    apr_array_header_t *filters[APP_PLACES_];  /* of app_filter_t */
    apr_array_header_t *offers;                /* of app_offer_t */
    apr_uint64_t        digest;                /* of settings and database */
};

struct app_shm_t {
    const char *key;
    apr_size_t  size;
    void       *base; /* header, then the bytes; NULL before app_core_share() */
};

/** What all processes count together; survives a graceful restart. */
typedef struct app_counters_t {
    apr_int64_t  started; /* apr_time_t of the first start */
    apr_uint64_t requests;
    apr_uint64_t errors; /* answers with a 5xx status */
} app_counters_t;

typedef struct app_metrics_t app_metrics_t; /* app_metric_int.h */

struct app_core_t {
    const app_host_t   *host;
    apr_pool_t         *pool;
    const char         *plugin_dir;
    apr_array_header_t *plugins; /* of const app_plugin_t *: loaded */
    apr_array_header_t *sites;   /* of app_site_t * */
    apr_array_header_t *dbs;     /* of app_db_use_t */
    apr_array_header_t *shms;    /* of app_shm_t * */
    apr_array_header_t *timers;  /* of app_timer_t */
    app_shm_t          *counters;
    app_metrics_t      *metrics;
    int                 running;
};

struct app_request_t {
    const app_exchange_t  *exchange;
    app_site_t            *site;
    app_entry_e            entry;
    const char            *id;
    const app_core_conf_t *conf; /* the site's, with the location's on top */
    app_identity_t         identity;
    app_trace_t            trace;
    apr_time_t             deadline;
    int                    is_head;
    const char            *body; /* once read */
    apr_size_t             body_len;
    apr_array_header_t    *settings; /* of app_values_t *: merged for this request */
    app_figures_t          figures;
};

struct app_response_t {
    app_request_t *r;
    int            status;
    const char    *reason;
    const char    *content_type;
    const char    *etag;
    apr_table_t   *headers;
    int            kept; /* headers that an error does not take away; -1: all so far */
    char          *buffer; /* grows to APP_RESPONSE_BUFFER bytes */
    apr_size_t     len, size;
    int            head_sent;
    app_tap_t     *taps;
    apr_array_header_t *before; /* headers that the handler found; only where somebody taps */
    const app_source_t *source;
    apr_status_t   broken; /* the host could not write: the client is gone */
};

/* app_setting_read.c */
/**
 * Reads the rest of a line into the member that a row describes.
 * @param from_file args is the path of a file that holds the secret
 */
apr_status_t app_setting_read(void *to, const app_setting_t *row, int from_file, const char *root,
                              const char *args, app_error_t *err, apr_pool_t *p);

/* app_settings.c */
app_values_t *app_values_create(const app_plugin_t *plugin, const app_setting_t *rows,
                                apr_size_t size, apr_pool_t *p);
apr_status_t app_values_check(const app_setting_t *rows, apr_size_t size, const char **problem,
                              apr_pool_t *p);
apr_status_t app_values_set(app_values_t *values, app_where_e where, const char *root,
                            const char *name, const char *args, app_error_t *err, apr_pool_t *p);
app_values_t *app_values_merge(const app_values_t *outer, const app_values_t *inner, apr_pool_t *p);
int app_values_empty(const app_values_t *values);
/** The member that a row describes. */
const void *app_values_member(const app_values_t *values, const app_setting_t *row);

/* app_url.c */
/** Bytes of the well-formed UTF-8 character at text, 0 if there is none. */
apr_size_t app_utf8_step(const char *text, apr_size_t len);

/* app_log.c */
void app_log_host(const app_host_t *to);
/**
 * Checks the words of LogLevel, and has them hold for lines about no request, until the next
 * app_log_host().
 * @param words NULL: there are none
 */
apr_status_t app_log_levels_use(const apr_array_header_t *words, app_error_t *err);

/* app_request.c */
void app_request_make(app_request_t *r, app_site_t *site, app_entry_e entry,
                      const app_exchange_t *exchange);

/* app_figures.c */
/** Nothing is left to do but to tell what it was: completes the figures. */
void app_figures_finish(app_request_t *r, const app_response_t *res);

/* app_response.c */
void app_response_make(app_response_t *res, app_request_t *r);
/** What filters have set so far stays, also when the handler fails. */
void app_response_keep(app_response_t *res);
/** The headers that an error answer has, without status and body. */
void app_response_error_headers(app_response_t *res, const app_error_t *err);
/** Sends what is left. Nothing may be written after it. */
void app_response_finish(app_response_t *res);
/** The answer cannot be completed: makes the client see that it is cut. */
void app_response_abort(app_response_t *res);

/* app_tap.c */
/** Notes which headers are not the handler's. */
void app_tap_begin(app_response_t *res);
/** Shows the taps a piece of the body. */
void app_tap_body(const app_response_t *res, const char *data, apr_size_t len);
/** Shows the taps the end. */
void app_tap_end(app_response_t *res, int whole);

/* app_digest.c */
/** Adds settings to a digest. @param all also those that are at their defaults */
void app_digest_values(apr_uint64_t *digest, const app_values_t *values, int all);
apr_uint64_t app_digest_site(const app_site_t *site);

/* app_route.c */
/** Makes the table of routes. @return APP_EFAIL where two rows take the same */
apr_status_t app_route_collect(app_site_t *site, app_error_t *err);
/** The name of the route that r's path leads to; "none" if it leads nowhere. */
const char *app_route_name(const app_request_t *r);
apr_status_t app_route_run(app_request_t *r, app_response_t *res, app_error_t *err);

/* app_filter.c */
/** Runs the filters of one place. @return APP_NEXT, APP_DONE or APP_EFAIL */
apr_status_t app_filter_run(app_place_e place, app_request_t *r, app_response_t *res,
                            app_error_t *err);

/* app_load.c */
/** Sorts instances so that each stands behind those that its `after` names. */
apr_status_t app_load_order(apr_array_header_t *instances, app_error_t *err, apr_pool_t *p);

/* app_shm.c */
app_shm_t   *app_shm_add(app_core_t *core, const char *key, apr_size_t size);
apr_status_t app_shm_share(app_core_t *core, app_error_t *err);
/** Takes the segment's lock if nobody has it. */
apr_status_t app_shm_try_lock(app_shm_t *shm);

/* app_timer.c */
typedef struct app_timer_t {
    app_instance_t     *instance;
    const char         *name;
    app_timer_fn       *fn;
    apr_interval_time_t interval;
    apr_time_t          due;    /* in this process */
    app_shm_t          *shared; /* NULL: every process runs it */
} app_timer_t;

/* app_health.c, app_status.c, app_viewers.c */
apr_status_t app_health_answer(app_request_t *r, app_response_t *res, app_error_t *err);
apr_status_t app_status_answer(app_request_t *r, app_response_t *res, app_error_t *err);
apr_status_t app_viewers_parse(const apr_array_header_t *words, app_viewers_t *viewers,
                               app_error_t *err, apr_pool_t *p);
/** Whether this request may see details. */
int app_viewers_allow(app_request_t *r, app_response_t *res);
/** Sends a JSON document and releases it. */
apr_status_t app_json_answer(app_response_t *res, json_t *document, app_error_t *err);
/** Time as RFC 3339 in UTC, with milliseconds. */
const char *app_time_text(apr_time_t when, apr_pool_t *p);

/* app_metric.c */
void app_metrics_create(app_core_t *core);
/** Declares the core's families and, if somebody collects, asks for the memory of all. */
apr_status_t app_metrics_layout(app_core_t *core, app_error_t *err);
/** The memory is there. */
void app_metrics_shared(app_core_t *core);

/* app_metric_core.c */
/** Counts a request that is over. */
void app_metrics_request(const app_request_t *r);
/** Counts a run of a timer. */
void app_metrics_timer(const app_timer_t *timer, apr_time_t begun);
/** This process serves requests from now on. */
void app_metrics_process(app_core_t *core);
/** And db. */
void app_metrics_database(app_core_t *core, app_db_t *db);

/* app_metric_page.c */
apr_status_t app_metrics_answer(app_request_t *r, app_response_t *res, app_error_t *err);

/* app_core.c */
/** The site's databases of a core, each once. */
typedef struct app_db_use_t {
    const app_core_conf_t *conf;
    app_db_t              *db;
} app_db_use_t;

/* app_api_table.c */
extern const app_api_t app_api_table;

#endif
