/* SPDX-License-Identifier: Apache-2.0 */
/** How many events are written by themselves, and how the others are counted. */
#include "unit.h"

#include "apr_strings.h"

#include "auth_audit_int.h"

static void test_rate(void **state)
{
    auth_audit_budget_t budget = { .second = 0 };
    auth_omitted_t omitted;
    int i, written = 0;

    (void)state;
    for (i = 0; i < 3 * AUTH_AUDIT_RATE; i++) {
        written += auth_audit_budget_take(&budget, "sign_in_failed", 100);
    }
    assert_int_equal(written, AUTH_AUDIT_RATE);
    assert_true(auth_audit_budget_take(&budget, "sign_in_failed", 101));
    assert_true(auth_audit_budget_omitted(&omitted, &budget));
    assert_string_equal(omitted.name, "sign_in_failed");
    assert_int_equal(omitted.count, 2 * AUTH_AUDIT_RATE);
    assert_int_equal(omitted.since, 100);
    assert_false(auth_audit_budget_omitted(&omitted, &budget));
}

/** A clock that was set back does not stop the writing. */
static void test_clock(void **state)
{
    auth_audit_budget_t budget = { .second = 0 };
    int i;

    (void)state;
    for (i = 0; i < AUTH_AUDIT_RATE + 1; i++) {
        auth_audit_budget_take(&budget, "a", 100);
    }
    assert_true(auth_audit_budget_take(&budget, "a", 50));
}

/** Names are counted apart as long as there are places, the rest together; places are kept. */
static void test_names(void **state)
{
    auth_audit_budget_t budget = { .second = 7, .written = AUTH_AUDIT_RATE };
    apr_int64_t counted = 0, others = 0;
    auth_omitted_t omitted;
    int i;

    (void)state;
    for (i = 0; i < 3 * AUTH_AUDIT_NAMES; i++) {
        const char *name = apr_psprintf(unit_pool, "%d_a_name_that_is_longer_than_its_place", i);

        assert_false(auth_audit_budget_take(&budget, name, 7));
        assert_false(auth_audit_budget_take(&budget, name, 7));
    }
    while (auth_audit_budget_omitted(&omitted, &budget)) {
        counted += omitted.count;
        others += strcmp(omitted.name, "other") == 0 ? omitted.count : 0;
    }
    assert_int_equal(counted, 6 * AUTH_AUDIT_NAMES);
    assert_int_equal(others, 2 * (2 * AUTH_AUDIT_NAMES + 1));
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_rate),
    cmocka_unit_test(test_clock),
    cmocka_unit_test(test_names),
};

UNIT_MAIN(tests)
