/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A cursor over JSON text. Each function takes one thing off it and says whether it was there; what
 * it could not take leaves the cursor anywhere.
 */
#ifndef APP_DB_SQLITE_SCAN_H
#define APP_DB_SQLITE_SCAN_H

#include "apr.h"

typedef struct app_scan_t {
    const char *at, *end;
} app_scan_t;

int  app_scan_take(app_scan_t *c, char expected);
void app_scan_blanks(app_scan_t *c);
/** A string with its quotes. */
int  app_scan_string(app_scan_t *c);
/** Any value, with the blanks in front of it. Too deep a one is none. */
int  app_scan_value(app_scan_t *c);

/** Whether all of the text is a JSON value, and UTF-8. */
int  app_scan_is_json(const char *text, apr_size_t len);
/** Whether all of the text is a JSON number. */
int  app_scan_is_number(const char *text, apr_size_t len);

#endif
