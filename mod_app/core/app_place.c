/* SPDX-License-Identifier: Apache-2.0 */
/** Where the program is. Called while it starts. */
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "apr_file_info.h"
#include "apr_strings.h"

#include "app_place.h"

const char *app_place_program(apr_pool_t *p)
{
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path));

    return len > 0 ? apr_pstrmemdup(p, path, (apr_size_t)len) : "";
}

const char *app_place_folder(const char *path, apr_pool_t *p)
{
    const char *slash = strrchr(path, '/');

    if (!slash) {
        return ".";
    }
    return slash == path ? "/" : apr_pstrmemdup(p, path, (apr_size_t)(slash - path));
}

const char *app_place_below(const char *folder, const char *path, apr_pool_t *p)
{
    const char *whole = apr_pstrcat(p, folder, "/", path, NULL);
    apr_finfo_t info;

    return apr_stat(&info, whole, APR_FINFO_TYPE, p) == APR_SUCCESS && info.filetype == APR_DIR
               ? whole
               : NULL;
}

const char *app_place_beside(const char *path, apr_pool_t *p)
{
    return app_place_below(app_place_folder(app_place_program(p), p), path, p);
}
