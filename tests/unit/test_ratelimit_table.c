/* SPDX-License-Identifier: Apache-2.0 */
/** Buckets, with a clock that the test sets: limits to the token, and who makes room for whom. */
#include "unit.h"

#include <pthread.h>
#include <stdlib.h>

#include "apr_strings.h"

#include "ratelimit_table.h"

#define SECOND APR_INT64_C(1000000000)
#define START  (APR_INT64_C(1800000000) * SECOND)

/* Ten a second, twenty at once; and one an hour, two at once. */
static const ratelimit_rate_t fast = { SECOND / 10, 2 * SECOND };
static const ratelimit_rate_t slow = { 3600 * SECOND, 7200 * SECOND };

static ratelimit_table_t *fresh(apr_size_t size)
{
    static const unsigned char secret[RATELIMIT_SECRET_BYTES] = "for tests alone";
    void *memory = NULL;

    assert_int_equal(posix_memalign(&memory, 64, size), 0);
    memset(memory, 0, size);
    apr_pool_cleanup_register(unit_pool, memory, (apr_status_t(*)(void *))(void (*)(void))free,
                              apr_pool_cleanup_null);
    ratelimit_table_init(memory, size, secret);
    return memory;
}

static apr_uint64_t of(const ratelimit_table_t *table, const char *who)
{
    return ratelimit_table_hash(table, 1, who, strlen(who));
}

typedef struct step_t {
    const char *name, *who;
    apr_int64_t at; /* milliseconds */
    int         cost, passed;
    apr_int64_t left, wait; /* tokens; milliseconds */
} step_t;

static void play(const ratelimit_rate_t *rate, const step_t *steps, size_t count)
{
    ratelimit_table_t *table = fresh(RATELIMIT_TABLE_MIN);
    size_t i;

    for (i = 0; i < count; i++) {
        const ratelimit_verdict_t verdict =
            ratelimit_table_take(table, of(table, steps[i].who), rate, steps[i].cost,
                                 START + steps[i].at * 1000000);

        CASE_INT(steps[i].name, verdict.passed, steps[i].passed);
        CASE_INT(steps[i].name, (rate->whole - verdict.until_full) / rate->interval,
                 steps[i].left);
        CASE_INT(steps[i].name, verdict.wait / 1000000, steps[i].wait);
    }
}

static void test_tokens(void **state)
{
    static const step_t steps[] = {
        { "a whole bucket at once", "ada", 0, 20, 1, 0, 0 },
        { "then none", "ada", 0, 1, 0, 0, 100 },
        { "others have theirs", "bob", 0, 1, 1, 19, 0 },
        { "a token every tenth of a second", "ada", 99, 1, 0, 0, 1 },
        { "now", "ada", 100, 1, 1, 0, 0 },
        { "more than there is", "ada", 300, 3, 0, 2, 100 },
        { "a refusal takes nothing", "ada", 300, 2, 1, 0, 0 },
        { "it is full, and no more than full", "ada", 90000, 1, 1, 19, 0 },
        { "a clock set back leaves at most an empty bucket", "ada", -3600000, 1, 0, 0, 100 },
        { "which fills as ever", "ada", -3600000 + 100, 1, 1, 0, 0 },
    };

    (void)state;
    play(&fast, steps, COUNT(steps));
}

static void test_what_is_given_back(void **state)
{
    ratelimit_table_t *table = fresh(RATELIMIT_TABLE_MIN);
    const apr_uint64_t ada = of(table, "ada");

    (void)state;
    assert_true(ratelimit_table_take(table, ada, &fast, 20, START).passed);
    ratelimit_table_give(table, ada, &fast, 5);
    ratelimit_table_give(table, of(table, "nobody"), &fast, 5);
    assert_true(ratelimit_table_take(table, ada, &fast, 5, START).passed);
    assert_false(ratelimit_table_take(table, ada, &fast, 1, START).passed);
}

/** How many of the requests that come every `every` nanoseconds for so long are let pass. */
static int pass_count(const ratelimit_rate_t *rate, apr_int64_t every, apr_int64_t during)
{
    ratelimit_table_t *table = fresh(RATELIMIT_TABLE_MIN);
    const apr_uint64_t ada = of(table, "ada");
    apr_int64_t t;
    int passed = 0;

    for (t = 0; t < during; t += every) {
        passed += ratelimit_table_take(table, ada, rate, 1, START + t).passed;
    }
    return passed;
}

static void test_rates_are_exact(void **state)
{
    static const struct {
        const char      *name;
        ratelimit_rate_t rate;
        apr_int64_t      every, during;
        int              passed;
    } cases[] = {
        { "100/1m for ten minutes, 1000/s come", { 600000000, 60 * SECOND }, 1000000,
          600 * SECOND, 100 + 999 },
        { "10/s, burst 1, 97/s come", { SECOND / 10, SECOND / 10 }, 10309278, 100 * SECOND, 971 },
        { "10/s, 5/s come", { SECOND / 10, SECOND }, SECOND / 5, 100 * SECOND, 500 },
        { "7/1m", { 60 * SECOND / 7, 60 * SECOND / 7 * 7 }, SECOND, 3600 * SECOND, 7 + 419 },
        { "100000/s", { 10000, SECOND }, 5000, 2 * SECOND, 100000 + 199999 },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        CASE_INT(cases[i].name, pass_count(&cases[i].rate, cases[i].every, cases[i].during),
                 cases[i].passed);
    }
}

/** Comes once each, so many strangers. */
static void flood(ratelimit_table_t *table, const ratelimit_rate_t *rate, int strangers,
                  apr_int64_t now)
{
    int i;

    for (i = 0; i < strangers; i++) {
        ratelimit_table_take(table, ratelimit_table_hash(table, 2, &i, sizeof(i)), rate, 1, now);
    }
}

/** The table has 64 buckets, and a hundred thousand strangers come. */
static void test_a_flood_frees_nobody(void **state)
{
    static const struct {
        const char             *name;
        const ratelimit_rate_t *limited, *strangers;
    } cases[] = {
        { "of the same limit", &fast, &fast },
        { "of a limit that takes longer to fill", &fast, &slow },
        { "of a limit that fills sooner", &slow, &fast },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        ratelimit_table_t *table = fresh(64 + 64 * 16);
        const apr_uint64_t ada = of(table, "ada");

        while (ratelimit_table_take(table, ada, cases[i].limited, 1, START).passed) {
        }
        flood(table, cases[i].strangers, 100000, START);
        CASE_INT(cases[i].name,
                 ratelimit_table_take(table, ada, cases[i].limited, 1, START).passed, 0);
        CASE_INT(cases[i].name, ratelimit_table_figures(table).buckets, 64);
        assert_true(ratelimit_table_figures(table).forgotten > 90000);
    }
}

static void test_full_buckets_make_room_without_loss(void **state)
{
    ratelimit_table_t *table = fresh(64 + 64 * 16);
    int round;

    (void)state;
    for (round = 0; round < 100; round++) {
        flood(table, &fast, 4, START + round * SECOND);
        assert_int_equal(ratelimit_table_figures(table).forgotten, 0);
    }
}

static void test_a_table_is_made_once(void **state)
{
    static const unsigned char other[RATELIMIT_SECRET_BYTES] = "another secret";
    ratelimit_table_t *table = fresh(RATELIMIT_TABLE_MIN);
    const apr_uint64_t ada = of(table, "ada");

    (void)state;
    ratelimit_table_init(table, RATELIMIT_TABLE_MIN, other);
    assert_true(of(table, "ada") == ada);
}

/* Threads */

#define THREADS 8
#define TRIES   20000

typedef struct crowd_t {
    ratelimit_table_t *table;
    int                passed;
} crowd_t;

/** All of them ask for the same bucket, and strangers come between. */
static void *ask(void *data)
{
    crowd_t *crowd = data;
    const apr_uint64_t ada = of(crowd->table, "ada");
    const ratelimit_rate_t rate = { SECOND / 10000, SECOND };
    int i;

    for (i = 0; i < TRIES; i++) {
        crowd->passed += ratelimit_table_take(crowd->table, ada, &rate, 1, START).passed;
        if (i % 16 == 0) {
            flood(crowd->table, &rate, 16, START);
        }
    }
    return NULL;
}

static void test_threads_share_a_bucket(void **state)
{
    ratelimit_table_t *table = fresh(64 + 64 * 16);
    pthread_t threads[THREADS];
    crowd_t crowds[THREADS];
    int i, passed = 0;

    (void)state;
    for (i = 0; i < THREADS; i++) {
        crowds[i] = (crowd_t){ table, 0 };
        assert_int_equal(pthread_create(&threads[i], NULL, ask, &crowds[i]), 0);
    }
    for (i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        passed += crowds[i].passed;
    }
    /* Until the bucket is somewhat used it may make room, or be made twice. */
    assert_true(passed >= 10000 && passed <= 10200);
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_tokens),
    cmocka_unit_test(test_what_is_given_back),
    cmocka_unit_test(test_rates_are_exact),
    cmocka_unit_test(test_a_flood_frees_nobody),
    cmocka_unit_test(test_full_buckets_make_room_without_loss),
    cmocka_unit_test(test_a_table_is_made_once),
    cmocka_unit_test(test_threads_share_a_bucket),
};

UNIT_MAIN(tests)
