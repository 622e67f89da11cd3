/* SPDX-License-Identifier: Apache-2.0 */
/** The set of ended sessions as a thing in memory (auth_ended_int.h). Any thread. */
#include "auth_ended_int.h"

#define HEARD_MAX    (5 * APR_USEC_PER_SEC)  /* older than that, it says nothing */
#define WANTED_STEP  (10 * APR_USEC_PER_SEC) /* how often it is written down */

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
int auth_ended_has(auth_ended_t *set, const char *session_id, apr_int64_t now)
{
    apr_uint64_t key = key_of(session_id);
    auth_ended_entry_t *bucket = bucket_of(set, key);
    int i;

    for (i = 0; i < AUTH_ENDED_BUCKET; i++) {
        if (__atomic_load_n(&bucket[i].key, __ATOMIC_ACQUIRE) == key) {
            return __atomic_load_n(&bucket[i].until, __ATOMIC_RELAXED) > now;
        }
    }
    return 0;
}

/** Into the entry that it has, else one that is free or over. @return 0: there is none */
static int put(auth_ended_t *set, apr_uint64_t key, apr_int64_t now, apr_int64_t until)
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

void auth_ended_put_locked(auth_ended_t *set, const char *session_id, apr_int64_t now,
                           apr_int64_t until)
{
    if (!put(set, key_of(session_id), now, until)) {
        __atomic_store_n(&set->overflow, until, __ATOMIC_RELEASE);
    }
}

int auth_ended_is_complete(auth_ended_t *set, apr_time_t now)
{
    apr_time_t wanted = __atomic_load_n(&set->wanted, __ATOMIC_RELAXED);

    if (now - wanted > WANTED_STEP) {
        __atomic_store_n(&set->wanted, now, __ATOMIC_RELAXED);
    }
    return now - __atomic_load_n(&set->heard, __ATOMIC_ACQUIRE) <= HEARD_MAX &&
           __atomic_load_n(&set->overflow, __ATOMIC_ACQUIRE) <= apr_time_sec(now);
}
