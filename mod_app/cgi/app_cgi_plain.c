/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Plain CGI: a process for one request, whose body comes on standard input and whose answer goes
 * to standard output. One thread.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app_cgi_int.h"
#include "app_db_int.h"

#define BUFFER_SIZE 16384
#define REPORT_MAX  (256 * 1024)

extern char **environ;

typedef struct plain_t {
    apr_size_t len;
    char       buffer[BUFFER_SIZE];
    int        cut;
} plain_t;

static apr_status_t read_in(void *stream, char *buf, apr_size_t *plen)
{
    ssize_t n;

    (void)stream;
    do {
        n = read(STDIN_FILENO, buf, *plen);
    } while (n < 0 && errno == EINTR);
    *plen = n > 0 ? (apr_size_t)n : 0;
    return n > 0 ? APR_SUCCESS : n == 0 ? APR_EOF : APR_FROM_OS_ERROR(errno);
}

static apr_status_t write_all(const char *bytes, apr_size_t len)
{
    while (len) {
        ssize_t n = write(STDOUT_FILENO, bytes, len);

        if (n < 0 && errno != EINTR) {
            return APR_FROM_OS_ERROR(errno);
        }
        if (n > 0) {
            bytes += n;
            len -= (apr_size_t)n;
        }
    }
    return APR_SUCCESS;
}

static apr_status_t flush_out(void *stream)
{
    plain_t *plain = stream;
    apr_size_t len = plain->len;

    plain->len = 0;
    return write_all(plain->buffer, len);
}

static apr_status_t write_out(void *stream, const char *bytes, apr_size_t len)
{
    plain_t *plain = stream;
    apr_status_t rv;

    if (plain->len + len > BUFFER_SIZE && (rv = flush_out(plain)) != APR_SUCCESS) {
        return rv;
    }
    if (len > BUFFER_SIZE) {
        return write_all(bytes, len);
    }
    memcpy(plain->buffer + plain->len, bytes, len);
    plain->len += len;
    return APR_SUCCESS;
}

static int is_gone(void *stream)
{
    struct pollfd out = { .fd = STDOUT_FILENO };

    (void)stream;
    return poll(&out, 1, 0) > 0 && (out.revents & (POLLERR | POLLHUP));
}

/** CGI has no way to say that an answer broke off; the exit code is seen by some servers. */
static void cut(void *stream)
{
    ((plain_t *)stream)->cut = 1;
}

static void log_line(void *stream, const char *line)
{
    (void)stream;
    if (write(STDERR_FILENO, line, strlen(line)) < 0) {
        return; /* there is nobody left to tell */
    }
}

static const app_cgi_io_t io = { .read = read_in,
                                 .write = write_out,
                                 .flush = flush_out,
                                 .gone = is_gone,
                                 .abort = cut,
                                 .log = log_line };

static apr_status_t prepare(app_cgi_setup_t *setup, apr_pool_t *p)
{
    app_error_t err = { .pool = p };

    app_cgi_setup_find(setup, "cgi", p);
    app_cgi_log_level(APP_LOG_WARNING);
    if (app_cgi_setup_load(setup, &err, p) != APR_SUCCESS ||
        app_cgi_setup_start(setup, p, &err) != APR_SUCCESS) {
        setup->site = NULL;
        app_log(APP_LOG_ERROR, NULL, "APP0402", "%s; app.cgi --doctor tells more", err.message);
        return APP_EFAIL;
    }
    return APR_SUCCESS;
}

/** No process lives on to do it, so what SQLite leaves to maintenance is done behind a write. */
static void maintain(const app_cgi_setup_t *setup, apr_pool_t *p)
{
    const char *method = getenv("REQUEST_METHOD");

    if (app_site_db(setup->site) && method && strcmp(method, "GET") != 0 &&
        strcmp(method, "HEAD") != 0) {
        app_db_maintain(app_site_db(setup->site), p);
    }
}

static int show_doctor(app_cgi_setup_t *setup, apr_pool_t *p)
{
    static const char head[] = "Status: 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
                               "Cache-Control: no-store\r\n\r\n";
    app_buf_t report;

    app_cgi_setup_find(setup, "cgi", p);
    app_cgi_log_level(APP_LOG_ERROR);
    app_buf_init(&report, p, REPORT_MAX);
    app_buf_adds(&report, head);
    app_doctor_run(setup, 1, &report, p);
    write_all(report.data, report.len);
    return 0;
}

int app_cgi_plain_run(app_cgi_setup_t *setup, apr_pool_t *p)
{
    plain_t plain = { .len = 0 };
    int ready;

    if (app_doctor_asked()) {
        return show_doctor(setup, p);
    }
    ready = prepare(setup, p) == APR_SUCCESS;
    app_cgi_exchange_run(setup, &io, &plain, (const char *const *)environ, p);
    flush_out(&plain);
    close(STDOUT_FILENO); /* the client need not wait for what is put in order below */
    if (ready) {
        maintain(setup, p);
        app_core_stop(setup->core);
    }
    return plain.cut;
}
