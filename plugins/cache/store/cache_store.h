/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Answers in memory that all processes of a site share. Bytes by key; what they mean is
 * cache_record.h's. Every function is for any thread.
 */
#ifndef CACHE_STORE_H
#define CACHE_STORE_H

#include "app_plugin.h"

typedef struct cache_store_t cache_store_t;

/** What an answer is found by: all that it depends on, as bytes. */
typedef struct cache_key_t {
    const char  *data;
    apr_size_t   len;
    apr_uint64_t hash; /* by cache_store_hash() */
} cache_key_t;

/** What is kept beside the bytes of an answer. */
typedef struct cache_mark_t {
    apr_time_t   made;     /* when its request came */
    apr_time_t   expires;  /* fresh until then */
    apr_time_t   stale;    /* and to be had until then while another is made */
    apr_uint64_t change;   /* the number of the last change that it knows of (cache_fresh.h) */
    apr_uint64_t version;  /* app_db_version() when it was made; 0: not looked at */
} cache_mark_t;

/** An answer that was found: a copy in the request's pool. */
typedef struct cache_found_t {
    cache_mark_t mark;
    const char  *data;
    apr_size_t   len;
} cache_found_t;

/** What all processes have done with the store since it was made. */
typedef struct cache_counts_t {
    apr_uint64_t kept, evicted, entries, bytes, emptied;
} cache_counts_t;

/** In configure(): asks for size bytes of shared memory. */
cache_store_t *cache_store_declare(app_instance_t *self, apr_size_t size);

/** In start(). */
void cache_store_start(cache_store_t *store);

/** A number for a key; the secret in it is the store's, so that nobody can choose it. */
apr_uint64_t cache_store_hash(const cache_store_t *store, const char *data, apr_size_t len);

/**
 * Looks for what was kept for exactly this key. Whoever asks judges by the mark whether it holds.
 * @return APR_SUCCESS; APR_NOTFOUND
 */
apr_status_t cache_store_get(cache_store_t *store, const cache_key_t *key, cache_found_t *found,
                             apr_pool_t *p);

/**
 * Keeps bytes for a key, in place of what it had, and of what is oldest if there is no room.
 * @return APR_SUCCESS; APR_ENOSPC: it is too much for the store; APR_EGENERAL
 */
apr_status_t cache_store_put(cache_store_t *store, const cache_key_t *key,
                             const cache_mark_t *mark, const char *data, apr_size_t len);

/** Sums over the whole store. */
void cache_store_count(cache_store_t *store, cache_counts_t *counts);

#endif
