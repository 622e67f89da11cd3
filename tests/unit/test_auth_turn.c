/* SPDX-License-Identifier: Apache-2.0 */
/** Turns at hashing: who gets one, who may wait, and what dead processes leave behind. */
#include "unit.h"

#include <sys/wait.h>
#include <unistd.h>

#include "auth_turn_int.h"

#define NOW apr_time_from_sec(1000000)

static auth_turn_place_t places[AUTH_TURN_PLACES];

/** Somebody who does not wait yet. @return the turn; *pwaiting as there */
static int ask(int turns, apr_time_t now, int *pwaiting)
{
    int turn;

    *pwaiting = AUTH_TURN_NONE;
    auth_turn_try_locked(places, turns, now, &turn, pwaiting);
    return turn;
}

static void test_turns(void **state)
{
    int waiting[4], turn, i;

    (void)state;
    memset(places, 0, sizeof(places));
    assert_int_equal(ask(2, NOW, &waiting[0]), 0);
    assert_int_equal(ask(2, NOW, &waiting[0]), 1);
    for (i = 0; i < 4; i++) {
        assert_int_equal(ask(2, NOW, &waiting[i]), AUTH_TURN_NONE);
        assert_int_equal(waiting[i], 2 + i);
    }
    assert_int_equal(ask(2, NOW, &turn), AUTH_TURN_NONE);
    assert_int_equal(turn, AUTH_TURN_NONE); /* nobody more may wait */

    places[1].pid = 0; /* a turn is over: who waits gets it, and leaves the place */
    auth_turn_try_locked(places, 2, NOW, &turn, &waiting[2]);
    assert_int_equal(turn, 1);
    assert_int_equal(waiting[2], AUTH_TURN_NONE);
    assert_int_equal(places[4].pid, 0);
    auth_turn_try_locked(places, 2, NOW, &turn, &waiting[3]); /* who still waits stays there */
    assert_int_equal(turn, AUTH_TURN_NONE);
    assert_int_equal(waiting[3], 5);
}

static void test_dead(void **state)
{
    pid_t child = fork();
    int waiting;

    (void)state;
    if (child == 0) {
        _exit(0);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    memset(places, 0, sizeof(places));
    places[0] = (auth_turn_place_t){ .pid = child, .since = NOW };
    assert_int_equal(ask(1, NOW, &waiting), 0);
    assert_int_equal(places[0].pid, getpid());
    assert_int_equal(ask(1, NOW, &waiting), AUTH_TURN_NONE);
    places[0].pid = 1; /* of another user, alive */
    assert_int_equal(ask(1, NOW, &waiting), AUTH_TURN_NONE);
    assert_int_equal(ask(1, NOW + apr_time_from_sec(61), &waiting), 0); /* and stuck */
}

static struct CMUnitTest tests[] = { cmocka_unit_test(test_turns), cmocka_unit_test(test_dead) };

UNIT_MAIN(tests)
