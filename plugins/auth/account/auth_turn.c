/* SPDX-License-Identifier: Apache-2.0 */
/** Turns at hashing (auth_turn.h). Thread of the request, or of a command. */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "auth_turn.h"

#define TURNS_MAX  64
#define WAITING    2 /* those who wait for each turn */
#define PLACES     (TURNS_MAX * (1 + WAITING))
#define NONE       (-1)
#define STEP       (5 * 1000)                 /* between looks at the turns */
#define WAIT_MAX   (2 * APR_USEC_PER_SEC)
#define HELD_MAX   (60 * APR_USEC_PER_SEC)    /* no hash takes that long */

typedef struct place_t {
    apr_int64_t pid; /* 0: free */
    apr_time_t  since;
} place_t;

void auth_turn_configure(auth_t *auth)
{
    auth->turns = app_shm_declare(auth->self, "turns", PLACES * sizeof(place_t));
}

static int turns_of(const auth_t *auth)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    apr_int64_t turns = auth->conf->hash_parallel ? auth->conf->hash_parallel : cores;

    return turns < 1 ? 1 : turns > TURNS_MAX ? TURNS_MAX : (int)turns;
}

/** A process of another user is alive, too: it may only not be sent a signal. */
static int is_alive(apr_int64_t pid)
{
    return kill((pid_t)pid, 0) == 0 || errno != ESRCH;
}

static int is_free(const place_t *place, apr_time_t now)
{
    return !place->pid || now - place->since > HELD_MAX || !is_alive(place->pid);
}

/** Takes the first free place in [from, to). @return NONE: there is none */
static int take_locked(place_t *places, int from, int to)
{
    apr_time_t now = apr_time_now();
    int i;

    for (i = from; i < to; i++) {
        if (is_free(&places[i], now)) {
            places[i] = (place_t){ .pid = getpid(), .since = now };
            return i;
        }
    }
    return NONE;
}

/** A turn, or else a place to wait, which *pwaiting is. Whoever gets a turn waits no longer. */
static apr_status_t try(auth_t *auth, int *pturn, int *pwaiting)
{
    place_t *places = app_shm_base(auth->turns);
    int turns = turns_of(auth);

    if (app_shm_lock(auth->turns) != APR_SUCCESS) {
        return APR_EGENERAL;
    }
    *pturn = take_locked(places, 0, turns);
    if (*pturn == NONE && *pwaiting == NONE) {
        *pwaiting = take_locked(places, turns, turns * (1 + WAITING));
    }
    else if (*pturn != NONE && *pwaiting != NONE) {
        places[*pwaiting].pid = 0;
    }
    app_shm_unlock(auth->turns);
    return APR_SUCCESS;
}

static apr_status_t refuse(app_error_t *err)
{
    app_fail_code(err, "over_request_rate_limit", 503,
                  "Too many passwords are being checked; try again in a moment");
    err->retry_after = 1;
    return APP_EFAIL;
}

apr_status_t auth_turn_take(int *pturn, auth_t *auth, app_error_t *err)
{
    apr_time_t until = apr_time_now() + WAIT_MAX;
    int turn, waiting = NONE;

    while (try(auth, &turn, &waiting) == APR_SUCCESS) {
        if (turn != NONE) {
            *pturn = turn;
            return APR_SUCCESS;
        }
        if (waiting == NONE) {
            return refuse(err);
        }
        if (apr_time_now() > until) {
            break;
        }
        apr_sleep(STEP);
    }
    if (waiting != NONE) {
        auth_turn_give(auth, waiting);
    }
    return refuse(err);
}

void auth_turn_give(auth_t *auth, int turn)
{
    place_t *places = app_shm_base(auth->turns);

    __atomic_store_n(&places[turn].pid, 0, __ATOMIC_RELEASE);
}
