/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Bearer tokens: takes the text of one, gives who it names. Needs nothing of the API that is
 * asked for, so that whoever owns APP_PLACE_IDENTITY may use it.
 *
 *   rest_key.c           keys, and whether one of them made the signature
 *   rest_jsonpath.c      the role among the claims
 *   rest_token_claims.c  what a genuine token says, and whether that holds now
 *   rest_token_cache.c   genuine tokens that were seen before
 *   rest_token.c         leads a token through them
 */
#ifndef REST_TOKEN_H
#define REST_TOKEN_H

#include "app_plugin.h"

/** What a site verifies tokens with. */
typedef struct rest_tokens_t rest_tokens_t;

/** The settings that it is made of. */
typedef struct rest_token_conf_t {
    const char *secret;        /* text, JWK or JWK set; NULL: no token can be verified */
    int         secret_base64;
    const char *role_path;     /* JSONPath */
    apr_int64_t cache_entries; /* 0: no cache */
} rest_token_conf_t;

/**
 * Reads keys and path; for configure().
 * @param ptokens NULL if there is no secret
 * @return APR_SUCCESS; APP_EFAIL with APP_E_SETTING
 */
apr_status_t rest_tokens_create(rest_tokens_t **ptokens, const rest_token_conf_t *conf,
                                app_error_t *err, apr_pool_t *p);

/** Makes the cache of this process; for start(). Without it nothing is cached. */
apr_status_t rest_tokens_start(rest_tokens_t *tokens, app_error_t *err, apr_pool_t *p);

/** What holds for one request. */
typedef struct rest_token_rules_t {
    const char *audience;  /* that a token must be for if it names any; NULL: all are right */
    const char *anon_role; /* of a token that names no role; NULL: none */
} rest_token_rules_t;

/**
 * Verifies a token and reads who it names. The claims carry the role in force as "role".
 * @param identity its texts live as long as p; role NULL: the token names none
 * @return APR_SUCCESS; APP_EFAIL with APP_E_JWT or APP_E_JWT_CLAIMS and the challenge
 */
apr_status_t rest_token_identify(app_identity_t *identity, const rest_tokens_t *tokens,
                                 const char *token, const rest_token_rules_t *rules,
                                 app_error_t *err, apr_pool_t *p);

#endif
