/* SPDX-License-Identifier: Apache-2.0 */
/** What the files of plugin metrics know of each other. */
#ifndef METRICS_INT_H
#define METRICS_INT_H

#include "app_plugin.h"

typedef enum metrics_form_e {
    METRICS_PROMETHEUS, /* text format 0.0.4 */
    METRICS_OPENMETRICS /* 1.0.0 */
} metrics_form_e;

/* metrics_accept.c */
/**
 * Which form a client would rather have (RFC 9110 12.5.1).
 * @param accept NULL: anything; a text that cannot be read is taken as that
 */
metrics_form_e metrics_accept(const char *accept);

/* metrics_text.c */
/**
 * Writes all series of the server.
 * @return APR_SUCCESS, or the host's status when the client is gone
 */
apr_status_t metrics_write(app_instance_t *self, app_response_t *res, metrics_form_e form,
                           apr_pool_t *p);

/**
 * A number that is counted in units of 10^-decimals, exactly: -1500 and 3 give "-1.5".
 * @param point whole numbers are written with ".0" behind them
 */
void metrics_add_number(app_buf_t *buf, apr_int64_t value, int decimals, int point);

#endif
