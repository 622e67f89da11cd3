/* SPDX-License-Identifier: Apache-2.0 */
/** What a user may say of themselves (user_data). Thread of the request. */
#ifndef AUTH_PROFILE_H
#define AUTH_PROFILE_H

#include "auth_int.h"

/**
 * Puts an object over the one that is stored: members of the first level replace those there, null
 * takes them away. Access tokens carry the result, so it is at most 2 KiB.
 * @param data NULL: nothing is changed
 * @param ptext the result as stored
 * @return APR_SUCCESS; APP_EFAIL with 422
 */
apr_status_t auth_profile_read(const char **ptext, const json_t *data, const char *stored,
                               app_error_t *err, apr_pool_t *p);

#endif
