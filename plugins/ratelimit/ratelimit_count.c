/* SPDX-License-Identifier: Apache-2.0 */
/** Counts in shared memory (ratelimit_count.h): a small table, open addressed, that only grows. */
#include "ratelimit_count.h"

#include "apr_strings.h"

/** The place of a name; it is written by whoever comes first. @return NULL: the table is full */
static ratelimit_count_t *place_of(ratelimit_counts_t *counts, const ratelimit_rule_t *rule)
{
    int i;

    for (i = 0; i < RATELIMIT_COUNTS; i++) {
        ratelimit_count_t *count =
            &counts->limits[(rule->name_id + (apr_uint64_t)i) % RATELIMIT_COUNTS];
        apr_uint64_t id = __atomic_load_n(&count->name_id, __ATOMIC_RELAXED);

        if (id == 0 && __atomic_compare_exchange_n(&count->name_id, &id, rule->name_id, 0,
                                                   __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
            apr_cpystrn(count->name, rule->name, sizeof(count->name));
            __atomic_store_n(&count->named, 1, __ATOMIC_RELEASE);
            return count;
        }
        if (id == rule->name_id) {
            return count;
        }
    }
    return NULL;
}

void ratelimit_count(ratelimit_counts_t *counts, const ratelimit_rule_t *rule,
                     ratelimit_outcome_e outcome)
{
    ratelimit_count_t *count = place_of(counts, rule);

    if (count) {
        __atomic_add_fetch(&count->outcomes[outcome], 1, __ATOMIC_RELAXED);
    }
}

void ratelimit_count_each(const ratelimit_counts_t *counts,
                          void (*each)(void *ctx, const ratelimit_count_t *count), void *ctx)
{
    int i;

    for (i = 0; i < RATELIMIT_COUNTS; i++) {
        if (__atomic_load_n(&counts->limits[i].named, __ATOMIC_ACQUIRE)) {
            each(ctx, &counts->limits[i]);
        }
    }
}
