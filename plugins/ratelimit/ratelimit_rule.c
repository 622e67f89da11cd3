/* SPDX-License-Identifier: Apache-2.0 */
/** Reads lines of the setting Limit (ratelimit_rule.h), and says what is wrong with one. */
#include "ratelimit_rule.h"

#include <string.h>
#include <strings.h>

#include "apr_lib.h"
#include "apr_strings.h"

#define NAME_MAX_LENGTH 32
#define WINDOW_MAX      (31 * 86400) /* seconds */
#define SECOND          APR_INT64_C(1000000000)
#define FASTEST         APR_INT64_C(1000) /* nanoseconds a token: a million a second */
#define TOKENS_MAX      APR_INT64_C(1000000000)

/* Small words */

static int is_name(const char *text)
{
    apr_size_t len = strlen(text);

    return len && len <= NAME_MAX_LENGTH && apr_isalpha(*text) &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == len;
}

static int read_count(const char *text, apr_size_t len, apr_int64_t *pcount)
{
    return app_int64_parse(text, len, pcount) == APR_SUCCESS && *pcount >= 1 &&
           *pcount <= TOKENS_MAX;
}

/** Texts between commas; an empty one is kept, for the caller to refuse. */
static apr_array_header_t *split(const char *text, apr_pool_t *p)
{
    apr_array_header_t *parts = apr_array_make(p, 4, sizeof(const char *));
    const char *comma;

    while ((comma = strchr(text, ',')) != NULL) {
        APR_ARRAY_PUSH(parts, const char *) =
            apr_pstrmemdup(p, text, (apr_size_t)(comma - text));
        text = comma + 1;
    }
    APR_ARRAY_PUSH(parts, const char *) = apr_pstrdup(p, text);
    return parts;
}

/* The rate: "100/1m", "100/m" */

/** Seconds of "1m", "15m", "h"; 0: it is no such time. */
static apr_int64_t read_window(const char *text)
{
    static const struct {
        const char *name;
        apr_int64_t seconds;
    } units[] = { { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 } };
    const apr_size_t digits = strspn(text, "0123456789");
    apr_int64_t number = 1;
    apr_size_t i;

    if (digits && !read_count(text, digits, &number)) {
        return 0;
    }
    for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcasecmp(text + digits, units[i].name) == 0) {
            number *= units[i].seconds;
            return number <= WINDOW_MAX ? number : 0;
        }
    }
    return 0;
}

static apr_status_t read_rate(ratelimit_rule_t *rule, const char *text, apr_int64_t *pwindow,
                              apr_int64_t *pcount, app_error_t *err, apr_pool_t *p)
{
    const char *slash = strchr(text, '/');

    if (!slash || !read_count(text, (apr_size_t)(slash - text), pcount) ||
        (*pwindow = read_window(slash + 1)) == 0) {
        return app_fail(err, APP_E_SETTING,
                        "Limit %s takes a rate as 100/1m, 10/s or 5000/1d (at most 31d), or the "
                        "word off, not \"%s\"",
                        rule->name, text);
    }
    rule->said_rate = apr_pstrdup(p, text);
    rule->rate.interval = *pwindow * SECOND / *pcount;
    if (rule->rate.interval < FASTEST) {
        return app_fail(err, APP_E_SETTING, "Limit %s: %s is more than a million a second",
                        rule->name, text);
    }
    return APR_SUCCESS;
}

/* Options */

static apr_status_t set_per(ratelimit_rule_t *rule, const char *value, app_error_t *err,
                            apr_pool_t *p)
{
    static const char *const words[] = { "address", "all", "header:", "user", "key" };
    int i;

    for (i = RATELIMIT_PER_ADDRESS; i <= RATELIMIT_PER_KEY; i++) {
        if (i == RATELIMIT_PER_HEADER
                ? strncasecmp(value, words[i], strlen(words[i])) == 0 && is_name(value + 7)
                : strcasecmp(value, words[i]) == 0) {
            rule->per = (ratelimit_per_e)i;
            rule->header = i == RATELIMIT_PER_HEADER ? apr_pstrdup(p, value + 7) : NULL;
            return APR_SUCCESS;
        }
    }
    return app_fail(err, APP_E_SETTING,
                    "Limit %s: per= takes address, user, key, header:NAME or all, not \"%s\"",
                    rule->name, value);
}

/** Kept in whole until the rate is known to the end. */
static apr_status_t set_burst(ratelimit_rule_t *rule, const char *value, app_error_t *err,
                              apr_pool_t *p)
{
    (void)p;
    if (!read_count(value, strlen(value), &rule->rate.whole)) {
        return app_fail(err, APP_E_SETTING,
                        "Limit %s: burst= takes a number from 1 to 1000000000, not \"%s\"",
                        rule->name, value);
    }
    return APR_SUCCESS;
}

static int read_cost(ratelimit_cost_t *cost, const char *text, apr_pool_t *p)
{
    const char *colon = strchr(text, ':');

    if (!colon || colon == text ||
        app_int64_parse(colon + 1, strlen(colon + 1), &cost->tokens) != APR_SUCCESS ||
        cost->tokens < 0 || cost->tokens > TOKENS_MAX) {
        return 0;
    }
    cost->method = apr_pstrmemdup(p, text, (apr_size_t)(colon - text));
    return strspn(cost->method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") == strlen(cost->method);
}

static apr_status_t set_cost(ratelimit_rule_t *rule, const char *value, app_error_t *err,
                             apr_pool_t *p)
{
    const apr_array_header_t *parts = split(value, p);
    int i;

    for (i = 0; i < parts->nelts; i++) {
        if (!read_cost(apr_array_push(rule->costs), APR_ARRAY_IDX(parts, i, const char *), p)) {
            return app_fail(err, APP_E_SETTING,
                            "Limit %s: cost= takes methods with what a request costs, as in "
                            "POST:5,DELETE:10, not \"%s\"",
                            rule->name, value);
        }
    }
    return APR_SUCCESS;
}

static apr_status_t read_roles(apr_array_header_t **proles, const ratelimit_rule_t *rule,
                               const char *value, app_error_t *err, apr_pool_t *p)
{
    apr_array_header_t *roles = split(value, p);
    int i;

    for (i = 0; i < roles->nelts; i++) {
        if (!*APR_ARRAY_IDX(roles, i, const char *)) {
            return app_fail(err, APP_E_SETTING,
                            "Limit %s: roles are divided by commas, without blanks, not \"%s\"",
                            rule->name, value);
        }
    }
    *proles = roles;
    return APR_SUCCESS;
}

static apr_status_t set_role(ratelimit_rule_t *rule, const char *value, app_error_t *err,
                             apr_pool_t *p)
{
    return read_roles(&rule->roles, rule, value, err, p);
}

static apr_status_t set_not_role(ratelimit_rule_t *rule, const char *value, app_error_t *err,
                                 apr_pool_t *p)
{
    return read_roles(&rule->not_roles, rule, value, err, p);
}

static const struct {
    const char *name;
    apr_status_t (*set)(ratelimit_rule_t *rule, const char *value, app_error_t *err,
                        apr_pool_t *p);
} options[] = { { "per=", set_per },
                { "burst=", set_burst },
                { "cost=", set_cost },
                { "role=", set_role },
                { "not-role=", set_not_role } };

#define OPTIONS (sizeof(options) / sizeof(options[0]))

/** @param pseen a bit for each option; none may stand twice */
static apr_status_t set_option(ratelimit_rule_t *rule, const char *word, unsigned *pseen,
                               app_error_t *err, apr_pool_t *p)
{
    apr_size_t i;

    if (strcasecmp(word, "dry-run") == 0) {
        rule->dry_run = 1;
        return APR_SUCCESS;
    }
    for (i = 0; i < OPTIONS; i++) {
        const apr_size_t len = strlen(options[i].name);

        if (strncasecmp(word, options[i].name, len) != 0) {
            continue;
        }
        if (*pseen & 1u << i) {
            return app_fail(err, APP_E_SETTING, "Limit %s: %s stands twice", rule->name,
                            options[i].name);
        }
        *pseen |= 1u << i;
        return options[i].set(rule, word + len, err, p);
    }
    return app_fail(err, APP_E_SETTING,
                    "Limit %s: \"%s\" is none of per=, burst=, cost=, role=, not-role=, dry-run",
                    rule->name, word);
}

/* The whole */

static apr_status_t check_costs(const ratelimit_rule_t *rule, apr_int64_t burst, app_error_t *err)
{
    int i;

    for (i = 0; i < rule->costs->nelts; i++) {
        const ratelimit_cost_t *cost = &APR_ARRAY_IDX(rule->costs, i, ratelimit_cost_t);

        if (cost->tokens > burst) {
            return app_fail(err, APP_E_SETTING,
                            "Limit %s: a %s costs more than a burst of %" APR_INT64_T_FMT
                            " holds, and could never pass",
                            rule->name, cost->method, burst);
        }
    }
    return APR_SUCCESS;
}

/** What was said of the rate becomes what buckets are filled by. */
static apr_status_t set_whole(ratelimit_rule_t *rule, apr_int64_t count, app_error_t *err)
{
    const apr_int64_t burst = rule->rate.whole ? rule->rate.whole : count;

    if (burst > RATELIMIT_WHOLE_MAX / rule->rate.interval) {
        return app_fail(err, APP_E_SETTING,
                        "Limit %s: a burst of %" APR_INT64_T_FMT
                        " would take more than 31 days to fill at %s",
                        rule->name, burst, rule->said_rate);
    }
    rule->rate.whole = burst * rule->rate.interval;
    return check_costs(rule, burst, err);
}

static apr_uint64_t id_of(const char *text)
{
    static const unsigned char none[RATELIMIT_SECRET_BYTES];
    const apr_uint64_t id = ratelimit_hash(none, 0, text, strlen(text));

    return id ? id : 1;
}

static void set_texts(ratelimit_rule_t *rule, apr_int64_t count, apr_int64_t window, apr_pool_t *p)
{
    const char *buckets =
        apr_psprintf(p, "%s %" APR_INT64_T_FMT " %" APR_INT64_T_FMT " %d %s", rule->name,
                     rule->rate.interval, rule->rate.whole, (int)rule->per,
                     rule->header ? rule->header : "");

    rule->id = id_of(buckets);
    rule->policy = apr_psprintf(p, "\"%s\";q=%" APR_INT64_T_FMT ";w=%" APR_INT64_T_FMT, rule->name,
                                count, window);
    rule->item = apr_psprintf(p, "\"%s\";r=", rule->name);
    rule->early = rule->per <= RATELIMIT_PER_HEADER && !rule->roles && !rule->not_roles;
}

static apr_status_t read_rule(ratelimit_rule_t *rule, const apr_array_header_t *words,
                              app_error_t *err, apr_pool_t *p)
{
    apr_int64_t count = 0, window = 0;
    unsigned seen = 0;
    int i;

    if (read_rate(rule, APR_ARRAY_IDX(words, 1, const char *), &window, &count, err, p) !=
        APR_SUCCESS) {
        return APP_EFAIL;
    }
    for (i = 2; i < words->nelts; i++) {
        if (set_option(rule, APR_ARRAY_IDX(words, i, const char *), &seen, err, p) !=
            APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    if (set_whole(rule, count, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    set_texts(rule, count, window, p);
    return APR_SUCCESS;
}

apr_status_t ratelimit_rule_parse(const void **pvalue, const apr_array_header_t *words,
                                  app_error_t *err, apr_pool_t *p)
{
    ratelimit_rule_t *rule = apr_pcalloc(p, sizeof(*rule));

    rule->name = apr_pstrdup(p, APR_ARRAY_IDX(words, 0, const char *));
    if (words->nelts < 2 || !is_name(rule->name)) {
        return app_fail(err, APP_E_SETTING,
                        "Limit takes a name, of letters, digits and _ . -, and a rate: "
                        "Limit api 100/1m per=address");
    }
    rule->name_id = id_of(rule->name);
    rule->costs = apr_array_make(p, 2, sizeof(ratelimit_cost_t));
    if (strcasecmp(APR_ARRAY_IDX(words, 1, const char *), "off") == 0 && words->nelts == 2) {
        rule->off = 1;
    }
    else if (read_rule(rule, words, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    *pvalue = rule;
    return APR_SUCCESS;
}

/* Asked in requests */

static const ratelimit_cost_t *find_cost(const ratelimit_rule_t *rule, const char *method)
{
    int i;

    for (i = 0; i < rule->costs->nelts; i++) {
        const ratelimit_cost_t *cost = &APR_ARRAY_IDX(rule->costs, i, ratelimit_cost_t);

        if (strcmp(cost->method, method) == 0) {
            return cost;
        }
    }
    return NULL;
}

apr_int64_t ratelimit_rule_cost(const ratelimit_rule_t *rule, const char *method)
{
    const ratelimit_cost_t *cost = find_cost(rule, method);

    if (!cost && strcmp(method, "HEAD") == 0) {
        cost = find_cost(rule, "GET");
    }
    return cost ? cost->tokens : 1;
}

static int has_role(const apr_array_header_t *roles, const char *role)
{
    int i;

    for (i = 0; i < roles->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(roles, i, const char *), role) == 0) {
            return 1;
        }
    }
    return 0;
}

int ratelimit_rule_is_for(const ratelimit_rule_t *rule, const char *role)
{
    role = role ? role : "anonymous";
    return (!rule->roles || has_role(rule->roles, role)) &&
           (!rule->not_roles || !has_role(rule->not_roles, role));
}
