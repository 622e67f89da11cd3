/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What one process does for all: says how many events were left out, and deletes what is older than
 * AuditRetention. Thread of the timers.
 */
#include <string.h>

#include "apr_strings.h"

#include "auth_audit_int.h"

#define OMITTED_EVERY apr_time_from_sec(10)
#define PRUNE_EVERY   apr_time_from_sec(3600)
#define PRUNE_ROWS    1000 /* in one transaction: on SQLite the others wait for it */

#define PRUNE                                                                        \
    "DELETE FROM app_audit"                                                          \
    " WHERE id IN (SELECT id FROM app_audit WHERE at < $1 ORDER BY at LIMIT $2)"

#define NO_TABLE "42P01" /* the site has no accounts */

static int next_omitted(auth_omitted_t *omitted, auth_t *auth)
{
    int some;

    if (app_shm_lock(auth->audit) != APR_SUCCESS) {
        return 0;
    }
    some = auth_audit_budget_omitted(omitted, app_shm_base(auth->audit));
    app_shm_unlock(auth->audit);
    return some;
}

static void write_omitted(app_instance_t *self, apr_pool_t *scratch)
{
    auth_t *auth = app_instance_context(self);
    auth_event_t event = { .actor = "server" };
    auth_omitted_t omitted;

    while (next_omitted(&omitted, auth)) {
        event.name = omitted.name;
        event.detail = apr_psprintf(scratch,
                                    "{\"omitted\":%" APR_INT64_T_FMT ",\"since\":%" APR_INT64_T_FMT
                                    "}",
                                    omitted.count, omitted.since);
        auth_audit_write(auth, NULL, NULL, &event, scratch);
    }
}

static apr_status_t prune_some(apr_int64_t *pdeleted, auth_t *auth, apr_int64_t before,
                               app_error_t *err, apr_pool_t *p)
{
    const app_value_t values[] = { auth_int(before), auth_int(PRUNE_ROWS) };
    const app_sql_t sql = { PRUNE, values, 2 };
    app_tx_t *tx;

    if (auth_begin(&tx, auth, NULL, 0, err, p) != APR_SUCCESS ||
        app_tx_execute(tx, &sql, pdeleted, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return app_tx_commit(tx, err);
}

static void prune(app_instance_t *self, apr_pool_t *scratch)
{
    auth_t *auth = app_instance_context(self);
    apr_int64_t before = auth_now() - apr_time_sec(auth->conf->audit_retention), deleted = 0;
    app_error_t err = { .pool = scratch };
    apr_status_t rv;

    if (!auth->conf->audit_retention || !app_instance_db(self)) {
        return;
    }
    do {
        rv = prune_some(&deleted, auth, before, &err, scratch);
    } while (rv == APR_SUCCESS && deleted == PRUNE_ROWS);
    if (rv != APR_SUCCESS && strcmp(err.code, NO_TABLE) != 0 && !err.noted) {
        app_log(APP_LOG_WARNING, NULL, "APP2302", "old events were not deleted: %s; %s",
                err.message, err.log ? err.log : "");
    }
}

void auth_audit_configure(auth_t *auth)
{
    auth->audit = app_shm_declare(auth->self, "audit", sizeof(auth_audit_budget_t));
    app_timer_add(auth->self, "audit", OMITTED_EVERY, 1, write_omitted);
    app_timer_add(auth->self, "prune", PRUNE_EVERY, 1, prune);
}
