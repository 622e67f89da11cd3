/* SPDX-License-Identifier: Apache-2.0 */
/** What is told of a request: a span for it, and one for each of its phases. Its thread. */
#ifndef TRACE_SPANS_H
#define TRACE_SPANS_H

#include "trace_int.h"

#define TRACE_SPANS_MAX (32 * 1024) /* bytes of a request's spans */

/**
 * Writes the spans of a request that is over.
 * @param database "sqlite" or "postgresql"; NULL: the site has none
 */
void trace_spans_write(app_buf_t *buf, const trace_request_t *trace, const app_request_t *r,
                       const char *database);

#endif
