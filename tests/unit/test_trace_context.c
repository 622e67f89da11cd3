/* SPDX-License-Identifier: Apache-2.0 */
/** traceparent and tracestate: what is one, and what is passed on of it. */
#include "unit.h"

#include "apr_strings.h"

#include "trace_context.h"

#define ID   "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN "00f067aa0ba902b7"

typedef struct parent_t {
    const char *text;
    const char *expected; /* printed again; NULL: refused */
} parent_t;

static const parent_t parents[] = {
    { "00-" ID "-" SPAN "-01", "00-" ID "-" SPAN "-01" },
    { "00-" ID "-" SPAN "-00", "00-" ID "-" SPAN "-00" },
    { "00-" ID "-" SPAN "-ff", "00-" ID "-" SPAN "-01" },
    { "00-" ID "-" SPAN "-02", "00-" ID "-" SPAN "-00" },
    /* versions to come */
    { "01-" ID "-" SPAN "-01", "00-" ID "-" SPAN "-01" },
    { "cc-" ID "-" SPAN "-01-what-comes", "00-" ID "-" SPAN "-01" },
    { "cc-" ID "-" SPAN "-01.what-comes", NULL },
    { "ff-" ID "-" SPAN "-01", NULL },
    /* not one */
    { "", NULL },
    { "00", NULL },
    { "00-", NULL },
    { "00-" ID, NULL },
    { "00-" ID "-" SPAN, NULL },
    { "00-" ID "-" SPAN "-", NULL },
    { "00-" ID "-" SPAN "-0", NULL },
    { "00-" ID "-" SPAN "-0x", NULL },
    { "00-" ID "-" SPAN "-01-", NULL },
    { "00-" ID "-" SPAN "-01 ", NULL },
    { " 00-" ID "-" SPAN "-01", NULL },
    { "00-" ID "-" SPAN "-01, 00-" ID "-" SPAN "-01", NULL },
    { "00_" ID "-" SPAN "-01", NULL },
    { "00-" ID "_" SPAN "-01", NULL },
    { "0-" ID "-" SPAN "-01", NULL },
    { "0g-" ID "-" SPAN "-01", NULL },
    { "00-4BF92F3577B34DA6A3CE929D0E0E4736-" SPAN "-01", NULL },
    { "00-4bf92f3577b34da6a3ce929d0e0e473-" SPAN "-01", NULL },
    { "00-" ID "0-" SPAN "-01", NULL },
    { "00-" ID "-" SPAN "0-01", NULL },
    { "00-00000000000000000000000000000000-" SPAN "-01", NULL },
    { "00-" ID "-0000000000000000-01", NULL },
    { "00-" ID "-\xc3\xa4" "f067aa0ba902b7-01", NULL },
};

static void test_parents(void **state)
{
    char printed[TRACE_PARENT_LEN + 1];
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(parents); i++) {
        trace_context_t context;
        int good = trace_context_parse(&context, parents[i].text) == APR_SUCCESS;

        if (good) {
            trace_context_print(printed, &context);
        }
        CASE_STRING(parents[i].text, good ? printed : NULL, parents[i].expected);
    }
}

/** Nothing is written where it is refused. */
static void test_refused_leaves_alone(void **state)
{
    trace_context_t context, before;

    (void)state;
    memset(&context, 0x5A, sizeof(context));
    before = context;
    assert_int_equal(trace_context_parse(&context, "00-" ID "-" SPAN "-0z"), APR_EINVAL);
    assert_memory_equal(&context, &before, sizeof(context));
}

typedef struct state_case_t {
    const char *text;
    const char *expected;
} state_case_t;

static const state_case_t states[] = {
    { "rojo=00f067aa0ba902b7", "rojo=00f067aa0ba902b7" },
    { "rojo=1,congo=t61rcWkgMzE", "rojo=1,congo=t61rcWkgMzE" },
    { " rojo=1 ,\t congo=2\t", "rojo=1,congo=2" },
    { "fw529a3039@dt=FfD=", NULL },
    { "fw529a3039@dt=FfD", "fw529a3039@dt=FfD" },
    { "0tenant@system=1", "0tenant@system=1" },
    { "a_-*/z=1", "a_-*/z=1" },
    { "a=b c", "a=b c" },
    { "a=!\"#$%&'()*+-./:;<>?@[]^_`{|}~", "a=!\"#$%&'()*+-./:;<>?@[]^_`{|}~" },
    /* empty members are none */
    { "", NULL },
    { " , ,", NULL },
    { "a=1,,b=2,", "a=1,b=2" },
    /* not well-formed */
    { "a", NULL },
    { "a=", NULL },
    { "a= ", NULL },
    { "=1", NULL },
    { "A=1", NULL },
    { "0a=1", NULL },
    { "_a=1", NULL },
    { "a b=1", NULL },
    { "a=1;b=2", NULL },
    { "a=1\x01", NULL },
    { "a=\xc3\xa4", NULL },
    { "a=1,b", NULL },
    { "a=1,a=2", NULL },
    { "a@=1", NULL },
    { "@a=1", NULL },
    { "a@b@c=1", NULL },
    { "-t@s=1", NULL },
    { "t@0s=1", NULL },
    { "t@abcdefghijklmn=1", "t@abcdefghijklmn=1" },
    { "t@abcdefghijklmno=1", NULL },
};

static void test_states(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(states); i++) {
        CASE_STRING(states[i].text, trace_state_parse(states[i].text, unit_pool),
                    states[i].expected);
    }
}

static const char *repeat(char c, int n)
{
    char *text = apr_palloc(unit_pool, (apr_size_t)n + 1);

    memset(text, c, (size_t)n);
    text[n] = '\0';
    return text;
}

static void check_long(const char *name, const char *text, const char *expected)
{
    CASE_STRING(name, trace_state_parse(text, unit_pool), expected);
}

static void test_lengths(void **state)
{
    const char *k256 = apr_pstrcat(unit_pool, repeat('k', 256), "=1", NULL);
    const char *v256 = apr_pstrcat(unit_pool, "k=", repeat('v', 256), NULL);

    (void)state;
    check_long("key of 256", k256, k256);
    check_long("key of 257", apr_pstrcat(unit_pool, "k", k256, NULL), NULL);
    check_long("value of 256", v256, v256);
    check_long("value of 257", apr_pstrcat(unit_pool, v256, "v", NULL), NULL);
    check_long("tenant of 242",
               apr_pstrcat(unit_pool, repeat('k', 242), "@s=1", NULL), NULL);
}

static const char *members(int n, int width)
{
    const char *text = "";
    int i;

    for (i = 0; i < n; i++) {
        text = apr_psprintf(unit_pool, "%s%sk%02d=%s", text, i ? "," : "", i, repeat('v', width));
    }
    return text;
}

static void test_counts(void **state)
{
    const char *large = apr_pstrcat(unit_pool, "big=", repeat('v', 200), NULL);

    (void)state;
    check_long("32 members", members(32, 1), members(32, 1));
    check_long("33 members", members(33, 1), NULL);
    check_long("too long: the last go", members(20, 30), members(14, 30));
    check_long("too long: the long ones go first",
               apr_pstrcat(unit_pool, large, ",", members(10, 30), NULL), members(10, 30));
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_parents),
    cmocka_unit_test(test_refused_leaves_alone),
    cmocka_unit_test(test_states),
    cmocka_unit_test(test_lengths),
    cmocka_unit_test(test_counts),
};

UNIT_MAIN(tests)
