/* SPDX-License-Identifier: Apache-2.0 */
/** What the files behind auth_jwks.h know of each other. */
#ifndef AUTH_JWKS_INT_H
#define AUTH_JWKS_INT_H

#include "auth_jwks.h"

/** What all processes know of one URL. */
typedef struct auth_jwks_record_t {
    apr_time_t  tried;   /* end of the last fetch, good or not; 0: never */
    apr_time_t  fetched; /* end of the last good one */
    apr_time_t  expires; /* until when its keys are fresh */
    const char *set;     /* JSON text; NULL: never fetched */
} auth_jwks_record_t;

/* auth_jwks_file.c. Files are for the one user whom all processes run as: one that others may read
 * or write, or that is no plain file of our own, is not touched. */

/** @param pstamp changes whenever the file does @return 0: there is none, or none that is good */
int auth_jwks_file_stamp(apr_uint64_t *pstamp, const char *path);
int auth_jwks_file_read(auth_jwks_record_t *record, const char *path, const char *url,
                        apr_pool_t *p);
/** In place of the old one at once, or not at all. The caller holds the lock. */
apr_status_t auth_jwks_file_write(const char *path, const char *url,
                                  const auth_jwks_record_t *record, apr_pool_t *p);
/** Waits for the lock until then. @return APR_SUCCESS; APR_TIMEUP; another status of the system */
apr_status_t auth_jwks_file_lock(int *pfd, const char *path, apr_time_t until);
void         auth_jwks_file_unlock(int fd);

/* auth_jwks_fetch.c */

/**
 * Fetches a URL: one request, no redirects, at most 256 KiB.
 * @param stopping breaks it off when it becomes nonzero
 * @param pset the body, and how long it is fresh by Cache-Control; -1: not said
 * @return NULL; else what went wrong, for the log
 */
const char *auth_jwks_fetch(const char **pset, apr_interval_time_t *pfresh, const char *url,
                            const auth_jwks_conf_t *conf, const volatile apr_uint32_t *stopping,
                            apr_pool_t *p);

#endif
