/* SPDX-License-Identifier: Apache-2.0 */
/** What stands behind a command of appctl: options and words. */
#include "unit.h"

#include "apr_strings.h"

#include "app_plugin.h"

/** What was read, as one text: words|--user|--scope … |--json */
static const char *read_back(const char *const *argv)
{
    apr_array_header_t *scopes = apr_array_make(unit_pool, 2, sizeof(const char *));
    const char *user = NULL, *const *words = NULL;
    app_error_t err = { .pool = unit_pool };
    int json = 0, argc = 0, count = 0, i;
    const app_option_t options[] = { { .name = "--user", .value = &user },
                                     { .name = "--scope", .values = scopes },
                                     { .name = "--json", .flag = &json },
                                     { .name = NULL } };
    const char *text = "";

    while (argv[argc]) {
        argc++;
    }
    if (app_command_read(&words, &count, argc, argv, options, &err) != APR_SUCCESS) {
        return err.message;
    }
    assert_null(words[count]);
    for (i = 0; i < count; i++) {
        text = apr_pstrcat(unit_pool, text, i ? "," : "", words[i], NULL);
    }
    text = apr_pstrcat(unit_pool, text, "|", user ? user : "-", "|", NULL);
    for (i = 0; i < scopes->nelts; i++) {
        text = apr_pstrcat(unit_pool, text, i ? "," : "",
                           APR_ARRAY_IDX(scopes, i, const char *), NULL);
    }
    return apr_pstrcat(unit_pool, text, json ? "|json" : "|", NULL);
}

static void test_options(void **state)
{
    static const struct {
        const char *argv[8], *read;
    } cases[] = {
        { { NULL }, "|-||" },
        { { "create", "a name" }, "create,a name|-||" },
        { { "create", "--user", "ada", "x", "--json" }, "create,x|ada||json" },
        { { "--user=ada", "create" }, "create|ada||" },
        { { "--user=", "create" }, "create|||" },
        { { "--user", "--json" }, "|--json||" },
        { { "--scope", "a", "--scope=b", "--scope", "c=d" }, "|-|a,b,c=d|" },
        { { "create", "--", "--user", "--json" }, "create,--user,--json|-||" },
        { { "-", "-x" }, "-,-x|-||" },
        { { "--user", "a", "--user", "b" }, "--user stands there twice" },
        { { "--user" }, "--user takes a value" },
        { { "--scope" }, "--scope takes a value" },
        { { "--json=1" }, "--json takes no value" },
        { { "--use", "a" }, "there is no option --use" },
        { { "--users", "a" }, "there is no option --users" },
        { { "--=a" }, "there is no option --=a" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        CASE_STRING(cases[i].read, read_back(cases[i].argv), cases[i].read);
    }
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_options),
};

UNIT_MAIN(tests)
