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

/* The functions. Both write into the connection's text, which SQLite copies. */

static app_buf_t *begin(sqlite3_context *ctx)
{
    app_buf_t *buf = &((app_lite_t *)sqlite3_user_data(ctx))->text;

    buf->len = 0;
    buf->full = 0;
    return buf;
}

static void finish(sqlite3_context *ctx, const app_buf_t *buf)
{
    if (app_buf_full(buf)) {
        sqlite3_result_error_toobig(ctx);
        return;
    }
    sqlite3_result_text64(ctx, buf->data, buf->len, SQLITE_TRANSIENT, SQLITE_UTF8);
    sqlite3_result_subtype(ctx, JSON_SUBTYPE);
}

static void app_json(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    app_buf_t *buf = begin(ctx);

    (void)argc;
    add_value(buf, argv[0], kind_of((const char *)sqlite3_value_text(argv[1])));
    finish(ctx, buf);
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
static int take_member(cursor_t *c, member_t *member)
{
    char *kind = (char *)c->at;

    while (c->at < c->end && *c->at != '"') {
        c->at++;
    }
    member->name = c->at;
    if (!take(c, '"') || !take_string(c)) {
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
    cursor_t c;
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
    if (sqlite3_value_subtype(value) == JSON_SUBTYPE &&
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
    app_buf_t *buf = begin(ctx);
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
    finish(ctx, buf);
}

int app_lite_function_json(app_lite_t *lite)
{
    int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, rc;

#ifdef SQLITE_RESULT_SUBTYPE
    flags |= SQLITE_RESULT_SUBTYPE; /* from 3.45 on functions have to announce it */
#endif
#ifdef SQLITE_SUBTYPE
    flags |= SQLITE_SUBTYPE;
#endif
    rc = sqlite3_create_function_v2(lite->link, "app_json", 2, flags, lite, app_json, NULL, NULL,
                                    NULL);
    if (rc != SQLITE_OK) {
        return rc;
    }
    return sqlite3_create_function_v2(lite->link, "app_object", -1, flags, lite, app_object, NULL,
                                      NULL, NULL);
}
