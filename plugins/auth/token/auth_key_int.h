/* SPDX-License-Identifier: Apache-2.0 */
/**
 * One key, for those who read, verify, sign and publish.
 *
 *   auth_key.c          reads keys out of a setting
 *   auth_key_pem.c      those that are in PEM
 *   auth_key_public.c   what the world may know of one
 *   auth_key_verify.c   whether a key made a signature
 *   auth_key_new.c      makes keys, for appctl
 *   auth_sign.c         makes signatures
 */
#ifndef AUTH_KEY_INT_H
#define AUTH_KEY_INT_H

#include <cjose/cjose.h>
#include <openssl/evp.h>

#include "auth_key.h"

typedef struct auth_key_t {
    const char  *type; /* kty */
    const char  *curve;
    const char  *alg;  /* NULL: any that suits the type */
    const char  *kid;  /* its own, else its thumbprint; NULL: symmetric, and has none of its own */
    cjose_jwk_t *jwk;
    EVP_PKEY    *eddsa;      /* in the place of jwk, for OKP */
    int          can_sign;   /* its private part is known */
    const char  *public_jwk; /* JSON; NULL: symmetric */
} auth_key_t;

struct auth_keys_t {
    int         published; /* they come from a URL: wrong ones are nobody's fault here, and
                              symmetric ones no secret */
    auth_key_t *list;
    int         n;
};

/** An algorithm, and the only type of key that it works with. */
typedef struct auth_algorithm_t {
    const char *name, *type, *curve;
    apr_size_t  len; /* bytes of its signatures; 0: as many as the key has */
} auth_algorithm_t;

/** All there are for us; the last one has no name. */
extern const auth_algorithm_t auth_algorithms[];

int auth_key_suits(const auth_key_t *key, const auth_algorithm_t *algorithm);

/** The one that the key signs with: its own, else the first that suits; NULL: none does. */
const auth_algorithm_t *auth_key_algorithm(const auth_key_t *key);

/** Fills kid and public_jwk of a key that has been imported. @return 0 if that is impossible */
int auth_key_publish(auth_key_t *key, apr_pool_t *p);

/**
 * Reads public keys and certificates, one or several, in PEM. Certificates are containers: neither
 * their dates nor who has signed them matters.
 * @param pset an array of JWK
 * @return what is wrong, NULL for nothing
 */
const char *auth_key_read_pem(json_t **pset, const char *text, apr_size_t len, apr_pool_t *p);

/** The SHA-256 of a text, in base64url; memory from p. NULL: the library fails. */
const char *auth_key_digest(const char *text, apr_pool_t *p);

/** A copy of what a JWK says of its public part, and of nothing else; a new reference. */
json_t *auth_key_public_members(const json_t *jwk);

/** RFC 7638: the SHA-256 of the required members, sorted and without blanks; memory from p. */
const char *auth_key_thumbprint(const json_t *jwk, apr_pool_t *p);

/** The one that signs; NULL: none can. */
const auth_key_t *auth_keys_signer(const auth_keys_t *keys);

/**
 * Makes a key, as a JWK with its private part, kid, alg, and its time as "iat".
 * @param alg HS256, RS256, ES256, ES384 or EdDSA
 * @return owned by p; NULL: another algorithm, or the library fails
 */
json_t *auth_key_new(const char *alg, apr_int64_t created, apr_pool_t *p);

/**
 * Puts a key in front of those that a file holds, and leaves out those that another one replaced
 * before a time (by the "iat" of that one; keys that say none stay).
 * @param old the file's text; NULL: there is none
 * @param pset the new text, memory from p
 * @return NULL; else what is wrong with the old text
 */
const char *auth_keys_rotated(const char **pset, int *pdropped, const char *old, json_t *fresh,
                              apr_int64_t keep_from, apr_pool_t *p);

/** Whether what one key signs is genuine for the other. */
int auth_key_fits(const auth_key_t *private, auth_key_t *public, apr_pool_t *p);

/**
 * Signs.
 * @return a JWS in three parts, memory from p; NULL if the library fails
 */
const char *auth_key_sign(const auth_key_t *key, const char *payload, apr_size_t len,
                          apr_pool_t *p);

#endif
