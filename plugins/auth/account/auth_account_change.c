/* SPDX-License-Identifier: Apache-2.0 */
/**
 * PUT and PATCH user: password, address and data of one's own account. Members that are not named
 * stay as they are. Thread of the request.
 */
#include <string.h>

#include "auth_account.h"
#include "auth_mail.h"
#include "auth_profile.h"

/** What is to be changed; NULL: nothing. */
typedef struct change_t {
    auth_t        *auth;
    app_request_t *r;
    apr_pool_t    *p;
    auth_caller_t  caller;
    auth_user_t    user;
    const char    *redirect;
    const char    *email;
    const char    *password, *hash;
    const char    *data;
} change_t;

/** What only administrators change. */
static apr_status_t refuse_rights(const json_t *body, app_error_t *err)
{
    static const char *const names[] = { "role", "app_metadata" };
    apr_size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (json_object_get(body, names[i])) {
            return auth_fail(err, 403, "not_admin", "%s is changed by administrators alone",
                             names[i]);
        }
    }
    return APR_SUCCESS;
}

static apr_status_t read_email(change_t *c, const char *email, app_error_t *err)
{
    if (!email) {
        return APR_SUCCESS;
    }
    if (!auth_mail_configured(c->auth)) {
        return auth_fail(err, 422, "email_provider_disabled",
                         "An address is proved by mail, which this site does not send");
    }
    if (auth_email_read(&c->email, email, err, c->p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (c->user.email && strcmp(c->email, c->user.email) == 0) {
        c->email = NULL;
    }
    return APR_SUCCESS;
}

static apr_status_t read_password(change_t *c, const char *present, app_error_t *err)
{
    if (!c->password) {
        return APR_SUCCESS;
    }
    if (present && strcmp(present, c->password) == 0) {
        return auth_fail(err, 422, "same_password",
                         "New password should be different from the old password.");
    }
    return auth_password_fit(c->auth, c->password, c->user.email, err);
}

static apr_status_t read_change(change_t *c, app_error_t *err)
{
    const json_t *body;
    const char *present;

    if (auth_query_text(&c->redirect, c->r, "redirect_to", err) != APR_SUCCESS ||
        auth_body_read(&body, c->r, err) != APR_SUCCESS ||
        refuse_rights(body, err) != APR_SUCCESS ||
        auth_account_read(&c->user, c->auth, &c->caller, c->r, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    present = auth_body_text(body, "current_password");
    c->password = auth_body_text(body, "password");
    if (read_email(c, auth_body_text(body, "email"), err) != APR_SUCCESS ||
        read_password(c, present, err) != APR_SUCCESS ||
        auth_profile_read(&c->data, json_object_get(body, "data"), c->user.user_data, err, c->p) !=
            APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (!c->email && !c->password) {
        return APR_SUCCESS;
    }
    return auth_account_prove(c->auth, &c->caller, &c->user, present, c->r, err);
}

static apr_status_t store_password(const change_t *c, app_tx_t *tx, app_error_t *err)
{
    const auth_event_t event = { .name = "password_changed", .user_id = c->user.id,
                                 .session_id = c->caller.session_id };

    if (!c->hash) {
        return APR_SUCCESS;
    }
    if (auth_user_change(tx, c->user.id, AUTH_USER_PASSWORD, c->hash, err, c->p) == APP_EFAIL ||
        auth_session_end(c->auth, tx, c->user.id, c->caller.session_id, AUTH_SESSIONS_OTHERS, err,
                         c->p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    auth_audit(c->auth, tx, c->r, &event);
    return APR_SUCCESS;
}

static apr_status_t store(change_t *c, app_tx_t *tx, app_error_t *err)
{
    if (c->data != c->user.user_data &&
        auth_user_change(tx, c->user.id, AUTH_USER_DATA, c->data, err, c->p) == APP_EFAIL) {
        return APP_EFAIL;
    }
    if (store_password(c, tx, err) != APR_SUCCESS ||
        (c->email && auth_mail_token(c->auth, tx, "email_change", c->user.id, c->email,
                                     c->redirect, c->r, err, c->p) != APR_SUCCESS) ||
        auth_user_find(&c->user, tx, AUTH_USER_ID, c->caller.user_id, err, c->p) == APP_EFAIL) {
        return APP_EFAIL;
    }
    return app_tx_commit(tx, err);
}

apr_status_t auth_user_put(app_instance_t *self, app_request_t *r, app_response_t *res,
                           app_error_t *err)
{
    change_t c = { .auth = app_instance_context(self), .r = r, .p = app_request_pool(r) };
    app_tx_t *tx;
    json_t *json;

    if (auth_caller_read(&c.caller, c.auth, r, err) != APR_SUCCESS ||
        read_change(&c, err) != APR_SUCCESS ||
        (c.password &&
         auth_password_hash(&c.hash, c.auth, c.password, err, c.p) != APR_SUCCESS) ||
        auth_begin(&tx, c.auth, r, 0, err, c.p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (store(&c, tx, err) != APR_SUCCESS) {
        app_tx_rollback(tx);
        return APP_EFAIL;
    }
    json = auth_user_json(&c.user);
    if (c.email) {
        json_object_set_new(json, "new_email", json_string(c.email));
    }
    return auth_answer_json(r, res, 200, json, err);
}
