/* SPDX-License-Identifier: Apache-2.0 */
/** What waits to be sent: in order, whole, within its bounds, also from many threads. */
#include <stdio.h>

#include "unit.h"

#include "apr_strings.h"
#include "apr_thread_proc.h"

#include "trace_queue.h"

#define THREADS 4
#define EACH    5000

static trace_queue_t *make(apr_size_t size)
{
    trace_queue_t *queue = NULL;

    assert_int_equal(trace_queue_create(&queue, size, size, unit_pool), APR_SUCCESS);
    return queue;
}

static const char *take(trace_queue_t *queue, apr_size_t room, int *pcount)
{
    app_buf_t buf;

    app_buf_init(&buf, unit_pool, room);
    *pcount = trace_queue_take(queue, &buf);
    return buf.len ? buf.data : "";
}

static void test_order(void **state)
{
    trace_queue_t *queue = make(64);
    int count;

    (void)state;
    assert_true(trace_queue_put(queue, "one", 3));
    assert_true(trace_queue_put(queue, "two", 3));
    assert_true(trace_queue_put(queue, "three", 5));
    assert_string_equal(take(queue, 8, &count), "one,two");
    assert_int_equal(count, 2);
    assert_string_equal(take(queue, 100, &count), "three");
    assert_string_equal(take(queue, 100, &count), "");
    assert_int_equal(count, 0);
}

static void test_full(void **state)
{
    trace_queue_t *queue = make(20); /* two texts of six with their lengths */
    apr_uint64_t dropped;
    int count;

    (void)state;
    assert_true(trace_queue_put(queue, "123456", 6));
    assert_true(trace_queue_put(queue, "abcdef", 6));
    assert_false(trace_queue_put(queue, "", 0));
    assert_int_equal(trace_queue_waiting(queue, &dropped), 20);
    assert_int_equal(dropped, 1);
    assert_string_equal(take(queue, 100, &count), "123456,abcdef");
    assert_false(trace_queue_put(queue, "12345678901234567", 17));
    assert_true(trace_queue_put(queue, "1234567890123456", 16));
    trace_queue_close(queue);
    assert_string_equal(take(queue, 100, &count), "1234567890123456");
    assert_false(trace_queue_put(queue, "x", 1));
    assert_int_equal(trace_queue_waiting(queue, &dropped), 0);
    assert_int_equal(dropped, 3);
}

/** Every length at every place of the ring: what goes over its edge is whole. */
static void test_edge(void **state)
{
    trace_queue_t *queue = make(31);
    char text[] = "abcdefghijklmnopqrstuvwxyz0";
    int round, count;

    (void)state;
    for (round = 0; round < 31 * 28; round++) {
        apr_size_t len = (apr_size_t)(round % 28);
        const char *expected = apr_pstrmemdup(unit_pool, text, len);

        assert_true(trace_queue_put(queue, text, len));
        CASE_STRING(apr_itoa(unit_pool, round), take(queue, 64, &count), expected);
        assert_int_equal(count, 1);
    }
}

static void *APR_THREAD_FUNC put_many(apr_thread_t *thread, void *data)
{
    char text[16];
    int i;

    (void)thread;
    for (i = 0; i < EACH; i++) {
        snprintf(text, sizeof(text), "%05d", i);
        trace_queue_put(data, text, 5);
    }
    return NULL;
}

/** Each text that was put is taken or counted as dropped, once. */
static void test_threads(void **state)
{
    trace_queue_t *queue = make(1000);
    apr_thread_t *threads[THREADS];
    apr_uint64_t dropped = 0, taken = 0;
    apr_status_t rv;
    app_buf_t buf;
    int i;

    (void)state;
    for (i = 0; i < THREADS; i++) {
        assert_int_equal(apr_thread_create(&threads[i], NULL, put_many, queue, unit_pool),
                         APR_SUCCESS);
    }
    app_buf_init(&buf, unit_pool, 600);
    while (taken + dropped < THREADS * EACH) {
        buf.len = 0;
        taken += (apr_uint64_t)trace_queue_take(queue, &buf);
        assert_int_equal(buf.len % 6, buf.len ? 5 : 0);
        trace_queue_waiting(queue, &dropped);
    }
    for (i = 0; i < THREADS; i++) {
        apr_thread_join(&rv, threads[i]);
    }
    assert_int_equal(taken + dropped, THREADS * EACH);
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_order),
    cmocka_unit_test(test_full),
    cmocka_unit_test(test_edge),
    cmocka_unit_test(test_threads),
};

UNIT_MAIN(tests)
