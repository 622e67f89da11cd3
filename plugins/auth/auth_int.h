/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the files of plugin auth know of each other. Each room has a header of its own for what the
 * others may ask of it.
 *
 *   auth.c            descriptor, settings, routes
 *   auth_identity.c   the filter: from what a request brings to an identity
 *   auth_store.c      transactions on the accounts' tables; random texts and their hashes
 *   auth_http.c       what the endpoints share: bodies, refusals, answers
 *   auth_form.c       bodies that are forms
 *   auth_seal.c       what is stored encrypted
 *   token/            signed tokens (JWT): keys, claims, verification, signing
 *   account/          users and passwords
 *   session/          sign-ins: refresh tokens, cookies, the end of sessions
 *   mail/             tokens that travel by mail
 *   factor/           second factors
 *   guard/            what bounds guessing, and the work that sign-ins cost
 *   key/              API keys
 *   server/           identities that the server itself has established
 *   audit/            what is written down
 *   command/          what appctl can do
 */
#ifndef AUTH_INT_H
#define AUTH_INT_H

#include "app_plugin.h"

#include "auth_mail_conf.h"
#include "auth_token.h"

typedef struct auth_mailer_t auth_mailer_t;

/** The plugin's settings. */
typedef struct auth_conf_t {
    const char  *jwt_secret;
    int          jwt_secret_is_base64;
    const char  *jwt_aud;
    const char  *jwt_issuer;
    apr_array_header_t *jwt_algorithms;
    apr_array_header_t *issuers;
    auth_jwks_conf_t    jwks;
    const char  *jwt_role_claim_key;
    apr_int64_t  jwt_cache_max_entries;
    apr_int64_t  guard_failures;
    apr_interval_time_t guard_delay_max;
    const char  *seal_key, *seal_key_old;
    auth_mail_conf_t mail;
    int          second_factor; /* auth_second_factor_e */
    apr_interval_time_t audit_retention;
    int                 user_keys;
    apr_array_header_t *user_key_scopes;
    int                 server_identity;
    const char         *server_user, *server_role;
    apr_array_header_t *server_role_map, *server_claims;
    int          signup; /* auth_signup_e */
    int          verify_email;
    const char  *user_role;
    apr_int64_t  password_min;
    apr_int64_t  hash_memory;   /* bytes */
    apr_int64_t  hash_passes;
    apr_int64_t  hash_lanes;
    apr_int64_t  hash_parallel; /* 0: as many as there are cores */
    apr_interval_time_t access_lifetime;
    apr_interval_time_t session_lifetime;
    apr_interval_time_t session_idle;
    apr_interval_time_t refresh_grace;
    apr_interval_time_t fresh_session;
    int                 cookies; /* auth_cookies_e */
    apr_array_header_t *cookie_origins;
} auth_conf_t;

/** Whether who has a second factor has to prove it, in the order of the setting's words. */
typedef enum auth_second_factor_e {
    AUTH_FACTOR_REQUIRED,
    AUTH_FACTOR_OPTIONAL
} auth_second_factor_e;

/** Who may sign up, in the order of the setting's words. */
typedef enum auth_signup_e {
    AUTH_SIGNUP_CLOSED,
    AUTH_SIGNUP_OPEN,
    AUTH_SIGNUP_INVITE
} auth_signup_e;

/** One instance: a site that uses the plugin. */
typedef struct auth_t {
    app_instance_t    *self;
    const auth_conf_t *conf;
    auth_tokens_t     *tokens; /* NULL: no JwtSecret */
    app_shm_t         *guard;
    auth_mailer_t     *mailer; /* NULL: the site sends no mail */
    app_shm_t         *audit;
    struct auth_server_t *server; /* NULL: ServerIdentity is off */
    app_shm_t         *turns;
    app_shm_t         *ended;
    struct auth_api_keys_t *keys;
    app_metric_t      *identities, *events; /* NULL where a test has no metrics */
} auth_t;

/* auth_metrics.c */

/** In configure(). */
apr_status_t auth_metrics_configure(auth_t *auth, app_error_t *err);
/** Counts a request. @param source "token", "key" … @param outcome "accepted", "refused"; "failed": it
 *  is not known whether it is good */
void auth_metrics_identity(const auth_t *auth, const char *source, const char *outcome);
/** Counts what is written down. @param name as in auth_event_t */
void auth_metrics_event(const auth_t *auth, const char *name);

/* auth_identity.c. Thread of the request. */

app_handler_fn auth_identity_filter;

/**
 * One of the ways in which a request says who asks; auth_identity.c has their order.
 * @param identity all NULL; its texts must live as long as the request
 * @return APR_SUCCESS; APP_NEXT: the request brings nothing of this kind; APP_EFAIL: what it brings
 *         is refused, and no other way is tried
 */
typedef apr_status_t auth_source_fn(app_identity_t *identity, auth_t *auth, app_request_t *r,
                                    app_error_t *err);

/** What follows "Bearer" in Authorization; NULL: there is no such header. */
const char *auth_bearer(const app_request_t *r);

/* auth_store.c. Thread of the request, or of a timer or command. */

/**
 * Begins a transaction on the accounts' tables. Their names are the same on both databases, and so
 * is the SQL: app_users … without a schema, times as seconds since 1970.
 * @param r NULL: nobody waits
 * @return as app_tx_begin()
 */
apr_status_t auth_begin(app_tx_t **ptx, auth_t *auth, app_request_t *r, int readonly,
                        app_error_t *err, apr_pool_t *p);

/** A parameter. @param text NULL: NULL; lives until the transaction has ended */
app_value_t auth_text(const char *text);
app_value_t auth_int(apr_int64_t integer);

/**
 * Runs a statement whose rows nobody wants. The parameters are copied to p, their texts are not.
 * @param paffected rows inserted, updated or deleted; may be NULL
 */
apr_status_t auth_execute(apr_int64_t *paffected, app_tx_t *tx, const char *sql,
                          const app_value_t *params, int nparams, app_error_t *err,
                          apr_pool_t *p);

/** Runs a statement for its rows, as auth_execute(). */
apr_status_t auth_query(app_rows_t **prows, app_tx_t *tx, const char *sql,
                        const app_value_t *params, int nparams, app_error_t *err, apr_pool_t *p);

/** Seconds since 1970. */
apr_int64_t auth_now(void);

/** Fills memory with bytes that cannot be guessed. */
void auth_random_bytes(unsigned char *bytes, apr_size_t size);

/** A random UUID (RFC 9562, version 4), from p. */
const char *auth_uuid(apr_pool_t *p);

/**
 * A random text that cannot be guessed: prefix, then 32 random bytes in base64url.
 */
const char *auth_random(const char *prefix, apr_pool_t *p);

/** SHA-256 of a text in hex: what is stored of such a text. */
const char *auth_hash(const char *text, apr_pool_t *p);

/** Compares two texts in a time that tells nothing of where they differ. @return 1: the same */
int auth_same(const char *a, const char *b);

#endif
