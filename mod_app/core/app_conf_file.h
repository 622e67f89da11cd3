/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Settings in a file of their own, in httpd's notation, for the hosts that are not httpd:
 *
 *     # comment; a "\" at the end of a line joins it with the next
 *     AppDatabase "${DATABASE_URL}"
 *     <AppPlugin rest>
 *         MaxRows 500
 *     </AppPlugin>
 *
 * Used while a process starts, in one thread.
 */
#ifndef APP_CONF_FILE_H
#define APP_CONF_FILE_H

#include "app_core.h"

#define APP_CONF_FILE_MAX  (1024 * 1024) /* bytes of a file */
#define APP_CONF_LINE_MAX  8192          /* bytes of a line, joined and with its variables put in */
#define APP_CONF_LINES_MAX 20000         /* lines of a file */

typedef enum app_conf_mode_e {
    APP_CONF_STRICT, /* every line must be mod_app's: app.conf of app.cgi */
    /**
     * A piece of httpd.conf: directives of others are passed over, and so is all inside
     * <Location>, <Directory>, <Files>, <If>, <Proxy> and their kin, whose settings hold for some
     * requests only. <VirtualHost>, <IfModule> and other containers count as not there. Define is
     * understood.
     */
    APP_CONF_LENIENT
} app_conf_mode_e;

/** Who takes what was read. A call that fails ends the reading. */
typedef struct app_conf_sink_t {
    /** AppNAME ARGS. name comes without "App", args as written, variables put in. */
    apr_status_t (*setting)(void *ctx, const char *name, const char *args, app_error_t *err);
    /** <AppPlugin NAME>: the settings that follow are its. */
    apr_status_t (*plugin)(void *ctx, const char *name, app_error_t *err);
    apr_status_t (*plugin_setting)(void *ctx, const char *name, const char *args,
                                   app_error_t *err);
} app_conf_sink_t;

/**
 * Reads settings lines. Does no I/O except for variables of the environment.
 * @param file name for error messages, which read "FILE:LINE: sentence"
 * @return APR_SUCCESS, or APP_EFAIL with APP_E_SETTING
 */
apr_status_t app_conf_file_parse(const char *file, const char *text, apr_size_t len,
                                 app_conf_mode_e mode, const app_conf_sink_t *sink, void *ctx,
                                 app_error_t *err, apr_pool_t *p);

/** The same, into conf. */
apr_status_t app_conf_file_apply(app_site_conf_t *conf, const char *file, const char *text,
                                 apr_size_t len, app_conf_mode_e mode, app_error_t *err,
                                 apr_pool_t *p);

/** Reads the file at path into conf. */
apr_status_t app_conf_file_load(app_site_conf_t *conf, const char *path, app_conf_mode_e mode,
                                app_error_t *err, apr_pool_t *p);

/**
 * Reads a whole regular file of at most max bytes.
 * @param ptext ends with a NUL that *plen does not count
 * @return APR_SUCCESS, or APP_EFAIL with APP_E_SETTING and a sentence that begins with path
 */
apr_status_t app_conf_file_read(const char **ptext, apr_size_t *plen, const char *path,
                                apr_size_t max, app_error_t *err, apr_pool_t *p);

#endif
