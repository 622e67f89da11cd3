/* SPDX-License-Identifier: Apache-2.0 */
/** The set of ended sessions (auth_ended.h). Any thread. */
#include "auth_ended.h"
#include "auth_ended_int.h"
#include "auth_http.h"

#define HEARD_MAX    (5 * APR_USEC_PER_SEC)  /* older than that, it says nothing */
#define WANTED_STEP  (10 * APR_USEC_PER_SEC) /* how often it is written down */

void auth_ended_configure(auth_t *auth)
{
    auth->ended = app_shm_declare(auth->self, "ended", sizeof(auth_ended_t));
    app_timer_add(auth->self, "ended", APR_USEC_PER_SEC, 1, auth_ended_poll);
    app_timer_add(auth->self, "sessions", 600 * APR_USEC_PER_SEC, 1, auth_session_prune);
}

/** 64 bits (FNV-1a) of what is random, and not for a client to choose. Never 0. */
static apr_uint64_t key_of(const char *session_id)
{
    apr_uint64_t key = 0xcbf29ce484222325u;

    for (; *session_id; session_id++) {
        key = (key ^ (unsigned char)*session_id) * 0x100000001b3u;
    }
    return key ? key : 1;
}

static auth_ended_entry_t *bucket_of(auth_ended_t *set, apr_uint64_t key)
{
    return set->buckets[key % AUTH_ENDED_BUCKETS];
}

/**
 * Each member is read and written whole. A reader that meets an entry while it changes finds either
 * of the two sessions, or a key with the other's time; both times are of this hour.
 */
static int is_in(auth_ended_t *set, apr_uint64_t key, apr_int64_t now)
{
    auth_ended_entry_t *bucket = bucket_of(set, key);
    int i;

    for (i = 0; i < AUTH_ENDED_BUCKET; i++) {
        if (__atomic_load_n(&bucket[i].key, __ATOMIC_ACQUIRE) == key) {
            return __atomic_load_n(&bucket[i].until, __ATOMIC_RELAXED) > now;
        }
    }
    return 0;
}

apr_int64_t auth_ended_until(const auth_t *auth, apr_int64_t now)
{
    return now + apr_time_sec(auth->conf->access_lifetime) + AUTH_ENDED_LEEWAY;
}

/** Into the entry that it has, else one that is free or over. @return 0: there is none */
static int put_locked(auth_ended_t *set, apr_uint64_t key, apr_int64_t now, apr_int64_t until)
{
    auth_ended_entry_t *bucket = bucket_of(set, key), *place = NULL;
    int i;

    for (i = 0; i < AUTH_ENDED_BUCKET; i++) {
        if (bucket[i].key == key) {
            return 1; /* it ends when it was put there first, or every poll would make it longer */
        }
        if (!place && bucket[i].until <= now) {
            place = &bucket[i];
        }
    }
    if (place) {
        __atomic_store_n(&place->until, until, __ATOMIC_RELAXED);
        __atomic_store_n(&place->key, key, __ATOMIC_RELEASE);
    }
    return place != NULL;
}

void auth_ended_add(auth_t *auth, const char *session_id)
{
    auth_ended_t *set = app_shm_base(auth->ended);
    apr_int64_t now = auth_now(), until = auth_ended_until(auth, now);

    if (app_shm_lock(auth->ended) != APR_SUCCESS) {
        return; /* the timer hears of it */
    }
    if (!put_locked(set, key_of(session_id), now, until)) {
        __atomic_store_n(&set->overflow, until, __ATOMIC_RELEASE);
    }
    app_shm_unlock(auth->ended);
}

/** Whether what is not in the set has not ended. */
static int is_complete(auth_ended_t *set, apr_int64_t now)
{
    apr_time_t at = apr_time_now();
    apr_time_t wanted = __atomic_load_n(&set->wanted, __ATOMIC_RELAXED);

    if (at - wanted > WANTED_STEP) {
        __atomic_store_n(&set->wanted, at, __ATOMIC_RELAXED);
    }
    return at - __atomic_load_n(&set->heard, __ATOMIC_ACQUIRE) <= HEARD_MAX &&
           __atomic_load_n(&set->overflow, __ATOMIC_ACQUIRE) <= now;
}

static apr_status_t refuse(app_error_t *err)
{
    auth_fail(err, 401, "session_not_found", "The session has ended");
    err->challenge = "Bearer error=\"invalid_token\", error_description=\"The session has ended\"";
    return APP_EFAIL;
}

static apr_status_t ask_database(auth_t *auth, const char *session_id, app_request_t *r,
                                 app_error_t *err)
{
    apr_pool_t *p = app_request_pool(r);
    const app_value_t params[] = { auth_text(session_id) };
    app_rows_t *rows;
    app_tx_t *tx;
    apr_status_t rv;

    if (auth_begin(&tx, auth, r, 1, err, p) != APR_SUCCESS ||
        auth_query(&rows, tx, "SELECT 1 FROM app_sessions WHERE id = $1 AND ended_at IS NULL",
                   params, 1, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    rv = app_rows_next(rows, err);
    app_tx_rollback(tx);
    return rv == APR_EOF ? refuse(err) : rv;
}

apr_status_t auth_ended_check(auth_t *auth, const char *session_id, app_request_t *r,
                              app_error_t *err)
{
    auth_ended_t *set = app_shm_base(auth->ended);
    apr_int64_t now = auth_now();

    if (is_in(set, key_of(session_id), now)) {
        return refuse(err);
    }
    return is_complete(set, now) ? APR_SUCCESS : ask_database(auth, session_id, r, err);
}
