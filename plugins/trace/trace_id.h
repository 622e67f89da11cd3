/* SPDX-License-Identifier: Apache-2.0 */
/** Numbers for traces and spans, and which traces are kept. Any thread. */
#ifndef TRACE_ID_H
#define TRACE_ID_H

#include "trace_context.h"

#define TRACE_RATIO_ONE 1000000 /* every trace: ratios are counted in millionths */

/** An id for a new trace: no other process or machine makes it for a very long time. */
void trace_id_make(unsigned char id[TRACE_ID_SIZE]);

/** An id for a new span. */
void trace_id_make_span(unsigned char id[TRACE_SPAN_ID_SIZE]);

/** Whether the new trace of that id is among the ratio that is kept. */
int trace_id_chosen(const unsigned char id[TRACE_ID_SIZE], apr_int64_t ratio);

/**
 * Reads a ratio from 0 to 1: "0.25", "1". At most six digits behind the point.
 * @return APR_SUCCESS; APR_EINVAL: it is none
 */
apr_status_t trace_ratio_parse(apr_int64_t *pratio, const char *text);

#endif
