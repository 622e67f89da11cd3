/* SPDX-License-Identifier: Apache-2.0 */
/** Where Redis is: the setting Redis, read. Parent process, at configuration. */
#ifndef RATELIMIT_REDIS_URL_H
#define RATELIMIT_REDIS_URL_H

#include "app_plugin.h"

typedef struct ratelimit_redis_url_t {
    const char *host; /* NULL: path */
    int         port;
    const char *path;           /* of a Unix socket */
    const char *user, *password; /* NULL: none */
    int         database;
} ratelimit_redis_url_t;

/**
 * redis://user:password@host:port/database or unix://user:password@/path, in which all but what
 * stands behind "//" may be missing. No message repeats any of it: it may be the password.
 * @return APR_SUCCESS; APP_EFAIL with APP_E_SETTING
 */
apr_status_t ratelimit_redis_url_parse(ratelimit_redis_url_t *url, const char *text,
                                       app_error_t *err, apr_pool_t *p);

#endif
