/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Parts of JSON texts, copied as they stand there, so that numbers keep their digits:
 *
 *     app_json_get(json, path)    the value at the path, as JSON; SQL NULL: there is none
 *     app_json_text(json, path)   its text, as PostgreSQL's ->> gives it: a string without quotes,
 *                                 SQL NULL for null
 *     app_strip(json)             without the members that are null, however deep they are
 *
 * A path is written as SQLite's: $.key[0].other[#-1]. A key in quotes is a JSON string, so that it
 * can have any character: $."a.b \"c\"". Of members with the same name the last counts, as for
 * jsonb. What is no JSON has no parts, and is not stripped.
 */
#include <jansson.h>

#include "app_db_sqlite.h"
#include "app_db_sqlite_scan.h"
#include "app_parse.h"

/** A JSON value, or a JSON string with its quotes. */
typedef app_scan_t span_t;

static int take_text(span_t *span, sqlite3_value *value)
{
    const char *text = (const char *)sqlite3_value_text(value);
    apr_size_t len = (apr_size_t)sqlite3_value_bytes(value);

    if (!text || !app_scan_is_json(text, len)) {
        return 0;
    }
    span->at = text;
    span->end = text + len;
    app_scan_blanks(span);
    while (strchr(" \t\r\n", span->end[-1])) {
        span->end--;
    }
    return 1;
}

/** A JSON string with escapes, read. @return NULL: it is no text, as half a surrogate */
static json_t *decode(const span_t *string)
{
    return json_loadb(string->at, (size_t)(string->end - string->at),
                      JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
}

static int has_escape(const span_t *string)
{
    return memchr(string->at, '\\', (size_t)(string->end - string->at)) != NULL;
}

static int same_bytes(const span_t *a, const span_t *b)
{
    size_t len = (size_t)(a->end - a->at);

    return len == (size_t)(b->end - b->at) && memcmp(a->at, b->at, len) == 0;
}

/** Whether two JSON strings say the same. */
static int same_string(const span_t *a, const span_t *b)
{
    json_t *first, *second;
    int same;

    if (!has_escape(a) && !has_escape(b)) {
        return same_bytes(a, b);
    }
    first = decode(a);
    second = decode(b);
    same = first && second && json_equal(first, second);
    json_decref(first);
    json_decref(second);
    return same;
}

/* Inside of a value that is known to be JSON */

/** Steps into an array or object. @return 0: it is none of the kind */
static int enter(span_t *inside, const span_t *value, char open)
{
    *inside = *value;
    app_scan_blanks(inside);
    return app_scan_take(inside, open);
}

/** The next member or element. @param key NULL: of an array */
static int next(span_t *inside, span_t *key, span_t *value)
{
    app_scan_blanks(inside);
    app_scan_take(inside, ',');
    app_scan_blanks(inside);
    if (*inside->at == ']' || *inside->at == '}') {
        return 0;
    }
    if (key) {
        key->at = inside->at;
        app_scan_string(inside);
        key->end = inside->at;
        app_scan_blanks(inside);
        app_scan_take(inside, ':');
        app_scan_blanks(inside);
    }
    value->at = inside->at;
    app_scan_value(inside);
    value->end = inside->at;
    return 1;
}

/** Narrows a value to its member. @return 0: it has none of that name */
static int find_member(span_t *value, const span_t *name)
{
    span_t inside, key, each;
    int found = 0;

    if (!enter(&inside, value, '{')) {
        return 0;
    }
    while (next(&inside, &key, &each)) {
        if (same_string(&key, name)) {
            *value = each;
            found = 1;
        }
    }
    return found;
}

static apr_int64_t count_elements(span_t inside)
{
    apr_int64_t count = 0;
    span_t each;

    while (next(&inside, NULL, &each)) {
        count++;
    }
    return count;
}

/** Narrows a value to its element. @param from_end index counts from behind the last one */
static int find_element(span_t *value, apr_int64_t index, int from_end)
{
    span_t inside;

    if (!enter(&inside, value, '[')) {
        return 0;
    }
    index = from_end ? count_elements(inside) - index : index;
    while (index >= 0 && next(&inside, NULL, value)) {
        if (index-- == 0) {
            return 1;
        }
    }
    return 0;
}

/* Paths */

typedef enum found_e { NOT_FOUND, FOUND, BAD_PATH } found_e;

/** Behind "[": n] or #-n]. */
static found_e step_index(span_t *value, span_t *path)
{
    int from_end = app_scan_take(path, '#');
    const char *digits;
    apr_int64_t index;

    if (from_end && !app_scan_take(path, '-')) {
        return BAD_PATH;
    }
    digits = path->at;
    while (path->at < path->end && *path->at >= '0' && *path->at <= '9') {
        path->at++;
    }
    if (app_int64_parse(digits, (apr_size_t)(path->at - digits), &index) != APR_SUCCESS ||
        !app_scan_take(path, ']')) {
        return BAD_PATH;
    }
    return find_element(value, index, from_end) ? FOUND : NOT_FOUND;
}

/** A key without quotes, which has no escapes either: compared as it stands. */
static int find_plain(span_t *value, const span_t *name, app_buf_t *buf)
{
    span_t quoted;

    buf->len = 0;
    app_buf_add_json(buf, name->at, (apr_size_t)(name->end - name->at));
    quoted.at = buf->data;
    quoted.end = buf->data + buf->len;
    return find_member(value, &quoted);
}

/** Behind ".": a key. */
static found_e step_key(span_t *value, span_t *path, app_buf_t *buf)
{
    span_t key = { path->at, path->end };

    if (path->at < path->end && *path->at == '"') {
        if (!app_scan_string(path)) {
            return BAD_PATH;
        }
        key.end = path->at;
        return find_member(value, &key) ? FOUND : NOT_FOUND;
    }
    while (path->at < path->end && *path->at != '.' && *path->at != '[') {
        path->at++;
    }
    key.end = path->at;
    if (key.at == key.end) {
        return BAD_PATH;
    }
    return find_plain(value, &key, buf) ? FOUND : NOT_FOUND;
}

/** Narrows a value to what the path leads to. @param buf for keys, overwritten */
static found_e follow(span_t *value, span_t path, app_buf_t *buf)
{
    found_e found = app_scan_take(&path, '$') ? FOUND : BAD_PATH;

    while (found == FOUND && path.at < path.end) {
        if (app_scan_take(&path, '.')) {
            found = step_key(value, &path, buf);
        }
        else if (app_scan_take(&path, '[')) {
            found = step_index(value, &path);
        }
        else {
            found = BAD_PATH;
        }
    }
    return found;
}

/** The value that a function's arguments ask for. @return 0: the result is set, or NULL */
static int find(sqlite3_context *ctx, sqlite3_value **argv, span_t *value)
{
    const char *text = (const char *)sqlite3_value_text(argv[1]);
    span_t path = { text, text + sqlite3_value_bytes(argv[1]) };
    found_e found;

    if (!text || !take_text(value, argv[0])) {
        return 0;
    }
    found = follow(value, path, app_lite_text_begin(sqlite3_user_data(ctx)));
    if (found == BAD_PATH) {
        app_lite_raise(sqlite3_user_data(ctx), ctx, "22023", "a JSON path is malformed");
    }
    return found == FOUND;
}

static void result_span(sqlite3_context *ctx, const span_t *span)
{
    sqlite3_result_text64(ctx, span->at, (sqlite3_uint64)(span->end - span->at), SQLITE_TRANSIENT,
                          SQLITE_UTF8);
}

static void app_json_get(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    span_t value;

    (void)argc;
    if (find(ctx, argv, &value)) {
        result_span(ctx, &value);
        sqlite3_result_subtype(ctx, APP_LITE_JSON);
    }
}

static void result_decoded(sqlite3_context *ctx, const span_t *string)
{
    json_t *json = decode(string);

    if (json) {
        sqlite3_result_text64(ctx, json_string_value(json), json_string_length(json),
                              SQLITE_TRANSIENT, SQLITE_UTF8);
        json_decref(json);
    }
}

static void app_json_text(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    span_t value;

    (void)argc;
    if (!find(ctx, argv, &value) || *value.at == 'n') {
        return;
    }
    if (*value.at != '"') {
        result_span(ctx, &value);
    }
    else if (has_escape(&value)) {
        result_decoded(ctx, &value);
    }
    else {
        value.at++;
        value.end--;
        result_span(ctx, &value);
    }
}

/* Stripping, in one walk */

static void strip(app_buf_t *buf, app_scan_t *c);

static void strip_key(app_buf_t *buf, app_scan_t *c)
{
    const char *key = c->at;

    app_scan_string(c);
    app_buf_add(buf, key, (apr_size_t)(c->at - key));
    app_scan_blanks(c);
    app_scan_take(c, ':');
    app_buf_addc(buf, ':');
    app_scan_blanks(c);
}

/** Behind the bracket that opens it. A member that proves null is taken back. */
static void strip_members(app_buf_t *buf, app_scan_t *c, char close)
{
    int first = 1;

    for (app_scan_blanks(c); !app_scan_take(c, close); app_scan_blanks(c)) {
        apr_size_t mark = buf->len;

        app_scan_take(c, ',');
        app_scan_blanks(c);
        if (!first) {
            app_buf_addc(buf, ',');
        }
        if (close == '}') {
            strip_key(buf, c);
        }
        if (close == '}' && *c->at == 'n') {
            app_scan_value(c);
            buf->len = mark;
        }
        else {
            strip(buf, c);
            first = 0;
        }
    }
    app_buf_addc(buf, close);
}

static void strip(app_buf_t *buf, app_scan_t *c)
{
    const char *start = c->at;

    if (app_scan_take(c, '{')) {
        app_buf_addc(buf, '{');
        strip_members(buf, c, '}');
    }
    else if (app_scan_take(c, '[')) {
        app_buf_addc(buf, '[');
        strip_members(buf, c, ']');
    }
    else {
        app_scan_value(c);
        app_buf_add(buf, start, (apr_size_t)(c->at - start));
    }
}

static void app_strip(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    app_buf_t *buf;
    span_t value;

    (void)argc;
    if (!take_text(&value, argv[0])) {
        sqlite3_result_value(ctx, argv[0]);
        return;
    }
    buf = app_lite_text_begin(sqlite3_user_data(ctx));
    strip(buf, &value);
    app_lite_text_finish(ctx, buf);
}

int app_lite_functions_path(app_lite_t *lite)
{
    static const app_lite_function_t functions[] = {
        { "app_json_get", 2, app_json_get },
        { "app_json_text", 2, app_json_text },
        { "app_strip", 1, app_strip },
    };

    return app_lite_register(lite, functions, sizeof(functions) / sizeof(functions[0]),
                             APP_LITE_PURE);
}
