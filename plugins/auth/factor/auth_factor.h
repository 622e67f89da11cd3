/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Second factors: authenticator programs, and codes on paper for who has lost theirs. Thread of the
 * request.
 *
 *   auth_totp.c, auth_qr.c  codes, and pictures that programs read
 *   auth_factor.c           app_factors; who has to prove more
 *   auth_factor_enrol.c     endpoints: list, enrol, unenrol
 *   auth_factor_verify.c    endpoints: challenge, verify
 *   auth_recovery.c         endpoints: recovery codes
 */
#ifndef AUTH_FACTOR_H
#define AUTH_FACTOR_H

#include "auth_int.h"

/**
 * The user's factors, as clients see them: an array of objects with id, friendly_name, factor_type
 * "totp", status "verified" or "unverified", created_at, updated_at. Oldest first.
 * @param pjson freed with p
 */
apr_status_t auth_factor_list(json_t **pjson, app_tx_t *tx, const char *user_id, app_error_t *err,
                              apr_pool_t *p);

/** Whether one of such a list is in use. */
int auth_factor_in_use(const json_t *list);

/**
 * Refuses who has a factor in use and has not proved it in this session.
 * @param level of the session
 * @return APR_SUCCESS; APP_EFAIL with 403
 */
apr_status_t auth_factor_need_level(const json_t *list, const char *level, app_error_t *err);

/**
 * Claim of access tokens whose user has a second factor and has not proved it yet, where the site
 * asks for it (SecondFactor): they are good for proving it, and little else.
 */
#define AUTH_FACTOR_DUE "factor_due"

/** Whether such a token has come too far. @return APR_SUCCESS; APP_EFAIL with 403 */
apr_status_t auth_factor_admit(const app_identity_t *identity, const app_request_t *r,
                               app_error_t *err);

app_handler_fn auth_factors_get;         /* the list */
app_handler_fn auth_factors_post;        /* {factor_type: totp, friendly_name, issuer}: enrols */
app_handler_fn auth_factor_post;         /* factors/ID/challenge; factors/ID/verify {code} */
app_handler_fn auth_factor_delete;       /* factors/ID */
app_handler_fn auth_recovery_codes_post; /* makes ten, and voids those before */
app_handler_fn auth_recovery_post;       /* {code}: raises the session */

#endif
