/* SPDX-License-Identifier: Apache-2.0 */
/** Who asks, at an endpoint that is for users with a session of ours. Thread of the request. */
#ifndef AUTH_CALLER_H
#define AUTH_CALLER_H

#include "auth_int.h"

/** From the claims of the access token. Texts live as long as the request. */
typedef struct auth_caller_t {
    const char *user_id;
    const char *session_id;
    const char *level;   /* AUTH_LEVEL_… */
    apr_int64_t proved;  /* when the user was last proved by a factor; 0: not known */
} auth_caller_t;

/**
 * Reads who asks. A token of another issuer is nobody here, whatever its subject is called.
 * @return APR_SUCCESS; APP_EFAIL with 401
 */
apr_status_t auth_caller_read(auth_caller_t *caller, auth_t *auth, app_request_t *r,
                              app_error_t *err);

/** Whether the user was proved moments ago, so that nothing need be asked for again. */
int auth_caller_is_fresh(const auth_caller_t *caller, const auth_t *auth);

#endif
