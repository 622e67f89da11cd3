/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Ended sessions, so that their access tokens are refused at once: a set in memory that all
 * processes share, which a request asks without a lock. What ends here is put into it; of what ends
 * elsewhere (another machine on the same PostgreSQL, appctl) a timer hears, which asks the database
 * every second as long as sessions are in use.
 *
 *     +--------------------------------------------------+------------------------------------+
 *     | heard: when the timer last asked                 | buckets of 8 entries each:         |
 *     | wanted: when somebody last wanted to know        |   key    a session id, shortened   |
 *     | overflow: until when something is not in the set |   until  when its last token has   |
 *     +--------------------------------------------------+          expired                   |
 *                                                        +------------------------------------+
 *
 * Where the set cannot say (the timer has not asked lately, as under CGI, or a bucket is full), the
 * database is asked.
 */
#ifndef AUTH_ENDED_H
#define AUTH_ENDED_H

#include "auth_int.h"

/** In configure(): declares memory and timers. */
void auth_ended_configure(auth_t *auth);

/** Puts a session into the set. Any thread. */
void auth_ended_add(auth_t *auth, const char *session_id);

/**
 * Whether the session of an access token goes on. Thread of the request.
 * @return APR_SUCCESS; APP_EFAIL with 401, or what the database said
 */
apr_status_t auth_ended_check(auth_t *auth, const char *session_id, app_request_t *r,
                              app_error_t *err);

#endif
