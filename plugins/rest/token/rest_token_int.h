/* SPDX-License-Identifier: Apache-2.0 */
/** What the files behind rest_token.h know of each other. */
#ifndef REST_TOKEN_INT_H
#define REST_TOKEN_INT_H

#include "rest_jsonpath.h"
#include "rest_token.h"

/** A claim that is a time. */
typedef struct rest_claim_time_t {
    enum { REST_CLAIM_ABSENT, REST_CLAIM_NUMBER, REST_CLAIM_WRONG } kind;
    apr_int64_t seconds;
} rest_claim_time_t;

#define REST_AUDIENCE_WRONG (-1) /* neither a text nor texts */

/**
 * What a token says: one block of memory, texts included, that does not change and that several
 * requests and the cache may hold at once.
 */
typedef struct rest_claims_t {
    apr_uint32_t       uses; /* atomically */
    apr_size_t         size; /* of the block */
    rest_claim_time_t  exp, nbf, iat;
    int                naudiences; /* or REST_AUDIENCE_WRONG */
    const char       **audiences;
    const char        *role; /* NULL: names none */
    const char        *user; /* NULL: names none */
    const char        *text; /* all of them as JSON, "role" as it is above */
} rest_claims_t;

/**
 * Takes the payload of a token apart.
 * @param pclaims rest_claims_release() is owed
 * @return APR_SUCCESS; APP_EFAIL with APP_E_JWT_CLAIMS
 */
apr_status_t rest_claims_read(rest_claims_t **pclaims, const char *payload, apr_size_t len,
                              const rest_jsonpath_t *role_path, app_error_t *err, apr_pool_t *p);
void         rest_claims_hold(rest_claims_t *claims);
void         rest_claims_release(rest_claims_t *claims);

/** Whether they hold now, for this audience. @return APR_SUCCESS; APP_EFAIL, APP_E_JWT_CLAIMS */
apr_status_t rest_claims_check(const rest_claims_t *claims, const char *audience,
                               app_error_t *err);

/** Claims that name no role, with one. */
const char *rest_claims_with_role(const char *text, const char *role, apr_pool_t *p);

/** Refuses a token and challenges for another one. @return APP_EFAIL */
apr_status_t rest_token_refuse(app_error_t *err, app_error_e e, const char *message);

/* Any thread may call these. */

typedef struct rest_token_cache_t rest_token_cache_t;

apr_status_t rest_token_cache_create(rest_token_cache_t **pcache, apr_int64_t entries,
                                     app_error_t *err, apr_pool_t *p);
/** @return NULL: not there; else rest_claims_release() is owed */
rest_claims_t *rest_token_cache_get(rest_token_cache_t *cache, const char *token, apr_size_t len);
/** Puts it in the place of those that were not asked for longest. */
void           rest_token_cache_put(rest_token_cache_t *cache, const char *token, apr_size_t len,
                                    rest_claims_t *claims);

#endif
