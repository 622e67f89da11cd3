/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The functions behind auth_password.h, which bounds how many run at a time: argon2id (RFC 9106) in
 * PHC notation, and what crypt(3) knows. Any thread.
 */
#ifndef AUTH_HASH_H
#define AUTH_HASH_H

#include "auth_int.h"

/** What a hash costs. */
typedef struct auth_cost_t {
    apr_uint32_t memory; /* KiB */
    apr_uint32_t passes;
    apr_uint32_t lanes;
} auth_cost_t;

/** How a stored hash was made. */
typedef enum auth_hash_kind_e {
    AUTH_HASH_ARGON2ID,
    AUTH_HASH_ARGON2I,
    AUTH_HASH_ARGON2D,
    AUTH_HASH_CRYPT,
    AUTH_HASH_UNKNOWN /* or it would cost more than anybody should pay */
} auth_hash_kind_e;

/** @param cost set for the kinds of argon2 */
auth_hash_kind_e auth_hash_kind(const char *stored, auth_cost_t *cost);

/** @return a PHC text from p; NULL: there is no memory for it */
const char *auth_hash_make(const char *password, const auth_cost_t *cost, apr_pool_t *p);

/** Whether it is the password; in constant time for equal costs. */
int auth_hash_matches(const char *password, const char *stored, auth_hash_kind_e kind,
                      apr_pool_t *p);

/** Does as much as auth_hash_make(), for nothing. */
void auth_hash_burn(const char *password, const auth_cost_t *cost);

#endif
