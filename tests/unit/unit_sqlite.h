/* SPDX-License-Identifier: Apache-2.0 */
/** An SQLite database for a test, in a folder of its own that goes with the test. */
#ifndef UNIT_SQLITE_H
#define UNIT_SQLITE_H

#include <stdlib.h>
#include <unistd.h>

#include "apr_file_io.h"

#include "unit_db.h"

#define UNIT_SQLITE_FILE "/a b.db"

static char sqlite_folder[64];

static inline apr_status_t sqlite_clean(void *data)
{
    static const char *const ends[] = { "", "-wal", "-shm", ".app-lock" };
    size_t i;

    (void)data;
    for (i = 0; i < COUNT(ends); i++) {
        unlink(apr_pstrcat(unit_pool, sqlite_folder, UNIT_SQLITE_FILE, ends[i], NULL));
    }
    rmdir(sqlite_folder);
    return APR_SUCCESS;
}

/** A new folder with no database in it yet. */
static inline app_core_conf_t *sqlite_place(void)
{
    apr_cpystrn(sqlite_folder, "/tmp/unit_sqlite.XXXXXX", sizeof(sqlite_folder));
    assert_non_null(mkdtemp(sqlite_folder));
    apr_pool_cleanup_register(unit_pool, NULL, sqlite_clean, apr_pool_cleanup_null);
    err.pool = unit_pool;
    return db_conf(apr_pstrcat(unit_pool, "sqlite:", sqlite_folder, "/a%20b.db", NULL));
}

/** The database of conf, with that schema in it. */
static inline app_db_t *sqlite_with(const app_core_conf_t *conf, const char *schema)
{
    app_db_t *db = db_of(conf);

    if (app_db_script(db, schema, &err, unit_pool) != APR_SUCCESS) {
        fail_msg("%s (%s)", err.message, err.details);
    }
    return db;
}

/** The text of a file of the project: a migration. */
static inline const char *sqlite_script(const char *path)
{
    apr_finfo_t info;
    apr_file_t *opened;
    char *text;

    assert_int_equal(apr_file_open(&opened, path, APR_READ, 0, unit_pool), APR_SUCCESS);
    apr_file_info_get(&info, APR_FINFO_SIZE, opened);
    text = apr_pcalloc(unit_pool, (apr_size_t)info.size + 1);
    assert_int_equal(apr_file_read_full(opened, text, (apr_size_t)info.size, NULL), APR_SUCCESS);
    apr_file_close(opened);
    return text;
}

#endif
