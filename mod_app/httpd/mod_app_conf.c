/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The directives: App<Name> for each of the core's settings, and <AppPlugin NAME> with a plugin's
 * settings inside. What is right or wrong the core says. Runs while httpd reads its configuration;
 * the merge of locations also in the requests that match several with settings.
 */
#include <stdio.h>
#include <stdlib.h>

#include "mod_app.h"

#include "apr_strings.h"

#define NAME_SIZE    64
#define PLUGIN_START "<AppPlugin"

/* A <Directory> is never walked for our requests, so a setting there would be without effect. */
#define FORBIDDEN \
    (NOT_IN_LIMIT | NOT_IN_DIRECTORY | NOT_IN_FILES | NOT_IN_PROXY | NOT_IN_HTACCESS)

/* Containers. Both start empty and cost nothing where no directive of ours stands. */

void *app_httpd_conf_server(apr_pool_t *p, server_rec *s)
{
    app_server_t *server = apr_pcalloc(p, sizeof(*server));

    (void)s;
    server->lines = apr_array_make(p, 0, sizeof(app_line_t));
    return server;
}

void *app_httpd_conf_server_merge(apr_pool_t *p, void *outer, void *inner)
{
    app_server_t *main_server = outer, *host = inner, *merged;

    if (!host->conf) {
        return main_server; /* the same pointer: virtual hosts that change nothing share a site */
    }
    merged = apr_pmemdup(p, host, sizeof(*host));
    merged->lines = apr_array_append(p, host->lines, main_server->lines);
    if (main_server->conf) {
        merged->conf = app_conf_merge(main_server->conf, host->conf, p);
    }
    return merged;
}

void *app_httpd_conf_location(apr_pool_t *p, char *path)
{
    (void)path;
    return apr_pcalloc(p, sizeof(app_location_t));
}

static int is_empty(const app_location_t *location)
{
    return !location->conf && !location->login_page && location->pass == APP_PASS_UNSET;
}

void *app_httpd_conf_location_merge(apr_pool_t *p, void *outer, void *inner)
{
    app_location_t *base = outer, *added = inner, *merged;

    if (is_empty(added)) {
        return base;
    }
    if (is_empty(base)) {
        return added;
    }
    merged = apr_pmemdup(p, base, sizeof(*merged));
    if (added->conf) {
        merged->conf = base->conf ? app_conf_merge(base->conf, added->conf, p) : added->conf;
    }
    merged->login_page = added->login_page ? added->login_page : base->login_page;
    merged->pass = added->pass != APP_PASS_UNSET ? added->pass : base->pass;
    return merged;
}

static app_server_t *server_of(const cmd_parms *cmd)
{
    return ap_get_module_config(cmd->server->module_config, &app_module);
}

/** The settings of the place where a line stands. */
static app_site_conf_t *conf_of(const cmd_parms *cmd, app_location_t *location)
{
    app_site_conf_t **place = cmd->path ? &location->conf : &server_of(cmd)->conf;

    if (!*place) {
        *place = app_conf_create(app_httpd_run_core(), cmd->path ? APP_IN_LOCATION : APP_IN_SERVER,
                                 cmd->pool);
    }
    return *place;
}

/** Keeps in mind where a setting of a server stands. */
static void remember(const cmd_parms *cmd, const char *about)
{
    if (!cmd->path) {
        app_line_t *line = apr_array_push(server_of(cmd)->lines);

        line->directive = cmd->directive;
        line->about = about;
    }
}

/* Errors */

const ap_directive_t *app_httpd_conf_line(const app_server_t *server, const app_error_t *err)
{
    const app_line_t *best = NULL;
    int i;

    for (i = 0; err->message && i < server->lines->nelts; i++) {
        const app_line_t *line = &APR_ARRAY_IDX(server->lines, i, app_line_t);

        if (strcasestr(err->message, line->about) &&
            (!best || strlen(line->about) > strlen(best->about))) {
            best = line;
        }
    }
    return best ? best->directive : NULL;
}

static const char *with_stop(const char *text, apr_pool_t *p)
{
    apr_size_t len = strlen(text);

    return len && strchr(".!?", text[len - 1]) ? text : apr_pstrcat(p, text, ".", NULL);
}

const char *app_httpd_conf_sentence(const app_error_t *err, apr_pool_t *p)
{
    const char *text = with_stop(err->message ? err->message : "no reason is given", p);

    if (err->details) {
        text = apr_pstrcat(p, text, " ", with_stop(err->details, p), NULL);
    }
    if (err->hint) {
        text = apr_pstrcat(p, text, " ", with_stop(err->hint, p), NULL);
    }
    if (err->log) {
        text = apr_pstrcat(p, text, " (", err->log, ")", NULL);
    }
    return text;
}

/* Directives */

static const char *set(cmd_parms *cmd, void *location, const char *args)
{
    app_error_t err = { .pool = cmd->pool };
    const app_setting_t *row = cmd->info;
    const char *refusal = ap_check_cmd_context(cmd, FORBIDDEN);

    if (refusal) {
        return refusal;
    }
    remember(cmd, row->name);
    if (app_conf_set(conf_of(cmd, location), cmd->cmd->name + strlen("App"), args, &err) !=
        APR_SUCCESS) {
        return app_httpd_conf_sentence(&err, cmd->pool);
    }
    return NULL;
}

/** The name between "<AppPlugin" and ">"; NULL unless there is exactly one word. */
static const char *plugin_name(const char *args, apr_pool_t *p)
{
    const char *end = strrchr(args, '>');
    const char *rest, *name;

    if (!end || end[1]) {
        return NULL;
    }
    rest = apr_pstrmemdup(p, args, (apr_size_t)(end - args));
    name = ap_getword_conf(p, &rest);
    return *name && !*rest ? name : NULL;
}

/** httpd keeps the lines inside as children, unread, and names one of them if told which. */
static const char *set_plugin_lines(cmd_parms *cmd, app_site_conf_t *conf, app_values_t *values)
{
    const ap_directive_t *line;
    app_error_t err = { .pool = cmd->pool };

    for (line = cmd->directive->first_child; line; line = line->next) {
        if (line->first_child || *line->directive == '<') {
            cmd->err_directive = line;
            return apr_pstrcat(cmd->pool, line->directive, " cannot stand inside ", PLUGIN_START,
                               ">: only settings of the plugin can", NULL);
        }
        if (app_conf_plugin_set(conf, values, line->directive, line->args, &err) != APR_SUCCESS) {
            cmd->err_directive = line;
            return app_httpd_conf_sentence(&err, cmd->pool);
        }
    }
    return NULL;
}

static const char *use_plugin(cmd_parms *cmd, void *location, const char *args)
{
    app_error_t err = { .pool = cmd->pool };
    const char *name = plugin_name(args, cmd->pool);
    const char *refusal = ap_check_cmd_context(cmd, FORBIDDEN);
    app_site_conf_t *conf;
    app_values_t *values;

    if (refusal) {
        return refusal;
    }
    if (!name) {
        return PLUGIN_START " takes the name of one plugin: " PLUGIN_START " rest>";
    }
    conf = conf_of(cmd, location);
    if (cmd->path) {
        ((app_location_t *)location)->line = cmd->directive;
    }
    if (app_conf_plugin(conf, name, &values, &err) != APR_SUCCESS) {
        return app_httpd_conf_sentence(&err, cmd->pool);
    }
    remember(cmd, apr_pstrcat(cmd->pool, "plugin ", name, " ", NULL));
    return set_plugin_lines(cmd, conf, values);
}

/* The table */

/** Directives that are httpd's alone, and have no row. */
static const command_rec *const others[] = { app_httpd_auth_commands, app_httpd_pass_commands,
                                             NULL };

static apr_size_t count_commands(void)
{
    const app_setting_t *row;
    const command_rec *command;
    apr_size_t n = 2; /* <AppPlugin> and the end */
    int i;

    for (i = 0; others[i]; i++) {
        for (command = others[i]; command->name; command++) {
            n++;
        }
    }
    for (row = app_core_settings; row->name; row++) {
        n += row->type == APP_TYPE_SECRET ? 2 : 1;
    }
    return n;
}

static void fill_command(command_rec *command, char *name, const app_setting_t *row,
                         const char *ending)
{
    snprintf(name, NAME_SIZE, "App%s%s", row->name, ending);
    command->name = name;
    command->AP_RAW_ARGS = set;
    command->cmd_data = (void *)row;
    command->args_how = RAW_ARGS;
    command->req_override = RSRC_CONF | ACCESS_CONF;
    command->errmsg = row->help;
}

static apr_size_t add_others(command_rec *commands, apr_size_t n)
{
    const command_rec *command;
    int i;

    for (i = 0; others[i]; i++) {
        for (command = others[i]; command->name; command++) {
            commands[n++] = *command;
        }
    }
    return n;
}

const command_rec *app_httpd_conf_commands(void)
{
    apr_size_t n = count_commands();
    /* There is no pool yet, and the table, with its names behind it, lives as long as the code. */
    command_rec *commands = calloc(n, sizeof(*commands) + NAME_SIZE);
    char *name = (char *)(commands + n);
    const app_setting_t *row;
    apr_size_t i = 0;

    if (!commands) {
        abort();
    }
    for (row = app_core_settings; row->name; row++) {
        fill_command(&commands[i++], name, row, "");
        name += NAME_SIZE;
        if (row->type == APP_TYPE_SECRET) {
            fill_command(&commands[i++], name, row, "File");
            name += NAME_SIZE;
        }
    }
    i = add_others(commands, i);
    commands[i].name = PLUGIN_START;
    commands[i].AP_RAW_ARGS = use_plugin;
    commands[i].args_how = RAW_ARGS;
    commands[i].req_override = RSRC_CONF | ACCESS_CONF;
    commands[i].errmsg = "uses a plugin; its settings stand inside";
    return commands;
}
