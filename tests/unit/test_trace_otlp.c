/* SPDX-License-Identifier: Apache-2.0 */
/** Spans in OTLP's JSON, letter by letter; and that whatever stands in them, it is JSON. */
#include "unit.h"

#include "app_core.h"
#include "trace_otlp.h"

static const unsigned char trace_id[] = { 0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6,
                                          0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36 };
static const unsigned char id[] = { 0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7 };
static const unsigned char parent[] = { 1, 2, 3, 4, 5, 6, 7, 8 };

static trace_span_t span_named(const char *name)
{
    return (trace_span_t){ .trace_id = trace_id,
                           .id = id,
                           .name = name,
                           .kind = TRACE_SERVER,
                           .begun = APR_TIME_C(1700000000123456),
                           .duration = 1500 };
}

static void test_bare(void **state)
{
    const trace_span_t span = span_named("GET /films");
    app_buf_t buf;

    (void)state;
    app_buf_init(&buf, unit_pool, 4096);
    trace_otlp_span(&buf, &span);
    trace_otlp_end(&buf, 0);
    assert_string_equal(buf.data,
                        "{\"traceId\":\"4bf92f3577b34da6a3ce929d0e0e4736\","
                        "\"spanId\":\"00f067aa0ba902b7\",\"name\":\"GET /films\",\"kind\":2,"
                        "\"startTimeUnixNano\":\"1700000000123456000\","
                        "\"endTimeUnixNano\":\"1700000000124956000\",\"attributes\":[]}");
}

static void test_full(void **state)
{
    trace_span_t span = span_named("GET /films");
    app_buf_t buf;

    (void)state;
    span.parent = parent;
    span.state = "a=1";
    app_buf_init(&buf, unit_pool, 4096);
    trace_otlp_span(&buf, &span);
    trace_otlp_text(&buf, "http.route", "/films");
    trace_otlp_text(&buf, "absent", NULL);
    trace_otlp_int(&buf, "http.response.status_code", 503);
    trace_otlp_end(&buf, 1);
    assert_string_equal(buf.data,
                        "{\"traceId\":\"4bf92f3577b34da6a3ce929d0e0e4736\","
                        "\"spanId\":\"00f067aa0ba902b7\",\"parentSpanId\":\"0102030405060708\","
                        "\"traceState\":\"a=1\",\"name\":\"GET /films\",\"kind\":2,"
                        "\"startTimeUnixNano\":\"1700000000123456000\","
                        "\"endTimeUnixNano\":\"1700000000124956000\",\"attributes\":["
                        "{\"key\":\"http.route\",\"value\":{\"stringValue\":\"/films\"}},"
                        "{\"key\":\"http.response.status_code\",\"value\":{\"intValue\":\"503\"}}],"
                        "\"status\":{\"code\":2}}");
}

/** A whole message, with texts that JSON has to escape. */
static void test_message(void **state)
{
    static const char hostile[] = "\"\\\x01\n}],\xff\xc3\xa4{";
    trace_span_t span = span_named(hostile);
    json_t *message, *spans;
    app_buf_t buf;

    (void)state;
    span.state = hostile;
    app_buf_init(&buf, unit_pool, 8192);
    trace_otlp_head(&buf, hostile);
    trace_otlp_span(&buf, &span);
    trace_otlp_text(&buf, "http.route", hostile);
    trace_otlp_end(&buf, 0);
    app_buf_addc(&buf, ',');
    trace_otlp_span(&buf, &span);
    trace_otlp_end(&buf, 1);
    trace_otlp_tail(&buf);
    message = json_loadb(buf.data, buf.len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(message);
    spans = json_object_get(message, "resourceSpans");
    spans = json_object_get(json_array_get(spans, 0), "scopeSpans");
    spans = json_object_get(json_array_get(spans, 0), "spans");
    assert_int_equal(json_array_size(spans), 2);
    json_decref(message);
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_bare),
    cmocka_unit_test(test_full),
    cmocka_unit_test(test_message),
};

UNIT_MAIN(tests)
