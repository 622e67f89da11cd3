/* SPDX-License-Identifier: Apache-2.0 */
/** One collector, asked by libcurl over a connection that is kept. One thread at a time. */
#ifndef TRACE_POST_H
#define TRACE_POST_H

#include "trace_export.h"

typedef struct trace_post_t trace_post_t;

typedef enum trace_post_e {
    TRACE_POST_TAKEN,
    TRACE_POST_LATER,  /* the same may be taken another time */
    TRACE_POST_REFUSED /* it never will */
} trace_post_e;

/**
 * @param pstop a moment, 0 at first, set by anybody: past it a request is broken off
 * @return NULL: libcurl fails
 */
trace_post_t *trace_post_create(const trace_export_conf_t *conf, const apr_time_t *pstop,
                                apr_pool_t *p);
void          trace_post_destroy(trace_post_t *post);

/** @param pwhy what was wrong, if it was not taken; lives until the next call */
trace_post_e trace_post_send(trace_post_t *post, const char *body, apr_size_t len,
                             const char **pwhy);

#endif
