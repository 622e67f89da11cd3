/* SPDX-License-Identifier: Apache-2.0 */
/** Numbers as text, the same in every locale. Any thread. */
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "app_db_driver.h"

/** A host may run with a decimal comma (PHP's setlocale, for one). */
static void force_point(char *text)
{
    const char *point = localeconv()->decimal_point;
    apr_size_t len = strlen(point);
    char *found = strcmp(point, ".") == 0 ? NULL : strstr(text, point);

    if (found) {
        *found = '.';
        memmove(found + 1, found + len, strlen(found + len) + 1);
    }
}

static apr_size_t print_word(char *buf, const char *word)
{
    apr_size_t len = strlen(word);

    memcpy(buf, word, len + 1);
    return len;
}

apr_size_t app_db_print_real(char buf[APP_DB_REAL_SIZE], double value)
{
    int digits;

    if (isnan(value)) {
        return print_word(buf, "NaN");
    }
    if (isinf(value)) {
        return print_word(buf, value < 0 ? "-Infinity" : "Infinity");
    }
    if (value != 0 && fabs(value) < 1e15 && value == (double)(apr_int64_t)value) {
        return app_db_print_int(buf, (apr_int64_t)value);
    }
    for (digits = fabs(value) < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
        snprintf(buf, APP_DB_REAL_SIZE, "%.*g", digits, value);
        if (strtod(buf, NULL) == value) {
            break;
        }
    }
    force_point(buf);
    return strlen(buf);
}

apr_size_t app_db_print_int(char buf[APP_DB_REAL_SIZE], apr_int64_t value)
{
    char reversed[APP_DB_REAL_SIZE];
    apr_uint64_t rest = value < 0 ? 0 - (apr_uint64_t)value : (apr_uint64_t)value;
    apr_size_t n = 0, len = 0;

    do {
        reversed[n++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0) {
        buf[len++] = '-';
    }
    while (n) {
        buf[len++] = reversed[--n];
    }
    buf[len] = '\0';
    return len;
}
