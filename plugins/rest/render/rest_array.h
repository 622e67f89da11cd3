/* SPDX-License-Identifier: Apache-2.0 */
/** Array literals of PostgreSQL, {a,"b c",NULL,{d}}, for the database that has none. */
#ifndef REST_ARRAY_H
#define REST_ARRAY_H

#include "app_plugin.h"

#define REST_ARRAY_DEPTH_MAX 6 /* dimensions, as in PostgreSQL */

/** An element: a text, NULL, or an array of its own. */
typedef struct rest_element_t {
    struct rest_element_t *next;
    struct rest_element_t *children; /* of an array; NULL: it is empty */
    const char            *text;     /* NULL: NULL, or an array */
    unsigned               is_array : 1;
    unsigned               quoted : 1;
} rest_element_t;

/**
 * Reads a literal.
 * @param pfirst NULL: the array is empty
 * @return APR_SUCCESS; APP_EFAIL with 22P02, or 54000 for too many dimensions
 */
apr_status_t rest_array_parse(rest_element_t **pfirst, const char *literal, app_error_t *err,
                              apr_pool_t *p);

/** The elements of an array and of those inside it, as one list. Joins them anew: call it once. */
rest_element_t *rest_array_flatten(rest_element_t *first);

#endif
