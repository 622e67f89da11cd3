/* SPDX-License-Identifier: Apache-2.0 */
/** Database URLs: what comes of them, and that no refusal repeats a password. */
#include "unit_db.h"

static const struct {
    const char *url;
    const char *params; /* begins with that; NULL: refused */
    const char *label;
} good[] = {
    { "sqlite:/var/lib/app.db", "file:/var/lib/app.db?mode=rw", "sqlite:/var/lib/app.db" },
    { "sqlite:///var/lib/app.db", "file:/var/lib/app.db?mode=rw", "sqlite:/var/lib/app.db" },
    { "sqlite:////var/lib/app.db", "file:/var/lib/app.db?mode=rw", "sqlite:/var/lib/app.db" },
    { "sqlite:/a%20b/c%3Fd%25.db", "file:/a%20b/c%3Fd%25.db?mode=rw", "sqlite:/a b/c?d%.db" },
    { "sqlite:/a b/#c.db", "file:/a%20b/%23c.db?mode=rw", "sqlite:/a b/#c.db" },
    { "postgresql://h/d", "dbname='d' host='h' connect_timeout='5' ", "postgresql://h:5432/d" },
    { "postgres://h/d", "dbname='d' host='h' ", "postgresql://h:5432/d" },
    { "postgresql://u:p%27q%5C@h:5433/d",
      "user='u' password='p\\'q\\\\' dbname='d' host='h' port='5433' ",
      "postgresql://h:5433/d" },
    { "postgresql://u@/d?host=/run/pg&connect_timeout=3",
      "user='u' connect_timeout='3' dbname='d' host='/run/pg' keepalives_idle='30' ",
      "postgresql:///run/pg:5432/d" },
    { "postgresql://u@a:1,b:2/d?sslmode=require",
      "user='u' dbname='d' host='a,b' port='1,2' sslmode='require' ",
      "postgresql://a,b:1,2/d" },
    { "postgresql://", "connect_timeout='5' ", "postgresql://(local):5432/(default)" },
};

static void test_good(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(good); i++) {
        app_error_t error = { .pool = unit_pool };
        app_db_url_t url;

        if (app_db_url_parse(&url, good[i].url, apr_time_from_sec(5), &error, unit_pool) !=
            APR_SUCCESS) {
            fail_msg("%s: %s", good[i].url, error.message);
        }
        CASE_STRING(good[i].url, apr_pstrndup(unit_pool, url.params, strlen(good[i].params)),
                    good[i].params);
        CASE_STRING(good[i].url, url.label, good[i].label);
    }
}

/** What tells databases apart: all of the URL, but no password. */
static void test_identity(void **state)
{
    static const char *const urls[] = { "postgresql://u:s3cret@h/d?sslpassword=s3cret",
                                        "postgresql://v:s3cret@h/d", "postgresql://u@h:5433/d",
                                        "postgresql://u@h/d?options=-ca%3Db" };
    app_error_t error = { .pool = unit_pool };
    app_db_url_t url, last = { .identity = "" };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(urls); i++, last = url) {
        assert_int_equal(app_db_url_parse(&url, urls[i], 1, &error, unit_pool), APR_SUCCESS);
        assert_string_not_equal(url.identity, last.identity);
        assert_null(strstr(url.identity, "s3cret"));
    }
    assert_non_null(strstr(url.identity, "user='u'"));
}

static const struct {
    const char *url;
    const char *message; /* begins with that */
} bad[] = {
    { "", "The database URL begins with neither" },
    { "mysql://u:s3cret@h/d", "The database URL begins with neither" },
    { "postgresql+psycopg2://u:s3cret@h/d", "The database URL begins with neither" },
    { "host=h password=s3cret", "The database URL begins with neither" },
    { "postgresql://u:s3cret@h:port%zz/d", "The database URL is malformed" },
    { "postgresql://u:s3cret%zz@h/d", "The database URL is malformed" },
    { "postgresql://u:s3cret/d?s3cret=1@h/d", "The database URL is malformed" },
    { "postgresql://u:s3cret@[::1/d", "The database URL is malformed" },
    { "postgresql://u:s3cret@h:65536/d",
      "The port in the database URL is not between 1 and 65535" },
    { "postgresql://u:s3cret@a:1,b:none/d",
      "The port in the database URL is not between 1 and 65535" },
    { "postgresql://u:s3cret@h/d?slmode=require",
      "The database URL has an option \"slmode\", which libpq does not know" },
    { "postgresql://u:s3cret@h/d?sslmode=require&foo=s3cret",
      "The database URL has an option \"foo\", which libpq does not know" },
    { "postgresql://u:s3cret@h/d\n", "The database URL contains a control character" },
    { "sqlite:app.db", "An SQLite URL needs the full path of a file" },
    { "sqlite::memory:", "An SQLite URL needs the full path of a file" },
    { "sqlite://app.db", "An SQLite URL needs the full path of a file" },
    { "sqlite://host/app.db", "An SQLite URL needs the full path of a file" },
    { "sqlite:", "An SQLite URL needs the full path of a file" },
    { "sqlite:/", "An SQLite URL names a file" },
    { "sqlite:/var/lib/", "An SQLite URL names a file" },
    { "sqlite:/a.db?mode=rwc", "An SQLite URL takes no options" },
    { "sqlite:/a%2", "The SQLite URL has a \"%\"" },
    { "sqlite:/a%00b", "The SQLite URL has a \"%\"" },
};

static void test_bad(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(bad); i++) {
        app_error_t error = { .pool = unit_pool };
        app_db_url_t url;

        if (app_db_url_parse(&url, bad[i].url, apr_time_from_sec(5), &error, unit_pool) !=
            APP_EFAIL) {
            fail_msg("%s was taken", bad[i].url);
        }
        CASE_STRING(bad[i].url, apr_pstrndup(unit_pool, error.message, strlen(bad[i].message)),
                    bad[i].message);
        CASE_INT(bad[i].url, strstr(error.message, "s3cret") != NULL, 0);
        CASE_INT(bad[i].url, error.log != NULL, 0);
    }
}

static void test_long(void **state)
{
    char *text = apr_palloc(unit_pool, 10001);
    app_error_t error = { .pool = unit_pool };
    app_db_url_t url;

    (void)state;
    memset(text, 'a', 10000);
    text[10000] = '\0';
    memcpy(text, "sqlite:/", 8);
    assert_int_equal(app_db_url_parse(&url, text, 0, &error, unit_pool), APP_EFAIL);
    assert_true(strlen(error.message) < 100);
}

static void test_create(void **state)
{
    app_db_url_t url = { .kind = APP_DB_SQLITE, .params = "file:/a?mode=rw" };

    (void)state;
    assert_string_equal(app_db_url_create(&url, unit_pool), "file:/a?mode=rwc");
}

/** SQLSTATE to status, as the data API's table has it. */
static const struct {
    const char *sqlstate, *message;
    int         status;
} statuses[] = {
    { "P0001", "x", 400 },  { "22P02", "x", 400 },  { "23502", "x", 400 },  { "23505", "x", 409 },
    { "23503", "x", 409 },  { "42501", "x", 403 },  { "42P01", "x", 404 },  { "42883", "x", 404 },
    { "42703", "x", 400 },  { "42P17", "x", 500 },  { "25006", "x", 405 },  { "25P02", "x", 500 },
    { "57014", "x", 500 },  { "57P01", "x", 503 },  { "53100", "x", 503 },  { "53400", "x", 500 },
    { "08006", "x", 503 },  { "28P01", "x", 403 },  { "40001", "x", 500 },  { "XX000", "x", 500 },
    { "P0002", "x", 500 },  { "0P000", "x", 403 },  { "21000", "x", 500 },  { "22023", "x", 400 },
    { "PT402", "x", 402 },  { "PT4x2", "x", 500 },  { "PT999", "x", 500 },
    { "21000", "UPDATE requires a WHERE clause", 400 },
    { "22023", "role \"x\" does not exist", 401 },
    { "42883", "function xmlagg(x) does not exist", 406 },
};

static void test_status(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(statuses); i++) {
        CASE_INT(statuses[i].sqlstate, app_db_status(statuses[i].sqlstate, statuses[i].message),
                 statuses[i].status);
    }
}

static const struct {
    double      value;
    const char *text;
} reals[] = {
    { 0.0, "0" },          { 1.0, "1" },      { -1.5, "-1.5" },       { 0.1, "0.1" },
    { 0.1 + 0.2, "0.30000000000000004" },     { 1e20, "1e+20" },      { 1e-7, "1e-07" },
    { 123456789012345680.0, "1.2345678901234568e+17" },               { 1e15, "1e+15" },
    { 999999999999999.0, "999999999999999" }, { 5e-324, "5e-324" },
    { 1.7976931348623157e308, "1.7976931348623157e+308" },            { -0.0, "-0" },
};

static void test_numbers(void **state)
{
    static const apr_int64_t ints[] = { 0, 7, -7, APR_INT64_MAX, APR_INT64_MIN };
    char buf[APP_DB_REAL_SIZE];
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(reals); i++) {
        apr_size_t len = app_db_print_real(buf, reals[i].value);

        CASE_STRING(reals[i].text, buf, reals[i].text);
        CASE_INT(reals[i].text, len, strlen(buf));
    }
    for (i = 0; i < COUNT(ints); i++) {
        app_db_print_int(buf, ints[i]);
        CASE_STRING(buf, buf, apr_psprintf(unit_pool, "%" APR_INT64_T_FMT, ints[i]));
    }
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_good),   cmocka_unit_test(test_bad),    cmocka_unit_test(test_long),
    cmocka_unit_test(test_create), cmocka_unit_test(test_status), cmocka_unit_test(test_numbers),
    cmocka_unit_test(test_identity),
};

UNIT_MAIN(tests)
