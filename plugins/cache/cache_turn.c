/* SPDX-License-Identifier: Apache-2.0 */
/**
 * One request asks the database, many wait for its answer. Who has the turn for a key stands in a
 * table that all processes share: a place for each of the keys that are being asked for, found by
 * hash. Two keys of one hash, or a full table, cost a wait or a query, nothing else: what is found
 * afterwards is found by the whole key. Thread of the request.
 */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "cache_int.h"

#define PLACES    1024u
#define TRIES     8u
#define LOST      apr_time_from_sec(60) /* whoever is not done by then is not coming back */
#define PASS      apr_time_from_sec(10)
#define PAUSE     1000 /* microseconds, doubled up to … */
#define PAUSE_MAX 16000

/** Changed under the segment's lock; who waits looks without it. */
typedef struct place_t {
    apr_uint64_t hash;
    apr_int64_t  holder; /* process; 0: nobody */
    apr_time_t   since;
    apr_time_t   pass; /* until then nobody takes turns for this hash */
} place_t;

struct cache_turns_t {
    app_shm_t *shm;
};

cache_turns_t *cache_turns_declare(app_instance_t *self)
{
    cache_turns_t *turns = apr_pcalloc(app_instance_pool(self), sizeof(*turns));

    turns->shm = app_shm_declare(self, "turns", PLACES * sizeof(place_t));
    return turns;
}

static place_t *place_at(const cache_turns_t *turns, apr_uint64_t hash, unsigned try)
{
    place_t *places = app_shm_base(turns->shm);

    return &places[(hash + try) % PLACES];
}

static int is_dead(apr_int64_t process)
{
    return kill((pid_t)process, 0) != 0 && errno == ESRCH;
}

static apr_int64_t holder_of(const place_t *place)
{
    return __atomic_load_n(&place->holder, __ATOMIC_ACQUIRE);
}

static apr_time_t since_of(const place_t *place)
{
    return __atomic_load_n(&place->since, __ATOMIC_RELAXED);
}

static int is_held(const place_t *place, apr_time_t now)
{
    apr_int64_t holder = holder_of(place);

    return holder && now - since_of(place) < LOST && !is_dead(holder);
}

/** The place of a hash, or NULL. */
static place_t *find(const cache_turns_t *turns, apr_uint64_t hash)
{
    unsigned try;

    for (try = 0; try < TRIES; try++) {
        place_t *place = place_at(turns, hash, try);

        if (__atomic_load_n(&place->hash, __ATOMIC_RELAXED) == hash) {
            return place;
        }
    }
    return NULL;
}

/** Its place, or one that nobody needs. */
static place_t *find_or_free(const cache_turns_t *turns, apr_uint64_t hash, apr_time_t now)
{
    place_t *place = find(turns, hash);
    unsigned try;

    for (try = 0; !place && try < TRIES; try++) {
        place = place_at(turns, hash, try);
        if (is_held(place, now) || place->pass > now) {
            place = NULL;
        }
    }
    return place;
}

static cache_turn_e take_locked(const cache_turns_t *turns, apr_uint64_t hash)
{
    apr_time_t now = apr_time_now();
    place_t *place = find_or_free(turns, hash, now);

    if (!place) {
        return CACHE_TURN_FREE;
    }
    if (place->hash == hash && is_held(place, now)) {
        return CACHE_TURN_TAKEN;
    }
    if (place->hash == hash && place->pass > now) {
        return CACHE_TURN_FREE;
    }
    __atomic_store_n(&place->hash, hash, __ATOMIC_RELAXED);
    __atomic_store_n(&place->since, now, __ATOMIC_RELAXED);
    place->pass = 0;
    __atomic_store_n(&place->holder, (apr_int64_t)getpid(), __ATOMIC_RELEASE);
    return CACHE_TURN_MINE;
}

cache_turn_e cache_turn_take(cache_turns_t *turns, apr_uint64_t hash)
{
    cache_turn_e turn;

    if (app_shm_lock(turns->shm) != APR_SUCCESS) {
        return CACHE_TURN_FREE;
    }
    turn = take_locked(turns, hash);
    app_shm_unlock(turns->shm);
    return turn;
}

/**
 * Who has waited in vain lets nobody else do so: whoever has the turn may hang on a client that
 * reads slowly, or not at all.
 */
static void take_away(const cache_turns_t *turns, apr_uint64_t hash, apr_time_t since)
{
    place_t *place;

    if (app_shm_lock(turns->shm) != APR_SUCCESS) {
        return;
    }
    place = find(turns, hash);
    if (place && place->since == since) {
        place->pass = apr_time_now() + PASS;
        __atomic_store_n(&place->holder, (apr_int64_t)0, __ATOMIC_RELEASE);
    }
    app_shm_unlock(turns->shm);
}

void cache_turn_wait(cache_turns_t *turns, apr_uint64_t hash, apr_time_t until)
{
    apr_interval_time_t pause = PAUSE;
    const place_t *place = find(turns, hash);
    apr_time_t now = apr_time_now(), since = place ? since_of(place) : 0;

    while (place && since_of(place) == since && is_held(place, now)) {
        if (now >= until) {
            take_away(turns, hash, since);
            return;
        }
        apr_sleep(pause);
        pause = pause * 2 > PAUSE_MAX ? PAUSE_MAX : pause * 2;
        now = apr_time_now();
    }
}

void cache_turn_end(cache_turns_t *turns, apr_uint64_t hash, int kept)
{
    place_t *place;

    if (app_shm_lock(turns->shm) != APR_SUCCESS) {
        return;
    }
    place = find(turns, hash);
    if (place && holder_of(place) == (apr_int64_t)getpid()) {
        place->pass = kept ? 0 : apr_time_now() + PASS;
        __atomic_store_n(&place->holder, (apr_int64_t)0, __ATOMIC_RELEASE);
    }
    app_shm_unlock(turns->shm);
}
