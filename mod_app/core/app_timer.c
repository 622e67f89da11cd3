/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Periodic work. The host has one thread for it in each process; work that only one process may
 * do holds a lock in shared memory while it runs, so that when that process dies another goes on.
 */
#include "apr_strings.h"

#include "app_core_int.h"
#include "app_db_int.h"

#define LONGEST_WAIT APR_USEC_PER_SEC

void app_timer_add(app_instance_t *self, const char *name, apr_interval_time_t interval,
                   int one_process, app_timer_fn *fn)
{
    app_timer_t *timer;

    if (!self->configuring) {
        app_log(APP_LOG_ERROR, NULL, "APP0007",
                "plugin %s: timers can be added in configure() only", self->plugin->name);
        return;
    }
    timer = apr_array_push(self->site->core->timers);
    timer->instance = self;
    timer->name = apr_pstrdup(self->site->core->pool, name);
    timer->fn = fn;
    timer->interval = interval;
    timer->due = 0;
    timer->shared = NULL;
    if (one_process) {
        name = apr_pstrcat(self->site->core->pool, "timer/", name, NULL);
        timer->shared = app_shm_declare(self, name, sizeof(apr_time_t));
    }
}

apr_interval_time_t app_core_timer_wait(app_core_t *core)
{
    apr_interval_time_t wait = LONGEST_WAIT;
    apr_time_t now = apr_time_now();
    int i;

    for (i = 0; i < core->timers->nelts; i++) {
        app_timer_t *timer = &APR_ARRAY_IDX(core->timers, i, app_timer_t);

        if (timer->due <= now) {
            return 0;
        }
        wait = timer->due - now < wait ? timer->due - now : wait;
    }
    return wait;
}

static void run(const app_timer_t *timer, apr_pool_t *scratch)
{
    apr_time_t begun = apr_time_now();

    timer->fn(timer->instance, scratch);
    app_metrics_timer(timer, begun);
}

static void run_alone(app_timer_t *timer, apr_pool_t *scratch)
{
    apr_time_t *done = app_shm_base(timer->shared);
    apr_time_t now = apr_time_now();

    if (app_shm_try_lock(timer->shared) != APR_SUCCESS) {
        return;
    }
    if (*done + timer->interval <= now || *done > now) {
        *done = now;
        run(timer, scratch);
    }
    app_shm_unlock(timer->shared);
}

void app_core_timer_run(app_core_t *core, apr_pool_t *scratch)
{
    apr_time_t now = apr_time_now();
    int i;

    for (i = 0; i < core->dbs->nelts; i++) {
        app_db_maintain(APR_ARRAY_IDX(core->dbs, i, app_db_use_t).db, scratch);
        apr_pool_clear(scratch);
    }
    for (i = 0; i < core->timers->nelts && core->running; i++) {
        app_timer_t *timer = &APR_ARRAY_IDX(core->timers, i, app_timer_t);

        if (timer->due > now) {
            continue;
        }
        timer->due = now + timer->interval;
        if (timer->shared) {
            run_alone(timer, scratch);
        }
        else {
            run(timer, scratch);
        }
        apr_pool_clear(scratch);
    }
}
