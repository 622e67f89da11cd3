/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What httpd does to a request's path, for the hosts that are not httpd: decoded once, slashes
 * merged, and divided into entry, mount point and the path below it. No state, any thread; fuzzed.
 */
#ifndef APP_TARGET_H
#define APP_TARGET_H

#include "app_core.h"

#define APP_TARGET_MAX 16384 /* bytes of a path */

typedef struct app_target_t {
    app_entry_e entry;
    const char *mount; /* "/app/api" */
    const char *path;  /* "/packages"; "/" at least */
} app_target_t;

/**
 * Decodes the path of a request target as it came over the wire: "/a%20b" or "http://host/a%20b".
 * What stands behind "?" or "#" is left out, repeated slashes become one.
 * @return APR_SUCCESS; APP_EFAIL with APP_E_URL_TOO_LONG, or APP_E_BAD_REQUEST for "%00", "%2F",
 *         "." or ".." as a segment, a broken "%", text that is not UTF-8, no "/" in front
 */
apr_status_t app_target_decode(const char **ppath, const char *raw, app_error_t *err,
                               apr_pool_t *p);

/**
 * Divides a decoded path behind its first base bytes.
 * @return whether "/api", "/health" or "/status" comes there
 */
int app_target_split(app_target_t *target, const char *path, apr_size_t base, apr_pool_t *p);

#endif
