/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What all processes of a site know of changes, in shared memory. Read without a lock.
 *
 * PostgreSQL: one process listens for all (cache_listen.c). It writes down which relations it hears
 * of, numbers what it hears, and says every moment that it is there: where it has not been heard
 * of for CACHE_SILENCE, nobody trusts what is kept.
 */
#ifndef CACHE_CHANGES_H
#define CACHE_CHANGES_H

#include "cache_fresh.h"

#define CACHE_SILENCE   apr_time_from_sec(1)
#define CACHE_RELATIONS 1024u /* places, a power of two */
#define CACHE_NAME_MAX  128u  /* "schema.name" with two names of 63 bytes, and its end */

typedef struct cache_relation_t {
    char         name[CACHE_NAME_MAX]; /* "": free */
    apr_uint64_t changed;              /* number of the last change */
} cache_relation_t;

typedef struct cache_changes_t {
    apr_uint64_t     last;      /* number of the last change of all */
    apr_uint64_t     written;   /* … that was made through this server */
    apr_uint64_t     begun;     /* what is older than this number has not been listened for */
    apr_time_t       heard;     /* when the listener last said that it has heard everything */
    apr_int64_t      listener;  /* its process; 0: none */
    apr_time_t       wanted;    /* when what must be fresh was first asked for; 0: never */
    apr_uint64_t     notices;   /* that it has heard */
    apr_uint32_t     nrelations;
    cache_relation_t relations[CACHE_RELATIONS];
} cache_changes_t;

/** The place of a relation, or the free one where it would be. @return NULL: there is no room */
cache_relation_t *cache_changes_place(cache_changes_t *changes, const char *name);

/** The next number. */
apr_uint64_t cache_changes_next(cache_changes_t *changes);

#endif
