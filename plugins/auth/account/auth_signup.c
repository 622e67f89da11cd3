/* SPDX-License-Identifier: Apache-2.0 */
/**
 * POST signup. The answer is the same whether the address has an account or not: a user without a
 * session, who then signs in, or follows the link in the mail first. Thread of the request.
 */
#include "apr_strings.h"

#include "auth_audit.h"
#include "auth_endpoints.h"
#include "auth_guard.h"
#include "auth_http.h"
#include "auth_mail.h"
#include "auth_password.h"
#include "auth_profile.h"
#include "auth_user.h"

/** One sign-up. */
typedef struct signup_t {
    auth_t        *auth;
    app_request_t *r;
    apr_pool_t    *p;
    const char    *redirect; /* NULL: none */
    auth_user_t    user;     /* as it is asked for */
} signup_t;

static apr_status_t refuse_closed(const auth_t *auth, app_error_t *err)
{
    auth_fail(err, 422, "signup_disabled", "Signups not allowed for this instance");
    return auth->conf->signup == AUTH_SIGNUP_INVITE ? app_hint(err, "It takes an invitation.")
                                                    : APP_EFAIL;
}

static apr_status_t read_body(signup_t *s, app_error_t *err)
{
    const char *email, *password;
    const json_t *body;

    if (auth_query_text(&s->redirect, s->r, "redirect_to", err) != APR_SUCCESS ||
        auth_body_read(&body, s->r, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    email = auth_body_text(body, "email");
    password = auth_body_text(body, "password");
    if (!email || !password) {
        return auth_fail(err, 400, "validation_failed", "Signup requires email and password");
    }
    if (auth_email_read(&s->user.email, email, err, s->p) != APR_SUCCESS ||
        auth_profile_read(&s->user.user_data, json_object_get(body, "data"), "{}", err, s->p) !=
            APR_SUCCESS ||
        auth_password_fit(s->auth, password, s->user.email, err) != APR_SUCCESS ||
        auth_guard_try(s->auth, apr_pstrcat(s->p, "signup:", s->user.email, NULL), s->r, err) !=
            APR_SUCCESS) {
        return APP_EFAIL;
    }
    return auth_password_hash(&s->user.password, s->auth, password, err, s->p);
}

/**
 * Somebody has the address. One who has not proved it yet is to be the one who signed up last: the
 * mail that they get now goes with the password that they gave now. Who was invited has no password
 * yet, and gets none from a stranger.
 */
static apr_status_t take_over(signup_t *s, app_tx_t *tx, app_error_t *err)
{
    auth_user_t there;
    apr_status_t rv = auth_user_find(&there, tx, AUTH_USER_EMAIL, s->user.email, err, s->p);

    if (rv != APR_SUCCESS || there.disabled_at || !there.password ||
        !auth_user_must_verify(s->auth, &there)) {
        return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
    }
    s->user.id = there.id;
    return auth_user_change(tx, there.id, AUTH_USER_PASSWORD, s->user.password, err, s->p);
}

/**
 * A mail is asked for whoever it is, since how many an address gets is bounded, and refusals would
 * tell. Who is to get none gets none when it is to be sent.
 */
static apr_status_t store(signup_t *s, app_tx_t *tx, app_error_t *err)
{
    auth_event_t event = { .name = "sign_up" };
    auth_user_t added = s->user;
    apr_status_t rv = auth_user_add(&added, tx, err, s->p);

    if (rv == APR_SUCCESS) {
        event.user_id = s->user.id = added.id;
        auth_audit(s->auth, tx, s->r, &event);
    }
    else if (rv != APR_EEXIST || take_over(s, tx, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (!s->auth->conf->verify_email || !auth_mail_configured(s->auth)) {
        return APR_SUCCESS;
    }
    return auth_mail_token(s->auth, tx, "signup", s->user.id, s->user.email, s->redirect, s->r,
                           err, s->p);
}

/** What a new user would look like. Its id is nobody's: the real one would tell. */
static json_t *shown(const signup_t *s)
{
    auth_user_t user = s->user;

    user.id = auth_uuid(s->p);
    user.created_at = user.updated_at = auth_now();
    return auth_user_json(&user);
}

apr_status_t auth_signup_post(app_instance_t *self, app_request_t *r, app_response_t *res,
                              app_error_t *err)
{
    auth_t *auth = app_instance_context(self);
    signup_t s = { .auth = auth, .r = r, .p = app_request_pool(r),
                   .user = { .role = auth->conf->user_role, .app_data = "{}" } };
    app_tx_t *tx;

    if (auth->conf->signup != AUTH_SIGNUP_OPEN) {
        return refuse_closed(auth, err);
    }
    if (read_body(&s, err) != APR_SUCCESS ||
        auth_begin(&tx, auth, r, 0, err, s.p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (store(&s, tx, err) != APR_SUCCESS) {
        app_tx_rollback(tx);
        return APP_EFAIL;
    }
    return app_tx_commit(tx, err) == APR_SUCCESS ? auth_answer_json(r, res, 200, shown(&s), err)
                                                 : APP_EFAIL;
}
