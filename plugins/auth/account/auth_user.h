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
    json_t     *factors;   /* as auth_factor_list() has them */
    apr_int64_t verified_at, disabled_at, created_at, updated_at, signed_in_at; /* 0: never */
} auth_user_t;

typedef enum auth_user_key_e { AUTH_USER_ID, AUTH_USER_EMAIL, AUTH_USER_NAME } auth_user_key_e;

/**
 * The user with that id, address or name; addresses and names in any case.
 * @return APR_SUCCESS; APR_NOTFOUND; APP_EFAIL
 */
apr_status_t auth_user_find(auth_user_t *user, app_tx_t *tx, auth_user_key_e key,
                            const char *value, app_error_t *err, apr_pool_t *p);

/** A to Z in lower case; no other letters, which databases do not agree on. Memory from p. */
const char *auth_lower(const char *text, apr_pool_t *p);

/**
 * An address as it is stored: in lower case (ASCII), within the lengths of RFC 5321 4.5.3.1, and
 * without quotes, comments or control characters.
 * @return APR_SUCCESS; APP_EFAIL with 422
 */
apr_status_t auth_email_read(const char **pemail, const char *text, app_error_t *err,
                             apr_pool_t *p);

/** A name as it is stored: 1 to 64 of a-z 0-9 . _ -, which is no address. As auth_email_read(). */
apr_status_t auth_name_read(const char **pname, const char *text, app_error_t *err, apr_pool_t *p);

/**
 * Adds a user. id and times are set here if they are not yet; the role has to be set, user_data and
 * app_data may be NULL.
 * @return APR_SUCCESS; APR_EEXIST: somebody has that address or name; APP_EFAIL
 */
apr_status_t auth_user_add(auth_user_t *user, app_tx_t *tx, app_error_t *err, apr_pool_t *p);

typedef enum auth_user_change_e {
    AUTH_USER_PASSWORD, /* a hash; links and codes that were mailed before are void then */
    AUTH_USER_ROLE,
    AUTH_USER_DATA,     /* user_data */
    AUTH_USER_DISABLED  /* a time, as text; NULL: enabled */
} auth_user_change_e;

/** Changes one column. @return APR_SUCCESS; APR_NOTFOUND; APP_EFAIL */
apr_status_t auth_user_change(app_tx_t *tx, const char *id, auth_user_change_e what,
                              const char *value, app_error_t *err, apr_pool_t *p);

/** Deletes a user; sessions are to be ended before. @return as auth_user_change() */
apr_status_t auth_user_remove(app_tx_t *tx, const char *id, app_error_t *err, apr_pool_t *p);

/** Whether they have to prove their address before they may sign in. */
int auth_user_must_verify(const auth_t *auth, const auth_user_t *user);

/** The user as clients see it, without anything secret. A new reference. */
json_t *auth_user_json(const auth_user_t *user);

#endif
