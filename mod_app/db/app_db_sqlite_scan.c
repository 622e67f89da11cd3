/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The grammar of JSON (RFC 8259) over text that is known to be UTF-8: no tree is made and nothing
 * is copied. Used by the SQL functions of the SQLite driver, in the thread that has the connection.
 */
#include <string.h>

#include "apr_lib.h"

#include "app_db_sqlite_scan.h"
#include "app_parse.h"

#define JSON_DEPTH 256

void app_scan_blanks(app_scan_t *c)
{
    while (c->at < c->end && *c->at && strchr(" \t\n\r", *c->at)) {
        c->at++;
    }
}

int app_scan_take(app_scan_t *c, char expected)
{
    if (c->at < c->end && *c->at == expected) {
        c->at++;
        return 1;
    }
    return 0;
}

static int take_word(app_scan_t *c, const char *word)
{
    apr_size_t len = strlen(word);

    if ((apr_size_t)(c->end - c->at) < len || memcmp(c->at, word, len) != 0) {
        return 0;
    }
    c->at += len;
    return 1;
}

static int take_digits(app_scan_t *c)
{
    const char *start = c->at;

    while (c->at < c->end && apr_isdigit(*c->at)) {
        c->at++;
    }
    return c->at > start;
}

static int take_number(app_scan_t *c)
{
    app_scan_take(c, '-');
    if (!app_scan_take(c, '0') && !take_digits(c)) {
        return 0;
    }
    if (app_scan_take(c, '.') && !take_digits(c)) {
        return 0;
    }
    if (app_scan_take(c, 'e') || app_scan_take(c, 'E')) {
        if (!app_scan_take(c, '+')) {
            app_scan_take(c, '-');
        }
        return take_digits(c);
    }
    return 1;
}

static int take_escape(app_scan_t *c)
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

int app_scan_string(app_scan_t *c)
{
    if (!app_scan_take(c, '"')) {
        return 0;
    }
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

static int take_value(app_scan_t *c, int depth);

/** Members of an object or elements of an array, behind the bracket that opens it. */
static int take_members(app_scan_t *c, int depth, int object)
{
    char close = object ? '}' : ']';

    app_scan_blanks(c);
    if (app_scan_take(c, close)) {
        return 1;
    }
    do {
        app_scan_blanks(c);
        if (object) {
            if (!app_scan_string(c)) {
                return 0;
            }
            app_scan_blanks(c);
            if (!app_scan_take(c, ':')) {
                return 0;
            }
        }
        if (!take_value(c, depth + 1)) {
            return 0;
        }
        app_scan_blanks(c);
    } while (app_scan_take(c, ','));
    return app_scan_take(c, close);
}

static int take_value(app_scan_t *c, int depth)
{
    app_scan_blanks(c);
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
        return app_scan_string(c);
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

int app_scan_value(app_scan_t *c)
{
    return take_value(c, 0);
}

int app_scan_is_json(const char *text, apr_size_t len)
{
    app_scan_t c = { text, text + len };

    if (!app_utf8_valid(text, len) || !take_value(&c, 0)) {
        return 0;
    }
    app_scan_blanks(&c);
    return c.at == c.end;
}

int app_scan_is_number(const char *text, apr_size_t len)
{
    app_scan_t c = { text, text + len };

    return take_number(&c) && c.at == c.end;
}

