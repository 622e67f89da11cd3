/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Who may make tokens for us: ourselves, and foreign issuers, each with keys, audiences and a way
 * from claims to a role of its own. Read when the server is configured; any thread reads them.
 */
#ifndef AUTH_ISSUER_H
#define AUTH_ISSUER_H

#include "auth_jsonpath.h"
#include "auth_jwks.h"
#include "auth_key.h"

typedef struct auth_issuer_t {
    const char             *name;       /* "iss"; NULL: any, and none */
    const auth_keys_t      *keys;       /* NULL: there are none */
    const char             *url;        /* of keys that it publishes; NULL: they do not change */
    auth_jwks_t            *remote;     /* what is at the URL; NULL if that is */
    apr_array_header_t     *audiences;  /* of const char *; a token must be for one of them.
                                           NULL: any */
    apr_array_header_t     *algorithms; /* of const char *; NULL: all that suit the key */
    const auth_jsonpath_t  *role_path;  /* NULL: it names no roles */
    const char             *default_role; /* of tokens that name none; NULL: the anonymous one */
} auth_issuer_t;

/**
 * Reads the lines "Issuer" of the settings.
 * @param words of all lines: an issuer's name begins the next one
 * @param plist array of auth_issuer_t
 * @return APR_SUCCESS; APP_EFAIL with APP_E_SETTING
 */
apr_status_t auth_issuers_read(apr_array_header_t **plist, const apr_array_header_t *words,
                               app_error_t *err, apr_pool_t *p);

/** Whether alg may sign. @param algorithms NULL: all may */
int auth_algorithm_allowed(const apr_array_header_t *algorithms, const char *alg);

/** Refuses names that are none of an algorithm; setting is for the message. */
apr_status_t auth_algorithms_check(const apr_array_header_t *algorithms, const char *setting,
                                   app_error_t *err);

#endif
