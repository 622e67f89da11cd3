/* SPDX-License-Identifier: Apache-2.0 */
/** The doctor's look at users, files and folders. Opens none of the database's. */
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apr_strings.h"
#include "apr_user.h"

#include "app_doctor.h"
#include "app_conf_file.h"

#define HTACCESS_MAX   (256 * 1024)
#define WRITE_BY_OTHER (S_IWGRP | S_IWOTH)

const char *app_doctor_name(const app_doctor_t *d, uid_t uid)
{
    char *name;

    if (apr_uid_name_get(&name, uid, d->p) == APR_SUCCESS) {
        return name;
    }
    return app_doctor_text(d, "user %d", (int)uid);
}

void app_doctor_user(app_doctor_t *d)
{
    const char *name = app_doctor_name(d, geteuid());

    if (d->in_request) {
        app_doctor_tell(d, APP_DOCTOR_OK, "user", NULL, "the server runs this program as %s", name);
    } else if (geteuid() == 0) {
        app_doctor_tell(d, APP_DOCTOR_LOOK, "user",
                        "run this as the user that runs app.cgi for the server",
                        "you are root, who may do everything");
    } else {
        app_doctor_tell(
            d, APP_DOCTOR_OK, "user", NULL,
            "you are %s; if the server runs app.cgi as somebody else, ask again as that user",
            name);
    }
}

/** Whether others may change what is at path; tells it if so. */
static int open_to_others(app_doctor_t *d, const char *what, const char *path,
                          const struct stat *info)
{
    if (!(info->st_mode & WRITE_BY_OTHER) || (info->st_mode & S_ISVTX)) {
        return 0;
    }
    app_doctor_tell(d, APP_DOCTOR_WRONG, what, app_doctor_text(d, "chmod go-w %s", path),
                    "%s may be written by %s; suexec refuses that", path,
                    info->st_mode & S_IWOTH ? "everybody" : "its group");
    return 1;
}

void app_doctor_program(app_doctor_t *d)
{
    const app_cgi_setup_t *setup = d->setup;
    struct stat program, folder;

    if (stat(setup->program, &program) != 0 || stat(setup->folder, &folder) != 0) {
        app_doctor_tell(d, APP_DOCTOR_WRONG, "program", NULL, "it cannot be found");
        return;
    }
    if (open_to_others(d, "program", setup->program, &program) ||
        open_to_others(d, "folder", setup->folder, &folder)) {
        return;
    }
    if (program.st_uid != folder.st_uid) {
        app_doctor_tell(
            d, APP_DOCTOR_LOOK, "program", NULL,
            "it belongs to %s and its folder to %s; suexec wants both to be the site's owner",
            app_doctor_name(d, program.st_uid), app_doctor_name(d, folder.st_uid));
        return;
    }
    app_doctor_tell(d, APP_DOCTOR_OK, "program", NULL,
                    "it belongs to %s, and nobody else may write it",
                    app_doctor_name(d, program.st_uid));
}

/** Whether path is what the server hands out, as far as one can tell. */
static int is_served(const app_doctor_t *d, const char *path)
{
    const char *documents = d->in_request ? getenv("DOCUMENT_ROOT") : NULL;
    const char *top = documents && *documents ? documents : d->setup->folder;
    apr_size_t len = strlen(top);

    return strncmp(path, top, len) == 0 && path[len] == '/';
}

void app_doctor_settings_file(app_doctor_t *d)
{
    const char *path = d->setup->settings;
    struct stat info;

    if (stat(path, &info) != 0 || access(path, R_OK) != 0) {
        app_doctor_tell(d, APP_DOCTOR_WRONG, "settings file",
                        "put app.conf beside the program, or name it in the environment: SetEnv "
                        "APP_CONFIG /path/app.conf",
                        "%s cannot be read by %s: %s", path, app_doctor_name(d, geteuid()),
                        errno == ENOENT ? "it does not exist" : "its mode does not allow it");
        return;
    }
    if (info.st_mode & S_IROTH) {
        app_doctor_tell(d, APP_DOCTOR_LOOK, "settings file",
                        app_doctor_text(d,
                                        "chmod 600 %s, if the program runs as its owner; otherwise "
                                        "640 and the server's group",
                                        path),
                        "everybody on this machine may read %s", path);
    }
    if (is_served(d, path)) {
        app_doctor_tell(d, APP_DOCTOR_LOOK, "settings file",
                        "move it out and name it: SetEnv APP_CONFIG /path/app.conf",
                        "%s is among what the server hands out; only .htaccess prevents it", path);
        return;
    }
    app_doctor_tell(d, APP_DOCTOR_OK, "settings file", NULL, "%s", path);
}

void app_doctor_plugins(app_doctor_t *d)
{
    const char *path = d->setup->core ? app_core_plugin_dir(d->setup->core) : NULL;
    struct stat info;

    if (!path || stat(path, &info) != 0 || !S_ISDIR(info.st_mode)) {
        app_doctor_tell(
            d, APP_DOCTOR_LOOK, "plugins",
            "put them into a folder \"plugins\" beside the program, or name it: AppPluginDir /path",
            "there is no folder %s", path ? path : "for them");
        return;
    }
    if (!open_to_others(d, "plugins", path, &info)) {
        app_doctor_tell(d, APP_DOCTOR_OK, "plugins", NULL, "%s", path);
    }
}

void app_doctor_htaccess(app_doctor_t *d)
{
    static const char *const needed[] = { "RewriteRule", "CGIPassAuth", "Require all denied" };
    const char *path = apr_pstrcat(d->p, d->setup->folder, "/.htaccess", NULL), *text;
    app_error_t err = { .pool = d->p };
    apr_size_t len;
    int i;

    if (app_conf_file_read(&text, &len, path, HTACCESS_MAX, &err, d->p) != APR_SUCCESS) {
        app_doctor_tell(d, APP_DOCTOR_LOOK, ".htaccess",
                        "copy the one that comes with mod_app (conf/htaccess.txt)",
                        "there is none beside the program");
        return;
    }
    for (i = 0; i < 3; i++) {
        if (!strstr(text, needed[i])) {
            app_doctor_tell(d, APP_DOCTOR_WRONG, ".htaccess",
                            "compare it with the one that comes with mod_app (conf/htaccess.txt)",
                            "it has no \"%s\"", needed[i]);
            return;
        }
    }
    app_doctor_tell(d, APP_DOCTOR_OK, ".htaccess", NULL, "%s", path);
}
