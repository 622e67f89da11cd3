/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Reads settings lines as httpd would: joins them, puts variables in, tells mod_app's from those
 * of others, and hands each on. Called by app.cgi, appctl, tests and the fuzzer while they start.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "apr_file_io.h"
#include "apr_lib.h"
#include "apr_strings.h"

#include "app_conf_file.h"

#define BLANKS          " \t\r\f\v"
#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

typedef struct reader_t {
    const char            *file;
    const char            *cursor, *end;
    int                    next; /* number of the line at cursor */
    int                    line; /* number of the line at work: its first, if it was joined */
    app_conf_mode_e        mode;
    const app_conf_sink_t *sink;
    void                  *ctx;
    int                    plugin_line; /* where the open <AppPlugin> stands; 0: none is open */
    int                    hidden;      /* containers open whose settings are passed over */
    int                    hidden_line; /* where the outermost of them stands */
    apr_table_t           *defined;     /* by Define */
    app_error_t           *err;
    apr_pool_t            *p;
} reader_t;

/** Puts "FILE:LINE: " in front of what went wrong. */
static apr_status_t place(reader_t *r, int line)
{
    r->err->message = apr_psprintf(r->err->pool, "%s:%d: %s", r->file, line, r->err->message);
    return APP_EFAIL;
}

static apr_status_t wrong(reader_t *r, int line, const char *format, ...) APP_PRINTF(3, 4);
static apr_status_t wrong(reader_t *r, int line, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    app_fail(r->err, APP_E_SETTING, "%s", apr_pvsprintf(r->p, format, args));
    va_end(args);
    return place(r, line);
}

/* Lines */

static apr_status_t too_long(reader_t *r)
{
    return wrong(r, r->line, "the line is longer than %d bytes; divide it", APP_CONF_LINE_MAX);
}

/** Takes one line of the file. @return 1 if it goes on in the next one */
static int take_line(reader_t *r, const char **pstart, apr_size_t *plen)
{
    const char *start = r->cursor;
    const char *newline = memchr(start, '\n', (apr_size_t)(r->end - start));
    apr_size_t len = (apr_size_t)((newline ? newline : r->end) - start);

    r->cursor = newline ? newline + 1 : r->end;
    r->next++;
    if (newline && len && start[len - 1] == '\r') {
        len--;
    }
    *pstart = start;
    *plen = len;
    if (newline && len && start[len - 1] == '\\') {
        *plen = len - 1;
        return r->cursor < r->end;
    }
    return 0;
}

/** The next line, joined, without blanks around it. @return APR_SUCCESS, APR_EOF, APP_EFAIL */
static apr_status_t next_line(reader_t *r, const char **pline)
{
    app_buf_t buf;
    int more = 1;

    if (r->cursor == r->end) {
        return APR_EOF;
    }
    r->line = r->next;
    app_buf_init(&buf, r->p, APP_CONF_LINE_MAX);
    while (more) {
        const char *start;
        apr_size_t len;

        more = take_line(r, &start, &len);
        app_buf_add(&buf, start, len);
    }
    if (r->next - 1 > APP_CONF_LINES_MAX) {
        return wrong(r, r->line, "the file has more than %d lines", APP_CONF_LINES_MAX);
    }
    if (app_buf_full(&buf)) {
        return too_long(r);
    }
    if (buf.len && memchr(buf.data, '\0', buf.len)) {
        return wrong(r, r->line, "the line holds a NUL character; this is no text file");
    }
    while (buf.len && strchr(BLANKS, buf.data[buf.len - 1])) {
        buf.data[--buf.len] = '\0';
    }
    *pline = buf.len ? buf.data + strspn(buf.data, BLANKS) : "";
    return APR_SUCCESS;
}

/* Variables */

static const char *variable(reader_t *r, const char *name)
{
    const char *value = apr_table_get(r->defined, name);

    return value ? value : getenv(name);
}

/** Puts the values of ${NAME} in. What looks like no name stays as it is. */
static apr_status_t expand(reader_t *r, const char *text, const char **pexpanded)
{
    app_buf_t buf;
    const char *dollar;

    if (!strstr(text, "${")) {
        *pexpanded = text;
        return APR_SUCCESS;
    }
    app_buf_init(&buf, r->p, APP_CONF_LINE_MAX);
    while ((dollar = strstr(text, "${"))) {
        apr_size_t len = strspn(dollar + 2, NAME_CHARACTERS);
        const char *name = apr_pstrmemdup(r->p, dollar + 2, len);
        const char *value = NULL;

        app_buf_add(&buf, text, (apr_size_t)(dollar - text));
        if (!len || dollar[len + 2] != '}') {
            app_buf_adds(&buf, "${");
            text = dollar + 2;
            continue;
        }
        if (!(value = variable(r, name))) {
            return wrong(r, r->line,
                         "the variable ${%s} is not set; set it in the environment, or write its "
                         "value here",
                         name);
        }
        app_buf_adds(&buf, value);
        text = dollar + len + 3;
    }
    app_buf_adds(&buf, text);
    if (app_buf_full(&buf)) {
        return too_long(r);
    }
    *pexpanded = buf.data ? buf.data : "";
    return APR_SUCCESS;
}

/** Takes quotes off a text that stands in them whole. */
static const char *unquote(const char *text, apr_pool_t *p)
{
    apr_size_t len = strlen(text);

    if (len >= 2 && (*text == '"' || *text == '\'') && text[len - 1] == *text) {
        return apr_pstrmemdup(p, text + 1, len - 2);
    }
    return text;
}

static apr_status_t define(reader_t *r, const char *args)
{
    apr_size_t len = strcspn(args, BLANKS);
    const char *value;

    if (expand(r, args + len + strspn(args + len, BLANKS), &value) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    apr_table_set(r->defined, apr_pstrmemdup(r->p, args, len), unquote(value, r->p));
    return APR_SUCCESS;
}

/* Containers */

static int is_word(const char *text, apr_size_t len, const char *word)
{
    return strlen(word) == len && strncasecmp(text, word, len) == 0;
}

/** Whether the container's settings hold for some requests only. */
static int hides(const char *name, apr_size_t len)
{
    static const char *const names[] = { "Location",       "LocationMatch", "Directory",
                                         "DirectoryMatch", "Files",         "FilesMatch",
                                         "If",             "ElseIf",        "Else",
                                         "Proxy",          "ProxyMatch",    "Limit",
                                         "LimitExcept",    NULL };
    int i;

    for (i = 0; names[i]; i++) {
        if (is_word(name, len, names[i])) {
            return 1;
        }
    }
    return 0;
}

static apr_status_t open_plugin(reader_t *r, const char *args)
{
    apr_size_t len = strlen(args);
    const char *name = "";

    if (r->plugin_line) {
        return wrong(r, r->line, "<AppPlugin> stands inside the <AppPlugin> of line %d; close that "
                                 "with </AppPlugin> first",
                     r->plugin_line);
    }
    if (!len || args[len - 1] != '>') {
        return wrong(r, r->line, "<AppPlugin NAME> needs \">\" at its end");
    }
    while (len > 1 && strchr(BLANKS, args[len - 2])) {
        len--;
    }
    if (expand(r, apr_pstrmemdup(r->p, args, len - 1), &name) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    name = unquote(name, r->p);
    if (!*name || strpbrk(name, BLANKS)) {
        return wrong(r, r->line, "<AppPlugin NAME> takes the name of one plugin");
    }
    r->plugin_line = r->line;
    return r->sink->plugin(r->ctx, name, r->err) == APR_SUCCESS ? APR_SUCCESS : place(r, r->line);
}

static apr_status_t open_container(reader_t *r, const char *name, apr_size_t len, const char *args)
{
    if (r->hidden) {
        r->hidden++;
        return APR_SUCCESS;
    }
    if (is_word(name, len, "AppPlugin")) {
        return open_plugin(r, args);
    }
    if (r->mode == APP_CONF_STRICT || r->plugin_line) {
        return wrong(r, r->line, "<%.*s> has no meaning here; there is <AppPlugin NAME> only",
                     (int)len, name);
    }
    if (hides(name, len)) {
        r->hidden = 1;
        r->hidden_line = r->line;
    }
    return APR_SUCCESS;
}

static apr_status_t close_container(reader_t *r, const char *name, apr_size_t len)
{
    if (r->hidden) {
        r->hidden--;
        return APR_SUCCESS;
    }
    if (is_word(name, len, "AppPlugin") && r->plugin_line) {
        r->plugin_line = 0;
        return APR_SUCCESS;
    }
    if (r->mode == APP_CONF_STRICT || r->plugin_line || is_word(name, len, "AppPlugin")) {
        return wrong(r, r->line, "</%.*s> closes nothing that is open", (int)len, name);
    }
    return APR_SUCCESS;
}

static apr_status_t take_tag(reader_t *r, const char *line)
{
    int closing = line[1] == '/';
    const char *name = line + 1 + closing;
    apr_size_t len = strcspn(name, BLANKS ">");

    return closing ? close_container(r, name, len)
                   : open_container(r, name, len, name + len + strspn(name + len, BLANKS));
}

/* Settings */

static apr_status_t take_setting(reader_t *r, const char *name, const char *args)
{
    apr_status_t rv;

    if (expand(r, args, &args) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    rv = r->plugin_line ? r->sink->plugin_setting(r->ctx, name, args, r->err)
                        : r->sink->setting(r->ctx, name + 3, args, r->err);
    return rv == APR_SUCCESS ? APR_SUCCESS : place(r, r->line);
}

static apr_status_t take_directive(reader_t *r, const char *line)
{
    apr_size_t len = strcspn(line, BLANKS);
    const char *args = line + len + strspn(line + len, BLANKS);
    const char *name = apr_pstrmemdup(r->p, line, len);

    if (r->hidden) {
        return APR_SUCCESS;
    }
    if (r->plugin_line || (len > 3 && strncasecmp(name, "App", 3) == 0)) {
        return take_setting(r, name, args);
    }
    if (r->mode == APP_CONF_LENIENT) {
        return strcasecmp(name, "Define") == 0 ? define(r, args) : APR_SUCCESS;
    }
    return wrong(r, r->line,
                 "\"%s\" is no setting of mod_app: its own begin with App, those of a plugin stand "
                 "between <AppPlugin NAME> and </AppPlugin>",
                 name);
}

static apr_status_t check_closed(reader_t *r)
{
    if (r->plugin_line) {
        return wrong(r, r->plugin_line, "<AppPlugin> is not closed; add </AppPlugin>");
    }
    if (r->hidden) {
        return wrong(r, r->hidden_line, "the container that opens here is not closed");
    }
    return APR_SUCCESS;
}

apr_status_t app_conf_file_parse(const char *file, const char *text, apr_size_t len,
                                 app_conf_mode_e mode, const app_conf_sink_t *sink, void *ctx,
                                 app_error_t *err, apr_pool_t *p)
{
    reader_t r = { .file = file, .cursor = text, .end = text + len, .next = 1, .mode = mode,
                   .sink = sink, .ctx = ctx,     .err = err,        .p = p };
    apr_status_t rv;
    const char *line = "";

    r.defined = apr_table_make(p, 4);
    if (len > APP_CONF_FILE_MAX) {
        return app_fail(err, APP_E_SETTING, "%s: the file is larger than %d bytes", file,
                        APP_CONF_FILE_MAX);
    }
    while ((rv = next_line(&r, &line)) == APR_SUCCESS) {
        if (!*line || *line == '#') {
            continue;
        }
        rv = *line == '<' ? take_tag(&r, line) : take_directive(&r, line);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    return rv == APR_EOF ? check_closed(&r) : rv;
}

/* Into a configuration */

typedef struct target_t {
    app_site_conf_t *conf;
    app_values_t    *values; /* of the open <AppPlugin> */
} target_t;

static apr_status_t set_own(void *ctx, const char *name, const char *args, app_error_t *err)
{
    return app_conf_set(((target_t *)ctx)->conf, name, args, err);
}

static apr_status_t use_plugin(void *ctx, const char *name, app_error_t *err)
{
    target_t *target = ctx;

    return app_conf_plugin(target->conf, name, &target->values, err);
}

static apr_status_t set_plugins(void *ctx, const char *name, const char *args, app_error_t *err)
{
    target_t *target = ctx;

    return app_conf_plugin_set(target->conf, target->values, name, args, err);
}

apr_status_t app_conf_file_apply(app_site_conf_t *conf, const char *file, const char *text,
                                 apr_size_t len, app_conf_mode_e mode, app_error_t *err,
                                 apr_pool_t *p)
{
    static const app_conf_sink_t sink = { set_own, use_plugin, set_plugins };
    target_t target = { conf, NULL };

    return app_conf_file_parse(file, text, len, mode, &sink, &target, err, p);
}

static apr_status_t cannot_read(const char *path, apr_status_t why, app_error_t *err)
{
    char text[120];

    return app_fail(err, APP_E_SETTING, "%s: it cannot be read: %s", path,
                    apr_strerror(why, text, sizeof(text)));
}

apr_status_t app_conf_file_read(const char **ptext, apr_size_t *plen, const char *path,
                                apr_size_t max, app_error_t *err, apr_pool_t *p)
{
    apr_finfo_t info;
    apr_file_t *file;
    apr_size_t len = 0;
    char *text;
    apr_status_t rv = apr_stat(&info, path, APR_FINFO_TYPE | APR_FINFO_SIZE, p);

    if (rv != APR_SUCCESS) {
        return cannot_read(path, rv, err);
    }
    if (info.filetype != APR_REG) {
        return app_fail(err, APP_E_SETTING, "%s: it is not a regular file", path);
    }
    if (info.size > (apr_off_t)max) {
        return app_fail(err, APP_E_SETTING, "%s: the file is larger than %" APR_SIZE_T_FMT " bytes",
                        path, max);
    }
    rv = apr_file_open(&file, path, APR_FOPEN_READ, APR_FPROT_OS_DEFAULT, p);
    if (rv != APR_SUCCESS) {
        return cannot_read(path, rv, err);
    }
    text = apr_palloc(p, (apr_size_t)info.size + 1);
    rv = apr_file_read_full(file, text, (apr_size_t)info.size, &len);
    apr_file_close(file);
    if (rv != APR_SUCCESS && rv != APR_EOF) {
        return cannot_read(path, rv, err);
    }
    text[len] = '\0';
    *ptext = text;
    *plen = len;
    return APR_SUCCESS;
}

apr_status_t app_conf_file_load(app_site_conf_t *conf, const char *path, app_conf_mode_e mode,
                                app_error_t *err, apr_pool_t *p)
{
    const char *text = "";
    apr_size_t len = 0;

    if (app_conf_file_read(&text, &len, path, APP_CONF_FILE_MAX, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return app_conf_file_apply(conf, path, text, len, mode, err, p);
}
