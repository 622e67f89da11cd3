/* SPDX-License-Identifier: Apache-2.0 */
/** How often each limit has let pass and refused, over all processes. Any thread, no lock. */
#ifndef RATELIMIT_COUNT_H
#define RATELIMIT_COUNT_H

#include "ratelimit_rule.h"

typedef enum ratelimit_outcome_e {
    RATELIMIT_PASSED,
    RATELIMIT_REFUSED,
    RATELIMIT_WOULD_REFUSE, /* dry-run */
    RATELIMIT_OUTCOMES_
} ratelimit_outcome_e;

/** The counts of one name. */
typedef struct ratelimit_count_t {
    apr_uint64_t name_id; /* 0: free */
    apr_uint32_t named;   /* the name can be read */
    char         name[36];
    apr_uint64_t outcomes[RATELIMIT_OUTCOMES_];
} ratelimit_count_t;

#define RATELIMIT_COUNTS 64 /* names; limits beyond go uncounted */

/** What lies in shared memory; all zero at first. */
typedef struct ratelimit_counts_t {
    ratelimit_count_t limits[RATELIMIT_COUNTS];
} ratelimit_counts_t;

void ratelimit_count(ratelimit_counts_t *counts, const ratelimit_rule_t *rule,
                     ratelimit_outcome_e outcome);

/** Calls each(ctx, count) for every name that was counted. */
void ratelimit_count_each(const ratelimit_counts_t *counts,
                          void (*each)(void *ctx, const ratelimit_count_t *count), void *ctx);

#endif
