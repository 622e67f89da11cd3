/* SPDX-License-Identifier: Apache-2.0 */
/** Turns: who has one, who waits and until when; also with many threads. */
#include "unit_host.h"

#include <pthread.h>

#include "cache_int.h"

#define THREADS 4
#define ROUNDS  500
#define SOON    apr_time_from_sec(20) /* long enough for any machine */

static cache_turns_t *turns;
static int made; /* changed by whoever has the turn */

static apr_status_t configure(app_instance_t *self, app_error_t *err)
{
    (void)err;
    turns = cache_turns_declare(self);
    return APR_SUCCESS;
}

static const app_plugin_t plugin = { .magic = APP_PLUGIN_MAGIC,
                                     .size = sizeof(app_plugin_t),
                                     .abi_major = APP_PLUGIN_ABI_MAJOR,
                                     .signature = APP_PLUGIN_SIGNATURE,
                                     .name = "turns",
                                     .version = "1",
                                     .summary = "takes turns",
                                     .configure = configure };

static void start(void)
{
    app_core_t *core = app_core_create(&host, unit_pool);
    app_site_conf_t *conf = app_conf_create(core, APP_IN_SERVER, unit_pool);
    app_error_t err = { .pool = unit_pool };
    app_values_t *values;
    app_site_t *site;

    APR_ARRAY_PUSH(core->plugins, const app_plugin_t *) = &plugin;
    assert_int_equal(app_conf_plugin(conf, "turns", &values, &err), APR_SUCCESS);
    assert_int_equal(app_site_make(core, "main", conf, &site, &err), APR_SUCCESS);
    assert_int_equal(app_core_share(core, &err), APR_SUCCESS);
}

static void test_one_at_a_time(void **state)
{
    (void)state;
    start();
    assert_int_equal(cache_turn_take(turns, 1), CACHE_TURN_MINE);
    assert_int_equal(cache_turn_take(turns, 1), CACHE_TURN_TAKEN);
    assert_int_equal(cache_turn_take(turns, 2), CACHE_TURN_MINE);
    cache_turn_end(turns, 1, 1);
    assert_int_equal(cache_turn_take(turns, 1), CACHE_TURN_MINE);
}

static void test_what_is_not_kept_is_waited_for_by_nobody(void **state)
{
    (void)state;
    start();
    assert_int_equal(cache_turn_take(turns, 1), CACHE_TURN_MINE);
    cache_turn_end(turns, 1, 0);
    assert_int_equal(cache_turn_take(turns, 1), CACHE_TURN_FREE);
    assert_int_equal(cache_turn_take(turns, 1), CACHE_TURN_FREE);
}

static void test_waits_end(void **state)
{
    apr_time_t now = apr_time_now();

    (void)state;
    start();
    cache_turn_wait(turns, 1, now + SOON);
    assert_int_equal(cache_turn_take(turns, 1), CACHE_TURN_MINE);
    cache_turn_end(turns, 1, 1);
    cache_turn_wait(turns, 1, now + SOON);
    assert_true(apr_time_now() < now + SOON);
}

static void test_who_waits_in_vain_takes_it_away(void **state)
{
    (void)state;
    start();
    assert_int_equal(cache_turn_take(turns, 1), CACHE_TURN_MINE);
    cache_turn_wait(turns, 1, apr_time_now());
    assert_int_equal(cache_turn_take(turns, 1), CACHE_TURN_FREE);
}

/** Counts in ctx how often it had the turn. */
static void *take_turns(void *ctx)
{
    int *pmine = ctx, i;

    for (i = 0; i < ROUNDS; i++) {
        if (cache_turn_take(turns, 1) == CACHE_TURN_MINE) {
            ++*pmine;
            made++;
            apr_sleep(i % 8 ? 0 : 200); /* so that others come upon it */
            cache_turn_end(turns, 1, 1);
        }
        else {
            cache_turn_wait(turns, 1, apr_time_now() + SOON);
        }
    }
    return NULL;
}

static void test_threads(void **state)
{
    pthread_t threads[THREADS];
    int mine[THREADS] = { 0 }, sum = 0, i;

    (void)state;
    start();
    made = 0;
    for (i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, take_turns, &mine[i]), 0);
    }
    for (i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        sum += mine[i];
    }
    assert_true(sum > 0);
    assert_int_equal(made, sum);
    assert_int_equal(cache_turn_take(turns, 1), CACHE_TURN_MINE);
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_one_at_a_time),
    cmocka_unit_test(test_what_is_not_kept_is_waited_for_by_nobody),
    cmocka_unit_test(test_waits_end),
    cmocka_unit_test(test_who_waits_in_vain_takes_it_away),
    cmocka_unit_test(test_threads),
};

UNIT_MAIN(tests)
