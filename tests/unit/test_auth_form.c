/* SPDX-License-Identifier: Apache-2.0 */
/** Forms, taken apart. */
#include "unit.h"

#include <stdlib.h>

#include "auth_http.h"

static void test_read(void **state)
{
    static const struct {
        const char *form, *json; /* NULL: refused */
    } cases[] = {
        { "", "{}" },
        { "a=b", "{\"a\":\"b\"}" },
        { "a=b&c=d", "{\"a\":\"b\",\"c\":\"d\"}" },
        { "&&a=b&", "{\"a\":\"b\"}" },
        { "a", "{\"a\":\"\"}" },
        { "a=", "{\"a\":\"\"}" },
        { "=b", "{\"\":\"b\"}" },
        { "a=b=c", "{\"a\":\"b=c\"}" },
        { "a=b+c%20d%2B", "{\"a\":\"b c d+\"}" },
        { "p=a;b", "{\"p\":\"a;b\"}" },
        { "%61%3d=%26", "{\"a=\":\"&\"}" },
        { "a=%c3%BC", "{\"a\":\"\xc3\xbc\"}" },
        { "a=1&a=2", NULL },
        { "a=1&%61=2", NULL },
        { "a=%", NULL },
        { "a=%4", NULL },
        { "a=%4&b=1", NULL },
        { "a=%zz", NULL },
        { "%", NULL },
        { "a=%00", NULL },
        { "a%00=b", NULL },
        { "a=%ff", NULL },
        { "a=\xc3", NULL },
        { "{\"a\":\"b\"}", NULL },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        app_error_t err = { .pool = unit_pool };
        json_t *form = NULL;
        char *text = NULL;

        if (auth_form_read(&form, cases[i].form, strlen(cases[i].form), &err, unit_pool) ==
            APR_SUCCESS) {
            text = json_dumps(form, JSON_COMPACT);
        }
        CASE_STRING(cases[i].form, text, cases[i].json);
        CASE_INT(cases[i].form, err.status, cases[i].json ? 0 : 400);
        free(text);
    }
}

/** What has no NUL at its end is not read over. */
static void test_bounds(void **state)
{
    app_error_t err = { .pool = unit_pool };
    json_t *form;

    (void)state;
    assert_int_equal(auth_form_read(&form, "a=b%41", 3, &err, unit_pool), APR_SUCCESS);
    assert_string_equal(auth_body_text(form, "a"), "b");
    assert_int_equal(auth_form_read(&form, "a=b%41", 5, &err, unit_pool), APP_EFAIL);
    assert_int_equal(auth_form_read(&form, "a\0=b", 4, &err, unit_pool), APP_EFAIL);
}

static struct CMUnitTest tests[] = { cmocka_unit_test(test_read), cmocka_unit_test(test_bounds) };
UNIT_MAIN(tests)
