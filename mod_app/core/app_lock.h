/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A lock that lies in memory shared by processes: a robust, process-shared pthread mutex. It costs
 * no system call while nobody waits, waits at most as long as it is told, and is free again when
 * its holder dies. It is no System V semaphore, so nothing is left behind. The thread that acquires
 * it releases it.
 */
#ifndef APP_LOCK_H
#define APP_LOCK_H

#include <pthread.h>

#include "apr_errno.h"
#include "apr_time.h"

typedef struct app_lock_t {
    pthread_mutex_t mutex;
} app_lock_t;

/** Makes a lock in zeroed shared memory. Once, before others see it. */
apr_status_t app_lock_init(app_lock_t *lock);

/**
 * @param wait longest wait in microseconds; 0: do not wait
 * @param pdied set to 1 if the last holder died with it (what it guards may be half-done), else
 *         to 0; may be NULL
 * @return APR_SUCCESS, APR_TIMEUP, other
 */
apr_status_t app_lock_acquire(app_lock_t *lock, apr_interval_time_t wait, int *pdied);
void         app_lock_release(app_lock_t *lock);

#endif
