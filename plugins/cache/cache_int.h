/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Plugin cache. A GET passes cache_filter.c at APP_PLACE_LOOKUP: what is kept and holds is its
 * answer; else the answer that the handler makes is kept on its way to the client.
 *
 *     cache_filter.c     the way of a request
 *     cache_key.c        all that an answer depends on, as bytes
 *     cache_control.c    what the client asks of caches, what answers say to them
 *     cache_record.c     an answer as bytes
 *     cache_turn.c       one request at a time makes an answer that many wait for
 *     cache_tell.c       outcomes, in /status
 *     store/             bytes by key, in shared memory
 *     fresh/             whether what is kept still holds
 */
#ifndef CACHE_INT_H
#define CACHE_INT_H

#include <string.h>

#include "cache_fresh.h"
#include "cache_store.h"

#define CACHE_KEY_MAX (8 * 1024) /* what is asked at greater length is not kept */

typedef enum cache_mode_e { CACHE_OFF, CACHE_TIMED, CACHE_FRESH } cache_mode_e;

typedef struct cache_conf_t {
    int                 mode; /* cache_mode_e */
    apr_interval_time_t ttl, stale, wait, client_age;
    apr_array_header_t *claims;  /* that are part of the key */
    apr_array_header_t *headers; /* beyond the usual ones */
    apr_int64_t         max_answer, size;
    int                 own_writes, obeys, shared, tells;
    const char         *channel;
} cache_conf_t;

typedef struct cache_turns_t cache_turns_t;
typedef struct cache_tally_t cache_tally_t;

/** The plugin in one site. */
typedef struct cache_t {
    app_instance_t *self;
    cache_store_t  *store;
    cache_turns_t  *turns;
    cache_fresh_t  *fresh;
    cache_tally_t  *tally;
} cache_t;

/** What has become of a request. The words are in cache_tell.c. */
typedef enum cache_outcome_e {
    CACHE_HIT,       /* answered from the store */
    CACHE_HIT_STALE, /* … with what was due, while another request asks anew */
    CACHE_HIT_AFTER, /* … when somebody else's answer had come */
    CACHE_MISS,      /* there was nothing */
    CACHE_OUTDATED,  /* there was something that did not hold any more */
    CACHE_BYPASS,    /* the client would not have what is kept */
    CACHE_OUTCOMES_
} cache_outcome_e;

/* cache_filter.c */
app_handler_fn cache_filter;

/* cache_key.c */
/** @return 0: what is asked cannot be kept: it is too long */
int cache_key_make(cache_key_t *key, const cache_t *cache, const cache_conf_t *conf,
                   app_request_t *r);
/** Whether all that a Vary field names is in the keys. */
int cache_key_covers(const char *vary, const cache_conf_t *conf);

/* cache_control.c */
typedef struct cache_control_t {
    int                 no_store, no_cache, is_private;
    apr_interval_time_t max_age; /* -1: none said */
} cache_control_t;

/** Reads a Cache-Control field (RFC 9111 5.2); NULL: there is none. */
void cache_control_read(cache_control_t *control, const char *field);
/** What the request says. */
void cache_control_asked(cache_control_t *control, const cache_conf_t *conf,
                         const app_request_t *r);
/** Tells the client how long it may keep an answer that is age old, and who else may. */
void cache_control_say(app_response_t *res, app_request_t *r, const cache_conf_t *conf,
                       apr_interval_time_t age);

/* cache_record.c */
/** An answer on its way into the store. */
typedef struct cache_record_t {
    app_buf_t body;
    int       overflow; /* it is too large to be kept */
} cache_record_t;

void cache_record_begin(cache_record_t *record, const cache_conf_t *conf, apr_pool_t *p);
void cache_record_add(cache_record_t *record, const char *data, apr_size_t len);
/** Whether an answer of that kind may be kept at all. */
int cache_record_may(const app_answer_t *answer, const cache_conf_t *conf);
/** Its bytes. @return 0: they are too many */
int cache_record_pack(app_buf_t *bytes, const cache_record_t *record, const app_answer_t *answer,
                      const cache_conf_t *conf, app_request_t *r);
/** The relations of a record: app_source_t's, NULL if not known. */
const char *cache_record_relations(const cache_found_t *found);
/** Answers with a record. @return APP_DONE */
apr_status_t cache_record_answer(const cache_found_t *found, app_request_t *r,
                                 app_response_t *res);

/* cache_turn.c */
/** What has come of asking for a turn. */
typedef enum cache_turn_e {
    CACHE_TURN_MINE,  /* others wait until cache_turn_end() */
    CACHE_TURN_TAKEN, /* somebody else has it */
    CACHE_TURN_FREE   /* nobody needs to wait: go ahead */
} cache_turn_e;

cache_turns_t *cache_turns_declare(app_instance_t *self);
/** Asks for the turn to make the answer of a key, of which hash is enough. */
cache_turn_e cache_turn_take(cache_turns_t *turns, apr_uint64_t hash);
/** Waits until whoever has the turn is done or dead, at most until then: then it is taken away. */
void cache_turn_wait(cache_turns_t *turns, apr_uint64_t hash, apr_time_t until);
/** @param kept 0: the answer is none to be kept; for a while nobody waits for that key */
void cache_turn_end(cache_turns_t *turns, apr_uint64_t hash, int kept);

/* cache_tell.c */
/** In configure(). */
apr_status_t cache_tally_declare(cache_tally_t **ptally, app_instance_t *self, app_error_t *err);
void cache_tally_count(const cache_tally_t *tally, cache_outcome_e outcome);
/** Adds the outcome to the answer's Cache-Status (RFC 9211), if the settings say so. */
void cache_tell(app_response_t *res, const cache_conf_t *conf, cache_outcome_e outcome,
                apr_interval_time_t left, int kept);
/** An app_plugin_t's status. */
void cache_status(app_instance_t *self, app_request_t *r, json_t *part);

#endif
