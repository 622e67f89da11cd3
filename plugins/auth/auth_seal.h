/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What must be in the database and yet be of no use to who reads it: encrypted (AES-256-GCM), or
 * hashed with a key where it would be too short to hash plainly. Any thread.
 *
 * Keys are derived by HKDF (RFC 5869) with SHA-256 from SealKey, or where that is not set from
 * JwtSecret. A sealed text is
 *
 *     v1.KEY.BYTES     KEY: 8 hex digits that tell keys apart; BYTES: nonce (12), ciphertext,
 *                      tag (16), in base64url
 *
 * and opens with SealKey, SealKeyOld and JwtSecret, whichever has that KEY.
 */
#ifndef AUTH_SEAL_H
#define AUTH_SEAL_H

#include "auth_int.h"

/** For configure(): whether the keys are long enough. @return APR_SUCCESS; APP_EFAIL */
apr_status_t auth_seal_check(const auth_conf_t *conf, app_error_t *err);

/**
 * Encrypts a text.
 * @param what it is and whose, so that it opens nowhere else: "factor/" and its id
 * @return APR_SUCCESS; APP_EFAIL: there is no key, or OpenSSL refuses
 */
apr_status_t auth_seal(const char **psealed, const auth_t *auth, const char *what,
                       const char *plain, app_error_t *err, apr_pool_t *p);

/** Decrypts it. @return APR_SUCCESS; APP_EFAIL: changed, of something else, or its key is gone */
apr_status_t auth_unseal(const char **pplain, const auth_t *auth, const char *what,
                         const char *sealed, app_error_t *err, apr_pool_t *p);

/**
 * HMAC-SHA256 of a text, in hex.
 * @param what as above, "code/signup/ada@example.org"
 * @return APR_SUCCESS; APP_EFAIL: there is no key
 */
apr_status_t auth_seal_hash(const char **phash, const auth_t *auth, const char *what,
                            const char *text, app_error_t *err, apr_pool_t *p);

#endif
