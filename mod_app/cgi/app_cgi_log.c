/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Log lines of app.cgi: to the request's own error stream or to standard error, both of which
 * servers send to their error log. Any thread.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apr_strings.h"
#include "apr_time.h"

#include "app_cgi_int.h"

#define LINE_MAX_BYTES 2200

static const char *const names[] = { "error", "warning", "notice", "info", "debug" };
static app_log_level_e most = APP_LOG_WARNING;

void app_cgi_log_level(app_log_level_e least)
{
    const char *wanted = getenv("APP_LOG_LEVEL");
    int i;

    most = least;
    for (i = 0; wanted && i <= APP_LOG_DEBUG; i++) {
        if (strcmp(wanted, names[i]) == 0) {
            most = (app_log_level_e)i;
        }
    }
}

int app_cgi_logs(app_log_level_e level, void *request)
{
    (void)request;
    return level <= most;
}

void app_cgi_log(app_log_level_e level, void *request, const char *line)
{
    char text[LINE_MAX_BYTES], when[APR_CTIME_LEN];
    int len;

    apr_ctime(when, apr_time_now());
    len = apr_snprintf(text, sizeof(text), "[%s] [app:%s] [pid %d] %s\n", when, names[level],
                       (int)getpid(), line);
    if (request) {
        app_cgi_exchange_log(request, text);
    }
    else if (write(STDERR_FILENO, text, (size_t)len) < 0) {
        return; /* there is nobody left to tell */
    }
}
