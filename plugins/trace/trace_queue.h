/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What waits to be sent: texts, first in first out, in so many bytes and never more. Any thread may
 * put, one takes. What does not fit is dropped and counted: nobody waits for room.
 */
#ifndef TRACE_QUEUE_H
#define TRACE_QUEUE_H

#include "app_plugin.h"

typedef struct trace_queue_t trace_queue_t;

/**
 * @param size bytes for all texts, with four more for each
 * @param ready with so many bytes waiting, trace_queue_wait() returns before its time
 * @return an APR status where there is no memory or lock
 */
apr_status_t trace_queue_create(trace_queue_t **pqueue, apr_size_t size, apr_size_t ready,
                                apr_pool_t *p);

/** @return 0: dropped */
int trace_queue_put(trace_queue_t *queue, const char *text, apr_size_t len);

/**
 * Waits until the queue is closed or the time is over; at times less.
 * @param until_ready nonzero: or until much has been put
 * @return whether it is closed
 */
int trace_queue_wait(trace_queue_t *queue, int until_ready, apr_interval_time_t time);

/** Moves texts to the end of buf, with "," between them, as many as fit. @return how many */
int trace_queue_take(trace_queue_t *queue, app_buf_t *buf);

/** Nothing can be put from now on. Wakes who waits. */
void trace_queue_close(trace_queue_t *queue);

/** @return bytes that are taken; *pdropped: texts that did not fit, so far */
apr_size_t trace_queue_waiting(trace_queue_t *queue, apr_uint64_t *pdropped);

#endif
