/* SPDX-License-Identifier: Apache-2.0 */
/** Query strings, percent-encoding, UTF-8 and entity tags: bounded, fuzzed, no state. */
#include <string.h>

#include "apr_lib.h"
#include "apr_strings.h"

#include "app_core_int.h"

/** Decodes len bytes of from into to, which may be the same place. @return length */
static apr_size_t query_decode(char *to, const char *from, apr_size_t len)
{
    apr_size_t i, n = 0;

    for (i = 0; i < len; i++) {
        int high, low;

        if (from[i] == '+') {
            to[n++] = ' ';
        }
        else if (from[i] == '%' && i + 2 < len && (high = app_hex_digit(from[i + 1])) >= 0 &&
                 (low = app_hex_digit(from[i + 2])) >= 0) {
            to[n++] = (char)(high << 4 | low);
            i += 2;
        }
        else {
            to[n++] = from[i];
        }
    }
    return n;
}

static const char *decoded(const char *text, apr_size_t len, apr_size_t *plen, apr_pool_t *p)
{
    char *copy = apr_palloc(p, len + 1);

    *plen = query_decode(copy, text, len);
    copy[*plen] = '\0';
    return copy;
}

static apr_status_t pair_check(const app_pair_t *pair, app_error_t *err)
{
    if (memchr(pair->key, '\0', pair->key_len) ||
        (pair->value && memchr(pair->value, '\0', pair->value_len))) {
        app_fail(err, APP_E_QUERY_SYNTAX, "The query string holds a NUL character (%%00)");
        return app_hint(err, "Leave it out: no database stores it in a text.");
    }
    if (!app_utf8_valid(pair->key, pair->key_len) ||
        (pair->value && !app_utf8_valid(pair->value, pair->value_len))) {
        app_fail(err, APP_E_QUERY_SYNTAX, "The query string is not valid UTF-8");
        return app_hint(err, "Percent-encode the UTF-8 bytes of each character.");
    }
    return APR_SUCCESS;
}

apr_status_t app_query_parse(const char *query, const apr_array_header_t **ppairs,
                             app_error_t *err, apr_pool_t *p)
{
    apr_array_header_t *pairs = apr_array_make(p, 8, sizeof(app_pair_t));
    const char *cursor = query ? query : "";

    while (*cursor) {
        apr_size_t len = strcspn(cursor, "&;");
        const char *equals = memchr(cursor, '=', len);
        apr_size_t key_len = equals ? (apr_size_t)(equals - cursor) : len;
        app_pair_t *pair;

        if (len) {
            if (pairs->nelts == APP_QUERY_PAIRS_MAX) {
                app_fail(err, APP_E_QUERY_SYNTAX, "The query string has more than %d parameters",
                         APP_QUERY_PAIRS_MAX);
                return app_hint(err, "Use in.(…) for many values of one column.");
            }
            pair = apr_array_push(pairs);
            pair->key = decoded(cursor, key_len, &pair->key_len, p);
            if (equals) {
                pair->value = decoded(equals + 1, len - key_len - 1, &pair->value_len, p);
            }
            if (pair_check(pair, err) != APR_SUCCESS) {
                return APP_EFAIL;
            }
        }
        cursor += len + (cursor[len] != '\0');
    }
    *ppairs = pairs;
    return APR_SUCCESS;
}

const char *app_url_encode(const char *text, apr_pool_t *p)
{
    static const char hex[] = "0123456789ABCDEF";
    char *out = apr_palloc(p, strlen(text) * 3 + 1), *to = out;

    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (apr_isalnum(c) || strchr("-_.~", c)) {
            *to++ = (char)c;
        }
        else {
            *to++ = '%';
            *to++ = hex[c >> 4];
            *to++ = hex[c & 15];
        }
    }
    *to = '\0';
    return out;
}

apr_size_t app_utf8_step(const char *text, apr_size_t len)
{
    const unsigned char *s = (const unsigned char *)text;
    apr_size_t n, i;

    if (len == 0) {
        return 0;
    }
    if (s[0] < 0x80) {
        return 1;
    }
    n = s[0] < 0xC2 ? 0 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : s[0] < 0xF5 ? 4 : 0;
    if (n == 0 || n > len) {
        return 0;
    }
    for (i = 1; i < n; i++) {
        if ((s[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F) ||
        (s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F)) {
        return 0;
    }
    return n;
}

int app_utf8_valid(const char *text, apr_size_t len)
{
    apr_size_t i = 0, step;

    while (i < len) {
        if (!(text[i] & 0x80)) {
            i++;
        }
        else if ((step = app_utf8_step(text + i, len - i)) > 0) {
            i += step;
        }
        else {
            return 0;
        }
    }
    return 1;
}

apr_status_t app_int64_parse(const char *text, apr_size_t len, apr_int64_t *pvalue)
{
    apr_uint64_t value = 0, limit = APR_INT64_MAX;
    apr_size_t i = 0;
    int negative = 0;

    if (len && (text[0] == '-' || text[0] == '+')) {
        negative = text[i++] == '-';
        limit += (apr_uint64_t)negative;
    }
    if (i == len) {
        return APR_EINVAL;
    }
    for (; i < len; i++) {
        unsigned digit = (unsigned)(text[i] - '0');

        if (digit > 9 || value > (limit - digit) / 10) {
            return APR_EINVAL;
        }
        value = value * 10 + digit;
    }
    *pvalue = negative ? (apr_int64_t)(0 - value) : (apr_int64_t)value;
    return APR_SUCCESS;
}

/** Length of an opaque tag without the suffix that a compressing filter added inside the quotes. */
static apr_size_t bare_length(const char *tag, apr_size_t len)
{
    static const char *const suffixes[] = { "-gzip\"", "-br\"", "-zstd\"" };
    apr_size_t i;

    for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        apr_size_t suffix = strlen(suffixes[i]);

        if (len > suffix && memcmp(tag + len - suffix, suffixes[i], suffix) == 0) {
            return len - suffix;
        }
    }
    return len ? len - 1 : 0;
}

int app_etag_match(const char *list, const char *etag)
{
    apr_size_t wanted;

    if (strncmp(etag, "W/", 2) == 0) {
        etag += 2;
    }
    wanted = bare_length(etag, strlen(etag));
    for (;;) {
        const char *end;

        list += strspn(list, " \t,");
        if (*list == '*') {
            return 1;
        }
        if (strncmp(list, "W/", 2) == 0) {
            list += 2;
        }
        if (*list != '"' || !(end = strchr(list + 1, '"'))) {
            return 0;
        }
        if (bare_length(list, (apr_size_t)(end - list) + 1) == wanted &&
            memcmp(list, etag, wanted) == 0) {
            return 1;
        }
        list = end + 1;
    }
}
