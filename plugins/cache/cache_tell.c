/* SPDX-License-Identifier: Apache-2.0 */
/** What has become of requests: counted for all processes, told to clients and in /status. */
#include "apr_strings.h"

#include "app_metric.h"

#include "cache_int.h"

struct cache_tally_t {
    app_shm_t    *shm; /* CACHE_OUTCOMES_ numbers, added to without a lock */
    app_metric_t *requests;
};

static const app_metric_def_t requests = {
    .name = "app_cache_requests", .help = "Requests by what the cache has done with them.",
    .labels = "outcome", .max_series = CACHE_OUTCOMES_
};

/** By cache_outcome_e: the name in /status, and what RFC 9211 2 calls it. */
static const struct {
    const char *name, *told;
} outcomes[CACHE_OUTCOMES_] = {
    [CACHE_HIT] = { "hits", "hit" },
    [CACHE_HIT_STALE] = { "stale", "hit; detail=stale" },
    [CACHE_HIT_AFTER] = { "waited", "hit; collapsed" },
    [CACHE_MISS] = { "misses", "fwd=uri-miss" },
    [CACHE_OUTDATED] = { "outdated", "fwd=stale" },
    [CACHE_BYPASS] = { "bypassed", "fwd=request" },
};

apr_status_t cache_tally_declare(cache_tally_t **ptally, app_instance_t *self, app_error_t *err)
{
    cache_tally_t *tally = apr_pcalloc(app_instance_pool(self), sizeof(*tally));

    tally->shm = app_shm_declare(self, "tally", CACHE_OUTCOMES_ * sizeof(apr_uint64_t));
    *ptally = tally;
    return app_metric_declare(&tally->requests, self, &requests, err);
}

void cache_tally_count(const cache_tally_t *tally, cache_outcome_e outcome)
{
    apr_uint64_t *numbers = app_shm_base(tally->shm);

    __atomic_add_fetch(&numbers[outcome], 1, __ATOMIC_RELAXED);
    app_metric_add(tally->requests, 1, APP_METRIC_LABELS(outcomes[outcome].name));
}

void cache_tell(app_response_t *res, const cache_conf_t *conf, cache_outcome_e outcome,
                apr_interval_time_t left, int kept)
{
    char line[80];

    if (!conf->tells) {
        return;
    }
    if (outcome <= CACHE_HIT_AFTER) {
        apr_snprintf(line, sizeof(line), "mod_app; %s; ttl=%" APR_INT64_T_FMT,
                     outcomes[outcome].told, (apr_int64_t)apr_time_sec(left));
    }
    else {
        apr_snprintf(line, sizeof(line), "mod_app; %s%s", outcomes[outcome].told,
                     kept ? "; stored" : "");
    }
    app_response_header(res, "Cache-Status", line);
}

void cache_status(app_instance_t *self, app_request_t *r, json_t *part)
{
    const cache_t *cache = app_instance_context(self);
    const apr_uint64_t *numbers = app_shm_base(cache->tally->shm);
    cache_counts_t counts;
    int i;

    (void)r;
    for (i = 0; i < CACHE_OUTCOMES_; i++) {
        apr_uint64_t number = __atomic_load_n(&numbers[i], __ATOMIC_RELAXED);

        json_object_set_new(part, outcomes[i].name, json_integer((json_int_t)number));
    }
    cache_store_count(cache->store, &counts);
    json_object_set_new(part, "entries", json_integer((json_int_t)counts.entries));
    json_object_set_new(part, "bytes", json_integer((json_int_t)counts.bytes));
    json_object_set_new(part, "kept", json_integer((json_int_t)counts.kept));
    json_object_set_new(part, "evicted", json_integer((json_int_t)counts.evicted));
    json_object_set_new(part, "emptied", json_integer((json_int_t)counts.emptied));
    cache_fresh_status(cache->fresh, part);
}
