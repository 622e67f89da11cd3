/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Sign-ins. A session gives out access tokens that live for minutes, and refresh tokens that are
 * good once. Thread of the request.
 */
#ifndef AUTH_SESSION_H
#define AUTH_SESSION_H

#include "auth_user.h"

#define AUTH_LEVEL_ONE "aal1" /* one factor */
#define AUTH_LEVEL_TWO "aal2" /* two */

/** "iss" of the tokens that sessions give out: JwtIssuer, or "mod_app". */
const char *auth_issuer(const auth_t *auth);

typedef struct auth_session_t {
    const char *id;
    const char *access_token;
    const char *refresh_token;
    apr_int64_t expires_at; /* of the access token */
    auth_user_t user;
} auth_session_t;

/**
 * Opens a session for a user that has been proved, and makes its first tokens, in tx.
 * @param method how it was proved: "password", "recovery", "server" …
 * @param level AUTH_LEVEL_ONE or _TWO
 * @param r says address and User-Agent; may be NULL
 */
apr_status_t auth_session_open(auth_session_t *session, auth_t *auth, app_tx_t *tx,
                               const auth_user_t *user, const char *method, const char *level,
                               app_request_t *r, app_error_t *err, apr_pool_t *p);

/** Raises a session's level, and makes tokens that say so, in tx. */
apr_status_t auth_session_raise(auth_session_t *session, auth_t *auth, app_tx_t *tx,
                                const char *session_id, const auth_user_t *user,
                                const char *method, app_error_t *err, apr_pool_t *p);

/**
 * Answers with the session's tokens: RFC 6749 5.1, with the user added; as cookies where the client
 * has asked for these.
 */
apr_status_t auth_session_answer(const auth_session_t *session, auth_t *auth, app_request_t *r,
                                 app_response_t *res, app_error_t *err);

/**
 * Verifies a token as auth_token_identify() does, and that its session goes on, if it is one of
 * ours; tokens of others have none that we know of.
 * @return APR_SUCCESS; APP_EFAIL as there, with 401 for a session that has ended, or with what the
 *         database said
 */
apr_status_t auth_session_identify(app_identity_t *identity, auth_t *auth, const char *token,
                                   const char *audience, app_request_t *r, app_error_t *err);

/**
 * A user's open sessions, for auth_query(); an order may stand behind it. $1: the user's id; $2:
 * now; $3: when those were refreshed last that end of idleness now.
 */
#define AUTH_SESSIONS_SELECT                                                                 \
    "SELECT id, method, level, address, agent, created_at, refreshed_at, expires_at"         \
    " FROM app_sessions WHERE user_id = $1 AND ended_at IS NULL AND expires_at > $2"         \
    " AND refreshed_at > $3"

/** A row of AUTH_SESSIONS_SELECT, as clients and appctl show it. A new reference. */
json_t *auth_session_json(const app_rows_t *rows);

typedef enum auth_session_which_e {
    AUTH_SESSIONS_ONE,    /* that one */
    AUTH_SESSIONS_OTHERS, /* all of the user but that one */
    AUTH_SESSIONS_ALL     /* all of the user */
} auth_session_which_e;

/**
 * Ends sessions in tx; the access tokens that they gave out are refused from now on, also if tx is
 * rolled back.
 */
apr_status_t auth_session_end(auth_t *auth, app_tx_t *tx, const char *user_id,
                              const char *session_id, auth_session_which_e which,
                              app_error_t *err, apr_pool_t *p);

#endif
