/* SPDX-License-Identifier: Apache-2.0 */
/** Texts and JSON into typed parameters of SQLite. Thread of the request. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "apr_lib.h"
#include "apr_strings.h"

#include "rest_value.h"

typedef struct input_t {
    app_value_t         *value;
    const rest_column_t *column;
    app_error_t         *err;
    apr_pool_t          *pool;
} input_t;

const char *rest_value_type(const rest_column_t *column)
{
    static const char *const words[] = {
        [REST_KIND_ANY] = "text",       [REST_KIND_INTEGER] = "integer",
        [REST_KIND_BOOLEAN] = "boolean", [REST_KIND_REAL] = "double precision",
        [REST_KIND_NUMERIC] = "numeric", [REST_KIND_TEXT] = "text",
        [REST_KIND_DATE] = "date",      [REST_KIND_TIME] = "time",
        [REST_KIND_TIMESTAMP] = "timestamp",
        [REST_KIND_TIMESTAMPTZ] = "timestamp with time zone",
        [REST_KIND_JSON] = "jsonb",      [REST_KIND_ARRAY] = "array",
        [REST_KIND_BLOB] = "bytea",
    };

    if (column->kind == REST_KIND_INTEGER && strncasecmp(column->type, "bigint", 6) == 0) {
        return "bigint";
    }
    if (column->kind == REST_KIND_INTEGER && strncasecmp(column->type, "smallint", 8) == 0) {
        return "smallint";
    }
    return column->kind == REST_KIND_ARRAY ? column->type : words[column->kind];
}

static apr_status_t bad_syntax(const input_t *in, const char *text)
{
    return app_fail_code(in->err, "22P02", 400, "invalid input syntax for type %s: \"%s\"",
                         rest_value_type(in->column), text);
}

static apr_status_t put_text(const input_t *in, const char *text, apr_size_t len)
{
    in->value->type = APP_VALUE_TEXT;
    in->value->text = text;
    in->value->len = len;
    return APR_SUCCESS;
}

static apr_status_t put_int(const input_t *in, apr_int64_t integer)
{
    in->value->type = APP_VALUE_INT;
    in->value->integer = integer;
    return APR_SUCCESS;
}

/** The text without blanks at both ends. */
static const char *trim(const char *text, apr_size_t *plen)
{
    apr_size_t len;

    while (apr_isspace(*text)) {
        text++;
    }
    len = strlen(text);
    while (len && apr_isspace(text[len - 1])) {
        len--;
    }
    *plen = len;
    return text;
}

static apr_status_t put_integer(const input_t *in, const char *text)
{
    apr_size_t len, i;
    const char *number = trim(text, &len);
    apr_int64_t integer;

    if (app_int64_parse(number, len, &integer) == APR_SUCCESS) {
        return put_int(in, integer);
    }
    for (i = len && (number[0] == '-' || number[0] == '+'); i < len; i++) {
        if (!apr_isdigit(number[i])) {
            return bad_syntax(in, text);
        }
    }
    if (len < 2) {
        return bad_syntax(in, text);
    }
    return app_fail_code(in->err, "22003", 400, "value \"%s\" is out of range for type %s", text,
                         rest_value_type(in->column));
}

static apr_status_t put_boolean(const input_t *in, const char *text)
{
    /* The shortest length that says which word is meant; "o" says nothing. */
    static const struct { const char *word; apr_size_t shortest; int value; } words[] = {
        { "true", 1, 1 }, { "false", 1, 0 }, { "yes", 1, 1 }, { "no", 1, 0 },
        { "on", 2, 1 },   { "off", 2, 0 },   { "1", 1, 1 },   { "0", 1, 0 },
    };
    apr_size_t len, i;
    const char *word = trim(text, &len);

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (len >= words[i].shortest && len <= strlen(words[i].word) &&
            strncasecmp(word, words[i].word, len) == 0) {
            return put_int(in, words[i].value);
        }
    }
    return bad_syntax(in, text);
}

/** Whether the text is a decimal number: [sign] digits [. digits] [e digits]. */
static int is_number(const char *at, apr_size_t len)
{
    const char *end = at + len;
    int digits = 0;

    at += at < end && (*at == '-' || *at == '+');
    for (; at < end && apr_isdigit(*at); at++) {
        digits++;
    }
    if (at < end && *at == '.') {
        for (at++; at < end && apr_isdigit(*at); at++) {
            digits++;
        }
    }
    if (!digits) {
        return 0;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        at += at < end && (*at == '-' || *at == '+');
        if (at == end) {
            return 0;
        }
        while (at < end && apr_isdigit(*at)) {
            at++;
        }
    }
    return at == end;
}

int rest_value_is_text(const rest_column_t *column)
{
    return column->type && (strcasestr(column->type, "text") || strcasestr(column->type, "char") ||
                            strcasestr(column->type, "clob"));
}

int rest_value_number(app_value_t *value, const char *text)
{
    apr_size_t len = strlen(text);

    if (app_int64_parse(text, len, &value->integer) == APR_SUCCESS) {
        value->type = APP_VALUE_INT;
        return 1;
    }
    value->type = APP_VALUE_REAL;
    value->real = strtod(text, NULL);
    return is_number(text, len) && !isinf(value->real);
}

/** What SQLite would take for infinity. */
static apr_status_t check_size(const input_t *in, const char *number)
{
    if (!isinf(strtod(number, NULL))) {
        return APR_SUCCESS;
    }
    return in->column->kind == REST_KIND_REAL
               ? app_fail_code(in->err, "22003", 400, "\"%s\" is out of range for type %s", number,
                               rest_value_type(in->column))
               : app_fail_code(in->err, "22003", 400, "value overflows numeric format");
}

/**
 * Digits go as text: a column of affinity TEXT keeps them all, any other makes a double of them.
 */
static apr_status_t put_number(const input_t *in, const char *text)
{
    apr_size_t len;
    const char *number = trim(text, &len);
    apr_int64_t integer;

    if (!is_number(number, len)) {
        return bad_syntax(in, text);
    }
    if (app_int64_parse(number, len, &integer) == APR_SUCCESS) {
        return put_int(in, integer);
    }
    number = apr_pstrmemdup(in->pool, number, len);
    return check_size(in, number) == APR_SUCCESS ? put_text(in, number, len) : APP_EFAIL;
}

static apr_status_t put_json(const input_t *in, const char *text)
{
    rest_json_t json;
    const char *minified;
    apr_size_t len;

    if (rest_json_read(&json, text, strlen(text)) != APR_SUCCESS) {
        return app_fail_code(in->err, "22P02", 400, "invalid input syntax for type json");
    }
    minified = rest_json_minify(&json, &len, in->pool);
    return put_text(in, minified, len);
}

/** "\x" and hexadecimal digits; any other text stands for its own bytes. */
static apr_status_t put_blob(const input_t *in, const char *text)
{
    apr_size_t len = strlen(text), i;
    char *bytes;

    in->value->type = APP_VALUE_BLOB;
    in->value->text = text;
    in->value->len = len;
    if (strncmp(text, "\\x", 2) != 0) {
        return APR_SUCCESS;
    }
    bytes = apr_palloc(in->pool, len);
    for (i = 2; i < len; i += 2) {
        if (!apr_isxdigit(text[i])) {
            return app_fail_code(in->err, "22023", 400, "invalid hexadecimal digit: \"%c\"",
                                 text[i]);
        }
        if (!apr_isxdigit(text[i + 1])) {
            return app_fail_code(in->err, "22023", 400,
                                 "invalid hexadecimal data: odd number of digits");
        }
        bytes[i / 2 - 1] = (char)(app_hex_digit(text[i]) << 4 | app_hex_digit(text[i + 1]));
    }
    in->value->text = bytes;
    in->value->len = (len - 2) / 2;
    return APR_SUCCESS;
}

static apr_status_t put_time(const input_t *in, const char *text)
{
    const char *normal;

    if (rest_value_time(&normal, in->column->kind, rest_value_type(in->column), text, in->err,
                        in->pool) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return put_text(in, normal, strlen(normal));
}

static apr_status_t put_array(const input_t *in, const char *literal)
{
    const char *json;

    if (rest_value_array_of_text(&json, in->column, literal, in->err, in->pool) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return put_text(in, json, strlen(json));
}

static apr_status_t put_json_array(const input_t *in, const rest_json_t *array)
{
    const char *json;

    if (rest_value_array_of_json(&json, in->column, array, in->err, in->pool) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return put_text(in, json, strlen(json));
}

/**
 * Without a declared type a value that looks like a number is one, as it would be in an
 * expression.
 */
static apr_status_t put_any(const input_t *in, const char *text)
{
    apr_size_t len = strlen(text);
    apr_int64_t integer;

    return app_int64_parse(text, len, &integer) == APR_SUCCESS ? put_int(in, integer)
                                                               : put_text(in, text, len);
}

static apr_status_t put(const input_t *in, const char *text)
{
    switch (in->column->kind) {
    case REST_KIND_INTEGER:
        return put_integer(in, text);
    case REST_KIND_BOOLEAN:
        return put_boolean(in, text);
    case REST_KIND_REAL:
    case REST_KIND_NUMERIC:
        return put_number(in, text);
    case REST_KIND_DATE:
    case REST_KIND_TIME:
    case REST_KIND_TIMESTAMP:
    case REST_KIND_TIMESTAMPTZ:
        return put_time(in, text);
    case REST_KIND_JSON:
        return put_json(in, text);
    case REST_KIND_BLOB:
        return put_blob(in, text);
    case REST_KIND_ANY:
        return put_any(in, text);
    case REST_KIND_ARRAY:
        return put_array(in, text);
    case REST_KIND_TEXT:
        break;
    }
    return put_text(in, text, strlen(text));
}

apr_status_t rest_value_of_text(app_value_t *value, const rest_column_t *column, const char *text,
                                app_error_t *err, apr_pool_t *p)
{
    const input_t in = { value, column, err, p };

    return put(&in, text);
}

static apr_status_t put_raw(const input_t *in, const rest_json_t *json)
{
    apr_size_t len;
    const char *text = rest_json_minify(json, &len, in->pool);

    return put_text(in, text, len);
}

apr_status_t rest_value_has_nul(app_error_t *err)
{
    app_fail_code(err, "22P05", 400, "unsupported Unicode escape sequence");
    return app_details(err, "\\u0000 cannot be converted to text.");
}

static apr_status_t put_string(const input_t *in, const rest_json_t *json)
{
    apr_size_t len;
    const char *text = rest_json_string(json, &len, in->pool);

    if (!text) {
        return rest_value_has_nul(in->err);
    }
    return in->column->kind == REST_KIND_ANY ? put_text(in, text, len) : put(in, text);
}

static apr_status_t put_null(const input_t *in)
{
    in->value->type = APP_VALUE_NULL;
    return APR_SUCCESS;
}

apr_status_t rest_value_of_json(app_value_t *value, const rest_column_t *column,
                                const rest_json_t *json, app_error_t *err, apr_pool_t *p)
{
    const input_t in = { value, column, err, p };
    rest_kind_e kind = column->kind;

    if (json->kind == REST_JSON_ABSENT || json->kind == REST_JSON_NULL) {
        return put_null(&in);
    }
    if (kind == REST_KIND_JSON) {
        return put_raw(&in, json);
    }
    if (kind == REST_KIND_ARRAY && json->kind != REST_JSON_STRING) {
        return put_json_array(&in, json);
    }
    switch (json->kind) {
    case REST_JSON_STRING:
        return put_string(&in, json);
    case REST_JSON_ARRAY:
    case REST_JSON_OBJECT:
        return kind == REST_KIND_TEXT || kind == REST_KIND_ANY
                   ? put_raw(&in, json)
                   : bad_syntax(&in, apr_pstrmemdup(p, json->text, json->len));
    case REST_JSON_TRUE:
    case REST_JSON_FALSE:
        if (kind == REST_KIND_ANY) {
            return put_int(&in, json->kind == REST_JSON_TRUE);
        }
        break;
    case REST_JSON_NUMBER:
        if (kind == REST_KIND_ANY) {
            return put_number(&in, apr_pstrmemdup(p, json->text, json->len));
        }
        break;
    default:
        break;
    }
    return put(&in, apr_pstrmemdup(p, json->text, json->len));
}
