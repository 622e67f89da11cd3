/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Turns at hashing. A hash takes a core and tens of megabytes for a while, so that only as many are
 * made at a time as the site allows, over all processes; a few more wait, each of them a thread
 * that serves nobody else, and the others are sent away at once.
 *
 * The memory is an array of places, the turns in front, those who wait behind them:
 *
 *     +-----------------------+---------------------------------+
 *     | turns (HashParallel)  | waiting (twice as many)         |
 *     +-----------------------+---------------------------------+
 *     each: process id, 0 for a free place; since when
 *
 * A place whose process has ended, or that was taken a minute ago, is free.
 */
#ifndef AUTH_TURN_H
#define AUTH_TURN_H

#include "auth_int.h"

/** In configure(): declares the memory. */
void auth_turn_configure(auth_t *auth);

/**
 * Takes a turn, waiting for a short while. auth_turn_give() is owed.
 * @param pturn a place in the memory
 * @return APR_SUCCESS; APP_EFAIL with 503 and retry_after
 */
apr_status_t auth_turn_take(int *pturn, auth_t *auth, app_error_t *err);
void         auth_turn_give(auth_t *auth, int turn);

#endif
