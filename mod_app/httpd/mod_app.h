/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the files of the httpd host know of each other:
 *
 *   mod_app_conf.c     directives                           configuration, one thread
 *   mod_app_mount.c    which requests are ours              configuration, then any thread
 *   mod_app_request.c  a request, its body and its answer   the request's thread
 *   mod_app_other.c    what is asked of others' requests   the request's thread
 *   mod_app_errors.c   errors that httpd makes itself       the request's thread
 *   mod_app_auth.c     AuthType App on any path             the request's thread
 *   mod_app_require.c  Require app-role, -scope, -claim     the request's thread
 *   mod_app_pass.c     what programs learn of the user      the request's thread
 *   mod_app_log.c      what access logs can say         a request's thread, behind its answer
 *   mod_app_run.c      start and end of process and child   their main threads, and one for timers
 *   mod_app_shm.c      memory that survives a restart       the parent
 *   mod_app_state.c    a folder for files that are shared   the parent
 */
#ifndef MOD_APP_H
#define MOD_APP_H

#include <signal.h>

#include "httpd.h"
#include "http_config.h"
#include "http_core.h"
#include "http_log.h"

#include "app_core.h"

#ifdef __clang__ /* the rings of APR, of which brigades are made, subtract null pointers */
#pragma clang diagnostic ignored "-Wnull-pointer-subtraction"
#endif

/* The one symbol that mod_app.so exports. Stands before APLOG_USE_MODULE, which would hide it. */
extern module app_module __attribute__((visibility("default")));
APLOG_USE_MODULE(app);

/** A <Location> with one of our handlers. */
typedef struct app_mount_t {
    const char           *path; /* without the "/" at the end: "/api"; "" is the root */
    apr_size_t            len;  /* of path */
    const ap_expr_info_t *key;  /* what SetHandler left in the section, also in merged ones */
    app_entry_e           entry;
} app_mount_t;

/** A line of ours: an error that is found when all are read is to name it too. */
typedef struct app_line_t {
    const ap_directive_t *directive;
    const char           *about; /* in an error's message: "Database", "plugin rest " */
} app_line_t;

/** A server or virtual host. */
typedef struct app_server_t {
    app_site_conf_t    *conf;    /* NULL: it has no settings */
    apr_array_header_t *lines;   /* of app_line_t: where the settings stand */
    app_site_t         *site;    /* NULL before check_config, and where nothing is mounted */
    apr_array_header_t *mounts;  /* of app_mount_t, longest path first; NULL before check_config */
} app_server_t;

/** How programs behind AuthType App learn who is asking; unset is environment. */
typedef enum app_pass_e {
    APP_PASS_UNSET,
    APP_PASS_OFF,
    APP_PASS_ENVIRONMENT,
    APP_PASS_HEADERS
} app_pass_e;

/** A <Location>; the last two also a <Directory>, and login_page a .htaccess. */
typedef struct app_location_t {
    app_site_conf_t *conf;       /* NULL: it has no settings */
    const ap_directive_t *line;  /* its last <AppPlugin>; NULL: none */
    const char      *login_page; /* where AuthType App sends browsers; NULL: not set, "": none */
    app_pass_e       pass;
} app_location_t;

/** A request under a mount. Its request_config. */
typedef struct app_exchange_state_t {
    request_rec        *r;
    const app_mount_t  *mount;
    const char         *user; /* whom httpd knows, whatever the API makes of r->user */
    const char         *role; /* for the access log; NULL: not known */
    app_figures_t       figures; /* for the access log; route NULL: not over */
    apr_bucket_brigade *in;  /* NULL before the first read */
    apr_bucket_brigade *out; /* NULL before the first write */
    unsigned            body_read : 1;
    unsigned            passed : 1; /* part of the answer has gone to the filters */
    unsigned            answered_by_filter : 1; /* an input filter has sent an error of its own */
    unsigned            early_only : 1; /* a preflight where httpd wants credentials */
} app_exchange_state_t;

/** What AuthType App knows of a request. */
typedef struct app_auth_t {
    app_identified_t who;
    json_t          *claims;      /* who.identity.claims, once they were read */
    unsigned         refused : 1;
    unsigned         judging : 1; /* the Require lines are being asked */
} app_auth_t;

/* mod_app_conf.c */

/** The directives, made from app_core_settings. */
const command_rec *app_httpd_conf_commands(void);

void *app_httpd_conf_server(apr_pool_t *p, server_rec *s);
void *app_httpd_conf_server_merge(apr_pool_t *p, void *outer, void *inner);
void *app_httpd_conf_location(apr_pool_t *p, char *path);
void *app_httpd_conf_location_merge(apr_pool_t *p, void *outer, void *inner);

/** The line that an error is about, as far as its message tells; or NULL. */
const ap_directive_t *app_httpd_conf_line(const app_server_t *server, const app_error_t *err);

/** A failure as one sentence, or a few, for an administrator. */
const char *app_httpd_conf_sentence(const app_error_t *err, apr_pool_t *p);

/* mod_app_workers.c */

/** app_host_t.workers */
apr_status_t app_httpd_workers(app_workers_t *workers);

/* mod_app_mount.c */

/** Finds the SetHandler lines that are ours. @return OK; 500 if one stands in a wrong section */
int app_httpd_mount_check(apr_array_header_t **plines, apr_pool_t *p);

/** Whether a handler's name is one of ours. */
int app_httpd_mount_is_handler(const char *name);

/** The mounts of a server, longest path first. */
apr_array_header_t *app_httpd_mount_collect(server_rec *s, const apr_array_header_t *lines,
                                            apr_pool_t *p);

/** Whether httpd's own errors for the request are to look like ours. */
int app_httpd_mount_owns(request_rec *r);

/** Keeps the site's ErrorDocuments away from the request. */
void app_httpd_mount_forbid_documents(request_rec *r);

int app_httpd_mount_read(request_rec *r);      /* hook post_read_request */
int app_httpd_mount_translate(request_rec *r); /* hook translate_name */
int app_httpd_mount_map(request_rec *r);       /* hook map_to_storage */
int app_httpd_mount_type(request_rec *r);      /* hook type_checker */

/* mod_app_request.c */

void app_httpd_request_register(void); /* its output filter */
int  app_httpd_request_handle(request_rec *r); /* hook handler */
/**
 * Hook access_checker_ex, behind Require: a preflight cannot have the credentials that are wanted
 * (Fetch, 3.2.2), so it goes on to the filters that stand before the question who is asking.
 */
int  app_httpd_request_preflight(request_rec *r);

/* What an exchange is made of; data is an app_exchange_state_t. */
const char    *app_httpd_request_header(void *data, const char *name);
void           app_httpd_request_headers(void *data,
                                         int (*each)(void *ctx, const char *name,
                                                     const char *value),
                                         void *ctx);
const char    *app_httpd_request_variable(void *data, const char *name);
app_exchange_t app_httpd_request_exchange(app_exchange_state_t *state,
                                          const app_exchange_ops_t *with, const char *mount,
                                          const char *path);

/* mod_app_other.c */

/** Adds to an error of httpd's own the headers that plugins want on every answer. */
void app_httpd_other_error_headers(request_rec *r);
/** app_core_identify() for a request of anybody. Its body is left alone. */
apr_status_t app_httpd_other_identify(app_identified_t *found, request_rec *r, app_site_t *site,
                                      app_error_t *err);
int app_httpd_other_fixup(request_rec *r); /* hook fixups: its place in a trace */
int app_httpd_other_log(request_rec *r); /* hook log_transaction: it is over */

/* mod_app_errors.c */

void app_httpd_errors_register(void); /* its output filter */
void app_httpd_errors_insert(request_rec *r); /* hook insert_error_filter */

/* mod_app_auth.c */

/** Whether somebody was identified by AuthType App for this request. */
int           app_httpd_auth_is_ours(const request_rec *r);
/** The record of the request, or of the one that it is part of; NULL: there is none. */
app_auth_t   *app_httpd_auth_of(const request_rec *r);
/** The claims as an object, which p owns; NULL: there are none. */
const json_t *app_httpd_auth_claims(app_auth_t *auth, apr_pool_t *p);
/** Whether AuthType App has refused the request, to somebody who wants JSON. */
int           app_httpd_auth_answers(const request_rec *r);
/** The JSON of that refusal; NULL: that of the status. */
const char   *app_httpd_auth_body(const request_rec *r);
/** Whether a text has no control characters, which logs, headers and programs could misread. */
int           app_httpd_auth_is_clean(const char *text);
/** Whether AuthType App stands anywhere in the configuration that was read. */
int           app_httpd_auth_used(apr_pool_t *p);

int app_httpd_auth_authn(request_rec *r); /* hook check_authn */
int app_httpd_auth_authz(request_rec *r); /* hook check_authz */

extern const command_rec app_httpd_auth_commands[];

/* mod_app_require.c */

void app_httpd_require_register(apr_pool_t *p); /* its providers */

/* mod_app_pass.c */

void app_httpd_pass_reset(void); /* before a configuration is read */
/** A claim as text: a string as it is, anything else as JSON; NULL: it cannot be one. */
const char *app_httpd_pass_text(const json_t *value, apr_pool_t *p);

int app_httpd_pass_strip(request_rec *r); /* hook post_read_request */
int app_httpd_pass_fixup(request_rec *r); /* hook fixups */

extern const command_rec app_httpd_pass_commands[];

/* mod_app_log.c */

#define APP_HTTPD_TRACE_NOTE "APP_TRACE_ID" /* for ErrorLogFormat, too: %{APP_TRACE_ID}n */

/** Adds its formats to mod_log_config. In pre_config. */
void app_httpd_log_register(apr_pool_t *pconf);

/* mod_app_run.c */

/** The core of this configuration; NULL outside of it. */
app_core_t *app_httpd_run_core(void);

/** Whether this child can answer requests. */
int app_httpd_run_ready(void);
/** While a request is ours: keeps signals from ending the process amid it. */
void app_httpd_run_hold(sigset_t *before);
void app_httpd_run_release(const sigset_t *before);

int  app_httpd_run_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp);
int  app_httpd_run_check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                                server_rec *main_server);
int  app_httpd_run_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                               server_rec *main_server);
void app_httpd_run_child_init(apr_pool_t *pchild, server_rec *main_server);

/* mod_app_state.c */

/** Makes the folder. Not at configtest. */
void        app_httpd_state_make(apr_pool_t *pconf);
const char *app_httpd_state_dir(void);

/* mod_app_shm.c: one round per start or restart */

void         app_httpd_shm_begin(void);
apr_status_t app_httpd_shm_share(const char *key, apr_size_t size, void **pbase, apr_pool_t *pconf,
                                 app_error_t *err);
/** Gives back what nobody has asked for since begin. */
void app_httpd_shm_end(void);

#endif
