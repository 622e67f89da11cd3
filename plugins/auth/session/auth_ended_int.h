/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The memory of auth_ended.h, and what is done with it: plain functions, with a clock that the
 * caller has.
 */
#ifndef AUTH_ENDED_INT_H
#define AUTH_ENDED_INT_H

#include "auth_int.h"

#define AUTH_ENDED_BUCKETS 1024
#define AUTH_ENDED_BUCKET  8
#define AUTH_ENDED_LEEWAY  60 /* seconds that a token may be taken for longer than it says */

typedef struct auth_ended_entry_t {
    apr_uint64_t key;   /* 0: free */
    apr_int64_t  until; /* seconds since 1970 */
} auth_ended_entry_t;

typedef struct auth_ended_t {
    apr_time_t         heard;    /* 0: never */
    apr_time_t         wanted;
    apr_int64_t        overflow; /* seconds since 1970 */
    auth_ended_entry_t buckets[AUTH_ENDED_BUCKETS][AUTH_ENDED_BUCKET];
} auth_ended_t;

/** Puts a session in; one lock for all who do. @param now, until seconds since 1970 */
void auth_ended_put_locked(auth_ended_t *set, const char *session_id, apr_int64_t now,
                           apr_int64_t until);

/** Whether a session is known to have ended. Without a lock. @param now seconds since 1970 */
int auth_ended_has(auth_ended_t *set, const char *session_id, apr_int64_t now);

/** Whether what is not in the set has not ended; notes that somebody wants to know. */
int auth_ended_is_complete(auth_ended_t *set, apr_time_t now);

/** When no token of a session that ends now is taken any more. */
apr_int64_t auth_ended_until(const auth_t *auth, apr_int64_t now);

/* auth_session_timer.c: timers, in one process at a time */
app_timer_fn auth_ended_poll;
app_timer_fn auth_session_prune;

#endif
