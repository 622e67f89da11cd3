/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What bounds guessing: failures are counted per account and per address, in memory that all
 * processes share, and those who fail wait longer and longer. Whether an account exists makes no
 * difference. Any thread.
 */
#ifndef AUTH_GUARD_H
#define AUTH_GUARD_H

#include "auth_int.h"

/** In configure(): declares the memory. */
void auth_guard_configure(auth_t *auth);

/**
 * Whether somebody may try now. Counts as a failure until auth_guard_passed() says otherwise, so
 * that a hundred tries at once are not one.
 * @param account what was given as address or name, in any case, whether it exists or not; other
 *        secrets than passwords count apart, as in "factor:" and a user's id; NULL: none
 * @return APR_SUCCESS; APP_EFAIL with 429 and retry_after, also for a good password: a caller asks
 *         before it looks at what it was given
 */
apr_status_t auth_guard_try(auth_t *auth, const char *account, app_request_t *r, app_error_t *err);

/** The try was not made, since the server had too much to do: what it counted is forgotten. */
void auth_guard_undone(auth_t *auth, const char *account, app_request_t *r);

/** The try was good: what it counted is forgotten, and the account's failures with it. */
void auth_guard_passed(auth_t *auth, const char *account, app_request_t *r);

#endif
