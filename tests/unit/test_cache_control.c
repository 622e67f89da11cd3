/* SPDX-License-Identifier: Apache-2.0 */
/** What requests and answers say to caches, and which Vary a key is enough for. */
#include "unit.h"

#include "cache_int.h"

static void test_directives(void **state)
{
    static const struct {
        const char *field;
        int no_store, no_cache, is_private;
        apr_int64_t max_age; /* seconds */
    } cases[] = {
        { NULL, 0, 0, 0, -1 },
        { "", 0, 0, 0, -1 },
        { "no-store", 1, 0, 0, -1 },
        { "No-Cache", 0, 1, 0, -1 },
        { "private, max-age=60", 0, 0, 1, 60 },
        { " max-age=\"5\" ,,\tno-store", 1, 0, 0, 5 },
        { "no-cache=\"Set-Cookie\"", 0, 1, 0, -1 },
        { "max-age", 0, 0, 0, -1 },
        { "max-age=", 0, 0, 0, 0 },
        { "max-age=-1", 0, 0, 0, 0 },
        { "max-age=1e9", 0, 0, 0, 0 },
        { "max-age=99999999999999999999", 0, 0, 0, APR_INT32_MAX },
        { "no-storex, xno-cache, s-maxage=3", 0, 0, 0, -1 },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        const char *name = cases[i].field ? cases[i].field : "(none)";
        cache_control_t control;

        cache_control_read(&control, cases[i].field);
        CASE_INT(name, control.no_store, cases[i].no_store);
        CASE_INT(name, control.no_cache, cases[i].no_cache);
        CASE_INT(name, control.is_private, cases[i].is_private);
        CASE_INT(name, control.max_age < 0 ? -1 : apr_time_sec(control.max_age),
                 cases[i].max_age);
    }
}

static void test_vary(void **state)
{
    static const struct {
        const char *vary;
        int covered;
    } cases[] = {
        { "", 1 },
        { "Accept, Prefer, Range", 1 },
        { "accept,authorization", 1 },
        { "Accept-Profile,  X-Tenant", 1 },
        { "Cookie", 0 },
        { "Accept, Accept-Language", 0 },
        { "*", 0 },
    };
    cache_conf_t conf = { .headers = apr_array_make(unit_pool, 1, sizeof(const char *)) };
    size_t i;

    (void)state;
    APR_ARRAY_PUSH(conf.headers, const char *) = "x-tenant";
    for (i = 0; i < COUNT(cases); i++) {
        CASE_INT(cases[i].vary, cache_key_covers(cases[i].vary, &conf), cases[i].covered);
    }
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_directives),
    cmocka_unit_test(test_vary),
};

UNIT_MAIN(tests)
