/* SPDX-License-Identifier: Apache-2.0 */
/** Plugin metrics: which form a client is given, and how numbers are written. */
#include "unit.h"

#include "metrics_int.h"

static void test_accept(void **state)
{
    static const struct {
        const char *accept;
        int openmetrics;
    } cases[] = {
        { NULL, 0 },
        { "", 0 },
        { "*/*", 0 },
        { "text/html", 0 },
        { "application/openmetrics-text", 1 },
        { "Application/OpenMetrics-Text; Version=1.0.0", 1 },
        { "application/openmetrics-text; version=\"1.0.0\"", 1 },
        { "application/openmetrics-text; version=0.0.1", 0 },
        { "application/openmetrics-text; q=0", 0 },
        { "application/openmetrics-text; q=0.000", 0 },
        { "application/openmetrics-text; q=0.001", 1 },
        { "application/openmetrics-textual", 0 },
        { "text/plain, application/openmetrics-text", 1 },
        { "text/plain; q=0.6, application/openmetrics-text; q=0.5", 0 },
        { "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;"
          "version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2", 1 },
        { ",, ,application/openmetrics-text", 1 },
        { ";;;", 0 },
        { ";q", 0 },
        { "application/openmetrics-text;q=", 1 },
        { "application/openmetrics-text;q=9", 1 },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        CASE_INT(cases[i].accept, metrics_accept(cases[i].accept),
                 cases[i].openmetrics ? METRICS_OPENMETRICS : METRICS_PROMETHEUS);
    }
}

static void test_numbers(void **state)
{
    static const struct {
        apr_int64_t value;
        int decimals, point;
        const char *text;
    } cases[] = {
        { 0, 0, 0, "0" },
        { 0, 0, 1, "0.0" },
        { 7, 0, 1, "7.0" },
        { 0, 6, 0, "0" },
        { 500, 6, 1, "0.0005" },
        { 1000000, 6, 0, "1" },
        { 1000000, 6, 1, "1.0" },
        { 2500000, 6, 0, "2.5" },
        { 1, 6, 0, "0.000001" },
        { 1000001, 6, 0, "1.000001" },
        { -1500, 3, 0, "-1.5" },
        { APR_INT64_MAX, 0, 0, "9223372036854775807" },
        { APR_INT64_MIN, 0, 0, "-9223372036854775808" },
        { 1795298400123456, 6, 0, "1795298400.123456" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        app_buf_t buf;

        app_buf_init(&buf, unit_pool, 100);
        metrics_add_number(&buf, cases[i].value, cases[i].decimals, cases[i].point);
        CASE_STRING(cases[i].text, buf.data, cases[i].text);
    }
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_accept),
    cmocka_unit_test(test_numbers),
};

UNIT_MAIN(tests)
