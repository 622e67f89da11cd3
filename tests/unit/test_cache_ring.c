/* SPDX-License-Identifier: Apache-2.0 */
/** The ring of kept answers: what is found, what goes first, and that damage gives nothing wrong. */
#include "unit.h"

#include <stdlib.h>

#include "apr_strings.h"

#include "cache_ring.h"

#define BYTES (64 * 1024)
#define SEED  0x1234567u

static const cache_mark_t mark = { .made = 1, .expires = 2, .stale = 3, .change = 4, .version = 5 };

static cache_ring_t *fresh(void)
{
    cache_ring_t *ring = apr_pcalloc(unit_pool, BYTES);

    cache_ring_make(ring, BYTES);
    return ring;
}

static cache_key_t key_of(const char *text)
{
    return (cache_key_t){ text, strlen(text), cache_ring_hash(SEED, text, strlen(text)) };
}

static apr_status_t put(cache_ring_t *ring, const char *text, const char *value, apr_size_t len)
{
    const cache_key_t key = key_of(text);

    cache_ring_make(ring, BYTES);
    return cache_ring_put(ring, &key, SEED, &mark, value, len);
}

/** @return what is found, with a NUL behind it; NULL: nothing */
static const char *get(cache_ring_t *ring, const char *text)
{
    const cache_key_t key = key_of(text);
    cache_found_t found;

    cache_ring_make(ring, BYTES);
    if (cache_ring_get(ring, &key, SEED, &found, unit_pool) != APR_SUCCESS) {
        return NULL;
    }
    assert_memory_equal(&found.mark, &mark, sizeof(mark));
    return apr_pstrmemdup(unit_pool, found.data, found.len);
}

static void test_what_is_kept_is_found(void **state)
{
    cache_ring_t *ring = fresh();

    (void)state;
    assert_null(get(ring, "a"));
    put(ring, "a", "one", 3);
    put(ring, "b", "", 0);
    assert_string_equal(get(ring, "a"), "one");
    assert_string_equal(get(ring, "b"), "");
    put(ring, "a", "another", 7);
    assert_string_equal(get(ring, "a"), "another");
    assert_int_equal(ring->entries, 2);
}

/** Keys of one hash are told apart by themselves. */
static void test_the_whole_key_counts(void **state)
{
    cache_ring_t *ring = fresh();
    cache_key_t ada = { "ada", 3, 42 }, bob = { "bob", 3, 42 }, adam = { "adam", 4, 42 };
    cache_found_t found;

    (void)state;
    cache_ring_put(ring, &ada, SEED, &mark, "hers", 4);
    assert_int_equal(cache_ring_get(ring, &bob, SEED, &found, unit_pool), APR_NOTFOUND);
    assert_int_equal(cache_ring_get(ring, &adam, SEED, &found, unit_pool), APR_NOTFOUND);
    cache_ring_put(ring, &bob, SEED, &mark, "his", 3);
    assert_int_equal(cache_ring_get(ring, &ada, SEED, &found, unit_pool), APR_SUCCESS);
    assert_memory_equal(found.data, "hers", 4);
}

static void test_the_oldest_goes_first(void **state)
{
    cache_ring_t *ring = fresh();
    char value[3000];
    int i, oldest = -1;

    (void)state;
    memset(value, 'x', sizeof(value));
    for (i = 0; i < 1000; i++) {
        apr_size_t len = (apr_size_t)(i * 37 % (int)sizeof(value));

        assert_int_equal(put(ring, apr_itoa(unit_pool, i), value, len), APR_SUCCESS);
        assert_int_equal(strlen(get(ring, apr_itoa(unit_pool, i))), len);
        assert_true(ring->head - ring->tail <= ring->size);
    }
    for (i = 0; i < 1000; i++) {
        if (get(ring, apr_itoa(unit_pool, i))) {
            oldest = oldest < 0 ? i : oldest;
        }
        else {
            assert_int_equal(oldest, -1); /* behind the oldest none is missing */
        }
    }
    assert_int_equal(ring->entries, 1000 - oldest);
    assert_int_equal(ring->evicted, oldest);
    assert_int_equal(ring->emptied, 0);
}

static void test_too_much_is_refused(void **state)
{
    cache_ring_t *ring = fresh();
    char *value = apr_pcalloc(unit_pool, BYTES);

    (void)state;
    put(ring, "a", "one", 3);
    assert_int_equal(put(ring, "b", value, BYTES), APR_ENOSPC);
    assert_int_equal(put(ring, "b", value, BYTES / 2), APR_ENOSPC);
    assert_string_equal(get(ring, "a"), "one");
}

static void test_a_change_that_was_not_ended_empties(void **state)
{
    cache_ring_t *ring = fresh();

    (void)state;
    put(ring, "a", "one", 3);
    ring->changing = 1;
    assert_null(get(ring, "a"));
    put(ring, "a", "two", 3);
    assert_string_equal(get(ring, "a"), "two");
    assert_int_equal(ring->emptied, 1);
}

/** Whatever bytes are there, what comes out is what was put in, or nothing. */
static void test_damage_gives_nothing_wrong(void **state)
{
    cache_ring_t *ring = fresh();
    int round, i;

    (void)state;
    srandom(1);
    for (round = 0; round < 2000; round++) {
        const char *name = apr_itoa(unit_pool, round % 50);
        const char *found;

        put(ring, name, name, strlen(name));
        for (i = 0; i < 4; i++) {
            ((unsigned char *)ring)[random() % BYTES] = (unsigned char)random();
        }
        name = apr_itoa(unit_pool, (int)(random() % 50));
        found = get(ring, name);
        assert_true(!found || strcmp(found, name) == 0);
    }
    assert_true(ring->emptied > 0);
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_what_is_kept_is_found),
    cmocka_unit_test(test_the_whole_key_counts),
    cmocka_unit_test(test_the_oldest_goes_first),
    cmocka_unit_test(test_too_much_is_refused),
    cmocka_unit_test(test_a_change_that_was_not_ended_empties),
    cmocka_unit_test(test_damage_gives_nothing_wrong),
};

UNIT_MAIN(tests)
