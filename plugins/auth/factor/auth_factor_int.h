/* SPDX-License-Identifier: Apache-2.0 */
/** What the files of the room factor know of each other. */
#ifndef AUTH_FACTOR_INT_H
#define AUTH_FACTOR_INT_H

#include "auth_caller.h"
#include "auth_factor.h"
#include "auth_session.h"

/** A row of app_factors. */
typedef struct auth_factor_t {
    const char *id, *name, *secret; /* sealed */
    apr_int64_t last_step;
    apr_int64_t created_at, verified_at; /* verified_at 0: not in use yet */
} auth_factor_t;

/** A request of a user about factors, within its transaction. */
typedef struct auth_factor_request_t {
    auth_t        *auth;
    app_request_t *r;
    apr_pool_t    *p;
    auth_caller_t  caller;
    app_tx_t      *tx;
    auth_user_t    user;
} auth_factor_request_t;

/**
 * Reads who asks, begins a transaction and finds the user.
 * @param guarded the request brings a code: tries are bounded, auth_factor_passed() is owed
 * @return APR_SUCCESS: auth_factor_end() is owed; APP_EFAIL
 */
apr_status_t auth_factor_begin(auth_factor_request_t *f, app_instance_t *self, app_request_t *r,
                               int guarded, app_error_t *err);

/** Commits where rv is APR_SUCCESS, else rolls back. @return rv, or APP_EFAIL */
apr_status_t auth_factor_end(auth_factor_request_t *f, apr_status_t rv, app_error_t *err);

/** The code was good. */
void auth_factor_passed(auth_factor_request_t *f);

/** auth_factor_need_level() of who asks. */
apr_status_t auth_factor_need_proof(const auth_factor_request_t *f, app_error_t *err);

/**
 * For what would shut out the user and let a thief of a token keep the account: besides
 * auth_factor_need_proof() a sign-in of FreshSession ago.
 * @return APR_SUCCESS; APP_EFAIL with 403 or 400
 */
apr_status_t auth_factor_need_fresh(const auth_factor_request_t *f, app_error_t *err);

/** One factor of the user. @return APR_SUCCESS; APP_EFAIL with 404 */
apr_status_t auth_factor_find(auth_factor_t *factor, auth_factor_request_t *f, const char *id,
                              app_error_t *err);

/** For auth_seal(): what a factor's secret is. */
const char *auth_factor_seal_name(const char *id, apr_pool_t *p);

#endif
