/* SPDX-License-Identifier: Apache-2.0 */
/** Patterns of like and ilike for SQLite. */
#ifndef REST_PATTERN_H
#define REST_PATTERN_H

#include "app_plugin.h"

/**
 * A pattern of the dialect as one of GLOB, which heeds case and can use an index: "%" and "*"
 * become "*", "_" becomes "?", what a backslash escapes stands for itself.
 * @param fold letters match in either case: each becomes a class of two, [aA]
 * @return APR_SUCCESS; APP_EFAIL with 22025 for a backslash at the end
 */
apr_status_t rest_pattern_glob(const char **pglob, const char *text, int fold, app_error_t *err,
                               apr_pool_t *p);

#endif
