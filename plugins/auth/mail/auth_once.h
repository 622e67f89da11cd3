/* SPDX-License-Identifier: Apache-2.0 */
/**
 * One-time tokens: a long one for the link of a mail, and a code of six digits that can be typed in
 * its place. Stored as hashes; good once, for a while; a new one voids those of the same purpose
 * before it. Thread of the request, or of who sends.
 */
#ifndef AUTH_ONCE_H
#define AUTH_ONCE_H

#include "auth_int.h"

typedef struct auth_once_t {
    const char *purpose;
    const char *user_id;
    const char *email; /* that it was sent to */
} auth_once_t;

/**
 * Makes one, in tx.
 * @param ptoken, pcode from p
 */
apr_status_t auth_once_make(const char **ptoken, const char **pcode, auth_t *auth, app_tx_t *tx,
                            const auth_once_t *what, app_error_t *err, apr_pool_t *p);

/**
 * Takes a token: who has it back has it alone, whatever comes at the same time.
 * @param type purpose that it must have; "email": signup or magiclink
 * @return APR_SUCCESS; APR_NOTFOUND: wrong, used, void or too old; APP_EFAIL
 */
apr_status_t auth_once_take(auth_once_t *what, app_tx_t *tx, const char *type, const char *token,
                            app_error_t *err, apr_pool_t *p);

/**
 * Takes one by its code. A code that is wrong counts in tx, which is to be committed all the same:
 * after five the code is void, and the link alone is good.
 * @param email as it is stored
 * @return as auth_once_take()
 */
apr_status_t auth_once_take_code(auth_once_t *what, auth_t *auth, app_tx_t *tx, const char *type,
                                 const char *email, const char *code, app_error_t *err,
                                 apr_pool_t *p);

/**
 * Voids what a user has been sent, or is to be sent, and has not used: with a password, whatever
 * somebody else may have asked for in their name goes.
 */
apr_status_t auth_once_void(app_tx_t *tx, const char *user_id, app_error_t *err, apr_pool_t *p);

#endif
