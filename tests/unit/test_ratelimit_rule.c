/* SPDX-License-Identifier: Apache-2.0 */
/** Lines of the setting Limit: what they mean, and what is refused. */
#include "unit.h"

#include "apr_strings.h"

#include "ratelimit_rule.h"

static apr_status_t parse(const ratelimit_rule_t **prule, const char *line, app_error_t *err)
{
    apr_array_header_t *words = apr_array_make(unit_pool, 8, sizeof(const char *));
    char *copy = apr_pstrdup(unit_pool, line), *last, *word;
    const void *value = NULL;
    apr_status_t rv;

    for (word = apr_strtok(copy, " ", &last); word; word = apr_strtok(NULL, " ", &last)) {
        APR_ARRAY_PUSH(words, const char *) = word;
    }
    rv = ratelimit_rule_parse(&value, words, err, unit_pool);
    *prule = value;
    return rv;
}

/** The rule as a line of its own, or the error's message. */
static const char *print(const char *line)
{
    static const char *const pers[] = { "address", "all", "header", "user", "key" };
    app_error_t err = { .pool = unit_pool };
    const ratelimit_rule_t *rule;

    if (parse(&rule, line, &err) != APR_SUCCESS) {
        return err.message;
    }
    if (rule->off) {
        return "off";
    }
    return apr_psprintf(unit_pool, "%s %s%s%s %" APR_INT64_T_FMT "us of %" APR_INT64_T_FMT "ms%s%s",
                        rule->policy, pers[rule->per], rule->header ? " " : "",
                        rule->header ? rule->header : "", rule->rate.interval / 1000,
                        rule->rate.whole / 1000000, rule->early ? "" : " late",
                        rule->dry_run ? " dry-run" : "");
}

static void test_good_lines(void **state)
{
    static const struct {
        const char *line, *rule;
    } cases[] = {
        { "api 100/1m", "\"api\";q=100;w=60 address 600000us of 60000ms" },
        { "api 100/m", "\"api\";q=100;w=60 address 600000us of 60000ms" },
        { "api 10/s burst=20", "\"api\";q=10;w=1 address 100000us of 2000ms" },
        { "a.b_c-1 5000/1H per=USER", "\"a.b_c-1\";q=5000;w=3600 user 720000us of 3600000ms late" },
        { "k 1/1d per=key dry-run", "\"k\";q=1;w=86400 key 86400000000us of 86400000ms late dry-run" },
        { "h 7/15m per=header:X-Tenant", "\"h\";q=7;w=900 header X-Tenant 128571428us of 899999ms" },
        { "all 1000000/s per=all", "\"all\";q=1000000;w=1 all 1us of 1000ms" },
        { "r 1/s role=anonymous", "\"r\";q=1;w=1 address 1000000us of 1000ms late" },
        { "r 1/s not-role=a,b", "\"r\";q=1;w=1 address 1000000us of 1000ms late" },
        { "api off", "off" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        CASE_STRING(cases[i].line, print(cases[i].line), cases[i].rule);
    }
}

#define NAME "Limit takes a name, of letters, digits and _ . -, and a rate: Limit api 100/1m per=address"
#define RATE(text) "Limit api takes a rate as 100/1m, 10/s or 5000/1d (at most 31d), or the word off, not \"" text "\""

static void test_refused_lines(void **state)
{
    static const struct {
        const char *line, *message;
    } cases[] = {
        { "api", NAME },
        { "100/1m per=address", NAME },
        { "a\"b 100/1m", NAME },
        { "a123456789012345678901234567890123 1/s", NAME },
        { "api 100", RATE("100") },
        { "api 100/", RATE("100/") },
        { "api 0/1m", RATE("0/1m") },
        { "api -5/1m", RATE("-5/1m") },
        { "api 100/0s", RATE("100/0s") },
        { "api 100/1w", RATE("100/1w") },
        { "api 100/32d", RATE("100/32d") },
        { "api 100/250ms", RATE("100/250ms") },
        { "api off per=user", RATE("off") },
        { "api 99999999999999999999/s", RATE("99999999999999999999/s") },
        { "api 2000000/s", "Limit api: 2000000/s is more than a million a second" },
        { "api 1/s per=role", "Limit api: per= takes address, user, key, header:NAME or all, not \"role\"" },
        { "api 1/s per=header:", "Limit api: per= takes address, user, key, header:NAME or all, not \"header:\"" },
        { "api 1/s burst=0", "Limit api: burst= takes a number from 1 to 1000000000, not \"0\"" },
        { "api 1/s burst=x", "Limit api: burst= takes a number from 1 to 1000000000, not \"x\"" },
        { "api 1/1d burst=32", "Limit api: a burst of 32 would take more than 31 days to fill at 1/1d" },
        { "api 10/s cost=POST:11", "Limit api: a POST costs more than a burst of 10 holds, and could never pass" },
        { "api 10/s cost=POST", "Limit api: cost= takes methods with what a request costs, as in POST:5,DELETE:10, not \"POST\"" },
        { "api 10/s cost=post:1", "Limit api: cost= takes methods with what a request costs, as in POST:5,DELETE:10, not \"post:1\"" },
        { "api 10/s cost=POST:1,", "Limit api: cost= takes methods with what a request costs, as in POST:5,DELETE:10, not \"POST:1,\"" },
        { "api 10/s role=a,,b", "Limit api: roles are divided by commas, without blanks, not \"a,,b\"" },
        { "api 10/s per=user per=key", "Limit api: per= stands twice" },
        { "api 10/s dryrun", "Limit api: \"dryrun\" is none of per=, burst=, cost=, role=, not-role=, dry-run" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        CASE_STRING(cases[i].line, print(cases[i].line), cases[i].message);
    }
}

static void test_costs(void **state)
{
    static const struct {
        const char *line, *method;
        int         cost;
    } cases[] = {
        { "a 10/s", "GET", 1 },
        { "a 10/s cost=POST:5,DELETE:10", "POST", 5 },
        { "a 10/s cost=POST:5,DELETE:10", "DELETE", 10 },
        { "a 10/s cost=POST:5,DELETE:10", "GET", 1 },
        { "a 10/s cost=GET:0", "GET", 0 },
        { "a 10/s cost=GET:0", "HEAD", 0 },
        { "a 10/s cost=GET:2,HEAD:1", "HEAD", 1 },
        { "a 10/s cost=GET:2", "get", 1 },
    };
    app_error_t err = { .pool = unit_pool };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        const ratelimit_rule_t *rule;

        CASE_INT(cases[i].line, parse(&rule, cases[i].line, &err), APR_SUCCESS);
        CASE_INT(cases[i].line, ratelimit_rule_cost(rule, cases[i].method), cases[i].cost);
    }
}

static void test_roles(void **state)
{
    static const struct {
        const char *line, *role;
        int         is_for;
    } cases[] = {
        { "a 1/s", "web_user", 1 },
        { "a 1/s", NULL, 1 },
        { "a 1/s role=web_user,editor", "editor", 1 },
        { "a 1/s role=web_user,editor", "web", 0 },
        { "a 1/s role=web_user", NULL, 0 },
        { "a 1/s role=anonymous", NULL, 1 },
        { "a 1/s not-role=service", "service", 0 },
        { "a 1/s not-role=service", "web_user", 1 },
        { "a 1/s not-role=anonymous", NULL, 0 },
        { "a 1/s role=x not-role=x", "x", 0 },
    };
    app_error_t err = { .pool = unit_pool };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        const ratelimit_rule_t *rule;

        CASE_INT(cases[i].line, parse(&rule, cases[i].line, &err), APR_SUCCESS);
        CASE_INT(cases[i].line, ratelimit_rule_is_for(rule, cases[i].role), cases[i].is_for);
    }
}

static void test_what_has_buckets_of_its_own(void **state)
{
    static const struct {
        const char *a, *b;
        int         same;
    } cases[] = {
        { "a 10/s", "a 10/s cost=POST:2 dry-run", 1 },
        { "a 10/s", "a 600/1m burst=10", 1 },
        { "a 10/s", "b 10/s", 0 },
        { "a 10/s", "a 11/s", 0 },
        { "a 10/s", "a 10/s burst=20", 0 },
        { "a 10/s", "a 10/s per=user", 0 },
        { "a 10/s per=header:X-A", "a 10/s per=header:X-B", 0 },
    };
    app_error_t err = { .pool = unit_pool };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        const ratelimit_rule_t *a, *b;

        CASE_INT(cases[i].a, parse(&a, cases[i].a, &err), APR_SUCCESS);
        CASE_INT(cases[i].b, parse(&b, cases[i].b, &err), APR_SUCCESS);
        CASE_INT(cases[i].b, a->id == b->id, cases[i].same);
    }
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_good_lines),
    cmocka_unit_test(test_refused_lines),
    cmocka_unit_test(test_costs),
    cmocka_unit_test(test_roles),
    cmocka_unit_test(test_what_has_buckets_of_its_own),
};

UNIT_MAIN(tests)
