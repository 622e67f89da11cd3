/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The folder for files that the children share, where StateDir names none: mod_app in httpd's
 * DefaultRuntimeDir, made by the parent for the user whom the children run as. Main thread of the
 * parent.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mod_app.h"

#include "http_main.h"
#include "unixd.h"

static const char *state_dir; /* of this pass; the pass's pool takes it back */

const char *app_httpd_state_dir(void)
{
    return state_dir;
}

static apr_status_t forget(void *unused)
{
    (void)unused;
    state_dir = NULL;
    return APR_SUCCESS;
}

/** Makes sure that the folder is the children's, and nobody else's. */
static apr_status_t own(int fd, uid_t uid, gid_t gid)
{
    struct stat info;

    if (fstat(fd, &info) != 0) {
        return errno;
    }
    if (info.st_uid == 0 && uid != 0 && fchown(fd, uid, gid) != 0) {
        return errno;
    }
    if (info.st_uid != 0 && info.st_uid != uid) {
        return EACCES;
    }
    return fchmod(fd, S_IRWXU) == 0 ? APR_SUCCESS : errno;
}

void app_httpd_state_make(apr_pool_t *pconf)
{
    const char *path = ap_runtime_dir_relative(pconf, APP_NAME);
    uid_t uid = geteuid() == 0 ? ap_unixd_config.user_id : geteuid();
    gid_t gid = geteuid() == 0 ? ap_unixd_config.group_id : getegid();
    apr_status_t rv;
    int fd;

    if (!path) {
        return;
    }
    rv = mkdir(path, S_IRWXU) == 0 || errno == EEXIST ? APR_SUCCESS : errno;
    fd = rv == APR_SUCCESS ? open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
    if (rv == APR_SUCCESS) {
        rv = fd < 0 ? errno : own(fd, uid, gid);
    }
    if (fd >= 0) {
        close(fd);
    }
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, rv, ap_server_conf,
                     "APP0307: children cannot share files in %s: AppStateDir may name another "
                     "folder", path);
        return;
    }
    state_dir = path;
    apr_pool_cleanup_register(pconf, NULL, forget, apr_pool_cleanup_null);
}
