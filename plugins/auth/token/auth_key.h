/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The keys that tokens are verified and signed with. Read once, when the server is configured;
 * then any thread may use them.
 */
#ifndef AUTH_KEY_H
#define AUTH_KEY_H

#include "app_plugin.h"

typedef struct auth_keys_t auth_keys_t;

/** A JWS (RFC 7515, compact) and what its header says. */
typedef struct auth_jws_t {
    const char *text; /* three parts, divided by dots */
    const char *alg;
    const char *kid;  /* NULL: not named */
} auth_jws_t;

typedef enum auth_verdict_e {
    AUTH_JWS_GENUINE,
    AUTH_JWS_NO_KEY,   /* no key is suitable */
    AUTH_JWS_FORGED,   /* no suitable key has made it */
    AUTH_JWS_BROKEN    /* a part of it cannot be decoded */
} auth_verdict_e;

/**
 * Reads a secret: a text of at least 32 bytes (for HS256 alone), a JWK or a JWK set (RFC 7517), or
 * public keys and certificates in PEM.
 * Keys for encryption are left out, and of a set those that cannot be used, with a warning. Of a
 * private key the public part is worked out, and its kid, if it has none (RFC 7638).
 * @param setting where it stands, for messages
 * @param is_base64 whether it is in base64, of either alphabet
 * @param pkeys belongs to p
 * @return APR_SUCCESS; APP_EFAIL with APP_E_SETTING
 */
apr_status_t auth_keys_read(auth_keys_t **pkeys, const char *secret, const char *setting,
                            int is_base64, app_error_t *err, apr_pool_t *p);

/**
 * Reads a JWK set that somebody has published: what is no public key that we can use is left out
 * without a word, and symmetric keys are, too. Any thread.
 * @param where for messages
 * @param pkeys belongs to p
 * @return APR_SUCCESS; APP_EFAIL with APP_E_SETTING
 */
apr_status_t auth_keys_read_set(auth_keys_t **pkeys, const char *text, const char *where,
                                app_error_t *err, apr_pool_t *p);

typedef enum auth_keys_form_e { AUTH_KEYS_TEXT, AUTH_KEYS_JSON, AUTH_KEYS_PEM } auth_keys_form_e;

/** What a secret is taken as, by its first characters. */
auth_keys_form_e auth_keys_form(const char *text);

/**
 * Tries the keys that suit: of the token's type and algorithm, and with its kid if it names one.
 * The algorithm never chooses how a key is used: a public key is no secret of an HMAC.
 */
auth_verdict_e auth_keys_verify(const auth_keys_t *keys, const auth_jws_t *jws, apr_pool_t *p);

/**
 * Signs with the first key whose private part is known: rotation puts a new one in front. The
 * header has its alg, its kid, and typ JWT.
 * @param payload JSON
 * @param ptoken a JWS in three parts, memory from p
 * @return APR_SUCCESS; APR_ENOTIMPL if no key can sign; APP_EFAIL with APP_E_INTERNAL
 */
apr_status_t auth_keys_sign(const char **ptoken, const auth_keys_t *keys, const char *payload,
                            apr_size_t len, app_error_t *err, apr_pool_t *p);

/** Adds the names of the algorithms that they sign with, each once, to an array. */
void auth_keys_list_algorithms(json_t *names, const auth_keys_t *keys);

/** Whether one of them can sign. */
int auth_keys_can_sign(const auth_keys_t *keys);

/** The public parts of those that have one, as a JWK set (RFC 7517 5); memory from p. */
const char *auth_keys_public(const auth_keys_t *keys, apr_pool_t *p);

/** JSON without blanks; numbers keep 17 digits. @return from p; NULL: it cannot be written */
const char *auth_json_text(const json_t *json, apr_pool_t *p);

/** Encodes base64url without padding; memory from p. */
const char *auth_base64url_encode(const void *bytes, apr_size_t len, apr_pool_t *p);

/**
 * Whether a text is base64url without padding. What libcjose is given must be: it has an assert()
 * for a "=" in the wrong place, which would end the server's process.
 */
int auth_is_base64url(const char *text, apr_size_t len);

/**
 * Decodes base64url (RFC 4648 5) without padding.
 * @return memory from p, ended by a NUL that *plen does not count; NULL if it is none
 */
const char *auth_base64url_decode(const char *text, apr_size_t len, apr_size_t *plen,
                                  apr_pool_t *p);

#endif
