/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Kinds of values: what a column's declared type means for how a value is printed. A value that
 * does not fit its kind is printed by its storage class.
 */
#ifndef APP_DB_SQLITE_KIND_H
#define APP_DB_SQLITE_KIND_H

#include "app_db_sqlite.h"

typedef enum app_lite_kind_e {
    APP_LITE_BY_STORAGE,
    APP_LITE_BOOL,
    APP_LITE_NUMERIC,
    APP_LITE_AS_JSON,
    APP_LITE_RAW,  /* JSON that these functions have made: taken as it is */
    APP_LITE_DATE, /* from here on, integers are Unix seconds */
    APP_LITE_TIMESTAMP,
    APP_LITE_TIMESTAMPTZ
} app_lite_kind_e;

/**
 * By its word in SQL: "bool", "numeric", "json", "raw", "date", "timestamp", "timestamptz"; every
 * other ("int", "real", "text", "time", "blob", "any" …) is BY_STORAGE.
 */
app_lite_kind_e app_lite_kind_of(const char *word);

/** How a format writes times. */
typedef struct app_lite_style_t {
    char        between; /* date and time */
    const char *zone;    /* of UTC */
    int         quotes_date;
} app_lite_style_t;

/** Adds bytes as hexadecimal digits, in quotes; the backslash is doubled, in JSON and CSV alike. */
void app_lite_add_blob(app_buf_t *buf, const unsigned char *bytes, apr_size_t len);

/** Adds Unix seconds, in quotes. @return 0: nothing, it is outside of what a date can say */
int app_lite_add_seconds(app_buf_t *buf, apr_int64_t seconds, app_lite_kind_e kind,
                         const app_lite_style_t *style);

/** Adds "2024-02-29 12:00:00[.5]", stored in UTC, in quotes. @return 0: nothing, it is none */
int app_lite_add_timestamp(app_buf_t *buf, const char *text, apr_size_t len, app_lite_kind_e kind,
                           const app_lite_style_t *style);

/** A value's place in a row. */
typedef struct app_lite_member_t {
    app_lite_kind_e kind;
    const char     *lead; /* {"name": or ,"name": */
    apr_size_t      len;
} app_lite_member_t;

struct app_lite_members_t {
    int               count;
    apr_size_t        len;   /* of text */
    char             *text;  /* behind the array: what they were read from, then the leads */
    app_lite_member_t member[];
};

/**
 * The first argument of a function that prints rows: kind"name" for each of the values behind it.
 * Kept with the connection: what SQLite itself keeps of a constant argument lives for one run.
 * @return NULL: no memory, or it does not name count members; valid until the next call
 */
const app_lite_members_t *app_lite_members(sqlite3_context *ctx, sqlite3_value *value, int count);

/** The same for columns of a statement, by such a text. NULL: no memory, or not that many. */
app_lite_members_t *app_lite_members_read(const char *text, apr_size_t len, int count);

/** Adds a member of an object. */
void app_lite_add_member(app_buf_t *buf, const app_lite_member_t *member, sqlite3_value *value);

void app_lite_members_free(app_lite_t *lite);

#endif
