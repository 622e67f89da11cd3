/* SPDX-License-Identifier: Apache-2.0 */
/** What the files of appctl know of each other: one command a file. One thread. */
#ifndef APPCTL_H
#define APPCTL_H

#include "app_loopback.h"

/* Exit codes */
#define APPCTL_GOOD  0
#define APPCTL_WRONG 1 /* what was asked for failed, or is not well */
#define APPCTL_USAGE 2 /* the command line is wrong */

typedef struct appctl_t {
    const char        *config; /* -f, APP_CONFIG or the default */
    int                argc;   /* words behind the command */
    const char *const *argv;
    apr_pool_t        *p;
} appctl_t;

/* appctl.c */
/** Says what is wrong with the command line. @return APPCTL_USAGE */
int appctl_usage(const char *format, ...) APP_PRINTF(1, 2);
/** Says what went wrong, with what only the one at the keyboard may see. @return APPCTL_WRONG */
int appctl_failed(const app_error_t *err);
/** Reads the settings and makes the site. */
apr_status_t appctl_load(const appctl_t *ctl, app_loopback_t **ploopback, app_error_t *err);

/* appctl_owner.c */
/**
 * If root runs appctl, gives its rights up for those of the SQLite database's owner. When all
 * files have been read, before the database is opened. db may be NULL.
 */
apr_status_t appctl_become_owner(const app_db_t *db, app_error_t *err);

/* One file each. @return exit code */
int appctl_migrate(const appctl_t *ctl);
int appctl_settings(const appctl_t *ctl);
int appctl_check(const appctl_t *ctl);
int appctl_health(const appctl_t *ctl);

/* appctl_plugin.c */
/** Runs a command of one of the site's plugins. @return exit code */
int  appctl_plugin(const appctl_t *ctl, const char *name);
/** Prints what commands the site's plugins have; nothing if the settings cannot be read. */
void appctl_plugin_usage(const appctl_t *ctl);

/* appctl_migrations.c */

typedef struct appctl_migration_t {
    int         version;
    const char *name;     /* "grants" of 0001_grants.sql; of the table, if there is no file */
    const char *checksum; /* SHA-1 of the file: it tells an edit, not an attack; NULL: no file */
    const char *sql;
    const char *applied_at;       /* NULL: not applied */
    const char *applied_checksum; /* of the file as it was then */
} appctl_migration_t;

/** Whether the file is not the one that was applied: it was edited, or is missing. */
int appctl_migration_differs(const appctl_migration_t *migration);

/**
 * Reads the files NNNN_name.sql of a folder.
 * @param plist array of appctl_migration_t, by version
 */
apr_status_t appctl_migrations_read(apr_array_header_t **plist, const char *dir, app_error_t *err,
                                    apr_pool_t *p);

/** Adds what the database says has been applied. Without a table for it nothing has. */
apr_status_t appctl_migrations_applied(apr_array_header_t *list, app_db_t *db, app_error_t *err,
                                       apr_pool_t *p);

/**
 * Runs one file and writes that down, in one transaction.
 * @return APR_SUCCESS; APR_EEXIST if somebody else has applied that version meanwhile
 */
apr_status_t appctl_migration_apply(const appctl_migration_t *migration, app_db_t *db,
                                    app_error_t *err, apr_pool_t *p);

#endif
