/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the files of plugin ratelimit know of each other.
 *
 *   ratelimit.c           descriptor, settings, life, its part of /status
 *   ratelimit_filter.c    a request's way through the limits that are for it
 *   ratelimit_rule.c      lines of the setting Limit
 *   ratelimit_address.c   whose address it is
 *   ratelimit_table.c     the buckets, in shared memory
 *   ratelimit_hash.c      whose bucket is which
 *   ratelimit_header.c    RateLimit-Policy and RateLimit
 *   ratelimit_count.c     how often what happened
 *   redis/                buckets that several machines share
 */
#ifndef RATELIMIT_INT_H
#define RATELIMIT_INT_H

#include "ratelimit_count.h"
#include "ratelimit_redis.h"
#include "ratelimit_rule.h"
#include "ratelimit_table.h"

typedef struct ratelimit_conf_t {
    apr_array_header_t *limits; /* of const ratelimit_rule_t * */
    apr_array_header_t *exempt; /* of const apr_array_header_t * of const ratelimit_network_t * */
    apr_int64_t         ipv4_prefix, ipv6_prefix;
    int                 headers;
    apr_int64_t         memory;
    const char         *redis;
    apr_interval_time_t redis_timeout;
    const char         *redis_prefix;
} ratelimit_conf_t;

/** One instance: a site that uses the plugin. */
typedef struct ratelimit_t {
    app_shm_t             *table_shm, *counts_shm, *redis_shm;
    ratelimit_redis_conf_t redis_conf;
    app_metric_t          *requests, *questions; /* for plugin metrics, as well as counts */
    /* From start() on: */
    ratelimit_table_t       *table;
    ratelimit_counts_t      *counts;
    ratelimit_redis_state_t *redis_state; /* NULL: there is no Redis */
    ratelimit_redis_t       *redis;
} ratelimit_t;

/* ratelimit_filter.c */

/** Limits that need not know who asks; at APP_PLACE_LIMIT. */
app_handler_fn ratelimit_filter_early;
/** The others; at APP_PLACE_ADMIT. */
app_handler_fn ratelimit_filter_late;

#endif
