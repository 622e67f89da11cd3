/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Plugin ratelimit: how many requests may come in what time, from an address, a user, a key or all.
 * Descriptor, settings and life; what happens to a request is in ratelimit_filter.c.
 */
#include <string.h>

#include "apr_general.h"

#include "ratelimit_address.h"
#include "ratelimit_int.h"

#define PREFIX_MAX 128 /* bytes of RedisPrefix */

/** A line of Exempt: an array of networks. */
static apr_status_t parse_exempt(const void **pvalue, const apr_array_header_t *words,
                                 app_error_t *err, apr_pool_t *p)
{
    apr_array_header_t *networks =
        apr_array_make(p, words->nelts, sizeof(const ratelimit_network_t *));
    int i;

    for (i = 0; i < words->nelts; i++) {
        const ratelimit_network_t *network;

        if (ratelimit_network_parse(&network, APR_ARRAY_IDX(words, i, const char *), err, p) !=
            APR_SUCCESS) {
            return APP_EFAIL;
        }
        APR_ARRAY_PUSH(networks, const ratelimit_network_t *) = network;
    }
    *pvalue = networks;
    return APR_SUCCESS;
}

static const app_metric_def_t requests = {
    .name = "app_ratelimit_requests",
    .help = "Requests that a limit was for, by what came of it.",
    .labels = "limit outcome",
    .max_series = RATELIMIT_COUNTS * RATELIMIT_OUTCOMES_,
};

static const app_metric_def_t questions = {
    .name = "app_ratelimit_redis_questions",
    .help = "Requests that Redis was asked about, or that this machine had to count alone.",
    .labels = "outcome",
    .max_series = 2,
};

static const app_setting_t settings[] = {
    APP_SET_PARSED("Limit", ratelimit_conf_t, limits, ratelimit_rule_parse,
                   APP_SET_LOCATION | APP_SET_APPEND,
                   "a limit: NAME RATE (100/1m, 10/s), and perhaps per=address, user, key, "
                   "header:NAME or all, burst=N, cost=METHOD:N,…, role=…, not-role=…, dry-run; or "
                   "NAME off"),
    APP_SET_PARSED("Exempt", ratelimit_conf_t, exempt, parse_exempt,
                   APP_SET_LOCATION | APP_SET_APPEND,
                   "addresses and networks that no limit is for, divided by blanks"),
    APP_SET_INT("IPv4Prefix", ratelimit_conf_t, ipv4_prefix, "32", 8, 32, APP_SET_LOCATION,
                "bits of an IPv4 address that count: those that share them share a bucket"),
    APP_SET_INT("IPv6Prefix", ratelimit_conf_t, ipv6_prefix, "64", 16, 128, APP_SET_LOCATION,
                "bits of an IPv6 address that count"),
    APP_SET_FLAG("Headers", ratelimit_conf_t, headers, "on", APP_SET_LOCATION,
                 "answers say by RateLimit-Policy and RateLimit what holds, and what is left"),
    APP_SET_SIZE("Memory", ratelimit_conf_t, memory, "4m", 64 * 1024, APR_INT64_C(1) << 32, 0,
                 "shared memory for the buckets of all who are limited, 16 bytes each"),
    APP_SET_SECRET("Redis", ratelimit_conf_t, redis, 0,
                   "where several machines count together: redis://user:password@host:port/0 or "
                   "unix:///path"),
    APP_SET_DURATION("RedisTimeout", ratelimit_conf_t, redis_timeout, "100ms",
                     apr_time_from_msec(1), apr_time_from_sec(10), 0,
                     "longest wait for Redis, to connect and for each answer"),
    APP_SET_STRING("RedisPrefix", ratelimit_conf_t, redis_prefix, "app:limit:", 0,
                   "what the keys begin with; sites with the same one count together"),
    APP_SET_END
};

static void look_for_redis(app_instance_t *self, apr_pool_t *scratch)
{
    const ratelimit_t *ratelimit = app_instance_context(self);

    (void)scratch;
    ratelimit_redis_tick(ratelimit->redis);
}

static apr_status_t configure_redis(app_instance_t *self, ratelimit_t *ratelimit,
                                    const ratelimit_conf_t *conf, app_error_t *err)
{
    ratelimit->redis_conf.timeout = conf->redis_timeout;
    ratelimit->redis_conf.prefix = conf->redis_prefix;
    if (strlen(conf->redis_prefix) > PREFIX_MAX) {
        return app_fail(err, APP_E_SETTING, "RedisPrefix is longer than %d bytes", PREFIX_MAX);
    }
    if (ratelimit_redis_url_parse(&ratelimit->redis_conf.url, conf->redis, err,
                                  app_instance_pool(self)) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (app_metric_declare(&ratelimit->questions, self, &questions, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    ratelimit->redis_shm = app_shm_declare(self, "redis", sizeof(ratelimit_redis_state_t));
    app_timer_add(self, "ratelimit-redis", apr_time_from_sec(1), 1, look_for_redis);
    return APR_SUCCESS;
}

static apr_status_t configure(app_instance_t *self, app_error_t *err)
{
    const ratelimit_conf_t *conf = app_instance_settings(self);
    ratelimit_t *ratelimit = apr_pcalloc(app_instance_pool(self), sizeof(*ratelimit));

    ratelimit->table_shm = app_shm_declare(self, "buckets", (apr_size_t)conf->memory);
    ratelimit->counts_shm = app_shm_declare(self, "counts", sizeof(ratelimit_counts_t));
    app_instance_context_set(self, ratelimit);
    if (app_metric_declare(&ratelimit->requests, self, &requests, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_filter_add(self, APP_PLACE_LIMIT, ratelimit_filter_early);
    app_filter_add(self, APP_PLACE_ADMIT, ratelimit_filter_late);
    return conf->redis ? configure_redis(self, ratelimit, conf, err) : APR_SUCCESS;
}

/** Whichever process is first makes the table; the others find it. */
static apr_status_t make_table(ratelimit_t *ratelimit, apr_size_t size, app_error_t *err)
{
    unsigned char secret[RATELIMIT_SECRET_BYTES];

    if (apr_generate_random_bytes(secret, sizeof(secret)) != APR_SUCCESS ||
        app_shm_lock(ratelimit->table_shm) != APR_SUCCESS) {
        return app_fail(err, APP_E_INTERNAL, "the table of limits cannot be made");
    }
    ratelimit->table = app_shm_base(ratelimit->table_shm);
    ratelimit_table_init(ratelimit->table, size, secret);
    app_shm_unlock(ratelimit->table_shm);
    return APR_SUCCESS;
}

static apr_status_t start(app_instance_t *self, app_error_t *err)
{
    const ratelimit_conf_t *conf = app_instance_settings(self);
    ratelimit_t *ratelimit = app_instance_context(self);

    ratelimit->counts = app_shm_base(ratelimit->counts_shm);
    if (make_table(ratelimit, (apr_size_t)conf->memory, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (!ratelimit->redis_shm) {
        return APR_SUCCESS;
    }
    ratelimit->redis_state = app_shm_base(ratelimit->redis_shm);
    return ratelimit_redis_create(&ratelimit->redis, &ratelimit->redis_conf,
                                  ratelimit->redis_state, err, app_instance_pool(self));
}

static void add_limit(void *ctx, const ratelimit_count_t *count)
{
    const apr_uint64_t *n = count->outcomes;

    json_object_set_new(ctx, count->name,
                        json_pack("{s:I, s:I, s:I}", "passed", (json_int_t)n[RATELIMIT_PASSED],
                                  "refused", (json_int_t)n[RATELIMIT_REFUSED], "would_refuse",
                                  (json_int_t)n[RATELIMIT_WOULD_REFUSE]));
}

static json_t *redis_part(const ratelimit_redis_state_t *state)
{
    return json_pack("{s:s, s:I, s:I}", "state", state->away ? "away" : "there", "asked",
                     (json_int_t)state->asked, "failed", (json_int_t)state->failed);
}

static void status(app_instance_t *self, app_request_t *r, json_t *part)
{
    const ratelimit_t *ratelimit = app_instance_context(self);
    const ratelimit_table_figures_t figures = ratelimit_table_figures(ratelimit->table);
    json_t *limits = json_object();

    (void)r;
    ratelimit_count_each(ratelimit->counts, add_limit, limits);
    json_object_set_new(part, "limits", limits);
    json_object_set_new(part, "buckets", json_integer((json_int_t)figures.buckets));
    json_object_set_new(part, "forgotten", json_integer((json_int_t)figures.forgotten));
    if (ratelimit->redis_state) {
        json_object_set_new(part, "redis", redis_part(ratelimit->redis_state));
    }
}

APP_PLUGIN(.name = "ratelimit", .version = "0.1", .summary = "how many requests in what time",
           .settings = settings, .settings_size = sizeof(ratelimit_conf_t),
           .configure = configure, .start = start, .status = status)
