/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Genuine tokens by their text, so that a signature is verified once. One cache per site and
 * process; it dies with both. Any thread, under one lock that is held for a hundred nanoseconds.
 *
 *   buckets ─► entry ─► entry        by the token's hash
 *   order      entry ⇄ entry ⇄ …     from the one that was asked for last to the oldest
 */
#include <string.h>

#include "apr_thread_mutex.h"

#include "auth_token_int.h"

#define BUCKETS_MAX 65536
#define BYTES_MAX   (16 * 1024 * 1024) /* of tokens and claims */
#define HASHED      32                 /* bytes: the end of the signature, as random as a hash */

/** A place in the order, which is a ring. */
typedef struct place_t place_t;
struct place_t {
    place_t *newer, *older;
};

typedef struct entry_t entry_t;
struct entry_t {
    place_t        place; /* first: a place is its entry */
    entry_t       *next;  /* in its bucket */
    auth_claims_t *claims;
    apr_uint32_t   hash;
    apr_size_t     len;
    char           token[];
};

struct auth_token_cache_t {
    apr_thread_mutex_t *lock;
    place_t             order; /* between the newest, which is its older, and the oldest */
    apr_size_t          entries, bytes;
    apr_size_t          max;
    apr_uint32_t        mask; /* number of buckets less one */
    entry_t            *buckets[];
};

/** FNV-1a over the end of the token. */
static apr_uint32_t hash_of(const char *token, apr_size_t len)
{
    apr_uint32_t hash = 2166136261u;
    apr_size_t i = len > HASHED ? len - HASHED : 0;

    for (; i < len; i++) {
        hash = (hash ^ (unsigned char)token[i]) * 16777619u;
    }
    return hash;
}

static entry_t **find_locked(auth_token_cache_t *cache, const char *token, apr_size_t len,
                             apr_uint32_t hash)
{
    entry_t **at = &cache->buckets[hash & cache->mask];

    while (*at && ((*at)->hash != hash || (*at)->len != len ||
                   memcmp((*at)->token, token, len) != 0)) {
        at = &(*at)->next;
    }
    return at;
}

static void unlink_locked(place_t *place)
{
    place->newer->older = place->older;
    place->older->newer = place->newer;
}

static void make_newest_locked(auth_token_cache_t *cache, place_t *place)
{
    place->newer = &cache->order;
    place->older = cache->order.older;
    place->older->newer = place;
    cache->order.older = place;
}

static apr_size_t cost(const entry_t *entry)
{
    return sizeof(*entry) + entry->len + entry->claims->size;
}

static void remove_locked(auth_token_cache_t *cache, entry_t *entry)
{
    entry_t **at = find_locked(cache, entry->token, entry->len, entry->hash);

    *at = entry->next;
    unlink_locked(&entry->place);
    cache->entries--;
    cache->bytes -= cost(entry);
    auth_claims_release(entry->claims);
    free(entry);
}

static apr_status_t empty(void *data)
{
    auth_token_cache_t *cache = data;

    while (cache->entries) {
        remove_locked(cache, (entry_t *)cache->order.newer);
    }
    return APR_SUCCESS;
}

apr_status_t auth_token_cache_create(auth_token_cache_t **pcache, apr_int64_t entries,
                                     app_error_t *err, apr_pool_t *p)
{
    auth_token_cache_t *cache;
    apr_uint32_t buckets = 16;

    while (buckets < entries && buckets < BUCKETS_MAX) {
        buckets *= 2;
    }
    cache = apr_pcalloc(p, sizeof(*cache) + buckets * sizeof(cache->buckets[0]));
    cache->mask = buckets - 1;
    cache->max = (apr_size_t)entries;
    cache->order.newer = cache->order.older = &cache->order;
    if (apr_thread_mutex_create(&cache->lock, APR_THREAD_MUTEX_UNNESTED, p) != APR_SUCCESS) {
        return app_fail(err, APP_E_INTERNAL, NULL);
    }
    apr_pool_cleanup_register(p, cache, empty, apr_pool_cleanup_null);
    *pcache = cache;
    return APR_SUCCESS;
}

auth_claims_t *auth_token_cache_get(auth_token_cache_t *cache, const char *token, apr_size_t len)
{
    apr_uint32_t hash = hash_of(token, len);
    auth_claims_t *claims = NULL;
    entry_t *entry;

    apr_thread_mutex_lock(cache->lock);
    entry = *find_locked(cache, token, len, hash);
    if (entry) {
        claims = entry->claims;
        auth_claims_hold(claims);
        unlink_locked(&entry->place);
        make_newest_locked(cache, &entry->place);
    }
    apr_thread_mutex_unlock(cache->lock);
    return claims;
}

static void insert_locked(auth_token_cache_t *cache, entry_t *entry)
{
    entry_t **at = find_locked(cache, entry->token, entry->len, entry->hash);

    if (*at) { /* another thread was quicker, or it was verified with keys of before */
        remove_locked(cache, *at);
        at = find_locked(cache, entry->token, entry->len, entry->hash);
    }
    *at = entry;
    make_newest_locked(cache, &entry->place);
    cache->entries++;
    cache->bytes += cost(entry);
    while (cache->entries > cache->max || cache->bytes > BYTES_MAX) {
        remove_locked(cache, (entry_t *)cache->order.newer); /* the oldest */
    }
}

void auth_token_cache_put(auth_token_cache_t *cache, const char *token, apr_size_t len,
                          auth_claims_t *claims)
{
    entry_t *entry = malloc(sizeof(*entry) + len);

    if (!entry) {
        return;
    }
    entry->next = NULL;
    entry->hash = hash_of(token, len);
    entry->len = len;
    entry->claims = claims;
    memcpy(entry->token, token, len);
    auth_claims_hold(claims);
    apr_thread_mutex_lock(cache->lock);
    insert_locked(cache, entry);
    apr_thread_mutex_unlock(cache->lock);
}
