/* SPDX-License-Identifier: Apache-2.0 */
/** JSON values as slices of the text they stand in: checked, not copied, not converted. */
#ifndef REST_JSON_H
#define REST_JSON_H

#include "app_plugin.h"

typedef enum rest_json_e {
    REST_JSON_ABSENT, /* the row lacks the key */
    REST_JSON_NULL, REST_JSON_TRUE, REST_JSON_FALSE, REST_JSON_NUMBER, REST_JSON_STRING,
    REST_JSON_ARRAY, REST_JSON_OBJECT
} rest_json_e;

/** A value where it stands in the body: not decoded, not ended by a NUL. */
typedef struct rest_json_t {
    rest_json_e kind;
    const char *text; /* strings: with their quotes */
    apr_size_t  len;
} rest_json_t;

/** A place in a text. depth: how many brackets are open. */
typedef struct rest_scan_t {
    const char *at, *end;
    int         depth;
} rest_scan_t;

void rest_json_blanks(rest_scan_t *s);

/** Steps over blanks and, if it is next, over c. @return whether it was */
int rest_json_char(rest_scan_t *s, char c);

/** Steps over the next value, which must be whole and right. @return whether it was */
int rest_json_value(rest_scan_t *s, rest_json_t *value);

/** The text of a JSON string, decoded. @return NULL if it holds a NUL (\u0000) */
const char *rest_json_string(const rest_json_t *value, apr_size_t *plen, apr_pool_t *p);

/** A JSON value without the blanks between its tokens. */
const char *rest_json_minify(const rest_json_t *value, apr_size_t *plen, apr_pool_t *p);

/** Whether a text is one whole JSON value. */
apr_status_t rest_json_read(rest_json_t *pvalue, const char *text, apr_size_t len);

#endif
