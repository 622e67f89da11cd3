/* SPDX-License-Identifier: Apache-2.0 */
/** What is found in a Cookie header. */
#include "unit.h"

#include "auth_cookie.h"

static void test_find(void **state)
{
    static const struct {
        const char *header, *value; /* NULL: not found */
    } cases[] = {
        { "t=a.b-c_D9", "a.b-c_D9" },
        { "a=1; t=x; b=2", "x" },
        { "a=1;t=x;b=2", "x" },
        { "   t=x", "x" },
        { ";; t=x;", "x" },
        { "tt=1; xt=2; t=x", "x" },
        { "t=x; t=x", NULL },
        { "t=x; t=", NULL },
        { "t=", NULL },
        { "t", NULL },
        { "t;", NULL },
        { "", NULL },
        { "T=x", NULL },
        { "a=t=x", NULL },
        { "t=x=y", NULL },
        { "t=\"x\"", NULL },
        { "t=x y", NULL },
        { "t=x, t=y", NULL },
        { "a=\"; t=x", "x" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        const char *value = NULL;

        auth_cookie_find(&value, cases[i].header, strlen(cases[i].header), "t", unit_pool);
        CASE_STRING(cases[i].header, value, cases[i].value);
    }
}

static struct CMUnitTest tests[] = { cmocka_unit_test(test_find) };
UNIT_MAIN(tests)
