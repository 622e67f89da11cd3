/* SPDX-License-Identifier: Apache-2.0 */
/** What the files of the endpoint user share. Thread of the request. */
#ifndef AUTH_ACCOUNT_H
#define AUTH_ACCOUNT_H

#include "auth_audit.h"
#include "auth_caller.h"
#include "auth_endpoints.h"
#include "auth_guard.h"
#include "auth_http.h"
#include "auth_password.h"
#include "auth_session.h"

/** The caller's account. @return APR_SUCCESS; APP_EFAIL with 403 where it has been removed */
apr_status_t auth_account_read(auth_user_t *user, auth_t *auth, const auth_caller_t *caller,
                               app_request_t *r, app_error_t *err);

/**
 * Whether the caller is the user still, and not somebody who found a token: the password they give,
 * or else that they signed in moments ago.
 * @param password NULL: none was given
 * @return APR_SUCCESS; APP_EFAIL with 400, 429, 503
 */
apr_status_t auth_account_prove(auth_t *auth, const auth_caller_t *caller,
                                const auth_user_t *user, const char *password, app_request_t *r,
                                app_error_t *err);

#endif
