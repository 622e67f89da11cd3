/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A checking reader of JSON texts (RFC 8259) that builds nothing: a value is a slice of the text
 * it stands in, so digits and escapes reach the database as they were sent. Thread of the request.
 */
#include <string.h>

#include "apr_lib.h"
#include "apr_strings.h"

#include "rest_json.h"

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

void rest_json_blanks(rest_scan_t *s)
{
    while (s->at < s->end && is_blank(*s->at)) {
        s->at++;
    }
}

int rest_json_char(rest_scan_t *s, char c)
{
    rest_json_blanks(s);
    if (s->at < s->end && *s->at == c) {
        s->at++;
        return 1;
    }
    return 0;
}

static int digits(rest_scan_t *s)
{
    const char *from = s->at;

    while (s->at < s->end && apr_isdigit(*s->at)) {
        s->at++;
    }
    return s->at > from;
}

static int number(rest_scan_t *s)
{
    s->at += *s->at == '-';
    if (s->at < s->end && *s->at == '0') {
        s->at++;
    }
    else if (!digits(s)) {
        return 0;
    }
    if (s->at < s->end && *s->at == '.') {
        s->at++;
        if (!digits(s)) {
            return 0;
        }
    }
    if (s->at < s->end && (*s->at == 'e' || *s->at == 'E')) {
        s->at++;
        s->at += s->at < s->end && (*s->at == '+' || *s->at == '-');
        return digits(s);
    }
    return 1;
}

static int hex4(const char *at, const char *end, unsigned *pcode)
{
    int i;

    *pcode = 0;
    if (end - at < 4) {
        return 0;
    }
    for (i = 0; i < 4; i++) {
        int c = apr_tolower(at[i]);

        if (!apr_isxdigit(c)) {
            return 0;
        }
        *pcode = *pcode << 4 | (unsigned)(apr_isdigit(c) ? c - '0' : c - 'a' + 10);
    }
    return 1;
}

/** Behind a backslash. A surrogate must be one half of a pair. */
static int escape(rest_scan_t *s)
{
    unsigned high, low;

    if (s->at == s->end) {
        return 0;
    }
    if (*s->at != 'u') {
        return *s->at != '\0' && strchr("\"\\/bfnrt", *s->at++) != NULL;
    }
    s->at++;
    if (!hex4(s->at, s->end, &high)) {
        return 0;
    }
    s->at += 4;
    if (high < 0xD800 || high > 0xDFFF) {
        return 1;
    }
    if (high > 0xDBFF || s->end - s->at < 6 || s->at[0] != '\\' || s->at[1] != 'u' ||
        !hex4(s->at + 2, s->end, &low) || low < 0xDC00 || low > 0xDFFF) {
        return 0;
    }
    s->at += 6;
    return 1;
}

static int string(rest_scan_t *s)
{
    const char *from = ++s->at;

    while (s->at < s->end && *s->at != '"') {
        if ((unsigned char)*s->at < 0x20) {
            return 0;
        }
        if (*s->at++ == '\\' && !escape(s)) {
            return 0;
        }
    }
    if (s->at == s->end || !app_utf8_valid(from, (apr_size_t)(s->at - from))) {
        return 0;
    }
    s->at++;
    return 1;
}

static int word(rest_scan_t *s, const char *text)
{
    apr_size_t len = strlen(text);

    if ((apr_size_t)(s->end - s->at) < len || memcmp(s->at, text, len) != 0) {
        return 0;
    }
    s->at += len;
    return 1;
}

static int members(rest_scan_t *s, char close, int keyed)
{
    rest_json_t ignored;

    s->at++;
    if (rest_json_char(s, close)) {
        return 1;
    }
    if (++s->depth > APP_JSON_DEPTH_MAX) {
        return 0;
    }
    do {
        if (keyed && !(rest_json_value(s, &ignored) && ignored.kind == REST_JSON_STRING &&
                       rest_json_char(s, ':'))) {
            return 0;
        }
        if (!rest_json_value(s, &ignored)) {
            return 0;
        }
    } while (rest_json_char(s, ','));
    s->depth--;
    return rest_json_char(s, close);
}

static rest_json_e kind_of(char c)
{
    switch (c) {
    case '{':
        return REST_JSON_OBJECT;
    case '[':
        return REST_JSON_ARRAY;
    case '"':
        return REST_JSON_STRING;
    case 't':
        return REST_JSON_TRUE;
    case 'f':
        return REST_JSON_FALSE;
    case 'n':
        return REST_JSON_NULL;
    default:
        return REST_JSON_NUMBER;
    }
}

static int step_over(rest_scan_t *s, rest_json_e kind)
{
    switch (kind) {
    case REST_JSON_OBJECT:
        return members(s, '}', 1);
    case REST_JSON_ARRAY:
        return members(s, ']', 0);
    case REST_JSON_STRING:
        return string(s);
    case REST_JSON_TRUE:
        return word(s, "true");
    case REST_JSON_FALSE:
        return word(s, "false");
    case REST_JSON_NULL:
        return word(s, "null");
    default:
        return number(s);
    }
}

int rest_json_value(rest_scan_t *s, rest_json_t *value)
{
    rest_json_blanks(s);
    if (s->at == s->end) {
        return 0;
    }
    value->text = s->at;
    value->kind = kind_of(*s->at);
    if (!step_over(s, value->kind)) {
        return 0;
    }
    value->len = (apr_size_t)(s->at - value->text);
    return 1;
}

apr_status_t rest_json_read(rest_json_t *pvalue, const char *text, apr_size_t len)
{
    rest_scan_t s = { text, text + len, 0 };
    rest_json_t value;

    if (!rest_json_value(&s, &value)) {
        return APR_EINVAL;
    }
    rest_json_blanks(&s);
    if (s.at != s.end) {
        return APR_EINVAL;
    }
    *pvalue = value;
    return APR_SUCCESS;
}

static char *add_utf8(char *to, unsigned code)
{
    if (code < 0x80) {
        *to++ = (char)code;
    }
    else if (code < 0x800) {
        *to++ = (char)(0xC0 | code >> 6);
        *to++ = (char)(0x80 | (code & 0x3F));
    }
    else if (code < 0x10000) {
        *to++ = (char)(0xE0 | code >> 12);
        *to++ = (char)(0x80 | (code >> 6 & 0x3F));
        *to++ = (char)(0x80 | (code & 0x3F));
    }
    else {
        *to++ = (char)(0xF0 | code >> 18);
        *to++ = (char)(0x80 | (code >> 12 & 0x3F));
        *to++ = (char)(0x80 | (code >> 6 & 0x3F));
        *to++ = (char)(0x80 | (code & 0x3F));
    }
    return to;
}

/** Decodes one escape behind its backslash. @return behind it */
static const char *unescape(const char *at, const char *end, char **pto)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    const char *found;
    unsigned code, low;

    if (*at != 'u') {
        found = strchr(from, *at);
        *(*pto)++ = found ? to[found - from] : *at;
        return at + 1;
    }
    hex4(at + 1, end, &code);
    at += 5;
    if (code >= 0xD800 && code <= 0xDBFF) {
        hex4(at + 2, end, &low);
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        at += 6;
    }
    *pto = add_utf8(*pto, code);
    return at;
}

const char *rest_json_string(const rest_json_t *value, apr_size_t *plen, apr_pool_t *p)
{
    const char *at = value->text + 1, *end = value->text + value->len - 1;
    char *text = apr_palloc(p, value->len), *to = text;

    while (at < end) {
        if (*at != '\\') {
            *to++ = *at++;
            continue;
        }
        at = unescape(at + 1, end, &to);
        if (to[-1] == '\0') {
            return NULL;
        }
    }
    *to = '\0';
    *plen = (apr_size_t)(to - text);
    return text;
}

const char *rest_json_minify(const rest_json_t *value, apr_size_t *plen, apr_pool_t *p)
{
    char *text = apr_palloc(p, value->len + 1), *to = text;
    int in_string = 0;
    apr_size_t i;

    for (i = 0; i < value->len; i++) {
        char c = value->text[i];

        if (!in_string && is_blank(c)) {
            continue;
        }
        if (in_string && c == '\\') {
            *to++ = c;
            c = value->text[++i];
        }
        else if (c == '"') {
            in_string = !in_string;
        }
        *to++ = c;
    }
    *to = '\0';
    *plen = (apr_size_t)(to - text);
    return text;
}
