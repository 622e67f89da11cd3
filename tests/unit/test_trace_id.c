/* SPDX-License-Identifier: Apache-2.0 */
/** Ids of traces and spans, and which traces are kept. */
#include "unit.h"

#include "trace_id.h"

#define DRAWN 20000

typedef struct ratio_t {
    const char *text;
    apr_int64_t expected; /* -1: refused */
} ratio_t;

static const ratio_t ratios[] = {
    { "0", 0 },           { "1", 1000000 },  { "0.0", 0 },      { "1.000000", 1000000 },
    { "0.5", 500000 },    { "0.05", 50000 }, { "0.000001", 1 }, { "0.999999", 999999 },
    { "", -1 },           { "2", -1 },       { "1.1", -1 },     { "1.000001", -1 },
    { "0.0000001", -1 },  { ".5", -1 },      { "0.", -1 },      { "-0.5", -1 },
    { "0.5 ", -1 },       { "50%", -1 },     { "0,5", -1 },     { "nan", -1 },
};

static void test_ratios(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(ratios); i++) {
        apr_int64_t ratio = -1;

        CASE_INT(ratios[i].text, trace_ratio_parse(&ratio, ratios[i].text),
                 ratios[i].expected < 0 ? APR_EINVAL : APR_SUCCESS);
        CASE_INT(ratios[i].text, ratio, ratios[i].expected);
    }
}

static int chosen_of(apr_int64_t ratio)
{
    unsigned char id[TRACE_ID_SIZE];
    int i, chosen = 0;

    for (i = 0; i < DRAWN; i++) {
        trace_id_make(id);
        chosen += trace_id_chosen(id, ratio);
    }
    return chosen;
}

/** Five standard deviations off would be one run in millions. */
static void test_chosen(void **state)
{
    (void)state;
    assert_int_equal(chosen_of(0), 0);
    assert_int_equal(chosen_of(TRACE_RATIO_ONE), DRAWN);
    assert_in_range(chosen_of(TRACE_RATIO_ONE / 4), 4600, 5400);
}

static void test_ids_differ(void **state)
{
    unsigned char ids[1000][TRACE_ID_SIZE];
    int i, j;

    (void)state;
    for (i = 0; i < (int)COUNT(ids); i++) {
        trace_id_make(ids[i]);
        for (j = 0; j < i; j++) {
            assert_memory_not_equal(ids[i], ids[j], TRACE_ID_SIZE);
        }
    }
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_ratios),
    cmocka_unit_test(test_chosen),
    cmocka_unit_test(test_ids_differ),
};

UNIT_MAIN(tests)
