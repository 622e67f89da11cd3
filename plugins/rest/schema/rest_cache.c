/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The schema snapshot of a process: fetched by the first request that needs it while others wait,
 * replaced as a whole, given back when its last reader is done. Where a fresh one cannot be had the
 * old one serves on. Any thread; no query runs under the lock.
 */
#include "apr_atomic.h"

#include "rest_cache.h"
#include "rest_image.h"

#define AGE_MAX   apr_time_from_sec(60) /* PostgreSQL, where nobody listens */
#define AGE_RETRY apr_time_from_sec(1)  /* a name that is not found, or a load that failed */
#define LOAD_PART 10 /* no more of the time goes to loads that such names ask for than 1 / that */
#define WAIT_MAX  apr_time_from_sec(10) /* for another thread's load */

struct rest_cache_t {
    apr_thread_mutex_t *lock;
    apr_thread_cond_t  *loaded;
    rest_schema_t      *schema;  /* NULL: not loaded yet */
    int                 loading; /* a thread is at it */
    apr_time_t          good;    /* until then no look at its age is needed */
};

apr_status_t rest_cache_start(rest_t *rest, app_error_t *err)
{
    rest_cache_t *cache;
    apr_pool_t *p;

    if (apr_pool_create(&p, app_instance_pool(rest->self)) != APR_SUCCESS) {
        return app_fail(err, APP_E_INTERNAL, NULL);
    }
    rest->cache = cache = apr_pcalloc(p, sizeof(*cache));
    if (apr_thread_mutex_create(&cache->lock, APR_THREAD_MUTEX_DEFAULT, p) != APR_SUCCESS ||
        apr_thread_cond_create(&cache->loaded, p) != APR_SUCCESS) {
        return app_fail(err, APP_E_INTERNAL, "A lock cannot be made");
    }
    return rest_share_start(rest, p, err);
}

void rest_cache_release(rest_schema_t *schema)
{
    if (schema && apr_atomic_dec32(&schema->references) == 0) {
        apr_pool_destroy(schema->pool);
    }
}

static int ages(const rest_t *rest)
{
    return rest->dialect->kind == APP_DB_PGSQL;
}

/**
 * What a snapshot has to be to be used by a process that has none, or an old one. One that somebody
 * keeps up to date will do until rest_cache_freshen() has a newer one.
 */
static apr_time_t since_of(const rest_t *rest)
{
    apr_time_t since = rest_share_since(rest), oldest = apr_time_now() - AGE_MAX;

    if (!ages(rest)) {
        return since;
    }
    return rest_share_is_listened(rest) ? 0 : oldest > since ? oldest : since;
}

/**
 * Called with the lock and loading set; both are given back.
 * @return as rest_share_get()
 */
static apr_status_t load_locked(rest_t *rest, apr_time_t since, int patient, app_request_t *r,
                                app_error_t *err)
{
    rest_cache_t *cache = rest->cache;
    rest_schema_t *fresh = NULL, *old = NULL;
    apr_status_t status;

    apr_thread_mutex_unlock(cache->lock);
    status = rest_share_get(&fresh, rest, since, patient, r, err);
    apr_thread_mutex_lock(cache->lock);
    if (status == APR_SUCCESS) {
        old = cache->schema;
        cache->schema = fresh;
        cache->good = fresh->loaded + AGE_MAX;
    }
    else if (status == APP_EFAIL) {
        cache->good = apr_time_now() + AGE_RETRY;
    }
    cache->loading = 0;
    apr_thread_cond_broadcast(cache->loaded);
    apr_thread_mutex_unlock(cache->lock);
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
static void wait_while_loading_locked(rest_cache_t *cache)
{
    apr_time_t deadline = apr_time_now() + WAIT_MAX;

    while (cache->loading) {
        apr_interval_time_t left = deadline - apr_time_now();

        if (left <= 0 ||
            apr_thread_cond_timedwait(cache->loaded, cache->lock, left) == APR_TIMEUP) {
            return;
        }
    }
}

/** Whether the snapshot is too old, now that nobody has said for some time that it is not. */
static int is_aged_locked(rest_t *rest)
{
    rest_cache_t *cache = rest->cache;
    apr_time_t now;

    if (!ages(rest) || (now = apr_time_now()) < cache->good) {
        return 0;
    }
    if (rest_share_is_listened(rest)) {
        cache->good = now + AGE_MAX;
        return 0;
    }
    return 1;
}

/** The first snapshot of this process; if none can be had, one that is too old. */
static apr_status_t load_first_locked(rest_t *rest, app_request_t *r, app_error_t *err)
{
    apr_status_t status = load_locked(rest, since_of(rest), 1, r, err);
    rest_schema_t *old;

    if (status != APP_EFAIL || !rest_share_find(&old, rest, 0)) {
        return status;
    }
    app_log(APP_LOG_WARNING, r, "APP1111",
            "the schema cannot be read (%s), a snapshot of %ld s ago serves", err->message,
            (long)apr_time_sec(apr_time_now() - old->loaded));
    apr_thread_mutex_lock(rest->cache->lock);
    if (!rest->cache->schema) {
        rest->cache->schema = old;
        old = NULL;
    }
    apr_thread_mutex_unlock(rest->cache->lock);
    rest_cache_release(old);
    return APR_SUCCESS;
}

/** A newer one, if it can be had now. */
static void load_next_locked(rest_t *rest, apr_time_t since, app_request_t *r, app_error_t *err)
{
    if (load_locked(rest, since, 0, r, err) == APP_EFAIL) {
        app_log(APP_LOG_WARNING, r, "APP1002",
                "the schema cannot be read anew (%s), the old snapshot serves on", err->message);
    }
}

apr_status_t rest_cache_get(rest_schema_t **pschema, rest_t *rest, app_request_t *r,
                            app_error_t *err)
{
    rest_cache_t *cache = rest->cache;

    apr_thread_mutex_lock(cache->lock);
    if (!cache->schema && cache->loading) {
        wait_while_loading_locked(cache);
    }
    else if (!cache->schema) {
        cache->loading = 1;
        if (load_first_locked(rest, r, err) != APR_SUCCESS) {
            return APP_EFAIL;
        }
        apr_thread_mutex_lock(cache->lock);
    }
    else if (!cache->loading &&
             (rest_image_superseded(cache->schema) || is_aged_locked(rest))) {
        cache->loading = 1;
        load_next_locked(rest, cache->schema->loaded + 1, r, err);
        apr_thread_mutex_lock(cache->lock);
    }
    if (cache->schema) {
        apr_atomic_inc32(&cache->schema->references);
    }
    *pschema = cache->schema;
    apr_thread_mutex_unlock(cache->lock);
    return *pschema ? APR_SUCCESS : not_loaded(err);
}

apr_status_t rest_cache_renew(rest_t *rest, rest_schema_t *known, app_request_t *r,
                              app_error_t *err)
{
    rest_cache_t *cache = rest->cache;

    apr_thread_mutex_lock(cache->lock);
    wait_while_loading_locked(cache);
    if (cache->schema != known || cache->loading) {
        apr_thread_mutex_unlock(cache->lock);
        return APR_SUCCESS;
    }
    cache->loading = 1;
    return load_locked(rest, known->loaded + 1, 1, r, err);
}

apr_status_t rest_cache_reload(rest_t *rest, apr_time_t since, app_error_t *err)
{
    rest_cache_t *cache = rest->cache;

    apr_thread_mutex_lock(cache->lock);
    wait_while_loading_locked(cache);
    if (cache->loading) {
        apr_thread_mutex_unlock(cache->lock);
        return not_loaded(err);
    }
    cache->loading = 1;
    return load_locked(rest, since, 1, NULL, err);
}

void rest_cache_freshen(rest_t *rest, apr_pool_t *p)
{
    apr_time_t since = rest_share_since(rest);
    rest_cache_t *cache = rest->cache;
    app_error_t err = { .pool = p };

    apr_thread_mutex_lock(cache->lock);
    if (cache->schema && !cache->loading && cache->schema->loaded < since) {
        cache->loading = 1;
        load_next_locked(rest, since, NULL, &err);
        return;
    }
    apr_thread_mutex_unlock(cache->lock);
}

/** Whoever asks for names that do not exist shall not keep the database busy with loads. */
static int is_worth_a_load(const rest_schema_t *schema)
{
    apr_interval_time_t wait = schema->took * LOAD_PART;

    wait = wait < AGE_RETRY ? AGE_RETRY : wait > AGE_MAX ? AGE_MAX : wait;
    return apr_time_now() - schema->loaded > wait;
}

int rest_cache_outdated(rest_t *rest, const rest_schema_t *schema, app_request_t *r, apr_pool_t *p)
{
    const app_tx_options_t options = { .readonly = 1, .request = r };
    app_error_t ignored = { .pool = p };
    apr_int64_t version;
    int current = 1;
    app_tx_t *tx;

    if (schema->kind == APP_DB_PGSQL) {
        return rest_image_superseded(schema) || is_worth_a_load(schema);
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
