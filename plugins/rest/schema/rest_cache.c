/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The schema snapshot of a process: loaded by the first request that needs it while others wait,
 * replaced as a whole, freed when its last reader is done. A load that fails keeps the old one.
 * Any thread; no query runs under the lock.
 */
#include "apr_atomic.h"

#include "rest_int.h"

#define AGE_MAX   apr_time_from_sec(60) /* PostgreSQL: a snapshot is loaded anew after that */
#define AGE_RETRY apr_time_from_sec(1)  /* and at the earliest after that if a name was not found */
#define WAIT_MAX  apr_time_from_sec(10) /* for somebody else's load */

apr_status_t rest_cache_start(rest_t *rest, app_error_t *err)
{
    apr_pool_t *p;

    if (apr_pool_create(&p, app_instance_pool(rest->self)) != APR_SUCCESS ||
        apr_thread_mutex_create(&rest->lock, APR_THREAD_MUTEX_DEFAULT, p) != APR_SUCCESS ||
        apr_thread_cond_create(&rest->loaded, p) != APR_SUCCESS) {
        return app_fail(err, APP_E_INTERNAL, "A lock cannot be made");
    }
    return APR_SUCCESS;
}

void rest_cache_release(rest_schema_t *schema)
{
    if (schema && apr_atomic_dec32(&schema->references) == 0) {
        apr_pool_destroy(schema->pool);
    }
}

/** Reads the catalogue in a transaction of its own. */
static apr_status_t load(rest_schema_t **pschema, rest_t *rest, app_request_t *r, app_error_t *err)
{
    const app_tx_options_t options = { .readonly = 1 }; /* goes on when this one client is gone */
    apr_time_t began = apr_time_now();
    rest_schema_t *schema;
    apr_status_t status;
    apr_pool_t *p;
    app_tx_t *tx;

    if (!app_instance_db(rest->self)) {
        return app_fail(err, APP_E_NO_DATABASE, NULL);
    }
    if (apr_pool_create(&p, app_instance_pool(rest->self)) != APR_SUCCESS) {
        return app_fail(err, APP_E_INTERNAL, NULL);
    }
    schema = rest_schema_create(rest->dialect->kind, rest->spaces, p);
    schema->further = rest->further;
    schema->loaded = began;
    status = app_tx_begin(&tx, app_instance_db(rest->self), &options, err, p);
    if (status == APR_SUCCESS) {
        status = rest->dialect->load(schema, tx, err);
        app_tx_rollback(tx);
    }
    if (status != APR_SUCCESS) {
        apr_pool_destroy(p);
        return status;
    }
    app_log(APP_LOG_DEBUG, r, "APP1000", "schema snapshot loaded in %ld ms",
            (long)apr_time_as_msec(apr_time_now() - began));
    if (schema->no_grants) {
        app_log(APP_LOG_WARNING, r, "APP1001",
                "the database has no table app_grants, so nothing is served: run appctl migrate");
    }
    *pschema = schema;
    return APR_SUCCESS;
}

/** Called with the lock and loading set; both are given back. */
static apr_status_t load_locked(rest_t *rest, app_request_t *r, app_error_t *err)
{
    rest_schema_t *fresh = NULL, *old = NULL;
    apr_status_t status;

    apr_thread_mutex_unlock(rest->lock);
    status = load(&fresh, rest, r, err);
    apr_thread_mutex_lock(rest->lock);
    if (status == APR_SUCCESS) {
        old = rest->schema;
        rest->schema = fresh;
    }
    rest->loading = 0;
    apr_thread_cond_broadcast(rest->loaded);
    apr_thread_mutex_unlock(rest->lock);
    rest_cache_release(old);
    return status;
}

static apr_status_t not_loaded(app_error_t *err)
{
    app_fail(err, APP_E_SCHEMA_CACHE, NULL);
    err->retry_after = 1;
    return APP_EFAIL;
}

/** Waits until nobody loads; the lock is held before and after. */
static void wait_while_loading_locked(rest_t *rest)
{
    apr_time_t deadline = apr_time_now() + WAIT_MAX;

    while (rest->loading) {
        apr_interval_time_t left = deadline - apr_time_now();

        if (left <= 0 ||
            apr_thread_cond_timedwait(rest->loaded, rest->lock, left) == APR_TIMEUP) {
            return;
        }
    }
}

/**
 * Whether this caller is to load, now that it has the lock. A stale snapshot of PostgreSQL serves
 * on meanwhile.
 */
static int must_load_locked(rest_t *rest)
{
    if (rest->loading) {
        return 0;
    }
    return !rest->schema || (rest->dialect->kind == APP_DB_PGSQL &&
                             apr_time_now() - rest->schema->loaded > AGE_MAX);
}

apr_status_t rest_cache_get(rest_schema_t **pschema, rest_t *rest, app_request_t *r,
                            app_error_t *err)
{
    int first, waited = 0;

    apr_thread_mutex_lock(rest->lock);
    if (!rest->schema && rest->loading) {
        wait_while_loading_locked(rest);
        waited = 1;
    }
    if (!waited && must_load_locked(rest)) {
        first = !rest->schema;
        rest->loading = 1;
        if (load_locked(rest, r, err) != APR_SUCCESS) {
            if (first) {
                return APP_EFAIL;
            }
            app_log(APP_LOG_WARNING, r, "APP1002",
                    "the schema cannot be read anew (%s), the old snapshot serves on",
                    err->message);
        }
        apr_thread_mutex_lock(rest->lock);
    }
    if (rest->schema) {
        apr_atomic_inc32(&rest->schema->references);
    }
    *pschema = rest->schema;
    apr_thread_mutex_unlock(rest->lock);
    return *pschema ? APR_SUCCESS : not_loaded(err);
}

apr_status_t rest_cache_renew(rest_t *rest, rest_schema_t *known, app_request_t *r,
                              app_error_t *err)
{
    apr_thread_mutex_lock(rest->lock);
    wait_while_loading_locked(rest);
    if (rest->schema != known || rest->loading) {
        apr_thread_mutex_unlock(rest->lock);
        return APR_SUCCESS;
    }
    rest->loading = 1;
    return load_locked(rest, r, err);
}

int rest_cache_outdated(rest_t *rest, const rest_schema_t *schema, app_request_t *r, apr_pool_t *p)
{
    const app_tx_options_t options = { .readonly = 1, .request = r };
    app_error_t ignored = { .pool = p };
    apr_int64_t version;
    int current = 1;
    app_tx_t *tx;

    if (schema->kind == APP_DB_PGSQL) {
        return apr_time_now() - schema->loaded > AGE_RETRY;
    }
    if (app_tx_begin(&tx, app_instance_db(rest->self), &options, &ignored, p) != APR_SUCCESS) {
        return 0;
    }
    /* In a transaction that has begun it is found out at once, and not by a query that follows. */
    if (app_tx_schema_version(tx, &version, &ignored) == APR_SUCCESS) {
        rest->dialect->is_current(&current, schema, tx, &ignored);
    }
    app_tx_rollback(tx);
    return !current;
}
