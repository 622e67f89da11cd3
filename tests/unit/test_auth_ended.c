/* SPDX-License-Identifier: Apache-2.0 */
/** The set of ended sessions: what is in it, until when, and what happens when it is full. */
#include "unit.h"

#include "apr_strings.h"

#include "auth_ended_int.h"

#define NOW 1000000

static auth_ended_t set;

static void test_ends(void **state)
{
    (void)state;
    memset(&set, 0, sizeof(set));
    assert_false(auth_ended_has(&set, "a", NOW));
    auth_ended_put_locked(&set, "a", NOW, NOW + 900);
    assert_true(auth_ended_has(&set, "a", NOW));
    assert_true(auth_ended_has(&set, "a", NOW + 899));
    assert_false(auth_ended_has(&set, "a", NOW + 900)); /* none of its tokens is left */
    assert_false(auth_ended_has(&set, "b", NOW));
    auth_ended_put_locked(&set, "a", NOW + 60, NOW + 960); /* heard of once more */
    assert_false(auth_ended_has(&set, "a", NOW + 900));
    assert_int_equal(set.overflow, 0);
}

static void test_complete(void **state)
{
    const apr_time_t now = apr_time_from_sec(NOW);

    (void)state;
    memset(&set, 0, sizeof(set));
    assert_false(auth_ended_is_complete(&set, now)); /* nobody has ever asked the database */
    assert_int_equal(set.wanted, now);
    set.heard = now;
    assert_true(auth_ended_is_complete(&set, now));
    assert_true(auth_ended_is_complete(&set, now + apr_time_from_sec(4)));
    assert_int_equal(set.wanted, now); /* not written with every request */
    assert_false(auth_ended_is_complete(&set, now + apr_time_from_sec(6)));
    set.overflow = NOW + 100;
    assert_false(auth_ended_is_complete(&set, now));
}

/** As many as there are: each is in the set, or the set says that it does not know. */
static void test_full(void **state)
{
    const int many = 2 * AUTH_ENDED_BUCKETS * AUTH_ENDED_BUCKET;
    int i, known = 0;

    (void)state;
    memset(&set, 0, sizeof(set));
    for (i = 0; i < many; i++) {
        auth_ended_put_locked(&set, apr_itoa(unit_pool, i), NOW, NOW + 900);
    }
    for (i = 0; i < many; i++) {
        known += auth_ended_has(&set, apr_itoa(unit_pool, i), NOW);
    }
    assert_in_range(known, many / 3, many / 2);
    assert_int_equal(set.overflow, NOW + 900);
    set.heard = apr_time_from_sec(NOW);
    assert_false(auth_ended_is_complete(&set, apr_time_from_sec(NOW)));

    /* later there is room again */
    for (i = 0; i < AUTH_ENDED_BUCKETS; i++) {
        auth_ended_put_locked(&set, apr_psprintf(unit_pool, "later %d", i), NOW + 901, NOW + 1801);
        assert_true(auth_ended_has(&set, apr_psprintf(unit_pool, "later %d", i), NOW + 901));
    }
    set.heard = apr_time_from_sec(NOW + 901);
    assert_true(auth_ended_is_complete(&set, apr_time_from_sec(NOW + 901)));
}

static struct CMUnitTest tests[] = { cmocka_unit_test(test_ends), cmocka_unit_test(test_complete),
                                     cmocka_unit_test(test_full) };

UNIT_MAIN(tests)
