/* SPDX-License-Identifier: Apache-2.0 */
/**
 * FastCGI: a process that lives on, with threads that each answer one request at a time over
 * libfcgi. Standard input is the listening socket, perhaps shared with other processes.
 *
 *     main thread     waits for signals; looks at the files that a restart would read anew
 *     timer thread    what plugins and the database have to do now and then
 *     workers         wait for a connection ──► answer one request on it ──► wait …
 *
 * SIGTERM, SIGINT, SIGHUP and SIGUSR1 let requests under way finish. After a change of the
 * program or its settings it does the same and starts itself anew in the same process, so that
 * whoever manages it sees no exit and waiting clients wait a moment longer.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fcgiapp.h>

#include "apr_strings.h"
#include "apr_thread_proc.h"

#include "app_cgi_int.h"

#define LISTENER        STDIN_FILENO
#define THREADS_DEFAULT 8
#define THREADS_MAX     256
#define WATCH_SECONDS   1
#define WATCHED         (EPOLLIN | EPOLLRDHUP | EPOLLONESHOT)
#define CONNECTIONS_MAX 1000              /* above, none is kept open */
#define FRESH_WAIT      2000000           /* at the end: wait for a first request (microseconds) */
#define KEPT_WAIT       300000            /* … and for one more on a kept connection */
#define CLOSE_STEP      5000
#define DRAIN_MAX       (8 * 1024 * 1024) /* unread body that is read away to keep a connection */
#define POOL_KEEPS      (1024 * 1024)     /* free memory that a worker keeps for its next request */

typedef struct server_t {
    app_cgi_setup_t *setup;
    int              stop_fd; /* readable from the moment the process is to end */
    int              epoll;   /* tells the workers of new connections, of requests, of the end */
    apr_pool_t      *pchild;
    pthread_mutex_t  mutex; /* for what follows */
    struct conn_t   *conns;
    int              nconns;
    int              nfresh;  /* of them: no request of theirs has been answered yet */
    int              closing; /* no new ones are taken */
} server_t;

/* A connection from the web server, with one request at a time. A worker has it, or the epoll. */
typedef struct conn_t {
    struct conn_t *next, **link;
    server_t      *server;
    FCGX_Request   request;
    int            fresh; /* see nfresh */
    int            cut;   /* this answer cannot be completed */
} conn_t;

typedef struct worker_t {
    server_t     *server;
    apr_thread_t *thread;
    apr_pool_t   *pool; /* of one request after the other */
} worker_t;

/* Streams of a request */

static apr_status_t read_in(void *stream, char *buf, apr_size_t *plen)
{
    FCGX_Stream *in = ((conn_t *)stream)->request.in;
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
    FCGX_Stream *out = ((conn_t *)stream)->request.out;

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
    return FCGX_FFlush(((conn_t *)stream)->request.out) == 0 ? APR_SUCCESS : APR_ECONNABORTED;
}

static int is_gone(void *stream)
{
    struct pollfd peer = { .fd = ((conn_t *)stream)->request.ipcFd, .events = POLLRDHUP };

    return poll(&peer, 1, 0) > 0 && (peer.revents & (POLLERR | POLLHUP | POLLRDHUP));
}

static void cut(void *stream)
{
    ((conn_t *)stream)->cut = 1;
}

static void log_line(void *stream, const char *line)
{
    FCGX_PutS(line, ((conn_t *)stream)->request.err);
}

static const app_cgi_io_t io = { .read = read_in,
                                 .write = write_out,
                                 .flush = flush_out,
                                 .gone = is_gone,
                                 .abort = cut,
                                 .log = log_line };

/* Connections */

/** Has one worker told, once, when there is something to read. @return whether that was possible */
static int watch(const server_t *server, int fd, conn_t *conn)
{
    struct epoll_event event = { .events = WATCHED, .data.ptr = conn };

    return epoll_ctl(server->epoll, EPOLL_CTL_MOD, fd, &event) == 0 ||
           (errno == ENOENT && epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) == 0);
}

static conn_t *conn_make(server_t *server, int fd)
{
    conn_t *conn = calloc(1, sizeof(*conn));

    if (!conn) {
        close(fd);
        return NULL;
    }
    conn->server = server;
    conn->fresh = 1;
    FCGX_InitRequest(&conn->request, LISTENER, 0);
    conn->request.ipcFd = fd;
    conn->request.keepConnection = 1; /* or FCGX_Accept_r() would begin by closing it */
    pthread_mutex_lock(&server->mutex);
    conn->next = server->conns;
    conn->link = &server->conns;
    if (conn->next) {
        conn->next->link = &conn->next;
    }
    server->conns = conn;
    server->nconns++;
    server->nfresh++;
    pthread_mutex_unlock(&server->mutex);
    return conn;
}

/** Closes without a word: FCGX_Free() would wait up to two seconds for the peer to close too. */
static void conn_close(conn_t *conn)
{
    if (conn->request.ipcFd >= 0) {
        close(conn->request.ipcFd);
        conn->request.ipcFd = -1;
    }
    FCGX_Free(&conn->request, 0);
}

static void conn_free(conn_t *conn)
{
    server_t *server = conn->server;

    conn_close(conn);
    pthread_mutex_lock(&server->mutex);
    *conn->link = conn->next;
    if (conn->next) {
        conn->next->link = conn->link;
    }
    server->nconns--;
    server->nfresh -= conn->fresh;
    pthread_mutex_unlock(&server->mutex);
    free(conn);
}

/** Notes an answered request. @return whether the connection may be kept for another one */
static int conn_keeps(conn_t *conn)
{
    server_t *server = conn->server;
    int keeps;

    pthread_mutex_lock(&server->mutex);
    server->nfresh -= conn->fresh;
    conn->fresh = 0;
    keeps = server->nconns <= CONNECTIONS_MAX && !server->closing;
    pthread_mutex_unlock(&server->mutex);
    return keeps;
}

/** Has a worker told of the next new connection, unless there is to be none. */
static void watch_listener(server_t *server)
{
    pthread_mutex_lock(&server->mutex);
    if (!server->closing) {
        watch(server, LISTENER, NULL);
    }
    pthread_mutex_unlock(&server->mutex);
}

/**
 * Leaves new connections to other processes, or to the program started anew, and waits for the
 * requests of those that were taken: the web server would not send them twice. Connections that it
 * keeps open are closed behind one more request each, if that comes soon.
 */
static void close_listener(server_t *server)
{
    int waited, busy = 1;

    pthread_mutex_lock(&server->mutex);
    server->closing = 1;
    epoll_ctl(server->epoll, EPOLL_CTL_DEL, LISTENER, NULL);
    pthread_mutex_unlock(&server->mutex);
    for (waited = 0; busy; waited += CLOSE_STEP) {
        apr_sleep(waited ? CLOSE_STEP : 0);
        pthread_mutex_lock(&server->mutex);
        busy = (server->nfresh && waited < FRESH_WAIT) || (server->nconns && waited < KEPT_WAIT);
        pthread_mutex_unlock(&server->mutex);
    }
}

/**
 * Whether the peer may send requests: where FCGI_WEB_SERVER_ADDRS names addresses, one of them
 * (FastCGI 3.2).
 */
static int is_welcome(const struct sockaddr *address)
{
    const struct sockaddr_in *in = (const struct sockaddr_in *)address;
    const char *list = getenv("FCGI_WEB_SERVER_ADDRS");
    char peer[INET_ADDRSTRLEN];
    apr_size_t len;

    if (!list || address->sa_family != AF_INET) {
        return 1;
    }
    inet_ntop(AF_INET, &in->sin_addr, peer, sizeof(peer));
    for (len = strlen(peer); *list; list += *list == ',') {
        apr_size_t word = strcspn(list, ",");

        if (word == len && strncmp(list, peer, len) == 0) {
            return 1;
        }
        list += word;
    }
    return 0;
}

/** Takes a new connection. @return NULL if there is none: another process was faster */
static conn_t *take_new(server_t *server)
{
    struct sockaddr_storage address = { .ss_family = AF_UNSPEC };
    socklen_t len = sizeof(address);
    int on = 1;
    int fd = accept4(LISTENER, (struct sockaddr *)&address, &len, SOCK_CLOEXEC), why = errno;

    if (fd < 0 && why != EAGAIN && why != EINTR && why != ECONNABORTED) {
        app_log(APP_LOG_ERROR, NULL, "APP0411", "no connection could be accepted: error %d", why);
        apr_sleep(100000);
    }
    watch_listener(server);
    if (fd < 0) {
        return NULL;
    }
    if (!is_welcome((const struct sockaddr *)&address)) {
        close(fd);
        return NULL;
    }
    if (address.ss_family != AF_UNIX) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    return conn_make(server, fd);
}

static int stopping(const server_t *server)
{
    struct pollfd stop = { .fd = server->stop_fd, .events = POLLIN };

    return poll(&stop, 1, 0) > 0;
}

/** Reads away what is left of a request, so that the next one starts where it should. */
static int drain(FCGX_Request *request)
{
    char buf[8192];
    int n, total = 0;

    do {
        n = FCGX_GetStr(buf, sizeof(buf), request->in);
        total += n;
    } while (n == sizeof(buf) && total < DRAIN_MAX);
    return FCGX_HasSeenEOF(request->in) == EOF;
}

static void answer(conn_t *conn, apr_pool_t *p)
{
    FCGX_Request *request = &conn->request;
    int keeps;

    conn->cut = 0;
    app_cgi_exchange_run(conn->server->setup, &io, conn, (const char *const *)request->envp, p);
    apr_pool_clear(p);
    keeps = conn_keeps(conn);
    if (conn->cut) {
        conn_close(conn); /* without its end record: the web server sees that it is cut */
        return;
    }
    if (!drain(request) || !keeps) {
        request->keepConnection = 0;
    }
    FCGX_Finish_r(request);
}

/**
 * Whether a request is on a new connection already. If not, the epoll tells when: a connection that
 * stays silent must not hold a thread.
 */
static int has_request(conn_t *conn)
{
    struct pollfd fd = { .fd = conn->request.ipcFd, .events = POLLIN };

    if (poll(&fd, 1, 0) > 0) {
        return 1;
    }
    if (!watch(conn->server, fd.fd, conn)) {
        conn_free(conn);
    }
    return 0;
}

/**
 * Answers the request that has come on a connection. One that the web server keeps open then waits
 * for its next request without a thread.
 */
static void serve_conn(conn_t *conn, apr_pool_t *p)
{
    if (FCGX_Accept_r(&conn->request) == 0) {
        answer(conn, p);
    }
    if (conn->request.ipcFd < 0 || !watch(conn->server, conn->request.ipcFd, conn)) {
        conn_free(conn);
    }
}

/* Threads */

static void *APR_THREAD_FUNC work(apr_thread_t *thread, void *data)
{
    worker_t *worker = data;
    server_t *server = worker->server;
    struct epoll_event event;

    (void)thread;
    for (;;) {
        conn_t *conn;

        if (epoll_wait(server->epoll, &event, 1, -1) != 1) {
            continue;
        }
        if (event.data.ptr == server) {
            return NULL; /* the end */
        }
        conn = event.data.ptr;
        if (!conn) {
            conn = take_new(server);
            if (!conn || !has_request(conn)) {
                continue;
            }
        }
        serve_conn(conn, worker->pool);
    }
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
    apr_allocator_max_free_set(allocator, POOL_KEEPS);
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
    close_listener(server);
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

/** The listening socket may be shared with other processes, and one of them be faster. */
static int prepare_waiting(server_t *server)
{
    struct epoll_event stop = { .events = EPOLLIN, .data.ptr = server };

    server->stop_fd = eventfd(0, EFD_CLOEXEC);
    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    return FCGX_Init() == 0 && server->stop_fd >= 0 && server->epoll >= 0 &&
           fcntl(LISTENER, F_SETFL, fcntl(LISTENER, F_GETFL) | O_NONBLOCK) == 0 &&
           epoll_ctl(server->epoll, EPOLL_CTL_ADD, server->stop_fd, &stop) == 0 &&
           watch(server, LISTENER, NULL);
}

int app_fcgi_run(app_cgi_setup_t *setup, apr_pool_t *p)
{
    server_t server = { .setup = setup, .mutex = PTHREAD_MUTEX_INITIALIZER };
    conn_t *conn, *next;
    sigset_t signals;
    int anew;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    if (!prepare_waiting(&server)) {
        return 1;
    }
    server.pchild = shared_pool(p);
    load(setup, p, server.pchild);
    anew = serve(&server, &signals, p);
    if (setup->site) {
        app_core_stop(setup->core);
    }
    for (conn = server.conns; conn; conn = next) {
        next = conn->next;
        conn_free(conn);
    }
    close(server.epoll);
    close(server.stop_fd);
    apr_pool_destroy(server.pchild);
    if (anew) {
        char *const argv[] = { apr_pstrdup(p, setup->program), NULL };

        /* Signals stay blocked: one that comes now is found by the new program. */
        execv(setup->program, argv);
        app_log(APP_LOG_ERROR, NULL, "APP0418", "%s cannot be started anew", setup->program);
    }
    return 0;
}
