/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Keys that this process has read: each request of a second but the first one finds its key here.
 * A key has one of four places; who needs a fifth takes that of the record that was read longest
 * ago. Any thread, under one lock that is held for a hundred nanoseconds.
 */
#include <stdlib.h>
#include <string.h>

#include "apr_escape.h"
#include "apr_thread_mutex.h"

#include "auth_api_key_int.h"

#define PLACES 4 /* of a key */
#define SETS   1024
#define MINUTE 60

struct auth_api_cache_t {
    apr_thread_mutex_t *lock;
    auth_api_record_t  *records[SETS][PLACES]; /* NULL: free */
};

/* Records */

/** The claims that policies read: who, as what, with what. */
static const char *claims_of(const auth_api_key_t *key, apr_pool_t *p)
{
    app_buf_t buf;

    app_buf_init(&buf, p, 64 * 1024);
    app_buf_adds(&buf, "{\"role\":");
    app_buf_add_json(&buf, key->role, strlen(key->role));
    app_buf_adds(&buf, ",\"scope\":");
    app_buf_add_json(&buf, key->scopes, strlen(key->scopes));
    app_buf_addf(&buf, ",\"key_id\":\"%s\"", key->id);
    if (key->user_id) {
        app_buf_adds(&buf, ",\"sub\":");
        app_buf_add_json(&buf, key->user_id, strlen(key->user_id));
    }
    app_buf_addc(&buf, '}');
    return app_buf_full(&buf) ? NULL : buf.data;
}

static int read_hash(unsigned char hash[AUTH_API_KEY_HASH_LEN], const char *hex)
{
    apr_size_t len;

    return strlen(hex) == 2 * AUTH_API_KEY_HASH_LEN &&
           apr_unescape_hex(hash, hex, APR_ESCAPE_STRING, 0, &len) == APR_SUCCESS &&
           len == AUTH_API_KEY_HASH_LEN;
}

/** Copies a text behind the record. */
static const char *append(char **at, const char *text)
{
    const char *copy = *at;

    if (!text) {
        return NULL;
    }
    memcpy(*at, text, strlen(text) + 1);
    *at += strlen(text) + 1;
    return copy;
}

static apr_size_t size_of(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

auth_api_record_t *auth_api_record_make(const auth_api_key_t *key, apr_uint32_t generation,
                                        apr_time_t read_at, apr_pool_t *p)
{
    const auth_api_key_t named = { .id = key->id, .role = key->role ? key->role : "",
                                   .scopes = key->scopes, .user_id = key->user_id };
    const char *claims = claims_of(&named, p);
    auth_api_record_t *record;
    char *texts;

    if (!claims || !auth_api_key_is_id(key->id, strlen(key->id))) {
        return NULL;
    }
    record = calloc(1, sizeof(*record) + size_of(named.role) + size_of(key->user_id) +
                           size_of(claims));
    if (!record || !read_hash(record->hash, key->hash)) {
        free(record);
        return NULL;
    }
    texts = (char *)(record + 1);
    record->uses = 1;
    record->generation = generation;
    record->read_at = read_at;
    record->stored = key->used_at;
    record->expires_at = key->expires_at;
    record->revoked = key->revoked_at != 0;
    record->disabled = key->disabled_at != 0 || !key->role;
    memcpy(record->id, key->id, sizeof(record->id));
    record->role = append(&texts, named.role);
    record->user = append(&texts, key->user_id);
    record->claims = append(&texts, claims);
    return record;
}

static void hold(auth_api_record_t *record)
{
    __atomic_add_fetch(&record->uses, 1, __ATOMIC_RELAXED);
}

void auth_api_record_release(auth_api_record_t *record)
{
    if (__atomic_sub_fetch(&record->uses, 1, __ATOMIC_ACQ_REL) == 0) {
        free(record);
    }
}

/* Cache */

static apr_status_t empty(void *data)
{
    auth_api_cache_t *cache = data;
    int set, place;

    for (set = 0; set < SETS; set++) {
        for (place = 0; place < PLACES; place++) {
            if (cache->records[set][place]) {
                auth_api_record_release(cache->records[set][place]);
            }
        }
    }
    return APR_SUCCESS;
}

apr_status_t auth_api_cache_create(auth_api_cache_t **pcache, app_error_t *err, apr_pool_t *p)
{
    auth_api_cache_t *cache = apr_pcalloc(p, sizeof(*cache));

    if (apr_thread_mutex_create(&cache->lock, APR_THREAD_MUTEX_UNNESTED, p) != APR_SUCCESS) {
        return app_fail(err, APP_E_INTERNAL, NULL);
    }
    apr_pool_cleanup_register(p, cache, empty, apr_pool_cleanup_null);
    *pcache = cache;
    return APR_SUCCESS;
}

/** FNV-1a over the id, which is random. */
static auth_api_record_t **set_of(auth_api_cache_t *cache, const char *id)
{
    apr_uint32_t hash = 2166136261u;

    for (; *id; id++) {
        hash = (hash ^ (unsigned char)*id) * 16777619u;
    }
    return cache->records[hash % SETS];
}

static auth_api_record_t **find_locked(auth_api_record_t **set, const char *id)
{
    int i;

    for (i = 0; i < PLACES; i++) {
        if (set[i] && strcmp(set[i]->id, id) == 0) {
            return &set[i];
        }
    }
    return NULL;
}

auth_api_record_t *auth_api_cache_get(auth_api_cache_t *cache, const char *id)
{
    auth_api_record_t **set = set_of(cache, id), **found, *record = NULL;

    apr_thread_mutex_lock(cache->lock);
    found = find_locked(set, id);
    if (found) {
        record = *found;
        hold(record);
    }
    apr_thread_mutex_unlock(cache->lock);
    return record;
}

/** A free place, or that of the record that was read longest ago. */
static auth_api_record_t **oldest_locked(auth_api_record_t **set)
{
    auth_api_record_t **oldest = set;
    int i;

    for (i = 0; i < PLACES && *oldest; i++) {
        if (!set[i] || set[i]->read_at < (*oldest)->read_at) {
            oldest = &set[i];
        }
    }
    return oldest;
}

void auth_api_cache_put(auth_api_cache_t *cache, auth_api_record_t *record)
{
    auth_api_record_t **set = set_of(cache, record->id), **place, *old;

    hold(record);
    apr_thread_mutex_lock(cache->lock);
    place = find_locked(set, record->id);
    if (place) { /* a last use that is not written down yet stays known */
        __atomic_store_n(&record->used, __atomic_load_n(&(*place)->used, __ATOMIC_RELAXED),
                         __ATOMIC_RELAXED);
    }
    else {
        place = oldest_locked(set);
    }
    old = *place;
    *place = record;
    apr_thread_mutex_unlock(cache->lock);
    if (old) {
        auth_api_record_release(old);
    }
}

void auth_api_cache_drop(auth_api_cache_t *cache, const char *id)
{
    auth_api_record_t **place, *old = NULL;

    apr_thread_mutex_lock(cache->lock);
    place = find_locked(set_of(cache, id), id);
    if (place) {
        old = *place;
        *place = NULL;
    }
    apr_thread_mutex_unlock(cache->lock);
    if (old) {
        auth_api_record_release(old);
    }
}

static int is_due(const auth_api_record_t *record)
{
    return record && __atomic_load_n(&record->used, __ATOMIC_RELAXED) >=
                         __atomic_load_n(&record->stored, __ATOMIC_RELAXED) + MINUTE;
}

int auth_api_cache_used(auth_api_cache_t *cache, auth_api_record_t **records, int max)
{
    int set, place, count = 0;

    apr_thread_mutex_lock(cache->lock);
    for (set = 0; set < SETS; set++) {
        for (place = 0; place < PLACES && count < max; place++) {
            if (is_due(cache->records[set][place])) {
                records[count] = cache->records[set][place];
                hold(records[count++]);
            }
        }
    }
    apr_thread_mutex_unlock(cache->lock);
    return count;
}
