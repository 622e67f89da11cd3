/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A line of the setting Limit, as requests use it. Made while the configuration is read, only
 * looked at afterwards.
 *
 *     Limit NAME RATE [per=…] [burst=N] [cost=METHOD:N,…] [role=…] [not-role=…] [dry-run]
 *     Limit NAME off
 */
#ifndef RATELIMIT_RULE_H
#define RATELIMIT_RULE_H

#include "ratelimit_table.h"

#include "app_plugin.h"

/** Who shares a bucket. Whoever has no user, key or header counts by address. */
typedef enum ratelimit_per_e {
    RATELIMIT_PER_ADDRESS,
    RATELIMIT_PER_ALL,
    RATELIMIT_PER_HEADER,
    RATELIMIT_PER_USER,
    RATELIMIT_PER_KEY
} ratelimit_per_e;

typedef struct ratelimit_cost_t {
    const char *method;
    apr_int64_t tokens;
} ratelimit_cost_t;

typedef struct ratelimit_rule_t {
    const char        *name;
    apr_uint64_t       name_id; /* not 0 */
    apr_uint64_t       id;      /* of name, rate and whose: what buckets are told apart by */
    unsigned           off : 1;
    unsigned           dry_run : 1;
    unsigned           early : 1; /* before it is known who asks */
    ratelimit_per_e    per;
    const char        *header; /* PER_HEADER */
    ratelimit_rate_t   rate;
    const char        *said_rate; /* "100/1m", for texts */
    apr_array_header_t *costs;    /* of ratelimit_cost_t */
    apr_array_header_t *roles;    /* of const char *; NULL: all */
    apr_array_header_t *not_roles;
    const char        *policy; /* its item in RateLimit-Policy: "name";q=100;w=60 */
    const char        *item;   /* the start of its item in RateLimit: "name";r= */
} ratelimit_rule_t;

/** The parser of the setting's row. */
app_setting_parse_fn ratelimit_rule_parse;

/** Tokens that a request by this method takes; 0: it is not counted. */
apr_int64_t ratelimit_rule_cost(const ratelimit_rule_t *rule, const char *method);

/** Whether it is for somebody in this role; NULL: the anonymous one. */
int ratelimit_rule_is_for(const ratelimit_rule_t *rule, const char *role);

#endif
