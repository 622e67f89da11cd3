/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Log lines on their way to the host. There is one host in a process, so it is kept here; a
 * core is not at hand everywhere that something has to be said.
 */
#include <stdio.h>
#include <string.h>

#include "app_core_int.h"

#define LINE_MAX_BYTES 2000

static const app_host_t *host;
static const apr_array_header_t *general; /* LogLevel for lines about no request; or NULL */

void app_log_host(const app_host_t *to)
{
    host = to;
    general = NULL;
}

/* LogLevel: words such as "APP10:warning" */

static const char *const level_names[] = { "error", "warning", "notice", "info", "debug" };

#define LEVELS ((int)(sizeof(level_names) / sizeof(*level_names)))

/** @return -1: the word is not one */
static int level_of(const char *word)
{
    const char *colon = strchr(word, ':');
    int i;

    if (strncmp(word, "APP", 3) != 0 || !colon || colon - word > 7 ||
        word + 3 + strspn(word + 3, "0123456789") != colon) {
        return -1;
    }
    for (i = LEVELS - 1; i >= 0 && strcmp(level_names[i], colon + 1) != 0; i--) {
    }
    return i;
}

apr_status_t app_log_levels_use(const apr_array_header_t *words, app_error_t *err)
{
    int i;

    for (i = 0; words && i < words->nelts; i++) {
        const char *word = APR_ARRAY_IDX(words, i, const char *);

        if (level_of(word) < 0) {
            app_fail(err, APP_E_SETTING, "LogLevel: \"%s\" is not of the form APP10:warning", word);
            return app_hint(err, "Before the colon stands what numbers begin with, behind it error, "
                                 "warning, notice, info or debug.");
        }
    }
    if (words) {
        general = words;
    }
    return APR_SUCCESS;
}

/** Of several words that fit a number the longest holds. */
static int is_wanted(app_log_level_e level, const app_request_t *r, const char *number)
{
    const apr_array_header_t *words = r ? r->conf->log_levels : general;
    apr_size_t best = 0;
    int i, most = LEVELS;

    for (i = 0; words && i < words->nelts; i++) {
        const char *word = APR_ARRAY_IDX(words, i, const char *);
        apr_size_t len = strcspn(word, ":");

        if (len > best && strncmp(word, number, len) == 0) {
            best = len;
            most = level_of(word);
        }
    }
    return (int)level <= most;
}

/** Control characters could forge lines or drive a terminal. */
static void make_harmless(char *line)
{
    for (; *line; line++) {
        if ((unsigned char)*line < 0x20 || *line == 0x7F) {
            *line = ' ';
        }
    }
}

/** What every line begins with. @return its length */
static apr_size_t begin_line(char *line, apr_size_t size, const app_request_t *r,
                             const char *number)
{
    int len;

    if (!r) {
        len = snprintf(line, size, "%s: ", number);
    }
    else if (r->trace.id) {
        len = snprintf(line, size, "%s: [%s trace=%s] ", number, r->id, r->trace.id);
    }
    else {
        len = snprintf(line, size, "%s: [%s] ", number, r->id);
    }
    return (apr_size_t)len < size ? (apr_size_t)len : size - 1;
}

void app_log(app_log_level_e level, const app_request_t *r, const char *number, const char *format,
             ...)
{
    void *native = r ? r->exchange->data : NULL;
    char line[LINE_MAX_BYTES];
    va_list args;
    apr_size_t len;

    if (!host || !host->log || (host->logs && !host->logs(level, native)) ||
        !is_wanted(level, r, number)) {
        return;
    }
    len = begin_line(line, sizeof(line), r, number);
    va_start(args, format);
    vsnprintf(line + len, sizeof(line) - len, format, args);
    va_end(args);
    make_harmless(line);
    host->log(level, native, line);
}
