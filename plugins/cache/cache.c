/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Plugin cache: answers of GET kept in memory that all processes share. Descriptor and settings;
 * the way of a request is in cache_filter.c.
 */
#include "cache_command.h"

#define ELECTION apr_time_from_msec(500)

static const char *const modes[] = { "off", "timed", "fresh", NULL };

#define K 1024LL

static const app_setting_t settings[] = {
    APP_SET_ENUM("Answers", cache_conf_t, mode, "off", modes, APP_SET_LOCATION,
                 "which answers are kept: none, for Ttl whatever changes, or as long as nothing "
                 "changes"),
    APP_SET_DURATION("Ttl", cache_conf_t, ttl, "60s", APR_USEC_PER_SEC,
                     7 * 86400 * APR_USEC_PER_SEC, APP_SET_LOCATION,
                     "longest time that an answer is kept"),
    APP_SET_DURATION("Stale", cache_conf_t, stale, "0s", 0, 7 * 86400 * APR_USEC_PER_SEC,
                     APP_SET_LOCATION,
                     "timed: how long beyond Ttl an answer serves all but the one request that "
                     "makes a new one (stale-while-revalidate)"),
    APP_SET_DURATION("Wait", cache_conf_t, wait, "5s", 0, 60 * APR_USEC_PER_SEC, APP_SET_LOCATION,
                     "longest wait for the answer that another request is making; 0: each makes "
                     "its own"),
    APP_SET_LIST("KeyClaims", cache_conf_t, claims, "*", APP_SET_LOCATION,
                 "claims that answers differ by, beside the role: \"*\" all, \"user\" the user, "
                 "\"role\" none"),
    APP_SET_LIST("KeyHeaders", cache_conf_t, headers, NULL, APP_SET_LOCATION,
                 "headers of requests that answers differ by, beside Accept, Accept-Profile, "
                 "Prefer, Range, Range-Unit and If-Range"),
    APP_SET_SIZE("MaxAnswer", cache_conf_t, max_answer, "256k", 1 * K, 8 * K * K,
                 APP_SET_LOCATION, "longest body that is kept"),
    APP_SET_SIZE("Size", cache_conf_t, size, "32m", 1 * K * K, 16 * K * K * K, 0,
                 "memory for all answers of the site"),
    APP_SET_FLAG("OwnWrites", cache_conf_t, own_writes, "on", APP_SET_LOCATION,
                 "a write through this server ends what was kept before"),
    APP_SET_FLAG("ClientControl", cache_conf_t, obeys, "on", APP_SET_LOCATION,
                 "Cache-Control of requests is obeyed: no-cache, no-store, max-age"),
    APP_SET_DURATION("ClientAge", cache_conf_t, client_age, "0s", 0,
                     7 * 86400 * APR_USEC_PER_SEC, APP_SET_LOCATION,
                     "how long clients may use an answer without asking; 0: they ask each time"),
    APP_SET_FLAG("Shared", cache_conf_t, shared, "off", APP_SET_LOCATION,
                 "answers to nobody in particular may be kept by others' caches, too"),
    APP_SET_FLAG("CacheStatus", cache_conf_t, tells, "on", APP_SET_LOCATION,
                 "answers say in Cache-Status whether they were kept"),
    APP_SET_STRING("Channel", cache_conf_t, channel, "app_cache", 0,
                   "PostgreSQL: channel on which triggers tell of changes"),
    APP_SET_END
};

static void elect(app_instance_t *self, apr_pool_t *scratch)
{
    const cache_t *cache = app_instance_context(self);

    (void)scratch;
    cache_fresh_elect(cache->fresh);
}

static apr_status_t configure(app_instance_t *self, app_error_t *err)
{
    const cache_conf_t *conf = app_instance_settings(self);
    cache_t *cache = apr_pcalloc(app_instance_pool(self), sizeof(*cache));

    cache->self = self;
    cache->store = cache_store_declare(self, (apr_size_t)conf->size);
    cache->turns = cache_turns_declare(self);
    cache->fresh = cache_fresh_declare(self);
    app_instance_context_set(self, cache);
    app_filter_add(self, APP_PLACE_LOOKUP, cache_filter);
    if (cache_fresh_listens(cache->fresh)) {
        app_timer_add(self, "listen", ELECTION, 0, elect);
    }
    return cache_tally_declare(&cache->tally, self, err);
}

static apr_status_t start(app_instance_t *self, app_error_t *err)
{
    const cache_t *cache = app_instance_context(self);

    cache_store_start(cache->store);
    return cache_fresh_start(cache->fresh, err);
}

static void stop(app_instance_t *self)
{
    const cache_t *cache = app_instance_context(self);

    cache_fresh_stop(cache->fresh);
}

static const app_command_t commands[] = {
    { "cache", CACHE_COMMAND_USAGE, cache_command },
    { NULL, NULL, NULL }
};

APP_PLUGIN(.name = "cache", .version = "0.1", .summary = "answers kept in shared memory",
           .settings = settings, .settings_size = sizeof(cache_conf_t), .configure = configure,
           .start = start, .stop = stop, .status = cache_status, .commands = commands)
