/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Keys that a foreign issuer publishes at a URL, and changes there.
 *
 *   auth_jwks.c         which keys hold now, and when they are fetched again
 *   auth_jwks_file.c    the copy in AppStateDir that all processes share, CGI programs too
 *   auth_jwks_fetch.c   the way to the issuer: libcurl
 *
 * A timer fetches them again before they are too old. Besides, a request fetches where nobody has
 * them yet, or where a token names a key that is not among them; of all processes one at a time
 * does, and none sooner than JwksRetry after the one before. While the issuer is away, what was
 * fetched last stays good for JwksStale.
 */
#ifndef AUTH_JWKS_H
#define AUTH_JWKS_H

#include "apr_time.h"

#include "auth_key.h"

typedef struct auth_jwks_t auth_jwks_t;

/** Settings of all key sets; plain data. */
typedef struct auth_jwks_conf_t {
    apr_interval_time_t timeout; /* of one fetch */
    apr_interval_time_t retry;   /* shortest time between two */
    apr_interval_time_t max_age; /* how long a set is used; less if the issuer says so */
    apr_interval_time_t stale;   /* and how much longer while the issuer is away */
    const char         *ca_file; /* NULL: those of the system */
    const char         *proxy;   /* NULL: none */
} auth_jwks_conf_t;

/** One state of the keys. It does not change; whoever has taken it gives it back. */
typedef struct auth_jwks_set_t {
    const auth_keys_t *keys;
    apr_uint32_t       generation; /* differs from that of other keys in the same process */
} auth_jwks_set_t;

/** For configure(); makes nothing but memory. @param conf lives as long as p */
auth_jwks_t *auth_jwks_create(const char *url, const auth_jwks_conf_t *conf, apr_pool_t *p);

/**
 * For start().
 * @param state_dir where the copy is; NULL: there is none, and each process fetches for itself
 * @param p pool of the process
 */
apr_status_t auth_jwks_start(auth_jwks_t *jwks, const char *state_dir, app_error_t *err,
                             apr_pool_t *p);

/** Breaks a fetch off; the process ends. */
void auth_jwks_stop(auth_jwks_t *jwks);

/** For a timer of one process: fetches if it is time. May take as long as the timeout. */
void auth_jwks_tick(auth_jwks_t *jwks, apr_pool_t *scratch);

/**
 * Takes the keys that hold now. Any thread; where there are none yet it waits for them, at most
 * twice the timeout.
 * @return APR_SUCCESS, and auth_jwks_release() is owed; APP_EFAIL with APP_E_ISSUER
 */
apr_status_t auth_jwks_take(const auth_jwks_set_t **pset, auth_jwks_t *jwks, app_error_t *err,
                            apr_pool_t *p);
void         auth_jwks_release(auth_jwks_t *jwks, const auth_jwks_set_t *set);

/**
 * A token names a key that is not in *pset: takes newer keys in its place, if there are any.
 * @return whether there are
 */
int auth_jwks_renew(const auth_jwks_set_t **pset, auth_jwks_t *jwks, apr_pool_t *p);

/** Whether a signature that keys of that generation verified is as good as on that day. */
int auth_jwks_is_current(auth_jwks_t *jwks, apr_uint32_t generation, apr_pool_t *p);

#endif
