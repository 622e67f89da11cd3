/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Whether what was kept still holds. Changes that a process of this machine knows of are numbered,
 * for all processes; an answer remembers which was the last one when its request came, and so
 * holds for as long as none that concerns it has a higher number. What was asked of the database
 * after that moment has seen all changes up to that number; what was asked before it is
 * over when a change comes, whenever it is kept.
 *
 * SQLite needs no such numbers to be always fresh: app_db_version() tells of any change.
 */
#ifndef CACHE_FRESH_H
#define CACHE_FRESH_H

#include "cache_store.h"

typedef struct cache_fresh_t cache_fresh_t;

/** How much is asked of an answer. */
typedef struct cache_wish_t {
    int always; /* nobody has changed what it was made of */
    int own;    /* nobody has written through this server since */
} cache_wish_t;

/** The moment when a request begins: from it come an answer's marks, by it others are judged. */
typedef struct cache_now_t {
    apr_uint64_t change, version;
} cache_now_t;

/** In configure(). */
cache_fresh_t *cache_fresh_declare(app_instance_t *self);
apr_status_t   cache_fresh_start(cache_fresh_t *fresh, app_error_t *err);
void           cache_fresh_stop(cache_fresh_t *fresh);

/** Whether this site needs the timer of cache_fresh_elect(). */
int cache_fresh_listens(const cache_fresh_t *fresh);

/** For a timer in each process: sees to it that changes are heard of. */
void cache_fresh_elect(cache_fresh_t *fresh);

/** Looks at the clock of changes. @return 0: what is wished cannot be told now: keep nothing */
int cache_fresh_now(cache_now_t *now, cache_fresh_t *fresh, const cache_wish_t *wish,
                    apr_pool_t *p);

/**
 * Whether an answer with such marks holds.
 * @param relations that it was made of, as app_source_t has them; may be NULL
 */
int cache_fresh_holds(cache_fresh_t *fresh, const cache_mark_t *mark, const cache_now_t *now,
                      const char *relations, const cache_wish_t *wish);

/** Somebody has written through this server. After the commit, before the answer is out. */
void cache_fresh_written(cache_fresh_t *fresh);

/** Adds to /status. */
void cache_fresh_status(cache_fresh_t *fresh, json_t *part);

#endif
