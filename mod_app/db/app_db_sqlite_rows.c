/* SPDX-License-Identifier: Apache-2.0 */
/**
 * SQLite: rows taken off a statement into a block of memory, and read from it. So a result outlives
 * its statement, and no reader or writer waits for a slow client. Thread that has the connection.
 */
#include <stdlib.h>

#include "app_buf_put.h"
#include "app_db_sqlite_kind.h"

#define BLOCK_FIRST 1000 /* malloc() is quickest up to about that */

/** Room for len more bytes. @return where they go; NULL: no memory */
static char *reserve(app_rows_t *rows, apr_size_t len)
{
    app_lite_block_t *block = rows->result;
    apr_size_t size = block ? block->size : 0, wanted = size ? size : BLOCK_FIRST;

    while (wanted - rows->end < len) {
        wanted *= 2;
    }
    if (wanted != size) {
        block = realloc(block, sizeof(*block) + wanted);
        if (!block) {
            return NULL;
        }
        block->size = wanted;
        rows->result = block;
    }
    return block->data + rows->end;
}

static int put(app_rows_t *rows, const char *text, apr_size_t len)
{
    apr_int32_t length = (apr_int32_t)len;
    char *to = reserve(rows, sizeof(length) + len + 1);

    if (!to) {
        return 0;
    }
    memcpy(to, &length, sizeof(length));
    memcpy(to + sizeof(length), text, len);
    to[sizeof(length) + len] = '\0';
    rows->end += sizeof(length) + len + 1;
    return 1;
}

static int put_null(app_rows_t *rows)
{
    const apr_int32_t none = -1;
    char *to = reserve(rows, sizeof(none));

    if (!to) {
        return 0;
    }
    memcpy(to, &none, sizeof(none));
    rows->end += sizeof(none);
    return 1;
}

static int put_blob(app_rows_t *rows, const unsigned char *bytes, apr_size_t n)
{
    static const char hex[] = "0123456789abcdef";
    apr_int32_t length = (apr_int32_t)(n * 2 + 2);
    char *to = reserve(rows, sizeof(length) + n * 2 + 3);
    apr_size_t i;

    if (!to) {
        return 0;
    }
    memcpy(to, &length, sizeof(length));
    to += sizeof(length);
    *to++ = '\\';
    *to++ = 'x';
    for (i = 0; i < n; i++) {
        *to++ = hex[bytes[i] >> 4];
        *to++ = hex[bytes[i] & 15];
    }
    *to = '\0';
    rows->end += sizeof(length) + (apr_size_t)length + 1;
    return 1;
}

static int put_column(app_rows_t *rows, sqlite3_stmt *stmt, int column)
{
    char number[APP_DB_REAL_SIZE];
    const void *bytes;
    apr_size_t len;

    switch (sqlite3_column_type(stmt, column)) {
    case SQLITE_NULL:
        return put_null(rows);
    case SQLITE_INTEGER:
        len = app_db_print_int(number, sqlite3_column_int64(stmt, column));
        return put(rows, number, len);
    case SQLITE_FLOAT:
        len = app_db_print_real(number, sqlite3_column_double(stmt, column));
        return put(rows, number, len);
    case SQLITE_BLOB:
        bytes = sqlite3_column_blob(stmt, column);
        return put_blob(rows, bytes, (apr_size_t)sqlite3_column_bytes(stmt, column));
    default:
        bytes = sqlite3_column_text(stmt, column);
        return bytes && put(rows, bytes, (apr_size_t)sqlite3_column_bytes(stmt, column));
    }
}

/* Columns that are one JSON object. The name of the last says how each is printed. */

/** Number of columns that become one cell. */
static int cell_columns(const app_rows_t *rows)
{
    return rows->nmembers + ((rows->flags & APP_QUERY_MARKED) != 0);
}

static int read_members(app_lite_stmt_t *st, int count)
{
    const char *text = sqlite3_column_name(st->stmt, count - 1);

    st->members = text ? app_lite_members_read(text, strlen(text), count) : NULL;
    return st->members != NULL;
}

static int put_object(app_rows_t *rows, app_lite_stmt_t *st)
{
    app_buf_t *buf = &rows->object;
    int i;

    if (rows->flags & APP_QUERY_MARKED &&
        sqlite3_column_type(st->stmt, rows->nmembers) == SQLITE_NULL) {
        return put_null(rows);
    }
    if (!st->members && !read_members(st, rows->nmembers)) {
        return 0;
    }
    if (!rows->members) {
        rows->members = st->members;
        app_buf_init(buf, rows->tx->pool, APP_LITE_TEXT_MAX);
    }
    buf->len = 0;
    for (i = 0; i < rows->nmembers; i++) {
        app_lite_add_member(buf, &st->members->member[i], sqlite3_column_value(st->stmt, i));
    }
    app_buf_put(buf, "}", 1);
    return !app_buf_full(buf) && put(rows, buf->data, buf->len);
}

void app_lite_columns(app_rows_t *rows, const app_lite_stmt_t *st)
{
    int columns = sqlite3_column_count(st->stmt);

    if (rows->nmembers) {
        columns -= cell_columns(rows) - 1;
    }
    if (rows->columns != columns) {
        app_db_columns(rows, columns);
    }
}

int app_lite_put_row(app_rows_t *rows, app_lite_stmt_t *st)
{
    int count = sqlite3_column_count(st->stmt), i = 0;

    if (rows->nmembers) {
        if (!put_object(rows, st)) {
            return app_buf_full(&rows->object) ? SQLITE_TOOBIG : SQLITE_NOMEM;
        }
        i = cell_columns(rows);
    }
    for (; i < count; i++) {
        if (!put_column(rows, st->stmt, i)) {
            return SQLITE_NOMEM;
        }
    }
    return SQLITE_OK;
}

void app_lite_fill_cells(app_rows_t *rows)
{
    const app_lite_block_t *block = rows->result;
    const char *at = block->data + rows->position;
    apr_int32_t length;
    int i;

    for (i = 0; i < rows->columns; i++) {
        memcpy(&length, at, sizeof(length));
        at += sizeof(length);
        rows->cells[i].text = length < 0 ? NULL : at;
        rows->cells[i].len = length < 0 ? 0 : (apr_size_t)length;
        at += length < 0 ? 0 : length + 1;
    }
    rows->position = (apr_size_t)(at - block->data);
}
