/* SPDX-License-Identifier: Apache-2.0 */
/** Settings files: what is read, what is passed over, and the sentences with file and line. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "apr_strings.h"

#include "app_conf_file.h"

/* What was read, as one text: "Database=x|[rest]|rest.MaxRows=5". */
typedef struct heard_t {
    app_buf_t   text;
    const char *plugin;
} heard_t;

static void hear(heard_t *heard, const char *a, const char *b, const char *c, const char *d)
{
    if (heard->text.len) {
        app_buf_addc(&heard->text, '|');
    }
    app_buf_addf(&heard->text, "%s%s%s%s", a, b, c, d);
}

static apr_status_t setting(void *ctx, const char *name, const char *args, app_error_t *err)
{
    if (strcmp(name, "Wrong") == 0) {
        return app_fail(err, APP_E_SETTING, "that is wrong");
    }
    hear(ctx, "", name, "=", args);
    return APR_SUCCESS;
}

static apr_status_t plugin(void *ctx, const char *name, app_error_t *err)
{
    heard_t *heard = ctx;

    if (strcmp(name, "none") == 0) {
        return app_fail(err, APP_E_SETTING, "there is no such plugin");
    }
    heard->plugin = apr_pstrdup(unit_pool, name);
    hear(heard, "[", name, "]", "");
    return APR_SUCCESS;
}

static apr_status_t plugin_setting(void *ctx, const char *name, const char *args, app_error_t *err)
{
    heard_t *heard = ctx;

    (void)err;
    hear(heard, apr_pstrcat(unit_pool, heard->plugin, ".", NULL), name, "=", args);
    return APR_SUCCESS;
}

static const app_conf_sink_t sink = { setting, plugin, plugin_setting };

static const char *parse(const char *text, apr_size_t len, app_conf_mode_e mode)
{
    app_error_t err = { .pool = unit_pool };
    heard_t heard = { .plugin = NULL };

    app_buf_init(&heard.text, unit_pool, 65536);
    if (app_conf_file_parse("f", text, len, mode, &sink, &heard, &err, unit_pool) != APR_SUCCESS) {
        assert_string_equal(err.code, "APPE002");
        return err.message;
    }
    return heard.text.data ? heard.text.data : "";
}

typedef struct case_t {
    const char *text, *heard;
} case_t;

static void run(const case_t *cases, size_t n, app_conf_mode_e mode)
{
    size_t i;

    setenv("UNIT_URL", "sqlite:/x", 1);
    unsetenv("UNIT_NOT");
    for (i = 0; i < n; i++) {
        CASE_STRING(cases[i].text, parse(cases[i].text, strlen(cases[i].text), mode),
                    cases[i].heard);
    }
}

static void test_both(void **state)
{
    static const case_t cases[] = {
        { "", "" },
        { "\n\n  \n# AppX y\n   # z\n", "" },
        { "AppX y", "X=y" },
        { "  AppX \t y z  \r\n", "X=y z" },
        { "appx 1\nAPPY 2\n", "x=1|Y=2" },
        { "AppX", "X=" },
        { "AppX \"a b\"", "X=\"a b\"" },
        { "AppX a\\\nb", "X=ab" },
        { "AppX a \\\r\n  b \\\n c", "X=a   b  c" },
        { "AppX a\\", "X=a\\" },
        { "# c \\\nAppX y\nAppY z", "Y=z" },
        { "AppX ${UNIT_URL}", "X=sqlite:/x" },
        { "AppX \"${UNIT_URL}?a=${UNIT_URL}\"", "X=\"sqlite:/x?a=sqlite:/x\"" },
        { "AppX ${ $ {} ${}", "X=${ $ {} ${}" },
        { "\nAppX ${UNIT_NOT}", "f:2: the variable ${UNIT_NOT} is not set; set it in the "
                                "environment, or write its value here" },
        { "<AppPlugin rest>\n MaxRows 5\n</AppPlugin>\nAppX 1", "[rest]|rest.MaxRows=5|X=1" },
        { "<appplugin \"rest\" >\n</APPPLUGIN>", "[rest]" },
        { "<AppPlugin rest>\nAppX 1\n</AppPlugin>", "[rest]|rest.AppX=1" },
        { "\n<AppPlugin rest>", "f:2: <AppPlugin> is not closed; add </AppPlugin>" },
        { "\n<AppPlugin none>\n</AppPlugin>", "f:2: there is no such plugin" },
        { "AppOk 1\nAppWrong \\\n 1\n", "f:2: that is wrong" },
        { "<AppPlugin rest", "f:1: <AppPlugin NAME> needs \">\" at its end" },
        { "<AppPlugin>", "f:1: <AppPlugin NAME> takes the name of one plugin" },
        { "<AppPlugin a b>", "f:1: <AppPlugin NAME> takes the name of one plugin" },
        { "</AppPlugin>", "f:1: </AppPlugin> closes nothing that is open" },
        { "<AppPlugin a>\n\n<AppPlugin b>",
          "f:3: <AppPlugin> stands inside the <AppPlugin> of line 1; close that with </AppPlugin> "
          "first" },
        { "<AppPlugin a>\n<Location />",
          "f:2: <Location> has no meaning here; there is <AppPlugin NAME> only" },
    };

    (void)state;
    run(cases, COUNT(cases), APP_CONF_STRICT);
    run(cases, COUNT(cases), APP_CONF_LENIENT);
}

static void test_strict(void **state)
{
    static const case_t cases[] = {
        { "Listen 80", "f:1: \"Listen\" is no setting of mod_app: its own begin with App, those of "
                       "a plugin stand between <AppPlugin NAME> and </AppPlugin>" },
        { "App x", "f:1: \"App\" is no setting of mod_app: its own begin with App, those of a "
                   "plugin stand between <AppPlugin NAME> and </AppPlugin>" },
        { "<Location />\n</Location>",
          "f:1: <Location> has no meaning here; there is <AppPlugin NAME> only" },
        { "</Location>", "f:1: </Location> closes nothing that is open" },
        { "Define A b", "f:1: \"Define\" is no setting of mod_app: its own begin with App, those "
                        "of a plugin stand between <AppPlugin NAME> and </AppPlugin>" },
    };

    (void)state;
    run(cases, COUNT(cases), APP_CONF_STRICT);
}

static void test_lenient(void **state)
{
    static const case_t cases[] = {
        { "Listen 80\nAppX 1\nLogFormat ${nothing}", "X=1" },
        { "<VirtualHost *:80>\n<IfModule app_module>\nAppX 1\n</IfModule>\n</VirtualHost>", "X=1" },
        { "<Location /api>\nAppX 1\nSetHandler app-api\n</Location>\nAppY 2", "Y=2" },
        { "<Location /a>\n<AppPlugin rest>\nA 1\n</AppPlugin>\n<If \"x\">\nAppX 1\n</If>\nAppY 1\n"
          "</Location>\nAppZ 3",
          "Z=3" },
        { "<directory />\nAppX 1\n</directory>\n<Proxy *>\nAppY 1\n</Proxy>", "" },
        { "\n<Location /a>\nAppX 1\n", "f:2: the container that opens here is not closed" },
        { "Define A b\nAppX ${A}\nDefine B \"c d${A}\"\nAppY ${B}", "X=b|Y=c db" },
        { "</Location>", "" },
    };

    (void)state;
    run(cases, COUNT(cases), APP_CONF_LENIENT);
}

static void test_bounds(void **state)
{
    char *line = apr_palloc(unit_pool, APP_CONF_LINE_MAX + 2);
    char *lines = apr_palloc(unit_pool, APP_CONF_LINES_MAX + 2);
    char *file = apr_pcalloc(unit_pool, APP_CONF_FILE_MAX + 1);

    (void)state;
    memset(line, 'a', APP_CONF_LINE_MAX + 1);
    memcpy(line, "AppX ", 5);
    assert_int_equal(strlen(parse(line, APP_CONF_LINE_MAX, APP_CONF_STRICT)),
                     APP_CONF_LINE_MAX - 3); /* "AppX " has become "X=" */
    assert_string_equal(parse(line, APP_CONF_LINE_MAX + 1, APP_CONF_STRICT),
                        "f:1: the line is longer than 8192 bytes; divide it");
    memset(lines, '\n', APP_CONF_LINES_MAX + 1);
    assert_string_equal(parse(lines, APP_CONF_LINES_MAX, APP_CONF_STRICT), "");
    assert_string_equal(parse(lines, APP_CONF_LINES_MAX + 1, APP_CONF_STRICT),
                        "f:20001: the file has more than 20000 lines");
    assert_string_equal(parse(file, APP_CONF_FILE_MAX + 1, APP_CONF_STRICT),
                        "f: the file is larger than 1048576 bytes");
    assert_string_equal(parse("AppX a\0b", 8, APP_CONF_STRICT),
                        "f:1: the line holds a NUL character; this is no text file");
}

static void test_variable_too_long(void **state)
{
    char *value = apr_palloc(unit_pool, APP_CONF_LINE_MAX + 1);

    (void)state;
    memset(value, 'v', APP_CONF_LINE_MAX);
    value[APP_CONF_LINE_MAX] = '\0';
    setenv("UNIT_LONG", value, 1);
    assert_string_equal(parse("AppX a${UNIT_LONG}", 18, APP_CONF_STRICT),
                        "f:1: the line is longer than 8192 bytes; divide it");
    unsetenv("UNIT_LONG");
}

static void test_read(void **state)
{
    char name[] = "/tmp/test_app_conf_file.XXXXXX";
    app_error_t err = { .pool = unit_pool };
    int fd = mkstemp(name);
    const char *text;
    apr_size_t len;

    (void)state;
    assert_true(fd >= 0 && write(fd, "AppX 1\n", 7) == 7);
    close(fd);
    assert_int_equal(app_conf_file_read(&text, &len, name, 7, &err, unit_pool), APR_SUCCESS);
    assert_string_equal(text, "AppX 1\n");
    assert_int_equal(len, 7);
    assert_int_equal(app_conf_file_read(&text, &len, name, 6, &err, unit_pool), APP_EFAIL);
    assert_string_equal(err.message,
                        apr_pstrcat(unit_pool, name, ": the file is larger than 6 bytes", NULL));
    unlink(name);
    assert_int_equal(app_conf_file_read(&text, &len, name, 7, &err, unit_pool), APP_EFAIL);
    assert_non_null(strstr(err.message, "it cannot be read: No such file"));
    assert_int_equal(app_conf_file_read(&text, &len, "/tmp", 7, &err, unit_pool), APP_EFAIL);
    assert_string_equal(err.message, "/tmp: it is not a regular file");
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_both),    cmocka_unit_test(test_strict),
    cmocka_unit_test(test_lenient), cmocka_unit_test(test_bounds),
    cmocka_unit_test(test_read),    cmocka_unit_test(test_variable_too_long),
};

UNIT_MAIN(tests)
