/* SPDX-License-Identifier: Apache-2.0 */
/**
 * How a process comes to its snapshot, what the files have in common:
 *
 *     rest_cache.c    the snapshot of this process, for its threads
 *     rest_share.c    takes it from the image that the site's processes share, or loads it
 *     rest_listen.c   PostgreSQL: one process listens for changes and loads for all
 */
#ifndef REST_CACHE_H
#define REST_CACHE_H

#include "rest_int.h"

/* rest_share.c */

apr_status_t rest_share_start(rest_t *rest, apr_pool_t *p, app_error_t *err);

/**
 * A snapshot that was loaded at since or later: that of the image, or a fresh one, which becomes
 * the image. Sees to it that only one process loads at a time.
 * @param patient waits for another process that loads
 * @return APR_SUCCESS; APR_TIMEUP: another process loads; APP_EFAIL
 */
apr_status_t rest_share_get(rest_schema_t **pschema, rest_t *rest, apr_time_t since, int patient,
                            app_request_t *r, app_error_t *err);

/** Reads the catalogue in a transaction of its own, for nobody else; r may be NULL. */
apr_status_t rest_share_load(rest_schema_t **pschema, rest_t *rest, app_request_t *r,
                             app_error_t *err);

/** That of the image, if it was loaded at since or later. @return 0: there is none */
int rest_share_find(rest_schema_t **pschema, const rest_t *rest, apr_time_t since);

/** Loaded before that, a snapshot is not used any more once there is a fresh one. */
apr_time_t rest_share_since(const rest_t *rest);

/** Whether some process is told of changes, so that no snapshot is too old. */
int rest_share_is_listened(const rest_t *rest);

/** Makes this process the one that listens. @return 0: another one is, or nothing is shared */
int  rest_share_listen(int *plock, const rest_t *rest);
void rest_share_listen_end(int lock);

/* rest_cache.c */

/** Makes the snapshot of all processes one that was loaded at since or later. */
apr_status_t rest_cache_reload(rest_t *rest, apr_time_t since, app_error_t *err);

/** Fetches a newer snapshot if that in use was loaded before the last restart. */
void rest_cache_freshen(rest_t *rest, apr_pool_t *p);

#endif
