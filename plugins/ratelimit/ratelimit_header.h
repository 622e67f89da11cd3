/* SPDX-License-Identifier: Apache-2.0 */
/**
 * RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-10): what holds, and what is
 * left. Thread of the request.
 */
#ifndef RATELIMIT_HEADER_H
#define RATELIMIT_HEADER_H

#include "ratelimit_rule.h"

/** Whole seconds, rounded up: whoever waits so long does not come too early. */
apr_int64_t ratelimit_seconds(apr_int64_t nanoseconds);

/**
 * Adds the rule's items. t is when the bucket is full again; where the request was refused, when
 * it would pass, as in Retry-After (section 4.2 of the draft wants the same moment).
 */
void ratelimit_header_add(app_response_t *res, const ratelimit_rule_t *rule,
                          const ratelimit_verdict_t *verdict);

#endif
