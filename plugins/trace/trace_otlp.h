/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Spans as OpenTelemetry's collectors take them: OTLP in JSON. Writers only; any thread, each with
 * a buffer of its own.
 *
 *     trace_otlp_head(buf, "shop")
 *     trace_otlp_span(buf, &span); trace_otlp_text(buf, "http.route", "/films"); …
 *     trace_otlp_end(buf, 0)          and further spans, with "," between them
 *     trace_otlp_tail(buf)
 */
#ifndef TRACE_OTLP_H
#define TRACE_OTLP_H

#include "trace_context.h"

typedef enum trace_kind_e { TRACE_INTERNAL = 1, TRACE_SERVER, TRACE_CLIENT } trace_kind_e;

typedef struct trace_span_t {
    const unsigned char *trace_id;
    const unsigned char *id;
    const unsigned char *parent; /* NULL: the trace begins with it */
    const char          *state;  /* tracestate; NULL: none */
    const char          *name;
    trace_kind_e         kind;
    apr_time_t           begun;
    apr_interval_time_t  duration;
} trace_span_t;

/** What stands before the spans: who sends them. */
void trace_otlp_head(app_buf_t *buf, const char *service);
void trace_otlp_tail(app_buf_t *buf);

/** A span, up to its attributes. */
void trace_otlp_span(app_buf_t *buf, const trace_span_t *span);
/** An attribute of the span, or nothing if value is NULL. */
void trace_otlp_text(app_buf_t *buf, const char *key, const char *value);
void trace_otlp_int(app_buf_t *buf, const char *key, apr_int64_t value);
/** The end of the span. @param failed whether what it is about is to be looked at */
void trace_otlp_end(app_buf_t *buf, int failed);

#endif
