/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The store in parts, each with its ring and its lock, so that two requests seldom meet. A lock is
 * held for a look and a copy. Any thread.
 */
#include <string.h>

#include "apr_general.h"
#include "apr_strings.h"

#include "cache_ring.h"

#define PARTS 8u /* a power of two */

struct cache_store_t {
    app_shm_t   *parts[PARTS];
    apr_size_t   part_size;
    app_shm_t   *common;
    apr_uint64_t seed; /* of this site's processes; from start() on */
};

typedef struct common_t {
    apr_uint64_t seed; /* 0: not drawn yet */
} common_t;

cache_store_t *cache_store_declare(app_instance_t *self, apr_size_t size)
{
    apr_pool_t *p = app_instance_pool(self);
    cache_store_t *store = apr_pcalloc(p, sizeof(*store));
    unsigned i;

    store->part_size = size / PARTS;
    store->common = app_shm_declare(self, "store", sizeof(common_t));
    for (i = 0; i < PARTS; i++) {
        store->parts[i] = app_shm_declare(self, apr_psprintf(p, "part%u", i), store->part_size);
    }
    return store;
}

void cache_store_start(cache_store_t *store)
{
    common_t *common = app_shm_base(store->common);
    apr_uint64_t drawn = 0, none = 0;

    while (!drawn) {
        apr_generate_random_bytes((unsigned char *)&drawn, sizeof(drawn));
    }
    store->seed = __atomic_compare_exchange_n(&common->seed, &none, drawn, 0, __ATOMIC_ACQ_REL,
                                              __ATOMIC_ACQUIRE)
                      ? drawn
                      : none;
}

apr_uint64_t cache_store_hash(const cache_store_t *store, const char *data, apr_size_t len)
{
    return cache_ring_hash(store->seed, data, len);
}

/** The part of a key, locked. @return NULL: its lock cannot be had */
static cache_ring_t *lock_part(app_shm_t *part, apr_size_t size)
{
    cache_ring_t *ring = app_shm_base(part);

    if (app_shm_lock(part) != APR_SUCCESS) {
        return NULL;
    }
    cache_ring_make(ring, size);
    return ring;
}

static app_shm_t *part_of(const cache_store_t *store, const cache_key_t *key)
{
    return store->parts[(key->hash >> 32) & (PARTS - 1)];
}

apr_status_t cache_store_get(cache_store_t *store, const cache_key_t *key, cache_found_t *found,
                             apr_pool_t *p)
{
    app_shm_t *part = part_of(store, key);
    cache_ring_t *ring = lock_part(part, store->part_size);
    apr_status_t rv;

    if (!ring) {
        return APR_NOTFOUND;
    }
    rv = cache_ring_get(ring, key, store->seed, found, p);
    app_shm_unlock(part);
    return rv;
}

apr_status_t cache_store_put(cache_store_t *store, const cache_key_t *key,
                             const cache_mark_t *mark, const char *data, apr_size_t len)
{
    app_shm_t *part = part_of(store, key);
    cache_ring_t *ring = lock_part(part, store->part_size);
    apr_status_t rv;

    if (!ring) {
        return APR_EGENERAL;
    }
    rv = cache_ring_put(ring, key, store->seed, mark, data, len);
    app_shm_unlock(part);
    return rv;
}

void cache_store_count(cache_store_t *store, cache_counts_t *counts)
{
    unsigned i;

    memset(counts, 0, sizeof(*counts));
    for (i = 0; i < PARTS; i++) {
        cache_ring_t *ring = lock_part(store->parts[i], store->part_size);

        if (ring) {
            counts->kept += ring->kept;
            counts->evicted += ring->evicted;
            counts->emptied += ring->emptied;
            counts->entries += ring->entries;
            counts->bytes += ring->head - ring->tail;
            app_shm_unlock(store->parts[i]);
        }
    }
}
