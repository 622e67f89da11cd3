/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Reads forms (application/x-www-form-urlencoded, as RFC 6749 B has it): a cursor that never leaves
 * the text. Any thread.
 */
#include <string.h>

#include "auth_http.h"

#define PAIRS_MAX 100

/** What is left of the text. */
typedef struct cursor_t {
    const char *at, *end;
} cursor_t;

static apr_status_t refuse(app_error_t *err, const char *what)
{
    return app_fail(err, APP_E_BODY, "The form %s", what);
}

/** Decodes up to a character of stops, which is left. @return NULL: a broken %XX */
static char *decode(cursor_t *c, const char *stops, apr_size_t *plen, apr_pool_t *p)
{
    char *text = apr_palloc(p, (apr_size_t)(c->end - c->at) + 1), *out = text;
    int high, low;

    for (; c->at < c->end && !memchr(stops, *c->at, strlen(stops)); c->at++) {
        if (*c->at != '%') {
            *out++ = *c->at == '+' ? ' ' : *c->at;
            continue;
        }
        high = c->end - c->at > 2 ? app_hex_digit(c->at[1]) : -1;
        low = high >= 0 ? app_hex_digit(c->at[2]) : -1;
        if (low < 0) {
            return NULL;
        }
        *out++ = (char)(high << 4 | low);
        c->at += 2;
    }
    *out = '\0';
    *plen = (apr_size_t)(out - text);
    return text;
}

static apr_status_t read_pair(json_t *form, cursor_t *c, app_error_t *err, apr_pool_t *p)
{
    apr_size_t name_len, value_len = 0;
    const char *name, *value = "";

    name = decode(c, "=&", &name_len, p);
    if (name && c->at < c->end && *c->at == '=') {
        c->at++;
        value = decode(c, "&", &value_len, p);
    }
    if (!name || !value) {
        return refuse(err, "has a % that two hexadecimal digits do not follow");
    }
    if (memchr(name, '\0', name_len) || memchr(value, '\0', value_len) ||
        !app_utf8_valid(name, name_len) || !app_utf8_valid(value, value_len)) {
        return refuse(err, "holds what is no UTF-8, or a NUL");
    }
    if (json_object_get(form, name)) {
        return refuse(err, "has a name more than once");
    }
    json_object_set_new(form, name, json_stringn(value, value_len));
    return APR_SUCCESS;
}

apr_status_t auth_form_read(json_t **pform, const char *text, apr_size_t len, app_error_t *err,
                            apr_pool_t *p)
{
    json_t *form = app_json_own(p, json_object());
    cursor_t c = { .at = text, .end = text + len };

    if (len > 0 && *text == '{') { /* a form is what curl -d says of JSON, too */
        refuse(err, "begins like JSON");
        return app_hint(err, "Content-Type: application/json is for JSON.");
    }
    while (c.at < c.end) {
        if (*c.at == '&') {
            c.at++;
            continue;
        }
        if (json_object_size(form) == PAIRS_MAX) {
            return refuse(err, "has too many names");
        }
        if (read_pair(form, &c, err, p) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    *pform = form;
    return APR_SUCCESS;
}
