/* SPDX-License-Identifier: Apache-2.0 */
/**
 * app_json(value, kind): a value as a fragment of JSON, with SQLite's JSON subtype, so that
 * json_object() takes it as it is. SQLite's own functions print doubles with 15 digits, infinity as
 * a bare word, and refuse blobs.
 *
 * kind is the declared type's: "bool", "numeric", "json", "date", "timestamp", "timestamptz"; every
 * other word ("int", "real", "text", "time", "blob", "any" …) and a value that does not fit its
 * kind is printed by its storage class: number, string, "\\x" and hex digits.
 */
#include "apr_lib.h"
#include "apr_time.h"

#include "app_db_sqlite.h"

#define JSON_SUBTYPE    'J'
#define JSON_DEPTH      256
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

/* Is it JSON? A cursor over text that is known to be UTF-8. */

typedef struct cursor_t {
    const char *at, *end;
} cursor_t;

static void skip_blanks(cursor_t *c)
{
    while (c->at < c->end && *c->at && strchr(" \t\n\r", *c->at)) {
        c->at++;
    }
}

static int take(cursor_t *c, char expected)
{
    if (c->at < c->end && *c->at == expected) {
        c->at++;
        return 1;
    }
    return 0;
}

static int take_word(cursor_t *c, const char *word)
{
    apr_size_t len = strlen(word);

    if ((apr_size_t)(c->end - c->at) < len || memcmp(c->at, word, len) != 0) {
        return 0;
    }
    c->at += len;
    return 1;
}

static int take_digits(cursor_t *c)
{
    const char *start = c->at;

    while (c->at < c->end && apr_isdigit(*c->at)) {
        c->at++;
    }
    return c->at > start;
}

static int take_number(cursor_t *c)
{
    take(c, '-');
    if (!take(c, '0') && !take_digits(c)) {
        return 0;
    }
    if (take(c, '.') && !take_digits(c)) {
        return 0;
    }
    if (take(c, 'e') || take(c, 'E')) {
        if (!take(c, '+')) {
            take(c, '-');
        }
        return take_digits(c);
    }
    return 1;
}

static int take_escape(cursor_t *c)
{
    int i;

    if (c->at == c->end) {
        return 0;
    }
    if (*c->at != 'u') {
        return strchr("\"\\/bfnrt", *c->at++) != NULL;
    }
    for (i = 1; i <= 4; i++) {
        if (c->at + i >= c->end || !apr_isxdigit(c->at[i])) {
            return 0;
        }
    }
    c->at += 5;
    return 1;
}

/** Behind the opening quote. */
static int take_string(cursor_t *c)
{
    while (c->at < c->end) {
        unsigned char byte = (unsigned char)*c->at++;

        if (byte == '"') {
            return 1;
        }
        if (byte < 0x20 || (byte == '\\' && !take_escape(c))) {
            return 0;
        }
    }
    return 0;
}

static int take_value(cursor_t *c, int depth);

/** Members of an object or elements of an array, behind the bracket that opens it. */
static int take_members(cursor_t *c, int depth, int object)
{
    char close = object ? '}' : ']';

    skip_blanks(c);
    if (take(c, close)) {
        return 1;
    }
    do {
        skip_blanks(c);
        if (object) {
            if (!take(c, '"') || !take_string(c)) {
                return 0;
            }
            skip_blanks(c);
            if (!take(c, ':')) {
                return 0;
            }
        }
        if (!take_value(c, depth + 1)) {
            return 0;
        }
        skip_blanks(c);
    } while (take(c, ','));
    return take(c, close);
}

static int take_value(cursor_t *c, int depth)
{
    skip_blanks(c);
    if (c->at == c->end || depth > JSON_DEPTH) {
        return 0;
    }
    switch (*c->at) {
    case '{':
        c->at++;
        return take_members(c, depth, 1);
    case '[':
        c->at++;
        return take_members(c, depth, 0);
    case '"':
        c->at++;
        return take_string(c);
    case 't':
        return take_word(c, "true");
    case 'f':
        return take_word(c, "false");
    case 'n':
        return take_word(c, "null");
    default:
        return take_number(c);
    }
}

static int is_json(const char *text, apr_size_t len)
{
    cursor_t c = { text, text + len };

    if (!app_utf8_valid(text, len) || !take_value(&c, 0)) {
        return 0;
    }
    skip_blanks(&c);
    return c.at == c.end;
}

static int is_number(const char *text, apr_size_t len)
{
    cursor_t c = { text, text + len };

    return take_number(&c) && c.at == c.end;
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

    if (is_number(number, len)) {
        app_buf_add(buf, number, len);
    }
    else {
        app_buf_add_json(buf, number, len);
    }
}

static void add_text(app_buf_t *buf, const char *text, apr_size_t len, kind_e kind)
{
    if ((kind == JSON && is_json(text, len)) || (kind == NUMERIC && is_number(text, len))) {
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

static void app_json(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    app_buf_t *buf = &((app_lite_t *)sqlite3_user_data(ctx))->text;
    kind_e kind = kind_of((const char *)sqlite3_value_text(argv[1]));
    const void *bytes;

    (void)argc;
    buf->len = 0;
    buf->full = 0;
    switch (sqlite3_value_type(argv[0])) {
    case SQLITE_NULL:
        app_buf_adds(buf, "null");
        break;
    case SQLITE_INTEGER:
        add_int(buf, sqlite3_value_int64(argv[0]), kind);
        break;
    case SQLITE_FLOAT:
        add_real(buf, sqlite3_value_double(argv[0]));
        break;
    case SQLITE_BLOB:
        bytes = sqlite3_value_blob(argv[0]);
        add_blob(buf, bytes, (apr_size_t)sqlite3_value_bytes(argv[0]));
        break;
    default:
        bytes = sqlite3_value_text(argv[0]);
        add_text(buf, bytes ? bytes : "", (apr_size_t)sqlite3_value_bytes(argv[0]), kind);
        break;
    }
    if (app_buf_full(buf)) {
        sqlite3_result_error_toobig(ctx);
        return;
    }
    sqlite3_result_text64(ctx, buf->data, buf->len, SQLITE_TRANSIENT, SQLITE_UTF8);
    sqlite3_result_subtype(ctx, JSON_SUBTYPE);
}

int app_lite_function_json(app_lite_t *lite)
{
    int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;

#ifdef SQLITE_RESULT_SUBTYPE
    flags |= SQLITE_RESULT_SUBTYPE; /* from 3.45 on functions have to announce it */
#endif
    return sqlite3_create_function_v2(lite->link, "app_json", 2, flags, lite, app_json, NULL, NULL,
                                      NULL);
}
