/* SPDX-License-Identifier: Apache-2.0 */
/** Commands of appctl that plugins bring: found in their tables, run in a site that has started. */
#include <stdio.h>
#include <string.h>

#include "appctl.h"

#define NO_DATABASE "PGRST000" /* APP_E_DB_CONNECT */

typedef struct found_t {
    const char          *name;
    app_instance_t      *instance;
    const app_command_t *command; /* NULL: not found */
} found_t;

static int is_it(void *ctx, app_instance_t *instance, const app_plugin_t *plugin,
                 const app_command_t *command)
{
    found_t *found = ctx;

    (void)plugin;
    if (strcmp(command->name, found->name) != 0) {
        return 1;
    }
    found->instance = instance;
    found->command = command;
    return 0;
}

/* A command that was given before the first migration finds no file. */
static void hint_no_file(const app_instance_t *instance, app_error_t *err)
{
    app_db_kind_e kind;

    if (strcmp(err->code, NO_DATABASE) == 0 && !err->hint &&
        app_instance_db_kind(instance, &kind) == APR_SUCCESS && kind == APP_DB_SQLITE) {
        app_hint(err, "If the file is not there yet, appctl migrate up makes it.");
    }
}

static int run(const found_t *found, const appctl_t *ctl, app_error_t *err)
{
    int code = (int)found->command->run(found->instance, ctl->argc, ctl->argv, err);

    if (code != APPCTL_GOOD && err->code) {
        hint_no_file(found->instance, err);
        appctl_failed(err);
    }
    if (code == APPCTL_USAGE) {
        fputs(found->command->usage, stderr);
    }
    return code;
}

static int wants_help(const appctl_t *ctl)
{
    const char *first = ctl->argc > 0 ? ctl->argv[0] : "";

    return strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0;
}

int appctl_plugin(const appctl_t *ctl, const char *name)
{
    app_error_t err = { .pool = ctl->p };
    found_t found = { .name = name };
    app_loopback_t *loopback;
    const app_site_t *site;
    int code;

    if (appctl_load(ctl, &loopback, &err) != APR_SUCCESS) {
        return appctl_failed(&err);
    }
    site = app_loopback_site(loopback);
    app_site_list_commands(site, is_it, &found);
    if (!found.command) {
        return appctl_usage("there is no command \"%s\", and no plugin that %s uses has one.\n"
                            "Only the <AppPlugin> sections of that file count: Include is not "
                            "followed.", name, ctl->config);
    }
    if (wants_help(ctl)) {
        fputs(found.command->usage, stdout);
        return APPCTL_GOOD;
    }
    if (appctl_become_owner(app_site_db(site), &err) != APR_SUCCESS ||
        app_loopback_start(loopback, &err) != APR_SUCCESS) {
        return appctl_failed(&err);
    }
    code = run(&found, ctl, &err);
    app_loopback_stop(loopback);
    return code;
}

static int print_usage(void *ctx, app_instance_t *instance, const app_plugin_t *plugin,
                       const app_command_t *command)
{
    (void)ctx;
    (void)instance;
    printf("\n%s (plugin %s)\n%s", command->name, plugin->name, command->usage);
    return 1;
}

void appctl_plugin_usage(const appctl_t *ctl)
{
    app_error_t err = { .pool = ctl->p };
    app_loopback_t *loopback;

    if (appctl_load(ctl, &loopback, &err) == APR_SUCCESS) {
        app_site_list_commands(app_loopback_site(loopback), print_usage, NULL);
    }
}
