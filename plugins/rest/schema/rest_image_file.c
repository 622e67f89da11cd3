/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Images in files, which all processes of a site map: put in place by a rename, so that a file is
 * whole from the moment it has its name; one that is cut by a crash has a wrong checksum. Before
 * the rename the old file is marked: who has it mapped sees that without a system call.
 *
 * Files are for the one user whom all these processes run as. One that others may read or write, or
 * that is not a plain file of our own, is not touched. Called by rest_cache.c and rest_listen.c, in
 * any thread.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apr_strings.h"

#include "rest_image.h"

#define LOCK_PAUSE 5000 /* microseconds between two tries */
#define DATED      apr_time_from_sec(86400) /* a file that is in use is given a newer date then */

/** A file in memory. The header is mapped apart: it is shared, the body is not. */
typedef struct mapping_t {
    rest_image_header_t *header;
    apr_size_t           header_size;
    char                *body;
    apr_size_t           body_size;
} mapping_t;

/** Opens a plain file that is ours alone. */
static apr_status_t open_own(int *pfd, struct stat *info, const char *path, int flags)
{
    int fd = open(path, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, S_IRUSR | S_IWUSR);
    apr_status_t rv = APR_SUCCESS;

    if (fd < 0) {
        return errno;
    }
    if (fstat(fd, info) != 0) {
        rv = errno;
    }
    else if (!S_ISREG(info->st_mode) || info->st_uid != geteuid() ||
             info->st_mode & (S_IRWXG | S_IRWXO)) {
        rv = APR_EACCES;
    }
    if (rv != APR_SUCCESS) {
        close(fd);
        return rv;
    }
    *pfd = fd;
    return APR_SUCCESS;
}

/* Mapping */

static apr_status_t unmap(void *data)
{
    mapping_t *mapping = data;

    if (mapping->body) {
        munmap(mapping->body, mapping->body_size);
    }
    if (mapping->header) {
        munmap(mapping->header, mapping->header_size);
    }
    return APR_SUCCESS;
}

static apr_status_t map(void *pbase, int fd, const void *wanted, apr_size_t size, apr_off_t offset,
                        int flags)
{
    void *base = mmap((void *)(apr_uintptr_t)wanted, size, PROT_READ, flags, fd, offset);

    if (base == MAP_FAILED) {
        return errno;
    }
    memcpy(pbase, &base, sizeof(base));
    return APR_SUCCESS;
}

/** Maps a file of some size. What its header says of sizes is true afterwards. */
static apr_status_t map_file(mapping_t *mapping, rest_image_header_t *header, int fd,
                             apr_uint64_t size)
{
    const apr_uint64_t page = (apr_uint64_t)sysconf(_SC_PAGESIZE);
    apr_status_t rv;

    if (size <= page || size - page > REST_IMAGE_MAX) {
        return APR_EMISMATCH;
    }
    rv = map(&mapping->header, fd, NULL, page, 0, MAP_SHARED);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    mapping->header_size = page;
    *header = *mapping->header;
    if (header->superseded || header->body != page || header->length != size - page) {
        return APR_EMISMATCH;
    }
    mapping->body_size = header->length;
    return map(&mapping->body, fd, (const void *)(apr_uintptr_t)header->base, header->length,
               (apr_off_t)page, MAP_PRIVATE | MAP_POPULATE);
}

/** Whether the body can be written to, for its pointers to be moved. */
static int make_writable(const mapping_t *mapping, const rest_image_header_t *header)
{
    return (apr_uint64_t)(apr_uintptr_t)mapping->body == header->base ||
           mprotect(mapping->body, mapping->body_size, PROT_READ | PROT_WRITE) == 0;
}

static apr_status_t map_schema(rest_schema_t **pschema, int fd, apr_uint64_t size,
                               const rest_image_key_t *key, apr_pool_t *p)
{
    mapping_t *mapping = apr_pcalloc(p, sizeof(*mapping));
    rest_image_header_t header;
    rest_schema_t *schema;
    apr_status_t rv;

    apr_pool_cleanup_register(p, mapping, unmap, apr_pool_cleanup_null);
    rv = map_file(mapping, &header, fd, size);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!rest_image_check(&header, mapping->body, size, key) || !make_writable(mapping, &header)) {
        return APR_EMISMATCH;
    }
    rv = rest_image_open(&schema, &header, mapping->body);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    mprotect(mapping->body, mapping->body_size, PROT_READ);
    schema = apr_pmemdup(p, schema, sizeof(*schema));
    schema->pool = p;
    schema->references = 1;
    schema->image = mapping->header;
    *pschema = schema;
    return APR_SUCCESS;
}

apr_status_t rest_image_map(rest_schema_t **pschema, const char *path, const rest_image_key_t *key,
                            apr_pool_t *parent)
{
    struct stat info;
    apr_status_t rv;
    apr_pool_t *p;
    int fd;

    rv = open_own(&fd, &info, path, O_RDONLY);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = apr_pool_create(&p, parent);
    if (rv == APR_SUCCESS) {
        rv = map_schema(pschema, fd, (apr_uint64_t)info.st_size, key, p);
        if (rv != APR_SUCCESS) {
            apr_pool_destroy(p);
        }
        else if (apr_time_now() - apr_time_from_sec(info.st_mtime) > DATED) {
            futimens(fd, NULL);
        }
    }
    close(fd);
    return rv;
}

int rest_image_superseded(const rest_schema_t *schema)
{
    return schema->image && __atomic_load_n(&schema->image->superseded, __ATOMIC_RELAXED) != 0;
}

/* Writing */

static apr_status_t write_at(int fd, const void *bytes, apr_size_t len, apr_off_t offset)
{
    while (len) {
        ssize_t done = pwrite(fd, bytes, len, offset);

        if (done < 0 && errno != EINTR) {
            return errno;
        }
        if (done > 0) {
            bytes = (const char *)bytes + done;
            len -= (apr_size_t)done;
            offset += done;
        }
    }
    return APR_SUCCESS;
}

static apr_status_t write_new(const char *path, const rest_packed_t *packed)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    apr_status_t rv;

    if (fd < 0) {
        return errno;
    }
    rv = write_at(fd, &packed->header, sizeof(packed->header), 0);
    if (rv == APR_SUCCESS) {
        rv = write_at(fd, packed->body, packed->header.length, (apr_off_t)packed->header.body);
    }
    if (close(fd) != 0 && rv == APR_SUCCESS) {
        rv = errno;
    }
    return rv;
}

/* Whatever else may lie there is left alone. */
void rest_image_supersede(const char *path)
{
    const apr_uint64_t yes = 1;
    rest_image_header_t header;
    struct stat info;
    int fd;

    if (open_own(&fd, &info, path, O_RDWR) != APR_SUCCESS) {
        return;
    }
    if (info.st_size > (apr_off_t)sizeof(header)) {
        write_at(fd, &yes, sizeof(yes), offsetof(rest_image_header_t, superseded));
    }
    close(fd);
}

apr_status_t rest_image_write(const char *path, const rest_packed_t *packed, apr_pool_t *p)
{
    const char *fresh = apr_pstrcat(p, path, ".new", NULL);
    apr_status_t rv;

    unlink(fresh); /* who left it there does not hold the lock any more */
    rv = write_new(fresh, packed);
    if (rv == APR_SUCCESS) {
        rest_image_supersede(path);
        rv = rename(fresh, path) == 0 ? APR_SUCCESS : errno;
    }
    if (rv != APR_SUCCESS) {
        unlink(fresh);
    }
    return rv;
}

/* Locks */

static apr_status_t lock_open(int fd, apr_time_t until)
{
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) {
            return errno;
        }
        if (apr_time_now() >= until) {
            return APR_TIMEUP;
        }
        apr_sleep(LOCK_PAUSE);
    }
    return APR_SUCCESS;
}

apr_status_t rest_image_lock(int *pfd, const char *path, apr_interval_time_t wait)
{
    apr_time_t until = apr_time_now() + wait;
    struct stat info;
    apr_status_t rv;
    int fd;

    do { /* until it is the lock of that name, and not one that was taken away */
        rv = open_own(&fd, &info, path, O_RDWR | O_CREAT);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        rv = lock_open(fd, until);
        if (rv == APR_SUCCESS && fstat(fd, &info) != 0) {
            rv = errno;
        }
        if (rv != APR_SUCCESS || info.st_nlink == 0) {
            close(fd);
        }
        if (rv != APR_SUCCESS) {
            return rv;
        }
    } while (info.st_nlink == 0);
    *pfd = fd;
    return APR_SUCCESS;
}

void rest_image_unlock(int fd)
{
    close(fd);
}

int rest_image_is_locked(const char *path)
{
    struct stat info;
    int fd, locked;

    if (open_own(&fd, &info, path, O_RDONLY) != APR_SUCCESS) {
        return 0;
    }
    locked = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    close(fd);
    return locked;
}
