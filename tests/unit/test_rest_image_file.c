/* SPDX-License-Identifier: Apache-2.0 */
/** Images in files: who may have put them there, what replaces them, and the locks beside them. */
#include "unit_image.h"
#include "unit_schema.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];
static const char *path, *lock;

static apr_status_t clean(void *unused)
{
    (void)unused;
    unlink(path);
    unlink(lock);
    unlink(apr_pstrcat(unit_pool, path, ".new", NULL));
    unlink(apr_pstrcat(unit_pool, folder, "/other", NULL));
    rmdir(folder);
    return APR_SUCCESS;
}

static void make_folder(void)
{
    apr_cpystrn(folder, "/tmp/test_rest_image_file.XXXXXX", sizeof(folder));
    assert_non_null(mkdtemp(folder));
    path = apr_pstrcat(unit_pool, folder, "/image", NULL);
    lock = apr_pstrcat(unit_pool, folder, "/lock", NULL);
    apr_pool_cleanup_register(unit_pool, NULL, clean, apr_pool_cleanup_null);
}

/** Writes an image of a snapshot that was loaded at some time. */
static apr_status_t write_at(apr_time_t loaded)
{
    rest_schema_t *schema = schema_of_words(APP_DB_PGSQL, "table a id* x");
    rest_packed_t packed;

    schema->loaded = loaded;
    assert_int_equal(rest_image_pack(&packed, schema, &image_key, unit_pool), APR_SUCCESS);
    return rest_image_write(path, &packed, unit_pool);
}

/** @return NULL: refused */
static rest_schema_t *mapped(void)
{
    rest_schema_t *schema = NULL;

    return rest_image_map(&schema, path, &image_key, unit_pool) == APR_SUCCESS ? schema : NULL;
}

static void test_mapped(void **state)
{
    rest_schema_t *first, *second;

    (void)state;
    make_folder();
    assert_null(mapped());
    assert_int_equal(write_at(5), APR_SUCCESS);
    first = mapped();
    second = mapped();
    assert_non_null(first);
    assert_non_null(second);
    assert_ptr_not_equal(first->spaces, second->spaces); /* one of them was moved */
    CASE_INT("loaded", first->loaded, 5);
    CASE_INT("references", first->references, 1);
    assert_string_equal(rest_schema_relation(first, "public", "a")->columns[1]->name, "x");
    assert_string_equal(rest_schema_relation(second, "public", "a")->columns[1]->name, "x");
    assert_false(rest_image_superseded(first));
    apr_pool_destroy(first->pool);
    apr_pool_destroy(second->pool);
}

static void test_superseded(void **state)
{
    rest_schema_t *first, *second;

    (void)state;
    make_folder();
    assert_int_equal(write_at(5), APR_SUCCESS);
    first = mapped();
    assert_int_equal(write_at(6), APR_SUCCESS);
    assert_true(rest_image_superseded(first));
    second = mapped();
    assert_false(rest_image_superseded(second));
    CASE_INT("loaded", second->loaded, 6);
    assert_string_equal(rest_schema_relation(first, "public", "a")->name, "a");
}

/** What a writer that died has left does not stop the next one. */
static void test_left_behind(void **state)
{
    int fd;

    (void)state;
    make_folder();
    fd = open(apr_pstrcat(unit_pool, path, ".new", NULL), O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(write_at(5), APR_SUCCESS);
    assert_non_null(mapped());
}

static void test_foreign(void **state)
{
    const char *other;

    (void)state;
    make_folder();
    other = apr_pstrcat(unit_pool, folder, "/other", NULL);
    assert_int_equal(write_at(5), APR_SUCCESS);
    assert_int_equal(chmod(path, 0640), 0);
    assert_null(mapped());
    assert_int_equal(chmod(path, 0606), 0);
    assert_null(mapped());
    assert_int_equal(chmod(path, 0600), 0);
    assert_non_null(mapped());
    if (geteuid() == 0) {
        assert_int_equal(chown(path, 65534, 65534), 0);
        assert_null(mapped());
        assert_int_equal(chown(path, 0, 0), 0);
    }
    assert_int_equal(rename(path, other), 0);
    assert_int_equal(symlink(other, path), 0);
    assert_null(mapped());
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_null(mapped()); /* and does not wait for a writer */
    assert_int_equal(write_at(6), APR_SUCCESS);
    assert_non_null(mapped());
}

/** Cut anywhere, as after a crash; and longer than it says. */
static void test_cut(void **state)
{
    struct stat info;
    off_t size;

    (void)state;
    make_folder();
    assert_int_equal(write_at(5), APR_SUCCESS);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(truncate(path, info.st_size + 4096), 0);
    assert_null(mapped());
    for (size = info.st_size - 1; size > 0; size = size * 2 / 3) {
        assert_int_equal(truncate(path, size), 0);
        assert_null(mapped());
    }
    assert_int_equal(truncate(path, 0), 0);
    assert_null(mapped());
    assert_int_equal(truncate(path, info.st_size), 0); /* all zeros */
    assert_null(mapped());
}

static void test_lock(void **state)
{
    int fd, again, status;

    (void)state;
    make_folder();
    assert_false(rest_image_is_locked(lock));
    assert_int_equal(rest_image_lock(&fd, lock, 0), APR_SUCCESS);
    assert_true(rest_image_is_locked(lock));
    assert_int_equal(rest_image_lock(&again, lock, 1000), APR_TIMEUP);
    rest_image_unlock(fd);
    assert_false(rest_image_is_locked(lock));
    if (fork() == 0) {
        _exit(rest_image_lock(&fd, lock, 0) != APR_SUCCESS); /* and does not give it back */
    }
    wait(&status);
    assert_int_equal(status, 0);
    assert_int_equal(rest_image_lock(&fd, lock, 0), APR_SUCCESS);
    rest_image_unlock(fd);
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_mapped),  cmocka_unit_test(test_superseded),
    cmocka_unit_test(test_left_behind), cmocka_unit_test(test_foreign),
    cmocka_unit_test(test_cut),     cmocka_unit_test(test_lock),
};

UNIT_MAIN(tests)
