/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Buckets in shared memory (ratelimit_table.h):
 *
 *     +------------------------------+-------+-------+-----+
 *     | secret, sets, forgotten      | set 0 | set 1 | …   |
 *     +------------------------------+-------+-------+-----+
 *     0                              64      192
 *
 * A set is eight buckets, each a tag (58 bits of the hash, and in the last six how long the whole
 * bucket takes, as a power of two) and the time at which it is full. One that is full is as good
 * as none: whoever comes anew takes its place, without a word of its time being written, so
 * nobody can see it half made.
 *
 * Where all eight are in use the fullest one goes, measured by its own size. So those who have
 * used up their limit stay, and a flood of strangers with a request each only drives out
 * strangers: somebody limited is forgotten only when eight more, who are closer to their limits,
 * meet in one set.
 */
#include "ratelimit_table.h"

#include <string.h>

#define WAYS       8
#define CLASS_BITS 6
#define CLASS_MASK APR_UINT64_C(0x3f)
#define SCORE_BITS 10 /* of a fraction; RATELIMIT_WHOLE_MAX has 52 bits, so nothing is lost */

typedef struct bucket_t {
    apr_uint64_t tag;  /* 0: nobody's */
    apr_int64_t  full; /* when it is */
} bucket_t;

struct ratelimit_table_t {
    unsigned char secret[RATELIMIT_SECRET_BYTES];
    apr_uint64_t  sets; /* 0: not made yet */
    apr_uint64_t  forgotten;
    unsigned char unused[32]; /* sets begin where cache lines do */
    bucket_t      buckets[];
};

void ratelimit_table_init(ratelimit_table_t *table, apr_size_t size,
                          const unsigned char secret[RATELIMIT_SECRET_BYTES])
{
    if (table->sets) {
        return;
    }
    memcpy(table->secret, secret, RATELIMIT_SECRET_BYTES);
    table->sets = (size - sizeof(*table)) / (WAYS * sizeof(bucket_t));
}

apr_uint64_t ratelimit_table_hash(const ratelimit_table_t *table, apr_uint64_t label,
                                  const void *data, apr_size_t len)
{
    return ratelimit_hash(table->secret, label, data, len);
}

/* Buckets */

static int class_of(const ratelimit_rate_t *rate)
{
    return 63 - __builtin_clzll((apr_uint64_t)rate->whole | 1);
}

/** Never 0 for a rate of more than a nanosecond. */
static apr_uint64_t tag_of(apr_uint64_t hash, const ratelimit_rate_t *rate)
{
    return hash << CLASS_BITS | (apr_uint64_t)class_of(rate);
}

/** Chosen by the hash's upper bits, six of which the tag lacks. */
static bucket_t *set_of(ratelimit_table_t *table, apr_uint64_t hash)
{
    return table->buckets + (((hash >> 32) * table->sets) >> 32) * WAYS;
}

static bucket_t *find(bucket_t *set, apr_uint64_t tag)
{
    int i;

    for (i = 0; i < WAYS; i++) {
        if (__atomic_load_n(&set[i].tag, __ATOMIC_ACQUIRE) == tag) {
            return &set[i];
        }
    }
    return NULL;
}

/** How much of a bucket is missing, as a fraction of its size; 0: it is full. */
static apr_int64_t score(apr_uint64_t tag, apr_int64_t full, apr_int64_t now)
{
    apr_int64_t missing = full - now;

    if (missing <= 0) {
        return 0;
    }
    missing = missing < RATELIMIT_WHOLE_MAX ? missing : RATELIMIT_WHOLE_MAX;
    return ((missing << SCORE_BITS) >> (tag & CLASS_MASK)) + 1;
}

/**
 * Gives the tag the fullest bucket of the set. One that is not full is emptied of its time first:
 * with the new tag it must never show the old one's.
 * @return 0 if somebody else was at it
 */
static int claim(ratelimit_table_t *table, bucket_t *set, apr_uint64_t tag, apr_int64_t now)
{
    apr_uint64_t old = 0;
    apr_int64_t full = 0, least = APR_INT64_MAX;
    bucket_t *place = set;
    int i;

    for (i = 0; i < WAYS && least > 0; i++) {
        const apr_uint64_t t = __atomic_load_n(&set[i].tag, __ATOMIC_ACQUIRE);
        const apr_int64_t f = __atomic_load_n(&set[i].full, __ATOMIC_RELAXED);
        const apr_int64_t s = t ? score(t, f, now) : 0;

        if (s < least) {
            least = s;
            place = &set[i];
            old = t;
            full = f;
        }
    }
    if (least > 0) {
        if (!__atomic_compare_exchange_n(&place->full, &full, 0, 0, __ATOMIC_RELAXED,
                                         __ATOMIC_RELAXED)) {
            return 0;
        }
        __atomic_add_fetch(&table->forgotten, 1, __ATOMIC_RELAXED);
    }
    return __atomic_compare_exchange_n(&place->tag, &old, tag, 0, __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED);
}

/**
 * Two who come at once for the same tag may make two buckets of it: therefore it is looked up
 * again, and both get the first.
 */
static bucket_t *find_or_claim(ratelimit_table_t *table, bucket_t *set, apr_uint64_t tag,
                               apr_int64_t now)
{
    bucket_t *bucket;

    while ((bucket = find(set, tag)) == NULL) {
        claim(table, set, tag, now);
    }
    return bucket;
}

/* Tokens */

/**
 * The time from which tokens are counted: never before now, and never further away than a whole
 * bucket, as it would be where the clock was set back.
 */
static apr_int64_t base_of(apr_int64_t full, const ratelimit_rate_t *rate, apr_int64_t now)
{
    if (full < now) {
        return now;
    }
    return full > now + rate->whole ? now + rate->whole : full;
}

/** Else nobody would get through until the clock is where it was before it was set back. */
static void correct(bucket_t *bucket, apr_int64_t full, apr_int64_t base)
{
    if (base < full) {
        __atomic_compare_exchange_n(&bucket->full, &full, base, 0, __ATOMIC_RELAXED,
                                    __ATOMIC_RELAXED);
    }
}

ratelimit_verdict_t ratelimit_table_take(ratelimit_table_t *table, apr_uint64_t hash,
                                         const ratelimit_rate_t *rate, apr_int64_t cost,
                                         apr_int64_t now)
{
    bucket_t *bucket = find_or_claim(table, set_of(table, hash), tag_of(hash, rate), now);
    apr_int64_t full = __atomic_load_n(&bucket->full, __ATOMIC_RELAXED), base, next;

    do {
        base = base_of(full, rate, now);
        next = base + cost * rate->interval;
        if (next > now + rate->whole) {
            correct(bucket, full, base);
            return (ratelimit_verdict_t){ .until_full = base - now,
                                          .wait = next - now - rate->whole };
        }
    } while (!__atomic_compare_exchange_n(&bucket->full, &full, next, 1, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));
    return (ratelimit_verdict_t){ .passed = 1, .until_full = next - now };
}

void ratelimit_table_give(ratelimit_table_t *table, apr_uint64_t hash,
                          const ratelimit_rate_t *rate, apr_int64_t cost)
{
    bucket_t *bucket = find(set_of(table, hash), tag_of(hash, rate));

    if (bucket) {
        __atomic_sub_fetch(&bucket->full, cost * rate->interval, __ATOMIC_RELAXED);
    }
}

ratelimit_table_figures_t ratelimit_table_figures(const ratelimit_table_t *table)
{
    return (ratelimit_table_figures_t){
        .buckets = (apr_size_t)table->sets * WAYS,
        .forgotten = __atomic_load_n(&table->forgotten, __ATOMIC_RELAXED),
    };
}
