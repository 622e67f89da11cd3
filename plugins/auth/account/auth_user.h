/* SPDX-License-Identifier: Apache-2.0 */
/** Users, as app_users has them. Thread of the request, or of a command. */
#ifndef AUTH_USER_H
#define AUTH_USER_H

#include "auth_int.h"

/** Texts live as long as the pool of the transaction that read them. */
typedef struct auth_user_t {
    const char *id;
    const char *email;     /* NULL: none */
    const char *name;      /* NULL: none */
    const char *password;  /* as stored; NULL: none */
    const char *role;
    const char *user_data; /* JSON object that the user may change */
    const char *app_data;  /* JSON object that only administrators change */
    apr_int64_t verified_at, disabled_at, created_at, updated_at, signed_in_at; /* 0: never */
} auth_user_t;

typedef enum auth_user_key_e { AUTH_USER_ID, AUTH_USER_EMAIL, AUTH_USER_NAME } auth_user_key_e;

/**
 * The user with that id, address or name; addresses and names in any case.
 * @return APR_SUCCESS; APR_NOTFOUND; APP_EFAIL
 */
apr_status_t auth_user_find(auth_user_t *user, app_tx_t *tx, auth_user_key_e key,
                            const char *value, app_error_t *err, apr_pool_t *p);

/** The user as clients see it, without anything secret. A new reference. */
json_t *auth_user_json(const auth_user_t *user);

#endif
