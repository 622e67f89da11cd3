/* SPDX-License-Identifier: Apache-2.0 */
/** plugins/cors/cors_origin.c and cors_list.c: which origins are one of those that were named. */
#include "unit.h"

#include "cors_int.h"

static void test_matches(void **state)
{
    static const struct {
        const char *word, *origin;
        int         named;
    } cases[] = {
        { "https://a.example", "https://a.example", 1 },
        { "https://a.example", "http://a.example", 0 },
        { "https://a.example", "https://A.example", 0 },
        { "https://a.example", "https://a.example:8443", 0 },
        { "https://a.example", "https://a.example.evil.example", 0 },
        { "https://a.example", "https://a.example, https://a.example", 0 },
        { "https://a.example", "", 0 },
        { "null", "null", 1 },
        { "https://*.example.org", "https://a.example.org", 1 },
        { "https://*.example.org", "https://a.b.example.org", 1 },
        { "https://*.example.org", "https://xn--a-zfa.example.org", 1 },
        { "https://*.example.org", "https://example.org", 0 },
        { "https://*.example.org", "https://.example.org", 0 },
        { "https://*.example.org", "https://..example.org", 0 },
        { "https://*.example.org", "https://a..example.org", 0 },
        { "https://*.example.org", "https://aexample.org", 0 },
        { "https://*.example.org", "https://a.example.org:8443", 0 },
        { "https://*.example.org", "http://a.example.org", 0 },
        { "https://*.example.org", "https://a.example.org.evil.example", 0 },
        { "https://*.example.org", "https://evil.example/.example.org", 0 },
        { "https://*.example.org", "https://evil.example:1.example.org", 0 },
        { "https://*.example.org", "https://evil@b.example.org", 0 },
        { "https://*.example.org", "https://evil.example#.example.org", 0 },
        { "https://*.example.org", "https://*.example.org", 0 },
        { "https://*.example.org", "null", 0 },
        { "https://*.example.org:8443", "https://a.example.org:8443", 1 },
        { "https://*.example.org:8443", "https://a.example.org", 0 },
        { "*", "https://a.example", 0 }, /* is asked for apart */
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        apr_array_header_t *words = apr_array_make(unit_pool, 1, sizeof(const char *));

        APR_ARRAY_PUSH(words, const char *) = cases[i].word;
        if (cors_origin_named(words, cases[i].origin) != cases[i].named) {
            fail_msg("%s, %s", cases[i].word, cases[i].origin);
        }
    }
}

static void test_settings(void **state)
{
    static const char *const good[] = {
        "*", "null", "https://a.example", "http://localhost:3000", "https://*.example.org",
        "https://*.example.org:8443", "http://[::1]:3000", "http://127.0.0.1", "capacitor://localhost",
        "chrome-extension://abcdef", "https://a.example:80",
    };
    static const char *const wrong[] = {
        "", "a.example", "//a.example", "https:a.example", "https://", "https://A.example",
        "HTTPS://a.example", "https://a.example/", "https://a.example?x", "https://u@a.example",
        "https://a..example", "https://a.example.", "https://*", "https://*.", "https://a.*.example",
        "https://*a.example", "https://**.example", "https://*.*.example", "*.example.org",
        "https://a.example:", "https://a.example:0", "https://a.example:65536",
        "https://a.example:+1", "https://a.example:1x", "https://a.example:443",
        "http://a.example:80", "http://[::1", "http://[]", "http://[::1]x", "https://b\xc3\xbc.example",
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(good); i++) {
        if (cors_origin_fault(good[i])) {
            fail_msg("%s %s", good[i], cors_origin_fault(good[i]));
        }
    }
    for (i = 0; i < COUNT(wrong); i++) {
        if (!cors_origin_fault(wrong[i])) {
            fail_msg("%s is taken", wrong[i]);
        }
    }
}

static void test_names(void **state)
{
    static const struct {
        const char *asked, *given;
    } cases[] = {
        { "", "" },
        { "a", ", a" },
        { " a ,\tX-b,,c ", ", a, X-b, c" },
        { "a:b, (x), \"y\", z", ", z" },
        { ",,, ", "" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        assert_string_equal(cors_list_names(cases[i].asked, unit_pool), cases[i].given);
    }
}

static struct CMUnitTest tests[] = { cmocka_unit_test(test_matches),
                                     cmocka_unit_test(test_settings),
                                     cmocka_unit_test(test_names) };
UNIT_MAIN(tests)
