/* SPDX-License-Identifier: Apache-2.0 */
/**
 * app_json(value, kind): a value as a fragment of JSON, with SQLite's JSON subtype.
 * app_object(members, value, ...): a row as a JSON object in one call; members is the text
 * kind"name" for each value, the name as a JSON string.
 *
 * SQLite's own functions print doubles with 15 digits, infinity as a bare word, and refuse blobs;
 * and each of them copies its result, which for a row of a dozen columns is most of the work.
 *
 * kind is the declared type's: "bool", "numeric", "json", "date", "timestamp", "timestamptz"; every
 * other word ("int", "real", "text", "time", "blob", "any" …) and a value that does not fit its
 * kind is printed by its storage class: number, string, "\\x" and hex digits.
 */
#include <stdlib.h>

#include "apr_lib.h"
#include "apr_time.h"

#include "app_db_sqlite.h"
#include "app_db_sqlite_scan.h"

#define SECONDS_FIRST   APR_INT64_C(-62135596800) /* 0001-01-01 */
#define SECONDS_LAST    APR_INT64_C(253402300799) /* 9999-12-31T23:59:59 */
#define DATE_LENGTH     10

typedef enum kind_e { BY_STORAGE, BOOL, NUMERIC, JSON, DATE, TIMESTAMP, TIMESTAMPTZ } kind_e;

static kind_e kind_of(const char *word)
{
    static const char *const words[] = { [BOOL] = "bool",
                                         [NUMERIC] = "numeric",
                                         [JSON] = "json",
                                         [DATE] = "date",
                                         [TIMESTAMP] = "timestamp",
                                         [TIMESTAMPTZ] = "timestamptz" };
    int i;

    for (i = BOOL; word && i <= TIMESTAMPTZ; i++) {
        if (words[i][0] == word[0] && strcmp(words[i], word) == 0) {
            return (kind_e)i;
        }
    }
    return BY_STORAGE;
}

/* Dates */

/** Whether text begins like 2024-02-29. */
static int is_date(const char *text, apr_size_t len)
{
    static const char pattern[] = "0000-00-00";
    int i;

    for (i = 0; i < DATE_LENGTH; i++) {
        if ((apr_size_t)i >= len || (pattern[i] == '0' ? !apr_isdigit(text[i]) : text[i] != '-')) {
            return 0;
        }
    }
    return 1;
}

/**
 * "2024-02-29 12:00:00[.5]", stored in UTC, with "T" and, for timestamptz, its offset.
 * @return 0: it is none
 */
static int add_timestamp(app_buf_t *buf, const char *text, apr_size_t len, int with_zone)
{
    const char *time = text + DATE_LENGTH + 1;
    apr_size_t n;

    if (!is_date(text, len) || len < DATE_LENGTH + 2 ||
        (text[DATE_LENGTH] != ' ' && text[DATE_LENGTH] != 'T')) {
        return 0;
    }
    n = len - DATE_LENGTH - 1;
    n -= time[n - 1] == 'Z';
    if (strspn(time, "0123456789:.+-") < n) {
        return 0;
    }
    app_buf_addc(buf, '"');
    app_buf_add(buf, text, DATE_LENGTH);
    app_buf_addc(buf, 'T');
    app_buf_add(buf, time, n);
    if (with_zone && !memchr(time, '+', n) && !memchr(time, '-', n)) {
        app_buf_adds(buf, "+00:00");
    }
    app_buf_addc(buf, '"');
    return 1;
}

/** Unix seconds. @return 0: outside of what a date can say */
static int add_seconds(app_buf_t *buf, apr_int64_t seconds, kind_e kind)
{
    apr_time_exp_t t;

    if (seconds < SECONDS_FIRST || seconds > SECONDS_LAST ||
        apr_time_exp_gmt(&t, apr_time_from_sec(seconds)) != APR_SUCCESS) {
        return 0;
    }
    app_buf_addf(buf, "\"%04d-%02d-%02d", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday);
    if (kind != DATE) {
        app_buf_addf(buf, "T%02d:%02d:%02d%s", t.tm_hour, t.tm_min, t.tm_sec,
                     kind == TIMESTAMPTZ ? "+00:00" : "");
    }
    app_buf_addc(buf, '"');
    return 1;
}

/* By storage class */

static void add_int(app_buf_t *buf, apr_int64_t value, kind_e kind)
{
    char number[APP_DB_REAL_SIZE];

    if (kind == BOOL && (value == 0 || value == 1)) {
        app_buf_adds(buf, value ? "true" : "false");
        return;
    }
    if (kind >= DATE && add_seconds(buf, value, kind)) {
        return;
    }
    app_buf_add(buf, number, app_db_print_int(number, value));
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

static void add_text(app_buf_t *buf, const char *text, apr_size_t len, kind_e kind)
{
    if ((kind == JSON && app_scan_is_json(text, len)) ||
        (kind == NUMERIC && app_scan_is_number(text, len))) {
        app_buf_add(buf, text, len);
    }
    else if (kind < TIMESTAMP || !add_timestamp(buf, text, len, kind == TIMESTAMPTZ)) {
        app_buf_add_json(buf, text, len);
    }
}

static void add_blob(app_buf_t *buf, const unsigned char *bytes, apr_size_t len)
{
    static const char hex[] = "0123456789abcdef";
    apr_size_t i;

    app_buf_adds(buf, "\"\\\\x");
    for (i = 0; i < len && !app_buf_full(buf); i++) {
        const char digits[2] = { hex[bytes[i] >> 4], hex[bytes[i] & 15] };

        app_buf_add(buf, digits, sizeof(digits));
    }
    app_buf_addc(buf, '"');
}

static void add_value(app_buf_t *buf, sqlite3_value *value, kind_e kind)
{
    const void *bytes;

    switch (sqlite3_value_type(value)) {
    case SQLITE_NULL:
        app_buf_adds(buf, "null");
        break;
    case SQLITE_INTEGER:
        add_int(buf, sqlite3_value_int64(value), kind);
        break;
    case SQLITE_FLOAT:
        add_real(buf, sqlite3_value_double(value));
        break;
    case SQLITE_BLOB:
        bytes = sqlite3_value_blob(value);
        add_blob(buf, bytes, (apr_size_t)sqlite3_value_bytes(value));
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
    add_value(buf, argv[0], kind_of((const char *)sqlite3_value_text(argv[1])));
    app_lite_text_finish(ctx, buf);
}

/* Members of app_object() */

typedef struct member_t {
    kind_e      kind;
    const char *name; /* with its quotes */
    apr_size_t  len;
} member_t;

typedef struct members_t {
    int      count;
    char    *text; /* behind the array: what the names point into */
    member_t member[];
} members_t;

/** Takes kind"name" off the cursor. */
static int take_member(app_scan_t *c, member_t *member)
{
    char *kind = (char *)c->at;

    while (c->at < c->end && *c->at != '"') {
        c->at++;
    }
    member->name = c->at;
    if (!app_scan_string(c)) {
        return 0;
    }
    member->len = (apr_size_t)(c->at - member->name);
    *(char *)member->name = '\0';
    member->kind = kind_of(kind);
    *(char *)member->name = '"';
    return 1;
}

/** @return NULL: no memory, or text does not name count members */
static members_t *read_members(const char *text, apr_size_t len, int count)
{
    apr_size_t head = sizeof(members_t) + sizeof(member_t) * (apr_size_t)count;
    members_t *members = malloc(head + len + 1);
    app_scan_t c;
    int i;

    if (!members) {
        return NULL;
    }
    members->count = count;
    members->text = (char *)members + head;
    memcpy(members->text, text, len);
    members->text[len] = '\0';
    c.at = members->text;
    c.end = members->text + len;
    for (i = 0; i < count && take_member(&c, &members->member[i]); i++) {
    }
    if (i < count || c.at != c.end) {
        free(members);
        return NULL;
    }
    return members;
}

/** Read once for a statement: SQLite keeps what was made of a constant argument. */
static const members_t *members_of(sqlite3_context *ctx, sqlite3_value *text, int count)
{
    members_t *members = sqlite3_get_auxdata(ctx, 0);

    if (members && members->count == count) {
        return members;
    }
    if (sqlite3_value_type(text) != SQLITE_TEXT) {
        return NULL;
    }
    members = read_members((const char *)sqlite3_value_text(text),
                           (apr_size_t)sqlite3_value_bytes(text), count);
    if (members) {
        sqlite3_set_auxdata(ctx, 0, members, free);
    }
    return sqlite3_get_auxdata(ctx, 0);
}

static void add_member(app_buf_t *buf, const member_t *member, sqlite3_value *value)
{
    app_buf_add(buf, member->name, member->len);
    app_buf_addc(buf, ':');
    if (sqlite3_value_subtype(value) == APP_LITE_JSON &&
        sqlite3_value_type(value) == SQLITE_TEXT) {
        app_buf_add(buf, (const char *)sqlite3_value_text(value),
                    (apr_size_t)sqlite3_value_bytes(value));
    }
    else {
        add_value(buf, value, member->kind);
    }
}

static void app_object(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    app_buf_t *buf = app_lite_text_begin(sqlite3_user_data(ctx));
    const members_t *members = argc > 0 ? members_of(ctx, argv[0], argc - 1) : NULL;
    int i;

    if (!members) {
        sqlite3_result_error(ctx, "app_object: the members do not fit the values", -1);
        return;
    }
    app_buf_addc(buf, '{');
    for (i = 0; i < members->count; i++) {
        if (i) {
            app_buf_addc(buf, ',');
        }
        add_member(buf, &members->member[i], argv[i + 1]);
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
