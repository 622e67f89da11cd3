/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Which keys of an issuer hold now, and when they are fetched again (auth_jwks.h). Any thread.
 *
 * What this process knows is `now` (behind the lock) and the record that it was made of. Every
 * second, at most, it looks whether another process has changed the copy in AppStateDir. Who
 * fetches holds two locks: one for the threads of this process, and the file's for all processes.
 */
#include <string.h>

#include <curl/curl.h>

#include "apr_atomic.h"
#include "apr_strings.h"
#include "apr_thread_mutex.h"

#include "auth_jwks_int.h"
#include "auth_key_int.h"

#define LOOK_EVERY  APR_USEC_PER_SEC
#define WAITERS_MAX 4 /* threads of a process that wait for keys; others are told to come back */
#define LOCK_PAUSE  10000

typedef struct set_t {
    auth_jwks_set_t  public; /* first: a set is its public part */
    apr_pool_t      *pool;
    apr_uint32_t     uses; /* behind the lock */
    apr_time_t       fetched, expires;
    const char      *text;
} set_t;

struct auth_jwks_t {
    const char             *url;
    const auth_jwks_conf_t *conf;
    apr_pool_t             *pool; /* of the process */
    const char             *path, *lock_path; /* NULL: no folder to share */
    apr_thread_mutex_t     *lock;
    apr_thread_mutex_t     *fetching;
    apr_uint32_t            waiters;  /* atomically */
    apr_uint32_t            stopping; /* atomically */
    /* Behind the lock: */
    set_t                  *now; /* NULL: no keys yet */
    apr_time_t              tried;
    apr_time_t              next_look;
    apr_uint64_t            stamp;
    apr_uint32_t            generations;
};

auth_jwks_t *auth_jwks_create(const char *url, const auth_jwks_conf_t *conf, apr_pool_t *p)
{
    auth_jwks_t *jwks = apr_pcalloc(p, sizeof(*jwks));

    jwks->url = url;
    jwks->conf = conf;
    return jwks;
}

apr_status_t auth_jwks_start(auth_jwks_t *jwks, const char *state_dir, app_error_t *err,
                             apr_pool_t *p)
{
    curl_global_init(CURL_GLOBAL_DEFAULT); /* counted: a second one costs nothing */
    jwks->pool = p;
    if (state_dir) {
        jwks->path = apr_psprintf(p, "%s/auth-keys-%s", state_dir, auth_key_digest(jwks->url, p));
        jwks->lock_path = apr_pstrcat(p, jwks->path, ".lock", NULL);
    }
    if (apr_thread_mutex_create(&jwks->lock, APR_THREAD_MUTEX_UNNESTED, p) != APR_SUCCESS ||
        apr_thread_mutex_create(&jwks->fetching, APR_THREAD_MUTEX_UNNESTED, p) != APR_SUCCESS) {
        return app_fail(err, APP_E_INTERNAL, NULL);
    }
    return APR_SUCCESS;
}

void auth_jwks_stop(auth_jwks_t *jwks)
{
    apr_atomic_set32(&jwks->stopping, 1);
}

/* Sets */

static void release_locked(set_t *set)
{
    if (set && --set->uses == 0) {
        apr_pool_destroy(set->pool);
    }
}

void auth_jwks_release(auth_jwks_t *jwks, const auth_jwks_set_t *set)
{
    apr_thread_mutex_lock(jwks->lock);
    release_locked((set_t *)set);
    apr_thread_mutex_unlock(jwks->lock);
}

/** @return NULL: err says why the record has no keys that can be used */
static set_t *make_set(const auth_jwks_t *jwks, const auth_jwks_record_t *record, app_error_t *err)
{
    apr_pool_t *p;
    auth_keys_t *keys;
    set_t *set;

    if (apr_pool_create(&p, jwks->pool) != APR_SUCCESS) {
        return NULL;
    }
    if (auth_keys_read_set(&keys, record->set, jwks->url, err, p) != APR_SUCCESS) {
        apr_pool_destroy(p);
        return NULL;
    }
    set = apr_pcalloc(p, sizeof(*set));
    set->public.keys = keys;
    set->pool = p;
    set->uses = 1;
    set->fetched = record->fetched;
    set->expires = record->expires;
    set->text = apr_pstrdup(p, record->set);
    return set;
}

/** Makes what a record says the state of this process. Takes the set, which may be NULL. */
static void adopt(auth_jwks_t *jwks, const auth_jwks_record_t *record, set_t *set)
{
    apr_time_t now = apr_time_now(); /* what lies behind it is of a clock that was wrong */

    apr_thread_mutex_lock(jwks->lock);
    if (record->tried > jwks->tried || jwks->tried > now) {
        jwks->tried = record->tried;
    }
    if (set && (!jwks->now || set->fetched > jwks->now->fetched || jwks->now->fetched > now)) {
        set->public.generation = jwks->now && strcmp(jwks->now->text, set->text) == 0
                                     ? jwks->now->public.generation : ++jwks->generations;
        release_locked(jwks->now);
        jwks->now = set;
        set = NULL;
    }
    release_locked(set);
    apr_thread_mutex_unlock(jwks->lock);
}

/* The shared copy */

/** Whether it is this thread's turn to look, and the file is another one than before. */
static int has_changed(auth_jwks_t *jwks, int at_once)
{
    apr_time_t now = apr_time_now();
    apr_uint64_t stamp = 0;
    int changed = 0;

    apr_thread_mutex_lock(jwks->lock);
    if (at_once || now >= jwks->next_look || now + LOOK_EVERY < jwks->next_look) {
        jwks->next_look = now + LOOK_EVERY;
        changed = auth_jwks_file_stamp(&stamp, jwks->path) && stamp != jwks->stamp;
        jwks->stamp = stamp;
    }
    apr_thread_mutex_unlock(jwks->lock);
    return changed;
}

static void look(auth_jwks_t *jwks, int at_once, apr_pool_t *p)
{
    auth_jwks_record_t record = { .tried = 0 };
    app_error_t err = { .pool = p };

    if (jwks->path && has_changed(jwks, at_once) &&
        auth_jwks_file_read(&record, jwks->path, jwks->url, p)) {
        adopt(jwks, &record, record.set ? make_set(jwks, &record, &err) : NULL);
    }
}

/* Fetching */

/** @return 0: they cannot be had within that time */
static int take_locks(auth_jwks_t *jwks, int *pfd, apr_time_t until)
{
    while (apr_thread_mutex_trylock(jwks->fetching) != APR_SUCCESS) {
        if (apr_time_now() >= until) {
            return 0;
        }
        apr_sleep(LOCK_PAUSE);
    }
    *pfd = -1;
    if (jwks->lock_path && auth_jwks_file_lock(pfd, jwks->lock_path, until) == APR_TIMEUP) {
        apr_thread_mutex_unlock(jwks->fetching);
        return 0;
    }
    return 1; /* where the folder cannot be written, each process is on its own */
}

static void give_locks(auth_jwks_t *jwks, int fd)
{
    if (fd >= 0) {
        auth_jwks_file_unlock(fd);
    }
    apr_thread_mutex_unlock(jwks->fetching);
}

/** When keys that were fetched now expire: as the issuer says, within the settings' bounds. */
static apr_time_t expiry(const auth_jwks_conf_t *conf, apr_time_t now, apr_interval_time_t fresh)
{
    if (fresh < 0 || fresh > conf->max_age) {
        fresh = conf->max_age;
    }
    return now + (fresh < conf->retry ? conf->retry : fresh);
}

/** The state as a record, and the text of its set in p. */
static void describe(auth_jwks_t *jwks, auth_jwks_record_t *record, apr_pool_t *p)
{
    memset(record, 0, sizeof(*record));
    apr_thread_mutex_lock(jwks->lock);
    record->tried = jwks->tried;
    if (jwks->now) {
        record->fetched = jwks->now->fetched;
        record->expires = jwks->now->expires;
        record->set = apr_pstrdup(p, jwks->now->text);
    }
    apr_thread_mutex_unlock(jwks->lock);
}

/** With both locks held. */
static void fetch_locked(auth_jwks_t *jwks, apr_pool_t *p)
{
    app_error_t err = { .pool = p };
    auth_jwks_record_t record, fresh = { .tried = 0 };
    apr_interval_time_t age = 0;
    set_t *set = NULL;
    const char *wrong = auth_jwks_fetch(&fresh.set, &age, jwks->url, jwks->conf, &jwks->stopping,
                                        p);

    describe(jwks, &record, p);
    record.tried = fresh.tried = fresh.fetched = apr_time_now();
    fresh.expires = expiry(jwks->conf, fresh.fetched, age);
    if (!wrong && !(set = make_set(jwks, &fresh, &err))) {
        wrong = err.message ? err.message : "out of memory";
    }
    if (wrong && !apr_atomic_read32(&jwks->stopping)) {
        app_log(APP_LOG_WARNING, NULL, "APP2003", "%s: keys cannot be fetched: %s; %s", jwks->url,
                wrong, record.set ? "those of before are used" : "its tokens get 503");
    }
    if (!wrong && record.set && strcmp(record.set, fresh.set) != 0) {
        app_log(APP_LOG_NOTICE, NULL, "APP2005", "%s: its keys have changed", jwks->url);
    }
    record = wrong ? record : fresh;
    adopt(jwks, &record, set);
    if (jwks->path && auth_jwks_file_write(jwks->path, jwks->url, &record, p) != APR_SUCCESS) {
        app_log(APP_LOG_WARNING, NULL, "APP2004", "%s cannot be written: each process fetches the "
                "keys of %s for itself", jwks->path, jwks->url);
    }
}

static int tried_lately(auth_jwks_t *jwks)
{
    apr_time_t tried, now = apr_time_now();

    apr_thread_mutex_lock(jwks->lock);
    tried = jwks->tried;
    apr_thread_mutex_unlock(jwks->lock);
    return tried <= now && tried + jwks->conf->retry > now;
}

/** Fetches, unless somebody has lately, as settings say. Waits for another's fetch. */
static void fetch(auth_jwks_t *jwks, apr_interval_time_t wait, apr_pool_t *p)
{
    int fd;

    look(jwks, 1, p);
    if (tried_lately(jwks) || !take_locks(jwks, &fd, apr_time_now() + wait)) {
        return;
    }
    look(jwks, 1, p);
    if (!tried_lately(jwks)) {
        fetch_locked(jwks, p);
    }
    give_locks(jwks, fd);
}

/** As fetch(), in the thread of a request: only some of them may wait. */
static void fetch_for_request(auth_jwks_t *jwks, apr_pool_t *p)
{
    if (apr_atomic_inc32(&jwks->waiters) < WAITERS_MAX) {
        fetch(jwks, jwks->conf->timeout, p);
    }
    apr_atomic_dec32(&jwks->waiters);
}

/* Asking */

typedef enum age_e { FRESH, STALE, GONE } age_e;

/** Takes what there is, however old. */
static age_e take_now(const auth_jwks_set_t **pset, auth_jwks_t *jwks)
{
    apr_time_t now = apr_time_now();
    age_e age = GONE;

    apr_thread_mutex_lock(jwks->lock);
    if (jwks->now && now < jwks->now->expires + jwks->conf->stale) {
        age = now < jwks->now->expires ? FRESH : STALE;
        jwks->now->uses++;
        *pset = &jwks->now->public;
    }
    apr_thread_mutex_unlock(jwks->lock);
    return age;
}

/** Whether the timer that should have fetched long ago does not run: in a CGI program. */
static int is_overdue(auth_jwks_t *jwks)
{
    apr_time_t tried;

    apr_thread_mutex_lock(jwks->lock);
    tried = jwks->tried;
    apr_thread_mutex_unlock(jwks->lock);
    return tried + 3 * jwks->conf->retry + jwks->conf->timeout < apr_time_now();
}

apr_status_t auth_jwks_take(const auth_jwks_set_t **pset, auth_jwks_t *jwks, app_error_t *err,
                            apr_pool_t *p)
{
    age_e age;

    look(jwks, 0, p);
    age = take_now(pset, jwks);
    if (age == STALE && is_overdue(jwks)) {
        auth_jwks_release(jwks, *pset);
        age = GONE;
    }
    if (age == GONE) {
        fetch_for_request(jwks, p);
        age = take_now(pset, jwks);
    }
    if (age != GONE) {
        return APR_SUCCESS;
    }
    app_fail(err, APP_E_ISSUER, NULL);
    err->noted = 1; /* by who has tried to fetch them */
    err->retry_after = (int)apr_time_sec(jwks->conf->retry) + 1;
    return APP_EFAIL;
}

int auth_jwks_renew(const auth_jwks_set_t **pset, auth_jwks_t *jwks, apr_pool_t *p)
{
    const auth_jwks_set_t *old = *pset, *new;

    look(jwks, 1, p);
    if (auth_jwks_is_current(jwks, old->generation, p)) {
        fetch_for_request(jwks, p);
    }
    if (take_now(&new, jwks) == GONE) {
        return 0;
    }
    if (new->generation == old->generation) {
        auth_jwks_release(jwks, new);
        return 0;
    }
    auth_jwks_release(jwks, old);
    *pset = new;
    return 1;
}

int auth_jwks_is_current(auth_jwks_t *jwks, apr_uint32_t generation, apr_pool_t *p)
{
    const auth_jwks_set_t *set;
    int current;

    look(jwks, 0, p);
    if (take_now(&set, jwks) == GONE) {
        return 0;
    }
    current = set->generation == generation;
    auth_jwks_release(jwks, set);
    return current;
}

/** At four fifths of their time, so that no request ever meets keys that are too old. */
void auth_jwks_tick(auth_jwks_t *jwks, apr_pool_t *scratch)
{
    apr_time_t now = apr_time_now();
    int due;

    look(jwks, 1, scratch);
    apr_thread_mutex_lock(jwks->lock);
    due = !jwks->now || now < jwks->now->fetched ||
          now - jwks->now->fetched >= (jwks->now->expires - jwks->now->fetched) / 5 * 4;
    apr_thread_mutex_unlock(jwks->lock);
    if (due) {
        fetch(jwks, 0, scratch);
    }
}
