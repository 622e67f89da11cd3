/* SPDX-License-Identifier: Apache-2.0 */
/** Numbers for traces and spans (trace_id.h). */
#include <string.h>

#include "app_series.h"
#include "trace_id.h"

#define RATIO_DIGITS 6

/** All zero is no id. */
void trace_id_make_span(unsigned char id[TRACE_SPAN_ID_SIZE])
{
    static apr_uint64_t series;
    apr_uint64_t number;

    do {
        number = app_series_next(&series);
    } while (number == 0);
    memcpy(id, &number, TRACE_SPAN_ID_SIZE);
}

void trace_id_make(unsigned char id[TRACE_ID_SIZE])
{
    trace_id_make_span(id);
    trace_id_make_span(id + TRACE_SPAN_ID_SIZE);
}

int trace_id_chosen(const unsigned char id[TRACE_ID_SIZE], apr_int64_t ratio)
{
    apr_uint64_t number;

    memcpy(&number, id + TRACE_ID_SIZE - sizeof(number), sizeof(number));
    return number % TRACE_RATIO_ONE < (apr_uint64_t)ratio;
}

apr_status_t trace_ratio_parse(apr_int64_t *pratio, const char *text)
{
    apr_int64_t ratio, unit = TRACE_RATIO_ONE;
    apr_size_t digits;

    if (text[0] != '0' && text[0] != '1') {
        return APR_EINVAL;
    }
    ratio = (text[0] - '0') * unit;
    text++;
    if (*text == '.') {
        text++;
        digits = strspn(text, "0123456789");
        if (digits == 0 || digits > RATIO_DIGITS) {
            return APR_EINVAL;
        }
        for (; digits; digits--) {
            unit /= 10;
            ratio += (*text++ - '0') * unit;
        }
    }
    if (*text || ratio > TRACE_RATIO_ONE) {
        return APR_EINVAL;
    }
    *pratio = ratio;
    return APR_SUCCESS;
}
