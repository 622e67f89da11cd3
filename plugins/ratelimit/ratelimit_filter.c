/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A request's way through the limits: those that know it by its address or a header come before
 * anything is done for it, so that a flood is cheap; those that know who asks come when that is
 * known. Thread of the request.
 */
#include <string.h>

#include "ratelimit_address.h"
#include "ratelimit_header.h"
#include "ratelimit_int.h"

/** What a request is counted by. */
typedef struct caller_t {
    app_request_t          *r;
    const ratelimit_conf_t *conf;
    ratelimit_address_t     address; /* whole */
    ratelimit_address_t     network; /* what shares a bucket */
} caller_t;

static int is_exempt(const ratelimit_conf_t *conf, const ratelimit_address_t *address)
{
    int i, j;

    for (i = 0; i < conf->exempt->nelts; i++) {
        const apr_array_header_t *line =
            APR_ARRAY_IDX(conf->exempt, i, const apr_array_header_t *);

        for (j = 0; j < line->nelts; j++) {
            if (ratelimit_network_has(APR_ARRAY_IDX(line, j, const ratelimit_network_t *),
                                      address)) {
                return 1;
            }
        }
    }
    return 0;
}

/** A limit of the same name that stands further down, or further in, takes its place. */
static int is_replaced(const apr_array_header_t *limits, int at)
{
    const apr_uint64_t name = APR_ARRAY_IDX(limits, at, const ratelimit_rule_t *)->name_id;
    int i;

    for (i = at + 1; i < limits->nelts; i++) {
        if (APR_ARRAY_IDX(limits, i, const ratelimit_rule_t *)->name_id == name) {
            return 1;
        }
    }
    return 0;
}

/**
 * What the rule knows the caller by.
 * @return NULL: nothing of the kind, so that its address has to do
 */
static const char *text_of(const ratelimit_rule_t *rule, const caller_t *caller)
{
    const app_identity_t *identity = app_request_identity(caller->r);

    switch (rule->per) {
    case RATELIMIT_PER_ALL:
        return "";
    case RATELIMIT_PER_HEADER:
        return app_request_header(caller->r, rule->header);
    case RATELIMIT_PER_USER:
        return identity->user;
    case RATELIMIT_PER_KEY: /* a key's claims are always the same, and hold its id */
        return identity->method && strcmp(identity->method, "key") == 0 ? identity->claims : NULL;
    default:
        return NULL;
    }
}

/** Texts and addresses must not meet in a bucket, whatever a client writes into a header. */
static ratelimit_key_t key_of(const ratelimit_rule_t *rule, const caller_t *caller)
{
    const char *text = text_of(rule, caller);

    return text ? (ratelimit_key_t){ rule->id, text, strlen(text) }
                : (ratelimit_key_t){ ~rule->id, caller->network.bytes,
                                     sizeof(caller->network.bytes) };
}

/**
 * Takes the tokens here, and where all machines count, too. What this machine alone refuses all of
 * them would: its buckets never hold more, so a flood of refusals does not reach Redis.
 */
static ratelimit_verdict_t take(const ratelimit_t *ratelimit, const ratelimit_rule_t *rule,
                                const caller_t *caller, apr_int64_t cost)
{
    const ratelimit_key_t key = key_of(rule, caller);
    const apr_uint64_t hash =
        ratelimit_table_hash(ratelimit->table, key.label, key.data, key.len);
    const ratelimit_verdict_t here =
        ratelimit_table_take(ratelimit->table, hash, &rule->rate, cost, apr_time_now() * 1000);
    ratelimit_verdict_t everywhere;

    if (!here.passed || !ratelimit->redis) {
        return here;
    }
    if (ratelimit_redis_take(&everywhere, ratelimit->redis, &key, &rule->rate, cost) !=
        APR_SUCCESS) {
        app_metric_add(ratelimit->questions, 1, APP_METRIC_LABELS("alone"));
        return here;
    }
    app_metric_add(ratelimit->questions, 1, APP_METRIC_LABELS("answered"));
    if (!everywhere.passed) {
        ratelimit_table_give(ratelimit->table, hash, &rule->rate, cost);
    }
    return everywhere;
}

static apr_status_t refuse(const ratelimit_rule_t *rule, const ratelimit_verdict_t *verdict,
                           app_error_t *err)
{
    const apr_int64_t seconds = ratelimit_seconds(verdict->wait);

    app_fail(err, APP_E_TOO_MANY, NULL);
    app_details(err, "The limit \"%s\" is %s", rule->name, rule->said_rate);
    app_hint(err, "Try again in %" APR_INT64_T_FMT " second%s.", seconds, seconds == 1 ? "" : "s");
    err->retry_after = (int)seconds;
    return APP_EFAIL;
}

static void count(const ratelimit_t *ratelimit, const ratelimit_rule_t *rule, int passed)
{
    static const char *const names[] = { "passed", "refused", "would_refuse" };
    const ratelimit_outcome_e outcome = passed          ? RATELIMIT_PASSED
                                        : rule->dry_run ? RATELIMIT_WOULD_REFUSE
                                                        : RATELIMIT_REFUSED;

    ratelimit_count(ratelimit->counts, rule, outcome);
    app_metric_add(ratelimit->requests, 1, APP_METRIC_LABELS(rule->name, names[outcome]));
}

static apr_status_t check(const ratelimit_t *ratelimit, const ratelimit_rule_t *rule,
                          const caller_t *caller, app_response_t *res, app_error_t *err)
{
    const apr_int64_t cost = ratelimit_rule_cost(rule, app_request_method(caller->r));
    ratelimit_verdict_t verdict;

    if (cost == 0) {
        return APP_NEXT;
    }
    verdict = take(ratelimit, rule, caller, cost);
    count(ratelimit, rule, verdict.passed);
    if (rule->dry_run) {
        if (!verdict.passed) {
            app_log(APP_LOG_INFO, caller->r, "APP2600", "limit %s (%s, dry-run) would refuse %s",
                    rule->name, rule->said_rate, app_request_peer(caller->r));
        }
        return APP_NEXT;
    }
    if (caller->conf->headers) {
        ratelimit_header_add(res, rule, &verdict);
    }
    return verdict.passed ? APP_NEXT : refuse(rule, &verdict, err);
}

static int is_due(const ratelimit_rule_t *rule, const app_request_t *r, unsigned early)
{
    return !rule->off && rule->early == early &&
           (early || ratelimit_rule_is_for(rule, app_request_identity(r)->role));
}

static apr_status_t filter(app_instance_t *self, app_request_t *r, app_response_t *res,
                           unsigned early, app_error_t *err)
{
    caller_t caller = { .r = r, .conf = app_request_settings(r, self) };
    const apr_array_header_t *limits = caller.conf->limits;
    int i, known = 0;

    for (i = 0; i < limits->nelts; i++) {
        const ratelimit_rule_t *rule = APR_ARRAY_IDX(limits, i, const ratelimit_rule_t *);

        if (!is_due(rule, r, early) || is_replaced(limits, i)) {
            continue;
        }
        if (!known) {
            known = 1;
            caller.address = caller.network = ratelimit_address_read(app_request_peer(r));
            ratelimit_address_cut(&caller.network, caller.conf->ipv4_prefix,
                                  caller.conf->ipv6_prefix);
            if (is_exempt(caller.conf, &caller.address)) {
                return APP_NEXT;
            }
        }
        if (check(app_instance_context(self), rule, &caller, res, err) != APP_NEXT) {
            return APP_EFAIL;
        }
    }
    return APP_NEXT;
}

apr_status_t ratelimit_filter_early(app_instance_t *self, app_request_t *r, app_response_t *res,
                                    app_error_t *err)
{
    return filter(self, r, res, 1, err);
}

apr_status_t ratelimit_filter_late(app_instance_t *self, app_request_t *r, app_response_t *res,
                                   app_error_t *err)
{
    return filter(self, r, res, 0, err);
}
