/* SPDX-License-Identifier: Apache-2.0 */
/**
 * app_json(value, kind): a value as a fragment of JSON, with SQLite's JSON subtype.
 * app_object(members, value, ...): a row as a JSON object in one call; members: see
 * app_db_sqlite_kind.h.
 *
 * SQLite's own functions print doubles with 15 digits, infinity as a bare word, and refuse blobs;
 * and each of them copies its result, which for a row of a dozen columns is most of the work.
 */
#include "app_buf_put.h"
#include "app_db_sqlite_kind.h"
#include "app_db_sqlite_scan.h"

static const app_lite_style_t style = { 'T', "+00:00", 1 };

/* By storage class */

static void add_int(app_buf_t *buf, apr_int64_t value, app_lite_kind_e kind)
{
    char number[APP_DB_REAL_SIZE];

    if (kind == APP_LITE_BOOL && (value == 0 || value == 1)) {
        app_buf_put(buf, value ? "true" : "false", value ? 4 : 5);
        return;
    }
    if (kind >= APP_LITE_DATE && app_lite_add_seconds(buf, value, kind, &style)) {
        return;
    }
    app_buf_put(buf, number, app_db_print_int(number, value));
}

static void add_real(app_buf_t *buf, double value)
{
    char number[APP_DB_REAL_SIZE];
    apr_size_t len = app_db_print_real(number, value);

    if (app_scan_is_number(number, len)) {
        app_buf_add(buf, number, len);
    }
    else {
        app_buf_add_json(buf, number, len);
    }
}

static void add_text(app_buf_t *buf, const char *text, apr_size_t len, app_lite_kind_e kind)
{
    if ((kind == APP_LITE_AS_JSON && app_scan_is_json(text, len)) ||
        (kind == APP_LITE_NUMERIC && app_scan_is_number(text, len))) {
        app_buf_add(buf, text, len);
    }
    else if (kind < APP_LITE_TIMESTAMP ||
             !app_lite_add_timestamp(buf, text, len, kind, &style)) {
        app_buf_add_json(buf, text, len);
    }
}

static void add_value(app_buf_t *buf, sqlite3_value *value, app_lite_kind_e kind)
{
    const void *bytes;

    switch (sqlite3_value_type(value)) {
    case SQLITE_NULL:
        app_buf_put(buf, "null", 4);
        break;
    case SQLITE_INTEGER:
        add_int(buf, sqlite3_value_int64(value), kind);
        break;
    case SQLITE_FLOAT:
        add_real(buf, sqlite3_value_double(value));
        break;
    case SQLITE_BLOB:
        bytes = sqlite3_value_blob(value);
        app_lite_add_blob(buf, bytes, (apr_size_t)sqlite3_value_bytes(value));
        break;
    default:
        bytes = sqlite3_value_text(value);
        add_text(buf, bytes ? bytes : "", (apr_size_t)sqlite3_value_bytes(value), kind);
        break;
    }
}

/* The functions */

static void app_json(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    app_buf_t *buf = app_lite_text_begin(sqlite3_user_data(ctx));

    (void)argc;
    add_value(buf, argv[0], app_lite_kind_of((const char *)sqlite3_value_text(argv[1])));
    app_lite_text_finish(ctx, buf);
}

void app_lite_add_member(app_buf_t *buf, const app_lite_member_t *member, sqlite3_value *value)
{
    app_buf_put(buf, member->lead, member->len);
    if (sqlite3_value_type(value) == SQLITE_TEXT &&
        (member->kind == APP_LITE_RAW || sqlite3_value_subtype(value) == APP_LITE_JSON)) {
        app_buf_put(buf, (const char *)sqlite3_value_text(value),
                    (apr_size_t)sqlite3_value_bytes(value));
    }
    else {
        add_value(buf, value, member->kind);
    }
}

static void app_object(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    app_buf_t *buf = app_lite_text_begin(sqlite3_user_data(ctx));
    const app_lite_members_t *members = argc > 0 ? app_lite_members(ctx, argv[0], argc - 1) : NULL;
    int i;

    if (!members) {
        sqlite3_result_error(ctx, "app_object: the members do not fit the values", -1);
        return;
    }
    app_buf_adds(buf, members->count ? "" : "{");
    for (i = 0; i < members->count; i++) {
        app_lite_add_member(buf, &members->member[i], argv[i + 1]);
    }
    app_buf_addc(buf, '}');
    app_lite_text_finish(ctx, buf);
}

int app_lite_functions_json(app_lite_t *lite)
{
    static const app_lite_function_t functions[] = {
        { "app_json", 2, app_json },
        { "app_object", -1, app_object },
    };

    return app_lite_register(lite, functions, sizeof(functions) / sizeof(functions[0]),
                             APP_LITE_PURE);
}
