/* SPDX-License-Identifier: Apache-2.0 */
/** Tokens that were seen before: found, bounded in number and bytes, shared by threads. */
#include "unit.h"

#include "apr_strings.h"
#include "apr_thread_proc.h"

#include "auth_token_int.h"

#define THREADS 4
#define ROUNDS  20000

static auth_jsonpath_t *path;

static auth_token_cache_t *cache_of(int entries)
{
    app_error_t err = { .pool = unit_pool };
    auth_token_cache_t *cache = NULL;
    int old;

    assert_int_equal(auth_jsonpath_compile(&path, &old, "$.role", "X", &err, unit_pool),
                     APR_SUCCESS);
    assert_int_equal(auth_token_cache_create(&cache, entries, &err, unit_pool), APR_SUCCESS);
    return cache;
}

/** Puts a token whose claims name it as the role. */
static void put(auth_token_cache_t *cache, const char *token, apr_pool_t *p)
{
    app_error_t err = { .pool = p };
    const auth_issuer_t by = { .role_path = path };
    const char *payload = apr_psprintf(p, "{\"role\":\"%.40s\",\"aud\":[\"a\",\"b\"]}", token);
    auth_claims_t *claims;

    assert_int_equal(auth_claims_read(&claims, payload, strlen(payload), &by, &err, p),
                     APR_SUCCESS);
    auth_token_cache_put(cache, token, strlen(token), claims);
    auth_claims_release(claims);
}

/** @return whether it is there, with its own claims */
static int has(auth_token_cache_t *cache, const char *token)
{
    auth_claims_t *claims = auth_token_cache_get(cache, token, strlen(token));
    int right;

    if (!claims) {
        return 0;
    }
    right = strncmp(claims->role, token, 40) == 0 && claims->naudiences == 2 &&
            strcmp(claims->audiences[1], "b") == 0;
    auth_claims_release(claims);
    assert_true(right);
    return 1;
}

static void test_oldest_goes(void **state)
{
    auth_token_cache_t *cache = cache_of(3);

    (void)state;
    put(cache, "one", unit_pool);
    put(cache, "two", unit_pool);
    put(cache, "three", unit_pool);
    put(cache, "three", unit_pool);
    assert_true(has(cache, "one")); /* the oldest now is two */
    put(cache, "four", unit_pool);
    assert_true(has(cache, "one"));
    assert_false(has(cache, "two"));
    assert_true(has(cache, "three"));
    assert_true(has(cache, "four"));
    assert_false(has(cache, "fou"));
    assert_false(has(cache, ""));
}

/** Tokens that end alike are in one bucket, and told apart all the same. */
static void test_one_bucket(void **state)
{
    static const char end[] = ".AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    auth_token_cache_t *cache = cache_of(50);
    int i;

    (void)state;
    for (i = 0; i < 100; i++) {
        put(cache, apr_psprintf(unit_pool, "%d%s", i, end), unit_pool);
    }
    for (i = 0; i < 100; i++) {
        assert_int_equal(has(cache, apr_psprintf(unit_pool, "%d%s", i, end)), i >= 50);
    }
}

/** 1000 tokens of 60 KB are more than the 16 MiB that there are. */
static void test_bytes(void **state)
{
    auth_token_cache_t *cache = cache_of(1000);
    char *token = apr_palloc(unit_pool, 60001);
    int i, there = 0;

    (void)state;
    memset(token, 'x', 60000);
    token[60000] = '\0';
    for (i = 0; i < 1000; i++) {
        apr_snprintf(token + 59990, 11, "%010d", i);
        put(cache, token, unit_pool);
        assert_true(has(cache, token));
    }
    for (i = 0; i < 1000; i++) {
        apr_snprintf(token + 59990, 11, "%010d", i);
        there += has(cache, token);
    }
    assert_in_range(there, 200, 16 * 1024 * 1024 / 60000);
}

static void *APR_THREAD_FUNC work(apr_thread_t *thread, void *data)
{
    auth_token_cache_t *cache = data;
    apr_pool_t *p;
    int i;

    apr_pool_create(&p, apr_thread_pool_get(thread));
    for (i = 0; i < ROUNDS; i++) {
        const char *token = apr_psprintf(p, "token %d", i % 37);

        if (!has(cache, token)) {
            put(cache, token, p);
        }
        if (i % 100 == 0) {
            apr_pool_clear(p);
        }
    }
    return NULL;
}

static void test_threads(void **state)
{
    auth_token_cache_t *cache = cache_of(20);
    apr_thread_t *threads[THREADS];
    apr_status_t result;
    int i;

    (void)state;
    for (i = 0; i < THREADS; i++) {
        assert_int_equal(apr_thread_create(&threads[i], NULL, work, cache, unit_pool),
                         APR_SUCCESS);
    }
    for (i = 0; i < THREADS; i++) {
        apr_thread_join(&result, threads[i]);
    }
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_oldest_goes),
    cmocka_unit_test(test_one_bucket),
    cmocka_unit_test(test_bytes),
    cmocka_unit_test(test_threads),
};

UNIT_MAIN(tests)
