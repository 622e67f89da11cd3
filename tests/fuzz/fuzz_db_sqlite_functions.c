/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The SQL functions of the SQLite driver that read JSON, paths and patterns. The first line is a
 * path or pattern, the rest is the text.
 */
#include <stdlib.h>

#include "fuzz.h"

#include "app_db_sqlite.h"
#include "app_db_sqlite_scan.h"

static app_lite_t lite;

/** A connection for all runs. */
static void open_link(void)
{
    static apr_pool_t *scratch;

    apr_initialize();
    apr_pool_create(&scratch, NULL);
    lite.scratch = scratch;
    app_lite_functions_reset(&lite);
    fuzz_expect(sqlite3_open(":memory:", &lite.link) == SQLITE_OK);
    fuzz_expect(app_lite_functions(&lite) == SQLITE_OK);
}

/** Runs an expression over both texts. @return the result, which may be NULL; free() it */
static char *result_of(const char *sql, const char *first, const char *second)
{
    sqlite3_stmt *stmt;
    char *copy = NULL;

    fuzz_expect(sqlite3_prepare_v2(lite.link, sql, -1, &stmt, NULL) == SQLITE_OK);
    sqlite3_bind_text(stmt, 1, first, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, second, -1, SQLITE_STATIC);
    if (sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_text(stmt, 0)) {
        copy = strdup((const char *)sqlite3_column_text(stmt, 0));
    }
    sqlite3_finalize(stmt);
    return copy;
}

static void expect_json(char *text)
{
    fuzz_expect(!text || app_scan_is_json(text, strlen(text)));
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *first = fuzz_text(data, size), *second = strchr(first, '\n'), *result;

    if (!lite.link) {
        open_link();
    }
    if (second) {
        *second++ = '\0';
        expect_json(result_of("SELECT app_json_get(?2, ?1)", first, second));
        free(result_of("SELECT app_json_text(?2, ?1)", first, second));
        if (app_scan_is_json(second, strlen(second))) {
            expect_json(result_of("SELECT app_strip(?2)", first, second));
        }
        result = result_of("SELECT app_json_compare(?2, ?2) OR NOT app_contains(?2, ?2)", first,
                           second);
        fuzz_expect(result && strcmp(result, "0") == 0);
        free(result);
        free(result_of("SELECT app_contains(?1, ?2), app_overlaps(?1, ?2)", first, second));
        free(result_of("SELECT app_ilike(?2, ?1)", first, second));
        free(result_of("SELECT app_regex(?2, ?1, 1)", first, second));
    }
    free(first);
    return 0;
}
