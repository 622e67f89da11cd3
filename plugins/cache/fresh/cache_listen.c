/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The listener of cache_listen.h. What it hears it writes into shared memory, where requests of all
 * processes see it (cache_changes.h).
 *
 * Whoever listens has its process id there, and says again and again that it has heard everything.
 * One that is gone says nothing more: then the timer of another process takes its place.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "apr_thread_proc.h"

#include "cache_int.h"
#include "cache_listen.h"

#define BEAT      200 /* milliseconds */
#define LOST      apr_time_from_sec(5) /* a listener silent for so long is replaced */
#define RETRY_MIN apr_time_from_sec(1)
#define RETRY_MAX apr_time_from_sec(30)
#define RELOAD    "reload" /* says that the catalogue has changed */

struct cache_listen_t {
    app_instance_t     *self;
    app_shm_t          *shm;
    cache_changes_t    *changes;
    apr_pool_t         *pool;
    apr_thread_mutex_t *guard; /* over what follows */
    apr_thread_t       *thread; /* NULL: none */
    apr_pool_t         *session; /* the thread's */
    int                 ended;   /* the thread is done, and to be joined */
    int                 stopping;
    int                 wake[2]; /* a pipe: readable when the thread is to end; 0: not made yet */
    apr_interval_time_t backoff; /* 0: the last try was good */
    apr_time_t          retry_at;
};

/** One connection, from its beginning to its end. */
typedef struct session_t {
    cache_listen_t    *listen;
    app_db_listener_t *listener;
    cache_catalog_t    catalog;
    apr_pool_t        *pool; /* of the catalogue */
    app_error_t        err;
} session_t;

cache_listen_t *cache_listen_declare(app_instance_t *self, app_shm_t *changes)
{
    cache_listen_t *listen = apr_pcalloc(app_instance_pool(self), sizeof(*listen));

    listen->self = self;
    listen->shm = changes;
    return listen;
}

static int is_stopping(cache_listen_t *listen)
{
    int stopping;

    apr_thread_mutex_lock(listen->guard);
    stopping = listen->stopping;
    apr_thread_mutex_unlock(listen->guard);
    return stopping;
}

static apr_int64_t listener_of(const cache_changes_t *changes)
{
    return __atomic_load_n(&changes->listener, __ATOMIC_ACQUIRE);
}

static void say_heard(cache_changes_t *changes, apr_time_t when)
{
    __atomic_store_n(&changes->heard, when, __ATOMIC_RELEASE);
}

/* What is heard */

/** Writes down which relations are told of; what was kept before is over. */
static void put_catalog(cache_changes_t *changes, const cache_catalog_t *catalog)
{
    int i;

    say_heard(changes, 0);
    __atomic_store_n(&changes->begun, cache_changes_next(changes), __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* first nothing holds, then names change */
    memset(changes->relations, 0, sizeof(changes->relations));
    changes->nrelations = 0;
    for (i = 0; i < catalog->pairs->nelts; i++) {
        const char *name = APR_ARRAY_IDX(catalog->pairs, i, cache_pair_t).relation;
        cache_relation_t *place = strlen(name) < CACHE_NAME_MAX
                                      ? cache_changes_place(changes, name)
                                      : NULL;

        if (place && !*place->name) {
            memcpy(place->name, name, strlen(name) + 1);
            changes->nrelations++;
        }
    }
    __atomic_store_n(&changes->begun, cache_changes_next(changes), __ATOMIC_RELEASE);
}

static apr_status_t load(session_t *session)
{
    cache_listen_t *listen = session->listen;

    apr_pool_clear(session->pool);
    if (cache_catalog_read(&session->catalog, listen->self, &session->err, session->pool) !=
            APR_SUCCESS ||
        app_shm_lock(listen->shm) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    put_catalog(listen->changes, &session->catalog);
    app_shm_unlock(listen->shm);
    return APR_SUCCESS;
}

/** A table has changed, and so has all that is made of it. */
static void note_change(session_t *session, const char *table)
{
    cache_changes_t *changes = session->listen->changes;
    apr_uint64_t number = cache_changes_next(changes);
    int i;

    for (i = 0; i < session->catalog.pairs->nelts; i++) {
        const cache_pair_t *pair = &APR_ARRAY_IDX(session->catalog.pairs, i, cache_pair_t);

        if (strcmp(pair->table, table) == 0) {
            cache_relation_t *place = cache_changes_place(changes, pair->relation);

            if (place && *place->name) {
                __atomic_store_n(&place->changed, number, __ATOMIC_RELEASE);
            }
        }
    }
    changes->notices++;
}

static apr_status_t heed(session_t *session, const char *payload)
{
    if (!*payload || strcmp(payload, RELOAD) == 0) {
        return load(session);
    }
    note_change(session, payload);
    return APR_SUCCESS;
}

/** @return APR_EAGAIN: all that has come is heeded; APP_EFAIL: the connection is lost */
static apr_status_t hear_all(session_t *session)
{
    const char *payload;
    apr_status_t status;

    while ((status = app_db_listener_next(session->listener, &payload, &session->err)) ==
           APR_SUCCESS) {
        if (heed(session, payload) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    return status;
}

/** @return APR_SUCCESS: it is to stop, or another listens; APP_EFAIL: the connection is lost */
static apr_status_t hear(session_t *session)
{
    cache_listen_t *listen = session->listen;
    struct pollfd watch[] = {
        { .fd = app_db_listener_fd(session->listener), .events = POLLIN },
        { .fd = listen->wake[0], .events = POLLIN },
    };

    while (!is_stopping(listen) && listener_of(listen->changes) == (apr_int64_t)getpid()) {
        apr_time_t now = apr_time_now();

        if (hear_all(session) != APR_EAGAIN) {
            return APP_EFAIL;
        }
        say_heard(listen->changes, now);
        poll(watch, 2, BEAT);
    }
    return APR_SUCCESS;
}

static apr_status_t run_session(session_t *session, apr_pool_t *p)
{
    cache_listen_t *listen = session->listen;
    const cache_conf_t *conf = app_instance_settings(listen->self);
    app_db_t *db = app_instance_db(listen->self);

    session->err.pool = p;
    apr_pool_create(&session->pool, p);
    if (app_db_listen(&session->listener, db, conf->channel, &session->err, p) != APR_SUCCESS ||
        load(session) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_log(APP_LOG_INFO, NULL, "APP2801", "listening for changes of %u relations on channel %s",
            listen->changes->nrelations, conf->channel);
    apr_thread_mutex_lock(listen->guard);
    listen->backoff = 0;
    apr_thread_mutex_unlock(listen->guard);
    return hear(session);
}

static void end_session(cache_listen_t *listen, apr_status_t status, const app_error_t *err)
{
    apr_int64_t own = (apr_int64_t)getpid();

    apr_thread_mutex_lock(listen->guard);
    if (status != APR_SUCCESS) {
        if (!listen->backoff) {
            app_log(APP_LOG_NOTICE, NULL, "APP2802",
                    "not listening for changes, answers that are to be fresh are not kept: %s%s%s",
                    err->message ? err->message : "", err->log ? ": " : "",
                    err->log ? err->log : "");
        }
        listen->backoff = !listen->backoff                  ? RETRY_MIN
                          : listen->backoff * 2 > RETRY_MAX ? RETRY_MAX
                                                            : listen->backoff * 2;
        listen->retry_at = apr_time_now() + listen->backoff;
    }
    if (listener_of(listen->changes) == own) {
        say_heard(listen->changes, 0);
        __atomic_compare_exchange_n(&listen->changes->listener, &own, (apr_int64_t)0, 0,
                                    __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    }
    listen->ended = 1;
    apr_thread_mutex_unlock(listen->guard);
}

static void *APR_THREAD_FUNC run(apr_thread_t *thread, void *data)
{
    cache_listen_t *listen = data;
    session_t session = { .listen = listen };
    apr_status_t status = run_session(&session, listen->session);

    (void)thread;
    end_session(listen, status, &session.err);
    return NULL;
}

/* Its beginning and end */

/** Takes the place of the one who listens, if there is none. */
static int take_place(cache_changes_t *changes)
{
    apr_int64_t before = listener_of(changes);
    apr_time_t heard = __atomic_load_n(&changes->heard, __ATOMIC_ACQUIRE);
    int is_gone = !before || (kill((pid_t)before, 0) != 0 && errno == ESRCH) ||
                  (heard && apr_time_now() - heard > LOST);

    return is_gone && __atomic_compare_exchange_n(&changes->listener, &before,
                                                  (apr_int64_t)getpid(), 0, __ATOMIC_ACQ_REL,
                                                  __ATOMIC_ACQUIRE);
}

/** Signals are for the host's own threads. */
static apr_status_t make_thread(cache_listen_t *listen)
{
    sigset_t all, before;
    apr_status_t rv;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rv = apr_thread_create(&listen->thread, NULL, run, listen, listen->session);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rv;
}

static void start_thread_locked(cache_listen_t *listen)
{
    apr_pool_create(&listen->session, listen->pool);
    listen->ended = 0;
    if ((listen->wake[0] || pipe2(listen->wake, O_CLOEXEC | O_NONBLOCK) == 0) &&
        make_thread(listen) == APR_SUCCESS) {
        return;
    }
    listen->thread = NULL;
    apr_pool_destroy(listen->session);
    __atomic_store_n(&listen->changes->listener, (apr_int64_t)0, __ATOMIC_RELEASE);
}

static void join_thread(cache_listen_t *listen)
{
    apr_status_t ignored;

    apr_thread_join(&ignored, listen->thread);
    apr_pool_destroy(listen->session);
    listen->thread = NULL;
}

void cache_listen_elect(cache_listen_t *listen)
{
    apr_thread_mutex_lock(listen->guard);
    if (!listen->stopping) {
        if (listen->thread && listen->ended) {
            join_thread(listen);
        }
        if (!listen->thread && listen->changes->wanted &&
            apr_time_now() >= listen->retry_at && take_place(listen->changes)) {
            start_thread_locked(listen);
        }
    }
    apr_thread_mutex_unlock(listen->guard);
}

apr_status_t cache_listen_start(cache_listen_t *listen, app_error_t *err)
{
    if (apr_pool_create(&listen->pool, app_instance_pool(listen->self)) != APR_SUCCESS ||
        apr_thread_mutex_create(&listen->guard, APR_THREAD_MUTEX_DEFAULT, listen->pool) !=
            APR_SUCCESS) {
        return app_fail(err, APP_E_INTERNAL, "A lock cannot be made");
    }
    listen->changes = app_shm_base(listen->shm);
    return APR_SUCCESS;
}

void cache_listen_stop(cache_listen_t *listen)
{
    if (!listen->guard) {
        return;
    }
    apr_thread_mutex_lock(listen->guard);
    listen->stopping = 1;
    apr_thread_mutex_unlock(listen->guard);
    if (!listen->wake[0]) {
        return;
    }
    while (write(listen->wake[1], "", 1) < 0 && errno == EINTR) {
    }
    if (listen->thread) {
        join_thread(listen);
    }
    close(listen->wake[0]);
    close(listen->wake[1]);
}
