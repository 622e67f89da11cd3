/* SPDX-License-Identifier: Apache-2.0 */
/** What mails say: the built-in texts, and files in their place. */
#include "unit.h"

#include <stdlib.h>
#include <unistd.h>

#include "apr_file_io.h"
#include "apr_strings.h"

#include "auth_mail_text.h"

static const auth_mail_words_t words = { .email = "ada@example.org", .site = "The Shop",
                                         .link = "https://shop.example/x", .code = "012345",
                                         .token = "abc" };

static void test_built_in(void **state)
{
    static const char *const purposes[] = { "signup", "recovery", "invite", "email_change",
                                            "magiclink" };
    auth_mail_conf_t conf = { .language = AUTH_MAIL_ENGLISH };
    app_error_t err = { .pool = unit_pool };
    const char *subject, *body;
    size_t i;

    (void)state;
    for (i = 0; i < 2 * COUNT(purposes); i++) {
        conf.language = (int)(i / COUNT(purposes));
        assert_int_equal(auth_mail_text(&subject, &body, &conf, purposes[i % COUNT(purposes)],
                                        &words, &err, unit_pool), APR_SUCCESS);
        assert_non_null(strstr(subject, "The Shop"));
        assert_non_null(strstr(body, "https://shop.example/x"));
        assert_non_null(strstr(body, "012345"));
        assert_null(strstr(body, "{{"));
    }
    assert_int_equal(auth_mail_text(&subject, &body, &conf, "other", &words, &err, unit_pool),
                     APP_EFAIL);
}

static void put(const char *folder, const char *text)
{
    const char *path = apr_pstrcat(unit_pool, folder, "/signup.txt", NULL);
    apr_file_t *file;

    assert_int_equal(apr_file_open(&file, path, APR_WRITE | APR_CREATE | APR_TRUNCATE,
                                   APR_OS_DEFAULT, unit_pool), APR_SUCCESS);
    apr_file_puts(text, file);
    apr_file_close(file);
}

static void test_files(void **state)
{
    static const struct {
        const char *text, *subject, *body; /* subject NULL: refused */
    } cases[] = {
        { "Hello {{email}}\n\n{{site}}: {{token}}\n", "Hello ada@example.org",
          "The Shop: abc\n" },
        { "Hello\r\n\r\nBody", "Hello", "Body" },
        { "{{other}} {{code\n\n{{code}}}} {{}}{{", "{{other}} {{code", "012345}} {{}}{{" },
        { "Hello\n\n", "Hello", "" },
        { "Hello\nBody\n", NULL, NULL },
        { "Hello", NULL, NULL },
        { "", NULL, NULL },
        { "Hello\n\n\xff", NULL, NULL },
    };
    char folder[] = "/tmp/auth_mail_text_XXXXXX";
    auth_mail_conf_t conf = { .templates = mkdtemp(folder) };
    app_error_t err = { .pool = unit_pool };
    const char *subject, *body;
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        subject = body = NULL;
        put(folder, cases[i].text);
        CASE_INT(cases[i].text, auth_mail_text(&subject, &body, &conf, "signup", &words, &err,
                                               unit_pool),
                 cases[i].subject ? APR_SUCCESS : APP_EFAIL);
        CASE_STRING(cases[i].text, subject, cases[i].subject);
        CASE_STRING(cases[i].text, body, cases[i].body);
    }
    put(folder, apr_psprintf(unit_pool, "Hello\n\n%040000d", 0));
    assert_int_equal(auth_mail_text(&subject, &body, &conf, "signup", &words, &err, unit_pool),
                     APP_EFAIL);
    assert_int_equal(auth_mail_text(&subject, &body, &conf, "invite", &words, &err, unit_pool),
                     APR_SUCCESS); /* no file of its own */
    apr_file_remove(apr_pstrcat(unit_pool, folder, "/signup.txt", NULL), unit_pool);
    rmdir(folder);
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_built_in),
    cmocka_unit_test(test_files),
};

UNIT_MAIN(tests)
