/* SPDX-License-Identifier: Apache-2.0 */
/** Migrations of an SQLite database: read, applied once, and refused where files have changed. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "apr_file_io.h"
#include "apr_strings.h"

#include "app_db_int.h"
#include "appctl.h"

static const char *folder; /* of the running test */

static void quiet(app_log_level_e level, const char *line)
{
    (void)level;
    (void)line;
}

static const char *in_folder(const char *name)
{
    return apr_pstrcat(unit_pool, folder, "/", name, NULL);
}

static void put(const char *name, const char *text)
{
    FILE *file = fopen(in_folder(name), "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0 && fclose(file) == 0);
}

static apr_status_t remove_folder(void *data)
{
    const char *path = data;
    apr_pool_t *p;
    apr_finfo_t info;
    apr_dir_t *dir;

    apr_pool_create(&p, NULL);
    if (apr_dir_open(&dir, path, p) == APR_SUCCESS) {
        while (apr_dir_read(&info, APR_FINFO_NAME, dir) == APR_SUCCESS) {
            unlink(apr_pstrcat(p, path, "/", info.name, NULL));
        }
        apr_dir_close(dir);
    }
    apr_pool_destroy(p);
    return rmdir(path) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

/** An empty folder, and a database in it that is not there yet. */
static app_db_t *fresh(void)
{
    char *path = apr_pstrdup(unit_pool, "/tmp/test_appctl_migrate.XXXXXX");
    app_loopback_options_t options = { .log = quiet };
    app_error_t err = { .pool = unit_pool };
    app_loopback_t *loopback;

    assert_non_null(mkdtemp(path));
    apr_pool_cleanup_register(unit_pool, path, remove_folder, apr_pool_cleanup_null);
    folder = path;
    options.text = apr_psprintf(unit_pool, "AppDatabase sqlite:%s/app.db", path);
    assert_int_equal(app_loopback_make(&loopback, &options, &err, unit_pool), APR_SUCCESS);
    return app_site_db(app_loopback_site(loopback));
}

static apr_array_header_t *read_list(void)
{
    app_error_t err = { .pool = unit_pool };
    apr_array_header_t *list = NULL;

    assert_int_equal(appctl_migrations_read(&list, folder, &err, unit_pool), APR_SUCCESS);
    return list;
}

static appctl_migration_t *entry(apr_array_header_t *list, int i)
{
    assert_true(i < list->nelts);
    return &APR_ARRAY_IDX(list, i, appctl_migration_t);
}

static void test_read(void **state)
{
    apr_array_header_t *list;

    (void)state;
    fresh();
    put("0002_second_one.sql", "SELECT 2;");
    put("0001_first.sql", "SELECT 1;");
    put("README.md", "no migration");
    put(".0003_hidden.sql", "no migration");
    list = read_list();
    assert_int_equal(list->nelts, 2);
    assert_int_equal(entry(list, 0)->version, 1);
    assert_string_equal(entry(list, 0)->name, "first");
    assert_string_equal(entry(list, 0)->sql, "SELECT 1;");
    assert_string_equal(entry(list, 0)->checksum, "517305648b7323bf7793bed05a4f527376715093");
    assert_int_equal(entry(list, 1)->version, 2);
    assert_string_equal(entry(list, 1)->name, "second_one");
    assert_null(entry(list, 1)->applied_at);
}

static void test_names(void **state)
{
    static const char *const names[] = { "1_a.sql",     "00001_a.sql", "0001-a.sql", "0001_.sql",
                                         "0001_A.sql",  "0001_a b.sql", "a.sql",      "0001_a'.sql",
                                         "0001_\xC3\xA4.sql" };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(names); i++) {
        app_error_t err = { .pool = unit_pool };
        apr_array_header_t *list;

        fresh();
        put(names[i], "SELECT 1;");
        CASE_INT(names[i], appctl_migrations_read(&list, folder, &err, unit_pool), APP_EFAIL);
        assert_non_null(strstr(err.message, "is named with four digits"));
    }
}

static void test_same_number(void **state)
{
    app_error_t err = { .pool = unit_pool };
    apr_array_header_t *list;

    (void)state;
    fresh();
    put("0001_a.sql", "SELECT 1;");
    put("0001_b.sql", "SELECT 1;");
    assert_int_equal(appctl_migrations_read(&list, folder, &err, unit_pool), APP_EFAIL);
    assert_non_null(strstr(err.message, "two files have the number 0001"));
}

static void test_apply(void **state)
{
    app_error_t err = { .pool = unit_pool };
    app_db_t *db = fresh();
    apr_array_header_t *list;

    (void)state;
    put("0001_a.sql", "CREATE TABLE a (x);\nINSERT INTO a VALUES ('50%');\n");
    list = read_list();
    assert_int_equal(appctl_migration_apply(entry(list, 0), db, &err, unit_pool), APR_SUCCESS);
    assert_int_equal(app_db_start(db, unit_pool, &err), APR_SUCCESS);
    assert_int_equal(appctl_migrations_applied(list, db, &err, unit_pool), APR_SUCCESS);
    assert_non_null(entry(list, 0)->applied_at);
    assert_false(appctl_migration_differs(entry(list, 0)));
    /* A second node comes to the same file. */
    assert_int_equal(appctl_migration_apply(entry(list, 0), db, &err, unit_pool), APR_EEXIST);
}

static void test_differs(void **state)
{
    app_error_t err = { .pool = unit_pool };
    app_db_t *db = fresh();
    apr_array_header_t *list;

    (void)state;
    put("0001_a.sql", "CREATE TABLE a (x);");
    put("0002_b.sql", "CREATE TABLE b (x);");
    list = read_list();
    assert_int_equal(appctl_migration_apply(entry(list, 0), db, &err, unit_pool), APR_SUCCESS);
    assert_int_equal(appctl_migration_apply(entry(list, 1), db, &err, unit_pool), APR_SUCCESS);
    assert_int_equal(app_db_start(db, unit_pool, &err), APR_SUCCESS);
    put("0001_a.sql", "CREATE TABLE a (y);");
    unlink(in_folder("0002_b.sql"));
    put("0003_c.sql", "CREATE TABLE c (x);");
    list = read_list();
    assert_int_equal(appctl_migrations_applied(list, db, &err, unit_pool), APR_SUCCESS);
    assert_int_equal(list->nelts, 3);
    assert_true(appctl_migration_differs(entry(list, 0)));
    assert_true(appctl_migration_differs(entry(list, 1)));
    assert_string_equal(entry(list, 1)->name, "b");
    assert_null(entry(list, 1)->checksum);
    assert_false(appctl_migration_differs(entry(list, 2)));
}

static void test_broken(void **state)
{
    app_error_t err = { .pool = unit_pool };
    app_db_t *db = fresh();
    apr_array_header_t *list;

    (void)state;
    put("0001_a.sql", "CREATE TABLE a (x);\n\nCREATE TABEL b (x);\n");
    list = read_list();
    assert_int_equal(appctl_migration_apply(entry(list, 0), db, &err, unit_pool), APP_EFAIL);
    assert_string_equal(err.message, "0001_a.sql: syntax error at or near \"TABEL\"");
    assert_string_equal(err.details, "line 3");
    /* Nothing of it is left: mended, it runs. */
    put("0001_a.sql", "CREATE TABLE a (x);\n\nCREATE TABLE b (x);\n");
    list = read_list();
    assert_int_equal(appctl_migration_apply(entry(list, 0), db, &err, unit_pool), APR_SUCCESS);
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_read),        cmocka_unit_test(test_names),
    cmocka_unit_test(test_same_number), cmocka_unit_test(test_apply),
    cmocka_unit_test(test_differs),     cmocka_unit_test(test_broken),
};

UNIT_MAIN(tests)
