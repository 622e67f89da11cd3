/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Refresh tokens. Each is good once: for it the session's next one is given. The next one is a hash
 * of the token and of a random salt that is stored with it, so that whoever comes with the same
 * token a moment later (two tabs that refresh at once, an answer that got lost) gets the same next
 * one. Who comes with it later than that has a copy of it, or has been robbed of it: the session
 * ends. What is stored is hashes and salts, of which no token can be made.
 *
 *     token 1 --salt 1--> token 2 --salt 2--> token 3
 *     used                used                good
 *
 * Thread of the request.
 */
#include "apr_strings.h"

#include "auth_audit.h"
#include "auth_http.h"
#include "auth_session_int.h"

#define SELECT                                                                                    \
    "SELECT t.used_at, t.salt, s.id, s.user_id, s.method, s.level, s.created_at, s.refreshed_at," \
    " s.expires_at, s.ended_at FROM app_refresh_tokens t JOIN app_sessions s"                     \
    " ON s.id = t.session_id WHERE t.hash = $1"

/** What is known of a refresh token. */
typedef struct found_t {
    apr_int64_t    used_at; /* 0: not used */
    const char    *salt;    /* NULL: none */
    auth_sign_in_t sign_in;
} found_t;

static apr_status_t refuse(app_error_t *err, const char *code, const char *message)
{
    auth_fail(err, 400, code, "%s", message);
    return auth_fail_oauth(err, "invalid_grant");
}

static apr_status_t store(app_tx_t *tx, const char *token, const char *session_id,
                          app_error_t *err, apr_pool_t *p)
{
    const app_value_t params[] = { auth_text(auth_hash(token, p)), auth_text(session_id),
                                   auth_int(auth_now()) };

    return auth_execute(NULL, tx, "INSERT INTO app_refresh_tokens (hash, session_id, created_at)"
                                  " VALUES ($1, $2, $3)", params, 3, err, p);
}

apr_status_t auth_refresh_first(const char **ptoken, app_tx_t *tx, const char *session_id,
                                app_error_t *err, apr_pool_t *p)
{
    const char *token = auth_random("", p);

    if (store(tx, token, session_id, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    *ptoken = token;
    return APR_SUCCESS;
}

static const char *next_of(const char *token, const char *salt, apr_pool_t *p)
{
    return auth_hash(apr_pstrcat(p, token, ".", salt, NULL), p);
}

/* Reading */

static void read_row(found_t *found, const app_rows_t *rows, apr_pool_t *p)
{
    auth_sign_in_t *s = &found->sign_in;

    found->used_at = app_rows_int(rows, 0);
    found->salt = apr_pstrdup(p, app_rows_text(rows, 1, NULL));
    s->id = apr_pstrdup(p, app_rows_text(rows, 2, NULL));
    s->user_id = apr_pstrdup(p, app_rows_text(rows, 3, NULL));
    s->method = apr_pstrdup(p, app_rows_text(rows, 4, NULL));
    s->level = apr_pstrdup(p, app_rows_text(rows, 5, NULL));
    s->created_at = app_rows_int(rows, 6);
    s->refreshed_at = app_rows_int(rows, 7);
    s->expires_at = app_rows_int(rows, 8);
    s->ended_at = app_rows_int(rows, 9);
}

/** Takes the token, if nobody has yet: of two that come at once one waits here for the other. */
static apr_status_t take(app_tx_t *tx, const char *hash, const char *salt, app_error_t *err,
                         apr_pool_t *p)
{
    const app_value_t params[] = { auth_text(hash), auth_text(salt), auth_int(auth_now()) };

    return auth_execute(NULL, tx, "UPDATE app_refresh_tokens SET used_at = $3, salt = $2"
                                  " WHERE hash = $1 AND used_at IS NULL", params, 3, err, p);
}

static apr_status_t read_token(found_t *found, app_tx_t *tx, const char *hash, app_error_t *err,
                               apr_pool_t *p)
{
    const app_value_t params[] = { auth_text(hash) };
    app_rows_t *rows;
    apr_status_t rv;

    if (auth_query(&rows, tx, SELECT, params, 1, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    rv = app_rows_next(rows, err);
    if (rv == APR_SUCCESS) {
        read_row(found, rows, p);
    }
    return rv == APR_EOF ? refuse(err, "refresh_token_not_found",
                                  "Invalid Refresh Token: Refresh Token Not Found")
                         : rv;
}

/* Deciding */

static apr_status_t check_session(const auth_t *auth, const auth_sign_in_t *s, app_error_t *err)
{
    apr_int64_t now = auth_now();

    if (s->ended_at || now >= s->expires_at ||
        now >= s->refreshed_at + apr_time_sec(auth->conf->session_idle)) {
        return refuse(err, "session_expired", "Invalid Refresh Token: Session Expired");
    }
    return APR_SUCCESS;
}

/** Ends the session of a token that came again. The transaction is over then. */
static apr_status_t end_reused(auth_t *auth, app_tx_t *tx, const auth_sign_in_t *s,
                               app_request_t *r, app_error_t *err)
{
    const auth_event_t event = { .name = "token_reused", .user_id = s->user_id,
                                 .session_id = s->id };

    if (auth_session_end(auth, tx, s->user_id, s->id, AUTH_SESSIONS_ONE, err,
                         app_request_pool(r)) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    auth_audit(auth, tx, r, &event);
    if (app_tx_commit(tx, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return refuse(err, "refresh_token_already_used", "Invalid Refresh Token: Already Used");
}

/** Whether the token behind this one is still good, so that it may be given once more. */
static apr_status_t is_good(int *pgood, app_tx_t *tx, const char *token, app_error_t *err,
                            apr_pool_t *p)
{
    const app_value_t params[] = { auth_text(auth_hash(token, p)) };
    app_rows_t *rows;
    apr_status_t rv;

    if (auth_query(&rows, tx, "SELECT 1 FROM app_refresh_tokens WHERE hash = $1"
                              " AND used_at IS NULL", params, 1, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    rv = app_rows_next(rows, err);
    *pgood = rv == APR_SUCCESS;
    return rv == APR_EOF ? APR_SUCCESS : rv;
}

static apr_status_t give_again(const char **pnext, auth_t *auth, app_tx_t *tx, const char *token,
                               const found_t *found, app_request_t *r, app_error_t *err)
{
    apr_pool_t *p = app_request_pool(r);
    const char *next = next_of(token, found->salt ? found->salt : "", p);
    int good = 0;

    if (auth_now() - found->used_at <= apr_time_sec(auth->conf->refresh_grace) &&
        is_good(&good, tx, next, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (!good) {
        return end_reused(auth, tx, &found->sign_in, r, err);
    }
    *pnext = next;
    return APR_SUCCESS;
}

static apr_status_t give(const char **pnext, app_tx_t *tx, const char *token,
                         const found_t *found, app_error_t *err, apr_pool_t *p)
{
    const app_value_t params[] = { auth_text(found->sign_in.id), auth_int(auth_now()) };

    *pnext = next_of(token, found->salt, p);
    if (store(tx, *pnext, found->sign_in.id, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return auth_execute(NULL, tx, "UPDATE app_sessions SET refreshed_at = $2 WHERE id = $1",
                        params, 2, err, p);
}

/** The next token, in a transaction whose commit the caller owes. */
static apr_status_t rotate(const char **pnext, auth_sign_in_t *sign_in, auth_t *auth, app_tx_t *tx,
                           const char *token, app_request_t *r, app_error_t *err)
{
    apr_pool_t *p = app_request_pool(r);
    const char *hash = auth_hash(token, p), *salt = auth_random("", p);
    found_t found = { .used_at = 0 };

    if (take(tx, hash, salt, err, p) != APR_SUCCESS ||
        read_token(&found, tx, hash, err, p) != APR_SUCCESS ||
        check_session(auth, &found.sign_in, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    *sign_in = found.sign_in;
    return found.salt && auth_same(found.salt, salt)
               ? give(pnext, tx, token, &found, err, p)
               : give_again(pnext, auth, tx, token, &found, r, err);
}

static apr_status_t find_user(auth_user_t *user, app_tx_t *tx, const char *id, app_error_t *err,
                              apr_pool_t *p)
{
    apr_status_t rv = auth_user_find(user, tx, AUTH_USER_ID, id, err, p);

    if (rv == APR_NOTFOUND || (rv == APR_SUCCESS && user->disabled_at)) {
        return refuse(err, "user_banned", "The account is disabled or does not exist");
    }
    return rv;
}

apr_status_t auth_refresh(auth_session_t *session, auth_t *auth, const char *token,
                          app_request_t *r, app_error_t *err)
{
    apr_pool_t *p = app_request_pool(r);
    auth_sign_in_t sign_in;
    auth_user_t user;
    app_tx_t *tx;

    if (auth_begin(&tx, auth, r, 0, err, p) != APR_SUCCESS ||
        rotate(&session->refresh_token, &sign_in, auth, tx, token, r, err) != APR_SUCCESS ||
        find_user(&user, tx, sign_in.user_id, err, p) != APR_SUCCESS ||
        auth_session_token(session, auth, &sign_in, &user, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return app_tx_commit(tx, err);
}
