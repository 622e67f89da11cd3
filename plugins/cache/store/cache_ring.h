/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A part of the store: a ring of entries, the newest in front, the oldest thrown out where there is
 * no room, and a table to find them by. It lies in shared memory and knows no lock: the
 * caller holds one. What it finds there it does not trust: a process may have died in the
 * middle of a change, and where memory is a file, so may the machine.
 *
 *     +--------+-----------------+---------------------------------------------+
 *     | ring_t | heads of chains |    ...   | oldest | ... | newest | free     |
 *     +--------+-----------------+---------------------------------------------+
 *                                 0        tail                   head      size
 *
 * head and tail only grow; what lies at them is at their remainder by size. An entry is never cut
 * in two: what is left at the end is filled with a dead one.
 */
#ifndef CACHE_RING_H
#define CACHE_RING_H

#include "cache_store.h"

typedef struct cache_ring_t {
    apr_uint32_t changing; /* 1 while somebody changes it: found so, it is half-done */
    apr_uint32_t entries;
    apr_uint64_t size; /* of the ring alone; 0: not made yet */
    apr_uint64_t head, tail;
    apr_uint64_t kept, evicted, emptied;
    apr_uint32_t chains; /* number of heads, a power of two */
    apr_uint32_t heads[]; /* of chains: place in units + 1; 0: none */
} cache_ring_t;

/** Before each use: makes an empty ring of the bytes, unless there is a whole one. */
void cache_ring_make(cache_ring_t *ring, apr_size_t bytes);

/** @param seed of the sum that is compared. @return as cache_store_get() */
apr_status_t cache_ring_get(cache_ring_t *ring, const cache_key_t *key, apr_uint64_t seed,
                            cache_found_t *found, apr_pool_t *p);

/** @return as cache_store_put() */
apr_status_t cache_ring_put(cache_ring_t *ring, const cache_key_t *key, apr_uint64_t seed,
                            const cache_mark_t *mark, const char *data, apr_size_t len);

/** A hash of bytes that cannot be foretold without the seed. */
apr_uint64_t cache_ring_hash(apr_uint64_t seed, const char *data, apr_size_t len);

#endif
