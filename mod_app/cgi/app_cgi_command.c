/* SPDX-License-Identifier: Apache-2.0 */
/** app.cgi typed by a person at a shell. */
#include <stdio.h>
#include <string.h>

#include "app_cgi_int.h"

#define REPORT_MAX (256 * 1024)

static const char usage[] =
    "app.cgi is started by a web server, as CGI or FastCGI. At a shell it knows\n"
    "\n"
    "    app.cgi --doctor    says what is wrong with this installation, and how to mend it\n"
    "    app.cgi --check     reads the settings; exit code 1 and a sentence if they are wrong\n"
    "    app.cgi --version\n"
    "    app.cgi --help\n"
    "\n"
    "Settings: the file named by APP_CONFIG in the environment, or app.conf beside the program.\n"
    "APP_LOG_LEVEL: error, warning, notice, info or debug. APP_FCGI_THREADS: FastCGI threads (8).\n"
    "Without a shell: put SetEnv APP_DOCTOR WORD into .htaccess, WORD being at least 16\n"
    "characters that nobody guesses, ask for https://your.site/app.cgi?WORD, and take the\n"
    "line out again.\n";

static int doctor(apr_pool_t *p)
{
    app_cgi_setup_t setup;
    app_buf_t report;
    int faults;

    app_cgi_setup_find(&setup, "cgi", p);
    app_cgi_log_level(APP_LOG_ERROR);
    app_buf_init(&report, p, REPORT_MAX);
    faults = app_doctor_run(&setup, 0, &report, p);
    fputs(report.data, stdout);
    return faults ? 1 : 0;
}

static int check(apr_pool_t *p)
{
    app_cgi_setup_t setup;
    app_error_t err = { .pool = p };

    app_cgi_setup_find(&setup, "cgi", p);
    app_cgi_log_level(APP_LOG_WARNING);
    if (app_cgi_setup_load(&setup, &err, p) != APR_SUCCESS) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    printf("The settings in %s are good.\n", setup.settings);
    return 0;
}

int app_cgi_command_run(int argc, const char *const *argv, apr_pool_t *p)
{
    const char *word = argc == 2 ? argv[1] : "";

    if (strcmp(word, "--doctor") == 0) {
        return doctor(p);
    }
    if (strcmp(word, "--check") == 0) {
        return check(p);
    }
    if (strcmp(word, "--version") == 0) {
        printf("%s %s\n", APP_NAME, APP_VERSION);
        return 0;
    }
    if (strcmp(word, "--help") == 0) {
        fputs(usage, stdout);
        return 0;
    }
    fputs(usage, stderr);
    return 2;
}
