/* SPDX-License-Identifier: Apache-2.0 */
/**
 * SQLite: opening a connection, deadlines, and the write-ahead log.
 *
 * SQLite up to 3.51.2 can damage a database when one connection writes while another one
 * checkpoints, at the instant when the log is begun anew. So every write and every checkpoint of
 * all processes holds one lock, in a file beside the database, and nothing checkpoints by itself.
 */
#include <stdlib.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "apr_atomic.h"
#include "apr_strings.h"

#include "app_db_sqlite_kind.h"

#define PROGRESS_OPS     200
#define LOOK_INTERVAL    (100 * 1000)
#define CHECK_INTERVAL   (1000 * 1000)
#define LOG_PAGES        1000 /* a commit that leaves a longer log checkpoints */
#define LOG_PAGES_BIG    4000 /* a longer log file is cut to nothing once it is copied */

/* The file system */

const char *app_lite_network_fs(unsigned long type)
{
    static const struct {
        unsigned long type;
        const char   *name;
    } kinds[] = {
        { 0x6969, "NFS" },          { 0x517B, "SMB" },      { 0xFF534D42, "CIFS" },
        { 0xFE534D42, "SMB2" },     { 0x5346414F, "AFS" },  { 0x6B414653, "AFS" },
        { 0x00C36400, "Ceph" },     { 0x73757245, "Coda" }, { 0x564C, "NCP" },
        { 0x0BD00BD0, "Lustre" },   { 0x47504653, "GPFS" }, { 0x7461636F, "OCFS2" },
        { 0x01161970, "GFS2" },
    };
    apr_size_t i;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (kinds[i].type == (type & 0xFFFFFFFF)) {
            return kinds[i].name;
        }
    }
    return NULL;
}

static apr_status_t check_disk(const app_db_t *db, app_error_t *err)
{
    struct statfs fs;
    const char *network = NULL;

    if (statfs(db->url.path, &fs) == 0) {
        network = app_lite_network_fs((unsigned long)fs.f_type);
    }
    if (!network) {
        return APR_SUCCESS;
    }
    network = apr_psprintf(err->pool,
                           "it lies on a network file system (%s), where the write-ahead log of "
                           "SQLite does not work: it needs a local disk",
                           network);
    return app_db_fail_connect(err, db, network);
}

/* Deadlines */

int app_lite_must_stop(app_lite_t *lite)
{
    app_request_t *request = lite->tx ? lite->tx->options.request : NULL;
    apr_time_t now;

    if (!lite->deadline && !request) {
        return 0;
    }
    now = apr_time_now();
    if (lite->deadline && now > lite->deadline) {
        lite->stopped = APP_LITE_TIMEOUT;
        return 1;
    }
    if (request && now > lite->look) {
        lite->look = now + LOOK_INTERVAL;
        if (app_request_gone(request)) {
            lite->stopped = APP_LITE_GONE;
            return 1;
        }
    }
    return 0;
}

/** @return 1 stops the statement with SQLITE_INTERRUPT */
static int progress(void *lite)
{
    return app_lite_must_stop(lite);
}

/* The log */

static int note_log(void *data, sqlite3 *link, const char *database, int pages)
{
    app_lite_t *lite = data;

    (void)link;
    if (strcmp(database, "main") == 0) {
        lite->log_pages = pages;
        apr_atomic_set32(&lite->conn->db->log_dirty, 1);
    }
    return SQLITE_OK;
}

void app_lite_checkpoint_locked(app_lite_t *lite)
{
    int pages = 0, copied = 0, rc;

    if (lite->log_pages < LOG_PAGES) {
        return;
    }
    rc = sqlite3_wal_checkpoint_v2(lite->link, "main", SQLITE_CHECKPOINT_PASSIVE, &pages, &copied);
    if (rc != SQLITE_OK && rc != SQLITE_BUSY && rc != SQLITE_LOCKED) {
        app_log(APP_LOG_WARNING, NULL, "APP0221",
                "%s: the log cannot be copied into the database: %s",
                lite->conn->db->url.path, sqlite3_errmsg(lite->link));
    }
}

/** @return 1 if nothing is left to copy */
static int checkpoint_idle_locked(app_lite_t *lite)
{
    int pages = 0, copied = 0;

    if (sqlite3_wal_checkpoint_v2(lite->link, "main", SQLITE_CHECKPOINT_PASSIVE, &pages, &copied) !=
            SQLITE_OK ||
        copied < pages) {
        return 0;
    }
    if (pages > LOG_PAGES_BIG) {
        sqlite3_busy_timeout(lite->link, 0);
        sqlite3_wal_checkpoint_v2(lite->link, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
        sqlite3_busy_timeout(lite->link, (int)(lite->conn->db->conf->db_wait / 1000));
    }
    return 1;
}

void app_lite_maintain(app_db_conn_t *conn)
{
    app_lite_t *lite = conn->state;
    app_db_t *db = conn->db;

    if (!apr_atomic_read32(&db->log_dirty) || !app_lite_try_lock(lite)) {
        return;
    }
    apr_atomic_set32(&db->log_dirty, 0);
    if (!checkpoint_idle_locked(lite)) {
        apr_atomic_set32(&db->log_dirty, 1);
    }
    app_lite_unlock(lite);
}

/* A connection */

apr_status_t app_lite_load(app_error_t *err)
{
    if (sqlite3_libversion_number() < 3037000) {
        return app_fail(err, APP_E_SETTING, "SQLite %s is too old; it needs to be 3.37 or newer",
                        sqlite3_libversion());
    }
    if (!sqlite3_threadsafe()) {
        return app_fail(err, APP_E_SETTING, "This SQLite library was built without threads");
    }
    /*
     * Its statistics are one mutex for all threads. Refused where somebody else has begun to use
     * SQLite.
     */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    if (sqlite3_config(SQLITE_CONFIG_URI, 1) != SQLITE_OK &&
        !sqlite3_compileoption_used("USE_URI")) {
        return app_fail(err, APP_E_SETTING, "This SQLite library was built without URI file names");
    }
    return APR_SUCCESS;
}

/** The schema stays trusted: triggers that keep an FTS5 index in step are refused otherwise. */
static void configure(sqlite3 *link)
{
    static const struct {
        int option, value;
    } options[] = {
        { SQLITE_DBCONFIG_DEFENSIVE, 1 },
        { SQLITE_DBCONFIG_DQS_DML, 0 },
        { SQLITE_DBCONFIG_DQS_DDL, 0 },
        { SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1 },
    };
    apr_size_t i;

    for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        sqlite3_db_config(link, options[i].option, options[i].value, NULL);
    }
}

int app_lite_ask_wal(sqlite3 *link, const char *sql, int *pwal)
{
    sqlite3_stmt *stmt;
    int rc = sqlite3_prepare_v2(link, sql, -1, &stmt, NULL);

    *pwal = 0;
    if (rc != SQLITE_OK) {
        return rc;
    }
    if (sqlite3_step(stmt) == SQLITE_ROW) {
        const char *mode = (const char *)sqlite3_column_text(stmt, 0);

        *pwal = mode && strcmp(mode, "wal") == 0;
    }
    return sqlite3_finalize(stmt);
}

/** Whether there is no log yet: who opens the database makes it. */
static int lacks_log(sqlite3 *link)
{
    return access(sqlite3_filename_wal(sqlite3_db_filename(link, "main")), F_OK) != 0;
}

/** The first read makes it. Its name in the folder has to be safe before what is written to it. */
static int make_log(app_lite_t *lite)
{
    int rc = sqlite3_exec(lite->link, "PRAGMA schema_version", NULL, NULL, NULL);

    return rc != SQLITE_OK || lite->conn->db->conf->sqlite_sync ? rc : app_lite_sync_log(lite);
}

static apr_status_t use_wal(app_lite_t *lite, app_error_t *err)
{
    const app_db_t *db = lite->conn->db;
    int fresh = lacks_log(lite->link);
    int wal, rc = app_lite_ask_wal(lite->link, "PRAGMA journal_mode", &wal);

    if (rc == SQLITE_OK && !wal) {
        if (app_lite_lock(lite, db->conf->db_wait, err) != APR_SUCCESS) {
            return app_db_fail_connect(err, db, err->log ? err->log : err->message);
        }
        rc = app_lite_ask_wal(lite->link, "PRAGMA journal_mode=WAL", &wal);
        app_lite_unlock(lite);
    }
    if (rc == SQLITE_OK && wal && fresh) {
        rc = make_log(lite);
    }
    if (rc != SQLITE_OK) {
        return app_db_fail_connect(err, db, sqlite3_errmsg(lite->link));
    }
    return wal ? APR_SUCCESS
               : app_db_fail_connect(err, db, "SQLite cannot keep a write-ahead log for it");
}

static apr_status_t set_pragmas(app_lite_t *lite, app_error_t *err)
{
    static const char pragmas[] = "PRAGMA foreign_keys=ON;"
                                  "PRAGMA synchronous=NORMAL;" /* app_lite_sync() does the rest */
                                  "PRAGMA temp_store=FILE;"
                                  "PRAGMA journal_size_limit=16777216;"
                                  "PRAGMA cache_size=-8000;"
                                  "PRAGMA mmap_size=0;"
                                  "PRAGMA wal_autocheckpoint=0";
    const app_db_t *db = lite->conn->db;

    if (sqlite3_exec(lite->link, pragmas, NULL, NULL, NULL) != SQLITE_OK) {
        return app_db_fail_connect(err, db, sqlite3_errmsg(lite->link));
    }
    return APR_SUCCESS;
}

static void drop_statement(void *data, app_db_statement_t *st)
{
    (void)data;
    app_lite_finalize(st->data);
}

apr_status_t app_lite_setup(app_db_conn_t *conn, app_error_t *err)
{
    app_lite_t *lite = apr_pcalloc(conn->pool, sizeof(*lite));
    const app_core_conf_t *conf = conn->db->conf;

    conn->state = lite;
    lite->conn = conn;
    lite->link = conn->native;
    lite->trusted = 1;
    lite->lock_path = apr_pstrcat(conn->pool, conn->db->url.path, ".app-lock", NULL);
    lite->statements = app_db_statements_create(conf->db_statements, drop_statement, lite);
    apr_pool_create(&lite->scratch, conn->pool);
    app_lite_functions_reset(lite);
    sqlite3_extended_result_codes(lite->link, 1);
    sqlite3_busy_timeout(lite->link, (int)(conf->db_wait / 1000));
    configure(lite->link);
    if (!lite->statements) {
        return app_db_fail_connect(err, conn->db, "out of memory");
    }
    if (check_disk(conn->db, err) != APR_SUCCESS ||
        use_wal(lite, err) != APR_SUCCESS || set_pragmas(lite, err) != APR_SUCCESS ||
        app_lite_attach(lite, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (app_lite_functions(lite) != SQLITE_OK) {
        return app_db_fail_connect(err, conn->db, sqlite3_errmsg(lite->link));
    }
    sqlite3_wal_hook(lite->link, note_log, lite);
    sqlite3_progress_handler(lite->link, PROGRESS_OPS, progress, lite);
    sqlite3_set_authorizer(lite->link, app_lite_authorize, lite);
    lite->trusted = 0;
    lite->checked = conn->opened;
    return APR_SUCCESS;
}

void app_lite_finalize(app_lite_stmt_t *st)
{
    if (st) {
        sqlite3_finalize(st->stmt);
        free(st->members);
        free(st);
    }
}

void app_lite_teardown(app_db_conn_t *conn)
{
    app_lite_t *lite = conn->state;
    int i;

    if (!lite) {
        return;
    }
    for (i = 0; i < APP_LITE_COMMANDS; i++) {
        sqlite3_finalize(lite->commands[i]);
    }
    app_lite_detach(lite);
    app_lite_finalize(lite->uncached);
    if (lite->statements) {
        app_db_statements_destroy(lite->statements);
    }
    app_lite_members_free(lite);
    app_lite_claims_free(lite);
}

/** A file put in the database's place, by a restore for example, is to be seen. */
int app_lite_alive(app_db_conn_t *conn)
{
    app_lite_t *lite = conn->state;
    apr_time_t now = apr_time_now();
    int moved = 0;

    if (now - lite->checked < CHECK_INTERVAL && now >= lite->checked) {
        return 1;
    }
    lite->checked = now;
    sqlite3_file_control(lite->link, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    return !moved;
}
