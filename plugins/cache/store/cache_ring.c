/* SPDX-License-Identifier: Apache-2.0 */
/** The ring of cache_ring.h. Called by cache_store.c, under the lock of its part. */
#include <string.h>

#include "apr_strings.h"

#include "cache_ring.h"

#define UNIT       64u /* entries begin at multiples of it */
#define PER_CHAIN  1024u /* bytes of the ring for each head of a chain */
#define CHAIN_MAX  4096
#define HASH_MIX   0x9E3779B97F4A7C15u

typedef struct entry_t {
    apr_uint32_t units; /* length of it all */
    apr_uint32_t next;  /* in its chain, as heads are written */
    apr_uint32_t key_len;
    apr_uint32_t len;
    apr_uint32_t dead;
    apr_uint32_t unused;
    apr_uint64_t hash;
    apr_uint64_t sum; /* of mark, key and bytes */
    cache_mark_t mark;
    char         data[]; /* the key, the bytes */
} entry_t;

/* Sums */

static apr_uint64_t mix(apr_uint64_t a, apr_uint64_t b)
{
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;

    return (apr_uint64_t)product ^ (apr_uint64_t)(product >> 64);
}

apr_uint64_t cache_ring_hash(apr_uint64_t seed, const char *data, apr_size_t len)
{
    apr_uint64_t hash = seed ^ len, word;

    for (; len >= sizeof(word); data += sizeof(word), len -= sizeof(word)) {
        memcpy(&word, data, sizeof(word));
        hash = mix(hash ^ word, seed ^ HASH_MIX) + HASH_MIX;
    }
    word = 0;
    memcpy(&word, data, len);
    return mix(hash ^ word, seed ^ HASH_MIX);
}

static apr_uint64_t sum_of(apr_uint64_t seed, const cache_mark_t *mark, const cache_key_t *key,
                           const char *data, apr_size_t len)
{
    return cache_ring_hash(cache_ring_hash(seed ^ key->hash, data, len), (const char *)mark,
                           sizeof(*mark));
}

/* Places */

static char *bytes_of(cache_ring_t *ring)
{
    return (char *)ring + APR_ALIGN(sizeof(*ring) + ring->chains * sizeof(*ring->heads), UNIT);
}

/** What it says of itself can be, and nobody has left it half-done. */
static int is_sound(const cache_ring_t *ring)
{
    return !ring->changing && ring->head % UNIT == 0 && ring->tail % UNIT == 0 &&
           ring->tail <= ring->head && ring->head - ring->tail <= ring->size;
}

void cache_ring_make(cache_ring_t *ring, apr_size_t bytes)
{
    apr_uint64_t emptied = ring->emptied;
    apr_uint32_t chains = 16;
    apr_size_t used;

    while (chains < bytes / PER_CHAIN) {
        chains *= 2;
    }
    used = APR_ALIGN(sizeof(*ring) + chains * sizeof(*ring->heads), UNIT);
    if (ring->chains == chains && ring->size == (bytes - used) / UNIT * UNIT && is_sound(ring)) {
        return;
    }
    if (ring->size) {
        emptied++;
    }
    memset(ring, 0, used);
    ring->chains = chains;
    ring->size = (bytes - used) / UNIT * UNIT;
    ring->emptied = emptied;
}

static void empty(cache_ring_t *ring)
{
    memset(ring->heads, 0, ring->chains * sizeof(*ring->heads));
    ring->head = ring->tail = 0;
    ring->entries = 0;
    ring->emptied++;
    ring->changing = 0;
}

/** The entry at a position. @return NULL: there is none that can be */
static entry_t *entry_at(cache_ring_t *ring, apr_uint64_t position)
{
    entry_t *entry = (entry_t *)(bytes_of(ring) + position);

    if (position % UNIT || position >= ring->size || !entry->units ||
        (apr_uint64_t)entry->units * UNIT > ring->size - position) {
        return NULL;
    }
    if (!entry->dead && sizeof(*entry) + (apr_uint64_t)entry->key_len + entry->len >
                            (apr_uint64_t)entry->units * UNIT) {
        return NULL;
    }
    return entry;
}

static apr_uint32_t *chain_of(cache_ring_t *ring, apr_uint64_t hash)
{
    return &ring->heads[hash & (ring->chains - 1)];
}

static int is_it(const entry_t *entry, const cache_key_t *key)
{
    return entry->hash == key->hash && entry->key_len == key->len &&
           memcmp(entry->data, key->data, key->len) == 0;
}

/**
 * The link that leads to the entry of a key, or to which, where key is NULL.
 * @return NULL: there is none; *pbroken: the chain leads nowhere
 */
static apr_uint32_t *find(cache_ring_t *ring, apr_uint64_t hash, const cache_key_t *key,
                          const entry_t *which, int *pbroken)
{
    apr_uint32_t *link = chain_of(ring, hash);
    int steps;

    *pbroken = 0;
    for (steps = 0; *link && steps < CHAIN_MAX; steps++) {
        entry_t *entry = entry_at(ring, (apr_uint64_t)(*link - 1) * UNIT);

        if (!entry || entry->dead) {
            *pbroken = 1;
            return NULL;
        }
        if (key ? is_it(entry, key) : entry == which) {
            return link;
        }
        link = &entry->next;
    }
    *pbroken = *link != 0;
    return NULL;
}

/** Takes an entry out of its chain; its room is free when the tail comes by. */
static int unlink_entry(cache_ring_t *ring, apr_uint64_t hash, const cache_key_t *key,
                        const entry_t *which)
{
    int broken;
    apr_uint32_t *link = find(ring, hash, key, which, &broken);
    entry_t *entry;

    if (!link) {
        return !broken;
    }
    entry = (entry_t *)(bytes_of(ring) + (apr_uint64_t)(*link - 1) * UNIT);
    *link = entry->next;
    entry->dead = 1;
    ring->entries--;
    return 1;
}

/** Throws out the oldest entry. @return 0: the ring is broken */
static int evict(cache_ring_t *ring)
{
    entry_t *entry = entry_at(ring, ring->tail % ring->size);

    if (!entry) {
        return 0;
    }
    if (!entry->dead) {
        if (!unlink_entry(ring, entry->hash, NULL, entry)) {
            return 0;
        }
        ring->evicted++;
    }
    ring->tail += (apr_uint64_t)entry->units * UNIT;
    return ring->tail <= ring->head;
}

/** Room for an entry at the head. @return NULL: the ring is broken */
static entry_t *make_room(cache_ring_t *ring, apr_uint64_t need)
{
    apr_uint64_t to_end = ring->size - ring->head % ring->size;
    apr_uint64_t filling = to_end < need ? to_end : 0;
    entry_t *entry;

    while (ring->size - (ring->head - ring->tail) < need + filling) {
        if (!evict(ring)) {
            return NULL;
        }
    }
    if (filling) {
        entry = (entry_t *)(bytes_of(ring) + ring->head % ring->size);
        entry->units = (apr_uint32_t)(filling / UNIT);
        entry->dead = 1;
        ring->head += filling;
    }
    entry = (entry_t *)(bytes_of(ring) + ring->head % ring->size);
    entry->units = (apr_uint32_t)(need / UNIT);
    ring->head += need;
    return entry;
}

static void link_entry(cache_ring_t *ring, entry_t *entry)
{
    apr_uint32_t *chain = chain_of(ring, entry->hash);

    entry->next = *chain;
    *chain = (apr_uint32_t)(((char *)entry - bytes_of(ring)) / UNIT) + 1;
    ring->entries++;
    ring->kept++;
}

apr_status_t cache_ring_put(cache_ring_t *ring, const cache_key_t *key, apr_uint64_t seed,
                            const cache_mark_t *mark, const char *data, apr_size_t len)
{
    apr_uint64_t need = APR_ALIGN(sizeof(entry_t) + key->len + len, UNIT);
    entry_t *entry;

    if (need > ring->size / 2) {
        return APR_ENOSPC;
    }
    ring->changing = 1;
    __atomic_signal_fence(__ATOMIC_SEQ_CST); /* who dies from here on leaves it set */
    if (!unlink_entry(ring, key->hash, key, NULL) || !(entry = make_room(ring, need))) {
        empty(ring);
        return APR_EGENERAL;
    }
    entry->key_len = (apr_uint32_t)key->len;
    entry->len = (apr_uint32_t)len;
    entry->dead = 0;
    entry->hash = key->hash;
    entry->mark = *mark;
    memcpy(entry->data, key->data, key->len);
    memcpy(entry->data + key->len, data, len);
    entry->sum = sum_of(seed, mark, key, data, len);
    link_entry(ring, entry);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    ring->changing = 0;
    return APR_SUCCESS;
}

apr_status_t cache_ring_get(cache_ring_t *ring, const cache_key_t *key, apr_uint64_t seed,
                            cache_found_t *found, apr_pool_t *p)
{
    apr_uint32_t *link;
    entry_t *entry;
    int broken;

    link = find(ring, key->hash, key, NULL, &broken);
    if (!link) {
        if (broken) {
            empty(ring);
        }
        return APR_NOTFOUND;
    }
    entry = (entry_t *)(bytes_of(ring) + (apr_uint64_t)(*link - 1) * UNIT);
    found->mark = entry->mark;
    found->len = entry->len;
    found->data = apr_pmemdup(p, entry->data + entry->key_len, entry->len);
    return sum_of(seed, &found->mark, key, found->data, found->len) == entry->sum ? APR_SUCCESS
                                                                                 : APR_NOTFOUND;
}
