/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A CGI environment (RFC 3875) as a request. The same for CGI and FastCGI. No state, any thread;
 * fuzzed.
 */
#ifndef APP_CGI_ENV_H
#define APP_CGI_ENV_H

#include "app_core.h"

#define APP_CGI_VARS_MAX  512         /* variables looked at */
#define APP_CGI_VALUE_MAX (64 * 1024) /* bytes of a header's value */

typedef struct app_cgi_request_t {
    app_entry_e  entry;
    const char  *method;
    const char  *mount; /* "/app/api" */
    const char  *path;
    const char  *query;   /* NULL: none */
    const char  *peer;    /* "" if the server does not say */
    const char  *id;      /* of mod_unique_id; NULL: none */
    int          secure;  /* came by HTTPS */
    apr_table_t *headers; /* names as in HTTP: "Accept-Profile" */
    apr_int64_t  length;  /* of the body; -1: to the end, 0: none */
} app_cgi_request_t;

/** Value of a variable, NULL if it is not set. @param env "NAME=value" texts, ended by NULL */
const char *app_cgi_env_get(const char *const *env, const char *name);

/**
 * Reads a request. The texts live as long as env and p. When it fails, length holds what is known
 * of the body, so that the caller can read it away.
 * @param base_path where /api, /health and /status hang, from the settings; NULL: found from env
 * @return APR_SUCCESS; APP_EFAIL with APP_E_BAD_REQUEST, APP_E_NOT_FOUND or APP_E_URL_TOO_LONG
 */
apr_status_t app_cgi_env_read(app_cgi_request_t *request, const char *const *env,
                              const char *base_path, app_error_t *err, apr_pool_t *p);

#endif
