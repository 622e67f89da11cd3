/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "apr_file_io.h"
#include "apr_strings.h"

#include "app_core_int.h"

typedef struct conf_t {
    int                 flag, mode;
    apr_int64_t         number, size;
    apr_interval_time_t wait;
    const char         *text, *path, *secret;
    apr_array_header_t *list, *sum, *lines, *pairs;
} conf_t;

static const char *const modes[] = { "fast", "safe", NULL };

/** "NAME VALUE" becomes "NAME=VALUE". */
static apr_status_t parse_pair(const void **pvalue, const apr_array_header_t *words,
                               app_error_t *err, apr_pool_t *p)
{
    if (words->nelts != 2) {
        return app_fail(err, APP_E_SETTING, "Pair takes two words, not %d", words->nelts);
    }
    *pvalue = apr_array_pstrcat(p, words, '=');
    return APR_SUCCESS;
}

static const app_setting_t rows[] = {
    APP_SET_FLAG("Flag", conf_t, flag, "on", APP_SET_LOCATION, "a flag"),
    APP_SET_ENUM("Mode", conf_t, mode, "safe", modes, 0, "a choice"),
    APP_SET_INT("Number", conf_t, number, "7", -5, 100, APP_SET_LOCATION, "a number"),
    APP_SET_SIZE("Size", conf_t, size, "1k", 0, 1024 * 1024, 0, "a size"),
    APP_SET_DURATION("Wait", conf_t, wait, "10s", 1000, 3600 * APR_USEC_PER_SEC, 0, "a time"),
    APP_SET_STRING("Text", conf_t, text, NULL, 0, "a text"),
    APP_SET_PATH("Path", conf_t, path, NULL, 0, "a path"),
    APP_SET_SECRET("Key", conf_t, secret, 0, "a secret"),
    APP_SET_LIST("List", conf_t, list, "a b", 0, "a list"),
    APP_SET_LIST("Sum", conf_t, sum, "x", APP_SET_APPEND, "a growing list"),
    APP_SET_PARSED("Pair", conf_t, pairs, parse_pair, APP_SET_APPEND, "two words"),
    APP_SET_END
};

static const char *joined(const apr_array_header_t *list)
{
    return apr_array_pstrcat(unit_pool, list, ' ');
}

/** The member that a line set, as text; or the error's message. */
static const char *set_and_print(const char *name, const char *args)
{
    app_values_t *values = app_values_create(NULL, rows, sizeof(conf_t), unit_pool);
    const conf_t *conf = values->data;
    app_error_t err = { .pool = unit_pool };

    if (app_values_set(values, APP_IN_SERVER, "/root", name, args, &err, unit_pool) !=
        APR_SUCCESS) {
        return err.message;
    }
    switch (*name) {
    case 'F':
        return conf->flag ? "on" : "off";
    case 'M':
        return modes[conf->mode];
    case 'N':
        return apr_psprintf(unit_pool, "%" APR_INT64_T_FMT, conf->number);
    case 'S':
        return apr_psprintf(unit_pool, "%" APR_INT64_T_FMT, conf->size);
    case 'W':
        return apr_psprintf(unit_pool, "%" APR_INT64_T_FMT, conf->wait);
    case 'T':
        return conf->text;
    case 'P':
        return conf->path ? conf->path : joined(conf->pairs);
    case 'K':
        return conf->secret;
    default:
        return joined(conf->list);
    }
}

static void test_values(void **state)
{
    static const struct {
        const char *name, *args, *result;
    } cases[] = {
        { "Flag", "off", "off" },
        { "FLAG", "On", "on" },
        { "Flag", "yes", "Flag takes on or off, not \"yes\"" },
        { "Mode", "fast", "fast" },
        { "Mode", "slow", "Mode takes one of fast, safe, not \"slow\"" },
        { "Number", "-5", "-5" },
        { "Number", "101", "Number takes a whole number from -5 to 100, not \"101\"" },
        { "Number", "7x", "Number takes a whole number from -5 to 100, not \"7x\"" },
        { "Number", "", "Number needs a value: a number" },
        { "Number", "1 2", "Number takes one value; put quotes around it if it holds blanks" },
        { "Size", "64k", "65536" },
        { "Size", "0", "0" },
        { "Size", "2m",
          "Size takes a size in bytes (512, 64k, 1m, 2g) from 0 to 1m, not \"2m\"" },
        { "Wait", "250ms", "250000" },
        { "Wait", "15m", "900000000" },
        { "Wait", "15",
          "Wait takes a time with a unit (250ms, 10s, 15m, 2h, 7d) from 1ms to 1h, not \"15\"" },
        { "Wait", "99999999999999999999h",
          "Wait takes a time with a unit (250ms, 10s, 15m, 2h, 7d) from 1ms to 1h, not "
          "\"99999999999999999999h\"" },
        { "Text", "word", "word" },
        { "Text", "\"two words\"", "two words" },
        { "Text", "'it\\'s'", "it's" },
        { "Text", "\"\"", "" },
        { "Path", "a/b", "/root/a/b" },
        { "Path", "/a/b", "/a/b" },
        { "Pair", "a \"b c\"", "a=b c" },
        { "Pair", "a,b", "Pair takes two words, not 1" },
        { "Pair", " ", "Pair needs a value: two words" },
        { "Key", "hush", "hush" },
        { "List", "one two,three, \"four five\"", "one two three four five" },
        { "List", "\"\"", "" },
        { "List", " ", "List takes words divided by blanks or commas; \"\" for none" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        CASE_STRING(apr_pstrcat(unit_pool, cases[i].name, " ", cases[i].args, NULL),
                    set_and_print(cases[i].name, cases[i].args), cases[i].result);
    }
}

static void test_unknown_and_misplaced(void **state)
{
    app_values_t *values = app_values_create(NULL, rows, sizeof(conf_t), unit_pool);
    app_error_t err = { .pool = unit_pool };

    (void)state;
    assert_int_equal(app_values_set(values, APP_IN_SERVER, NULL, "Nothing", "1", &err, unit_pool),
                     APP_EFAIL);
    assert_int_equal(app_values_set(values, APP_IN_LOCATION, NULL, "Number", "1", &err, unit_pool),
                     APR_SUCCESS);
    assert_int_equal(app_values_set(values, APP_IN_LOCATION, NULL, "Mode", "fast", &err, unit_pool),
                     APP_EFAIL);
}

static void test_defaults_and_merge(void **state)
{
    app_values_t *outer = app_values_create(NULL, rows, sizeof(conf_t), unit_pool);
    app_values_t *inner = app_values_create(NULL, rows, sizeof(conf_t), unit_pool);
    app_error_t err = { .pool = unit_pool };
    const conf_t *conf = outer->data;

    (void)state;
    assert_int_equal(conf->number, 7);
    assert_int_equal(conf->wait, 10 * APR_USEC_PER_SEC);
    assert_null(conf->text);
    assert_string_equal(joined(conf->list), "a b");
    assert_true(app_values_empty(outer));

    app_values_set(outer, APP_IN_SERVER, NULL, "Number", "50", &err, unit_pool);
    app_values_set(outer, APP_IN_SERVER, NULL, "Text", "outer", &err, unit_pool);
    app_values_set(outer, APP_IN_SERVER, NULL, "List", "c", &err, unit_pool);
    app_values_set(outer, APP_IN_SERVER, NULL, "Sum", "y", &err, unit_pool);
    app_values_set(inner, APP_IN_SERVER, NULL, "Number", "0", &err, unit_pool);
    app_values_set(inner, APP_IN_SERVER, NULL, "List", "d", &err, unit_pool);
    app_values_set(inner, APP_IN_SERVER, NULL, "Sum", "z", &err, unit_pool);
    app_values_set(inner, APP_IN_SERVER, NULL, "Sum", "z2", &err, unit_pool);
    assert_string_equal(joined(conf->pairs), "");
    app_values_set(outer, APP_IN_SERVER, NULL, "Pair", "a 1", &err, unit_pool);
    app_values_set(outer, APP_IN_SERVER, NULL, "Pair", "b 2", &err, unit_pool);
    app_values_set(inner, APP_IN_SERVER, NULL, "Pair", "c 3", &err, unit_pool);
    conf = app_values_merge(outer, inner, unit_pool)->data;
    assert_int_equal(conf->number, 0);
    assert_string_equal(conf->text, "outer");
    assert_string_equal(joined(conf->list), "d");
    assert_string_equal(joined(conf->sum), "y z z2");
    assert_string_equal(joined(conf->pairs), "a=1 b=2 c=3");
}

static void test_secret_from_a_file(void **state)
{
    app_values_t *values = app_values_create(NULL, rows, sizeof(conf_t), unit_pool);
    const conf_t *conf = values->data;
    app_error_t err = { .pool = unit_pool };
    char *path = apr_pstrdup(unit_pool, "/tmp/app-secret-XXXXXX");
    apr_file_t *file;

    (void)state;
    assert_int_equal(apr_file_mktemp(&file, path, APR_CREATE | APR_WRITE | APR_EXCL, unit_pool), APR_SUCCESS);
    apr_file_puts("open sesame\n", file);
    apr_file_close(file);
    assert_int_equal(app_values_set(values, APP_IN_SERVER, NULL, "KeyFile", path, &err, unit_pool),
                     APR_SUCCESS);
    assert_string_equal(conf->secret, "open sesame");
    assert_int_equal(app_values_set(values, APP_IN_SERVER, NULL, "Key", "plain", &err, unit_pool),
                     APR_SUCCESS);
    assert_string_equal(conf->secret, "plain");
    assert_int_equal(app_values_set(values, APP_IN_SERVER, NULL, "Key",
                                    apr_pstrcat(unit_pool, "@", path, NULL), &err, unit_pool),
                     APR_SUCCESS);
    assert_string_equal(conf->secret, "open sesame");
    apr_file_remove(path, unit_pool);
    assert_int_equal(app_values_set(values, APP_IN_SERVER, NULL, "KeyFile", path, &err, unit_pool),
                     APP_EFAIL);
    assert_non_null(strstr(err.message, "KeyFile cannot read"));
}

static void test_tables_are_checked(void **state)
{
    static const app_setting_t outside[] = {
        { "A", APP_TYPE_INT, sizeof(conf_t), "1", 0, 9, NULL, 0, "x", NULL }, APP_SET_END
    };
    static const app_setting_t bad_default[] = {
        APP_SET_INT("A", conf_t, number, "10", 0, 9, 0, "x"), APP_SET_END
    };
    static const app_setting_t twice[] = {
        APP_SET_INT("A", conf_t, number, "1", 0, 9, 0, "x"),
        APP_SET_FLAG("a", conf_t, flag, "on", 0, "x"), APP_SET_END
    };
    static const app_setting_t no_parser[] = {
        APP_SET_PARSED("A", conf_t, pairs, NULL, 0, "x"), APP_SET_END
    };
    const char *problem;

    (void)state;
    assert_int_equal(app_values_check(no_parser, sizeof(conf_t), &problem, unit_pool), APR_EINVAL);
    assert_int_equal(app_values_check(twice, sizeof(conf_t), &problem, unit_pool), APR_EINVAL);
    assert_int_equal(app_values_check(rows, sizeof(conf_t), &problem, unit_pool), APR_SUCCESS);
    assert_int_equal(app_values_check(NULL, 0, &problem, unit_pool), APR_SUCCESS);
    assert_int_equal(app_values_check(outside, sizeof(conf_t), &problem, unit_pool), APR_EINVAL);
    assert_int_equal(app_values_check(bad_default, sizeof(conf_t), &problem, unit_pool),
                     APR_EINVAL);
    assert_int_equal(app_values_check(app_core_settings, sizeof(app_core_conf_t), &problem,
                                      unit_pool),
                     APR_SUCCESS);
}

/** Of a server's line and a location's; NULL: none. */
static apr_uint64_t digest_of(const char *name, const char *outer, const char *inner)
{
    app_values_t *one = app_values_create(NULL, rows, sizeof(conf_t), unit_pool);
    app_values_t *other = app_values_create(NULL, rows, sizeof(conf_t), unit_pool);
    app_error_t err = { .pool = unit_pool };
    apr_uint64_t digest = 0;

    app_values_set(one, APP_IN_SERVER, "/root", name, outer, &err, unit_pool);
    if (inner) {
        app_values_set(other, APP_IN_SERVER, "/root", name, inner, &err, unit_pool);
    }
    app_digest_values(&digest, app_values_merge(one, other, unit_pool), 1);
    return digest;
}

static void test_digest(void **state)
{
    static const struct {
        const char *name, *outer, *inner, *other_outer, *other_inner;
        int         same;
    } cases[] = {
        { "Text", "a", NULL, "a", NULL, 1 },   { "Text", "a", NULL, "b", NULL, 0 },
        { "Text", "a", "c", "b", "c", 1 },     { "Pair", "a b", NULL, "a b", NULL, 1 },
        { "Pair", "a b", NULL, "a c", NULL, 0 }, { "Pair", "a b", "c d", "a b", "c d", 1 },
        { "Pair", "a b", "c d", "a b", "c e", 0 }, { "Pair", "a b", "c d", "a c", "c d", 0 },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        CASE_INT(cases[i].name,
                 digest_of(cases[i].name, cases[i].outer, cases[i].inner) ==
                     digest_of(cases[i].name, cases[i].other_outer, cases[i].other_inner),
                 cases[i].same);
    }
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_digest),
    cmocka_unit_test(test_values),
    cmocka_unit_test(test_unknown_and_misplaced),
    cmocka_unit_test(test_defaults_and_merge),
    cmocka_unit_test(test_secret_from_a_file),
    cmocka_unit_test(test_tables_are_checked),
};

UNIT_MAIN(tests)
