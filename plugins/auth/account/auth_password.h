/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Passwords: argon2id (RFC 9106) in PHC notation; what crypt(3) knows is checked too, for imports.
 * As many at a time as the site allows, over all processes, since each takes memory and a core for
 * a while. Thread of the request, or of a command.
 */
#ifndef AUTH_PASSWORD_H
#define AUTH_PASSWORD_H

#include "auth_int.h"

/**
 * Whether a new password is good enough: length, UTF-8, not the address.
 * @return APR_SUCCESS; APP_EFAIL: 422 weak_password, which says why
 */
apr_status_t auth_password_fit(const auth_t *auth, const char *password, const char *email,
                               app_error_t *err);

/** @return APR_SUCCESS; APP_EFAIL, with 503 where too many are at it */
apr_status_t auth_password_hash(const char **phash, auth_t *auth, const char *password,
                                app_error_t *err, apr_pool_t *p);

/**
 * Whether that is the password.
 * @param stored NULL: there is none; takes as long as if there were
 * @param pgood 1: it is
 * @param poutdated 1: it is good, and to be hashed anew, since site or times ask for more
 */
apr_status_t auth_password_check(int *pgood, int *poutdated, auth_t *auth, const char *password,
                                 const char *stored, app_error_t *err, apr_pool_t *p);

#endif
