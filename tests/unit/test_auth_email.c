/* SPDX-License-Identifier: Apache-2.0 */
/** Addresses and names: which are accepted, and how they are stored. */
#include "unit.h"

#include "apr_strings.h"

#include "auth_user.h"

#define X10 "xxxxxxxxxx"
#define X60 X10 X10 X10 X10 X10 X10

typedef apr_status_t read_fn(const char **ptext, const char *text, app_error_t *err, apr_pool_t *p);

typedef struct case_t {
    const char *text, *stored; /* NULL: refused */
} case_t;

static void play(read_fn *read, const case_t *cases, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        app_error_t err = { .pool = unit_pool };
        const char *stored = NULL;
        apr_status_t rv = read(&stored, cases[i].text, &err, unit_pool);

        CASE_STRING(cases[i].text, stored, cases[i].stored);
        CASE_INT(cases[i].text, rv, cases[i].stored ? APR_SUCCESS : APP_EFAIL);
        CASE_INT(cases[i].text, err.status, cases[i].stored ? 0 : 422);
    }
}

static void test_email(void **state)
{
    static const case_t cases[] = {
        { "ada@example.org", "ada@example.org" },
        { "Ada.L+tag@Example.ORG", "ada.l+tag@example.org" },
        { "root@localhost", "root@localhost" },
        { "o'hara@example.org", "o'hara@example.org" },
        { "ÄDA@bücher.example", "Äda@bücher.example" },
        { X60 "xxxx@example.org", X60 "xxxx@example.org" },
        { X60 "xxxxx@example.org", NULL },
        { "a@" X60 "." X60 "." X60 "." X60 ".example.org", NULL },
        { "", NULL },
        { "ada", NULL },
        { "@example.org", NULL },
        { "ada@", NULL },
        { "ada@a@b", NULL },
        { ".ada@example.org", NULL },
        { "ada.@example.org", NULL },
        { "a..b@example.org", NULL },
        { "ada@example..org", NULL },
        { "ada@.org", NULL },
        { "a b@example.org", NULL },
        { "ada@exam ple.org", NULL },
        { "ada@example.org\r\nBcc: x@example.org", NULL },
        { "ada\t@example.org", NULL },
        { "\"ada\"@example.org", NULL },
        { "Ada <ada@example.org>", NULL },
        { "ada@[127.0.0.1]", NULL },
        { "a,b@example.org", NULL },
        { "ada@example.org;", NULL },
        { "\xff@example.org", NULL },
    };

    (void)state;
    play(auth_email_read, cases, COUNT(cases));
}

static void test_name(void **state)
{
    static const case_t cases[] = {
        { "ada", "ada" },     { "Ada.L_1-2", "ada.l_1-2" }, { X60 "xxxx", X60 "xxxx" },
        { X60 "xxxxx", NULL }, { "", NULL },                { "ada@example.org", NULL },
        { "a b", NULL },      { "größe", NULL },            { "a\n", NULL },
    };

    (void)state;
    play(auth_name_read, cases, COUNT(cases));
}

static struct CMUnitTest tests[] = { cmocka_unit_test(test_email), cmocka_unit_test(test_name) };
UNIT_MAIN(tests)
