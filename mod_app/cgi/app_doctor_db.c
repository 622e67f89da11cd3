/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The doctor's look at the database. It never opens the database's files itself: closing them
 * would drop the locks that SQLite holds in this process.
 */
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "apr_strings.h"

#include "app_doctor.h"
#include "app_db_int.h"

#define PING_WAIT  (5 * APR_USEC_PER_SEC)
#define CIFS_MAGIC 0xFF534D42
#define SMB2_MAGIC 0xFE534D42
#define PROBE      "CREATE TABLE app_doctor_probe (x)"

/** The file of an SQLite URL, NULL for any other. */
static const char *sqlite_path(app_doctor_t *d)
{
    const char *url = app_conf_core(d->setup->conf)->database;

    if (!url || strncmp(url, "sqlite:", 7) != 0) {
        return NULL;
    }
    url += 7;
    url += strncmp(url, "//", 2) == 0 ? 2 : 0;
    url = apr_pstrmemdup(d->p, url, strcspn(url, "?"));
    return *url == '/' ? url : apr_pstrcat(d->p, d->setup->root, "/", url, NULL);
}

static int check_folder(app_doctor_t *d, const char *folder)
{
    if (access(folder, R_OK | W_OK | X_OK) == 0) {
        return 1;
    }
    app_doctor_tell(
        d, APP_DOCTOR_WRONG, "database",
        app_doctor_text(d, "mkdir -p %s, and make it belong to the user that runs app.cgi", folder),
        "its folder %s cannot be written by %s; SQLite makes files beside the database", folder,
        app_doctor_name(d, geteuid()));
    return 0;
}

/** The file itself and those that SQLite keeps beside it. */
static int check_file(app_doctor_t *d, const char *path)
{
    struct stat info;

    if (stat(path, &info) != 0) {
        return 1;
    }
    if (access(path, R_OK | W_OK) != 0) {
        app_doctor_tell(d, APP_DOCTOR_WRONG, "database",
                        "have all its files belong to one user, the one that runs app.cgi",
                        "%s belongs to %s and cannot be written by %s", path,
                        app_doctor_name(d, info.st_uid), app_doctor_name(d, geteuid()));
        return 0;
    }
    if (info.st_uid != geteuid()) {
        app_doctor_tell(d, APP_DOCTOR_LOOK, "database",
                        "use one user for all that open the database",
                        "%s belongs to %s, and this is %s: the next file made beside it may shut "
                        "one of them out",
                        path, app_doctor_name(d, info.st_uid), app_doctor_name(d, geteuid()));
    }
    return 1;
}

static void check_file_system(app_doctor_t *d, const char *folder)
{
    struct statfs info;

    if (statfs(folder, &info) != 0) {
        return;
    }
    if (info.f_type == NFS_SUPER_MAGIC || (unsigned long)info.f_type == CIFS_MAGIC ||
        (unsigned long)info.f_type == SMB2_MAGIC) {
        app_doctor_tell(d, APP_DOCTOR_WRONG, "file system",
                        "put the database on a local disk, or use PostgreSQL",
                        "%s lies on a network file system, where SQLite's locks do not hold",
                        folder);
        return;
    }
    app_doctor_tell(d, APP_DOCTOR_OK, "file system", NULL, "it is a local one");
}

static void check_served(app_doctor_t *d, const char *path)
{
    apr_size_t len = strlen(d->setup->folder);

    if (strncmp(path, d->setup->folder, len) == 0 && path[len] == '/') {
        app_doctor_tell(
            d, APP_DOCTOR_LOOK, "database", "put it into a folder outside the document root",
            "it lies beside the program, where only .htaccess keeps it from being downloaded");
    }
}

void app_doctor_db_files(app_doctor_t *d)
{
    static const char *const suffixes[] = { "", "-wal", "-shm" };
    const char *path = sqlite_path(d), *slash, *folder;
    int i;

    if (!app_conf_core(d->setup->conf)->database) {
        app_doctor_tell(d, APP_DOCTOR_LOOK, "database", "AppDatabase sqlite:/home/you/data/app.db",
                        "none is configured");
    }
    if (!path || !(slash = strrchr(path, '/'))) {
        return;
    }
    folder = apr_pstrmemdup(d->p, path, (apr_size_t)(slash - path));
    if (!check_folder(d, folder)) {
        return;
    }
    check_file_system(d, folder);
    check_served(d, path);
    for (i = 0; i < 3; i++) {
        if (!check_file(d, apr_pstrcat(d->p, path, suffixes[i], NULL))) {
            return;
        }
    }
}

/** Makes a table and takes it back. */
static apr_status_t try_write(app_db_t *db, app_error_t *err, apr_pool_t *p)
{
    static const app_tx_options_t options = { .readonly = 0 };
    static const app_sql_t probe = { .text = PROBE };
    app_tx_t *tx;
    apr_status_t rv = app_tx_begin(&tx, db, &options, err, p);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = app_tx_execute(tx, &probe, NULL, err);
    app_tx_rollback(tx);
    return rv;
}

void app_doctor_db_open(app_doctor_t *d)
{
    app_db_t *db = app_site_db(d->setup->site);
    app_error_t err = { .pool = d->p };

    if (!db) {
        return;
    }
    if (app_db_ping(db, PING_WAIT, &err, d->p) != APR_SUCCESS) {
        app_doctor_tell(d, APP_DOCTOR_WRONG, "database",
                        "for a new SQLite database: appctl migrate up; for PostgreSQL: see whether "
                        "host, port, user and password of AppDatabase are right",
                        "it does not open: %s; %s", err.message, err.log ? err.log : "");
        return;
    }
    if (app_db_kind(db) == APP_DB_SQLITE && try_write(db, &err, d->p) != APR_SUCCESS) {
        app_doctor_tell(d, APP_DOCTOR_WRONG, "database",
                        "have the file and its folder belong to the user that runs app.cgi",
                        "it opens, but takes no writes: %s; %s", err.message,
                        err.log ? err.log : "");
        return;
    }
    app_doctor_tell(d, APP_DOCTOR_OK, "database", NULL, "it opens and answers");
}
