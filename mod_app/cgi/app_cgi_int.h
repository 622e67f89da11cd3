/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the files of app.cgi know of each other. One program, three lives:
 *
 *     standard input is a listening socket   FastCGI   app_fcgi.c, many threads, lives on
 *     the environment holds a request        CGI       app_cgi_plain.c, one request, one thread
 *     neither                                a command typed by somebody: --doctor, --check, …
 */
#ifndef APP_CGI_INT_H
#define APP_CGI_INT_H

#include "app_cgi_env.h"
#include "app_core.h"

/* app_cgi_setup.c: the program, its settings and the site they make */

typedef struct app_cgi_setup_t {
    const char      *program;  /* this binary, links resolved */
    const char      *folder;   /* where it is */
    const char      *settings; /* APP_CONFIG, or app.conf beside the program */
    const char      *root;     /* where the settings are: relative paths in them start here */
    app_host_t       host;
    app_core_t      *core;
    app_site_conf_t *conf;
    app_site_t      *site; /* NULL: the settings are wrong */
} app_cgi_setup_t;

/** Finds the program and its settings file; reads nothing. */
void app_cgi_setup_find(app_cgi_setup_t *setup, const char *host_name, apr_pool_t *p);

/** Reads the settings and makes the site, as configtest would. */
apr_status_t app_cgi_setup_load(app_cgi_setup_t *setup, app_error_t *err, apr_pool_t *p);

/** Shares memory, opens the database, starts plugins. pchild's allocator needs a mutex if there
 *  are threads. */
apr_status_t app_cgi_setup_start(app_cgi_setup_t *setup, apr_pool_t *pchild, app_error_t *err);

/* app_cgi_log.c */

/** Sets from which level on lines are written: APP_LOG_LEVEL in the environment, or least. */
void app_cgi_log_level(app_log_level_e least);
void app_cgi_log(app_log_level_e level, void *request, const char *line);
int  app_cgi_logs(app_log_level_e level, void *request);

/* app_cgi_share.c */

/** Has segments live in files of folder, for all processes with the same settings file; NULL: in
 *  this process alone. */
void         app_cgi_share_in(const char *folder, const char *settings);
apr_status_t app_cgi_share(const char *key, apr_size_t size, void **pbase, apr_pool_t *pconf,
                           app_error_t *err);

/* app_cgi_exchange.c: one request over some pair of streams */

typedef struct app_cgi_io_t {
    apr_status_t (*read)(void *stream, char *buf, apr_size_t *plen); /* APR_EOF at the end */
    apr_status_t (*write)(void *stream, const char *bytes, apr_size_t len);
    apr_status_t (*flush)(void *stream);
    int (*gone)(void *stream);
    void (*abort)(void *stream);
    void (*log)(void *stream, const char *line); /* NULL: standard error */
} app_cgi_io_t;

/** Answers the request that env describes. Thread of the request. */
void app_cgi_exchange_run(const app_cgi_setup_t *setup, const app_cgi_io_t *io, void *stream,
                          const char *const *env, apr_pool_t *p);

/** Writes a log line where the request's streams want it. @param data app_exchange_t.data */
void app_cgi_exchange_log(void *data, const char *line);

/* The three lives. @return exit code */

int app_cgi_plain_run(app_cgi_setup_t *setup, apr_pool_t *p);        /* app_cgi_plain.c */
int app_fcgi_run(app_cgi_setup_t *setup, apr_pool_t *p);             /* app_fcgi.c */
int app_cgi_command_run(int argc, const char *const *argv, apr_pool_t *p); /* app_cgi_command.c */

/* app_cgi_watch.c */

typedef struct app_cgi_watch_t app_cgi_watch_t;

/** Remembers how the program, its settings and the plugin folder look now. */
app_cgi_watch_t *app_cgi_watch_make(const app_cgi_setup_t *setup, apr_pool_t *p);

/**
 * Whether one of them has changed, holds still since the last call, and the new settings are
 * good. If they are not, says so in the log, once.
 */
int app_cgi_watch_changed(app_cgi_watch_t *watch);

/* app_doctor.c */

/**
 * Finds out what is well and what is not. Makes the site and starts it in this process.
 * @param in_request whether the environment is that of a request
 * @param report one line per finding
 * @return number of faults
 */
int app_doctor_run(app_cgi_setup_t *setup, int in_request, app_buf_t *report, apr_pool_t *p);

/**
 * Whether the environment holds a request for the doctor's report: its query string is the word
 * that the site's owner has set as APP_DOCTOR.
 */
int app_doctor_asked(void);

#endif
