/* SPDX-License-Identifier: Apache-2.0 */
/** Where Redis is, as the setting says; and that no refusal repeats a password. */
#include "unit.h"

#include "apr_strings.h"

#include "ratelimit_redis_url.h"

static const char *print(const char *text)
{
    app_error_t err = { .pool = unit_pool };
    ratelimit_redis_url_t url;

    if (ratelimit_redis_url_parse(&url, text, &err, unit_pool) != APR_SUCCESS) {
        assert_null(strstr(err.message, "hush"));
        return apr_pstrmemdup(unit_pool, err.message, strcspn(err.message, ".;"));
    }
    return apr_psprintf(unit_pool, "%s %d %s %s %d", url.host ? url.host : url.path, url.port,
                        url.user ? url.user : "-", url.password ? url.password : "-",
                        url.database);
}

static void test_urls(void **state)
{
    static const struct {
        const char *text, *url;
    } cases[] = {
        { "redis://localhost", "localhost 6379 - - 0" },
        { "redis://localhost/", "localhost 6379 - - 0" },
        { "redis://10.0.0.1:6380/2", "10.0.0.1 6380 - - 2" },
        { "redis://[2001:db8::1]", "2001:db8::1 6379 - - 0" },
        { "redis://[2001:db8::1]:6380", "2001:db8::1 6380 - - 0" },
        { "redis://:hush@cache", "cache 6379 - hush 0" },
        { "redis://app:h%40u%2Fsh@cache/1", "cache 6379 app h@u/sh 1" },
        { "unix:///run/redis.sock", "/run/redis.sock 0 - - 0" },
        { "unix://app:hush@/run/redis.sock", "/run/redis.sock 0 app hush 0" },
        { "localhost:6379", "Redis: it begins with neither redis:// nor unix://" },
        { "rediss://:hush@cache", "Redis: there is no TLS to Redis here" },
        { "redis://", "Redis: the host or port is wrong" },
        { "redis://:hush@", "Redis: the host or port is wrong" },
        { "redis://cache:0", "Redis: the host or port is wrong" },
        { "redis://cache:hush", "Redis: the host or port is wrong" },
        { "redis://[::1", "Redis: the host or port is wrong" },
        { "redis://[::1]hush", "Redis: the host or port is wrong" },
        { "redis://cache/hush", "Redis: the database behind the host is no number" },
        { "redis://hush@cache", "Redis: what stands before \"@\" is no user:password or :password" },
        { "redis://app:@cache", "Redis: what stands before \"@\" is no user:password or :password" },
        { "redis://:hush%4@cache", "Redis: what stands before \"@\" is no user:password or :password" },
        { "redis://:hush%00@cache", "Redis: what stands before \"@\" is no user:password or :password" },
        { "unix://", "Redis: the path is missing" },
        { "unix://run/redis.sock", "Redis: the path is missing" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        CASE_STRING(cases[i].text, print(cases[i].text), cases[i].url);
    }
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_urls),
};

UNIT_MAIN(tests)
