/* SPDX-License-Identifier: Apache-2.0 */
/** appctl: what an administrator does at a shell. Reads the command line and runs one command. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apr_general.h"

#include "appctl.h"

#define DEFAULT_CONFIG "/etc/mod_app/app.conf"

static const char help[] =
    "appctl [-f FILE] COMMAND\n"
    "\n"
    "    check                         reads the settings as a start would; exit code 1 if wrong\n"
    "    health [--live]               asks the site for /health; exit code 1 if it is unhealthy\n"
    "    migrate status [--dir DIR]    which migrations are applied, and which are not yet\n"
    "    migrate up [--dir DIR]        applies those that are not yet\n"
    "    settings [PLUGIN] [--markdown]\n"
    "                                  every setting: type, default, what it does;\n"
    "                                  PLUGIN is a plugin's name, or core\n"
    "    version\n"
    "    help                          this text, and the commands of the plugins in use\n"
    "\n"
    "FILE holds the settings: an app.conf, or a piece of httpd.conf, of which only mod_app's\n"
    "lines outside <Location> are read, and no Include. Without -f it is APP_CONFIG of the\n"
    "environment, else " DEFAULT_CONFIG ".\n";

int appctl_usage(const char *format, ...)
{
    va_list args;

    fputs("appctl: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputs("\nappctl help lists the commands.\n", stderr);
    return APPCTL_USAGE;
}

int appctl_failed(const app_error_t *err)
{
    const char *const more[] = { err->details, err->hint, err->log };
    int i;

    fprintf(stderr, "appctl: %s\n", err->message ? err->message : "it failed");
    for (i = 0; i < 3; i++) {
        if (more[i]) {
            fprintf(stderr, "        %s\n", more[i]);
        }
    }
    return APPCTL_WRONG;
}

apr_status_t appctl_load(const appctl_t *ctl, app_loopback_t **ploopback, app_error_t *err)
{
    const app_loopback_options_t options = { .file = ctl->config, .mode = APP_CONF_LENIENT };
    apr_status_t rv = app_loopback_make(ploopback, &options, err, ctl->p);

    if (rv != APR_SUCCESS && !err->hint && access(ctl->config, F_OK) != 0) {
        app_hint(err, "-f FILE, or APP_CONFIG of the environment, names the file of the settings.");
    }
    return rv;
}

static int show_version(const appctl_t *ctl)
{
    (void)ctl;
    printf("%s %s\n", APP_NAME, APP_VERSION);
    return APPCTL_GOOD;
}

static int show_help(const appctl_t *ctl)
{
    fputs(help, stdout);
    appctl_plugin_usage(ctl);
    return APPCTL_GOOD;
}

static const struct {
    const char *name;
    int (*run)(const appctl_t *ctl);
} commands[] = { { "check", appctl_check },       { "health", appctl_health },
                 { "migrate", appctl_migrate },   { "settings", appctl_settings },
                 { "version", show_version },     { "help", show_help },
                 { "--version", show_version },   { "--help", show_help },
                 { "-h", show_help },             { NULL, NULL } };

static int run(appctl_t *ctl)
{
    const char *named = getenv("APP_CONFIG");
    int i;

    ctl->config = named && *named ? named : DEFAULT_CONFIG;
    while (ctl->argc >= 1 && strcmp(ctl->argv[0], "-f") == 0) {
        if (ctl->argc < 2) {
            return appctl_usage("-f needs the name of a file.");
        }
        ctl->config = ctl->argv[1];
        ctl->argc -= 2;
        ctl->argv += 2;
    }
    if (ctl->argc < 1) {
        fputs(help, stderr);
        return APPCTL_USAGE;
    }
    for (i = 0; commands[i].name; i++) {
        if (strcmp(ctl->argv[0], commands[i].name) == 0) {
            ctl->argc--;
            ctl->argv++;
            return commands[i].run(ctl);
        }
    }
    ctl->argc--;
    ctl->argv++;
    return appctl_plugin(ctl, ctl->argv[-1]);
}

int main(int argc, const char *const argv[])
{
    const char *const *arguments = argv;
    appctl_t ctl;
    int code;

    if (apr_app_initialize(&argc, &arguments, NULL) != APR_SUCCESS) {
        return APPCTL_WRONG;
    }
    umask(umask(0) | 027); /* a new database is not for everybody to read */
    apr_pool_create(&ctl.p, NULL);
    ctl.argc = argc - 1;
    ctl.argv = arguments + 1;
    code = run(&ctl);
    apr_pool_destroy(ctl.p);
    apr_terminate();
    return code;
}
