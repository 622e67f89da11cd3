/* SPDX-License-Identifier: Apache-2.0 */
/**
 * FastCGI: a process that lives on, with threads that each answer one request at a time over
 * libfcgi. Standard input is the listening socket, perhaps shared with other processes.
 *
 *     main thread     waits for signals; looks at the files that a restart would read anew
 *     timer thread    what plugins and the database have to do now and then
 *     workers         poll ──► accept ──► answer ──► poll …
 *
 * SIGTERM, SIGINT, SIGHUP and SIGUSR1 let requests under way finish. After a change of the
 * program or its settings it does the same and starts itself anew in the same process, so that
 * whoever manages it sees no exit and waiting clients wait a moment longer.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <fcgiapp.h>

#include "apr_strings.h"
#include "apr_thread_proc.h"

#include "app_cgi_int.h"

#define LISTENER        STDIN_FILENO
#define THREADS_DEFAULT 8
#define THREADS_MAX     256
#define WATCH_SECONDS   1
#define KEPT_WAIT_MS    200               /* how often a kept connection makes room for others */
#define DRAIN_MAX       (8 * 1024 * 1024) /* unread body that is read away to keep a connection */

typedef struct server_t {
    app_cgi_setup_t *setup;
    int              stop_fd; /* readable from the moment the process is to end */
    pthread_mutex_t  first;   /* held by the one thread that waits for connections */
    int              idle;    /* threads that wait for one, atomic */
    apr_pool_t      *pchild;
} server_t;

typedef struct worker_t {
    server_t    *server;
    apr_thread_t *thread;
    apr_pool_t  *pool; /* of the requests of this thread */
    FCGX_Request request;
    int          cut; /* this answer cannot be completed */
} worker_t;

/* Streams of a request */

static apr_status_t read_in(void *stream, char *buf, apr_size_t *plen)
{
    FCGX_Stream *in = ((worker_t *)stream)->request.in;
    int wanted = *plen > 65536 ? 65536 : (int)*plen;
    int n = FCGX_GetStr(buf, wanted, in);

    *plen = n > 0 ? (apr_size_t)n : 0;
    if (n > 0) {
        return APR_SUCCESS;
    }
    return FCGX_GetError(in) ? APR_ECONNABORTED : APR_EOF;
}

static apr_status_t write_out(void *stream, const char *bytes, apr_size_t len)
{
    FCGX_Stream *out = ((worker_t *)stream)->request.out;

    while (len) {
        int part = len > 65536 ? 65536 : (int)len;

        if (FCGX_PutStr(bytes, part, out) != part) {
            return APR_ECONNABORTED;
        }
        bytes += part;
        len -= (apr_size_t)part;
    }
    return APR_SUCCESS;
}

static apr_status_t flush_out(void *stream)
{
    return FCGX_FFlush(((worker_t *)stream)->request.out) == 0 ? APR_SUCCESS : APR_ECONNABORTED;
}

static int is_gone(void *stream)
{
    struct pollfd peer = { .fd = ((worker_t *)stream)->request.ipcFd, .events = POLLRDHUP };

    return poll(&peer, 1, 0) > 0 && (peer.revents & (POLLERR | POLLHUP | POLLRDHUP));
}

static void cut(void *stream)
{
    ((worker_t *)stream)->cut = 1;
}

static void log_line(void *stream, const char *line)
{
    FCGX_PutS(line, ((worker_t *)stream)->request.err);
}

static const app_cgi_io_t io = { .read = read_in,
                                 .write = write_out,
                                 .flush = flush_out,
                                 .gone = is_gone,
                                 .abort = cut,
                                 .log = log_line };

/* Waiting for a request */

static int stopping(const server_t *server)
{
    struct pollfd stop = { .fd = server->stop_fd, .events = POLLIN };

    return poll(&stop, 1, 0) > 0;
}

/** Waits for a new connection, one thread at a time. @return 0: the process is to end */
static int wait_new(server_t *server)
{
    struct pollfd fds[2] = { { .fd = server->stop_fd, .events = POLLIN },
                             { .fd = LISTENER, .events = POLLIN } };

    __atomic_add_fetch(&server->idle, 1, __ATOMIC_RELAXED);
    pthread_mutex_lock(&server->first);
    while (poll(fds, 2, -1) < 0 && errno == EINTR) {
    }
    pthread_mutex_unlock(&server->first);
    __atomic_sub_fetch(&server->idle, 1, __ATOMIC_RELAXED);
    return !(fds[0].revents & POLLIN);
}

/**
 * Waits for the next request on a connection that the server keeps open. The connection is given up
 * when others wait and no thread is free: it must not hold the last one.
 * @return 0: the process is to end
 */
static int wait_kept(worker_t *worker)
{
    server_t *server = worker->server;
    struct pollfd fds[3] = { { .fd = server->stop_fd, .events = POLLIN },
                             { .fd = worker->request.ipcFd, .events = POLLIN },
                             { .fd = LISTENER, .events = POLLIN } };

    for (;;) {
        int crowded = __atomic_load_n(&server->idle, __ATOMIC_RELAXED) == 0;
        int n = poll(fds, crowded ? 3 : 2, KEPT_WAIT_MS);

        if (n <= 0) {
            continue;
        }
        if (fds[0].revents) {
            return 0;
        }
        if (fds[1].revents) {
            return 1;
        }
        if (crowded && fds[2].revents) {
            FCGX_Free(&worker->request, 1);
            return 1;
        }
    }
}

/** @return 1: there is a request; 0: the process is to end */
static int next_request(worker_t *worker)
{
    for (;;) {
        int go = worker->request.ipcFd >= 0 ? wait_kept(worker) : wait_new(worker->server);
        int rv;

        if (!go) {
            return 0;
        }
        rv = FCGX_Accept_r(&worker->request);
        if (rv == 0) {
            return 1;
        }
        /* Another thread or process was faster, or the connection broke at once. */
        if (rv != -EAGAIN && rv != -EWOULDBLOCK && rv != -EINTR && rv != -ECONNABORTED) {
            app_log(APP_LOG_ERROR, NULL, "APP0411", "no connection could be accepted: error %d",
                    rv);
            apr_sleep(100000);
        }
    }
}

/* Answering */

/** Reads away what the request's handler left, so that the next request starts where it should. */
static void drain(FCGX_Request *request)
{
    char buf[8192];
    int n, total = 0;

    while (total < DRAIN_MAX && (n = FCGX_GetStr(buf, sizeof(buf), request->in)) > 0) {
        total += n;
    }
    if (total >= DRAIN_MAX) {
        request->keepConnection = 0;
    }
}

static void answer(worker_t *worker)
{
    apr_pool_t *p;

    worker->cut = 0;
    apr_pool_create(&p, worker->pool);
    app_cgi_exchange_run(worker->server->setup, &io, worker,
                         (const char *const *)worker->request.envp, p);
    apr_pool_destroy(p);
    if (worker->cut) {
        FCGX_Free(&worker->request, 1); /* without its end record: the server sees that it is cut */
        return;
    }
    if (worker->request.keepConnection) {
        drain(&worker->request);
    }
    FCGX_Finish_r(&worker->request);
}

static void *APR_THREAD_FUNC work(apr_thread_t *thread, void *data)
{
    worker_t *worker = data;

    (void)thread;
    while (next_request(worker)) {
        answer(worker);
    }
    FCGX_Free(&worker->request, 1);
    return NULL;
}

static void *APR_THREAD_FUNC keep_time(apr_thread_t *thread, void *data)
{
    server_t *server = data;
    struct pollfd stop = { .fd = server->stop_fd, .events = POLLIN };
    apr_pool_t *scratch;

    (void)thread;
    apr_pool_create(&scratch, server->pchild);
    do {
        int wait = (int)(app_core_timer_wait(server->setup->core) / 1000);

        if (poll(&stop, 1, wait > 0 ? wait : 1) == 0) {
            app_core_timer_run(server->setup->core, scratch);
            apr_pool_clear(scratch);
        }
    } while (!stopping(server));
    return NULL;
}

/* The process */

static int thread_count(void)
{
    const char *text = getenv("APP_FCGI_THREADS");
    apr_int64_t n = THREADS_DEFAULT;

    if (text && (app_int64_parse(text, strlen(text), &n) != APR_SUCCESS || n < 1 ||
                 n > THREADS_MAX)) {
        app_log(APP_LOG_WARNING, NULL, "APP0412", "APP_FCGI_THREADS takes a number from 1 to %d",
                THREADS_MAX);
        n = THREADS_DEFAULT;
    }
    return (int)n;
}

/** A pool that may be used from many threads, as far as sub-pools go. */
static apr_pool_t *shared_pool(apr_pool_t *parent)
{
    apr_thread_mutex_t *mutex;
    apr_allocator_t *allocator;
    apr_pool_t *p;

    apr_allocator_create(&allocator);
    apr_pool_create_ex(&p, parent, NULL, allocator);
    apr_allocator_owner_set(allocator, p);
    apr_thread_mutex_create(&mutex, APR_THREAD_MUTEX_DEFAULT, p);
    apr_allocator_mutex_set(allocator, mutex);
    return p;
}

/** A pool of one thread's own. */
static apr_pool_t *private_pool(apr_pool_t *parent)
{
    apr_allocator_t *allocator;
    apr_pool_t *p;

    apr_allocator_create(&allocator);
    apr_pool_create_ex(&p, parent, NULL, allocator);
    apr_allocator_owner_set(allocator, p);
    return p;
}

static int start_workers(server_t *server, worker_t *workers, int n, apr_pool_t *p)
{
    int i;

    for (i = 0; i < n; i++) {
        workers[i].server = server;
        workers[i].pool = private_pool(server->pchild);
        FCGX_InitRequest(&workers[i].request, LISTENER, 0);
        if (apr_thread_create(&workers[i].thread, NULL, work, &workers[i], p) != APR_SUCCESS) {
            app_log(APP_LOG_ERROR, NULL, "APP0413", "%d of %d threads could be started", i, n);
            break;
        }
    }
    return i;
}

/** Waits until the process is to end. @return whether it is to start anew */
static int wait_for_end(const server_t *server, const sigset_t *signals)
{
    app_cgi_watch_t *watch = app_cgi_watch_make(server->setup, server->pchild);
    struct timespec wait = { .tv_sec = WATCH_SECONDS };

    for (;;) {
        int signal_number = sigtimedwait(signals, NULL, &wait);

        if (signal_number > 0) {
            app_log(APP_LOG_NOTICE, NULL, "APP0414", "signal %d: requests under way are finished",
                    signal_number);
            return 0;
        }
        if (app_cgi_watch_changed(watch)) {
            app_log(APP_LOG_NOTICE, NULL, "APP0415",
                    "the program, its plugins or its settings have changed: starting anew");
            return 1;
        }
    }
}

static int serve(server_t *server, const sigset_t *signals, apr_pool_t *p)
{
    int n = thread_count(), i, anew;
    worker_t *workers = apr_pcalloc(p, sizeof(*workers) * (apr_size_t)n);
    apr_thread_t *timer = NULL;
    apr_uint64_t one = 1;
    apr_status_t rv;

    n = start_workers(server, workers, n, p);
    if (server->setup->site) {
        apr_thread_create(&timer, NULL, keep_time, server, p);
    }
    app_log(APP_LOG_NOTICE, NULL, "APP0416", "%s %s: FastCGI with %d threads", APP_NAME,
            APP_VERSION, n);
    anew = wait_for_end(server, signals);
    while (write(server->stop_fd, &one, sizeof(one)) < 0 && errno == EINTR) {
    }
    for (i = 0; i < n; i++) {
        apr_thread_join(&rv, workers[i].thread);
    }
    if (timer) {
        apr_thread_join(&rv, timer);
    }
    return anew;
}

static void load(app_cgi_setup_t *setup, apr_pool_t *p, apr_pool_t *pchild)
{
    app_error_t err = { .pool = p };

    app_cgi_setup_find(setup, "fastcgi", p);
    app_cgi_log_level(APP_LOG_NOTICE);
    if (app_cgi_setup_load(setup, &err, p) != APR_SUCCESS ||
        app_cgi_setup_start(setup, pchild, &err) != APR_SUCCESS) {
        setup->site = NULL; /* every request gets a 500 until the settings are mended */
        app_log(APP_LOG_ERROR, NULL, "APP0417", "%s; app.cgi --doctor tells more", err.message);
    }
}

int app_fcgi_run(app_cgi_setup_t *setup, apr_pool_t *p)
{
    server_t server = { .setup = setup, .stop_fd = eventfd(0, EFD_CLOEXEC) };
    sigset_t signals, before;
    int anew;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &signals, &before);
    if (server.stop_fd < 0 || FCGX_Init() != 0 ||
        fcntl(LISTENER, F_SETFL, fcntl(LISTENER, F_GETFL) | O_NONBLOCK) != 0) {
        return 1;
    }
    pthread_mutex_init(&server.first, NULL);
    server.pchild = shared_pool(p);
    load(setup, p, server.pchild);
    anew = serve(&server, &signals, p);
    if (setup->site) {
        app_core_stop(setup->core);
    }
    apr_pool_destroy(server.pchild);
    if (anew) {
        char *const argv[] = { apr_pstrdup(p, setup->program), NULL };

        pthread_sigmask(SIG_SETMASK, &before, NULL);
        execv(setup->program, argv);
        app_log(APP_LOG_ERROR, NULL, "APP0418", "%s cannot be started anew", setup->program);
    }
    return 0;
}
