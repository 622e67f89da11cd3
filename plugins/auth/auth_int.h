/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the files of plugin auth know of each other.
 *
 *   auth_identity.c   the filter: from what a request brings to an identity
 *   token/            signed tokens (JWT): keys, claims, the cache of verified ones
 */
#ifndef AUTH_INT_H
#define AUTH_INT_H

#include "app_plugin.h"

#include "auth_token.h"

/** The plugin's settings. */
typedef struct auth_conf_t {
    const char  *jwt_secret;
    int          jwt_secret_is_base64;
    const char  *jwt_aud;
    const char  *jwt_role_claim_key;
    apr_int64_t  jwt_cache_max_entries;
} auth_conf_t;

/** One instance: a site that uses the plugin. */
typedef struct auth_t {
    app_instance_t *self;
    auth_tokens_t  *tokens; /* NULL: no JwtSecret */
} auth_t;

/* auth_identity.c */
app_handler_fn auth_identity_filter;

#endif
