/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Which trace a request belongs to, as W3C Trace Context (level 1) says it: the headers traceparent
 * and tracestate, read and written. No function here keeps anything; any thread.
 */
#ifndef TRACE_CONTEXT_H
#define TRACE_CONTEXT_H

#include "app_plugin.h"

#define TRACE_ID_SIZE      16
#define TRACE_SPAN_ID_SIZE 8
#define TRACE_ID_HEX       (2 * TRACE_ID_SIZE)
#define TRACE_SPAN_ID_HEX  (2 * TRACE_SPAN_ID_SIZE)
#define TRACE_PARENT_LEN   55 /* of a traceparent of version 00 */
#define TRACE_PARENT_ID_AT 3  /* where the trace id stands in it */

typedef struct trace_context_t {
    unsigned char trace_id[TRACE_ID_SIZE];     /* not all zero */
    unsigned char span_id[TRACE_SPAN_ID_SIZE]; /* of the caller; not all zero */
    int           sampled;
} trace_context_t;

/**
 * Reads a traceparent (3.2). Of a version to come what version 00 says of its beginning is taken.
 * @return APR_SUCCESS; APR_EINVAL: it is none, and a trace has to be begun
 */
apr_status_t trace_context_parse(trace_context_t *context, const char *text);

/** Writes a traceparent of version 00, and a NUL behind it. */
void trace_context_print(char text[TRACE_PARENT_LEN + 1], const trace_context_t *context);

/**
 * Reads a tracestate (3.3) and leaves out what is empty; of one that is longer than 512 bytes
 * first the long members, then the last ones, are left out.
 * @return NULL: there is none, or it is not well-formed and must not be passed on
 */
const char *trace_state_parse(const char *text, apr_pool_t *p);

/** Writes len bytes as 2 * len lower-case hexadecimal digits, without a NUL. @return behind them */
char *trace_hex(char *to, const unsigned char *bytes, apr_size_t len);

#endif
