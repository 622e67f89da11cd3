/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Memory that the processes of one site share, where no server gives it to them: each segment is
 * a file in AppStateDir, mapped by all. Its name holds the machine's boot, since a lock in it
 * means nothing after the next one, and whose settings they are:
 *
 *     app-shm-BOOT-KEY-SIZE      BOOT and KEY are the first 12 digits of hashes
 *
 * Called by app_core_share(), in one thread, before the first request.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apr_file_io.h"
#include "apr_file_info.h"
#include "apr_sha1.h"
#include "apr_strings.h"

#include "app_cgi_int.h"

#define PREFIX      "app-shm-"
#define HASH_DIGITS 12

static const char *state_dir, *owner;

typedef struct mapping_t {
    void      *base;
    apr_size_t size;
} mapping_t;

void app_cgi_share_in(const char *folder, const char *settings)
{
    state_dir = folder;
    owner = settings;
}

static apr_status_t unmap(void *data)
{
    mapping_t *mapping = data;

    munmap(mapping->base, mapping->size);
    return APR_SUCCESS;
}

static apr_status_t map(int fd, apr_size_t size, void **pbase, apr_pool_t *pconf)
{
    int flags = fd < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED;
    mapping_t *mapping;
    void *base = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);

    if (base == MAP_FAILED) {
        return APR_FROM_OS_ERROR(errno);
    }
    mapping = apr_palloc(pconf, sizeof(*mapping));
    mapping->base = base;
    mapping->size = size;
    apr_pool_cleanup_register(pconf, mapping, unmap, apr_pool_cleanup_null);
    *pbase = base;
    return APR_SUCCESS;
}

static const char *hash(const char *text, apr_pool_t *p)
{
    unsigned char digest[APR_SHA1_DIGESTSIZE];
    apr_sha1_ctx_t context;
    char *hex = apr_palloc(p, HASH_DIGITS + 1);
    int i;

    apr_sha1_init(&context);
    apr_sha1_update(&context, text, (unsigned int)strlen(text));
    apr_sha1_final(digest, &context);
    for (i = 0; i < HASH_DIGITS / 2; i++) {
        apr_snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    }
    return hex;
}

static const char *boot(apr_pool_t *p)
{
    char id[64] = "";
    apr_file_t *file;
    apr_size_t len = sizeof(id) - 1;

    if (apr_file_open(&file, "/proc/sys/kernel/random/boot_id", APR_FOPEN_READ, 0, p) ==
        APR_SUCCESS) {
        apr_file_read(file, id, &len);
        apr_file_close(file);
    }
    return hash(id, p);
}

/** Removes the segments of earlier boots: nobody can be using them. */
static void sweep(const char *current, apr_pool_t *p)
{
    apr_size_t len = strlen(current);
    apr_finfo_t info;
    apr_dir_t *dir;

    if (apr_dir_open(&dir, state_dir, p) != APR_SUCCESS) {
        return;
    }
    while (apr_dir_read(&info, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        if (strncmp(info.name, PREFIX, strlen(PREFIX)) == 0 &&
            strncmp(info.name + strlen(PREFIX), current, len) != 0) {
            apr_file_remove(apr_pstrcat(p, state_dir, "/", info.name, NULL), p);
        }
    }
    apr_dir_close(dir);
}

/**
 * Makes sure that the file is ours and has its size, with blocks behind it: a sparse file on a
 * full disk would end the process at its first write. @return APR_SUCCESS or why not
 */
static apr_status_t prepare(int fd, apr_size_t size, int *pfresh)
{
    struct stat info;

    if (fstat(fd, &info) != 0) {
        return APR_FROM_OS_ERROR(errno);
    }
    if (!S_ISREG(info.st_mode) || info.st_uid != geteuid()) {
        return APR_EACCES;
    }
    *pfresh = info.st_size == 0;
    return (apr_size_t)info.st_size < size ? posix_fallocate(fd, 0, (off_t)size) : APR_SUCCESS;
}

static apr_status_t map_file(const char *path, const char *current, apr_size_t size, void **pbase,
                             apr_pool_t *pconf)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    int fresh = 0;
    apr_status_t rv;

    if (fd < 0) {
        return APR_FROM_OS_ERROR(errno);
    }
    rv = prepare(fd, size, &fresh);
    if (rv == APR_SUCCESS) {
        rv = map(fd, size, pbase, pconf);
    }
    close(fd);
    if (fresh) {
        sweep(current, pconf);
    }
    return rv;
}

apr_status_t app_cgi_share(const char *key, apr_size_t size, void **pbase, apr_pool_t *pconf,
                           app_error_t *err)
{
    const char *path, *current;
    char why[120];
    apr_status_t rv;

    if (!state_dir) {
        rv = map(-1, size, pbase, pconf);
        return rv == APR_SUCCESS ? rv : app_fail(err, APP_E_INTERNAL, "there is no memory left");
    }
    current = boot(pconf);
    key = hash(apr_pstrcat(pconf, APP_VERSION, " ", owner, " ", key, NULL), pconf);
    path = apr_psprintf(pconf, "%s/" PREFIX "%s-%s-%" APR_SIZE_T_FMT, state_dir, current, key,
                        size);
    rv = map_file(path, current, size, pbase, pconf);
    if (rv != APR_SUCCESS) {
        return app_fail(err, APP_E_SETTING,
                        "AppStateDir: %s cannot be used: %s; the folder must exist and belong to "
                        "the user that runs app.cgi",
                        path, apr_strerror(rv, why, sizeof(why)));
    }
    return APR_SUCCESS;
}
