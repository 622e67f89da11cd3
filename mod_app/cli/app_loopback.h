/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A host that is a function call: settings in, a request in, the answer out, all in memory. For
 * appctl, unit tests and fuzzers. One loopback at a time in a process; requests from many threads,
 * each with a pool of its own (the loopback's pool then needs a mutex in its allocator).
 *
 *     app_loopback_make(&loopback, &(app_loopback_options_t){ .text = "…" }, &err, p);
 *     app_loopback_start(loopback, &err);
 *     app_loopback_run(loopback, &(app_loopback_ask_t){ .target = "/health" }, &answer, p);
 *     app_loopback_stop(loopback);
 */
#ifndef APP_LOOPBACK_H
#define APP_LOOPBACK_H

#include "app_conf_file.h"
#include "app_core.h"

#define APP_LOOPBACK_BODY_MAX (256 * 1024 * 1024) /* bytes of an answer that are kept */

typedef struct app_loopback_t app_loopback_t;

typedef struct app_loopback_options_t {
    const char     *text; /* settings lines; NULL: read file */
    const char     *file; /* a path, or the name of text in error messages; NULL: "settings" */
    app_conf_mode_e mode;
    const char     *plugin_dir; /* NULL: "plugins" beside file or the program, or as installed */
    /** Takes the log lines; NULL: warnings and errors go to standard error. */
    void (*log)(app_log_level_e level, const char *line);
} app_loopback_options_t;

/** Reads the settings and makes a site of them, as configtest would. Lives as long as p. */
apr_status_t app_loopback_make(app_loopback_t **ploopback, const app_loopback_options_t *options,
                               app_error_t *err, apr_pool_t *p);

/** Opens the database and starts the plugins. Before the first request. */
apr_status_t app_loopback_start(app_loopback_t *loopback, app_error_t *err);
void         app_loopback_stop(app_loopback_t *loopback);

app_core_t *app_loopback_core(app_loopback_t *loopback);
app_site_t *app_loopback_site(app_loopback_t *loopback);

typedef struct app_loopback_ask_t {
    const char        *method;  /* NULL: GET */
    const char        *target;  /* as over the wire: "/api/packages?id=eq.1" */
    const char *const *headers; /* name, value, name, value …, NULL; or NULL: none */
    const char        *body;    /* NULL: none */
    apr_size_t         body_len;
    const char        *peer; /* NULL: 127.0.0.1 */
} app_loopback_ask_t;

typedef struct app_loopback_answer_t {
    int          status;
    const char  *content_type; /* NULL: none */
    apr_table_t *headers;      /* all others; texts live as long as p */
    const char  *body;         /* ends with a NUL that len does not count */
    apr_size_t   len;
    unsigned     cut : 1; /* it broke off */
} app_loopback_answer_t;

/** Runs one request. What is refused before it reaches the core is answered as the hosts do. */
void app_loopback_run(app_loopback_t *loopback, const app_loopback_ask_t *ask,
                      app_loopback_answer_t *answer, apr_pool_t *p);

#endif
