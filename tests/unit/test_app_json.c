/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "apr_strings.h"

#include "app_core_int.h"

static void test_parse(void **state)
{
    static const struct {
        const char *text;
        int good;
    } cases[] = {
        { "{}", 1 },
        { "[1,2.5,\"x\",null,true]", 1 },
        { "1", 1 },
        { "\"\\u0000\"", 1 },
        { "", 0 },
        { "{", 0 },
        { "{} x", 0 },
        { "{\"a\":1,\"a\":2}", 0 },
        { "\"\xFF\"", 0 },
        { "{'a':1}", 0 },
        { "NaN", 0 },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        app_error_t err = { .pool = unit_pool };
        json_t *json;

        CASE_INT(cases[i].text,
                 app_json_parse(cases[i].text, strlen(cases[i].text), &json, &err, unit_pool) ==
                     APR_SUCCESS,
                 cases[i].good);
        if (!cases[i].good) {
            CASE_STRING(cases[i].text, err.code, "PGRST102");
            assert_non_null(err.details);
        }
    }
}

static void test_depth_is_bounded(void **state)
{
    char deep[2 * APP_JSON_DEPTH_MAX + 3];
    app_error_t err = { .pool = unit_pool };
    json_t *json;

    (void)state;
    memset(deep, '[', APP_JSON_DEPTH_MAX);
    memset(deep + APP_JSON_DEPTH_MAX, ']', APP_JSON_DEPTH_MAX);
    assert_int_equal(app_json_parse(deep, 2 * APP_JSON_DEPTH_MAX, &json, &err, unit_pool),
                     APR_SUCCESS);
    memset(deep, '[', APP_JSON_DEPTH_MAX + 1);
    memset(deep + APP_JSON_DEPTH_MAX + 1, ']', APP_JSON_DEPTH_MAX + 1);
    assert_int_equal(app_json_parse(deep, 2 * APP_JSON_DEPTH_MAX + 2, &json, &err, unit_pool),
                     APP_EFAIL);
}

static void test_write(void **state)
{
    static const struct {
        const char *text, *json;
    } cases[] = {
        { "", "\"\"" },
        { "plain", "\"plain\"" },
        { "a\"b\\c", "\"a\\\"b\\\\c\"" },
        { "\b\t\n\f\r", "\"\\b\\t\\n\\f\\r\"" },
        { "\x01\x1f", "\"\\u0001\\u001f\"" },
        { "\xC3\xA9", "\"\xC3\xA9\"" },
        { "a\xFFz", "\"a\xEF\xBF\xBDz\"" },
        { "\xE2\x82", "\"\xEF\xBF\xBD\xEF\xBF\xBD\"" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        app_buf_t buf;

        app_buf_init(&buf, unit_pool, 100);
        app_buf_add_json(&buf, cases[i].text, strlen(cases[i].text));
        CASE_STRING(cases[i].text, buf.data, cases[i].json);
    }
}

/** Every ASCII character at every place among plain ones, and beside its like. */
static void test_write_at_any_place(void **state)
{
    int c, at, twice;

    (void)state;
    for (c = 1; c < 0x80; c++) {
        for (at = 0; at < 36; at++) {
            char text[] = "0123456789abcdef !#[]^~", expected[64] = "\"", one[8];
            size_t i;
            app_buf_t buf;

            twice = at >= 18;
            text[at % 18] = text[at % 18 + twice] = (char)c;
            for (i = 0; text[i]; i++) {
                int escaped = text[i] < 0x20 || text[i] == '"' || text[i] == '\\';
                const char *short_form = strchr("\"\"\\\\\bb\tt\nn\ff\rr", text[i]);

                snprintf(one, sizeof(one), !escaped ? "%c" : short_form ? "\\%c" : "\\u%04x",
                         escaped && short_form ? short_form[1] : text[i]);
                strncat(expected, one, sizeof(expected) - strlen(expected) - 1);
            }
            strncat(expected, "\"", sizeof(expected) - strlen(expected) - 1);
            app_buf_init(&buf, unit_pool, 100);
            app_buf_add_json(&buf, text, strlen(text));
            CASE_STRING(text, buf.data, expected);
        }
    }
}

static void test_buf_is_bounded(void **state)
{
    app_buf_t buf;
    int i;

    (void)state;
    app_buf_init(&buf, unit_pool, 5);
    assert_string_equal(buf.data, "");
    app_buf_adds(&buf, "1234");
    app_buf_addf(&buf, "%d", 5);
    assert_false(app_buf_full(&buf));
    app_buf_addc(&buf, '6');
    assert_true(app_buf_full(&buf));
    assert_string_equal(buf.data, "12345");
    app_buf_init(&buf, unit_pool, 300); /* more than it takes at first */
    for (i = 0; i < 301; i++) {
        assert_false(app_buf_full(&buf));
        app_buf_addc(&buf, 'x');
    }
    assert_true(app_buf_full(&buf));
    assert_int_equal(strlen(buf.data), 300);
}

static void test_format(void **state)
{
    const char *volatile none = NULL;
    app_buf_t buf;

    (void)state;
    app_buf_init(&buf, unit_pool, 24);
    app_buf_addf(&buf, "<%s|%s|%s>", "", "a%s", none);
    assert_string_equal(buf.data, "<|a%s|(null)>");
    app_buf_addf(&buf, "%s", "");
    app_buf_addf(&buf, "%%%d%s", 7, "%");
    app_buf_addf(&buf, "plain");
    assert_string_equal(buf.data, "<|a%s|(null)>%7%plain");
    assert_false(app_buf_full(&buf));
    app_buf_addf(&buf, "%s%s", "12", "34"); /* all or nothing */
    assert_string_equal(buf.data, "<|a%s|(null)>%7%plain");
    assert_true(app_buf_full(&buf));
}

static void test_ident(void **state)
{
    app_buf_t buf;

    (void)state;
    app_buf_init(&buf, unit_pool, 100);
    app_buf_add_ident(&buf, "a\"; drop table x; --\"");
    assert_string_equal(buf.data, "\"a\"\"; drop table x; --\"\"\"");
}

static void test_error_body(void **state)
{
    app_error_t err = { .pool = unit_pool };
    apr_size_t len;

    (void)state;
    app_fail(&err, APP_E_TABLE, "Could not find the table '%s' in the schema cache", "main.x\"y");
    app_hint(&err, "Perhaps you meant the table '%s'", "main.xy");
    assert_string_equal(app_error_body(&err, 0, &len),
                        "{\"code\":\"PGRST205\",\"details\":null,"
                        "\"hint\":\"Perhaps you meant the table 'main.xy'\","
                        "\"message\":\"Could not find the table 'main.x\\\"y' in the schema cache\"}");
    assert_string_equal(app_error_body(&err, 1, &len),
                        "{\"code\":\"PGRST205\","
                        "\"message\":\"Could not find the table 'main.x\\\"y' in the schema cache\"}");
}

static void test_every_error_has_an_entry(void **state)
{
    int e;

    (void)state;
    for (e = APP_E_NONE + 1; e < APP_E_COUNT_; e++) {
        app_error_t err = { .pool = unit_pool };

        app_fail(&err, (app_error_e)e, NULL);
        assert_non_null(err.code);
        assert_non_null(err.message);
        assert_true(err.status >= 300 && err.status < 600);
    }
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_parse),          cmocka_unit_test(test_depth_is_bounded),
    cmocka_unit_test(test_write),          cmocka_unit_test(test_write_at_any_place),
    cmocka_unit_test(test_buf_is_bounded), cmocka_unit_test(test_ident),
    cmocka_unit_test(test_format),         cmocka_unit_test(test_error_body),
    cmocka_unit_test(test_every_error_has_an_entry),
};

UNIT_MAIN(tests)
