/* SPDX-License-Identifier: Apache-2.0 */
/** The growing text of app_buf.h: JSON and SQL are written with it. */
#include <stdio.h>
#include <string.h>

#include "app_core_int.h"

#define FIRST_SIZE 256

void app_buf_init(app_buf_t *buf, apr_pool_t *p, apr_size_t max)
{
    memset(buf, 0, sizeof(*buf));
    buf->pool = p;
    buf->max = max;
    buf->data = (char *)"";
}

static int grow(app_buf_t *buf, apr_size_t len)
{
    apr_size_t size = buf->size ? buf->size : FIRST_SIZE;
    char *data;

    if (buf->full || len > buf->max - buf->len) {
        buf->full = 1;
        return 0;
    }
    while (size <= buf->len + len) {
        size *= 2;
    }
    if (size > buf->max) {
        size = buf->max + 1;
    }
    data = apr_palloc(buf->pool, size);
    memcpy(data, buf->data, buf->len);
    buf->data = data;
    buf->size = size;
    return 1;
}

/** Makes room for len more bytes and the NUL. What is allocated never exceeds max and the NUL. */
static inline int reserve(app_buf_t *buf, apr_size_t len)
{
    return (len < buf->size - buf->len && !buf->full) || grow(buf, len);
}

void app_buf_add(app_buf_t *buf, const char *data, apr_size_t len)
{
    if (len && reserve(buf, len)) {
        memcpy(buf->data + buf->len, data, len);
        buf->len += len;
        buf->data[buf->len] = '\0';
    }
}

void app_buf_adds(app_buf_t *buf, const char *text)
{
    app_buf_add(buf, text, strlen(text));
}

void app_buf_addc(app_buf_t *buf, char c)
{
    if (reserve(buf, 1)) {
        buf->data[buf->len++] = c;
        buf->data[buf->len] = '\0';
    }
}

/** Whether a format has no directive but %s. */
static int has_texts_only(const char *format)
{
    while ((format = strchr(format, '%'))) {
        if (format[1] != 's') {
            return 0;
        }
        format += 2;
    }
    return 1;
}

static const char *text_or_null(const char *text)
{
    return text ? text : "(null)"; /* as vsnprintf() writes it */
}

static apr_size_t length_of_texts(const char *format, va_list args)
{
    apr_size_t len = strlen(format);

    while ((format = strchr(format, '%'))) {
        len += strlen(text_or_null(va_arg(args, const char *))) - 2;
        format += 2;
    }
    return len;
}

/** What most formats are, in a fraction of the time that vsnprintf() takes for long texts. */
static void add_texts(app_buf_t *buf, const char *format, va_list args)
{
    const char *directive;

    while ((directive = strchr(format, '%'))) {
        app_buf_add(buf, format, (apr_size_t)(directive - format));
        app_buf_adds(buf, text_or_null(va_arg(args, const char *)));
        format = directive + 2;
    }
    app_buf_adds(buf, format);
}

APP_PRINTF(2, 0)
static void add_formatted(app_buf_t *buf, const char *format, va_list args, int len)
{
    if (len < 0) {
        buf->full = 1;
    }
    else if (len && reserve(buf, (apr_size_t)len)) {
        vsnprintf(buf->data + buf->len, (apr_size_t)len + 1, format, args);
        buf->len += (apr_size_t)len;
    }
}

void app_buf_addf(app_buf_t *buf, const char *format, ...)
{
    int texts = has_texts_only(format);
    va_list args, again;

    va_start(args, format);
    va_copy(again, args);
    if (!texts) {
        add_formatted(buf, format, again, vsnprintf(NULL, 0, format, args));
    }
    else if (reserve(buf, length_of_texts(format, args))) {
        add_texts(buf, format, again);
    }
    va_end(again);
    va_end(args);
}

static void add_escaped(app_buf_t *buf, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    static const char *const names[] = { ['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n",
                                         ['\f'] = "\\f", ['\r'] = "\\r" };

    if (c == '"' || c == '\\') {
        app_buf_addc(buf, '\\');
        app_buf_addc(buf, (char)c);
    }
    else if (c < sizeof(names) / sizeof(names[0]) && names[c]) {
        app_buf_add(buf, names[c], 2);
    }
    else {
        char code[6] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };
        app_buf_add(buf, code, sizeof(code));
    }
}

static inline int is_plain_byte(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/** Whether none of eight bytes is a control character, a quote, a backslash or beyond ASCII. */
static inline int is_plain(const char *text)
{
    const apr_uint64_t ones = 0x0101010101010101, tops = ones << 7;
    apr_uint64_t word, quotes, backslashes;

    memcpy(&word, text, sizeof(word));
    quotes = word ^ ones * '"';
    backslashes = word ^ ones * '\\';
    return ((word | (word - ones * 0x20) | (quotes - ones) | (backslashes - ones)) & tops) == 0;
}

/** Adds what the text begins with and needs no look of its own. @return its length */
static apr_size_t add_plain(app_buf_t *buf, const char *text, apr_size_t len)
{
    apr_size_t i = 0;
    char *to;

    if (!reserve(buf, len)) {
        return 0;
    }
    to = buf->data + buf->len;
    for (; len - i >= 8 && is_plain(text + i); i += 8) {
        memcpy(to + i, text + i, 8);
    }
    if (len - i < 8) {
        for (; i < len && is_plain_byte((unsigned char)text[i]); i++) {
            to[i] = text[i];
        }
    }
    buf->len += i;
    buf->data[buf->len] = '\0';
    return i;
}

void app_buf_add_json(app_buf_t *buf, const char *text, apr_size_t len)
{
    apr_size_t plain, i;

    app_buf_addc(buf, '"');
    plain = i = add_plain(buf, text, len);
    while (i < len) {
        unsigned char c = (unsigned char)text[i];
        apr_size_t step = 1;

        if (len - i >= 8 && is_plain(text + i)) {
            i += 8;
            continue;
        }
        if (is_plain_byte(c)) {
            i++;
            continue;
        }
        if (c >= 0x80 && (step = app_utf8_step(text + i, len - i)) > 0) {
            i += step;
            continue;
        }
        app_buf_add(buf, text + plain, i - plain);
        if (c >= 0x80) {
            app_buf_add(buf, "\xEF\xBF\xBD", 3);
        }
        else {
            add_escaped(buf, c);
        }
        plain = ++i;
    }
    app_buf_add(buf, text + plain, i - plain);
    app_buf_addc(buf, '"');
}

void app_buf_add_ident(app_buf_t *buf, const char *name)
{
    const char *quote;

    app_buf_addc(buf, '"');
    while ((quote = strchr(name, '"'))) {
        app_buf_add(buf, name, (apr_size_t)(quote - name) + 1);
        app_buf_addc(buf, '"');
        name = quote + 1;
    }
    app_buf_adds(buf, name);
    app_buf_addc(buf, '"');
}

int app_buf_full(const app_buf_t *buf)
{
    return buf->full;
}
