/* SPDX-License-Identifier: Apache-2.0 */
/**
 * SQL function app_cast(): a value as another type, or PostgreSQL's error where it is none.
 * SQLite's own CAST makes 0 of what is no number, and its date functions make NULL of what is no
 * date.
 *
 *     app_cast(value, 'integer')           also smallint, bigint, real, double precision, numeric,
 *                                          boolean
 *     app_cast(value, 'date', date(value)) the third is the result: NULL only if value is
 */
#include <math.h>
#include <stdlib.h>

#include "apr_lib.h"
#include "apr_strings.h"

#include "app_db_sqlite.h"

#define SHOWN 60 /* bytes of a value that an error repeats */

typedef struct type_t {
    const char *name;
    apr_int64_t min, max; /* both 0: not an integer */
} type_t;

static const type_t types[] = {
    { "smallint", APR_INT16_MIN, APR_INT16_MAX },
    { "integer", APR_INT32_MIN, APR_INT32_MAX },
    { "bigint", APR_INT64_MIN, APR_INT64_MAX },
    { "real", 0, 0 },
    { "double precision", 0, 0 },
    { "numeric", 0, 0 },
    { "boolean", 0, 0 },
};

/** A value's text without the blanks around it. */
typedef struct text_t {
    const char *at, *end;
} text_t;

static text_t text_of(sqlite3_value *value)
{
    const char *at = (const char *)sqlite3_value_text(value);
    text_t text = { at, at ? at + sqlite3_value_bytes(value) : at };

    while (text.at < text.end && apr_isspace(*text.at)) {
        text.at++;
    }
    while (text.end > text.at && apr_isspace(text.end[-1])) {
        text.end--;
    }
    return text;
}

/* Failures */

/** BEFORE "VALUE" AFTER, the value cut where a character ends. */
static void raise_about(sqlite3_context *ctx, const char *sqlstate, const char *before,
                        sqlite3_value *value, const char *after)
{
    const char *text = (const char *)sqlite3_value_text(value);
    apr_size_t all = text ? strlen(text) : 0, len = all < SHOWN ? all : SHOWN;
    char message[SHOWN + 120];

    while (len < all && len && ((unsigned char)text[len] & 0xC0) == 0x80) {
        len--;
    }
    apr_snprintf(message, sizeof(message), "%s\"%.*s%s\"%s", before, (int)len, text ? text : "",
                 len < all ? "…" : "", after);
    app_lite_raise(sqlite3_user_data(ctx), ctx, sqlstate, message);
}

static void raise_syntax(sqlite3_context *ctx, const char *sqlstate, sqlite3_value *value,
                         const char *type)
{
    char before[80];

    apr_snprintf(before, sizeof(before), "invalid input syntax for type %s: ", type);
    raise_about(ctx, sqlstate, before, value, "");
}

static void raise_range(sqlite3_context *ctx, sqlite3_value *value, const char *type)
{
    char text[80];

    if (sqlite3_value_type(value) == SQLITE_TEXT) {
        apr_snprintf(text, sizeof(text), " is out of range for type %s", type);
        raise_about(ctx, "22003", "value ", value, text);
        return;
    }
    apr_snprintf(text, sizeof(text), "%s out of range", type);
    app_lite_raise(sqlite3_user_data(ctx), ctx, "22003", text);
}

/* Numbers */

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && apr_isdigit(*at)) {
        at++;
    }
    return at;
}

static const char *skip_sign(const char *at, const char *end)
{
    return at + (at < end && (*at == '-' || *at == '+'));
}

static int is_word(const text_t *text, const char *word)
{
    const char *at = skip_sign(text->at, text->end);
    apr_size_t len = strlen(word);

    return (apr_size_t)(text->end - at) == len && strncasecmp(at, word, len) == 0;
}

/** "-1.5e3", ".5", "5.", "Infinity"; not what else strtod() would take. */
static int is_number(const text_t *text)
{
    const char *start = skip_sign(text->at, text->end);
    const char *point = skip_digits(start, text->end), *at = point;
    const char *digits;

    if (at < text->end && *at == '.') {
        at = skip_digits(at + 1, text->end);
    }
    if (at - start <= (point < at)) {
        return is_word(text, "infinity") || is_word(text, "inf");
    }
    if (at < text->end && (*at == 'e' || *at == 'E')) {
        digits = skip_sign(at + 1, text->end);
        at = skip_digits(digits, text->end);
        return at > digits && at == text->end;
    }
    return at == text->end;
}

static void to_integer(sqlite3_context *ctx, sqlite3_value *value, const type_t *type)
{
    text_t text = text_of(value);
    const char *digits = skip_sign(text.at, text.end);
    apr_int64_t number;

    if (digits == text.end || skip_digits(digits, text.end) != text.end) {
        raise_syntax(ctx, "22P02", value, type->name);
        return;
    }
    text.at += *text.at == '+';
    if (app_int64_parse(text.at, (apr_size_t)(text.end - text.at), &number) != APR_SUCCESS ||
        number < type->min || number > type->max) {
        raise_range(ctx, value, type->name);
        return;
    }
    sqlite3_result_int64(ctx, number);
}

/** To the nearest integer, of two the even one. */
static void round_off(sqlite3_context *ctx, sqlite3_value *value, const type_t *type)
{
    double number = rint(sqlite3_value_double(value));

    if (!(number >= (double)type->min && number < (double)type->max + 1)) {
        raise_range(ctx, value, type->name);
        return;
    }
    sqlite3_result_int64(ctx, (sqlite3_int64)number);
}

static void cast_integer(sqlite3_context *ctx, sqlite3_value *value, const type_t *type)
{
    sqlite3_int64 number;

    switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER:
        number = sqlite3_value_int64(value);
        if (number < type->min || number > type->max) {
            raise_range(ctx, value, type->name);
            return;
        }
        sqlite3_result_value(ctx, value);
        return;
    case SQLITE_FLOAT:
        round_off(ctx, value, type);
        return;
    default:
        to_integer(ctx, value, type);
    }
}

static void cast_number(sqlite3_context *ctx, sqlite3_value *value, const type_t *type)
{
    text_t text = text_of(value);
    apr_int64_t integer;
    double number;

    if (sqlite3_value_type(value) == SQLITE_INTEGER || sqlite3_value_type(value) == SQLITE_FLOAT) {
        sqlite3_result_value(ctx, value);
        return;
    }
    if (!is_number(&text)) {
        raise_syntax(ctx, "22P02", value, type->name);
        return;
    }
    if (app_int64_parse(text.at, (apr_size_t)(text.end - text.at), &integer) == APR_SUCCESS) {
        sqlite3_result_int64(ctx, integer);
        return;
    }
    number = strtod(text.at, NULL);
    if (isinf(number) && !apr_isalpha(text.end[-1])) {
        raise_range(ctx, value, type->name);
        return;
    }
    sqlite3_result_double(ctx, number);
}

/* The others */

/** "true" and its first letters, and so on, as PostgreSQL reads them. */
static void cast_boolean(sqlite3_context *ctx, sqlite3_value *value)
{
    static const struct {
        const char *word;
        apr_size_t  least;
        int         is;
    } words[] = { { "true", 1, 1 },  { "yes", 1, 1 }, { "on", 2, 1 },  { "1", 1, 1 },
                  { "false", 1, 0 }, { "no", 1, 0 },  { "off", 2, 0 }, { "0", 1, 0 } };
    text_t text = text_of(value);
    apr_size_t len = (apr_size_t)(text.end - text.at), i;

    if (sqlite3_value_type(value) == SQLITE_INTEGER || sqlite3_value_type(value) == SQLITE_FLOAT) {
        sqlite3_result_int(ctx, sqlite3_value_double(value) != 0);
        return;
    }
    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (len >= words[i].least && len <= strlen(words[i].word) &&
            strncasecmp(text.at, words[i].word, len) == 0) {
            sqlite3_result_int(ctx, words[i].is);
            return;
        }
    }
    raise_syntax(ctx, "22P02", value, "boolean");
}

static void cast(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    const char *name = (const char *)sqlite3_value_text(argv[1]);
    apr_size_t i;

    (void)argc;
    if (sqlite3_value_type(argv[0]) == SQLITE_NULL || !name) {
        return;
    }
    for (i = 0; i < sizeof(types) / sizeof(types[0]) && strcmp(types[i].name, name) != 0; i++) {
    }
    if (i == sizeof(types) / sizeof(types[0])) {
        app_lite_raise(sqlite3_user_data(ctx), ctx, "42704", "app_cast: no such type");
    }
    else if (types[i].min) {
        cast_integer(ctx, argv[0], &types[i]);
    }
    else if (strcmp(name, "boolean") == 0) {
        cast_boolean(ctx, argv[0]);
    }
    else {
        cast_number(ctx, argv[0], &types[i]);
    }
}

static void check_cast(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    const char *name = (const char *)sqlite3_value_text(argv[1]);

    (void)argc;
    if (sqlite3_value_type(argv[0]) != SQLITE_NULL && sqlite3_value_type(argv[2]) == SQLITE_NULL) {
        raise_syntax(ctx, "22007", argv[0], name ? name : "date");
        return;
    }
    sqlite3_result_value(ctx, argv[2]);
}

int app_lite_functions_cast(app_lite_t *lite)
{
    static const app_lite_function_t functions[] = { { "app_cast", 2, cast },
                                                     { "app_cast", 3, check_cast } };

    return app_lite_register(lite, functions, sizeof(functions) / sizeof(functions[0]),
                             APP_LITE_PURE);
}
