/* SPDX-License-Identifier: Apache-2.0 */
/**
 * app_csv(members, value, ...): a row as a line of CSV, as PostgreSQL writes a record, without the
 * parentheses: NULL is empty, a boolean t or f, what holds anything special is in double quotes,
 * in which quotes and backslashes are doubled. members: as for app_object(), so that the same
 * arguments make either; the names are not printed. Rows of more values than a function takes are
 * made of several calls, with commas between.
 */
#include "app_db_sqlite_kind.h"

static const app_lite_style_t style = { ' ', "+00", 0 };

static void add_text(app_buf_t *buf, const char *text, apr_size_t len)
{
    apr_size_t from = 0, i;

    if (len && strcspn(text, "\"\\(), \t\n\v\f\r") >= len) {
        app_buf_add(buf, text, len);
        return;
    }
    app_buf_addc(buf, '"');
    for (i = 0; i < len; i++) {
        if (text[i] == '"' || text[i] == '\\') {
            app_buf_add(buf, text + from, i + 1 - from);
            from = i;
        }
    }
    app_buf_add(buf, text + from, len - from);
    app_buf_addc(buf, '"');
}

static void add_int(app_buf_t *buf, apr_int64_t value, app_lite_kind_e kind)
{
    char number[APP_DB_REAL_SIZE];

    if (kind == APP_LITE_BOOL && (value == 0 || value == 1)) {
        app_buf_addc(buf, value ? 't' : 'f');
    }
    else if (kind < APP_LITE_DATE || !app_lite_add_seconds(buf, value, kind, &style)) {
        app_buf_add(buf, number, app_db_print_int(number, value));
    }
}

static void add_value(app_buf_t *buf, sqlite3_value *value, app_lite_kind_e kind)
{
    char number[APP_DB_REAL_SIZE];
    const void *bytes;
    apr_size_t len;

    switch (sqlite3_value_type(value)) {
    case SQLITE_NULL:
        break;
    case SQLITE_INTEGER:
        add_int(buf, sqlite3_value_int64(value), kind);
        break;
    case SQLITE_FLOAT:
        app_buf_add(buf, number, app_db_print_real(number, sqlite3_value_double(value)));
        break;
    case SQLITE_BLOB:
        bytes = sqlite3_value_blob(value);
        app_lite_add_blob(buf, bytes, (apr_size_t)sqlite3_value_bytes(value));
        break;
    default:
        bytes = sqlite3_value_text(value);
        bytes = bytes ? bytes : "";
        len = (apr_size_t)sqlite3_value_bytes(value);
        if (kind < APP_LITE_TIMESTAMP || !app_lite_add_timestamp(buf, bytes, len, kind, &style)) {
            add_text(buf, bytes, len);
        }
        break;
    }
}

static void app_csv(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    app_buf_t *buf = app_lite_text_begin(sqlite3_user_data(ctx));
    const app_lite_members_t *members = argc > 0 ? app_lite_members(ctx, argv[0], argc - 1) : NULL;
    int i;

    if (!members) {
        sqlite3_result_error(ctx, "app_csv: the members do not fit the values", -1);
        return;
    }
    for (i = 0; i < members->count; i++) {
        if (i) {
            app_buf_addc(buf, ',');
        }
        add_value(buf, argv[i + 1], members->member[i].kind);
    }
    app_lite_text_finish(ctx, buf);
    sqlite3_result_subtype(ctx, 0);
}

int app_lite_functions_csv(app_lite_t *lite)
{
    static const app_lite_function_t functions[] = { { "app_csv", -1, app_csv } };

    return app_lite_register(lite, functions, 1, APP_LITE_PURE);
}
