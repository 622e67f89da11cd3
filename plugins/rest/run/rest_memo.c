/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Reads that were asked before: what steps 1 to 3 made of them, kept as long as the snapshot that
 * it was made on is the current one. A request that says the same, byte by byte, in the same role
 * goes on with step 4, which sees no difference: the settings, the guard and the transaction are
 * its own.
 *
 * One memory per site and process, of as many places as it may ever hold; any thread, under one
 * lock that is held for a look. What is asked once is not kept: a place notes its hash, keeps what
 * comes again, and leaves what it has as long as somebody asks for that.
 */
#include <string.h>

#include "apr_atomic.h"
#include "apr_strings.h"

#include "rest_int.h"

#define PLACES   64
#define KEY_MAX  1024
#define HASH_MIX 0x9E3779B97F4A7C15u

/** All that the steps look at besides the settings and the snapshot. */
typedef struct memo_key_t {
    apr_uint64_t hash;
    apr_size_t   len; /* a multiple of the hash's size */
    int          full;
    char         data[KEY_MAX];
} memo_key_t;

typedef struct known_t {
    volatile apr_uint32_t references;
    apr_pool_t           *pool;
    rest_schema_t        *schema;
    apr_uint64_t          hash;
    const char           *key;
    apr_size_t            len;
    rest_call_t           call; /* the flags of it that belong to what was asked */
    rest_request_t        request;
    rest_statement_t      statement;
    rest_plan_t          *plan;
    app_error_t           err;
} known_t;

typedef struct place_t {
    known_t     *known; /* NULL: nothing */
    apr_uint64_t asked; /* hash of what was asked here last and is not known */
    int          used;  /* known was, since then */
} place_t;

struct rest_memo_t {
    apr_thread_mutex_t  *lock;
    apr_pool_t          *pool;
    const rest_schema_t *schema; /* of all that is known; it may be gone where nothing is */
    place_t              places[PLACES];
};

/* What is known */

static void release(known_t *known)
{
    rest_schema_t *schema;

    if (known && apr_atomic_dec32(&known->references) == 0) {
        schema = known->schema;
        apr_pool_destroy(known->pool);
        rest_cache_release(schema);
    }
}

static apr_status_t release_later(void *known)
{
    release(known);
    return APR_SUCCESS;
}

/** Empties all places. What was known is released by whoever holds no lock any more. */
static void empty_places(rest_memo_t *memo, known_t *old[PLACES])
{
    int i;

    for (i = 0; i < PLACES; i++) {
        old[i] = memo->places[i].known;
    }
    memset(memo->places, 0, sizeof(memo->places));
}

static void release_all(known_t *old[PLACES])
{
    int i;

    for (i = 0; i < PLACES; i++) {
        release(old[i]);
    }
}

static apr_status_t forget(void *memo)
{
    known_t *old[PLACES];

    empty_places(memo, old);
    release_all(old);
    return APR_SUCCESS;
}

apr_status_t rest_memo_start(rest_t *rest, app_error_t *err)
{
    apr_pool_t *p = app_instance_pool(rest->self);
    rest_memo_t *memo = apr_pcalloc(p, sizeof(*memo));

    memo->pool = p;
    if (apr_thread_mutex_create(&memo->lock, APR_THREAD_MUTEX_DEFAULT, p) != APR_SUCCESS) {
        return app_fail(err, APP_E_INTERNAL, "A lock cannot be made");
    }
    rest->memo = memo;
    apr_pool_pre_cleanup_register(p, memo, forget); /* the snapshots are still there */
    return APR_SUCCESS;
}

/* Keys */

static void add_part(memo_key_t *key, const char *text)
{
    apr_uint32_t len = text ? (apr_uint32_t)strlen(text) : APR_UINT32_MAX;
    apr_size_t size = text ? len : 0;

    if (key->full || size > sizeof(key->data) - sizeof(len) - key->len) {
        key->full = 1;
        return;
    }
    memcpy(key->data + key->len, &len, sizeof(len));
    memcpy(key->data + key->len + sizeof(len), text ? text : "", size);
    key->len += sizeof(len) + size;
    key->full = sizeof(key->data) - key->len < 2 * sizeof(key->hash);
}

static void hash_key(memo_key_t *key)
{
    apr_uint64_t hash = key->len, word;
    apr_size_t i;

    while (key->len % sizeof(word)) {
        key->data[key->len++] = '\0';
    }
    for (i = 0; i < key->len; i += sizeof(word)) {
        memcpy(&word, key->data + i, sizeof(word));
        hash = (hash ^ word) * HASH_MIX;
        hash ^= hash >> 29;
    }
    key->hash = hash;
}

/** @return 0: it is too long */
static int make_key(memo_key_t *key, const rest_call_t *call)
{
    const rest_said_t *said = &call->said;

    key->len = 0;
    key->full = 0;
    add_part(key, call->request->head ? "h" : "g");
    add_part(key, call->request->role);
    add_part(key, said->path);
    add_part(key, said->query);
    add_part(key, said->profile);
    add_part(key, said->range);
    add_part(key, said->accept);
    add_part(key, said->prefer);
    if (!key->full) {
        hash_key(key);
    }
    return !key->full;
}

/* Making */

static void copy_said(rest_said_t *to, const rest_said_t *said, apr_pool_t *p)
{
    to->path = apr_pstrdup(p, said->path);
    to->query = apr_pstrdup(p, said->query);
    to->profile = apr_pstrdup(p, said->profile);
    to->range = apr_pstrdup(p, said->range);
    to->accept = apr_pstrdup(p, said->accept);
    to->prefer = apr_pstrdup(p, said->prefer);
}

/** Steps 1 to 3. @return 0: something is wrong, or it is none of the reads that are kept */
static int take_steps(known_t *known, const rest_call_t *call)
{
    rest_request_t *request = &known->request;

    known->call.rest = call->rest;
    known->call.r = call->r;
    known->call.conf = call->conf;
    known->call.request = request;
    copy_said(&known->call.said, &call->said, known->pool);
    *request = *call->request;
    request->role = apr_pstrdup(known->pool, request->role);
    if (rest_request_read(&known->call, request, known->schema, &known->err, known->pool) !=
            APR_SUCCESS ||
        request->action != REST_READ || request->root ||
        rest_plan_make(&known->plan, request, known->schema, &known->err, known->pool) !=
            APR_SUCCESS ||
        known->plan->type->media == REST_MEDIA_PLAN ||
        rest_render(&known->statement, call->rest->dialect, known->plan, 0, &known->err,
                    known->pool) != APR_SUCCESS) {
        return 0;
    }
    request->location = rest_respond_location(&known->call, known->pool);
    known->plan->statement = &known->statement;
    return 1;
}

/** @return it, with one reference; NULL: it is not to be kept */
static known_t *make(const rest_call_t *call, rest_schema_t *schema, const memo_key_t *key)
{
    known_t *known;
    apr_pool_t *p;

    if (apr_pool_create(&p, call->rest->memo->pool) != APR_SUCCESS) {
        return NULL;
    }
    known = apr_pcalloc(p, sizeof(*known));
    known->references = 1;
    known->pool = known->err.pool = p;
    known->schema = schema;
    known->hash = key->hash;
    known->key = apr_pmemdup(p, key->data, key->len);
    known->len = key->len;
    if (!take_steps(known, call)) {
        apr_pool_destroy(p);
        return NULL;
    }
    known->call.r = NULL;
    known->call.conf = NULL;
    apr_atomic_inc32(&schema->references);
    return known;
}

/* Looking */

static int is_it(const known_t *known, const memo_key_t *key)
{
    return known && known->hash == key->hash && known->len == key->len &&
           memcmp(known->key, key->data, key->len) == 0;
}

/** @param pagain whether it was asked here before, and is to be made now */
static known_t *find(rest_memo_t *memo, const rest_schema_t *schema, const memo_key_t *key,
                     int *pagain)
{
    place_t *place = &memo->places[key->hash % PLACES];
    known_t *known = NULL, *old[PLACES];
    int changed;

    apr_thread_mutex_lock(memo->lock);
    changed = memo->schema != schema;
    if (changed) {
        empty_places(memo, old);
        memo->schema = schema;
    }
    if (is_it(place->known, key)) {
        known = place->known;
        apr_atomic_inc32(&known->references);
        place->used = 1;
    }
    else {
        *pagain = place->asked == key->hash && !place->used;
        place->asked = key->hash;
        place->used = 0;
    }
    apr_thread_mutex_unlock(memo->lock);
    if (changed) {
        release_all(old);
    }
    return known;
}

static void put(rest_memo_t *memo, known_t *known)
{
    place_t *place = &memo->places[known->hash % PLACES];
    known_t *before = known;

    apr_thread_mutex_lock(memo->lock);
    if (memo->schema == known->schema) {
        before = place->known;
        place->known = known;
        place->asked = 0;
    }
    apr_thread_mutex_unlock(memo->lock);
    release(before);
}

rest_plan_t *rest_memo_get(rest_call_t *call, rest_schema_t *schema)
{
    rest_memo_t *memo = call->rest->memo;
    known_t *known;
    memo_key_t key;
    int again = 0;

    if (!call->request->reads || call->asked || !make_key(&key, call)) {
        return NULL;
    }
    known = find(memo, schema, &key, &again);
    if (!known && (!again || !(known = make(call, schema, &key)))) {
        return NULL;
    }
    if (again) {
        apr_atomic_inc32(&known->references);
        put(memo, known);
    }
    apr_pool_cleanup_register(app_request_pool(call->r), known, release_later,
                              apr_pool_cleanup_null);
    call->request = &known->request;
    call->profiled = known->call.profiled;
    call->rolls_back = known->call.rolls_back;
    call->ending_chosen = known->call.ending_chosen;
    return known->plan;
}
