/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Further database files that a connection has under names of their own, and only reads: so a
 * transaction never writes two files, which SQLite with a write-ahead log would not do as one.
 * app_lite_attach_check() runs while the configuration is read, the others in the thread that has
 * the connection.
 */
#include "apr_strings.h"

#include "app_db_sqlite.h"

#define NAME_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

static const char *item_at(const app_db_t *db, int i)
{
    return APR_ARRAY_IDX(db->conf->sqlite_attach, i, const char *);
}

static int count_of(const app_db_t *db)
{
    return db->conf->sqlite_attach ? db->conf->sqlite_attach->nelts : 0;
}

static apr_status_t fail_item(app_error_t *err, const char *item, const char *why)
{
    app_fail(err, APP_E_SETTING, "SqliteAttach: \"%s\" %s", item, why);
    return app_hint(err, "For example archive=/var/lib/mod_app/archive.db");
}

/** "NAME=/PATH" as two. @param puri of the file, to be read only */
static apr_status_t read_item(const char *item, const char **pname, const char **puri,
                              app_error_t *err, apr_pool_t *p)
{
    apr_size_t len = strspn(item, NAME_BYTES);
    app_db_url_t url;
    char *uri;

    if (!len || item[len] != '=') {
        return fail_item(err, item, "is not of the form NAME=/path");
    }
    *pname = apr_pstrmemdup(p, item, len);
    if (strcasecmp(*pname, "main") == 0 || strcasecmp(*pname, "temp") == 0) {
        return fail_item(err, item, "has a name that is taken");
    }
    if (app_db_url_parse(&url, apr_pstrcat(p, "sqlite:", item + len + 1, NULL), 0, err, p) !=
        APR_SUCCESS) {
        return APP_EFAIL;
    }
    uri = apr_pstrdup(p, url.params);
    uri[strlen(uri) - 1] = 'o'; /* mode=ro */
    *puri = uri;
    return APR_SUCCESS;
}

apr_status_t app_lite_attach_check(app_db_t *db, app_error_t *err, apr_pool_t *p)
{
    const char *name, *uri;
    int i;

    if (count_of(db) > APP_LITE_ATTACHED) {
        return app_fail(err, APP_E_SETTING, "SqliteAttach names more than %d files",
                        APP_LITE_ATTACHED);
    }
    for (i = 0; i < count_of(db); i++) {
        if (read_item(item_at(db, i), &name, &uri, err, p) != APR_SUCCESS) {
            return APP_EFAIL;
        }
        db->url.identity = apr_pstrcat(p, db->url.identity, "\n", item_at(db, i), NULL);
    }
    return APR_SUCCESS;
}

static int prepare(app_lite_t *lite, const char *sql, sqlite3_stmt **pstmt)
{
    return sqlite3_prepare_v3(lite->link, sql, -1, SQLITE_PREPARE_PERSISTENT, pstmt, NULL);
}

static int attach(app_lite_t *lite, const char *name, const char *uri)
{
    sqlite3_stmt *stmt;
    int rc = prepare(lite, "ATTACH ?1 AS ?2", &stmt);

    if (rc == SQLITE_OK) {
        sqlite3_bind_text(stmt, 1, uri, -1, SQLITE_STATIC);
        sqlite3_bind_text(stmt, 2, name, -1, SQLITE_STATIC);
        sqlite3_step(stmt);
        rc = sqlite3_finalize(stmt);
    }
    return rc;
}

apr_status_t app_lite_attach(app_lite_t *lite, app_error_t *err)
{
    const app_db_t *db = lite->conn->db;
    apr_pool_t *p = lite->conn->pool;
    const char *uri;
    int i;

    for (i = 0; i < count_of(db); i++) {
        app_lite_attached_t *attached = &lite->attached[i];
        int rc;

        if (read_item(item_at(db, i), &attached->name, &uri, err, p) != APR_SUCCESS) {
            return APP_EFAIL;
        }
        rc = attach(lite, attached->name, uri);
        if (rc == SQLITE_OK) {
            rc = prepare(lite, apr_psprintf(p, "PRAGMA \"%s\".schema_version", attached->name),
                         &attached->version);
        }
        if (rc == SQLITE_OK) {
            rc = app_lite_ask_wal(lite->link,
                                  apr_psprintf(p, "PRAGMA \"%s\".journal_mode", attached->name),
                                  &attached->wal);
        }
        if (rc != SQLITE_OK) {
            return app_db_fail_connect(err, db, apr_psprintf(p, "%s: %s", item_at(db, i),
                                                             sqlite3_errmsg(lite->link)));
        }
        lite->nattached = i + 1;
    }
    return APR_SUCCESS;
}

void app_lite_detach(app_lite_t *lite)
{
    int i;

    for (i = 0; i < APP_LITE_ATTACHED; i++) {
        sqlite3_finalize(lite->attached[i].version);
        lite->attached[i].version = NULL;
    }
}

int app_lite_attached_version(app_lite_t *lite, apr_int64_t *pversion)
{
    apr_uint64_t version = (apr_uint64_t)*pversion;
    int i, rc = SQLITE_OK;

    for (i = 0; i < lite->nattached && rc == SQLITE_OK; i++) {
        sqlite3_stmt *stmt = lite->attached[i].version;

        if (sqlite3_step(stmt) == SQLITE_ROW) {
            version = version * 1000003 + (apr_uint64_t)sqlite3_column_int64(stmt, 0);
        }
        rc = sqlite3_reset(stmt);
    }
    *pversion = (apr_int64_t)(version & APR_INT64_MAX);
    return rc;
}

unsigned app_lite_attached_change(const app_lite_t *lite)
{
    unsigned sum = 0, version;
    int i;

    for (i = 0; i < lite->nattached; i++) {
        version = 0;
        sqlite3_file_control(lite->link, lite->attached[i].name, SQLITE_FCNTL_DATA_VERSION,
                             &version);
        sum = sum * 1000003 + version;
    }
    return sum;
}
