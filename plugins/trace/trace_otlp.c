/* SPDX-License-Identifier: Apache-2.0 */
/** OTLP in JSON (trace_otlp.h): ids as hexadecimal digits, 64-bit numbers as texts. */
#include <string.h>
#include <unistd.h>

#include "apr_network_io.h"

#include "trace_otlp.h"

#define STATUS_ERROR "\"status\":{\"code\":2}"

static void add_text(app_buf_t *buf, const char *text)
{
    app_buf_add_json(buf, text, strlen(text));
}

static void add_id(app_buf_t *buf, const char *name, const unsigned char *id, apr_size_t size)
{
    char digits[TRACE_ID_HEX];

    trace_hex(digits, id, size);
    app_buf_addf(buf, "\"%s\":\"%.*s\",", name, (int)(2 * size), digits);
}

static void separate(app_buf_t *buf)
{
    if (buf->len && buf->data[buf->len - 1] == '}') {
        app_buf_addc(buf, ',');
    }
}

void trace_otlp_text(app_buf_t *buf, const char *key, const char *value)
{
    if (value) {
        separate(buf);
        app_buf_addf(buf, "{\"key\":\"%s\",\"value\":{\"stringValue\":", key);
        add_text(buf, value);
        app_buf_adds(buf, "}}");
    }
}

void trace_otlp_int(app_buf_t *buf, const char *key, apr_int64_t value)
{
    separate(buf);
    app_buf_addf(buf, "{\"key\":\"%s\",\"value\":{\"intValue\":\"%" APR_INT64_T_FMT "\"}}", key,
                 value);
}

void trace_otlp_head(app_buf_t *buf, const char *service)
{
    char host[APRMAXHOSTLEN + 1] = "";

    app_buf_adds(buf, "{\"resourceSpans\":[{\"resource\":{\"attributes\":[");
    trace_otlp_text(buf, "service.name", service);
    if (apr_gethostname(host, sizeof(host), buf->pool) == APR_SUCCESS) {
        trace_otlp_text(buf, "host.name", host);
    }
    trace_otlp_int(buf, "process.pid", (apr_int64_t)getpid());
    app_buf_adds(buf, "]},\"scopeSpans\":[{\"scope\":{\"name\":\"mod_app\"},\"spans\":[");
}

void trace_otlp_tail(app_buf_t *buf)
{
    app_buf_adds(buf, "]}]}]}");
}

void trace_otlp_span(app_buf_t *buf, const trace_span_t *span)
{
    app_buf_addc(buf, '{');
    add_id(buf, "traceId", span->trace_id, TRACE_ID_SIZE);
    add_id(buf, "spanId", span->id, TRACE_SPAN_ID_SIZE);
    if (span->parent) {
        add_id(buf, "parentSpanId", span->parent, TRACE_SPAN_ID_SIZE);
    }
    if (span->state) {
        app_buf_adds(buf, "\"traceState\":");
        add_text(buf, span->state);
        app_buf_addc(buf, ',');
    }
    app_buf_adds(buf, "\"name\":");
    add_text(buf, span->name);
    app_buf_addf(buf,
                 ",\"kind\":%d,\"startTimeUnixNano\":\"%" APR_TIME_T_FMT "000\","
                 "\"endTimeUnixNano\":\"%" APR_TIME_T_FMT "000\",\"attributes\":[",
                 (int)span->kind, span->begun, span->begun + span->duration);
}

void trace_otlp_end(app_buf_t *buf, int failed)
{
    app_buf_adds(buf, failed ? "]," STATUS_ERROR "}" : "]}");
}
