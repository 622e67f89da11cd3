/* SPDX-License-Identifier: Apache-2.0 */
/** Where links may lead: open redirects in all the forms that they are tried in. */
#include "unit.h"

#include "apr_strings.h"

#include "auth_redirect.h"

static apr_array_header_t *list_of(const char *const *entries)
{
    apr_array_header_t *list = apr_array_make(unit_pool, 4, sizeof(const char *));

    for (; *entries; entries++) {
        APR_ARRAY_PUSH(list, const char *) = *entries;
    }
    return list;
}

static void test_allow(void **state)
{
    static const char *const entries[] = { "https://app.example/in", "https://more.example/a/*",
                                           "shopapp://signed-in", NULL };
    static const struct {
        const char *url;
        int good;
    } cases[] = {
        { NULL, 1 },
        { "https://shop.example", 1 },
        { "https://shop.example/", 1 },
        { "https://shop.example/a?b=c#d", 1 },
        { "https://shop.example?b", 1 },
        { "https://SHOP.example/", 1 },
        { "https://app.example/in", 1 },
        { "https://app.example/in/", 0 },
        { "https://app.example/in?x", 0 },
        { "https://more.example/a/b", 1 },
        { "https://more.example/b", 0 },
        { "shopapp://signed-in", 1 },
        { "shopapp://other", 0 },
        { "", 0 },
        { "/", 0 },
        { "//shop.example/", 0 },
        { "//evil.example/", 0 },
        { "http://shop.example/", 0 },
        { "https://shop.example.evil.example/", 0 },
        { "https://shop.example:444/", 0 },
        { "https://shop.example@evil.example/", 0 },
        { "https://shop.example:x@evil.example/", 0 },
        { "https://evil.example/https://shop.example/", 0 },
        { "https://evil.example#https://shop.example/", 0 },
        { "https://shop.example\\@evil.example/", 0 },
        { "https://shop.example/\\evil.example", 0 },
        { "https:/\\shop.example/", 0 },
        { "https://shop.example\t/", 0 },
        { "https://shop.example/\r\nSet-Cookie: a=b", 0 },
        { " https://shop.example/", 0 },
        { "javascript:alert(1)", 0 },
        { "javascript://shop.example/%0aalert(1)", 0 },
        { "data:text/html,x", 0 },
        { "https://shop.example/\303\244", 0 },
        { "https://shop.example/\"><script>", 0 },
        { "https://", 0 },
        { "https:///shop.example/", 0 },
    };
    auth_mail_conf_t conf = { .site_url = "https://shop.example/start",
                              .redirects = list_of(entries) };
    app_error_t err = { .pool = unit_pool };
    const char *long_url;
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        CASE_INT(cases[i].url ? cases[i].url : "none",
                 auth_redirect_allow(&conf, cases[i].url, &err) == APR_SUCCESS, cases[i].good);
    }
    long_url = apr_psprintf(unit_pool, "https://shop.example/%02000d", 0);
    assert_int_equal(auth_redirect_allow(&conf, long_url, &err), APP_EFAIL);
}

static void test_check(void **state)
{
    static const struct {
        const char *site, *auth, *entry; /* NULL: not set */
        int good;
    } cases[] = {
        { NULL, NULL, NULL, 1 },
        { "https://shop.example/", "https://shop.example/api/auth", "https://a.example/*", 1 },
        { "http://localhost:3000", NULL, NULL, 1 },
        { "shop.example", NULL, NULL, 0 },
        { "ftp://shop.example/", NULL, NULL, 0 },
        { "https://", NULL, NULL, 0 },
        { "https://me@shop.example/", NULL, NULL, 0 },
        { "https://shop.example/", "javascript:x", NULL, 0 },
        { "https://shop.example/", NULL, "https://a.example*", 0 },
        { "https://shop.example/", NULL, "https://*.example/", 0 },
        { "https://shop.example/", NULL, "*", 0 },
        { "https://shop.example/", NULL, "https://a.example/*/b", 0 },
        { "https://shop.example/", NULL, "/in", 0 },
    };
    app_error_t err = { .pool = unit_pool };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        const char *entries[] = { cases[i].entry, NULL };
        auth_mail_conf_t conf = { .site_url = cases[i].site, .auth_url = cases[i].auth,
                                  .redirects = list_of(entries) };

        CASE_INT(apr_psprintf(unit_pool, "%s %s", cases[i].site, cases[i].entry),
                 auth_redirect_check(&conf, &err) == APR_SUCCESS, cases[i].good);
    }
}

static void test_base(void **state)
{
    auth_mail_conf_t conf = { .site_url = "https://shop.example:8443/start" };

    (void)state;
    CASE_STRING("beside the site", auth_redirect_base(&conf, unit_pool),
                "https://shop.example:8443/api/auth");
    conf.auth_url = "https://api.example/v1/auth//";
    CASE_STRING("elsewhere", auth_redirect_base(&conf, unit_pool), "https://api.example/v1/auth");
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_allow),
    cmocka_unit_test(test_check),
    cmocka_unit_test(test_base),
};

UNIT_MAIN(tests)
