/* SPDX-License-Identifier: Apache-2.0 */
/**
 * POST recover, otp, magiclink and resend: mails that anybody may ask for. Nothing here looks at an
 * account, so neither answer nor time can tell whether there is one. Thread of the request.
 */
#include <string.h>

#include "auth_guard.h"
#include "auth_http.h"
#include "auth_mail.h"
#include "auth_mail_endpoints.h"

static apr_status_t store(auth_t *auth, const char *purpose, const char *email,
                          const char *redirect, app_request_t *r, app_error_t *err)
{
    apr_pool_t *p = app_request_pool(r);
    app_tx_t *tx;

    if (auth_begin(&tx, auth, r, 0, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (auth_mail_token(auth, tx, purpose, NULL, email, redirect, r, err, p) != APR_SUCCESS) {
        app_tx_rollback(tx);
        return APP_EFAIL;
    }
    return app_tx_commit(tx, err);
}

/** Each counts as a try of the client's address, which bounds how many it may ask for. */
static apr_status_t queue(auth_t *auth, const char *purpose, const json_t *body, app_request_t *r,
                          app_response_t *res, app_error_t *err)
{
    const char *text = auth_body_text(body, "email"), *redirect, *email;

    if (!text) {
        return auth_fail(err, 400, "validation_failed", "email is missing");
    }
    if (auth_query_text(&redirect, r, "redirect_to", err) != APR_SUCCESS ||
        auth_email_read(&email, text, err, app_request_pool(r)) != APR_SUCCESS ||
        auth_guard_try(auth, NULL, r, err) != APR_SUCCESS ||
        store(auth, purpose, email, redirect, r, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return auth_answer_json(r, res, 200, json_object(), err);
}

static apr_status_t read_and_queue(app_instance_t *self, const char *purpose, app_request_t *r,
                                   app_response_t *res, app_error_t *err)
{
    const json_t *body;

    return auth_body_read(&body, r, err) == APR_SUCCESS
               ? queue(app_instance_context(self), purpose, body, r, res, err)
               : APP_EFAIL;
}

apr_status_t auth_recover_post(app_instance_t *self, app_request_t *r, app_response_t *res,
                               app_error_t *err)
{
    return read_and_queue(self, "recovery", r, res, err);
}

apr_status_t auth_otp_post(app_instance_t *self, app_request_t *r, app_response_t *res,
                           app_error_t *err)
{
    return read_and_queue(self, "magiclink", r, res, err);
}

apr_status_t auth_resend_post(app_instance_t *self, app_request_t *r, app_response_t *res,
                              app_error_t *err)
{
    const json_t *body;
    const char *type;

    if (auth_body_read(&body, r, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    type = auth_body_text(body, "type");
    if (!type || (strcmp(type, "signup") != 0 && strcmp(type, "email_change") != 0)) {
        return auth_fail(err, 400, "validation_failed", "type must be signup or email_change");
    }
    return queue(app_instance_context(self), type, body, r, res, err);
}
