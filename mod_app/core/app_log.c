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

void app_log_host(const app_host_t *to)
{
    host = to;
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

    if (!host || !host->log || (host->logs && !host->logs(level, native))) {
        return;
    }
    len = begin_line(line, sizeof(line), r, number);
    va_start(args, format);
    vsnprintf(line + len, sizeof(line) - len, format, args);
    va_end(args);
    make_harmless(line);
    host->log(level, native, line);
}
