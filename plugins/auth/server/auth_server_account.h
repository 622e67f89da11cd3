/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The accounts of those whom the server itself identifies. An account of one's own (signed up for,
 * made by appctl) is never taken for one of these, and none is found by an address, which somebody
 * else might have entered before. Thread of the request.
 */
#ifndef AUTH_SERVER_ACCOUNT_H
#define AUTH_SERVER_ACCOUNT_H

#include "auth_user.h"

/**
 * The account of an identity that auth_server_identify() gave; makes it if there is none, and
 * brings its role and app_data up to date.
 * @param r for what is written down
 * @return APR_SUCCESS; APP_EFAIL
 */
apr_status_t auth_server_account(auth_user_t *user, auth_t *auth, app_tx_t *tx,
                                 const app_identity_t *identity, app_request_t *r,
                                 app_error_t *err, apr_pool_t *p);

#endif
