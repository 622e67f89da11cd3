/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The file beside an SQLite database, in which the processes that write it meet (app_lock_file.h).
 *
 * It outlives the processes, and the machine: a mutex that was held at a power cut would stay held
 * for ever. So each process keeps a shared flock() on the file while it has it mapped, and who can
 * get the exclusive one is alone and makes its content anew.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app_lock_file.h"

#define OPEN_TRIES 200
#define OPEN_PAUSE 10000 /* microseconds */

static const char magic[APP_LOCK_MAGIC] = "mod_app lock 2\n";

typedef struct mapping_t {
    app_lock_file_t *file;
    int              fd;
} mapping_t;

/**
 * Whoever may write the database must be able to write its lock. Nobody else may even read it: a
 * flock() takes no more than that, and would keep everybody out.
 */
static apr_status_t create_like(int *pfd, const char *path, const struct stat *like)
{
    mode_t writers = like->st_mode & 0222, mode = writers | (writers << 1);
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);

    if (fd < 0) {
        return errno;
    }
    if ((geteuid() == 0 && fchown(fd, like->st_uid, like->st_gid) != 0) || fchmod(fd, mode) != 0) {
        apr_status_t rv = errno;

        close(fd);
        return rv;
    }
    *pfd = fd;
    return APR_SUCCESS;
}

static apr_status_t open_file(int *pfd, const char *path, const char *mode_of)
{
    struct stat like;
    apr_status_t rv = stat(mode_of, &like) == 0 ? APR_SUCCESS : errno;

    if (rv == APR_SUCCESS) {
        rv = create_like(pfd, path, &like);
    }
    if (APR_STATUS_IS_EEXIST(rv)) {
        *pfd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
        rv = *pfd < 0 ? errno : APR_SUCCESS;
    }
    return rv;
}

/** The file's content: 1 locks, 0 nothing yet, -1 something else. */
static int content_of(int fd)
{
    struct stat st;
    char found[sizeof(magic)];

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        return -1;
    }
    if (st.st_size == 0) {
        return 0;
    }
    if (st.st_size != sizeof(app_lock_file_t) ||
        pread(fd, found, sizeof(found), 0) != (ssize_t)sizeof(found)) {
        return -1;
    }
    if (memcmp(found, magic, sizeof(magic)) == 0) {
        return 1;
    }
    return memcmp(found, (char[sizeof(magic)]){ 0 }, sizeof(found)) == 0 ? 0 : -1;
}

static apr_status_t map_file(app_lock_file_t **pfile, int fd)
{
    void *base = mmap(NULL, sizeof(app_lock_file_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (base == MAP_FAILED) {
        return errno;
    }
    *pfile = base;
    return APR_SUCCESS;
}

/**
 * Fills the file, alone. Space is taken first: a full disk is an error here, not a signal later.
 */
static apr_status_t make_alone(int fd)
{
    app_lock_file_t *file = NULL;
    apr_status_t rv;

    if (content_of(fd) < 0) {
        return APR_EMISMATCH;
    }
    if ((rv = posix_fallocate(fd, 0, sizeof(*file))) != 0 ||
        (rv = map_file(&file, fd)) != APR_SUCCESS) {
        return rv;
    }
    memset(file, 0, sizeof(*file));
    if ((rv = app_lock_init(&file->write)) == APR_SUCCESS &&
        (rv = app_lock_init(&file->sync)) == APR_SUCCESS) {
        memcpy(file->magic, magic, sizeof(magic));
    }
    munmap(file, sizeof(*file));
    return rv;
}

/** Ends with a shared flock() on a file that holds locks. */
static apr_status_t join_file(int fd)
{
    apr_status_t rv;
    int tries;

    if (content_of(fd) < 0) {
        return APR_EMISMATCH;
    }
    for (tries = 0; tries < OPEN_TRIES; tries++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0 && (rv = make_alone(fd)) != APR_SUCCESS) {
            return rv;
        }
        if (flock(fd, LOCK_SH | LOCK_NB) == 0 && content_of(fd) == 1) {
            return APR_SUCCESS;
        }
        flock(fd, LOCK_UN);
        apr_sleep(OPEN_PAUSE);
    }
    return APR_TIMEUP;
}

static apr_status_t unmap(void *data)
{
    mapping_t *mapping = data;

    munmap(mapping->file, sizeof(*mapping->file));
    close(mapping->fd);
    return APR_SUCCESS;
}

apr_status_t app_lock_file_open(app_lock_file_t **pfile, const char *path, const char *mode_of,
                                apr_pool_t *p)
{
    mapping_t *mapping = apr_pcalloc(p, sizeof(*mapping));
    apr_status_t rv = open_file(&mapping->fd, path, mode_of);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if ((rv = join_file(mapping->fd)) != APR_SUCCESS ||
        (rv = map_file(&mapping->file, mapping->fd)) != APR_SUCCESS) {
        close(mapping->fd);
        return rv;
    }
    apr_pool_cleanup_register(p, mapping, unmap, apr_pool_cleanup_null);
    *pfile = mapping->file;
    return APR_SUCCESS;
}
