/* SPDX-License-Identifier: Apache-2.0 */
/** JSON, member by member, for the API's description. Thread of the request. */
#include <string.h>

#include "rest_openapi.h"

#define SEND_SIZE 16384

/** A comma, unless this is the first member; then the name. */
static void begin(rest_openapi_t *doc, const char *name)
{
    app_buf_t *buf = &doc->buf;

    if (buf->len && !strchr("{[", buf->data[buf->len - 1])) {
        app_buf_addc(buf, ',');
    }
    if (name) {
        app_buf_add_json(buf, name, strlen(name));
        app_buf_addc(buf, ':');
    }
}

void rest_openapi_open(rest_openapi_t *doc, const char *name, char bracket)
{
    begin(doc, name);
    app_buf_addc(&doc->buf, bracket);
}

void rest_openapi_close(rest_openapi_t *doc, char bracket)
{
    app_buf_addc(&doc->buf, bracket);
}

void rest_openapi_text(rest_openapi_t *doc, const char *name, const char *text)
{
    begin(doc, name);
    app_buf_add_json(&doc->buf, text, strlen(text));
}

void rest_openapi_raw(rest_openapi_t *doc, const char *name, const char *text)
{
    begin(doc, name);
    app_buf_adds(&doc->buf, text);
}

void rest_openapi_flush(rest_openapi_t *doc, int last)
{
    app_buf_t *buf = &doc->buf;
    apr_size_t len = last ? buf->len : buf->len - 1;

    if (!last && buf->len < SEND_SIZE) {
        return;
    }
    if (doc->status == APR_SUCCESS) {
        doc->status = doc->send(doc->ctx, buf->data, len);
    }
    if (!last) {
        buf->data[0] = buf->data[len]; /* stays: it says whether a comma is due */
        buf->len = 1;
    }
    apr_pool_clear(doc->scratch);
}
