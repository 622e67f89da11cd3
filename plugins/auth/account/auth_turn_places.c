/* SPDX-License-Identifier: Apache-2.0 */
/** Turns as places in memory (auth_turn_int.h). Whoever calls holds the lock. */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "auth_turn_int.h"

#define HELD_MAX (60 * APR_USEC_PER_SEC) /* no hash takes that long */

/** A process of another user is alive, too: it may only not be sent a signal. */
static int is_alive(apr_int64_t pid)
{
    return kill((pid_t)pid, 0) == 0 || errno != ESRCH;
}

static int is_free(const auth_turn_place_t *place, apr_time_t now)
{
    return !place->pid || now - place->since > HELD_MAX || !is_alive(place->pid);
}

/** Takes the first free place in [from, to). @return AUTH_TURN_NONE: there is none */
static int take(auth_turn_place_t *places, int from, int to, apr_time_t now)
{
    int i;

    for (i = from; i < to; i++) {
        if (is_free(&places[i], now)) {
            places[i] = (auth_turn_place_t){ .pid = getpid(), .since = now };
            return i;
        }
    }
    return AUTH_TURN_NONE;
}

void auth_turn_try_locked(auth_turn_place_t *places, int turns, apr_time_t now, int *pturn,
                          int *pwaiting)
{
    *pturn = take(places, 0, turns, now);
    if (*pturn == AUTH_TURN_NONE && *pwaiting == AUTH_TURN_NONE) {
        *pwaiting = take(places, turns, turns * (1 + AUTH_TURN_WAITING), now);
    }
    else if (*pturn != AUTH_TURN_NONE && *pwaiting != AUTH_TURN_NONE) {
        places[*pwaiting].pid = 0;
        *pwaiting = AUTH_TURN_NONE;
    }
}
