/* SPDX-License-Identifier: Apache-2.0 */
/**
 * PostgreSQL: hears by NOTIFY which tables have changed. One process of the site does so for all,
 * in a thread of its own that lives as long as the connection. A timer in each process sees to it
 * that there is one.
 */
#ifndef CACHE_LISTEN_H
#define CACHE_LISTEN_H

#include "cache_changes.h"

typedef struct cache_listen_t cache_listen_t;

/** In configure(). @param changes asked for by the caller */
cache_listen_t *cache_listen_declare(app_instance_t *self, app_shm_t *changes);
apr_status_t    cache_listen_start(cache_listen_t *listen, app_error_t *err);
void            cache_listen_stop(cache_listen_t *listen);
/** An app_timer_fn's work: begins to listen where nobody does. */
void cache_listen_elect(cache_listen_t *listen);

/* cache_catalog.c */

/** Which relations change with which table. */
typedef struct cache_catalog_t {
    const apr_array_header_t *pairs; /* of cache_pair_t */
} cache_catalog_t;

typedef struct cache_pair_t {
    const char *relation, *table; /* "schema.name" */
} cache_pair_t;

/** Reads it: relations that triggers tell this site of, and that nothing else makes others. */
apr_status_t cache_catalog_read(cache_catalog_t *catalog, app_instance_t *self, app_error_t *err,
                                apr_pool_t *p);

#endif
