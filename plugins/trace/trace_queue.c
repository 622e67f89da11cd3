/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A ring of bytes (trace_queue.h). Each text stands behind its length, and either may go on at the
 * ring's beginning.
 */
#include <string.h>

#include "apr_thread_cond.h"
#include "apr_thread_mutex.h"

#include "trace_queue.h"

#define LENGTH_SIZE sizeof(apr_uint32_t)

struct trace_queue_t {
    apr_thread_mutex_t *lock; /* over what follows */
    apr_thread_cond_t  *wake;
    char               *ring;
    apr_size_t          size, ready;
    apr_size_t          first; /* where the oldest text begins */
    apr_size_t          used;
    int                 closed;
    apr_uint64_t        dropped;
};

apr_status_t trace_queue_create(trace_queue_t **pqueue, apr_size_t size, apr_size_t ready,
                                apr_pool_t *p)
{
    trace_queue_t *queue = apr_pcalloc(p, sizeof(*queue));
    apr_status_t rv;

    queue->ring = apr_palloc(p, size);
    queue->size = size;
    queue->ready = ready;
    if ((rv = apr_thread_mutex_create(&queue->lock, APR_THREAD_MUTEX_UNNESTED, p)) ==
            APR_SUCCESS &&
        (rv = apr_thread_cond_create(&queue->wake, p)) == APR_SUCCESS) {
        *pqueue = queue;
    }
    return rv;
}

static void write_locked(trace_queue_t *queue, const void *bytes, apr_size_t len)
{
    apr_size_t at = (queue->first + queue->used) % queue->size;
    apr_size_t part = queue->size - at < len ? queue->size - at : len;

    memcpy(queue->ring + at, bytes, part);
    memcpy(queue->ring, (const char *)bytes + part, len - part);
    queue->used += len;
}

static void read_locked(const trace_queue_t *queue, apr_size_t skip, void *to, apr_size_t len)
{
    apr_size_t at = (queue->first + skip) % queue->size;
    apr_size_t part = queue->size - at < len ? queue->size - at : len;

    memcpy(to, queue->ring + at, part);
    memcpy((char *)to + part, queue->ring, len - part);
}

int trace_queue_put(trace_queue_t *queue, const char *text, apr_size_t len)
{
    apr_uint32_t length = (apr_uint32_t)len;
    int fits;

    apr_thread_mutex_lock(queue->lock);
    fits = !queue->closed && len <= APR_UINT32_MAX &&
           queue->size - queue->used >= LENGTH_SIZE &&
           queue->size - queue->used - LENGTH_SIZE >= len;
    if (fits) {
        write_locked(queue, &length, LENGTH_SIZE);
        write_locked(queue, text, len);
        if (queue->used >= queue->ready && queue->used - LENGTH_SIZE - len < queue->ready) {
            apr_thread_cond_signal(queue->wake);
        }
    }
    else {
        queue->dropped++;
    }
    apr_thread_mutex_unlock(queue->lock);
    return fits;
}

int trace_queue_wait(trace_queue_t *queue, int until_ready, apr_interval_time_t time)
{
    int closed;

    apr_thread_mutex_lock(queue->lock);
    if (!queue->closed && !(until_ready && queue->used >= queue->ready)) {
        apr_thread_cond_timedwait(queue->wake, queue->lock, time);
    }
    closed = queue->closed;
    apr_thread_mutex_unlock(queue->lock);
    return closed;
}

/** @return 0: there is none, or no room for it */
static int take_one_locked(trace_queue_t *queue, app_buf_t *buf, int further)
{
    apr_uint32_t length;
    apr_size_t part;

    if (!queue->used) {
        return 0;
    }
    read_locked(queue, 0, &length, LENGTH_SIZE);
    if (buf->max - buf->len < (apr_size_t)length + 1) {
        return 0;
    }
    if (further) {
        app_buf_addc(buf, ',');
    }
    queue->first = (queue->first + LENGTH_SIZE) % queue->size;
    part = queue->size - queue->first < length ? queue->size - queue->first : length;
    app_buf_add(buf, queue->ring + queue->first, part);
    app_buf_add(buf, queue->ring, length - part);
    queue->first = (queue->first + length) % queue->size;
    queue->used -= LENGTH_SIZE + length;
    return 1;
}

int trace_queue_take(trace_queue_t *queue, app_buf_t *buf)
{
    int taken = 0;

    apr_thread_mutex_lock(queue->lock);
    while (take_one_locked(queue, buf, taken > 0)) {
        taken++;
    }
    apr_thread_mutex_unlock(queue->lock);
    return taken;
}

void trace_queue_close(trace_queue_t *queue)
{
    apr_thread_mutex_lock(queue->lock);
    queue->closed = 1;
    apr_thread_cond_signal(queue->wake);
    apr_thread_mutex_unlock(queue->lock);
}

apr_size_t trace_queue_waiting(trace_queue_t *queue, apr_uint64_t *pdropped)
{
    apr_size_t used;

    apr_thread_mutex_lock(queue->lock);
    used = queue->used;
    *pdropped = queue->dropped;
    apr_thread_mutex_unlock(queue->lock);
    return used;
}
