/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Settings tables. One row is all that a setting needs: from it come parsing, the sentence that
 * answers a wrong value, the default, the merge over server, virtual host and location,
 * `appctl settings` and the reference page.
 *
 *     typedef struct { int enabled; apr_int64_t max_rows; const char *role; } rest_conf_t;
 *
 *     static const app_setting_t settings[] = {
 *         APP_SET_INT("MaxRows", rest_conf_t, max_rows, "1000", 1, 100000, APP_SET_LOCATION,
 *                     "most rows in one answer"),
 *         APP_SET_END
 *     };
 *
 * The struct is plain data; which members were set is kept apart, so 0, -1 and "" are values like
 * any other.
 */
#ifndef APP_SETTINGS_H
#define APP_SETTINGS_H

#include <stddef.h>

#include "apr.h"
#include "apr_tables.h"

#include "app_error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum app_setting_type_e {
    APP_TYPE_FLAG,     /* int: on | off */
    APP_TYPE_INT,      /* apr_int64_t in [min, max] */
    APP_TYPE_DURATION, /* apr_interval_time_t: 250ms 10s 15m 2h 7d; [min, max] in microseconds */
    APP_TYPE_SIZE,     /* apr_int64_t (bytes): 512 64k 1m 2g; in [min, max] bytes */
    APP_TYPE_STRING,   /* const char *; NULL if there is no default */
    APP_TYPE_PATH,     /* const char *: absolute, or relative to the host's root folder */
    APP_TYPE_LIST,     /* apr_array_header_t * of const char *: words divided by blanks or commas */
    APP_TYPE_ENUM,     /* int: index into choices */
    APP_TYPE_SECRET,   /* const char *: never printed; NAMEFile path, or @path, reads a file */
    APP_TYPE_PARSED    /* apr_array_header_t * of what the row's parse() has made of each line */
} app_setting_type_e;

/**
 * Makes of a line of APP_TYPE_PARSED what the plugin works with. Runs while the configuration is
 * read: what is refused is refused with the line's number.
 * @param pvalue lives as long as p, and is not changed any more: other threads will read it
 * @param words of const char *: the line's words, divided by blanks, without their quotes; not none
 * @return APR_SUCCESS; APP_EFAIL with APP_E_SETTING and a sentence that begins with the row's name
 */
typedef apr_status_t app_setting_parse_fn(const void **pvalue, const apr_array_header_t *words,
                                          app_error_t *err, apr_pool_t *p);

/** Where beyond the server and virtual host a setting may stand, and how it is merged. */
#define APP_SET_LOCATION 0x1 /* also in <Location> and in .htaccess-like places */
#define APP_SET_APPEND   0x2 /* lists and PARSED: further lines, and an inner place, add to it */

typedef struct app_setting_t {
    const char        *name;
    app_setting_type_e type;
    apr_size_t         offset;  /* of the member in the plugin's struct */
    const char        *deflt;   /* as an administrator would write it; NULL: none */
    apr_int64_t        min, max;
    const char *const *choices; /* APP_TYPE_ENUM: the accepted words, ended by NULL */
    unsigned           flags;
    const char        *help;    /* one line, no full stop */
    app_setting_parse_fn *parse; /* APP_TYPE_PARSED */
} app_setting_t;

#define APP_SET_FLAG(name, conf, member, deflt, flags, help) \
    { name, APP_TYPE_FLAG, offsetof(conf, member), deflt, 0, 1, NULL, flags, help, NULL }
#define APP_SET_INT(name, conf, member, deflt, min, max, flags, help) \
    { name, APP_TYPE_INT, offsetof(conf, member), deflt, min, max, NULL, flags, help, NULL }
#define APP_SET_DURATION(name, conf, member, deflt, min, max, flags, help) \
    { name, APP_TYPE_DURATION, offsetof(conf, member), deflt, min, max, NULL, flags, help, NULL }
#define APP_SET_SIZE(name, conf, member, deflt, min, max, flags, help) \
    { name, APP_TYPE_SIZE, offsetof(conf, member), deflt, min, max, NULL, flags, help, NULL }
#define APP_SET_STRING(name, conf, member, deflt, flags, help) \
    { name, APP_TYPE_STRING, offsetof(conf, member), deflt, 0, 0, NULL, flags, help, NULL }
#define APP_SET_PATH(name, conf, member, deflt, flags, help) \
    { name, APP_TYPE_PATH, offsetof(conf, member), deflt, 0, 0, NULL, flags, help, NULL }
#define APP_SET_LIST(name, conf, member, deflt, flags, help) \
    { name, APP_TYPE_LIST, offsetof(conf, member), deflt, 0, 0, NULL, flags, help, NULL }
#define APP_SET_ENUM(name, conf, member, deflt, choices, flags, help) \
    { name, APP_TYPE_ENUM, offsetof(conf, member), deflt, 0, 0, choices, flags, help, NULL }
#define APP_SET_SECRET(name, conf, member, flags, help) \
    { name, APP_TYPE_SECRET, offsetof(conf, member), NULL, 0, 0, NULL, flags, help, NULL }
#define APP_SET_PARSED(name, conf, member, parse, flags, help) \
    { name, APP_TYPE_PARSED, offsetof(conf, member), NULL, 0, 0, NULL, flags, help, parse }
#define APP_SET_END { NULL, APP_TYPE_FLAG, 0, NULL, 0, 0, NULL, 0, NULL, NULL }

#ifdef __cplusplus
}
#endif
#endif
