/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the files of plugin trace know of each other:
 *
 *   trace.c           settings, and the filters of a request   the request's thread
 *   trace_context.c   traceparent                              any thread
 *   trace_state.c     tracestate                               any thread
 *   trace_id.c        numbers of traces and spans              any thread
 *   trace_spans.c     what is told of a request                the request's thread
 *   trace_otlp.c      how it is written                        any thread
 *   trace_queue.c     what waits to be sent                    any thread
 *   trace_export.c    sending it, in a thread of its own       that thread
 *   trace_post.c      one request to the collector             that thread
 */
#ifndef TRACE_INT_H
#define TRACE_INT_H

#include "trace_context.h"
#include "trace_export.h"
#include "trace_id.h"

typedef struct trace_conf_t {
    int                 take_parent;
    int                 other;
    const char         *sample_ratio;
    trace_export_conf_t export; /* endpoint NULL: spans go nowhere */
} trace_conf_t;

/** A request's place in its trace. Lives as long as the request. */
typedef struct trace_request_t {
    trace_context_t own; /* span_id: of this request */
    int             has_parent;
    unsigned char   parent[TRACE_SPAN_ID_SIZE]; /* of the caller's span, where it has one */
    app_trace_t     told;                       /* to the core */
} trace_request_t;

#endif
