/* SPDX-License-Identifier: Apache-2.0 */
/** Who may try again when: tables of tries, with a clock that the test sets. */
#include "unit.h"

#include <stdlib.h>

#include "apr_strings.h"

#include "auth_guard_table.h"

#define ENTRIES 64

static const auth_guard_rules_t rules = { .failures = 3, .longest = 900 };

static auth_guard_table_t *fresh(apr_size_t entries)
{
    auth_guard_table_t *table = apr_pcalloc(unit_pool, auth_guard_table_size(entries));

    auth_guard_table_init(table, entries);
    return table;
}

static apr_int64_t try(auth_guard_table_t *table, const char *account, const char *address,
                       apr_int64_t at)
{
    return auth_guard_table_try(table, &rules, account, address, 1000000 + at);
}

static void passed(auth_guard_table_t *table, const char *account, const char *address,
                   apr_int64_t at)
{
    auth_guard_table_passed(table, account, address, 1000000 + at);
}

typedef struct step_t {
    const char *name, *account, *address;
    apr_int64_t at, wait; /* wait < 0: the try before was good */
} step_t;

static void play(const step_t *steps, size_t count)
{
    auth_guard_table_t *table = fresh(ENTRIES);
    size_t i;

    for (i = 0; i < count; i++) {
        if (steps[i].wait < 0) {
            passed(table, steps[i].account, steps[i].address, steps[i].at);
            continue;
        }
        CASE_INT(steps[i].name, try(table, steps[i].account, steps[i].address, steps[i].at),
                 steps[i].wait);
    }
}

static void test_delay_doubles(void **state)
{
    static const step_t steps[] = {
        { "three are free", "ada", "a", 0, 0 },
        { "three are free", "ada", "a", 0, 0 },
        { "three are free", "ada", "a", 0, 0 },
        { "the fourth waits", "ada", "a", 0, 1 },
        { "a refused try lengthens nothing", "ada", "a", 0, 1 },
        { "after a second", "ada", "a", 1, 0 },
        { "two seconds", "ada", "a", 1, 2 },
        { "one is left", "ada", "a", 2, 1 },
        { "over", "ada", "a", 3, 0 },
        { "four seconds", "ada", "a", 3, 4 },
        { "another account is free", "bob", "a", 3, 0 },
        { "another address is free", "ada", "b", 3, 0 },
        { "a clock set back delays nobody", "ada", "a", -100, 0 },
    };

    (void)state;
    play(steps, COUNT(steps));
}

static void test_longest_delay(void **state)
{
    auth_guard_table_t *table = fresh(ENTRIES);
    apr_int64_t at = 0, wait;
    int i;

    (void)state;
    for (i = 0; i < 60; i++) { /* each second one is refused */
        at += try(table, "ada", "a", at);
    }
    assert_int_equal(try(table, "ada", "a", at), 0);
    wait = try(table, "ada", "a", at);
    assert_int_equal(wait, 900);
    assert_int_equal(try(table, "ada", "a", at + 899), 1);
    assert_int_equal(try(table, "ada", "a", at + 900), 0);
    assert_int_equal(try(table, "ada", "a", at + 900 + 86400), 0);
    assert_int_equal(try(table, "ada", "a", at + 900 + 86400), 0); /* a day forgets it all */
}

static void test_good_try(void **state)
{
    static const step_t steps[] = {
        { "free", "ada", "a", 0, 0 },
        { "free", "ada", "a", 0, 0 },
        { "free", "ada", "a", 0, 0 },
        { "refused", "ada", "a", 0, 1 },
        { "admitted", "ada", "a", 1, 0 },
        { "good", "ada", "a", 1, -1 },
        { "free again", "ada", "a", 1, 0 },
        { "free again", "ada", "a", 1, 0 },
        { "free again", "ada", "a", 1, 0 },
        { "and no more than before", "ada", "a", 1, 1 },
    };

    (void)state;
    play(steps, COUNT(steps));
}

/** @return how many of count tries from as many addresses are admitted at once */
static int from_everywhere(auth_guard_table_t *table, const char *account, int count,
                           apr_int64_t at)
{
    int i, admitted = 0;

    for (i = 0; i < count; i++) {
        admitted += try(table, account, apr_psprintf(unit_pool, "far%d", i), at) == 0;
    }
    return admitted;
}

/** Tries that were not made count for nothing, in no scope. */
static void test_undone(void **state)
{
    auth_guard_table_t *table = fresh(ENTRIES);
    int i;

    (void)state;
    for (i = 0; i < 100; i++) {
        assert_int_equal(try(table, "ada", "a", 0), 0);
        auth_guard_table_undone(table, "ada", "a", 1000000);
    }
    for (i = 0; i < 3; i++) {
        assert_int_equal(try(table, "ada", "a", 0), 0);
    }
    assert_int_equal(try(table, "ada", "a", 0), 1);
    auth_guard_table_undone(table, "nobody", "b", 1000000); /* there is nothing to take back */
    assert_int_equal(try(table, "nobody", "b", 0), 0);
}

static void test_many_addresses(void **state)
{
    auth_guard_table_t *table = fresh(1024);

    (void)state;
    assert_int_equal(try(table, "ada", "home", 0), 0);
    passed(table, "ada", "home", 0);
    assert_int_equal(from_everywhere(table, "ada", 100, 1), 15); /* five times three */
    assert_int_equal(try(table, "ada", "new", 1), 1);
    assert_int_equal(from_everywhere(table, "ada", 100, 3601), 12); /* what an hour forgets */
    assert_int_equal(try(table, "ada", "home", 3601), 0); /* who is known there gets in */
    passed(table, "ada", "home", 3601);
    assert_int_equal(try(table, "ada", "home", 3601), 0);
    assert_int_equal(try(table, "ada", "home", 3601), 0);
    assert_int_equal(try(table, "ada", "home", 3601), 0);
    assert_int_equal(try(table, "ada", "home", 3601), 1); /* and may not guess from there either */
}

/** @return how many of count tries on as many accounts are admitted at once */
static int at_everybody(auth_guard_table_t *table, const char *address, int count, apr_int64_t at)
{
    int i, admitted = 0;

    for (i = 0; i < count; i++) {
        admitted += try(table, apr_psprintf(unit_pool, "user%d", i), address, at) == 0;
    }
    return admitted;
}

static void test_many_accounts(void **state)
{
    auth_guard_table_t *table = fresh(1024);

    (void)state;
    assert_int_equal(at_everybody(table, "a", 100, 0), 30); /* ten times three */
    assert_int_equal(try(table, NULL, "a", 0), 1);
    assert_int_equal(try(table, "mine", "a", 1), 0);
    passed(table, "mine", "a", 1); /* one's own account gives the one try back, no more */
    assert_int_equal(try(table, "user50", "a", 1), 1);
    assert_int_equal(at_everybody(table, "a", 100, 1 + 600), 10); /* one a minute is forgotten */
}

/** A flood of names and addresses pushes out its like, not who has failed often. */
static void test_flood(void **state)
{
    auth_guard_table_t *table = fresh(ENTRIES);
    int i;

    (void)state;
    for (i = 0; i < 6; i++) {
        assert_int_equal(try(table, "ada", "a", i * 10), 0);
    }
    assert_int_equal(try(table, "ada", "a", 50), 8);
    for (i = 0; i < 20000; i++) {
        try(table, apr_psprintf(unit_pool, "name%d", i), apr_psprintf(unit_pool, "far%d", i), 50);
    }
    assert_int_equal(try(table, "ada", "a", 50), 8);
}

/** Who is known stays so, too. */
static void test_flood_known(void **state)
{
    auth_guard_table_t *table = fresh(ENTRIES);
    int i;

    (void)state;
    assert_int_equal(try(table, "ada", "home", 0), 0);
    passed(table, "ada", "home", 0);
    for (i = 0; i < 20000; i++) {
        try(table, apr_psprintf(unit_pool, "name%d", i % 200), apr_psprintf(unit_pool, "far%d", i),
            1);
    }
    from_everywhere(table, "ada", 100, 1);
    assert_true(try(table, "ada", "new", 1) > 0);
    assert_int_equal(try(table, "ada", "home", 1), 0);
    assert_true(try(table, "ada", "new", 31 * 86400) == 0);
}

static void test_sizes(void **state)
{
    auth_guard_table_t *table = fresh(0);

    (void)state;
    assert_true(auth_guard_table_size(8192) <= 1024 * 1024);
    assert_int_equal(try(table, "ada", "a", 0), 0); /* at least one set */
    auth_guard_table_init(table, 0);
    assert_int_equal(try(table, "ada", "a", 0), 0);
    assert_int_equal(try(table, "ada", "a", 0), 0);
    assert_int_equal(try(table, "ada", "a", 0), 1); /* made once only */
}

static void test_addresses(void **state)
{
    static const struct {
        const char *peer, *counted;
    } cases[] = {
        { "192.0.2.7", "192.0.2.7" },
        { "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::" },
        { "2001:db8:1:2::", "2001:db8:1:2::" },
        { "2001:DB8:1:3::1", "2001:db8:1:3::" },
        { "::1", "::" },
        { "::ffff:192.0.2.7", "192.0.2.7" },
        { "", "" },
        { NULL, "" },
        { "/run/a.socket", "/run/a.socket" },
    };
    char address[AUTH_GUARD_ADDRESS_MAX];
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        auth_guard_address(address, cases[i].peer);
        CASE_STRING(cases[i].peer ? cases[i].peer : "none", address, cases[i].counted);
    }
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_delay_doubles),  cmocka_unit_test(test_longest_delay),
    cmocka_unit_test(test_good_try),       cmocka_unit_test(test_undone),
    cmocka_unit_test(test_many_addresses),
    cmocka_unit_test(test_many_accounts),  cmocka_unit_test(test_flood),
    cmocka_unit_test(test_flood_known),    cmocka_unit_test(test_sizes),
    cmocka_unit_test(test_addresses),
};

UNIT_MAIN(tests)
