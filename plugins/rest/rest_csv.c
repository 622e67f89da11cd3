/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Answers of text/csv. Their rows come from the database as lines; the first line is made here.
 * Thread of the request.
 */
#include <string.h>

#include "rest_int.h"

#define HEADER_MAX (1 << 20)

static void add_names(app_buf_t *buf, const rest_node_t *node)
{
    const rest_out_t *out;

    for (out = node->out; out; out = out->next) {
        if (out->kind == REST_OUT_SPREAD) {
            add_names(buf, out->node);
            continue;
        }
        app_buf_adds(buf, out->name);
        app_buf_addc(buf, ',');
    }
}

const char *rest_csv_header(const rest_node_t *root, apr_pool_t *p)
{
    app_buf_t buf;

    app_buf_init(&buf, p, HEADER_MAX);
    add_names(&buf, root);
    if (buf.len) {
        buf.data[buf.len - 1] = '\0';
    }
    return buf.data;
}
