/* SPDX-License-Identifier: Apache-2.0 */
/**
 * API keys: what programs show instead of signing in.
 *
 *   auth_api_key_text.c    how a key is written; its checksum
 *   auth_api_key_store.c   the table app_api_keys
 *   auth_api_key_cache.c   keys that were asked for in the last second
 *   auth_api_key_used.c    when keys were used last
 *   auth_api_key.c         leads a request's key through them
 *   auth_api_key_routes.c  /auth/keys, for the keys of users
 */
#ifndef AUTH_API_KEY_H
#define AUTH_API_KEY_H

#include "auth_int.h"

/** In configure(): declares memory and timer, adds the filter. */
void auth_api_keys_configure(auth_t *auth);

/** In start(): makes the cache of this process. */
apr_status_t auth_api_keys_start(auth_t *auth, app_error_t *err, apr_pool_t *p);

/** A key in X-API-Key, or behind "Bearer". */
auth_source_fn auth_api_key_identify;

/**
 * Has all processes of this machine read the keys anew: after the commit of a change of keys, or of
 * users that have some (role, disabled). Without it they find out within two seconds. Any thread.
 */
void auth_api_keys_changed(auth_t *auth);

/* Endpoints */
app_handler_fn auth_api_key_list;   /* GET /auth/keys */
app_handler_fn auth_api_key_create; /* POST */
app_handler_fn auth_api_key_delete; /* DELETE /auth/keys/ID */

#endif
