/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Making tokens of our own, with the keys that verify them. For whoever opens sessions, and for
 * appctl.
 */
#ifndef AUTH_SIGN_H
#define AUTH_SIGN_H

#include "auth_token.h"

/**
 * For configure(): refuses a configuration in which tokens have to be made and no key can.
 * @param tokens NULL: no JwtSecret
 * @param what needs them, for the message: "Accounts on"
 * @return APR_SUCCESS; APP_EFAIL with APP_E_SETTING
 */
apr_status_t auth_sign_check(const auth_tokens_t *tokens, const char *what, app_error_t *err);

/**
 * Signs claims with the first key that can (docs/operating.md, "Tokens"). iss is
 * added if JwtIssuer is set; iat, exp and the others are the caller's to set. Any thread.
 * @param tokens NULL: no JwtSecret
 * @param ptoken memory from p
 * @return APR_SUCCESS; APP_EFAIL with APP_E_JWT_SECRET (no key can sign) or APP_E_INTERNAL
 */
apr_status_t auth_sign(const char **ptoken, const auth_tokens_t *tokens, const json_t *claims,
                       app_error_t *err, apr_pool_t *p);

#endif
