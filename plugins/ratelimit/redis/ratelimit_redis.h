/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Buckets that several machines share, in Redis: one script a request and limit, over connections
 * that are kept. While Redis is away it is asked once a second, by one of all processes, and the
 * limits of this machine alone hold.
 */
#ifndef RATELIMIT_REDIS_H
#define RATELIMIT_REDIS_H

#include "ratelimit_redis_url.h"
#include "ratelimit_table.h"

typedef struct ratelimit_redis_t ratelimit_redis_t;

/** Whose bucket it is. */
typedef struct ratelimit_key_t {
    apr_uint64_t label; /* the limit, and what kind of data follows */
    const void  *data;
    apr_size_t   len;
} ratelimit_key_t;

typedef struct ratelimit_redis_conf_t {
    ratelimit_redis_url_t url;
    apr_interval_time_t   timeout; /* of a connect, and of an answer */
    const char           *prefix;  /* what keys begin with */
} ratelimit_redis_conf_t;

/** What all processes of this machine know of it, in shared memory; all zero at first. */
typedef struct ratelimit_redis_state_t {
    apr_time_t   away;      /* 0: it is there; else when it was asked last, in vain */
    apr_time_t   logged_at; /* when a line about it went to the log last */
    int          told;      /* that it is away has been logged */
    apr_uint64_t asked, failed;
} ratelimit_redis_state_t;

/** In start(). Connects to nothing yet. conf, state and p live as long as the process. */
apr_status_t ratelimit_redis_create(ratelimit_redis_t **predis,
                                    const ratelimit_redis_conf_t *conf,
                                    ratelimit_redis_state_t *state, app_error_t *err,
                                    apr_pool_t *p);

/**
 * Takes cost tokens from the bucket that all machines share. Thread of a request.
 * @return APR_SUCCESS; APP_NEXT: Redis is away, and pverdict has not been set
 */
apr_status_t ratelimit_redis_take(ratelimit_verdict_t *pverdict, ratelimit_redis_t *redis,
                                  const ratelimit_key_t *key, const ratelimit_rate_t *rate,
                                  apr_int64_t cost);

/** Every second, in the host's timer, in one process: looks whether Redis is back. */
void ratelimit_redis_tick(ratelimit_redis_t *redis);

#endif
