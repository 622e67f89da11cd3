/* SPDX-License-Identifier: Apache-2.0 */
/**
 * When keys were used last, to the minute. A timer in each process writes down what its requests
 * have noted in memory, so that no request waits for a write. In a plain CGI program, where no
 * timer runs, that happens once the answer has been made.
 */
#include "auth_api_key_int.h"

#define EVERY   apr_time_from_sec(5)
#define AT_ONCE 100 /* keys in one transaction */

static apr_status_t write_all(auth_t *auth, auth_api_record_t **records, int count,
                              app_error_t *err, apr_pool_t *p)
{
    app_tx_t *tx;
    int i;

    if (auth_begin(&tx, auth, NULL, 0, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    for (i = 0; i < count; i++) {
        apr_int64_t used = __atomic_load_n(&records[i]->used, __ATOMIC_RELAXED);

        if (auth_api_key_mark_used(tx, records[i]->id, used, err, p) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    return app_tx_commit(tx, err);
}

/** Also where it failed: the next try is in a minute, and not with the next request. */
static void settle(auth_api_record_t **records, int count)
{
    int i;

    for (i = 0; i < count; i++) {
        __atomic_store_n(&records[i]->stored, __atomic_load_n(&records[i]->used, __ATOMIC_RELAXED),
                         __ATOMIC_RELAXED);
        auth_api_record_release(records[i]);
    }
}

static void write_used(auth_t *auth, apr_pool_t *p)
{
    auth_api_record_t *records[AT_ONCE];
    app_error_t err = { .pool = p };
    int count = auth_api_cache_used(auth->keys->cache, records, AT_ONCE);

    if (!count) {
        return;
    }
    if (write_all(auth, records, count, &err, p) != APR_SUCCESS && !err.noted) {
        app_log(APP_LOG_WARNING, NULL, "APP2303", "the last use of %d keys is not stored: %s; %s",
                count, err.message, err.log ? err.log : "");
    }
    settle(records, count);
}

static void tick(app_instance_t *self, apr_pool_t *scratch)
{
    auth_t *auth = app_instance_context(self);

    __atomic_store_n(&auth->keys->timed, 1, __ATOMIC_RELAXED);
    write_used(auth, scratch);
}

static apr_status_t answered(app_instance_t *self, app_request_t *r, app_response_t *res,
                             app_error_t *err)
{
    auth_t *auth = app_instance_context(self);

    (void)res;
    (void)err;
    if (!__atomic_load_n(&auth->keys->timed, __ATOMIC_RELAXED)) {
        write_used(auth, app_request_pool(r));
    }
    return APP_NEXT;
}

void auth_api_keys_used_configure(auth_t *auth)
{
    app_timer_add(auth->self, "keys", EVERY, 0, tick);
    app_filter_add(auth->self, APP_PLACE_AFTER, answered);
}
