/* SPDX-License-Identifier: Apache-2.0 */
/** The thread that sends spans (trace_export.h), and what it says in the log. */
#include <pthread.h>
#include <signal.h>

#include <curl/curl.h>

#include "apr_thread_mutex.h"
#include "apr_thread_proc.h"

#include "trace_otlp.h"
#include "trace_post.h"

#define BATCH_MAX   (256 * 1024)
#define TAIL_ROOM   64
#define READY       (64 * 1024) /* bytes with which a batch does not wait any longer */
#define FLUSH_TIME  APR_USEC_PER_SEC
#define PAUSE_FIRST APR_USEC_PER_SEC
#define PAUSE_MAX   apr_time_from_sec(30)
#define SAY_EVERY   apr_time_from_sec(60)

struct trace_export_t {
    const trace_export_conf_t *conf;
    const app_metric_t        *requests;
    trace_queue_t             *queue;
    apr_pool_t                *pool; /* of what follows; behind the lock */
    apr_thread_mutex_t        *lock;
    apr_thread_t              *thread; /* NULL: not begun */
    int                        running; /* atomically: whether it has begun, or cannot */
    apr_time_t                 stop;    /* atomically; 0: go on */
    apr_uint64_t               sent, lost; /* atomically; lost: taken from the queue and given up */
    /* The thread's own: */
    trace_post_t              *post;
    app_buf_t                  batch;
    int                        held;  /* requests in batch; 0: it is empty */
    apr_interval_time_t        pause; /* 0: the collector has taken the last one */
    apr_uint64_t               overflown; /* requests that had no room in the queue */
    apr_time_t                 said;
};

apr_status_t trace_export_start(trace_export_t **pto, const trace_export_conf_t *conf,
                                const app_metric_t *requests, app_error_t *err, apr_pool_t *p)
{
    trace_export_t *to = apr_pcalloc(p, sizeof(*to));

    curl_global_init(CURL_GLOBAL_DEFAULT); /* counted: a second one costs nothing */
    to->conf = conf;
    to->requests = requests;
    if (apr_pool_create(&to->pool, p) != APR_SUCCESS ||
        apr_thread_mutex_create(&to->lock, APR_THREAD_MUTEX_UNNESTED, p) != APR_SUCCESS ||
        trace_queue_create(&to->queue, (apr_size_t)conf->queue_size, READY, p) != APR_SUCCESS) {
        return app_fail(err, APP_E_INTERNAL, NULL);
    }
    *pto = to;
    return APR_SUCCESS;
}

/* What is said: once a minute at most, however much goes wrong */

trace_export_counts_t trace_export_counts(trace_export_t *to)
{
    trace_export_counts_t counts;

    counts.waiting = trace_queue_waiting(to->queue, &counts.dropped);
    counts.dropped += __atomic_load_n(&to->lost, __ATOMIC_RELAXED);
    counts.sent = __atomic_load_n(&to->sent, __ATOMIC_RELAXED);
    return counts;
}

static void say(trace_export_t *to, const char *why)
{
    apr_time_t now = apr_time_now();

    if (to->said && now >= to->said && now < to->said + SAY_EVERY) {
        return;
    }
    to->said = now;
    app_log(APP_LOG_WARNING, NULL, "APP2900",
            "traces cannot be sent to %s: %s; so far those of %" APR_UINT64_T_FMT
            " requests are lost",
            to->conf->endpoint, why, trace_export_counts(to).dropped);
}

/* The thread */

/** @return 0: nothing waits */
static int fill(trace_export_t *to, apr_pool_t *scratch)
{
    apr_pool_clear(scratch);
    app_buf_init(&to->batch, scratch, BATCH_MAX - TAIL_ROOM);
    trace_otlp_head(&to->batch, to->conf->service);
    to->held = trace_queue_take(to->queue, &to->batch);
    to->batch.max = BATCH_MAX;
    trace_otlp_tail(&to->batch);
    return to->held;
}

static void settle(trace_export_t *to, apr_uint64_t *count)
{
    __atomic_add_fetch(count, (apr_uint64_t)to->held, __ATOMIC_RELAXED);
    app_metric_add(to->requests, to->held,
                   APP_METRIC_LABELS(count == &to->sent ? "sent" : "dropped"));
    to->held = 0;
}

/** @return 0: not now */
static int send_batch(trace_export_t *to)
{
    const char *why = NULL;

    switch (trace_post_send(to->post, to->batch.data, to->batch.len, &why)) {
    case TRACE_POST_TAKEN:
        if (to->pause) {
            app_log(APP_LOG_NOTICE, NULL, "APP2901", "traces are sent to %s again",
                    to->conf->endpoint);
        }
        to->pause = 0;
        settle(to, &to->sent);
        return 1;
    case TRACE_POST_REFUSED:
        settle(to, &to->lost);
        say(to, why);
        return 1;
    default:
        to->pause = to->pause ? 2 * to->pause : PAUSE_FIRST;
        to->pause = to->pause < PAUSE_MAX ? to->pause : PAUSE_MAX;
        say(to, why);
        return 0;
    }
}

static void send_all(trace_export_t *to, apr_pool_t *scratch)
{
    while (to->held || fill(to, scratch)) {
        if (!send_batch(to)) {
            return;
        }
    }
}

static void watch_queue(trace_export_t *to)
{
    apr_uint64_t dropped;

    trace_queue_waiting(to->queue, &dropped);
    if (dropped != to->overflown) {
        to->overflown = dropped;
        say(to, "they come faster than it takes them, and the queue (QueueSize) is full");
    }
}

/** What is left when all is over: the batch that was not taken, and the queue. */
static void give_up(trace_export_t *to, apr_pool_t *scratch)
{
    do {
        settle(to, &to->lost);
    } while (fill(to, scratch));
}

static void *APR_THREAD_FUNC run(apr_thread_t *thread, void *data)
{
    trace_export_t *to = data;
    apr_pool_t *scratch;
    int closed = 0;

    (void)thread;
    apr_pool_create(&scratch, to->pool);
    while (!closed) {
        closed = to->pause ? trace_queue_wait(to->queue, 0, to->pause)
                           : trace_queue_wait(to->queue, 1, to->conf->every);
        send_all(to, scratch);
        watch_queue(to);
    }
    give_up(to, scratch);
    apr_pool_destroy(scratch);
    return NULL;
}

/** Signals are for the host's own threads. */
static void begin_locked(trace_export_t *to)
{
    sigset_t all, before;
    apr_status_t rv = APR_EGENERAL;

    to->post = trace_post_create(to->conf, &to->stop, to->pool);
    if (to->post) {
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        rv = apr_thread_create(&to->thread, NULL, run, to, to->pool);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    if (rv != APR_SUCCESS) {
        to->thread = NULL;
        trace_queue_close(to->queue); /* whatever is put is counted as dropped */
        app_log(APP_LOG_ERROR, NULL, "APP2902", "no thread for traces: none are sent");
    }
    __atomic_store_n(&to->running, 1, __ATOMIC_RELEASE);
}

/** So a process that has nothing to send, one of CGI above all, needs no thread. */
static void begin(trace_export_t *to)
{
    apr_thread_mutex_lock(to->lock);
    if (!to->running) {
        begin_locked(to);
    }
    apr_thread_mutex_unlock(to->lock);
}

void trace_export_put(trace_export_t *to, const char *spans, apr_size_t len)
{
    if (!__atomic_load_n(&to->running, __ATOMIC_ACQUIRE)) {
        begin(to);
    }
    if (!trace_queue_put(to->queue, spans, len)) {
        app_metric_add(to->requests, 1, APP_METRIC_LABELS("dropped"));
    }
}

void trace_export_stop(trace_export_t *to)
{
    apr_status_t rv;

    __atomic_store_n(&to->stop, apr_time_now() + FLUSH_TIME, __ATOMIC_RELEASE);
    apr_thread_mutex_lock(to->lock);
    to->running = 1; /* whoever comes now is too late */
    trace_queue_close(to->queue);
    if (to->thread) {
        apr_thread_join(&rv, to->thread);
        to->thread = NULL;
    }
    if (to->post) {
        trace_post_destroy(to->post);
        to->post = NULL;
    }
    apr_thread_mutex_unlock(to->lock);
}
