/* SPDX-License-Identifier: Apache-2.0 */
/** How busy httpd is, from its scoreboard, which all processes share. Any thread. */
#include "mod_app.h"

#include "ap_mpm.h"
#include "scoreboard.h"

static int ask(int what)
{
    int result = 0;

    return ap_mpm_query(what, &result) == APR_SUCCESS ? result : 0;
}

/** As mod_status counts: what is neither ready nor about to begin or to end is busy. */
static void count_process(app_workers_t *workers, int process, int threads)
{
    const process_score *score = ap_get_scoreboard_process(process);
    int i;

    for (i = 0; i < threads; i++) {
        const worker_score *worker = ap_get_scoreboard_worker_from_indexes(process, i);

        switch (worker->status) {
        case SERVER_DEAD:
        case SERVER_STARTING:
        case SERVER_IDLE_KILL:
            break;
        case SERVER_READY:
            workers->idle += score->generation == workers->generation && !score->quiescing;
            break;
        default:
            workers->busy++;
        }
    }
}

apr_status_t app_httpd_workers(app_workers_t *workers)
{
    int processes = ask(AP_MPMQ_HARD_LIMIT_DAEMONS), threads = ask(AP_MPMQ_HARD_LIMIT_THREADS);
    int most = ask(AP_MPMQ_MAX_DAEMONS), each = ask(AP_MPMQ_MAX_THREADS), i;

    if (!ap_exists_scoreboard_image()) {
        return APR_NOTFOUND;
    }
    *workers = (app_workers_t){ .generation = ask(AP_MPMQ_GENERATION) };
    for (i = 0; i < processes; i++) {
        count_process(workers, i, threads ? threads : 1);
    }
    workers->free = most * (each ? each : 1) - workers->busy - workers->idle;
    workers->free = workers->free > 0 ? workers->free : 0;
    return APR_SUCCESS;
}
