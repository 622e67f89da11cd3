/* SPDX-License-Identifier: Apache-2.0 */
/**
 * app.cgi --doctor: what a shared host got wrong, and how to mend it. For people without a shell it
 * can be had over HTTP: SetEnv APP_DOCTOR to a word of at least 16 characters in .htaccess, ask
 * for app.cgi?THATWORD, and take the line out again.
 */
#include <stdlib.h>
#include <string.h>

#include "apr_file_info.h"
#include "apr_strings.h"
#include "apr_time.h"

#include "app_doctor.h"

#define WORD_MIN 16

void app_doctor_tell(app_doctor_t *d, app_doctor_finding_e finding, const char *what,
                     const char *mend, const char *format, ...)
{
    static const char *const names[] = { "OK", "LOOK", "WRONG" };
    va_list args;

    va_start(args, format);
    app_buf_addf(d->report, "%-6s %-14s %s\n", names[finding], what,
                 apr_pvsprintf(d->p, format, args));
    va_end(args);
    if (mend) {
        app_buf_addf(d->report, "%-6s %-14s to mend it: %s\n", "", "", mend);
    }
    d->faults += finding == APP_DOCTOR_WRONG;
}

const char *app_doctor_text(const app_doctor_t *d, const char *format, ...)
{
    va_list args;
    const char *text;

    va_start(args, format);
    text = apr_pvsprintf(d->p, format, args);
    va_end(args);
    return text;
}

/* The settings as a whole */

static int check_site(app_doctor_t *d)
{
    app_error_t err = { .pool = d->p };

    if (app_cgi_setup_load(d->setup, &err, d->p) != APR_SUCCESS) {
        app_doctor_tell(d, APP_DOCTOR_WRONG, "settings",
                        "the sentence above says it; then run this again", "%s", err.message);
        return 0;
    }
    app_doctor_tell(d, APP_DOCTOR_OK, "settings", NULL, "every line is understood");
    return 1;
}

static int check_start(app_doctor_t *d)
{
    app_error_t err = { .pool = d->p };

    if (app_cgi_setup_start(d->setup, d->p, &err) != APR_SUCCESS) {
        app_doctor_tell(d, APP_DOCTOR_WRONG, "start", NULL, "%s", err.message);
        return 0;
    }
    if (!app_conf_core(d->setup->conf)->state_dir) {
        app_doctor_tell(
            d, APP_DOCTOR_LOOK, "shared state",
            "make a folder outside the document root and name it: AppStateDir /home/you/app-state",
            "AppStateDir is not set: each process counts and limits for itself");
        return 1;
    }
    app_doctor_tell(d, APP_DOCTOR_OK, "shared state", NULL, "the processes share their memory");
    return 1;
}

/* The request, if there is one */

static void check_authorization(app_doctor_t *d)
{
    if (!d->in_request) {
        app_doctor_tell(d, APP_DOCTOR_LOOK, "Authorization",
                        "CGIPassAuth On in .htaccess; then ask for app.cgi?WORD as --help says, "
                        "with -H 'Authorization: Bearer test'",
                        "only a request can tell whether the server passes it on");
    } else if (getenv("HTTP_AUTHORIZATION") || getenv("REDIRECT_HTTP_AUTHORIZATION")) {
        app_doctor_tell(d, APP_DOCTOR_OK, "Authorization", NULL, "the server passes it on");
    } else {
        app_doctor_tell(
            d, APP_DOCTOR_LOOK, "Authorization",
            "send one: curl -H 'Authorization: Bearer test' …; if it still does not come, "
            "CGIPassAuth On in .htaccess, or have clients send it as X-Authorization",
            "it did not come with this request");
    }
}

static void check_https(app_doctor_t *d)
{
    const char *https = getenv("HTTPS"), *scheme = getenv("REQUEST_SCHEME");
    const char *forwarded = getenv("HTTP_X_FORWARDED_PROTO");

    if (!d->in_request) {
        return;
    }
    if ((https && strcmp(https, "off") != 0) || (scheme && strcmp(scheme, "https") == 0) ||
        (forwarded && strcmp(forwarded, "https") == 0)) {
        app_doctor_tell(d, APP_DOCTOR_OK, "HTTPS", NULL, "this request came over it");
        return;
    }
    app_doctor_tell(d, APP_DOCTOR_LOOK, "HTTPS",
                    "switch it on where you manage the site, and redirect http:// to it",
                    "this request came without it: tokens can be read on the way");
}

/** A token's times mean nothing to a machine that lives in the past. */
static void check_clock(app_doctor_t *d)
{
    apr_finfo_t info;
    char now[APR_RFC822_DATE_LEN];

    apr_rfc822_date(now, apr_time_now());
    if (apr_stat(&info, d->setup->program, APR_FINFO_CTIME, d->p) == APR_SUCCESS &&
        info.ctime > apr_time_now() + apr_time_from_sec(86400)) {
        app_doctor_tell(d, APP_DOCTOR_WRONG, "clock", "have the machine's clock set",
                        "%s is earlier than this program was put here", now);
        return;
    }
    app_doctor_tell(d, APP_DOCTOR_OK, "clock", NULL, "%s", now);
}

int app_doctor_run(app_cgi_setup_t *setup, int in_request, app_buf_t *report, apr_pool_t *p)
{
    app_doctor_t d = {
        .setup = setup, .in_request = in_request, .report = report, .faults = 0, .p = p
    };
    int good;

    app_buf_addf(report, "%s %s, %s\n\n", APP_NAME, APP_VERSION, setup->program);
    app_doctor_user(&d);
    app_doctor_program(&d);
    app_doctor_settings_file(&d);
    good = check_site(&d);
    app_doctor_plugins(&d);
    app_doctor_htaccess(&d);
    app_doctor_db_files(&d);
    if (good && check_start(&d)) {
        app_doctor_db_open(&d);
        app_core_stop(setup->core);
    }
    check_authorization(&d);
    check_https(&d);
    check_clock(&d);
    app_buf_addf(report, "\n%s\n", d.faults ? "Something is WRONG." : "Nothing is wrong.");
    return d.faults;
}

/* Over HTTP */

/** Takes as long for a wrong word as for the right one. */
static int same_word(const char *a, const char *b, apr_size_t len)
{
    unsigned char differ = 0;
    apr_size_t i;

    for (i = 0; i < len; i++) {
        differ |= (unsigned char)(a[i] ^ b[i]);
    }
    return !differ;
}

int app_doctor_asked(void)
{
    const char *word = getenv("APP_DOCTOR"), *query = getenv("QUERY_STRING");
    apr_size_t len = word ? strlen(word) : 0;

    return len >= WORD_MIN && query && strlen(query) == len && same_word(word, query, len);
}
