/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What is counted of databases: connections, waiting, statements. Declared in the parent; each
 * process looks its series up once, when it opens its pool.
 */
#include "apr_strings.h"

#include "app_db_driver.h"
#include "app_hash.h"

enum { CONNECTIONS, WAITING, WAITS, TIMEOUTS, CONNECTS, FAILURES, WAIT_TIME, WORK_TIME, PREPARED };

#define DATABASES_MAX 64

static const apr_int64_t seconds[] = { 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000,
                                       250000, 500000, 1000000, 2500000, 5000000, 10000000 };

static const app_metric_def_t defs[APP_DB_METRICS] = {
    [CONNECTIONS] = { .name = "app_database_connections",
                      .help = "Connections to the database, of all processes.",
                      .kind = APP_METRIC_PROCESS,
                      .labels = "database state" },
    [WAITING] = { .name = "app_database_waiting",
                  .help = "Threads that wait for a connection.",
                  .kind = APP_METRIC_PROCESS,
                  .labels = "database" },
    [WAITS] = { .name = "app_database_waits",
                .help = "Requests that found all connections in use.",
                .kind = APP_METRIC_COUNTER,
                .labels = "database" },
    [TIMEOUTS] = { .name = "app_database_wait_timeouts",
                   .help = "Requests that got no connection in time.",
                   .kind = APP_METRIC_COUNTER,
                   .labels = "database" },
    [CONNECTS] = { .name = "app_database_connects",
                   .help = "Connections that were opened.",
                   .kind = APP_METRIC_COUNTER,
                   .labels = "database" },
    [FAILURES] = { .name = "app_database_connect_failures",
                   .help = "Connections that could not be opened.",
                   .kind = APP_METRIC_COUNTER,
                   .labels = "database" },
    [WAIT_TIME] = { .name = "app_database_wait_seconds",
                    .help = "Time until a transaction had its connection.",
                    .kind = APP_METRIC_HISTOGRAM,
                    .labels = "database",
                    .decimals = 6,
                    .nbuckets = sizeof(seconds) / sizeof(*seconds),
                    .buckets = seconds },
    [WORK_TIME] = { .name = "app_database_statement_seconds",
                    .help = "Time that a statement took, its rows included.",
                    .kind = APP_METRIC_HISTOGRAM,
                    .labels = "database",
                    .decimals = 6,
                    .nbuckets = sizeof(seconds) / sizeof(*seconds),
                    .buckets = seconds },
    [PREPARED] = { .name = "app_database_prepared",
                   .help = "Statements that were found prepared (hit), or had to be (miss).",
                   .kind = APP_METRIC_COUNTER,
                   .labels = "database outcome" },
};

apr_status_t app_db_metrics_declare(app_db_metrics_t *metrics, app_core_t *core, app_error_t *err)
{
    int i;

    for (i = 0; i < APP_DB_METRICS; i++) {
        if (app_metric_add_family(&metrics->families[i], core, NULL, &defs[i], 2 * DATABASES_MAX,
                                  err) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    return APR_SUCCESS;
}

static const char *plain_name(const app_db_t *db)
{
    const char *slash = db->url.kind == APP_DB_SQLITE ? strrchr(db->url.path, '/') : NULL;

    return slash ? slash + 1 : db->url.label;
}

const char *app_db_name(const app_db_t *db)
{
    return db->name ? db->name : plain_name(db);
}

void app_db_name_apart(app_db_t *db, int turn, apr_pool_t *pconf)
{
    apr_uint64_t hash = app_hash((apr_uint64_t)turn, db->url.identity, strlen(db->url.identity));

    db->name = apr_psprintf(pconf, "%s (%04x)", plain_name(db), (unsigned)(hash & 0xFFFF));
}

static apr_int64_t *cell(const app_db_t *db, const app_db_metrics_t *metrics, int family,
                         const char *second)
{
    const char *const labels[] = { app_db_name(db), second };

    return app_metric_cell(metrics->families[family], labels);
}

void app_db_metrics_start(app_db_t *db, const app_db_metrics_t *metrics)
{
    app_db_cells_t *cells = &db->cells;

    cells->in_use = cell(db, metrics, CONNECTIONS, "in use");
    cells->idle = cell(db, metrics, CONNECTIONS, "idle");
    cells->waiting = cell(db, metrics, WAITING, NULL);
    cells->waits = cell(db, metrics, WAITS, NULL);
    cells->timeouts = cell(db, metrics, TIMEOUTS, NULL);
    cells->connects = cell(db, metrics, CONNECTS, NULL);
    cells->failures = cell(db, metrics, FAILURES, NULL);
    cells->wait_time = cell(db, metrics, WAIT_TIME, NULL);
    cells->work_time = cell(db, metrics, WORK_TIME, NULL);
    cells->hits = cell(db, metrics, PREPARED, "hit");
    cells->misses = cell(db, metrics, PREPARED, "miss");
}

void app_db_count_pool_locked(app_db_t *db)
{
    int idle = db->open - db->in_use;

    app_metric_cell_set(db->cells.in_use, db->in_use);
    app_metric_cell_set(db->cells.idle, idle > 0 ? idle : 0);
    app_metric_cell_set(db->cells.waiting, db->waiting);
}

void app_db_count_wait(app_db_t *db, apr_interval_time_t duration)
{
    app_metric_cell_observe(db->cells.wait_time, &defs[WAIT_TIME], duration);
}

void app_db_count_work(app_db_t *db, apr_interval_time_t duration)
{
    app_metric_cell_observe(db->cells.work_time, &defs[WORK_TIME], duration);
}

void app_db_count_prepared(app_db_t *db, int found)
{
    app_metric_cell_add(found ? db->cells.hits : db->cells.misses, 1);
}
