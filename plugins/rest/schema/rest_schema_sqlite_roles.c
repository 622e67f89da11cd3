/* SPDX-License-Identifier: Apache-2.0 */
/**
 * SQLite: settings of roles, from the table app_role_settings, which an older database may lack.
 * Called while a snapshot is made.
 */
#include "rest_schema_sqlite.h"

static const char there_sql[] =
    "SELECT count(*) FROM main.sqlite_schema WHERE type = 'table' AND name = 'app_role_settings'"
    " AND $1 IS NOT NULL";

static const char settings_sql[] =
    "SELECT role, name, value FROM main.app_role_settings WHERE $1 IS NOT NULL"
    " ORDER BY role DESC, name DESC";

static void read_there(rest_sqlite_reader_t *reader, const app_rows_t *rows, void *there)
{
    (void)reader;
    *(int *)there = app_rows_int(rows, 0) != 0;
}

static void read_setting(rest_sqlite_reader_t *reader, const app_rows_t *rows, void *ctx)
{
    rest_role_setting_t *setting = apr_pcalloc(reader->schema->pool, sizeof(*setting));

    (void)ctx;
    setting->role = rest_sqlite_text(reader, rows, 0);
    setting->name = rest_sqlite_text(reader, rows, 1);
    setting->value = rest_sqlite_text(reader, rows, 2);
    setting->next = reader->schema->role_settings;
    reader->schema->role_settings = setting;
}

apr_status_t rest_sqlite_read_roles(rest_sqlite_reader_t *reader)
{
    int there = 0;

    if (rest_sqlite_each(reader, there_sql, read_there, &there) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return there ? rest_sqlite_each(reader, settings_sql, read_setting, NULL) : APR_SUCCESS;
}
