/* SPDX-License-Identifier: Apache-2.0 */
/** Numbers for traces and spans (trace_id.h). */
#include <string.h>

#include "apr_general.h"

#include "trace_id.h"

#define RATIO_DIGITS 6

/**
 * The next of a series that starts at a random place in each process; mixed, so that neighbours
 * look unlike (splitmix64). A system call for each would cost more than the rest of a trace.
 */
static apr_uint64_t next_number(void)
{
    static apr_uint64_t next;
    apr_uint64_t z = __atomic_load_n(&next, __ATOMIC_RELAXED);

    if (z == 0) {
        apr_uint64_t seed, zero = 0;

        apr_generate_random_bytes((unsigned char *)&seed, sizeof(seed));
        __atomic_compare_exchange_n(&next, &zero, seed | 1, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    }
    z = __atomic_add_fetch(&next, 0x9E3779B97F4A7C15u, __ATOMIC_RELAXED);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/** All zero is no id. */
void trace_id_make_span(unsigned char id[TRACE_SPAN_ID_SIZE])
{
    apr_uint64_t number;

    do {
        number = next_number();
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
