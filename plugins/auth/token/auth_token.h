/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Bearer tokens: takes the text of one, gives who it names. Needs nothing of the API that is
 * asked for, so that whoever owns APP_PLACE_IDENTITY may use it.
 *
 *   auth_key.c           keys; auth_key_verify.c: whether one of them made the signature
 *   auth_issuer.c        whose tokens are good, and what for
 *   auth_jwks.c          keys that issuers publish
 *   auth_jsonpath.c      the role among the claims
 *   auth_token_claims.c  what a genuine token says, and whether that holds now
 *   auth_token_cache.c   genuine tokens that were seen before
 *   auth_token.c         leads a token through them
 */
#ifndef AUTH_TOKEN_H
#define AUTH_TOKEN_H

#include "app_plugin.h"

#include "auth_jwks.h"

/** What a site verifies tokens with. */
typedef struct auth_tokens_t auth_tokens_t;

/** The settings that it is made of. */
typedef struct auth_token_conf_t {
    const char *secret;        /* text, JWK, JWK set or PEM; NULL: we have no keys */
    int         secret_base64;
    const char *issuer;        /* "iss" that tokens must have; NULL: any or none */
    const apr_array_header_t *algorithms; /* words; NULL or empty: all that suit a key */
    const apr_array_header_t *issuers;    /* words of foreign ones (auth_issuer.h); NULL: none */
    auth_jwks_conf_t jwks;     /* how their keys are fetched */
    const char *role_path;     /* JSONPath */
    apr_int64_t cache_entries; /* 0: no cache */
} auth_token_conf_t;

/**
 * Reads keys and path; for configure().
 * @param ptokens NULL if there is neither a secret nor a foreign issuer
 * @return APR_SUCCESS; APP_EFAIL with APP_E_SETTING
 */
apr_status_t auth_tokens_create(auth_tokens_t **ptokens, const auth_token_conf_t *conf,
                                app_error_t *err, apr_pool_t *p);

/** Whether keys have to be fetched, by a timer that calls auth_tokens_tick(). */
int auth_tokens_need_timer(const auth_tokens_t *tokens);

/**
 * Makes the cache of this process; for start(). Without it nothing is cached.
 * @param state_dir where processes share keys that were fetched; NULL: nowhere
 */
apr_status_t auth_tokens_start(auth_tokens_t *tokens, const char *state_dir, app_error_t *err,
                               apr_pool_t *p);

/** For a timer of one process. */
void auth_tokens_tick(auth_tokens_t *tokens, apr_pool_t *scratch);

/** The process ends. */
void auth_tokens_stop(auth_tokens_t *tokens);

/**
 * Verifies a token with the keys of the issuer that it names, or with JwtSecret if that is none of
 * the foreign ones, and reads who it names. The claims carry the role that the token names as
 * "role".
 * @param identity its texts live as long as p; role NULL: the token names none
 * @param audience that a token of ours must be for if it names any; NULL: all are right
 * @return APR_SUCCESS; APP_EFAIL with APP_E_JWT or APP_E_JWT_CLAIMS and the challenge, or with
 *         APP_E_ISSUER
 */
apr_status_t auth_token_identify(app_identity_t *identity, const auth_tokens_t *tokens,
                                 const char *token, const char *audience,
                                 app_error_t *err, apr_pool_t *p);

/** What a token says of the session that gave it out; NULL: nothing. */
typedef struct auth_token_session_t {
    const char *issuer; /* "iss" */
    const char *id;     /* "session_id" */
} auth_token_session_t;

/** As auth_token_identify(). @param session its texts live as long as p */
apr_status_t auth_token_read(app_identity_t *identity, auth_token_session_t *session,
                             const auth_tokens_t *tokens, const char *token,
                             const char *audience, app_error_t *err, apr_pool_t *p);

#endif
