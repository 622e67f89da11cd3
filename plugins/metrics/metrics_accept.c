/* SPDX-License-Identifier: Apache-2.0 */
/** Which of the two forms is wanted. Thread of the request; no state. */
#include <string.h>

#include "apr_lib.h"

#include "metrics_int.h"

#define OPENMETRICS "application/openmetrics-text"

/** One member of the list, between two commas. */
typedef struct range_t {
    const char *text;
    apr_size_t  len;
    int         quality; /* in thousandths */
    int         dated;   /* a version that we do not write */
} range_t;

static const char *skip_blanks(const char *c)
{
    return c + strspn(c, " \t");
}

/** "1", "0.5", "0.125"; what is no such number counts as 1. */
static int read_quality(const char *c)
{
    int quality = *c == '1' ? 1000 : 0, unit = 100;

    if (*c != '0' && *c != '1') {
        return 1000;
    }
    for (c += c[1] == '.' ? 2 : 1; apr_isdigit(*c) && unit; c++, unit /= 10) {
        quality += (*c - '0') * unit;
    }
    return quality > 1000 ? 1000 : quality;
}

static void read_parameter(range_t *range, const char *c)
{
    if (strncasecmp(c, "q=", 2) == 0) {
        range->quality = read_quality(c + 2);
    }
    else if (strncasecmp(c, "version=", 8) == 0) {
        c += 8;
        c += *c == '"';
        range->dated = strncmp(c, "1.", 2) != 0;
    }
}

/** @return behind the member */
static const char *read_range(range_t *range, const char *c)
{
    range->text = c;
    range->len = strcspn(c, ";, \t");
    range->quality = 1000;
    range->dated = 0;
    for (c += strcspn(c, ";,"); *c == ';'; c += strcspn(c, ";,")) {
        c = skip_blanks(c + 1);
        read_parameter(range, c);
    }
    return *c ? c + 1 : c;
}

static int is(const range_t *range, const char *type)
{
    return range->len == strlen(type) && strncasecmp(range->text, type, range->len) == 0;
}

metrics_form_e metrics_accept(const char *accept)
{
    const char *c = skip_blanks(accept ? accept : "");
    int openmetrics = 0, plain = 0;
    range_t range;

    while (*c) {
        c = skip_blanks(read_range(&range, c));
        if (is(&range, OPENMETRICS) && !range.dated && range.quality > openmetrics) {
            openmetrics = range.quality;
        }
        if (is(&range, "text/plain") && range.quality > plain) {
            plain = range.quality;
        }
    }
    return openmetrics && openmetrics >= plain ? METRICS_OPENMETRICS : METRICS_PROMETHEUS;
}
