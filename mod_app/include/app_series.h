/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Numbers for ids that need not be secret: a system call for each would cost more than what they
 * are for.
 */
#ifndef APP_SERIES_H
#define APP_SERIES_H

#include "apr_general.h"

/**
 * The next of a series, which starts at a random place in each process; mixed, so that neighbours
 * look unlike (splitmix64). Who knows one number knows those that follow: ids that are shown to
 * different people are of different series. Any thread.
 * @param series 0 at first
 */
static inline apr_uint64_t app_series_next(apr_uint64_t *series)
{
    apr_uint64_t z = __atomic_load_n(series, __ATOMIC_RELAXED);

    if (z == 0) {
        apr_uint64_t seed, zero = 0;

        apr_generate_random_bytes((unsigned char *)&seed, sizeof(seed));
        __atomic_compare_exchange_n(series, &zero, seed | 1, 0, __ATOMIC_RELAXED,
                                    __ATOMIC_RELAXED);
    }
    z = __atomic_add_fetch(series, 0x9E3779B97F4A7C15u, __ATOMIC_RELAXED);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

#endif
