/* SPDX-License-Identifier: Apache-2.0 */
/** What the files of the doctor know of each other: a report, and the checks that add to it. */
#ifndef APP_DOCTOR_H
#define APP_DOCTOR_H

#include <sys/types.h>

#include "app_cgi_int.h"

typedef enum app_doctor_finding_e {
    APP_DOCTOR_OK,
    APP_DOCTOR_LOOK, /* may be meant so */
    APP_DOCTOR_WRONG
} app_doctor_finding_e;

typedef struct app_doctor_t {
    app_cgi_setup_t *setup;
    int in_request;
    app_buf_t *report;
    int faults;
    apr_pool_t *p;
} app_doctor_t;

/**
 * Adds a finding: a line that says what is so and, with mend, a second one that says how to mend
 * it.
 */
void app_doctor_tell(app_doctor_t *d, app_doctor_finding_e finding, const char *what,
                     const char *mend, const char *format, ...) APP_PRINTF(5, 6);

/** Formats a text that lives as long as the report. */
const char *app_doctor_text(const app_doctor_t *d, const char *format, ...) APP_PRINTF(2, 3);

/* app_doctor_files.c */
void app_doctor_user(app_doctor_t *d);
void app_doctor_program(app_doctor_t *d);
void app_doctor_settings_file(app_doctor_t *d);
void app_doctor_plugins(app_doctor_t *d);
void app_doctor_htaccess(app_doctor_t *d);
/** "www-data", or the number where it has no name. */
const char *app_doctor_name(const app_doctor_t *d, uid_t uid);

/* app_doctor_db.c */
/** The database's file, its folder and the file system; for a database with a server, nothing. */
void app_doctor_db_files(app_doctor_t *d);
/** Whether it opens, and takes writes. After the site has started. */
void app_doctor_db_open(app_doctor_t *d);

#endif
