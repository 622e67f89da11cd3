/* SPDX-License-Identifier: Apache-2.0 */
/** Connections to Redis (ratelimit_redis_int.h), by hiredis. Any thread. */
#include "ratelimit_redis_int.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "apr_strings.h"

static apr_status_t close_all(void *data)
{
    ratelimit_lines_drop(data);
    return APR_SUCCESS;
}

apr_status_t ratelimit_lines_init(ratelimit_lines_t *lines, const ratelimit_redis_conf_t *conf,
                                  apr_pool_t *p)
{
    apr_status_t rv = apr_thread_mutex_create(&lines->lock, APR_THREAD_MUTEX_DEFAULT, p);

    lines->conf = conf;
    if (rv == APR_SUCCESS) {
        apr_pool_cleanup_register(p, lines, close_all, apr_pool_cleanup_null);
    }
    return rv;
}

redisContext *ratelimit_line_idle(ratelimit_lines_t *lines)
{
    redisContext *line = NULL;

    apr_thread_mutex_lock(lines->lock);
    if (lines->count > 0) {
        line = lines->idle[--lines->count];
    }
    apr_thread_mutex_unlock(lines->lock);
    return line;
}

void ratelimit_line_keep(ratelimit_lines_t *lines, redisContext *line)
{
    int kept = 0;

    apr_thread_mutex_lock(lines->lock);
    if (lines->count < RATELIMIT_LINES) {
        lines->idle[lines->count++] = line;
        kept = 1;
    }
    apr_thread_mutex_unlock(lines->lock);
    if (!kept) {
        redisFree(line);
    }
}

void ratelimit_lines_drop(ratelimit_lines_t *lines)
{
    redisContext *line;

    while ((line = ratelimit_line_idle(lines)) != NULL) {
        redisFree(line);
    }
    apr_thread_mutex_lock(lines->lock);
    lines->address[0] = '\0';
    apr_thread_mutex_unlock(lines->lock);
}

void ratelimit_line_explain(char *why, const redisContext *line,
                            const ratelimit_redis_conf_t *conf)
{
    if (!line) {
        apr_cpystrn(why, "there is no memory", RATELIMIT_WHY_MAX);
    }
    else if (line->err == REDIS_ERR_IO && (errno == EAGAIN || errno == EINPROGRESS)) {
        snprintf(why, RATELIMIT_WHY_MAX, "no answer within %d ms",
                 (int)apr_time_as_msec(conf->timeout));
    }
    else {
        apr_cpystrn(why, line->errstr, RATELIMIT_WHY_MAX);
    }
}

/* Opening */

static void get_address(char *address, apr_size_t size, ratelimit_lines_t *lines)
{
    apr_thread_mutex_lock(lines->lock);
    apr_cpystrn(address, lines->address, size);
    apr_thread_mutex_unlock(lines->lock);
}

/** Where a connection by name has led to. */
static void note_address(ratelimit_lines_t *lines, const redisContext *line)
{
    struct sockaddr_storage peer = { .ss_family = AF_UNSPEC };
    socklen_t len = sizeof(peer);
    const void *address;

    if (getpeername(line->fd, (struct sockaddr *)&peer, &len) != 0) {
        return;
    }
    address = peer.ss_family == AF_INET6
                  ? (const void *)&((const struct sockaddr_in6 *)&peer)->sin6_addr
                  : (const void *)&((const struct sockaddr_in *)&peer)->sin_addr;
    apr_thread_mutex_lock(lines->lock);
    inet_ntop(peer.ss_family, address, lines->address, sizeof(lines->address));
    apr_thread_mutex_unlock(lines->lock);
}

static redisContext *connect_line(ratelimit_lines_t *lines)
{
    const ratelimit_redis_conf_t *conf = lines->conf;
    const struct timeval wait = { .tv_sec = (time_t)apr_time_sec(conf->timeout),
                                  .tv_usec = (suseconds_t)apr_time_usec(conf->timeout) };
    char address[sizeof(lines->address)];
    redisContext *line;

    get_address(address, sizeof(address), lines);
    line = conf->url.path ? redisConnectUnixWithTimeout(conf->url.path, wait)
                          : redisConnectWithTimeout(*address ? address : conf->url.host,
                                                    conf->url.port, wait);
    if (line && !line->err && redisSetTimeout(line, wait) == REDIS_OK && !conf->url.path &&
        !*address) {
        note_address(lines, line);
    }
    return line;
}

/** One command of those that begin a connection. @return 0: it failed, and why says how */
static int say(redisContext *line, int argc, const char **argv, const ratelimit_redis_conf_t *conf,
               char *why)
{
    redisReply *reply = redisCommandArgv(line, argc, argv, NULL);
    const int good = reply && reply->type != REDIS_REPLY_ERROR;

    if (!reply) {
        ratelimit_line_explain(why, line, conf);
    }
    else if (!good) {
        apr_cpystrn(why, reply->str, RATELIMIT_WHY_MAX);
    }
    freeReplyObject(reply);
    return good;
}

static int sign_in(redisContext *line, const ratelimit_redis_conf_t *conf, char *why)
{
    const ratelimit_redis_url_t *url = &conf->url;
    const char *with_user[] = { "AUTH", url->user, url->password };
    const char *alone[] = { "AUTH", url->password };
    char number[16];
    const char *choose[] = { "SELECT", number };

    snprintf(number, sizeof(number), "%d", url->database);
    if (url->password && !say(line, url->user ? 3 : 2, url->user ? with_user : alone, conf, why)) {
        return 0;
    }
    return !url->database || say(line, 2, choose, conf, why);
}

redisContext *ratelimit_line_open(ratelimit_lines_t *lines, char *why)
{
    redisContext *line = connect_line(lines);

    if (!line || line->err) {
        ratelimit_line_explain(why, line, lines->conf);
    }
    else if (sign_in(line, lines->conf, why)) {
        return line;
    }
    if (line) {
        redisFree(line);
    }
    return NULL;
}
