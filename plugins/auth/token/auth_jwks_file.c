/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The copy of an issuer's keys in AppStateDir (auth_jwks_int.h): JSON, put in place by a rename,
 * beside it a file whose lock says who fetches. Any thread and process.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apr_strings.h"

#include "auth_jwks_int.h"

#define FILE_MAX   (600 * 1024) /* a set of 256 KiB, as a string of JSON */
#define LOCK_PAUSE 10000        /* microseconds between two tries */

/** Opens a plain file that is ours alone. @return -1, and errno */
static int open_own(struct stat *info, const char *path, int flags)
{
    int fd = open(path, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, S_IRUSR | S_IWUSR);

    if (fd >= 0 && (fstat(fd, info) != 0 || !S_ISREG(info->st_mode) ||
                    info->st_uid != geteuid() || (info->st_mode & (S_IRWXG | S_IRWXO)))) {
        close(fd);
        errno = EACCES;
        return -1;
    }
    return fd;
}

int auth_jwks_file_stamp(apr_uint64_t *pstamp, const char *path)
{
    struct stat info;

    if (stat(path, &info) != 0) {
        return 0;
    }
    *pstamp = ((apr_uint64_t)info.st_ino << 32) ^ ((apr_uint64_t)info.st_mtim.tv_sec << 20) ^
              (apr_uint64_t)info.st_mtim.tv_nsec;
    return 1;
}

static json_t *parse(const char *path, apr_pool_t *p)
{
    app_error_t err = { .pool = p };
    struct stat info;
    json_t *json = NULL;
    char *text;
    ssize_t len = -1;
    int fd = open_own(&info, path, O_RDONLY);

    if (fd < 0) {
        return NULL;
    }
    if (info.st_size > 0 && info.st_size <= FILE_MAX) {
        text = apr_palloc(p, (apr_size_t)info.st_size);
        len = read(fd, text, (size_t)info.st_size);
    }
    close(fd);
    if (len <= 0 || app_json_parse(text, (apr_size_t)len, &json, &err, p) != APR_SUCCESS) {
        return NULL;
    }
    return json;
}

int auth_jwks_file_read(auth_jwks_record_t *record, const char *path, const char *url,
                        apr_pool_t *p)
{
    const json_t *json = parse(path, p);
    const char *whose = json_string_value(json_object_get(json, "url"));

    if (!whose || strcmp(whose, url) != 0) {
        return 0;
    }
    record->tried = json_integer_value(json_object_get(json, "tried"));
    record->fetched = json_integer_value(json_object_get(json, "fetched"));
    record->expires = json_integer_value(json_object_get(json, "expires"));
    record->set = json_string_value(json_object_get(json, "set"));
    return 1;
}

static apr_status_t write_all(const char *path, const char *text, apr_size_t len)
{
    apr_status_t rv = APR_SUCCESS;
    struct stat info;
    int fd = open_own(&info, path, O_WRONLY | O_CREAT | O_EXCL);

    if (fd < 0) {
        return errno;
    }
    while (len && rv == APR_SUCCESS) {
        ssize_t n = write(fd, text, len);

        if (n > 0) {
            text += n;
            len -= (apr_size_t)n;
        }
        else if (errno != EINTR) {
            rv = errno;
        }
    }
    return close(fd) != 0 && rv == APR_SUCCESS ? errno : rv;
}

apr_status_t auth_jwks_file_write(const char *path, const char *url,
                                  const auth_jwks_record_t *record, apr_pool_t *p)
{
    const char *fresh = apr_pstrcat(p, path, ".new", NULL);
    json_t *json = json_pack("{s:s, s:I, s:I, s:I, s:s?}", "url", url, "tried",
                             (json_int_t)record->tried, "fetched", (json_int_t)record->fetched,
                             "expires", (json_int_t)record->expires, "set", record->set);
    const char *text = json ? auth_json_text(app_json_own(p, json), p) : NULL;
    apr_status_t rv;

    if (!text) {
        return APR_EGENERAL;
    }
    unlink(fresh); /* who left it there does not hold the lock any more */
    rv = write_all(fresh, text, strlen(text));
    if (rv == APR_SUCCESS && rename(fresh, path) != 0) {
        rv = errno;
    }
    if (rv != APR_SUCCESS) {
        unlink(fresh);
    }
    return rv;
}

apr_status_t auth_jwks_file_lock(int *pfd, const char *path, apr_time_t until)
{
    struct stat info;
    int fd = open_own(&info, path, O_RDWR | O_CREAT);

    if (fd < 0) {
        return errno;
    }
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        apr_status_t rv = errno == EWOULDBLOCK ? APR_TIMEUP : errno;

        if (rv != APR_TIMEUP || apr_time_now() >= until) {
            close(fd);
            return rv;
        }
        apr_sleep(LOCK_PAUSE);
    }
    *pfd = fd;
    return APR_SUCCESS;
}

void auth_jwks_file_unlock(int fd)
{
    close(fd);
}
