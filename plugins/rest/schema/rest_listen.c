/* SPDX-License-Identifier: Apache-2.0 */
/**
 * PostgreSQL: hears of changes by NOTIFY. One process of a site listens for all, in a thread of its
 * own that lives as long as the connection; it loads the catalogue, and the others see that the
 * image has changed. A timer in each process sees to it that there is one: the process that gets
 * the lock. Where there are no timers, as in a plain CGI program, nobody listens.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "apr_thread_proc.h"

#include "rest_cache.h"

#define ELECTION  apr_time_from_sec(1)
#define JOINED    apr_time_from_msec(100) /* notifications that make one load */
#define RETRY_MIN apr_time_from_sec(1)
#define RETRY_MAX apr_time_from_sec(30)

struct rest_listen_t {
    rest_t             *rest;
    const char         *channel;
    apr_pool_t         *pool;
    apr_thread_mutex_t *guard; /* over what follows */
    apr_thread_t       *thread; /* NULL: none */
    apr_pool_t         *session; /* the thread's */
    int                 ended;  /* the thread is done, and to be joined */
    int                 stopping;
    int                 lock;    /* of the site, while the thread runs */
    int                 wake[2]; /* a pipe: readable when the thread is to end; 0: not made yet */
    apr_interval_time_t backoff; /* 0: the last try was good */
    apr_time_t          retry_at;
};

/** What the thread knows of one connection. */
typedef struct session_t {
    rest_listen_t     *listen;
    app_db_listener_t *listener;
    apr_time_t         due;   /* when to load; 0: nothing to do */
    apr_interval_time_t retry; /* of a load that failed */
    apr_pool_t        *scratch;
    app_error_t        err;
} session_t;

static int is_stopping(rest_listen_t *listen)
{
    int stopping;

    apr_thread_mutex_lock(listen->guard);
    stopping = listen->stopping;
    apr_thread_mutex_unlock(listen->guard);
    return stopping;
}

static apr_interval_time_t longer(apr_interval_time_t wait)
{
    return wait == 0 ? RETRY_MIN : wait * 2 > RETRY_MAX ? RETRY_MAX : wait * 2;
}

/* The thread */

static void heed(session_t *session, const char *payload)
{
    if (*payload && strcmp(payload, "reload schema") != 0 &&
        strcmp(payload, "reload config") != 0) { /* it is read with the schema */
        app_log(APP_LOG_INFO, NULL, "APP1112", "a notification asks for \"%.64s\": ignored",
                payload);
        return;
    }
    if (!session->due) {
        session->due = apr_time_now() + JOINED;
    }
}

static void load_if_due(session_t *session)
{
    rest_t *rest = session->listen->rest;
    apr_time_t now = apr_time_now();
    app_error_t err = { .pool = session->scratch };

    if (!session->due || now < session->due) {
        return;
    }
    apr_pool_clear(session->scratch);
    if (rest_cache_reload(rest, now, &err) == APR_SUCCESS) {
        session->due = 0;
        session->retry = 0;
        return;
    }
    session->retry = longer(session->retry);
    session->due = now + session->retry;
    app_log(APP_LOG_NOTICE, NULL, "APP1113",
            "the schema cannot be read anew (%s), it is tried again in %ld s",
            err.message, (long)apr_time_sec(session->retry));
}

/** Waits for a notification, until a load is due, or for the end. */
static void wait_for_event(const session_t *session)
{
    struct pollfd watch[] = {
        { .fd = app_db_listener_fd(session->listener), .events = POLLIN },
        { .fd = session->listen->wake[0], .events = POLLIN },
    };
    apr_interval_time_t left = session->due - apr_time_now();
    int wait = !session->due ? -1 : left <= 0 ? 0 : (int)(left / 1000) + 1;

    poll(watch, 2, wait);
}

/** @return APR_SUCCESS: it is to stop; APP_EFAIL: the connection is lost */
static apr_status_t hear(session_t *session)
{
    const char *payload;
    apr_status_t status;

    session->due = apr_time_now(); /* what was said before, nobody has heard */
    while (!is_stopping(session->listen)) {
        while ((status = app_db_listener_next(session->listener, &payload, &session->err)) ==
               APR_SUCCESS) {
            heed(session, payload);
        }
        if (status == APP_EFAIL) {
            return status;
        }
        load_if_due(session);
        wait_for_event(session);
    }
    return APR_SUCCESS;
}

/** One connection, from its beginning to its end. */
static apr_status_t run_session(session_t *session, apr_pool_t *p)
{
    rest_listen_t *listen = session->listen;
    app_db_t *db = app_instance_db(listen->rest->self);

    session->err.pool = p;
    apr_pool_create(&session->scratch, p);
    if (app_db_listen(&session->listener, db, listen->channel, &session->err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_log(APP_LOG_INFO, NULL, "APP1114", "listening for changes of the schema on channel %s",
            listen->channel);
    apr_thread_mutex_lock(listen->guard);
    listen->backoff = 0;
    apr_thread_mutex_unlock(listen->guard);
    return hear(session);
}

static void end_session(rest_listen_t *listen, apr_status_t status, const app_error_t *err)
{
    apr_thread_mutex_lock(listen->guard);
    if (status != APR_SUCCESS) {
        if (!listen->backoff) {
            app_log(APP_LOG_NOTICE, NULL, "APP1115",
                    "not listening for changes of the schema: %s%s%s", err->message,
                    err->log ? ": " : "", err->log ? err->log : "");
        }
        listen->backoff = longer(listen->backoff);
        listen->retry_at = apr_time_now() + listen->backoff;
    }
    rest_share_listen_end(listen->lock);
    listen->ended = 1;
    apr_thread_mutex_unlock(listen->guard);
}

static void *APR_THREAD_FUNC run(apr_thread_t *thread, void *data)
{
    rest_listen_t *listen = data;
    session_t session = { .listen = listen };
    apr_status_t status = run_session(&session, listen->session);

    (void)thread;
    end_session(listen, status, &session.err);
    return NULL;
}

/* Its beginning and end */

/** Signals are for the host's own threads. */
static apr_status_t make_thread(rest_listen_t *listen)
{
    sigset_t all, before;
    apr_status_t rv;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rv = apr_thread_create(&listen->thread, NULL, run, listen, listen->session);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rv;
}

static void start_thread_locked(rest_listen_t *listen)
{
    apr_pool_create(&listen->session, listen->pool);
    listen->ended = 0;
    if ((listen->wake[0] || pipe2(listen->wake, O_CLOEXEC | O_NONBLOCK) == 0) &&
        make_thread(listen) == APR_SUCCESS) {
        return;
    }
    listen->thread = NULL;
    apr_pool_destroy(listen->session);
    rest_share_listen_end(listen->lock);
}

static void join_thread(rest_listen_t *listen)
{
    apr_status_t ignored;

    apr_thread_join(&ignored, listen->thread);
    apr_pool_destroy(listen->session);
    listen->thread = NULL;
}

/** An app_timer_fn. */
static void elect(app_instance_t *self, apr_pool_t *scratch)
{
    rest_t *rest = app_instance_context(self);
    rest_listen_t *listen = rest->listen;

    rest_cache_freshen(rest, scratch);
    apr_thread_mutex_lock(listen->guard);
    if (!listen->stopping) {
        if (listen->thread && listen->ended) {
            join_thread(listen);
        }
        if (!listen->thread && apr_time_now() >= listen->retry_at &&
            rest_share_listen(&listen->lock, rest)) {
            start_thread_locked(listen);
        }
    }
    apr_thread_mutex_unlock(listen->guard);
}

static int is_wanted(const rest_t *rest)
{
    const rest_conf_t *conf = app_instance_settings(rest->self);

    return rest->dialect->kind == APP_DB_PGSQL && conf->channel_enabled;
}

void rest_listen_configure(rest_t *rest)
{
    if (is_wanted(rest)) {
        app_timer_add(rest->self, "listen", ELECTION, 0, elect);
    }
}

apr_status_t rest_listen_start(rest_t *rest, app_error_t *err)
{
    const rest_conf_t *conf = app_instance_settings(rest->self);
    rest_listen_t *listen;
    apr_pool_t *p;

    if (!is_wanted(rest)) {
        return APR_SUCCESS;
    }
    if (apr_pool_create(&p, app_instance_pool(rest->self)) != APR_SUCCESS) {
        return app_fail(err, APP_E_INTERNAL, NULL);
    }
    listen = apr_pcalloc(p, sizeof(*listen));
    listen->rest = rest;
    listen->channel = conf->channel;
    listen->pool = p;
    if (apr_thread_mutex_create(&listen->guard, APR_THREAD_MUTEX_DEFAULT, p) != APR_SUCCESS) {
        return app_fail(err, APP_E_INTERNAL, "A lock cannot be made");
    }
    rest->listen = listen;
    return APR_SUCCESS;
}

void rest_listen_stop(rest_t *rest)
{
    rest_listen_t *listen = rest->listen;

    if (!listen) {
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
