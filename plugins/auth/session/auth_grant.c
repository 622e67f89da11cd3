/* SPDX-License-Identifier: Apache-2.0 */
/**
 * POST token: a session for a password, or its next tokens for a refresh token (RFC 6749 4.3, 6).
 * No transaction is open while a password is being checked. Thread of the request.
 */
#include <string.h>

#include "apr_strings.h"

#include "auth_audit.h"
#include "auth_cookie.h"
#include "auth_endpoints.h"
#include "auth_guard.h"
#include "auth_http.h"
#include "auth_password.h"
#include "auth_session_int.h"

/** One sign-in by password. */
typedef struct try_t {
    auth_t        *auth;
    app_request_t *r;
    apr_pool_t    *p;
    const char    *account;  /* as it was given */
    const char    *password;
    auth_user_t    user;
    int            found;    /* there is such a user */
    const char    *anew;     /* hash to be stored in place of an outdated one; NULL: none */
} try_t;

static apr_status_t refuse(app_error_t *err, const char *code, const char *message)
{
    auth_fail(err, 400, code, "%s", message);
    return auth_fail_oauth(err, "invalid_grant");
}

static apr_status_t lack(app_error_t *err, const char *what)
{
    auth_fail(err, 400, "validation_failed", "%s is missing", what);
    return auth_fail_oauth(err, "invalid_request");
}

static apr_status_t find_user(try_t *t, app_error_t *err)
{
    auth_user_key_e key = strchr(t->account, '@') ? AUTH_USER_EMAIL : AUTH_USER_NAME;
    app_tx_t *tx;
    apr_status_t rv;

    if (auth_begin(&tx, t->auth, t->r, 1, err, t->p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    rv = auth_user_find(&t->user, tx, key, t->account, err, t->p);
    t->found = rv == APR_SUCCESS;
    if (rv == APP_EFAIL) {
        return rv;
    }
    return app_tx_commit(tx, err);
}

/** Who has the password may know more; who has not, only that something is wrong. */
static apr_status_t check_user(const try_t *t, int good, app_error_t *err)
{
    if (!good) {
        return refuse(err, "invalid_credentials", "Invalid login credentials");
    }
    if (t->user.disabled_at) {
        return refuse(err, "user_banned", "The account is disabled");
    }
    if (auth_user_must_verify(t->auth, &t->user)) {
        return refuse(err, "email_not_confirmed", "Email not confirmed");
    }
    return APR_SUCCESS;
}

static apr_status_t prove(try_t *t, app_error_t *err)
{
    app_error_t ignored = { .pool = t->p };
    int good, outdated;

    if (auth_guard_try(t->auth, t->account, t->r, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (find_user(t, err) != APR_SUCCESS ||
        auth_password_check(&good, &outdated, t->auth, t->password,
                            t->found ? t->user.password : NULL, err, t->p) != APR_SUCCESS) {
        auth_guard_undone(t->auth, t->account, t->r);
        return APP_EFAIL;
    }
    if (good) {
        auth_guard_passed(t->auth, t->account, t->r);
    }
    if (check_user(t, good, err) != APR_SUCCESS) {
        const auth_event_t event = { .name = "sign_in_failed",
                                     .user_id = t->found ? t->user.id : NULL,
                                     .detail = apr_psprintf(t->p, "{\"code\":\"%s\"}",
                                                            err->code) };

        auth_audit(t->auth, NULL, t->r, &event);
        return APP_EFAIL;
    }
    if (outdated) { /* can wait for another sign-in, when less is going on */
        (void)auth_password_hash(&t->anew, t->auth, t->password, &ignored, t->p);
    }
    return APR_SUCCESS;
}

/** The password must still be the one that was checked. */
static apr_status_t confirm(try_t *t, app_tx_t *tx, app_error_t *err)
{
    const app_value_t params[] = { auth_text(t->user.id), auth_text(t->user.password),
                                   auth_text(t->anew ? t->anew : t->user.password) };
    apr_int64_t affected;

    if (auth_execute(&affected, tx, "UPDATE app_users SET password = $3 WHERE id = $1"
                                    " AND password = $2", params, 3, err, t->p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return affected ? APR_SUCCESS
                    : refuse(err, "invalid_credentials", "Invalid login credentials");
}

static apr_status_t grant_password(auth_session_t *session, auth_t *auth, const json_t *body,
                                   app_request_t *r, app_error_t *err)
{
    static const char *const names[] = { "email", "username", "name" };
    try_t t = { .auth = auth, .r = r, .p = app_request_pool(r),
                .password = auth_body_text(body, "password") };
    app_tx_t *tx;
    apr_size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]) && !t.account; i++) {
        t.account = auth_body_text(body, names[i]);
    }
    if (!t.account || !t.password) {
        return lack(err, t.account ? "password" : "email or username");
    }
    if (prove(&t, err) != APR_SUCCESS || auth_begin(&tx, auth, r, 0, err, t.p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (confirm(&t, tx, err) != APR_SUCCESS ||
        auth_session_open(session, auth, tx, &t.user, "password", AUTH_LEVEL_ONE, r, err, t.p) !=
            APR_SUCCESS) {
        app_tx_rollback(tx);
        return APP_EFAIL;
    }
    return app_tx_commit(tx, err);
}

/** @param cookies the answer goes into cookies: the token may come from there */
static apr_status_t grant_refresh(auth_session_t *session, auth_t *auth, const json_t *body,
                                  int cookies, app_request_t *r, app_error_t *err)
{
    const char *token = auth_body_text(body, "refresh_token");

    if (!token && cookies) {
        token = auth_cookie_refresh(auth, r);
    }
    return token ? auth_refresh(session, auth, token, r, err) : lack(err, "refresh_token");
}

static apr_status_t grant(auth_session_t *session, auth_t *auth, app_request_t *r,
                          app_error_t *err)
{
    const json_t *body;
    const char *type;
    int cookies;

    if (auth_query_text(&type, r, "grant_type", err) != APR_SUCCESS ||
        auth_cookie_wanted(&cookies, auth, r, err) != APR_SUCCESS ||
        auth_body_read(&body, r, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    type = type ? type : auth_body_text(body, "grant_type");
    if (type && strcmp(type, "password") == 0) {
        return grant_password(session, auth, body, r, err);
    }
    if (type && strcmp(type, "refresh_token") == 0) {
        return grant_refresh(session, auth, body, cookies, r, err);
    }
    if (!type) {
        return lack(err, "grant_type");
    }
    auth_fail(err, 400, "unsupported_grant_type", "grant_type is password or refresh_token");
    return auth_fail_oauth(err, "unsupported_grant_type");
}

apr_status_t auth_token_post(app_instance_t *self, app_request_t *r, app_response_t *res,
                             app_error_t *err)
{
    auth_t *auth = app_instance_context(self);
    auth_session_t session;

    if (grant(&session, auth, r, err) != APR_SUCCESS) {
        if (!err->oauth) { /* what others refuse */
            const int later = err->status >= 500 || err->status == 429;

            auth_fail_oauth(err, later ? "temporarily_unavailable" : "invalid_request");
        }
        return APP_EFAIL;
    }
    return auth_session_answer(&session, auth, r, res, err);
}
