/* SPDX-License-Identifier: Apache-2.0 */
/** The lock of app_lock.h: in shared segments, and in the file beside an SQLite database. */
#include <errno.h>
#include <time.h>

#include "app_lock.h"

#define WAIT_SLICE 50000 /* microseconds */

apr_status_t app_lock_init(app_lock_t *lock)
{
    pthread_mutexattr_t attr;
    int rc = pthread_mutexattr_init(&attr);

    if (rc) {
        return rc;
    }
    if (!(rc = pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED)) &&
        !(rc = pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST))) {
        rc = pthread_mutex_init(&lock->mutex, &attr);
    }
    pthread_mutexattr_destroy(&attr);
    return rc;
}

static int lock_for(app_lock_t *lock, apr_interval_time_t wait)
{
    apr_time_t until = apr_time_now() + wait;
    struct timespec when = { .tv_sec = (time_t)apr_time_sec(until),
                             .tv_nsec = (long)apr_time_usec(until) * 1000 };

    return pthread_mutex_timedlock(&lock->mutex, &when);
}

/**
 * Waits a little at a time: a release wakes one of those who wait, and if that one is killed
 * before it has the lock, the others would sleep on beside a lock that is free.
 */
static int lock_until(app_lock_t *lock, apr_time_t until)
{
    apr_interval_time_t left;
    int rc = ETIMEDOUT;

    while (rc == ETIMEDOUT && (left = until - apr_time_now()) > 0) {
        rc = lock_for(lock, left < WAIT_SLICE ? left : WAIT_SLICE);
    }
    return rc;
}

apr_status_t app_lock_acquire(app_lock_t *lock, apr_interval_time_t wait, int *pdied)
{
    int rc = pthread_mutex_trylock(&lock->mutex);
    int died;

    if (rc == EBUSY && wait > 0) {
        rc = lock_until(lock, apr_time_now() + wait);
    }
    died = rc == EOWNERDEAD;
    if (died) {
        rc = pthread_mutex_consistent(&lock->mutex);
    }
    if (pdied) {
        *pdied = died;
    }
    return rc == EBUSY || rc == ETIMEDOUT ? APR_TIMEUP : rc;
}

void app_lock_release(app_lock_t *lock)
{
    pthread_mutex_unlock(&lock->mutex);
}
