/* SPDX-License-Identifier: Apache-2.0 */
/**
 * COLLATE app_numeric: decimal numbers that are stored as text, so that no digit is lost, compared
 * by their value. A text that is no number comes behind all numbers.
 */
#include "apr_lib.h"

#include "app_db_sqlite.h"

#define EXPONENT_MAX 1000000000 /* farther ones count as this */

/** sign * 0.DIGITS * 10^point, where the first digit is not zero. */
typedef struct decimal_t {
    int         sign;        /* 0: the number is zero */
    apr_int64_t point;
    const char *digits, *end; /* with a "." among them */
} decimal_t;

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && apr_isdigit(*at)) {
        at++;
    }
    return at;
}

/** "e-5", up to the end. @return 0: it is none */
static int read_exponent(apr_int64_t *pexponent, const char *at, const char *end)
{
    const char *digits;
    int negative;

    *pexponent = 0;
    if (at == end) {
        return 1;
    }
    if (*at != 'e' && *at != 'E') {
        return 0;
    }
    negative = ++at < end && *at == '-';
    at += at < end && (*at == '-' || *at == '+');
    digits = at;
    for (; at < end && apr_isdigit(*at); at++) {
        *pexponent = *pexponent < EXPONENT_MAX ? *pexponent * 10 + (*at - '0') : EXPONENT_MAX;
    }
    *pexponent = negative ? -*pexponent : *pexponent;
    return at == end && at > digits;
}

/** @return 0: the text is no decimal number */
static int read_decimal(decimal_t *d, const char *at, const char *end)
{
    const char *point, *start;
    apr_int64_t exponent;

    d->sign = at < end && *at == '-' ? -1 : 1;
    at += at < end && (*at == '-' || *at == '+');
    start = at;
    point = skip_digits(at, end);
    d->end = point < end && *point == '.' ? skip_digits(point + 1, end) : point;
    if (d->end - start <= (point < d->end) || !read_exponent(&exponent, d->end, end)) {
        return 0;
    }
    for (d->digits = start; d->digits < d->end && strchr("0.", *d->digits); d->digits++) {
    }
    d->point = exponent + (point - d->digits) + (d->digits > point);
    d->sign = d->digits < d->end ? d->sign : 0;
    return 1;
}

static int next_digit(const char **pat, const char *end)
{
    *pat += *pat < end && **pat == '.';
    return *pat < end ? *(*pat)++ : '0';
}

static int compare_sizes(const decimal_t *a, const decimal_t *b)
{
    const char *at = a->digits, *other = b->digits;
    int order = (a->point > b->point) - (a->point < b->point);

    while (!order && (at < a->end || other < b->end)) {
        order = next_digit(&at, a->end) - next_digit(&other, b->end);
    }
    return order;
}

static int collate(void *data, int a_len, const void *a, int b_len, const void *b)
{
    decimal_t first, second;
    int is_first = read_decimal(&first, a, (const char *)a + a_len);
    int is_second = read_decimal(&second, b, (const char *)b + b_len);
    int order;

    (void)data;
    if (!is_first || !is_second) {
        order = memcmp(a, b, (size_t)(a_len < b_len ? a_len : b_len));
        return is_first != is_second ? is_second - is_first : order ? order : a_len - b_len;
    }
    if (first.sign != second.sign || !first.sign) {
        return first.sign - second.sign;
    }
    return first.sign * compare_sizes(&first, &second);
}

int app_lite_functions_numeric(app_lite_t *lite)
{
    return sqlite3_create_collation_v2(lite->link, "app_numeric", SQLITE_UTF8, NULL, collate, NULL);
}
