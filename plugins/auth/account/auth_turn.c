/* SPDX-License-Identifier: Apache-2.0 */
/** Turns at hashing (auth_turn.h). Thread of the request, or of a command. */
#include <unistd.h>

#include "auth_turn_int.h"

#define STEP     (5 * 1000) /* between looks at the turns */
#define WAIT_MAX (2 * APR_USEC_PER_SEC)

void auth_turn_configure(auth_t *auth)
{
    auth->turns = app_shm_declare(auth->self, "turns",
                                  AUTH_TURN_PLACES * sizeof(auth_turn_place_t));
}

static int turns_of(const auth_t *auth)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    apr_int64_t turns = auth->conf->hash_parallel ? auth->conf->hash_parallel : cores;

    return turns < 1 ? 1 : turns > AUTH_TURNS_MAX ? AUTH_TURNS_MAX : (int)turns;
}

/** @return as app_shm_lock() */
static apr_status_t try(auth_t *auth, int *pturn, int *pwaiting)
{
    auth_turn_place_t *places = app_shm_base(auth->turns);

    if (app_shm_lock(auth->turns) != APR_SUCCESS) {
        return APR_EGENERAL;
    }
    auth_turn_try_locked(places, turns_of(auth), apr_time_now(), pturn, pwaiting);
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
    int turn, waiting = AUTH_TURN_NONE;

    while (try(auth, &turn, &waiting) == APR_SUCCESS) {
        if (turn != AUTH_TURN_NONE) {
            *pturn = turn;
            return APR_SUCCESS;
        }
        if (waiting == AUTH_TURN_NONE) {
            return refuse(err);
        }
        if (apr_time_now() > until) {
            break;
        }
        apr_sleep(STEP);
    }
    if (waiting != AUTH_TURN_NONE) {
        auth_turn_give(auth, waiting);
    }
    return refuse(err);
}

void auth_turn_give(auth_t *auth, int turn)
{
    auth_turn_place_t *places = app_shm_base(auth->turns);

    __atomic_store_n(&places[turn].pid, 0, __ATOMIC_RELEASE);
}
