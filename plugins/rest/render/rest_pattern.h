/* SPDX-License-Identifier: Apache-2.0 */
/** Patterns of like and ilike. */
#ifndef REST_PATTERN_H
#define REST_PATTERN_H

#include "app_plugin.h"

/** A pattern of the dialect as SQL's: "*" becomes "%". */
const char *rest_pattern_like(const char *text, apr_pool_t *p);

/** The same for app_ilike(). @return APR_SUCCESS; APP_EFAIL with 54000 for a long one */
apr_status_t rest_pattern_ilike(const char **ppattern, const char *text, app_error_t *err,
                                apr_pool_t *p);

/**
 * A pattern of the dialect as one of SQLite's GLOB, which heeds case and can use an index: "%" and
 * "*" become "*", "_" becomes "?", what a backslash escapes stands for itself.
 * @return APR_SUCCESS; APP_EFAIL with 22025 for a backslash at the end, 54000 for a long search
 */
apr_status_t rest_pattern_glob(const char **pglob, const char *text, app_error_t *err,
                               apr_pool_t *p);

#endif
