/* SPDX-License-Identifier: Apache-2.0 */
/** traceparent, read and written (trace_context.h). What is read comes from anybody. */
#include <string.h>

#include "trace_context.h"

#define SAMPLED 0x01 /* of the flags; the others mean nothing in version 00 */

/** Upper-case digits are not allowed (3.2.2). @return -1: none */
static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/** Takes len bytes in hexadecimal. *pat stops where something else is. */
static int take_hex(unsigned char *to, const char **pat, apr_size_t len)
{
    const char *at = *pat;

    for (; len; len--, at += 2) {
        int high = digit(at[0]), low = high < 0 ? -1 : digit(at[1]);

        if (low < 0) {
            return 0;
        }
        *to++ = (unsigned char)(high << 4 | low);
    }
    *pat = at;
    return 1;
}

static int take_dash(const char **pat)
{
    return *(*pat)++ == '-';
}

static int is_zero(const unsigned char *bytes, apr_size_t len)
{
    while (len && !bytes[len - 1]) {
        len--;
    }
    return len == 0;
}

apr_status_t trace_context_parse(trace_context_t *context, const char *text)
{
    trace_context_t found;
    unsigned char version, flags;

    if (!take_hex(&version, &text, 1) || version == 0xFF || !take_dash(&text) ||
        !take_hex(found.trace_id, &text, sizeof(found.trace_id)) || !take_dash(&text) ||
        !take_hex(found.span_id, &text, sizeof(found.span_id)) || !take_dash(&text) ||
        !take_hex(&flags, &text, 1)) {
        return APR_EINVAL;
    }
    if (*text && (version == 0 || *text != '-')) {
        return APR_EINVAL;
    }
    if (is_zero(found.trace_id, sizeof(found.trace_id)) ||
        is_zero(found.span_id, sizeof(found.span_id))) {
        return APR_EINVAL;
    }
    found.sampled = (flags & SAMPLED) != 0;
    *context = found;
    return APR_SUCCESS;
}

char *trace_hex(char *to, const unsigned char *bytes, apr_size_t len)
{
    static const char digits[] = "0123456789abcdef";

    for (; len; len--, bytes++) {
        *to++ = digits[*bytes >> 4];
        *to++ = digits[*bytes & 15];
    }
    return to;
}

void trace_context_print(char text[TRACE_PARENT_LEN + 1], const trace_context_t *context)
{
    memcpy(text, "00-", 3);
    text = trace_hex(text + 3, context->trace_id, sizeof(context->trace_id));
    *text++ = '-';
    text = trace_hex(text, context->span_id, sizeof(context->span_id));
    memcpy(text, context->sampled ? "-01" : "-00", 4);
}
