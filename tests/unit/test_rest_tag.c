/* SPDX-License-Identifier: Apache-2.0 */
/** Entity tags: what makes them others, and lists of them. */
#include "unit.h"

#include "rest_tag.h"

static rest_tag_t tag_of(const char *const *rows)
{
    rest_tag_t tag;

    rest_tag_init(&tag);
    while (*rows) {
        rest_tag_row(&tag, *rows, strlen(*rows));
        rows++;
    }
    return tag;
}

/** Order is a matter of the form, number and bytes are one of the rows. */
static void test_rows(void **state)
{
    static const struct {
        const char *name;
        const char *a[4], *b[4];
        int         same_rows, same_form;
    } cases[] = {
        { "none", { NULL }, { NULL }, 1, 1 },
        { "the same", { "{\"id\":1}", "{}" }, { "{\"id\":1}", "{}" }, 1, 1 },
        { "another order", { "{\"id\":1}", "{}" }, { "{}", "{\"id\":1}" }, 1, 0 },
        { "one byte", { "{\"id\":1}" }, { "{\"id\":2}" }, 0, 0 },
        { "the last byte", { "123456789" }, { "123456780" }, 0, 0 },
        { "a byte more", { "12345678" }, { "123456780" }, 0, 0 },
        { "twice", { "{}" }, { "{}", "{}" }, 0, 0 },
        { "an empty row", { "" }, { NULL }, 0, 0 },
        { "cut elsewhere", { "12345678", "9" }, { "123456789" }, 0, 0 },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        rest_tag_t a = tag_of(cases[i].a), b = tag_of(cases[i].b);

        CASE_INT(cases[i].name, a.rows == b.rows, cases[i].same_rows);
        CASE_INT(cases[i].name, a.form == b.form, cases[i].same_form);
    }
}

static void test_form(void **state)
{
    rest_tag_t a = { 1, 2 }, b = { 1, 2 };

    (void)state;
    rest_tag_number(&a, -1);
    rest_tag_number(&b, 0);
    assert_int_equal(a.rows, b.rows);
    assert_true(a.form != b.form);
    b = a;
    rest_tag_text(&a, "[");
    assert_true(a.form != b.form);
}

static void test_print(void **state)
{
    const rest_tag_t tag = { 0x0123456789abcdef, 0xf };

    (void)state;
    assert_string_equal(rest_tag_print(&tag, unit_pool), "\"0123456789abcdef-000000000000000f\"");
}

static void test_listed(void **state)
{
    static const struct {
        const char *list;
        int         strong, weak;
    } cases[] = {
        { "\"0123456789abcdef-0000000000000000\"", 1, 1 },
        { "\"0123456789abcdef-another\"", 1, 1 },
        { "\"0123456789abcdef-0000000000000000-gzip\"", 1, 1 },
        { "W/\"0123456789abcdef-0000000000000000\"", 0, 1 },
        { "\"a\" , \"\",\t\"0123456789abcdef-0\"", 1, 1 },
        { "W/\"a\", \"0123456789abcdef-0\"", 1, 1 },
        { "\"0123456789abcdef\"", 0, 0 },
        { "\"0123456789abcdef-\"", 1, 1 },
        { "\"0123456789ABCDEF-0\"", 0, 0 },
        { "0123456789abcdef-0", 0, 0 },
        { "\"0123456789abcdef-0", 0, 0 },
        { "w/\"0123456789abcdef-0\"", 0, 0 },
        { "a, \"0123456789abcdef-0\"", 0, 0 },
        { "*", 0, 0 },
        { "", 0, 0 },
        { "\"", 0, 0 },
    };
    const rest_tag_t tag = { 0x0123456789abcdef, 0 };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        CASE_INT(cases[i].list, rest_tag_listed(cases[i].list, &tag, 0), cases[i].strong);
        CASE_INT(cases[i].list, rest_tag_listed(cases[i].list, &tag, 1), cases[i].weak);
    }
}

static void test_any(void **state)
{
    static const struct {
        const char *list;
        int         any;
    } cases[] = { { "*", 1 }, { " *", 1 }, { "\"*\"", 0 }, { "", 0 }, { "\"a\", *", 0 } };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        CASE_INT(cases[i].list, rest_tag_is_any(cases[i].list), cases[i].any);
    }
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_rows), cmocka_unit_test(test_form), cmocka_unit_test(test_print),
    cmocka_unit_test(test_listed), cmocka_unit_test(test_any),
};

UNIT_MAIN(tests)
