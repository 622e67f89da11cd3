/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Root works on an SQLite database as its owner. Otherwise the files that SQLite makes beside
 * it would be root's, which the server could not write; and the lock there lies in memory that
 * the owner may change.
 */
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app_db_int.h"
#include "app_program.h"
#include "appctl.h"

apr_status_t appctl_become_owner(const app_db_t *db, app_error_t *err)
{
    const char *path = db ? app_db_path(db) : NULL;
    struct stat info;

    if (!path || geteuid() != 0) {
        return APR_SUCCESS;
    }
    /* One that is to be made belongs to whom its folder belongs to. */
    if (stat(path, &info) != 0 && stat(app_program_folder(path, err->pool), &info) != 0) {
        return APR_SUCCESS;
    }
    if (info.st_uid == 0) {
        return APR_SUCCESS;
    }
    if (setgroups(1, &info.st_gid) != 0 || setgid(info.st_gid) != 0 || setuid(info.st_uid) != 0) {
        app_fail(err, APP_E_SETTING, "the rights of the database's owner cannot be taken");
        return app_hint(err, "Run appctl as the user that %s belongs to.", path);
    }
    return APR_SUCCESS;
}
