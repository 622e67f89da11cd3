/* SPDX-License-Identifier: Apache-2.0 */
/**
 * app_array(json): the aggregate that makes a JSON array of texts that are JSON already; "[]" of
 * none. SQLite's json_group_array() would parse each of them once more. Thread of the connection.
 */
#include "app_db_sqlite.h"

static void step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    sqlite3_str **pstr = sqlite3_aggregate_context(ctx, sizeof(*pstr));

    (void)argc;
    if (!pstr) {
        sqlite3_result_error_nomem(ctx);
        return;
    }
    if (!*pstr) {
        *pstr = sqlite3_str_new(sqlite3_context_db_handle(ctx));
    }
    sqlite3_str_appendchar(*pstr, 1, sqlite3_str_length(*pstr) ? ',' : '[');
    if (sqlite3_value_type(argv[0]) == SQLITE_NULL) {
        sqlite3_str_appendall(*pstr, "null");
        return;
    }
    sqlite3_str_append(*pstr, (const char *)sqlite3_value_text(argv[0]),
                       sqlite3_value_bytes(argv[0]));
}

static void final(sqlite3_context *ctx)
{
    sqlite3_str **pstr = sqlite3_aggregate_context(ctx, 0);
    int rc, len;
    char *text;

    if (!pstr || !*pstr) {
        sqlite3_result_text(ctx, "[]", 2, SQLITE_STATIC);
        return;
    }
    sqlite3_str_appendchar(*pstr, 1, ']');
    rc = sqlite3_str_errcode(*pstr);
    len = sqlite3_str_length(*pstr);
    text = sqlite3_str_finish(*pstr);
    if (rc != SQLITE_OK || !text) {
        sqlite3_free(text);
        sqlite3_result_error_code(ctx, rc != SQLITE_OK ? rc : SQLITE_NOMEM);
        return;
    }
    sqlite3_result_text(ctx, text, len, sqlite3_free);
}

int app_lite_functions_array(app_lite_t *lite)
{
    return sqlite3_create_function_v2(lite->link, "app_array", 1,
                                      SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, NULL,
                                      NULL, step, final, NULL);
}
