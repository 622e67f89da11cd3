/* SPDX-License-Identifier: Apache-2.0 */
/** Images in files: who may have put them there, what replaces them, and the locks beside them. */
#include "unit_image.h"
#include "unit_schema.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
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

/* Sweeping */

static const char *file_of(const char *name)
{
    return apr_pstrcat(unit_pool, folder, "/", name, NULL);
}

/** @param days its age */
static void make_file(const char *name, int days)
{
    struct timespec times[2];
    int fd = open(file_of(name), O_CREAT | O_WRONLY, 0600);

    assert_true(fd >= 0);
    times[0] = times[1] = (struct timespec){ .tv_sec = time(NULL) - days * 86400 };
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
}

static int is_there(const char *name)
{
    struct stat info;

    return lstat(file_of(name), &info) == 0;
}

static const char *const swept[] = {
    "rest-00aa.image", "rest-00aa.load", "rest-00aa.listen", "rest-00aa.image.new",
    "rest-00ab.load", "rest-00ac.image", "rest-00ad.image",
};
static const char *const kept[] = {
    "rest-0001.image", /* our own */
    "rest-00b0.image", /* used lately */
    "rest-00b1.image", /* somebody listens for it */
    "rest-00b2.image", /* somebody loads it */
    "rest-00aaa.image", "rest-00aa.image.old", "rest-00aA.image", "test-00aa.image", "rest-.image",
};

static void test_sweep(void **state)
{
    int listening, loading;
    size_t i;

    (void)state;
    make_folder();
    for (i = 0; i < COUNT(swept); i++) {
        make_file(swept[i], 8);
    }
    for (i = 0; i < COUNT(kept); i++) {
        make_file(kept[i], i == 1 ? 6 : 8);
    }
    assert_int_equal(rest_image_lock(&listening, file_of("rest-00b1.listen"), 0), APR_SUCCESS);
    assert_int_equal(rest_image_lock(&loading, file_of("rest-00b2.load"), 0), APR_SUCCESS);
    rest_image_sweep(folder, "0001", apr_time_now() - apr_time_from_sec(7 * 86400), unit_pool);
    for (i = 0; i < COUNT(swept); i++) {
        CASE_INT(swept[i], is_there(swept[i]), 0);
    }
    for (i = 0; i < COUNT(kept); i++) {
        CASE_INT(kept[i], is_there(kept[i]), 1);
        unlink(file_of(kept[i]));
    }
    rest_image_unlock(listening);
    rest_image_unlock(loading);
    unlink(file_of("rest-00b1.listen"));
    unlink(file_of("rest-00b1.load"));
    unlink(file_of("rest-00b2.load"));
}

/** Who has it mapped is told; and mapping it is using it. */
static void test_swept_in_use(void **state)
{
    struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
    struct stat info;
    rest_schema_t *schema;

    (void)state;
    make_folder();
    path = file_of("rest-00aa.image");
    assert_int_equal(write_at(5), APR_SUCCESS);
    assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
    schema = mapped();
    assert_non_null(schema);
    assert_int_equal(stat(path, &info), 0);
    assert_true(info.st_mtime > 1000);
    assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
    rest_image_sweep(folder, "0001", apr_time_from_sec(2000), unit_pool);
    assert_false(is_there("rest-00aa.image"));
    assert_true(rest_image_superseded(schema));
    assert_string_equal(rest_schema_relation(schema, "public", "a")->name, "a");
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_mapped),  cmocka_unit_test(test_superseded),
    cmocka_unit_test(test_left_behind), cmocka_unit_test(test_foreign),
    cmocka_unit_test(test_cut),     cmocka_unit_test(test_lock),
    cmocka_unit_test(test_sweep),   cmocka_unit_test(test_swept_in_use),
};

UNIT_MAIN(tests)
