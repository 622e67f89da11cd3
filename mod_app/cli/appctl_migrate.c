/* SPDX-License-Identifier: Apache-2.0 */
/** appctl migrate up | status. */
#include <stdio.h>
#include <string.h>

#include "apr_strings.h"

#include "app_db_int.h"
#include "app_program.h"
#include "appctl.h"

#define NO_RIGHT "42501" /* SQLSTATE */

#ifndef APP_SQL_DIR
#define APP_SQL_DIR "/usr/local/share/mod_app/sql"
#endif

typedef struct work_t {
    app_db_t           *db;
    const char         *dir;
    apr_array_header_t *list; /* of appctl_migration_t */
} work_t;

/** The folder of the dialect: as installed, or beside the source that this was built in. */
static const char *default_dir(app_db_t *db, apr_pool_t *p)
{
    const char *source = app_program_beside("../sql", p);
    const char *dialect = app_db_kind(db) == APP_DB_SQLITE ? "sqlite" : "pgsql";

    return apr_pstrcat(p, source ? source : APP_SQL_DIR, "/", dialect, NULL);
}

static apr_status_t open_database(const appctl_t *ctl, app_db_t **pdb, app_error_t *err)
{
    app_loopback_t *loopback;

    if (appctl_load(ctl, &loopback, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    *pdb = app_site_db(app_loopback_site(loopback));
    if (!*pdb) {
        return app_fail(err, APP_E_SETTING, "%s: no database is configured; add AppDatabase",
                        ctl->config);
    }
    return APR_SUCCESS;
}

static apr_status_t prepare(const appctl_t *ctl, const char *dir, int make, work_t *work,
                            app_error_t *err)
{
    if (open_database(ctl, &work->db, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    work->dir = dir ? dir : default_dir(work->db, ctl->p);
    if (appctl_migrations_read(&work->list, work->dir, err, ctl->p) != APR_SUCCESS ||
        appctl_become_owner(work->db, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    /* An SQLite file that is not there yet is made by the first script, not by opening the pool. */
    if (make && app_db_script(work->db, "SELECT 1", err, ctl->p) != APR_SUCCESS) {
        return app_db_kind(work->db) == APP_DB_SQLITE && !err->hint
                   ? app_hint(err, "Its folder must be there, and belong to the server's user.")
                   : APP_EFAIL;
    }
    if (app_db_start(work->db, ctl->p, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (appctl_migrations_applied(work->list, work->db, err, ctl->p) != APR_SUCCESS) {
        return app_db_kind(work->db) == APP_DB_SQLITE && !err->hint
                   ? app_hint(err, "If the file is not there yet, migrate up makes it.")
                   : APP_EFAIL;
    }
    return APR_SUCCESS;
}

static const char *state_of(const appctl_migration_t *m, apr_pool_t *p)
{
    if (!m->applied_at) {
        return "not applied";
    }
    if (!m->checksum) {
        return apr_psprintf(p, "applied %s, but its file is MISSING", m->applied_at);
    }
    if (appctl_migration_differs(m)) {
        return apr_psprintf(p, "applied %s, but its file was EDITED since", m->applied_at);
    }
    return apr_psprintf(p, "applied %s", m->applied_at);
}

static int show_status(const appctl_t *ctl, const work_t *work)
{
    int i, differ = 0;

    printf("%s\n", work->dir);
    for (i = 0; i < work->list->nelts; i++) {
        const appctl_migration_t *m = &APR_ARRAY_IDX(work->list, i, appctl_migration_t);

        printf("%04d  %-32s %s\n", m->version, m->name, state_of(m, ctl->p));
        differ += appctl_migration_differs(m);
    }
    return differ ? APPCTL_WRONG : APPCTL_GOOD;
}

/** What was applied must be what the files say, and what is new must be behind it. */
static apr_status_t check_order(const work_t *work, app_error_t *err)
{
    const appctl_migration_t *pending = NULL;
    int i;

    for (i = 0; i < work->list->nelts; i++) {
        const appctl_migration_t *m = &APR_ARRAY_IDX(work->list, i, appctl_migration_t);

        if (appctl_migration_differs(m)) {
            app_fail(err, APP_E_SETTING, "%04d_%s.sql was applied %s, and its file %s", m->version,
                     m->name, m->applied_at,
                     m->checksum ? "was edited since" : "is not in the folder any more");
            app_details(err, "%s", work->dir);
            return app_hint(err, "Put the file back as it was; what is to change goes into a new "
                                 "migration.");
        }
        if (m->applied_at && pending) {
            app_fail(err, APP_E_SETTING, "%04d_%s.sql is new, but %04d_%s.sql was applied already",
                     pending->version, pending->name, m->version, m->name);
            return app_hint(err, "Give the new file a number behind %04d.", m->version);
        }
        pending = m->applied_at ? pending : m;
    }
    return APR_SUCCESS;
}

static int not_applied(app_error_t *err)
{
    if (strcmp(err->code, NO_RIGHT) == 0 && !err->hint) {
        app_hint(err, "Migrations are for the owner of the database, not the server's role: name a "
                      "file with the owner's AppDatabase by -f.");
    }
    return appctl_failed(err);
}

static int apply_all(const appctl_t *ctl, const work_t *work)
{
    app_error_t err = { .pool = ctl->p };
    int i, applied = 0;

    if (check_order(work, &err) != APR_SUCCESS) {
        return appctl_failed(&err);
    }
    for (i = 0; i < work->list->nelts; i++) {
        const appctl_migration_t *m = &APR_ARRAY_IDX(work->list, i, appctl_migration_t);
        apr_status_t rv;

        if (m->applied_at) {
            continue;
        }
        rv = appctl_migration_apply(m, work->db, &err, ctl->p);
        if (rv != APR_SUCCESS && rv != APR_EEXIST) {
            return not_applied(&err);
        }
        printf("%04d  %-32s %s\n", m->version, m->name,
               rv == APR_SUCCESS ? "applied" : "applied by somebody else meanwhile");
        applied++;
    }
    if (!applied) {
        printf("Nothing to do: all %d migrations are applied.\n", work->list->nelts);
    }
    return APPCTL_GOOD;
}

int appctl_migrate(const appctl_t *ctl)
{
    const char *word = ctl->argc > 0 ? ctl->argv[0] : "";
    int up = strcmp(word, "up") == 0;
    int has_dir = ctl->argc == 3 && strcmp(ctl->argv[1], "--dir") == 0;
    app_error_t err = { .pool = ctl->p };
    work_t work;

    if (!up && strcmp(word, "status") != 0) {
        return appctl_usage("migrate takes up or status%s%s%s.", *word ? ", not \"" : "", word,
                            *word ? "\"" : "");
    }
    if (ctl->argc > 1 && !has_dir) {
        return appctl_usage("migrate %s takes --dir DIR or nothing behind it.", word);
    }
    if (prepare(ctl, has_dir ? ctl->argv[2] : NULL, up, &work, &err) != APR_SUCCESS) {
        return appctl_failed(&err);
    }
    return up ? apply_all(ctl, &work) : show_status(ctl, &work);
}
