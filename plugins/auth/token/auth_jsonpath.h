/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Where in the claims of a token the role is: a JSONPath of RFC 9535, as far as one value needs
 * it, or the older notation of the dialect.
 *
 *     $.a['b'][0]       members by name, elements by index (from the end: [-1])
 *     $.a[?@ == 'x']    elements, or values of members, that pass: ==, !=,
 *     $.a[?search(@, 're')]                                         search(), match()
 *
 *     .a."b-c"[0]       older: without "$", and as its last step perhaps
 *     .a[?(@ == "x")]   ==, !=, ^== (starts with), ==^ (ends with), *== (contains)
 */
#ifndef AUTH_JSONPATH_H
#define AUTH_JSONPATH_H

#include "app_plugin.h"

typedef struct auth_jsonpath_t auth_jsonpath_t;

/**
 * Compiles a path. The result may be read by several threads.
 * @param pold whether it is in the older notation
 * @param setting whose value it is, for the error
 * @return APR_SUCCESS; APP_EFAIL with APP_E_SETTING, whose hint says what is accepted
 */
apr_status_t auth_jsonpath_compile(auth_jsonpath_t **ppath, int *pold, const char *text,
                                   const char *setting, app_error_t *err, apr_pool_t *p);

/** The first value that the path leads to, in document order; NULL: none. */
const json_t *auth_jsonpath_first(const auth_jsonpath_t *path, const json_t *root);

#endif
