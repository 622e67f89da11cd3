/* SPDX-License-Identifier: Apache-2.0 */
/**
 * SQLite: what all processes that write a database do one after the other, and what they do
 * together. Thread that has the connection.
 *
 * A write holds the lock until it is committed, which leaves it in the log but not yet on the disk:
 * others can write meanwhile. Then it waits for the disk. Who comes first brings all that is
 * committed there, and those who have waited behind find their own commit among it: as many
 * requests as there are then share one fdatasync(). (PostgreSQL's XLogFlush() does the same.)
 * Readers see what is committed a moment before it is safe; who wrote it is answered afterwards.
 */
#include "apr_strings.h"

#include "app_db_sqlite.h"

#define SYNC_WAIT apr_time_from_sec(60)

static apr_status_t open_file(app_lite_t *lite)
{
    app_db_t *db = lite->conn->db;
    apr_status_t rv = APR_SUCCESS;
    apr_pool_t *p;

    if (!db->mutex) {
        return app_lock_file_open(&lite->shared, lite->lock_path, db->url.path, lite->conn->pool);
    }
    apr_thread_mutex_lock(db->mutex);
    if (!db->lock_file) {
        apr_pool_create(&p, db->pool);
        rv = app_lock_file_open(&db->lock_file, lite->lock_path, db->url.path, p);
        if (rv != APR_SUCCESS) {
            apr_pool_destroy(p);
        }
    }
    lite->shared = db->lock_file;
    apr_thread_mutex_unlock(db->mutex);
    return rv;
}

static apr_status_t fail_open(app_error_t *err, apr_status_t rv, const char *path)
{
    char reason[128];

    app_db_fail(err, APR_STATUS_IS_ENOSPC(rv) ? "53100" : "58030",
                "the lock of the database cannot be opened");
    if (APR_STATUS_IS_EMISMATCH(rv)) {
        return app_log_only(err, "%s: something else is in this file", path);
    }
    return app_log_only(err, "%s: %s%s", path, apr_strerror(rv, reason, sizeof(reason)),
                        APR_STATUS_IS_EACCES(rv)
                            ? "; file and folder must be writable for the server's user"
                            : "");
}

apr_status_t app_lite_lock(app_lite_t *lite, apr_interval_time_t wait, app_error_t *err)
{
    const char *path = lite->lock_path;
    apr_status_t rv = lite->shared ? APR_SUCCESS : open_file(lite);
    int died = 0;

    if (rv != APR_SUCCESS) {
        return fail_open(err, rv, path);
    }
    rv = app_lock_acquire(&lite->shared->write, wait, &died);
    if (rv == APR_TIMEUP) {
        return app_lite_fail_busy(err);
    }
    if (rv != APR_SUCCESS) {
        app_db_fail(err, "58030", "the lock of the database cannot be taken");
        return app_log_only(err, "%s: status %d", path, rv);
    }
    if (died) {
        app_log(APP_LOG_WARNING, NULL, "APP0220",
                "%s: a process ended while it was writing; what it had not committed is undone",
                lite->conn->db->url.path);
    }
    return APR_SUCCESS;
}

int app_lite_try_lock(app_lite_t *lite)
{
    return lite->shared && app_lock_acquire(&lite->shared->write, 0, NULL) == APR_SUCCESS;
}

void app_lite_unlock(app_lite_t *lite)
{
    app_lock_release(&lite->shared->write);
}

/* The disk */

apr_uint64_t app_lite_count_commit(app_lite_t *lite)
{
    apr_uint64_t number = lite->shared->commits + 1;

    __atomic_store_n(&lite->shared->commits, number, __ATOMIC_RELEASE);
    return number;
}

int app_lite_sync_log(app_lite_t *lite)
{
    sqlite3_file *log = NULL;
    int rc = sqlite3_file_control(lite->link, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);

    return rc != SQLITE_OK ? rc : log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
}

/** @return an SQLite result code */
static int sync_all(app_lite_t *lite)
{
    app_lock_file_t *shared = lite->shared;
    apr_uint64_t commits = __atomic_load_n(&shared->commits, __ATOMIC_ACQUIRE);
    int rc = app_lite_sync_log(lite);

    if (rc == SQLITE_OK) {
        __atomic_store_n(&shared->synced, commits, __ATOMIC_RELEASE);
    }
    return rc;
}

static int is_synced(const app_lite_t *lite, apr_uint64_t commit)
{
    return __atomic_load_n(&lite->shared->synced, __ATOMIC_ACQUIRE) >= commit;
}

apr_status_t app_lite_sync(app_lite_t *lite, apr_uint64_t commit, app_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;
    int rc = SQLITE_OK;

    if (is_synced(lite, commit)) {
        return APR_SUCCESS;
    }
    if ((rv = app_lock_acquire(&lite->shared->sync, SYNC_WAIT, NULL)) == APR_SUCCESS) {
        if (!is_synced(lite, commit)) {
            rc = sync_all(lite);
        }
        app_lock_release(&lite->shared->sync);
    }
    if (rv == APR_SUCCESS && rc == SQLITE_OK) {
        return APR_SUCCESS;
    }
    app_db_fail(err, "58030", "the write is done, but may not have reached the disk");
    return app_log_only(err, "%s-wal: %s", lite->conn->db->url.path,
                        rc != SQLITE_OK ? sqlite3_errstr(rc) : "it takes too long");
}
