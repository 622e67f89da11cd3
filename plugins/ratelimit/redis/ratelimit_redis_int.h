/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the files of this folder know of each other.
 *
 *   ratelimit_redis_url.c    where Redis is
 *   ratelimit_redis_line.c   connections: made, kept, given out
 *   ratelimit_redis.c        what is asked over them, and what happens when nobody answers
 */
#ifndef RATELIMIT_REDIS_INT_H
#define RATELIMIT_REDIS_INT_H

#include <hiredis.h>

#include "apr_thread_mutex.h"

#include "ratelimit_redis.h"

#define RATELIMIT_LINES    16 /* connections that a process keeps while they are idle */
#define RATELIMIT_WHY_MAX  200

/** Connections to one Redis. */
typedef struct ratelimit_lines_t {
    const ratelimit_redis_conf_t *conf;
    apr_thread_mutex_t           *lock; /* over what follows; never held across a wait */
    redisContext                 *idle[RATELIMIT_LINES];
    int                           count;
    char address[64]; /* where the host's name led to last; "": not known */
} ratelimit_lines_t;

apr_status_t ratelimit_lines_init(ratelimit_lines_t *lines, const ratelimit_redis_conf_t *conf,
                                  apr_pool_t *p);

/** An idle connection; NULL: there is none. */
redisContext *ratelimit_line_idle(ratelimit_lines_t *lines);

/**
 * A new connection, signed in. A host's name is looked up only when it is not known where it led
 * to, since nothing bounds how long that takes.
 * @param why RATELIMIT_WHY_MAX bytes: what went wrong, for the log
 * @return NULL: it could not be made
 */
redisContext *ratelimit_line_open(ratelimit_lines_t *lines, char *why);

/** Gives back a connection that is good. */
void ratelimit_line_keep(ratelimit_lines_t *lines, redisContext *line);

/** Closes all that are idle, and forgets where the host's name led to. */
void ratelimit_lines_drop(ratelimit_lines_t *lines);

/** Says in why what has happened to a connection. */
void ratelimit_line_explain(char *why, const redisContext *line,
                            const ratelimit_redis_conf_t *conf);

#endif
