/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Codes of authenticator programs: TOTP (RFC 6238) with what all of these programs can do, SHA-1,
 * six digits and steps of 30 seconds. Nothing here asks for anything: any thread.
 */
#ifndef AUTH_TOTP_H
#define AUTH_TOTP_H

#include "apr_pools.h"

#define AUTH_TOTP_STEP   30 /* seconds */
#define AUTH_TOTP_DIGITS 6

/** A new secret: 160 random bits in base32, as programs show and take it. */
const char *auth_totp_secret(apr_pool_t *p);

/**
 * The code of a step (seconds since 1970, divided by AUTH_TOTP_STEP).
 * @return APR_SUCCESS; APR_EINVAL: secret is no base32
 */
apr_status_t auth_totp_code(char code[AUTH_TOTP_DIGITS + 1], const char *secret, apr_int64_t step,
                            apr_pool_t *p);

/**
 * Which step a code is of, among the one now, the one before and the next: clocks differ, and
 * people take their time.
 * @param last_step step of the code that was taken last; it and those before are over
 * @return 0: it is of none
 */
apr_int64_t auth_totp_match(const char *secret, const char *code, apr_int64_t now,
                            apr_int64_t last_step, apr_pool_t *p);

/** What programs read from a QR code: "otpauth://totp/ISSUER:ACCOUNT?secret=…". */
const char *auth_totp_uri(const char *issuer, const char *account, const char *secret,
                          apr_pool_t *p);

/** A QR code of a text (at most 1 KiB) as SVG; NULL if it cannot be made. */
const char *auth_qr_svg(const char *text, apr_pool_t *p);

#endif
