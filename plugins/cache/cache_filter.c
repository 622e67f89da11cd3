/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The way of a request through the cache, at APP_PLACE_LOOKUP: who is asking is known, and may.
 * Thread of the request.
 */
#include "apr_strings.h"

#include "cache_int.h"

/** A request whose answer may be kept; in its pool. */
typedef struct call_t {
    app_tap_t           tap; /* first: it is what the tap's functions are given */
    cache_t            *cache;
    const cache_conf_t *conf;
    app_request_t      *r;
    app_response_t     *res;
    cache_control_t     asked;
    cache_wish_t        wish;
    cache_key_t         key;
    cache_now_t         now;
    apr_time_t          began;
    cache_outcome_e     outcome;
    int                 leads; /* others wait for it */
    cache_record_t      record;
} call_t;

/* Keeping */

static void see_body(app_tap_t *tap, const char *data, apr_size_t len)
{
    cache_record_add(&((call_t *)tap)->record, data, len);
}

static int keep(call_t *call, const app_answer_t *answer)
{
    const cache_conf_t *conf = call->conf;
    cache_mark_t mark = { .made = call->began,
                          .expires = call->began + conf->ttl,
                          .stale = call->began + conf->ttl + conf->stale,
                          .change = call->now.change,
                          .version = call->now.version };
    app_buf_t bytes;

    return cache_record_may(answer, conf) &&
           cache_fresh_holds(call->cache->fresh, &mark, &call->now, answer->source->relations,
                             &call->wish) &&
           cache_record_pack(&bytes, &call->record, answer, conf, call->r) &&
           cache_store_put(call->cache->store, &call->key, &mark, bytes.data, bytes.len) ==
               APR_SUCCESS;
}

static void see_end(app_tap_t *tap, const app_answer_t *answer)
{
    call_t *call = (call_t *)tap;
    int kept = keep(call, answer);

    if (kept && !apr_table_get(answer->headers, "Cache-Control")) {
        cache_control_say(call->res, call->r, call->conf, 0);
    }
    cache_tell(call->res, call->conf, call->outcome, 0, kept);
    if (call->leads) {
        cache_turn_end(call->cache->turns, call->key.hash, kept || answer->status == 304);
    }
}

/** The handler makes the answer, and it is seen on its way. */
static apr_status_t pass(call_t *call)
{
    cache_tally_count(call->cache->tally, call->outcome);
    call->tap.body = see_body;
    call->tap.end = see_end;
    cache_record_begin(&call->record, call->conf, app_request_pool(call->r));
    app_response_tap(call->res, &call->tap);
    return APP_NEXT;
}

/* Finding */

static apr_status_t answer_with(call_t *call, const cache_found_t *found, cache_outcome_e outcome)
{
    apr_interval_time_t age = call->began - found->mark.made;

    age = age < 0 || call->wish.always ? 0 : age;
    app_response_header(call->res, "Age",
                        apr_itoa(app_request_pool(call->r), (int)apr_time_sec(age)));
    cache_control_say(call->res, call->r, call->conf, age);
    cache_tell(call->res, call->conf, outcome, found->mark.expires - call->began, 1);
    cache_tally_count(call->cache->tally, outcome);
    return cache_record_answer(found, call->r, call->res);
}

/** As old as the client takes it: what is always fresh is as new as can be. */
static int is_young(const call_t *call, const cache_found_t *found)
{
    return call->asked.max_age < 0 || call->wish.always ||
           call->began - found->mark.made <= call->asked.max_age;
}

/** @return CACHE_HIT, CACHE_HIT_STALE if it is due, CACHE_MISS, CACHE_OUTDATED */
static cache_outcome_e look(call_t *call, cache_found_t *found)
{
    if (cache_store_get(call->cache->store, &call->key, found, app_request_pool(call->r)) !=
        APR_SUCCESS) {
        return CACHE_MISS;
    }
    if (!is_young(call, found) ||
        !cache_fresh_holds(call->cache->fresh, &found->mark, &call->now,
                           cache_record_relations(found), &call->wish)) {
        return CACHE_OUTDATED;
    }
    return call->began < found->mark.expires ? CACHE_HIT
           : call->began < found->mark.stale ? CACHE_HIT_STALE
                                             : CACHE_OUTDATED;
}

/** Somebody else is at it. What comes of that may have become outdated on the way. */
static apr_status_t wait_for_other(call_t *call)
{
    apr_time_t until = call->began + call->conf->wait, last = app_request_deadline(call->r);
    cache_found_t found;

    cache_turn_wait(call->cache->turns, call->key.hash, until < last ? until : last);
    if (!cache_fresh_now(&call->now, call->cache->fresh, &call->wish,
                         app_request_pool(call->r))) {
        return APP_NEXT;
    }
    call->began = apr_time_now();
    if (look(call, &found) == CACHE_HIT) {
        return answer_with(call, &found, CACHE_HIT_AFTER);
    }
    return pass(call);
}

static apr_status_t find_or_make(call_t *call)
{
    cache_found_t found;
    cache_turn_e turn;

    call->outcome = look(call, &found);
    if (call->outcome == CACHE_HIT) {
        return answer_with(call, &found, CACHE_HIT);
    }
    turn = call->conf->wait ? cache_turn_take(call->cache->turns, call->key.hash)
                            : CACHE_TURN_FREE;
    call->leads = turn == CACHE_TURN_MINE;
    if (call->outcome == CACHE_HIT_STALE) {
        if (turn == CACHE_TURN_TAKEN) {
            return answer_with(call, &found, CACHE_HIT_STALE);
        }
        call->outcome = CACHE_OUTDATED;
    }
    return turn == CACHE_TURN_TAKEN ? wait_for_other(call) : pass(call);
}

static int is_get(const app_request_t *r)
{
    return strcmp(app_request_method(r), "GET") == 0;
}

/** A HEAD is answered as the GET would be, if that is kept; what it makes itself has no body. */
static apr_status_t answer_head(call_t *call)
{
    cache_found_t found;

    return look(call, &found) == CACHE_HIT ? answer_with(call, &found, CACHE_HIT) : APP_NEXT;
}

static apr_status_t begin(cache_t *cache, const cache_conf_t *conf, app_request_t *r,
                          app_response_t *res)
{
    call_t *call = apr_pcalloc(app_request_pool(r), sizeof(*call));

    call->cache = cache;
    call->conf = conf;
    call->r = r;
    call->res = res;
    call->wish = (cache_wish_t){ .always = conf->mode == CACHE_FRESH, .own = conf->own_writes };
    call->began = apr_time_now();
    cache_control_asked(&call->asked, conf, r);
    if (call->asked.no_store || app_request_header(r, "If-Match") ||
        !cache_key_make(&call->key, cache, conf, r) ||
        !cache_fresh_now(&call->now, cache->fresh, &call->wish, app_request_pool(r))) {
        return APP_NEXT;
    }
    if (call->asked.no_cache) {
        call->outcome = CACHE_BYPASS;
        return is_get(r) ? pass(call) : APP_NEXT;
    }
    return is_get(r) ? find_or_make(call) : answer_head(call);
}

/* Writes */

typedef struct write_t {
    app_tap_t      tap; /* first */
    cache_fresh_t *fresh;
} write_t;

/** Also of one that failed: what has become of a commit is not always known. */
static void see_written(app_tap_t *tap, const app_answer_t *answer)
{
    (void)answer;
    cache_fresh_written(((write_t *)tap)->fresh);
}

static apr_status_t watch_write(cache_t *cache, app_request_t *r, app_response_t *res)
{
    write_t *write = apr_pcalloc(app_request_pool(r), sizeof(*write));

    write->tap.end = see_written;
    write->fresh = cache->fresh;
    app_response_tap(res, &write->tap);
    return APP_NEXT;
}

apr_status_t cache_filter(app_instance_t *self, app_request_t *r, app_response_t *res,
                          app_error_t *err)
{
    const cache_conf_t *conf = app_request_settings(r, self);
    cache_t *cache = app_instance_context(self);
    const char *method = app_request_method(r);

    (void)err;
    if (!is_get(r) && strcmp(method, "HEAD") != 0) {
        return strcmp(method, "OPTIONS") == 0 ? APP_NEXT : watch_write(cache, r, res);
    }
    return conf->mode == CACHE_OFF ? APP_NEXT : begin(cache, conf, r, res);
}
