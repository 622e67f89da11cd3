/* SPDX-License-Identifier: Apache-2.0 */
/** Answers of text/csv: the first line. */
#include "unit.h"

#include "rest_int.h"

static void test_header(void **state)
{
    rest_out_t c = { .kind = REST_OUT_LIFTED, .name = "c d" };
    rest_out_t b = { .next = &c, .kind = REST_OUT_ROWS, .name = "b,\"" };
    rest_node_t none = { .number = 2 }, inner = { .number = 1, .out = &b };
    rest_out_t empty = { .kind = REST_OUT_SPREAD, .node = &none };
    rest_out_t spread = { .next = &empty, .kind = REST_OUT_SPREAD, .node = &inner };
    rest_out_t a = { .next = &spread, .kind = REST_OUT_VALUE, .name = "a" };
    rest_node_t root = { .out = &a };

    (void)state;
    assert_string_equal(rest_csv_header(&root, unit_pool), "a,b,\",c d");
    assert_string_equal(rest_csv_header(&none, unit_pool), "");
}

static struct CMUnitTest tests[] = { cmocka_unit_test(test_header) };

UNIT_MAIN(tests)
