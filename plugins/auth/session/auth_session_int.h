/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the files of the room know of each other.
 *
 *   auth_session.c        opens, raises, ends
 *   auth_session_token.c  access tokens, and what they say
 *   auth_refresh.c        refresh tokens: good once, and what happens when one comes again
 *   auth_answer.c         the answer with the tokens
 *   auth_grant.c          POST token
 *   auth_logout.c         POST logout
 *   auth_sessions.c       a user's sessions, listed and ended
 *   auth_cookie.c         tokens in cookies
 *   auth_origin.c         whose page has sent them
 *   auth_caller.c         who asks, at an endpoint for users
 *   auth_ended.c          ended sessions, in memory that all processes share
 *   auth_ended_set.c      … as a thing in memory
 *   auth_session_timer.c  what ended elsewhere is heard of; what is old is deleted
 */
#ifndef AUTH_SESSION_INT_H
#define AUTH_SESSION_INT_H

#include "auth_session.h"

/** A row of app_sessions. */
typedef struct auth_sign_in_t {
    const char *id, *user_id;
    const char *method, *level;
    apr_int64_t created_at, refreshed_at, expires_at;
    apr_int64_t ended_at; /* 0: has not */
} auth_sign_in_t;

/** Makes the access token of a session. */
apr_status_t auth_session_token(auth_session_t *session, auth_t *auth,
                                const auth_sign_in_t *sign_in, const auth_user_t *user,
                                app_error_t *err, apr_pool_t *p);

/** Makes a refresh token and stores its hash. */
apr_status_t auth_refresh_first(const char **ptoken, app_tx_t *tx, const char *session_id,
                                app_error_t *err, apr_pool_t *p);

/** The grant refresh_token: a session's next tokens for a refresh token. Its own transaction. */
apr_status_t auth_refresh(auth_session_t *session, auth_t *auth, const char *token,
                          app_request_t *r, app_error_t *err);

#endif
