/* SPDX-License-Identifier: Apache-2.0 */
/** What the files behind auth_token.h know of each other. */
#ifndef AUTH_TOKEN_INT_H
#define AUTH_TOKEN_INT_H

#include "auth_issuer.h"
#include "auth_token.h"

/** A claim that is a time. */
typedef struct auth_claim_time_t {
    enum { AUTH_CLAIM_ABSENT, AUTH_CLAIM_NUMBER, AUTH_CLAIM_WRONG } kind;
    apr_int64_t seconds;
} auth_claim_time_t;

#define AUTH_AUDIENCE_WRONG (-1) /* neither a text nor texts */

/**
 * What a token says: one block of memory, texts included, that does not change and that several
 * requests and the cache may hold at once.
 */
typedef struct auth_claims_t {
    apr_uint32_t         uses; /* atomically */
    apr_size_t           size; /* of the block */
    const auth_issuer_t *by; /* whose key has signed it */
    apr_uint32_t         generation; /* of its keys, if they were fetched */
    auth_claim_time_t    exp, nbf, iat;
    int                  naudiences; /* or AUTH_AUDIENCE_WRONG */
    const char         **audiences;
    const char          *issuer; /* NULL: names none */
    const char          *role;   /* NULL: names none */
    const char          *user;   /* NULL: names none */
    const char          *session; /* "session_id"; NULL: names none */
    const char          *text;   /* all of them as JSON, "role" as it is above */
} auth_claims_t;

/**
 * Parses the payload of a token, which may be anybody's: bounded in depth, no member twice, no NUL.
 * @return an object, owned by p; NULL: it is none
 */
json_t *auth_claims_parse(const char *payload, apr_size_t len, apr_pool_t *p);

/**
 * Takes the payload of a token apart.
 * @param pclaims auth_claims_release() is owed
 * @return APR_SUCCESS; APP_EFAIL with APP_E_JWT_CLAIMS
 */
apr_status_t auth_claims_read(auth_claims_t **pclaims, const char *payload, apr_size_t len,
                              const auth_issuer_t *by, app_error_t *err, apr_pool_t *p);
void         auth_claims_hold(auth_claims_t *claims);
void         auth_claims_release(auth_claims_t *claims);

/**
 * Whether they hold now.
 * @param ours whether they are for this audience, if they name any; else for one of the issuer's
 * @return APR_SUCCESS; APP_EFAIL, APP_E_JWT_CLAIMS
 */
apr_status_t auth_claims_check(const auth_claims_t *claims, const char *audience, int ours,
                               app_error_t *err);

/**
 * Whose keys are to be tried: what an unverified token, of three parts, says decides that and
 * nothing else. One that cannot be read is left to our own, to be refused by them.
 */
const auth_issuer_t *auth_token_find_issuer(const auth_tokens_t *tokens, const char *token,
                                            apr_pool_t *p);

/** Refuses a token and challenges for another one. @return APP_EFAIL */
apr_status_t auth_token_refuse(app_error_t *err, app_error_e e, const char *message);

typedef struct auth_token_cache_t auth_token_cache_t;

struct auth_tokens_t {
    auth_jwks_conf_t    jwks;
    auth_issuer_t       own;     /* JwtSecret; its audiences are said with each token */
    apr_array_header_t *foreign; /* of auth_issuer_t */
    apr_int64_t         cache_entries;
    auth_token_cache_t *cache; /* NULL: none */
};

/* Any thread may call these. */

apr_status_t auth_token_cache_create(auth_token_cache_t **pcache, apr_int64_t entries,
                                     app_error_t *err, apr_pool_t *p);
/** @return NULL: not there; else auth_claims_release() is owed */
auth_claims_t *auth_token_cache_get(auth_token_cache_t *cache, const char *token, apr_size_t len);
/** Puts it in the place of those that were not asked for longest. */
void           auth_token_cache_put(auth_token_cache_t *cache, const char *token, apr_size_t len,
                                    auth_claims_t *claims);

#endif
