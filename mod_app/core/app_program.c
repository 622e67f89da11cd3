/* SPDX-License-Identifier: Apache-2.0 */
/** Where the program is. Called while it starts. */
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "apr_file_info.h"
#include "apr_strings.h"

#include "app_program.h"

const char *app_program_path(apr_pool_t *p)
{
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path));

    return len > 0 ? apr_pstrmemdup(p, path, (apr_size_t)len) : "";
}

const char *app_program_folder(const char *path, apr_pool_t *p)
{
    const char *slash = strrchr(path, '/');

    if (!slash) {
        return ".";
    }
    return slash == path ? "/" : apr_pstrmemdup(p, path, (apr_size_t)(slash - path));
}

const char *app_program_below(const char *folder, const char *path, apr_pool_t *p)
{
    const char *whole = apr_pstrcat(p, folder, "/", path, NULL);
    apr_finfo_t info;

    return apr_stat(&info, whole, APR_FINFO_TYPE, p) == APR_SUCCESS && info.filetype == APR_DIR
               ? whole
               : NULL;
}

const char *app_program_beside(const char *path, apr_pool_t *p)
{
    return app_program_below(app_program_folder(app_program_path(p), p), path, p);
}
