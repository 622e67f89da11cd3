/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A growing text whose longest length is named at birth. Past it nothing more is added and
 * app_buf_full() says so, so that a caller may check once, at the end. Memory comes from the
 * pool; the text always ends with a NUL that len does not count. One thread at a time.
 */
#ifndef APP_BUF_H
#define APP_BUF_H

#include "apr_pools.h"

#include "app_error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct app_buf_t {
    char       *data;
    apr_size_t  len;
    apr_size_t  size; /* allocated */
    apr_size_t  max;  /* longest len */
    int         full; /* something was left out */
    apr_pool_t *pool;
} app_buf_t;

/** Starts an empty text of at most max bytes. Allocates nothing before the first byte. */
void app_buf_init(app_buf_t *buf, apr_pool_t *p, apr_size_t max);

void app_buf_add(app_buf_t *buf, const char *data, apr_size_t len);
void app_buf_adds(app_buf_t *buf, const char *text);
void app_buf_addc(app_buf_t *buf, char c);
void app_buf_addf(app_buf_t *buf, const char *format, ...) APP_PRINTF(2, 3);

/**
 * Adds text as a JSON string with its quotes (RFC 8259 7); bytes that are not UTF-8 become
 * U+FFFD.
 */
void app_buf_add_json(app_buf_t *buf, const char *text, apr_size_t len);

/** Adds an SQL identifier in double quotes, quotes in it doubled, cut at a NUL. */
void app_buf_add_ident(app_buf_t *buf, const char *name);

/** Whether something did not fit. */
int app_buf_full(const app_buf_t *buf);

#ifdef __cplusplus
}
#endif
#endif
