/* SPDX-License-Identifier: Apache-2.0 */
/** Sessions, opened, raised and ended (auth_session.h). Thread of the request. */
#include <string.h>

#include "apr_strings.h"

#include "auth_audit.h"
#include "auth_ended.h"
#include "auth_http.h"
#include "auth_session_int.h"

#define AGENT_MAX 200 /* bytes kept of User-Agent */

#define INSERT                                                                                  \
    "INSERT INTO app_sessions (id, user_id, method, level, address, agent, created_at,"         \
    " refreshed_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)"

/** What is kept of User-Agent; NULL: none, or no UTF-8. */
static const char *agent_of(app_request_t *r, apr_pool_t *p)
{
    const char *header = r ? app_request_header(r, "User-Agent") : NULL;
    apr_size_t len = header ? strlen(header) : 0;

    if (len > AGENT_MAX) {
        len = AGENT_MAX;
        while (len > 0 && ((unsigned char)header[len] & 0xc0) == 0x80) {
            len--;
        }
    }
    return header && app_utf8_valid(header, len) ? apr_pstrmemdup(p, header, len) : NULL;
}

static apr_status_t insert(app_tx_t *tx, const auth_sign_in_t *s, app_request_t *r,
                           app_error_t *err, apr_pool_t *p)
{
    const app_value_t params[] = { auth_text(s->id), auth_text(s->user_id), auth_text(s->method),
                                   auth_text(s->level),
                                   auth_text(r ? app_request_peer(r) : NULL),
                                   auth_text(agent_of(r, p)), auth_int(s->created_at),
                                   auth_int(s->expires_at) };

    return auth_execute(NULL, tx, INSERT, params, 8, err, p);
}

/** Marks the user as signed in, who must not have been disabled or removed since they were read. */
static apr_status_t mark_user(app_tx_t *tx, const char *user_id, apr_int64_t now,
                              app_error_t *err, apr_pool_t *p)
{
    const app_value_t params[] = { auth_text(user_id), auth_int(now) };
    apr_int64_t affected;

    if (auth_execute(&affected, tx, "UPDATE app_users SET signed_in_at = $2 WHERE id = $1"
                                    " AND disabled_at IS NULL", params, 2, err, p) !=
        APR_SUCCESS) {
        return APP_EFAIL;
    }
    return affected ? APR_SUCCESS
                    : auth_fail(err, 403, "user_banned", "The account is disabled");
}

apr_status_t auth_session_open(auth_session_t *session, auth_t *auth, app_tx_t *tx,
                               const auth_user_t *user, const char *method, const char *level,
                               app_request_t *r, app_error_t *err, apr_pool_t *p)
{
    apr_int64_t now = auth_now();
    const auth_sign_in_t s = { .id = auth_uuid(p), .user_id = user->id, .method = method,
                               .level = level, .created_at = now, .refreshed_at = now,
                               .expires_at = now + apr_time_sec(auth->conf->session_lifetime) };
    const auth_event_t event = { .name = "sign_in", .user_id = user->id, .session_id = s.id,
                                 .detail = apr_psprintf(p, "{\"method\":\"%s\"}", method) };
    auth_user_t fresh = *user;

    fresh.signed_in_at = now;
    if (mark_user(tx, user->id, now, err, p) != APR_SUCCESS ||
        insert(tx, &s, r, err, p) != APR_SUCCESS ||
        auth_refresh_first(&session->refresh_token, tx, s.id, err, p) != APR_SUCCESS ||
        auth_session_token(session, auth, &s, &fresh, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    auth_audit(auth, tx, r, &event);
    return APR_SUCCESS;
}

/* Raising */

#define RAISE                                                                                    \
    "UPDATE app_sessions SET level = '" AUTH_LEVEL_TWO "', refreshed_at = $3"                    \
    " WHERE id = $1 AND user_id = $2 AND ended_at IS NULL"                                       \
    " RETURNING method, created_at, expires_at"

static apr_status_t raise_level(auth_sign_in_t *s, app_tx_t *tx, app_error_t *err, apr_pool_t *p)
{
    const app_value_t params[] = { auth_text(s->id), auth_text(s->user_id),
                                   auth_int(s->refreshed_at) };
    app_rows_t *rows;
    apr_status_t rv;

    if (auth_query(&rows, tx, RAISE, params, 3, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    rv = app_rows_next(rows, err);
    if (rv == APR_EOF) {
        return auth_fail(err, 403, "session_not_found", "The session has ended");
    }
    if (rv == APR_SUCCESS) {
        s->method = apr_pstrdup(p, app_rows_text(rows, 0, NULL));
        s->created_at = app_rows_int(rows, 1);
        s->expires_at = app_rows_int(rows, 2);
    }
    return rv;
}

/** The tokens of the lower level are used up: the client has the new one. */
static apr_status_t use_up(app_tx_t *tx, const char *session_id, apr_int64_t now,
                           app_error_t *err, apr_pool_t *p)
{
    const app_value_t params[] = { auth_text(session_id), auth_int(now) };

    return auth_execute(NULL, tx, "UPDATE app_refresh_tokens SET used_at = $2"
                                  " WHERE session_id = $1 AND used_at IS NULL",
                        params, 2, err, p);
}

apr_status_t auth_session_raise(auth_session_t *session, auth_t *auth, app_tx_t *tx,
                                const char *session_id, const auth_user_t *user,
                                const char *method, app_error_t *err, apr_pool_t *p)
{
    auth_sign_in_t s = { .id = session_id, .user_id = user->id, .level = AUTH_LEVEL_TWO,
                         .refreshed_at = auth_now() };
    const auth_event_t event = { .name = "session_raised", .user_id = user->id,
                                 .session_id = session_id, .pool = p,
                                 .detail = apr_psprintf(p, "{\"method\":\"%s\"}", method) };

    if (raise_level(&s, tx, err, p) != APR_SUCCESS ||
        use_up(tx, session_id, s.refreshed_at, err, p) != APR_SUCCESS ||
        auth_refresh_first(&session->refresh_token, tx, session_id, err, p) != APR_SUCCESS ||
        auth_session_token(session, auth, &s, user, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    auth_audit(auth, tx, NULL, &event);
    return APR_SUCCESS;
}

/* Ending */

#define END "UPDATE app_sessions SET ended_at = $2 WHERE user_id = $1 AND ended_at IS NULL"

apr_status_t auth_session_end(auth_t *auth, app_tx_t *tx, const char *user_id,
                              const char *session_id, auth_session_which_e which,
                              app_error_t *err, apr_pool_t *p)
{
    static const char *const sql[] = {
        [AUTH_SESSIONS_ONE] = END " AND id = $3 RETURNING id",
        [AUTH_SESSIONS_OTHERS] = END " AND id <> $3 RETURNING id",
        [AUTH_SESSIONS_ALL] = END " RETURNING id"
    };
    const app_value_t params[] = { auth_text(user_id), auth_int(auth_now()),
                                   auth_text(session_id) };
    app_rows_t *rows;
    apr_status_t rv;

    if (auth_query(&rows, tx, sql[which], params, which == AUTH_SESSIONS_ALL ? 2 : 3, err, p) !=
        APR_SUCCESS) {
        return APP_EFAIL;
    }
    while ((rv = app_rows_next(rows, err)) == APR_SUCCESS) {
        auth_ended_add(auth, app_rows_text(rows, 0, NULL));
    }
    return rv == APR_EOF ? APR_SUCCESS : rv;
}
