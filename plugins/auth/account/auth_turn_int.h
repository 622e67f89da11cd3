/* SPDX-License-Identifier: Apache-2.0 */
/** The memory of auth_turn.h, and how places in it are taken. */
#ifndef AUTH_TURN_INT_H
#define AUTH_TURN_INT_H

#include "auth_turn.h"

#define AUTH_TURNS_MAX    64
#define AUTH_TURN_WAITING 2 /* those who wait for each turn */
#define AUTH_TURN_PLACES  (AUTH_TURNS_MAX * (1 + AUTH_TURN_WAITING))
#define AUTH_TURN_NONE    (-1)

typedef struct auth_turn_place_t {
    apr_int64_t pid; /* 0: free */
    apr_time_t  since;
} auth_turn_place_t;

/**
 * Takes a turn, or else a place to wait. Whoever gets a turn waits no longer.
 * @param turns how many there are
 * @param pturn AUTH_TURN_NONE: all are taken
 * @param pwaiting in: the place that the caller waits at, or AUTH_TURN_NONE; out: the same or a new
 *        one; AUTH_TURN_NONE without a turn: nobody more may wait
 */
void auth_turn_try_locked(auth_turn_place_t *places, int turns, apr_time_t now, int *pturn,
                          int *pwaiting);

#endif
