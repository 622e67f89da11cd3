/* SPDX-License-Identifier: Apache-2.0 */
/** app_buf_add() for where rows are printed: no call while there is room. */
#ifndef APP_BUF_PUT_H
#define APP_BUF_PUT_H

#include <string.h>

#include "app_buf.h"

static inline void app_buf_put(app_buf_t *buf, const char *data, apr_size_t len)
{
    if (len < buf->size - buf->len && !buf->full) {
        memcpy(buf->data + buf->len, data, len);
        buf->len += len;
        buf->data[buf->len] = '\0';
    }
    else {
        app_buf_add(buf, data, len);
    }
}

#endif
