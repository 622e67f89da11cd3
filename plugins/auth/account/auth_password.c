/* SPDX-License-Identifier: Apache-2.0 */
/** Passwords, new and given (auth_password.h). Thread of the request, or of a command. */
#include <string.h>

#include "auth_hash.h"
#include "auth_http.h"
#include "auth_password.h"
#include "auth_turn.h"

#define PASSWORD_MAX 256 /* bytes of a new one */

static auth_cost_t cost_of(const auth_t *auth)
{
    const auth_conf_t *conf = auth->conf;

    return (auth_cost_t){ .memory = (apr_uint32_t)(conf->hash_memory / 1024),
                          .passes = (apr_uint32_t)conf->hash_passes,
                          .lanes = (apr_uint32_t)conf->hash_lanes };
}

/** Characters, not bytes. */
static apr_int64_t count(const char *text)
{
    apr_int64_t n = 0;

    for (; *text; text++) {
        n += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return n;
}

static int is_address(const char *password, const char *email)
{
    apr_size_t len = email ? strlen(email) : 0, local = email ? strcspn(email, "@") : 0;

    return len > 0 && (strcasecmp(password, email) == 0 ||
                       (strlen(password) == local && strncasecmp(password, email, local) == 0));
}

apr_status_t auth_password_fit(const auth_t *auth, const char *password, const char *email,
                               app_error_t *err)
{
    apr_size_t len = strlen(password);

    if (count(password) < auth->conf->password_min) {
        return auth_fail(err, 422, "weak_password",
                         "Password should be at least %" APR_INT64_T_FMT " characters",
                         auth->conf->password_min);
    }
    if (len > PASSWORD_MAX || !app_utf8_valid(password, len)) {
        return auth_fail(err, 422, "weak_password",
                         "Password should be UTF-8 of at most %d bytes", PASSWORD_MAX);
    }
    if (is_address(password, email)) {
        return auth_fail(err, 422, "weak_password", "Password should not be the address");
    }
    return APR_SUCCESS;
}

apr_status_t auth_password_hash(const char **phash, auth_t *auth, const char *password,
                                app_error_t *err, apr_pool_t *p)
{
    const auth_cost_t cost = cost_of(auth);
    const char *hash;
    int turn;

    if (auth_turn_take(&turn, auth, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    hash = auth_hash_make(password, &cost, p);
    auth_turn_give(auth, turn);
    if (!hash) {
        app_fail(err, APP_E_INTERNAL, NULL);
        return app_log_only(err, "a password could not be hashed: there is no memory for "
                                 "HashMemory");
    }
    *phash = hash;
    return APR_SUCCESS;
}

/** Whether the site asks for more than a hash cost when it was made. */
static int is_outdated(auth_hash_kind_e kind, const auth_cost_t *made, const auth_cost_t *site)
{
    return kind != AUTH_HASH_ARGON2ID || made->memory < site->memory ||
           made->passes < site->passes;
}

/**
 * What was not made with argon2id at the site's costs takes another time, which would tell that
 * the account exists: a wrong password costs a hash of the site's on top.
 */
static void check(int *pgood, int *poutdated, const auth_t *auth, const char *password,
                  const char *stored, apr_pool_t *p)
{
    const auth_cost_t site = cost_of(auth);
    auth_cost_t made = { 0 };
    auth_hash_kind_e kind = stored ? auth_hash_kind(stored, &made) : AUTH_HASH_UNKNOWN;

    *pgood = stored && auth_hash_matches(password, stored, kind, p);
    *poutdated = *pgood && is_outdated(kind, &made, &site);
    if (!*pgood && (kind == AUTH_HASH_UNKNOWN || is_outdated(kind, &made, &site))) {
        auth_hash_burn(password, &site);
    }
    if (stored && kind == AUTH_HASH_UNKNOWN) {
        app_log(APP_LOG_WARNING, NULL, "APP2020",
                "a stored password is of a kind that is not known, or costs too much to check");
    }
}

apr_status_t auth_password_check(int *pgood, int *poutdated, auth_t *auth, const char *password,
                                 const char *stored, app_error_t *err, apr_pool_t *p)
{
    int turn;

    if (auth_turn_take(&turn, auth, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    check(pgood, poutdated, auth, password, stored, p);
    auth_turn_give(auth, turn);
    return APR_SUCCESS;
}
