/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Sends spans to a collector (OTLP over HTTP, in JSON), from a thread of its own, in batches. What
 * the collector does not take is tried again for a while; then, and when the queue is full, spans
 * are dropped and counted. No request ever waits for it.
 */
#ifndef TRACE_EXPORT_H
#define TRACE_EXPORT_H

#include "app_metric.h"
#include "trace_queue.h"

typedef struct trace_export_conf_t {
    const char         *endpoint; /* http:// or https:// */
    const char         *header;   /* "Name: value", a secret; NULL: none */
    const char         *ca_file;  /* NULL: the system's */
    const char         *service;
    apr_interval_time_t every;    /* a batch is sent at least that often */
    apr_interval_time_t timeout;  /* of one request to the collector */
    apr_int64_t         queue_size;
} trace_export_conf_t;

typedef struct trace_export_t trace_export_t;

/** Of how many requests the spans were sent, and dropped, so far, in this process. */
typedef struct trace_export_counts_t {
    apr_uint64_t sent, dropped;
    apr_size_t   waiting; /* bytes in the queue */
} trace_export_counts_t;

/**
 * At the start of a process. The thread begins with the first spans.
 * @param conf lives as long as p
 * @param requests counts the requests by what has become of their spans ("sent", "dropped")
 */
apr_status_t trace_export_start(trace_export_t **pto, const trace_export_conf_t *conf,
                                const app_metric_t *requests, app_error_t *err, apr_pool_t *p);

/** Hands the spans of one request over, as text with "," between them. Any thread. */
void trace_export_put(trace_export_t *to, const char *spans, apr_size_t len);

/** Sends what waits, for a second or two at most, and ends the thread. */
void trace_export_stop(trace_export_t *to);

trace_export_counts_t trace_export_counts(trace_export_t *to);

#endif
