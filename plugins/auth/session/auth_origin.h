/* SPDX-License-Identifier: Apache-2.0 */
/** Whether a page of ours has sent a request that brings cookies. Thread of the request. */
#ifndef AUTH_ORIGIN_H
#define AUTH_ORIGIN_H

#include "auth_int.h"

/** Whether the request says where it comes from, as browsers do. */
int auth_origin_is_told(const app_request_t *r);

/** @return APR_SUCCESS; APP_EFAIL with 403 */
apr_status_t auth_origin_check(auth_t *auth, app_request_t *r, app_error_t *err);

#endif
