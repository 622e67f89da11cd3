/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Log lines. Each call in the source has its own number, once, never reused: APP0001-APP0999
 * belong to the core, the databases and the hosts; APP1000-APP1999 to plugin rest; others take
 * a hundred of their own from APP2000 on. A guard test reads the source for repeats.
 */
#ifndef APP_LOG_H
#define APP_LOG_H

#include "app_error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum app_log_level_e {
    APP_LOG_ERROR,   /* somebody must act */
    APP_LOG_WARNING, /* somebody should look */
    APP_LOG_NOTICE,  /* starts, stops, reloads */
    APP_LOG_INFO,    /* refused requests */
    APP_LOG_DEBUG
} app_log_level_e;

typedef struct app_instance_t app_instance_t;
typedef struct app_request_t app_request_t;

/**
 * Writes one line to the host's error log, cut at 2,000 bytes, control characters escaped.
 * Any thread.
 * @param r the request it is about (its id and that of its trace go into the line), or NULL
 * @param number "APP1234"
 */
void app_log(app_log_level_e level, const app_request_t *r, const char *number, const char *format,
             ...) APP_PRINTF(4, 5);

#ifdef __cplusplus
}
#endif
#endif
