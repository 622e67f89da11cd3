/* SPDX-License-Identifier: Apache-2.0 */
/** The draft's headers (ratelimit_header.h); by hand, since printf() costs more than a limit. */
#include "ratelimit_header.h"

#define SECOND    APR_INT64_C(1000000000)
#define ITEM_MAX  128 /* a name of 32 bytes, two numbers of 20, and what stands between */

apr_int64_t ratelimit_seconds(apr_int64_t nanoseconds)
{
    return (nanoseconds + SECOND - 1) / SECOND;
}

static char *put_text(char *to, const char *text)
{
    while (*text) {
        *to++ = *text++;
    }
    return to;
}

static char *put_number(char *to, apr_int64_t number)
{
    char digits[20];
    int n = 0;

    do {
        digits[n++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (n > 0) {
        *to++ = digits[--n];
    }
    return to;
}

void ratelimit_header_add(app_response_t *res, const ratelimit_rule_t *rule,
                          const ratelimit_verdict_t *verdict)
{
    const apr_int64_t left = (rule->rate.whole - verdict->until_full) / rule->rate.interval;
    char item[ITEM_MAX], *to = item;

    to = put_text(to, rule->item);
    to = put_number(to, left > 0 ? left : 0);
    to = put_text(to, ";t=");
    to = put_number(to, ratelimit_seconds(verdict->passed ? verdict->until_full : verdict->wait));
    *to = '\0';
    app_response_header_add(res, "RateLimit-Policy", rule->policy);
    app_response_header_add(res, "RateLimit", item);
}
