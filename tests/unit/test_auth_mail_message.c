/* SPDX-License-Identifier: Apache-2.0 */
/** Mails as bytes: what may be an address, headers that no text can break, quoted-printable. */
#include "unit.h"

#include "apr_strings.h"

#include "auth_mail_message.h"

static void test_addresses(void **state)
{
    static const struct {
        const char *address;
        int good;
    } cases[] = {
        { "ada@example.org", 1 },
        { "a.b+tag_c-d'e@sub.example.org", 1 },
        { "a@localhost", 1 },
        { "", 0 },
        { "ada", 0 },
        { "@example.org", 0 },
        { "ada@", 0 },
        { "ada@@example.org", 0 },
        { ".ada@example.org", 0 },
        { "ada.@example.org", 0 },
        { "a..b@example.org", 0 },
        { "ada@example..org", 0 },
        { "ada@-example.org", 0 },
        { "ada@example.org.", 0 },
        { "a b@example.org", 0 },
        { "a\r\nBcc: eve@example.org", 0 },
        { "ada@example.org\r\nBcc: eve@example.org", 0 },
        { "ada@example.org\n", 0 },
        { "<ada@example.org>", 0 },
        { "\"ada\"@example.org", 0 },
        { "ada@example.org,eve@example.org", 0 },
        { "ad\303\244@example.org", 0 },
        { "ada@ex\303\244mple.org", 0 },
    };
    const char *local64 = apr_psprintf(unit_pool, "%064d", 0);
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        CASE_INT(cases[i].address, auth_mail_address_good(cases[i].address), cases[i].good);
    }
    assert_true(auth_mail_address_good(apr_pstrcat(unit_pool, local64, "@a.org", NULL)));
    assert_false(auth_mail_address_good(apr_pstrcat(unit_pool, "1", local64, "@a.org", NULL)));
    assert_false(auth_mail_address_good(apr_psprintf(unit_pool, "a@%0250d.org", 0)));
}

static void test_from(void **state)
{
    static const struct {
        const char *from, *name, *address; /* address NULL: refused */
    } cases[] = {
        { "a@example.org", NULL, "a@example.org" },
        { "<a@example.org>", NULL, "a@example.org" },
        { "The Shop <a@example.org>", "The Shop", "a@example.org" },
        { "L\303\244den, 2 < 3 <a@example.org>", "L\303\244den, 2 < 3", "a@example.org" },
        { "   <a@example.org>", NULL, "a@example.org" },
        { "The Shop <a@example.org", NULL, NULL },
        { "The Shop <a@example.org> x", NULL, NULL },
        { "The Shop", NULL, NULL },
        { "", NULL, NULL },
        { "<>", NULL, NULL },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        const char *name = NULL, *address = NULL;
        apr_status_t rv = auth_mail_from_parse(&name, &address, cases[i].from, unit_pool);

        CASE_INT(cases[i].from, rv, cases[i].address ? APR_SUCCESS : APR_EINVAL);
        CASE_STRING(cases[i].from, name, cases[i].name);
        CASE_STRING(cases[i].from, address, cases[i].address);
    }
}

static auth_mail_message_t sample(const char *name, const char *subject, const char *body)
{
    return (auth_mail_message_t){ .id = "0b7e8a3c-0000-4000-8000-000000000001",
                                  .from_name = name,
                                  .from = "shop@example.org",
                                  .to = "ada@example.com",
                                  .subject = subject,
                                  .body = body,
                                  .at = APR_INT64_C(1767225600) * APR_USEC_PER_SEC };
}

#define HEAD "Date: Thu, 01 Jan 2026 00:00:00 +0000\r\n"
#define TAIL                                                                    \
    "Message-ID: <0b7e8a3c-0000-4000-8000-000000000001@example.org>\r\n"         \
    "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"                    \
    "Content-Type: text/plain; charset=utf-8\r\n"                               \
    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
#define TO "To: <ada@example.com>\r\n"

static void test_messages(void **state)
{
    static const struct {
        const char *case_name, *name, *subject, *body, *expected;
    } cases[] = {
        { "plain", NULL, "Hello", "One\nTwo\n",
          HEAD "From: <shop@example.org>\r\n" TO "Subject: Hello\r\n" TAIL "One\r\nTwo\r\n" },
        { "names", "The Shop", "Hello", "x",
          HEAD "From: The Shop <shop@example.org>\r\n" TO "Subject: Hello\r\n" TAIL "x\r\n" },
        { "a name with specials", "Shop, Inc.", "Hello", "x",
          HEAD "From: \"Shop, Inc.\" <shop@example.org>\r\n" TO "Subject: Hello\r\n" TAIL "x\r\n" },
        { "UTF-8", "L\303\244den", "Gr\303\274\303\237e", "\303\204 = 1\n",
          HEAD "From: =?utf-8?B?TMOkZGVu?= <shop@example.org>\r\n" TO
               "Subject: =?utf-8?B?R3LDvMOfZQ==?=\r\n" TAIL "=C3=84 =3D 1\r\n" },
        { "quotes in a name", "a\"b", "Hello", "x",
          HEAD "From: =?utf-8?B?YSJi?= <shop@example.org>\r\n" TO "Subject: Hello\r\n" TAIL
               "x\r\n" },
        { "injection", "x\r\nBcc: e@e", "Hi\r\nBcc: eve@example.org\r\n\r\nBody", "x",
          HEAD "From: =?utf-8?B?eCAgQmNjOiBlQGU=?= <shop@example.org>\r\n" TO
               "Subject: =?utf-8?B?SGkgIEJjYzogZXZlQGV4YW1wbGUub3JnICAgIEJvZHk=?=\r\n" TAIL
               "x\r\n" },
        { "what looks like an encoded word", NULL, "=?utf-8?B?eA==?=", "x",
          HEAD "From: <shop@example.org>\r\n" TO
               "Subject: =?utf-8?B?PT91dGYtOD9CP2VBPT0/PQ==?=\r\n" TAIL "x\r\n" },
        { "line ends", NULL, "Hello", "a \r\nb\t\n.\nc\r",
          HEAD "From: <shop@example.org>\r\n" TO "Subject: Hello\r\n" TAIL
               "a=20\r\nb=09\r\n.\r\nc=0D\r\n" },
        { "no body", NULL, "Hello", "",
          HEAD "From: <shop@example.org>\r\n" TO "Subject: Hello\r\n" TAIL },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        auth_mail_message_t mail = sample(cases[i].name, cases[i].subject, cases[i].body);

        CASE_STRING(cases[i].case_name, auth_mail_message(&mail, unit_pool), cases[i].expected);
    }
}

/** No line is longer than 78, and no character of UTF-8 is cut apart between encoded words. */
static void test_long(void **state)
{
    char *subject = apr_pstrdup(unit_pool, ""), *body = apr_pstrdup(unit_pool, "");
    const char *text, *line, *end;
    auth_mail_message_t mail;
    int i;

    (void)state;
    for (i = 0; i < 60; i++) {
        subject = apr_pstrcat(unit_pool, subject, i % 3 ? "\342\202\254" : "x", NULL);
        body = apr_pstrcat(unit_pool, body, "https://example.org/?a=\303\244&", NULL);
    }
    mail = sample(NULL, subject, body);
    text = auth_mail_message(&mail, unit_pool);
    for (line = text; *line; line = end + 2) {
        end = strstr(line, "\r\n");
        assert_non_null(end);
        assert_true(end - line <= 78);
    }
    assert_non_null(strstr(text, "?=\r\n =?utf-8?B?"));
    assert_null(strstr(text, "=\r\n\r\n=")); /* a soft line break makes no empty line */
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_addresses),
    cmocka_unit_test(test_from),
    cmocka_unit_test(test_messages),
    cmocka_unit_test(test_long),
};

UNIT_MAIN(tests)
