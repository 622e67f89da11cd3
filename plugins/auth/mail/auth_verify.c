/* SPDX-License-Identifier: Apache-2.0 */
/**
 * POST verify: a token or code that came by mail opens a session. GET verify is in
 * auth_verify_page.c. Thread of the request.
 */
#include <string.h>

#include "apr_strings.h"

#include "auth_audit.h"
#include "auth_guard.h"
#include "auth_http.h"
#include "auth_mail.h"
#include "auth_mail_endpoints.h"
#include "auth_once.h"
#include "auth_redirect.h"
#include "auth_session.h"

/** One verification. */
typedef struct verify_t {
    auth_t        *auth;
    app_request_t *r;
    apr_pool_t    *p;
    const char    *type, *token_hash, *email, *code; /* as they came; email as it is stored */
    const char    *redirect; /* of the page's form; NULL: none */
    int            form;
    auth_once_t    once;     /* what was taken */
    auth_user_t    user;
    auth_session_t session;
} verify_t;

static int is_type(const char *type)
{
    static const char *const types[] = { "signup",       "invite", "magiclink", "recovery",
                                         "email_change", "email" };
    apr_size_t i;

    for (i = 0; type && i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(type, types[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

static apr_status_t read_body(verify_t *v, app_error_t *err)
{
    const char *email;
    const json_t *body;

    if (auth_body_read(&body, v->r, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    v->type = auth_body_text(body, "type");
    v->token_hash = auth_body_text(body, "token_hash");
    v->code = auth_body_text(body, "token");
    v->redirect = auth_body_text(body, "redirect_to");
    email = auth_body_text(body, "email");
    if (!is_type(v->type)) {
        return auth_fail(err, 400, "validation_failed", "type must be signup, invite, magiclink, "
                         "recovery, email_change or email");
    }
    if (!v->token_hash && (!v->code || !email)) {
        return auth_fail(err, 400, "validation_failed", "token_hash is missing, or token and "
                         "email");
    }
    if (auth_redirect_allow(&v->auth->conf->mail, v->redirect, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return v->token_hash ? APR_SUCCESS : auth_email_read(&v->email, email, err, v->p);
}

/** All that can be wrong with a token looks the same. */
static apr_status_t refuse(app_error_t *err)
{
    return auth_fail(err, 403, "otp_expired", "Token has expired or is invalid");
}

/**
 * What was taken, and whose it is. A code that was wrong has been counted: the transaction goes on
 * to its commit.
 */
static apr_status_t take(verify_t *v, app_tx_t *tx, app_error_t *err)
{
    apr_status_t rv = v->token_hash
                          ? auth_once_take(&v->once, tx, v->type, v->token_hash, err, v->p)
                          : auth_once_take_code(&v->once, v->auth, tx, v->type, v->email, v->code,
                                                err, v->p);

    if (rv == APR_SUCCESS) {
        rv = v->once.user_id
                 ? auth_user_find(&v->user, tx, AUTH_USER_ID, v->once.user_id, err, v->p)
                 : APR_NOTFOUND;
    }
    if (rv == APR_SUCCESS && v->user.disabled_at) {
        return APR_NOTFOUND;
    }
    return rv;
}

/** The address is theirs from now on, unless somebody else has it by now. */
static apr_status_t change_address(verify_t *v, app_tx_t *tx, app_error_t *err)
{
    const app_value_t params[] = { auth_text(v->user.id), auth_text(v->once.email),
                                   auth_int(auth_now()) };
    auth_user_t other;
    apr_status_t rv = auth_user_find(&other, tx, AUTH_USER_EMAIL, v->once.email, err, v->p);

    if (rv != APR_NOTFOUND) {
        return rv == APR_SUCCESS ? APR_NOTFOUND : rv;
    }
    v->user.email = v->once.email;
    return auth_execute(NULL, tx, "UPDATE app_users SET email = $2, verified_at = $3,"
                                  " updated_at = $3 WHERE id = $1", params, 3, err, v->p);
}

/** Whatever could let in who had the account before. */
static apr_status_t void_before(verify_t *v, app_tx_t *tx, app_error_t *err)
{
    static const char *const sql[] = {
        "UPDATE app_users SET password = NULL WHERE id = $1",
        "DELETE FROM app_api_keys WHERE user_id = $1",
        "DELETE FROM app_factors WHERE user_id = $1",
        "DELETE FROM app_recovery_codes WHERE user_id = $1"
    };
    const app_value_t id = auth_text(v->user.id);
    apr_size_t i;

    for (i = 0; i < sizeof(sql) / sizeof(sql[0]); i++) {
        if (auth_execute(NULL, tx, sql[i], &id, 1, err, v->p) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    return auth_once_void(tx, v->user.id, err, v->p) == APR_SUCCESS
               ? auth_session_end(v->auth, tx, v->user.id, NULL, AUTH_SESSIONS_ALL, err, v->p)
               : APP_EFAIL;
}

/**
 * Who proves an address that nobody had proved may not be who signed up with it: then what they
 * had is void. With signup it is that mail that was answered.
 */
static apr_status_t prove_address(verify_t *v, app_tx_t *tx, app_error_t *err)
{
    const app_value_t params[] = { auth_text(v->user.id), auth_int(auth_now()) };

    if (!v->user.email || strcmp(v->user.email, v->once.email) != 0) {
        return APR_NOTFOUND;
    }
    if (v->user.verified_at) {
        return APR_SUCCESS;
    }
    if (strcmp(v->once.purpose, "signup") != 0 &&
        void_before(v, tx, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return auth_execute(NULL, tx, "UPDATE app_users SET verified_at = $2, updated_at = $2"
                                  " WHERE id = $1", params, 2, err, v->p);
}

static apr_status_t open_session(verify_t *v, app_tx_t *tx, app_error_t *err)
{
    const auth_event_t event = { .name = "verified", .user_id = v->user.id,
                                 .detail = apr_psprintf(v->p, "{\"type\":\"%s\"}",
                                                        v->once.purpose) };
    apr_status_t rv = strcmp(v->once.purpose, "email_change") == 0 ? change_address(v, tx, err)
                                                                   : prove_address(v, tx, err);

    if (rv == APR_SUCCESS) {
        rv = auth_user_find(&v->user, tx, AUTH_USER_ID, v->user.id, err, v->p);
    }
    if (rv == APR_SUCCESS) {
        auth_audit(v->auth, tx, v->r, &event);
        rv = auth_session_open(&v->session, v->auth, tx, &v->user, v->once.purpose,
                               AUTH_LEVEL_ONE, v->r, err, v->p);
    }
    return rv;
}

static apr_status_t run(verify_t *v, app_error_t *err)
{
    static const auth_event_t failed = { .name = "verify_failed" };
    app_tx_t *tx;
    apr_status_t rv;

    if (auth_begin(&tx, v->auth, v->r, 0, err, v->p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    rv = take(v, tx, err);
    rv = rv == APR_SUCCESS ? open_session(v, tx, err) : rv;
    if (rv != APR_SUCCESS && rv != APR_NOTFOUND) {
        app_tx_rollback(tx);
        return APP_EFAIL;
    }
    if (app_tx_commit(tx, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (rv == APR_NOTFOUND) {
        auth_audit(v->auth, NULL, v->r, &failed);
        return refuse(err);
    }
    return APR_SUCCESS;
}

/** A page elsewhere could have a browser post a token of its own, and so sign somebody else in. */
static apr_status_t check_origin(verify_t *v, app_error_t *err)
{
    const char *type = app_request_header(v->r, "Content-Type");
    const char *origin = app_request_header(v->r, "Origin");
    const auth_mail_conf_t *conf = &v->auth->conf->mail;

    v->form = type && strncasecmp(type, "application/x-www-form-urlencoded", 33) == 0;
    if (v->form && (!conf->site_url ||
                    (origin && strcasecmp(origin, auth_redirect_origin(
                                                      auth_redirect_base(conf, v->p), v->p))))) {
        return auth_fail(err, 403, "bad_origin", "The form is not of this site");
    }
    return APR_SUCCESS;
}

static apr_status_t verify(verify_t *v, app_error_t *err)
{
    const char *account;

    if (read_body(v, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    account = v->token_hash ? NULL : apr_pstrcat(v->p, "code:", v->email, NULL);
    if (auth_guard_try(v->auth, account, v->r, err) != APR_SUCCESS || run(v, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (account) {
        auth_guard_passed(v->auth, account, v->r);
    }
    auth_guard_passed(v->auth, v->user.email, v->r); /* they are known at this address now */
    return APR_SUCCESS;
}

/** Where the form's page goes on, with what clients look for behind "#". */
static apr_status_t redirect(const verify_t *v, apr_status_t rv, app_response_t *res,
                             const app_error_t *err)
{
    const char *to = v->redirect ? v->redirect : v->auth->conf->mail.site_url;
    const auth_session_t *s = &v->session;
    const char *with = rv == APR_SUCCESS
        ? apr_psprintf(v->p, "#access_token=%s&expires_at=%" APR_INT64_T_FMT "&expires_in=%"
                       APR_INT64_T_FMT "&refresh_token=%s&token_type=bearer&type=%s",
                       app_url_encode(s->access_token, v->p), s->expires_at,
                       s->expires_at - auth_now(), app_url_encode(s->refresh_token, v->p),
                       v->once.purpose)
        : apr_psprintf(v->p, "#error=access_denied&error_code=%s&error_description=%s",
                       app_url_encode(err->code, v->p), app_url_encode(err->message, v->p));

    to = apr_pstrndup(v->p, to, strcspn(to, "#"));
    app_response_status(res, 303);
    app_response_header(res, "Location", apr_pstrcat(v->p, to, with, NULL));
    app_response_header(res, "Cache-Control", "no-store");
    return APR_SUCCESS;
}

apr_status_t auth_verify_post(app_instance_t *self, app_request_t *r, app_response_t *res,
                              app_error_t *err)
{
    verify_t v = { .auth = app_instance_context(self), .r = r, .p = app_request_pool(r) };
    apr_status_t rv = check_origin(&v, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = verify(&v, err);
    if (v.form && v.type && (rv == APR_SUCCESS || err->status == 403)) {
        return redirect(&v, rv, res, err);
    }
    return rv == APR_SUCCESS ? auth_session_answer(&v.session, v.auth, r, res, err) : rv;
}
