/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Migrations: the files of a folder, set against the table app_migrations of the database. The
 * table, and which row is written when, are what keeps two nodes apart:
 *
 *     take the lock ─► write the row of this version ─► the file's statements ─► commit
 *
 * The row comes first, so that whoever waited for the lock finds it there and stops.
 */
#include <stdlib.h>
#include <string.h>

#include "apr_file_info.h"
#include "apr_lib.h"
#include "apr_sha1.h"
#include "apr_strings.h"

#include "app_db_int.h"
#include "appctl.h"

#define FILE_MAX      (16 * 1024 * 1024)
#define FILES_MAX     9999
#define VERSION_WIDTH 4

/* Any number that is nobody else's: "app1" in ASCII. */
#define PGSQL_LOCK "1634758705"

#define PGSQL_TABLE                                                                              \
    "CREATE TABLE IF NOT EXISTS app_migrations (version integer PRIMARY KEY, "                   \
    "name text NOT NULL, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()); "
#define SQLITE_TABLE                                                                  \
    "CREATE TABLE IF NOT EXISTS app_migrations (version INTEGER PRIMARY KEY, "        \
    "name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at TEXT NOT NULL "           \
    "DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))) STRICT; "

int appctl_migration_differs(const appctl_migration_t *m)
{
    return m->applied_at && (!m->checksum || strcmp(m->checksum, m->applied_checksum) != 0);
}

/* Files */

static const char *checksum_of(const char *text, apr_size_t len, apr_pool_t *p)
{
    unsigned char digest[APR_SHA1_DIGESTSIZE];
    char *hex = apr_palloc(p, 2 * APR_SHA1_DIGESTSIZE + 1);
    apr_sha1_ctx_t context;
    int i;

    apr_sha1_init(&context);
    apr_sha1_update(&context, text, (unsigned int)len);
    apr_sha1_final(digest, &context);
    for (i = 0; i < APR_SHA1_DIGESTSIZE; i++) {
        apr_snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    }
    return hex;
}

/** Takes "0001_grants.sql" apart. @return whether it has that form */
static int parse_name(const char *file, int *pversion, const char **pname, apr_pool_t *p)
{
    apr_size_t len = strlen(file), name, i;
    apr_int64_t version;

    if (len <= VERSION_WIDTH + 5 || strcmp(file + len - 4, ".sql") != 0 ||
        strspn(file, "0123456789") != VERSION_WIDTH || file[VERSION_WIDTH] != '_' ||
        app_int64_parse(file, VERSION_WIDTH, &version) != APR_SUCCESS) {
        return 0;
    }
    name = len - VERSION_WIDTH - 5;
    for (i = 0; i < name; i++) {
        char c = file[VERSION_WIDTH + 1 + i];

        if (!apr_islower(c) && !apr_isdigit(c) && c != '_') {
            return 0;
        }
    }
    *pversion = (int)version;
    *pname = apr_pstrmemdup(p, file + VERSION_WIDTH + 1, name);
    return 1;
}

static apr_status_t read_file(apr_array_header_t *list, const char *dir, const char *file,
                              app_error_t *err, apr_pool_t *p)
{
    const char *path = apr_pstrcat(p, dir, "/", file, NULL);
    appctl_migration_t m = { .version = 0 };
    apr_size_t len;

    if (!parse_name(file, &m.version, &m.name, p)) {
        return app_fail(err, APP_E_SETTING,
                        "%s: a migration's file is named with four digits, \"_\" and small "
                        "letters, as 0007_add_index.sql",
                        path);
    }
    if (list->nelts == FILES_MAX) {
        return app_fail(err, APP_E_SETTING, "%s: there are more than %d migrations", dir,
                        FILES_MAX);
    }
    if (app_conf_file_read(&m.sql, &len, path, FILE_MAX, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (strlen(m.sql) != len) {
        return app_fail(err, APP_E_SETTING, "%s: it holds a NUL character", path);
    }
    m.checksum = checksum_of(m.sql, len, p);
    APR_ARRAY_PUSH(list, appctl_migration_t) = m;
    return APR_SUCCESS;
}

static int by_version(const void *a, const void *b)
{
    return ((const appctl_migration_t *)a)->version - ((const appctl_migration_t *)b)->version;
}

static void sort(apr_array_header_t *list)
{
    qsort(list->elts, (size_t)list->nelts, (size_t)list->elt_size, by_version);
}

static apr_status_t check_twice(const apr_array_header_t *list, const char *dir, app_error_t *err)
{
    int i;

    for (i = 1; i < list->nelts; i++) {
        const appctl_migration_t *m = &APR_ARRAY_IDX(list, i, appctl_migration_t);

        if (m[-1].version == m->version) {
            return app_fail(err, APP_E_SETTING, "%s: two files have the number %04d: %s and %s",
                            dir, m->version, m[-1].name, m->name);
        }
    }
    return APR_SUCCESS;
}

apr_status_t appctl_migrations_read(apr_array_header_t **plist, const char *dir, app_error_t *err,
                                    apr_pool_t *p)
{
    apr_array_header_t *list = apr_array_make(p, 16, sizeof(appctl_migration_t));
    apr_status_t rv;
    apr_finfo_t info;
    apr_dir_t *open;
    char why[120];

    if ((rv = apr_dir_open(&open, dir, p)) != APR_SUCCESS) {
        app_fail(err, APP_E_SETTING, "%s: the folder of the migrations cannot be read: %s", dir,
                 apr_strerror(rv, why, sizeof(why)));
        return app_hint(err, "Name it with --dir DIR.");
    }
    rv = APR_SUCCESS;
    while (rv == APR_SUCCESS && apr_dir_read(&info, APR_FINFO_NAME, open) == APR_SUCCESS) {
        const char *dot = strrchr(info.name, '.');

        if (info.name[0] != '.' && dot && strcmp(dot, ".sql") == 0) {
            rv = read_file(list, dir, info.name, err, p);
        }
    }
    apr_dir_close(open);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (apr_is_empty_array(list)) {
        app_fail(err, APP_E_SETTING, "%s: there is no migration in this folder", dir);
        return app_hint(err, "Their files are named NNNN_name.sql; name their folder with --dir.");
    }
    sort(list);
    *plist = list;
    return check_twice(list, dir, err);
}

/* The table */

/** Runs a statement without parameters. */
static apr_status_t query(app_rows_t **prows, const char *text, app_db_t *db, app_error_t *err,
                          apr_pool_t *p)
{
    const app_tx_options_t options = { .readonly = 1 };
    app_sql_t *sql = apr_pcalloc(p, sizeof(*sql));
    app_tx_t *tx;

    sql->text = text;
    if (app_tx_begin(&tx, db, &options, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return app_tx_query(tx, sql, APP_QUERY_LAST, prows, err);
}

static apr_status_t has_table(int *phas, app_db_t *db, app_error_t *err, apr_pool_t *p)
{
    const char *text = app_db_kind(db) == APP_DB_SQLITE
                           ? "SELECT count(*) FROM sqlite_schema WHERE name = 'app_migrations'"
                           : "SELECT count(to_regclass('app_migrations'))";
    app_rows_t *rows;
    apr_status_t rv;

    if (query(&rows, text, db, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    *phas = 0;
    while ((rv = app_rows_next(rows, err)) == APR_SUCCESS) {
        *phas = app_rows_int(rows, 0) > 0;
    }
    return rv == APR_EOF ? APR_SUCCESS : rv;
}

/** The entry of a version; made if there is no file of it. */
static appctl_migration_t *entry_of(apr_array_header_t *list, int version)
{
    appctl_migration_t *m;
    int i;

    for (i = 0; i < list->nelts; i++) {
        m = &APR_ARRAY_IDX(list, i, appctl_migration_t);
        if (m->version == version) {
            return m;
        }
    }
    m = apr_array_push(list);
    memset(m, 0, sizeof(*m));
    m->version = version;
    return m;
}

apr_status_t appctl_migrations_applied(apr_array_header_t *list, app_db_t *db, app_error_t *err,
                                       apr_pool_t *p)
{
    app_rows_t *rows;
    apr_status_t rv;
    int has;

    if (has_table(&has, db, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (!has) {
        return APR_SUCCESS;
    }
    if (query(&rows, "SELECT version, name, checksum, applied_at FROM app_migrations", db, err,
              p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    while ((rv = app_rows_next(rows, err)) == APR_SUCCESS) {
        appctl_migration_t *m = entry_of(list, (int)app_rows_int(rows, 0));

        m->name = m->name ? m->name : apr_pstrdup(p, app_rows_text(rows, 1, NULL));
        m->applied_checksum = apr_pstrdup(p, app_rows_text(rows, 2, NULL));
        m->applied_at = apr_pstrdup(p, app_rows_text(rows, 3, NULL));
    }
    sort(list);
    return rv == APR_EOF ? APR_SUCCESS : rv;
}

/** Whether a version is in the table. */
static int is_applied(int version, app_db_t *db, apr_pool_t *p)
{
    apr_array_header_t *list = apr_array_make(p, 16, sizeof(appctl_migration_t));
    app_error_t err = { .pool = p };

    return appctl_migrations_applied(list, db, &err, p) == APR_SUCCESS &&
           entry_of(list, version)->applied_at;
}

/** All in front of the file's text stands on its first line, so that line numbers fit. */
apr_status_t appctl_migration_apply(const appctl_migration_t *m, app_db_t *db, app_error_t *err,
                                    apr_pool_t *p)
{
    const char *begin = app_db_kind(db) == APP_DB_SQLITE
                            ? SQLITE_TABLE
                            : "SELECT pg_advisory_xact_lock(" PGSQL_LOCK "); " PGSQL_TABLE;
    const char *script =
        apr_psprintf(p,
                     "%sINSERT INTO app_migrations (version, name, checksum) VALUES (%d, '%s', "
                     "'%s'); %s",
                     begin, m->version, m->name, m->checksum, m->sql);

    if (app_db_script(db, script, err, p) == APR_SUCCESS) {
        return APR_SUCCESS;
    }
    err->message = apr_psprintf(err->pool, "%04d_%s.sql: %s", m->version, m->name, err->message);
    if (!is_applied(m->version, db, p)) {
        return APP_EFAIL;
    }
    if (err->code && strcmp(err->code, "23505") == 0) {
        return APR_EEXIST;
    }
    return app_hint(err, "It ended its transaction itself, so what stood before that is stored and "
                         "counts as applied. Leave BEGIN and COMMIT out of migrations.");
}
