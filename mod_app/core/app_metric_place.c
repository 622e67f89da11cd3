/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What each process says of itself: gauges in a place of its own in shared memory. The place of a
 * process that has ended without leaving it counts no more, and is taken by a later one.
 */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "app_metric_int.h"

/** Another user's process is none of ours: the number has been given anew. */
static int lives(apr_int64_t pid)
{
    return kill((pid_t)pid, 0) == 0;
}

static int take(app_metric_place_t *place, apr_int64_t pid)
{
    apr_int64_t owner = __atomic_load_n(&place->pid, __ATOMIC_ACQUIRE);

    return (owner == 0 || !lives(owner)) &&
           __atomic_compare_exchange_n(&place->pid, &owner, pid, 0, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE);
}

/** A process that had our number, and has ended, would be taken to live. */
static void give_back(const app_metrics_t *metrics, apr_int64_t pid)
{
    int i;

    for (i = 0; i < APP_METRIC_PROCESSES; i++) {
        app_metric_place_t *place = app_metric_place(metrics, i);

        if (place->pid == pid) {
            __atomic_store_n(&place->pid, 0, __ATOMIC_RELEASE);
        }
    }
}

void app_metric_place_take(app_metrics_t *metrics)
{
    apr_int64_t pid = getpid();
    int i;

    metrics->place = NULL;
    give_back(metrics, pid);
    for (i = 0; i < APP_METRIC_PROCESSES && !metrics->place; i++) {
        app_metric_place_t *place = app_metric_place(metrics, i);

        if (take(place, pid)) {
            memset(place->cells, 0, metrics->ncells * sizeof(*place->cells));
            metrics->place = place;
        }
    }
}

apr_int64_t app_metric_place_sum(const app_metrics_t *metrics, apr_size_t cell)
{
    apr_int64_t sum = 0;
    int i;

    for (i = 0; i < APP_METRIC_PROCESSES; i++) {
        const app_metric_place_t *place = app_metric_place(metrics, i);
        apr_int64_t value = __atomic_load_n(&place->cells[cell], __ATOMIC_RELAXED);

        if (value && place->pid && lives(place->pid)) {
            sum += value;
        }
    }
    return sum;
}
