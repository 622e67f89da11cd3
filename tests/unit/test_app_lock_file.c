/* SPDX-License-Identifier: Apache-2.0 */
/** Locks between processes: exclusion, time limits, holders that die, files that hold none. */
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apr_strings.h"

#include "app_lock_file.h"

#define ROUNDS 20000

typedef struct place_t {
    char        dir[48];
    const char *like;
    const char *path;
} place_t;

static place_t make_place(void)
{
    place_t place = { .dir = "/tmp/test_app_lock_file.XXXXXX" };
    int fd;

    assert_non_null(mkdtemp(place.dir));
    place.like = apr_pstrcat(unit_pool, place.dir, "/db", NULL);
    place.path = apr_pstrcat(unit_pool, place.dir, "/db.app-lock", NULL);
    fd = open(place.like, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0 && fchmod(fd, 0660) == 0);
    close(fd);
    return place;
}

static void drop_place(place_t *place)
{
    unlink(place->path);
    unlink(place->like);
    assert_int_equal(rmdir(place->dir), 0);
}

static app_lock_t *open_lock(const place_t *place)
{
    app_lock_file_t *file = NULL;

    assert_int_equal(app_lock_file_open(&file, place->path, place->like, unit_pool), APR_SUCCESS);
    return &file->write;
}

/** Runs hold(place) in a child; returns its pid once it has written a byte. */
static pid_t start_child(const place_t *place, void (*hold)(const place_t *place, int fd))
{
    int ends[2];
    char byte;
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    if (pid == 0) {
        hold(place, ends[1]);
        _exit(0);
    }
    assert_int_equal(read(ends[0], &byte, 1), 1);
    close(ends[0]);
    close(ends[1]);
    return pid;
}

static void kill_child(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void hold_for_ever(const place_t *place, int fd)
{
    if (app_lock_acquire(open_lock(place), 0, NULL) == APR_SUCCESS && write(fd, "x", 1) == 1) {
        pause();
    }
}

static void test_holder_killed(void **state)
{
    place_t place = make_place();
    app_lock_t *lock = open_lock(&place);
    pid_t pid = start_child(&place, hold_for_ever);
    apr_time_t start = apr_time_now();
    int died = 7;

    (void)state;
    assert_int_equal(app_lock_acquire(lock, 0, &died), APR_TIMEUP);
    assert_int_equal(app_lock_acquire(lock, 100000, &died), APR_TIMEUP);
    assert_in_range(apr_time_now() - start, 90000, 2000000);
    assert_int_equal(died, 0);
    kill_child(pid);
    assert_int_equal(app_lock_acquire(lock, 1000000, &died), APR_SUCCESS);
    assert_int_equal(died, 1);
    app_lock_release(lock);
    assert_int_equal(app_lock_acquire(lock, 0, &died), APR_SUCCESS);
    assert_int_equal(died, 0);
    app_lock_release(lock);
    drop_place(&place);
}

/** After a power cut the file still says "locked", and no kernel knows of a holder. */
static void test_left_locked(void **state)
{
    place_t place = make_place();
    char image[512];
    app_lock_file_t *file;
    apr_pool_t *first;
    ssize_t size;
    int fd;

    (void)state;
    apr_pool_create(&first, unit_pool);
    assert_int_equal(app_lock_file_open(&file, place.path, place.like, first), APR_SUCCESS);
    assert_int_equal(app_lock_acquire(&file->write, 0, NULL), APR_SUCCESS);
    file->synced = 1000; /* which are not those of after the crash */
    fd = open(place.path, O_RDWR);
    size = read(fd, image, sizeof(image));
    app_lock_release(&file->write);
    apr_pool_destroy(first);
    assert_int_equal(pwrite(fd, image, (size_t)size, 0), size);
    close(fd);
    assert_int_equal(app_lock_file_open(&file, place.path, place.like, unit_pool), APR_SUCCESS);
    assert_int_equal(app_lock_acquire(&file->write, 0, NULL), APR_SUCCESS);
    assert_int_equal(file->synced, 0);
    app_lock_release(&file->write);
    drop_place(&place);
}

static volatile long *counter;

static void count(const place_t *place, int fd)
{
    app_lock_t *lock = open_lock(place);
    int i;

    if (write(fd, "x", 1) == 1) {
        for (i = 0; i < ROUNDS && app_lock_acquire(lock, 10000000, NULL) == APR_SUCCESS; i++) {
            *counter = *counter + 1;
            app_lock_release(lock);
        }
    }
}

static void test_exclusion(void **state)
{
    place_t place = make_place();
    pid_t pids[3];
    size_t i;

    (void)state;
    counter = mmap(NULL, sizeof(*counter), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                   0);
    for (i = 0; i < COUNT(pids); i++) {
        pids[i] = start_child(&place, count);
    }
    for (i = 0; i < COUNT(pids); i++) {
        waitpid(pids[i], NULL, 0);
    }
    assert_int_equal(*counter, (long)COUNT(pids) * ROUNDS);
    munmap((void *)counter, sizeof(*counter));
    drop_place(&place);
}

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);

    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void test_refused(void **state)
{
    place_t place = make_place();
    const char *other = apr_pstrcat(unit_pool, place.dir, "/other", NULL);
    app_lock_file_t *file;

    (void)state;
    write_file(place.path, "this is somebody's letter");
    assert_int_equal(app_lock_file_open(&file, place.path, place.like, unit_pool), APR_EMISMATCH);
    unlink(place.path);
    write_file(other, "");
    assert_int_equal(symlink(other, place.path), 0);
    assert_int_not_equal(app_lock_file_open(&file, place.path, place.like, unit_pool), APR_SUCCESS);
    unlink(place.path);
    unlink(other);
    assert_int_not_equal(app_lock_file_open(&file, place.path, "/nowhere/db", unit_pool), APR_SUCCESS);
    drop_place(&place);
}

static void test_mode(void **state)
{
    place_t place = make_place();
    struct stat st;

    (void)state;
    open_lock(&place);
    assert_int_equal(stat(place.path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0660);
    drop_place(&place);
}

/** With the right to read it, somebody else could keep a flock() on it and nobody would get in. */
static void test_mode_of_readers(void **state)
{
    place_t place = make_place();
    struct stat st;

    (void)state;
    assert_int_equal(chmod(place.like, 0644), 0);
    open_lock(&place);
    assert_int_equal(stat(place.path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    drop_place(&place);
}

static struct CMUnitTest tests[] = {
    cmocka_unit_test(test_holder_killed), cmocka_unit_test(test_left_locked),
    cmocka_unit_test(test_exclusion),     cmocka_unit_test(test_refused),
    cmocka_unit_test(test_mode),          cmocka_unit_test(test_mode_of_readers),
};

UNIT_MAIN(tests)
