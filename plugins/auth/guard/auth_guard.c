/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Bounds guessing: the table of failures in the site's shared memory, asked by whoever checks a
 * secret that a person gives. Any thread.
 */
#include "apr_lib.h"
#include "apr_strings.h"

#include "auth_guard.h"
#include "auth_guard_table.h"

#define ENTRIES     8192 /* of each scope: what is below 1 MiB in all */
#define ACCOUNT_MAX 320  /* the longest address (RFC 5321: 64 + 1 + 255); what follows is alike */

void auth_guard_configure(auth_t *auth)
{
    auth->guard = app_shm_declare(auth->self, "guard", auth_guard_table_size(ENTRIES));
}

/** The table, locked; NULL: it cannot be had. */
static auth_guard_table_t *table_lock(auth_t *auth)
{
    auth_guard_table_t *table = app_shm_base(auth->guard);

    if (!table || app_shm_lock(auth->guard) != APR_SUCCESS) {
        return NULL;
    }
    auth_guard_table_init(table, ENTRIES);
    return table;
}

/** ASCII in lower case, as addresses are stored. */
static const char *plain_account(const char *account, apr_pool_t *p)
{
    char *lower = account ? apr_pstrndup(p, account, ACCOUNT_MAX) : NULL;
    char *c;

    for (c = lower; c && *c; c++) {
        *c = (char)apr_tolower(*c);
    }
    return lower;
}

apr_status_t auth_guard_try(auth_t *auth, const char *account, app_request_t *r, app_error_t *err)
{
    const auth_guard_rules_t rules = { .failures = auth->conf->guard_failures,
                                       .longest = apr_time_sec(auth->conf->guard_delay_max) };
    const char *plain = plain_account(account, app_request_pool(r));
    char address[AUTH_GUARD_ADDRESS_MAX];
    auth_guard_table_t *table;
    apr_int64_t wait;

    auth_guard_address(address, app_request_peer(r));
    table = table_lock(auth);
    if (!table) {
        return app_fail_code(err, "unexpected_failure", 503, "Attempts cannot be counted");
    }
    wait = auth_guard_table_try(table, &rules, plain, address, auth_now());
    app_shm_unlock(auth->guard);
    if (wait == 0) {
        return APR_SUCCESS;
    }
    app_fail_code(err, "over_request_rate_limit", 429, "Too many failed attempts");
    app_hint(err, "Try again in %" APR_INT64_T_FMT " seconds.", wait);
    err->retry_after = (int)wait;
    return APP_EFAIL;
}

/** Tells the table what has become of a try. */
static void tell(auth_t *auth, const char *account, app_request_t *r,
                 void (*what)(auth_guard_table_t *table, const char *account, const char *address,
                              apr_int64_t now))
{
    const char *plain = plain_account(account, app_request_pool(r));
    char address[AUTH_GUARD_ADDRESS_MAX];
    auth_guard_table_t *table;

    auth_guard_address(address, app_request_peer(r));
    table = table_lock(auth);
    if (table) {
        what(table, plain, address, auth_now());
        app_shm_unlock(auth->guard);
    }
}

void auth_guard_undone(auth_t *auth, const char *account, app_request_t *r)
{
    tell(auth, account, r, auth_guard_table_undone);
}

void auth_guard_passed(auth_t *auth, const char *account, app_request_t *r)
{
    tell(auth, account, r, auth_guard_table_passed);
}
