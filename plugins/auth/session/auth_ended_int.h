/* SPDX-License-Identifier: Apache-2.0 */
/** The memory of auth_ended.h, for its two files. */
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

/** When no token of a session that ends now is taken any more. */
apr_int64_t auth_ended_until(const auth_t *auth, apr_int64_t now);

/* auth_session_timer.c: timers, in one process at a time */
app_timer_fn auth_ended_poll;
app_timer_fn auth_session_prune;

#endif
