/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The databases as the core sees them: made from settings in the parent, opened in each process,
 * asked how they are. What plugins use of them is in app_db.h.
 */
#ifndef APP_DB_INT_H
#define APP_DB_INT_H

#include "app_core.h"

/**
 * A database from its URL: sqlite:/path, sqlite:///path,
 * postgresql://user:pw@host:port/db?sslmode=… Connects to nothing. Refuses what cannot work with
 * a sentence that never repeats a password.
 */
apr_status_t app_db_make(app_db_t **pdb, const app_core_conf_t *conf, app_error_t *err,
                         apr_pool_t *pconf);

/** What metrics call the database: the file without its folder, which is nobody's business. */
const char *app_db_name(const app_db_t *db);
/**
 * Puts a few digits behind the name of a database when another one has it. They come from where
 * the database lies, so that they stay when sites come and go; they do not tell where that is.
 * @param turn 0, and one more each time that the name made is taken, too
 */
void app_db_name_apart(app_db_t *db, int turn, apr_pool_t *pconf);

/** The file of an SQLite database; NULL for others. */
const char *app_db_path(const app_db_t *db);

/** What is counted of databases, as declared: the same for all of a core. */
#define APP_DB_METRICS 9

typedef struct app_db_metrics_t {
    app_metric_t *families[APP_DB_METRICS];
} app_db_metrics_t;

apr_status_t app_db_metrics_declare(app_db_metrics_t *metrics, app_core_t *core, app_error_t *err);
/** Looks up where this process counts what it does with db. Before app_db_start(). */
void app_db_metrics_start(app_db_t *db, const app_db_metrics_t *metrics);

/** Opens the pool in this process, after the fork. A server that is down is no failure. */
apr_status_t app_db_start(app_db_t *db, apr_pool_t *pchild, app_error_t *err);

/**
 * Opens the connections that are to be kept open, replaces dead and old ones, closes idle ones past
 * their time and, on SQLite, checkpoints the log. Timer thread, about every second.
 */
void app_db_maintain(app_db_t *db, apr_pool_t *scratch);

/**
 * Whether the database answers within timeout, the wait for a connection included. Where a new
 * connection has to be made first, that may take the connect timeout.
 */
apr_status_t app_db_ping(app_db_t *db, apr_interval_time_t timeout, app_error_t *err,
                         apr_pool_t *p);

/**
 * Adds driver, server version and pool figures (max, open, idle, waits, timeouts, breaker) to part.
 */
void app_db_describe(app_db_t *db, json_t *part);

/**
 * Runs a script of many statements in one transaction, on a connection outside any pool, for
 * appctl; works without app_db_start(). An SQLite file that is absent is made. The script may not
 * end the transaction itself.
 * @return APR_SUCCESS; APP_EFAIL, with the line of the script that failed in the details
 */
apr_status_t app_db_script(app_db_t *db, const char *sql, app_error_t *err, apr_pool_t *p);

#endif
