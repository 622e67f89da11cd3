/* SPDX-License-Identifier: Apache-2.0 */
/** Numbers of changes, and what they say of an answer (cache_fresh.h). Any thread. */
#include <string.h>

#include "apr_hash.h"
#include "apr_strings.h"

#include "cache_int.h"
#include "cache_listen.h"
#include "cache_ring.h"

struct cache_fresh_t {
    app_instance_t *self;
    app_shm_t      *shm;
    app_db_kind_e   kind;
    int             has_db;
    cache_listen_t *listen; /* NULL: nothing to listen to */
};

static cache_changes_t *changes_of(const cache_fresh_t *fresh)
{
    return app_shm_base(fresh->shm);
}

/**
 * Memory that is told by what is heard: after a graceful restart with another database or channel,
 * processes of before may go on for long, and what they hear is not what has to be known now.
 */
static const char *name_of(const app_instance_t *self)
{
    const cache_conf_t *conf = app_instance_settings(self);
    const char *identity = app_db_identity(app_instance_db(self));
    apr_uint64_t hash = cache_ring_hash(1, identity, strlen(identity));

    hash = cache_ring_hash(hash, conf->channel, strlen(conf->channel));
    return apr_psprintf(app_instance_pool(self), "changes-%" APR_UINT64_T_HEX_FMT, hash);
}

cache_fresh_t *cache_fresh_declare(app_instance_t *self)
{
    cache_fresh_t *fresh = apr_pcalloc(app_instance_pool(self), sizeof(*fresh));

    fresh->self = self;
    fresh->has_db = app_instance_db_kind(self, &fresh->kind) == APR_SUCCESS;
    fresh->shm = app_shm_declare(self, fresh->has_db ? name_of(self) : "changes",
                                 sizeof(cache_changes_t));
    if (fresh->has_db && fresh->kind == APP_DB_PGSQL) {
        fresh->listen = cache_listen_declare(self, fresh->shm);
    }
    return fresh;
}

apr_status_t cache_fresh_start(cache_fresh_t *fresh, app_error_t *err)
{
    return fresh->listen ? cache_listen_start(fresh->listen, err) : APR_SUCCESS;
}

void cache_fresh_stop(cache_fresh_t *fresh)
{
    if (fresh->listen) {
        cache_listen_stop(fresh->listen);
    }
}

int cache_fresh_listens(const cache_fresh_t *fresh)
{
    return fresh->listen != NULL;
}

void cache_fresh_elect(cache_fresh_t *fresh)
{
    if (fresh->listen) {
        cache_listen_elect(fresh->listen);
    }
}

/* Numbers */

apr_uint64_t cache_changes_next(cache_changes_t *changes)
{
    return __atomic_add_fetch(&changes->last, 1, __ATOMIC_ACQ_REL);
}

static apr_uint64_t read_number(const apr_uint64_t *number)
{
    return __atomic_load_n(number, __ATOMIC_ACQUIRE);
}

cache_relation_t *cache_changes_place(cache_changes_t *changes, const char *name)
{
    apr_ssize_t len = APR_HASH_KEY_STRING;
    unsigned place = apr_hashfunc_default(name, &len), i;

    for (i = 0; i < CACHE_RELATIONS; i++) {
        cache_relation_t *relation = &changes->relations[(place + i) % CACHE_RELATIONS];

        if (!*relation->name || strncmp(relation->name, name, CACHE_NAME_MAX) == 0) {
            return relation;
        }
    }
    return NULL;
}

/** Two processes may write at once: what is there must only grow. */
static void raise_to(apr_uint64_t *number, apr_uint64_t to)
{
    apr_uint64_t is = read_number(number);

    while (is < to && !__atomic_compare_exchange_n(number, &is, to, 0, __ATOMIC_ACQ_REL,
                                                   __ATOMIC_ACQUIRE)) {
    }
}

void cache_fresh_written(cache_fresh_t *fresh)
{
    cache_changes_t *changes = changes_of(fresh);

    raise_to(&changes->written, cache_changes_next(changes));
}

/* Now, and whether something holds */

static int is_heard(const cache_changes_t *changes)
{
    apr_time_t heard = __atomic_load_n(&changes->heard, __ATOMIC_ACQUIRE);

    return heard && apr_time_now() - heard < CACHE_SILENCE;
}

/** A site that never wants it needs no connection for it. */
static void note_wanted(cache_changes_t *changes)
{
    if (!__atomic_load_n(&changes->wanted, __ATOMIC_RELAXED)) {
        __atomic_store_n(&changes->wanted, apr_time_now(), __ATOMIC_RELAXED);
    }
}

int cache_fresh_now(cache_now_t *now, cache_fresh_t *fresh, const cache_wish_t *wish,
                    apr_pool_t *p)
{
    cache_changes_t *changes = changes_of(fresh);

    now->change = read_number(&changes->last);
    now->version = 0;
    if (!wish->always) {
        return 1;
    }
    if (!fresh->has_db) {
        return 0;
    }
    if (fresh->kind == APP_DB_PGSQL) {
        note_wanted(changes);
        return is_heard(changes);
    }
    now->version = app_db_version(app_instance_db(fresh->self), p);
    return now->version != 0;
}

/** What is not listened for may have changed. The number of the beginning is read last. */
static int are_unchanged(cache_changes_t *changes, const char *relations, apr_uint64_t change)
{
    const char *name;

    for (name = relations; name && *name; name += strlen(name) + 1) {
        cache_relation_t *relation = cache_changes_place(changes, name);

        if (!relation || !*relation->name || read_number(&relation->changed) > change) {
            return 0;
        }
    }
    return relations && read_number(&changes->begun) <= change;
}

int cache_fresh_holds(cache_fresh_t *fresh, const cache_mark_t *mark, const cache_now_t *now,
                      const char *relations, const cache_wish_t *wish)
{
    cache_changes_t *changes = changes_of(fresh);
    int is_pgsql = fresh->kind == APP_DB_PGSQL;

    if ((wish->own || (wish->always && is_pgsql)) &&
        read_number(&changes->written) > mark->change) {
        return 0;
    }
    if (!wish->always) {
        return 1;
    }
    return is_pgsql ? are_unchanged(changes, relations, mark->change)
                    : mark->version && mark->version == now->version;
}

void cache_fresh_status(cache_fresh_t *fresh, json_t *part)
{
    const cache_changes_t *changes = changes_of(fresh);

    if (fresh->listen) {
        json_object_set_new(part, "listening", json_boolean(is_heard(changes)));
        json_object_set_new(part, "notices", json_integer((json_int_t)changes->notices));
        json_object_set_new(part, "relations", json_integer(changes->nrelations));
    }
}
