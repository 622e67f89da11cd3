/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Invitations: an account without a password, and a mail that opens it. Thread of the request, or
 * of appctl.
 */
#include <string.h>

#include "auth_audit.h"
#include "auth_http.h"
#include "auth_mail.h"
#include "auth_mail_endpoints.h"
#include "auth_profile.h"

/** One who was invited before and has not come yet may be invited again. */
static apr_status_t find_unused(auth_user_t *user, app_tx_t *tx, app_error_t *err, apr_pool_t *p)
{
    auth_user_t there;
    apr_status_t rv = auth_user_find(&there, tx, AUTH_USER_EMAIL, user->email, err, p);

    if (rv == APR_SUCCESS && (there.verified_at || there.disabled_at)) {
        return auth_fail(err, 422, "email_exists",
                         "A user with this email address has already been registered");
    }
    if (rv == APR_SUCCESS) {
        *user = there;
    }
    return rv;
}

apr_status_t auth_invite(auth_user_t *user, auth_t *auth, app_tx_t *tx, const char *redirect,
                         const char *actor, app_request_t *r, app_error_t *err, apr_pool_t *p)
{
    apr_status_t rv = find_unused(user, tx, err, p);
    auth_event_t event = { .name = "invited", .actor = actor, .pool = p };

    if (rv == APR_NOTFOUND) {
        rv = auth_user_add(user, tx, err, p);
    }
    if (rv == APR_EEXIST) { /* at the same moment */
        return auth_fail(err, 422, "email_exists", "That user has just been added");
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    event.user_id = user->id;
    auth_audit(auth, tx, r, &event);
    return auth_mail_token(auth, tx, "invite", user->id, user->email, redirect, r, err, p);
}

static int may_invite(const auth_t *auth, const app_request_t *r)
{
    const apr_array_header_t *roles = auth->conf->mail.invite_roles;
    const char *role = app_request_identity(r)->role;
    int i;

    for (i = 0; role && roles && i < roles->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(roles, i, const char *), role) == 0) {
            return 1;
        }
    }
    return 0;
}

static apr_status_t read_request(auth_user_t *user, const char **predirect, app_request_t *r,
                                 app_error_t *err)
{
    apr_pool_t *p = app_request_pool(r);
    const char *email;
    const json_t *body;

    if (auth_query_text(predirect, r, "redirect_to", err) != APR_SUCCESS ||
        auth_body_read(&body, r, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    email = auth_body_text(body, "email");
    if (!email) {
        return auth_fail(err, 400, "validation_failed", "email is missing");
    }
    if (auth_email_read(&user->email, email, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return auth_profile_read(&user->user_data, json_object_get(body, "data"), "{}", err, p);
}

apr_status_t auth_invite_post(app_instance_t *self, app_request_t *r, app_response_t *res,
                              app_error_t *err)
{
    auth_t *auth = app_instance_context(self);
    auth_user_t user = { .role = auth->conf->user_role };
    apr_pool_t *p = app_request_pool(r);
    const char *redirect;
    app_tx_t *tx;

    if (!may_invite(auth, r)) {
        auth_fail(err, app_request_identity(r)->method ? 403 : 401, "not_admin",
                  "Inviting is for the roles of InviteRoles");
        return APP_EFAIL;
    }
    if (read_request(&user, &redirect, r, err) != APR_SUCCESS ||
        auth_begin(&tx, auth, r, 0, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (auth_invite(&user, auth, tx, redirect, app_request_identity(r)->user, r, err, p) !=
        APR_SUCCESS) {
        app_tx_rollback(tx);
        return APP_EFAIL;
    }
    if (app_tx_commit(tx, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return auth_answer_json(r, res, 200, auth_user_json(&user), err);
}
