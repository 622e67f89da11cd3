/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The buckets of all who are limited, in memory that all processes share; of a fixed size. Without
 * a lock; any thread. Times are nanoseconds since 1970, and given: the table has no clock.
 *
 * A token bucket is one number (GCRA): the time at which it will be full again. A request moves it
 * on by what it costs, and is refused if it would then be further away than a whole bucket.
 */
#ifndef RATELIMIT_TABLE_H
#define RATELIMIT_TABLE_H

#include "apr_time.h"

#include "ratelimit_hash.h"

typedef struct ratelimit_table_t ratelimit_table_t;

/** How a limit's buckets are filled. */
typedef struct ratelimit_rate_t {
    apr_int64_t interval; /* nanoseconds that one token takes; at least 1 */
    apr_int64_t whole;    /* nanoseconds that an empty bucket takes; at most RATELIMIT_WHOLE_MAX */
} ratelimit_rate_t;

#define RATELIMIT_WHOLE_MAX (APR_INT64_C(31) * 86400 * APR_INT64_C(1000000000))

typedef struct ratelimit_verdict_t {
    int         passed;
    apr_int64_t until_full; /* nanoseconds until the bucket is full again */
    apr_int64_t wait;       /* refused: nanoseconds until this request would pass */
} ratelimit_verdict_t;

/** What the table itself can tell. */
typedef struct ratelimit_table_figures_t {
    apr_size_t   buckets;
    apr_uint64_t forgotten; /* buckets that were not full, and had to make room */
} ratelimit_table_figures_t;

/** Smallest memory that holds a table. */
#define RATELIMIT_TABLE_MIN 4096

/**
 * Makes a table of fresh memory, once; what is a table already stays as it is. Nobody else may be
 * at it meanwhile.
 * @param secret random bytes, where a table is made
 */
void ratelimit_table_init(ratelimit_table_t *table, apr_size_t size,
                          const unsigned char secret[RATELIMIT_SECRET_BYTES]);

/** Whose bucket it is, for take() and give(). */
apr_uint64_t ratelimit_table_hash(const ratelimit_table_t *table, apr_uint64_t label,
                                  const void *data, apr_size_t len);

/** Takes cost tokens from a bucket, or none if it has fewer. */
ratelimit_verdict_t ratelimit_table_take(ratelimit_table_t *table, apr_uint64_t hash,
                                         const ratelimit_rate_t *rate, apr_int64_t cost,
                                         apr_int64_t now);

/** Puts back what take() has just taken, since the request was refused elsewhere. */
void ratelimit_table_give(ratelimit_table_t *table, apr_uint64_t hash,
                          const ratelimit_rate_t *rate, apr_int64_t cost);

ratelimit_table_figures_t ratelimit_table_figures(const ratelimit_table_t *table);

#endif
