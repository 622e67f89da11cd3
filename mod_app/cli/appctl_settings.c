/* SPDX-License-Identifier: Apache-2.0 */
/**
 * appctl settings: every setting there is, from the tables that also parse them. As text for a
 * terminal, as Markdown for docs/settings.md.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apr_file_info.h"
#include "apr_strings.h"

#include "app_program.h"
#include "appctl.h"

#ifndef APP_PLUGIN_DIR
#define APP_PLUGIN_DIR "/usr/lib/apache2/modules/mod_app"
#endif

typedef struct listing_t {
    const char         *only;     /* NULL: all; else "core" or a plugin's name */
    int                 markdown;
    const app_plugin_t *plugin; /* whose rows come now */
    int                 begun;  /* a heading was printed */
    apr_pool_t         *p;
} listing_t;

/* Words */

/** Microseconds in the largest unit that divides them. */
static const char *duration(apr_int64_t usec, apr_pool_t *p)
{
    static const struct {
        apr_int64_t factor;
        const char *name;
    } units[] = { { 86400 * APR_USEC_PER_SEC, "d" },
                  { 3600 * APR_USEC_PER_SEC, "h" },
                  { 60 * APR_USEC_PER_SEC, "m" },
                  { APR_USEC_PER_SEC, "s" },
                  { 1000, "ms" } };
    int i = 0;

    while (i < 4 && (usec == 0 || usec % units[i].factor != 0)) {
        i++;
    }
    return usec == 0 ? "0"
                     : apr_psprintf(p, "%" APR_INT64_T_FMT "%s", usec / units[i].factor,
                                    units[i].name);
}

static const char *size(apr_int64_t bytes, apr_pool_t *p)
{
    static const char *const names[] = { "", "k", "m", "g" };
    int i = 0;

    while (i < 3 && bytes && bytes % 1024 == 0) {
        bytes /= 1024;
        i++;
    }
    return apr_psprintf(p, "%" APR_INT64_T_FMT "%s", bytes, names[i]);
}

static const char *choices(const app_setting_t *row, apr_pool_t *p)
{
    const char *text = "";
    int i;

    for (i = 0; row->choices[i]; i++) {
        text = apr_pstrcat(p, text, i ? ", " : "", row->choices[i], NULL);
    }
    return text;
}

/** What may be written behind the name. */
static const char *accepted(const app_setting_t *row, apr_pool_t *p)
{
    switch (row->type) {
    case APP_TYPE_FLAG:
        return "on, off";
    case APP_TYPE_INT:
        return apr_psprintf(p, "number from %" APR_INT64_T_FMT " to %" APR_INT64_T_FMT, row->min,
                            row->max);
    case APP_TYPE_DURATION:
        return apr_psprintf(p, "time from %s to %s", duration(row->min, p), duration(row->max, p));
    case APP_TYPE_SIZE:
        return apr_psprintf(p, "bytes from %s to %s", size(row->min, p), size(row->max, p));
    case APP_TYPE_ENUM:
        return choices(row, p);
    case APP_TYPE_LIST:
        return "words, divided by blanks or commas";
    case APP_TYPE_PARSED:
        return row->flags & APP_SET_APPEND ? "as the text says; may stand several times"
                                           : "as the text says";
    case APP_TYPE_PATH:
        return "path";
    case APP_TYPE_SECRET:
        return "secret; or its file: …File path, or @path";
    default:
        return "text";
    }
}

static const char *where(const app_setting_t *row)
{
    return row->flags & APP_SET_LOCATION ? "server, virtual host, location"
                                         : "server, virtual host";
}

/** A "|" would end the cell, and "<" begin a tag. */
static const char *cell(const char *text, apr_pool_t *p)
{
    app_buf_t buf;

    app_buf_init(&buf, p, 8192);
    for (; *text; text++) {
        if (*text == '|') {
            app_buf_adds(&buf, "\\|");
        }
        else if (*text == '<') {
            app_buf_adds(&buf, "&lt;");
        }
        else {
            app_buf_addc(&buf, *text);
        }
    }
    return buf.data ? buf.data : "";
}

/* Printing */

static void print_heading(const listing_t *list)
{
    const app_plugin_t *plugin = list->plugin;

    if (list->markdown) {
        if (plugin) {
            printf("\n## Plugin %s\n\n%s. Inside `<AppPlugin %s>`.\n\n", plugin->name,
                   cell(plugin->summary, list->p), plugin->name);
        }
        else {
            printf("\n## Core\n\n");
        }
        printf("| Setting | Values | Default | Where | What it does |\n"
               "| --- | --- | --- | --- | --- |\n");
    }
    else if (plugin) {
        printf("%s<AppPlugin %s>  %s\n\n", list->begun ? "\n" : "", plugin->name, plugin->summary);
    }
}

static void print_row(const listing_t *list, const app_setting_t *row)
{
    const char *prefix = list->plugin ? "" : "App";
    apr_pool_t *p = list->p;

    if (list->markdown) {
        printf("| `%s%s` | %s | %s | %s | %s |\n", prefix, row->name, cell(accepted(row, p), p),
               row->deflt ? apr_psprintf(p, "`%s`", cell(row->deflt, p)) : "none", where(row),
               cell(row->help, p));
        return;
    }
    printf("%s%s\n    %s\n    %s; default: %s; in %s\n", prefix, row->name, row->help,
           accepted(row, p), row->deflt ? row->deflt : "none", where(row));
}

static int is_wanted(const listing_t *list, const app_plugin_t *plugin)
{
    return !list->only || strcmp(list->only, plugin ? plugin->name : "core") == 0;
}

static void take_row(void *ctx, const app_plugin_t *plugin, const app_setting_t *row)
{
    listing_t *list = ctx;

    if (!is_wanted(list, plugin)) {
        return;
    }
    if (!list->begun || plugin != list->plugin) {
        list->plugin = plugin;
        print_heading(list);
        list->begun = 1;
    }
    print_row(list, row);
}

/* Plugins */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/** Names of the plugins in a folder, sorted. */
static apr_array_header_t *plugin_names(const char *dir, apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, 16, sizeof(const char *));
    apr_finfo_t info;
    apr_dir_t *open;

    if (apr_dir_open(&open, dir, p) != APR_SUCCESS) {
        return names;
    }
    while (apr_dir_read(&info, APR_FINFO_NAME, open) == APR_SUCCESS) {
        apr_size_t len = strlen(info.name);

        if (len > 3 && info.name[0] != '.' && strcmp(info.name + len - 3, ".so") == 0) {
            APR_ARRAY_PUSH(names, const char *) = apr_pstrmemdup(p, info.name, len - 3);
        }
    }
    apr_dir_close(open);
    qsort(names->elts, (size_t)names->nelts, (size_t)names->elt_size, by_name);
    return names;
}

/** Loads every plugin there is, so that the core can list them. @return exit code */
static int load_plugins(app_core_t *core, const listing_t *list)
{
    const char *beside = app_program_beside("plugins", list->p);
    const char *dir = beside ? beside : APP_PLUGIN_DIR;
    const apr_array_header_t *names = plugin_names(dir, list->p);
    int i, found = !list->only || strcmp(list->only, "core") == 0;

    for (i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        app_error_t err = { .pool = list->p };
        const app_plugin_t *plugin;

        if (list->only && strcmp(list->only, name) != 0) {
            continue;
        }
        found = 1;
        if (app_core_load(core, dir, name, &plugin, &err) != APR_SUCCESS) {
            return appctl_failed(&err);
        }
    }
    if (!found) {
        return appctl_usage("there is no plugin \"%s\" in %s.", list->only, dir);
    }
    return APPCTL_GOOD;
}

int appctl_settings(const appctl_t *ctl)
{
    const app_loopback_options_t options = { .text = "" };
    listing_t list = { .p = ctl->p };
    app_error_t err = { .pool = ctl->p };
    app_loopback_t *loopback;
    int i, code;

    for (i = 0; i < ctl->argc; i++) {
        if (strcmp(ctl->argv[i], "--markdown") == 0) {
            list.markdown = 1;
        }
        else if (ctl->argv[i][0] == '-' || list.only) {
            return appctl_usage("settings takes one plugin and --markdown, not \"%s\".",
                                ctl->argv[i]);
        }
        else {
            list.only = ctl->argv[i];
        }
    }
    if (app_loopback_make(&loopback, &options, &err, ctl->p) != APR_SUCCESS) {
        return appctl_failed(&err);
    }
    if ((code = load_plugins(app_loopback_core(loopback), &list)) != APPCTL_GOOD) {
        return code;
    }
    if (list.markdown) {
        printf("# Settings\n\nMade by `appctl settings --markdown`; do not edit.\n");
    }
    app_core_list_settings(app_loopback_core(loopback), take_row, &list);
    return APPCTL_GOOD;
}
