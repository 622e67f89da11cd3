/* SPDX-License-Identifier: Apache-2.0 */
/** GET, PUT, PATCH and DELETE user: one's own account. Thread of the request. */
#include "auth_account.h"
#include "auth_api_key.h"
#include "auth_cookie.h"
#include "auth_factor.h"

static apr_status_t find(auth_user_t *user, app_tx_t *tx, const auth_caller_t *caller,
                         app_error_t *err, apr_pool_t *p)
{
    apr_status_t rv = auth_user_find(user, tx, AUTH_USER_ID, caller->user_id, err, p);

    return rv == APR_NOTFOUND ? auth_fail(err, 403, "user_not_found",
                                          "The user of this token does not exist")
                              : rv;
}

apr_status_t auth_account_read(auth_user_t *user, auth_t *auth, const auth_caller_t *caller,
                               app_request_t *r, app_error_t *err)
{
    apr_pool_t *p = app_request_pool(r);
    app_tx_t *tx;

    if (auth_begin(&tx, auth, r, 1, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (find(user, tx, caller, err, p) != APR_SUCCESS) {
        app_tx_rollback(tx);
        return APP_EFAIL;
    }
    return app_tx_commit(tx, err);
}

apr_status_t auth_user_get(app_instance_t *self, app_request_t *r, app_response_t *res,
                           app_error_t *err)
{
    auth_t *auth = app_instance_context(self);
    auth_caller_t caller;
    auth_user_t user;

    if (auth_caller_read(&caller, auth, r, err) != APR_SUCCESS ||
        auth_account_read(&user, auth, &caller, r, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return auth_answer_json(r, res, 200, auth_user_json(&user), err);
}

/* Proving oneself again, for what would let a thief of a token keep the account */

static apr_status_t ask_again(app_error_t *err)
{
    auth_fail(err, 400, "reauthentication_needed",
              "This needs the present password, or a fresh sign-in");
    return app_hint(err, "Give current_password, or sign in anew.");
}

apr_status_t auth_account_prove(auth_t *auth, const auth_caller_t *caller,
                                const auth_user_t *user, const char *password, app_request_t *r,
                                app_error_t *err)
{
    const char *account = user->email ? user->email : user->name;
    int good, outdated;

    if (auth_factor_need_level(user->factors, caller->level, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (!password) {
        return auth_caller_is_fresh(caller, auth) ? APR_SUCCESS : ask_again(err);
    }
    if (auth_guard_try(auth, account, r, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (auth_password_check(&good, &outdated, auth, password, user->password, err,
                            app_request_pool(r)) != APR_SUCCESS) {
        auth_guard_undone(auth, account, r);
        return APP_EFAIL;
    }
    if (!good) {
        const auth_event_t event = { .name = "sign_in_failed", .user_id = user->id,
                                     .session_id = caller->session_id };

        auth_audit(auth, NULL, r, &event);
        return auth_fail(err, 400, "invalid_credentials", "This is not the present password");
    }
    auth_guard_passed(auth, account, r);
    return APR_SUCCESS;
}

/* Deleting */

static apr_status_t delete(auth_t *auth, const auth_caller_t *caller, app_request_t *r,
                           app_error_t *err)
{
    const auth_event_t event = { .name = "user_removed", .user_id = caller->user_id,
                                 .session_id = caller->session_id };
    apr_pool_t *p = app_request_pool(r);
    app_tx_t *tx;

    if (auth_begin(&tx, auth, r, 0, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (auth_session_end(auth, tx, caller->user_id, NULL, AUTH_SESSIONS_ALL, err, p) !=
            APR_SUCCESS ||
        auth_user_remove(tx, caller->user_id, err, p) == APP_EFAIL) {
        app_tx_rollback(tx);
        return APP_EFAIL;
    }
    auth_audit(auth, tx, r, &event);
    return app_tx_commit(tx, err);
}

apr_status_t auth_user_delete(app_instance_t *self, app_request_t *r, app_response_t *res,
                              app_error_t *err)
{
    auth_t *auth = app_instance_context(self);
    auth_caller_t caller;
    auth_user_t user;
    const json_t *body;

    if (auth_caller_read(&caller, auth, r, err) != APR_SUCCESS ||
        auth_body_read(&body, r, err) != APR_SUCCESS ||
        auth_account_read(&user, auth, &caller, r, err) != APR_SUCCESS ||
        auth_account_prove(auth, &caller, &user, auth_body_text(body, "current_password"), r,
                           err) != APR_SUCCESS ||
        delete(auth, &caller, r, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    auth_api_keys_changed(auth);
    auth_cookie_clear(auth, r, res);
    app_response_status(res, 204);
    return APP_DONE;
}
