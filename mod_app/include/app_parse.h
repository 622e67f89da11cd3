/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Bounded parsers for what comes from outside. Each takes a length and never reads past it.
 */
#ifndef APP_PARSE_H
#define APP_PARSE_H

#include <jansson.h>

#include "apr_pools.h"
#include "apr_tables.h"

#include "app_error.h"

#ifdef __cplusplus
extern "C" {
#endif

#define APP_QUERY_PAIRS_MAX 1000  /* pairs in one query string */
#define APP_JSON_DEPTH_MAX  64    /* nesting of a JSON text */

/** One pair of a query string, decoded. */
typedef struct app_pair_t {
    const char *key;
    const char *value; /* NULL if the pair has no "=" */
    apr_size_t  key_len, value_len;
} app_pair_t;

/**
 * Splits a query string at "&" and ";", "+" is a blank, %XX is decoded, a malformed "%" stays as
 * it is.
 * @param query may be NULL
 * @param ppairs array of app_pair_t in order, memory from p; NULs inside and text that is not
 *         UTF-8 are refused
 * @return APR_SUCCESS; APP_EFAIL with APP_E_QUERY_SYNTAX
 */
apr_status_t app_query_parse(const char *query, const apr_array_header_t **ppairs,
                             app_error_t *err, apr_pool_t *p);

/**
 * Adds text to the end of a URL component: all but alphanumerics and "-_.~" as %XX (RFC 3986
 * 2.3).
 */
const char *app_url_encode(const char *text, apr_pool_t *p);

/** Value of a hexadecimal digit, -1 for any other character. */
static inline int app_hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/** Whether the bytes are well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms). */
int app_utf8_valid(const char *text, apr_size_t len);

/**
 * Parses a JSON text: at most APP_JSON_DEPTH_MAX deep, valid UTF-8, nothing behind it, scalars
 * allowed.
 * @param pjson freed with p
 * @return APR_SUCCESS; APP_EFAIL with APP_E_BODY, whose details say line and column
 */
apr_status_t app_json_parse(const char *text, apr_size_t len, json_t **pjson, app_error_t *err,
                            apr_pool_t *p);

/** Makes json a possession of p: it is released when p is cleared. @return json */
json_t *app_json_own(apr_pool_t *p, json_t *json);

/**
 * Whole decimal number with sign; nothing before or behind it, no overflow. @return APR_SUCCESS
 * or APR_EINVAL
 */
apr_status_t app_int64_parse(const char *text, apr_size_t len, apr_int64_t *pvalue);

/**
 * Whether an entity-tag list ("*", or tags with optional W/) holds etag. Weak comparison
 * (RFC 9110 8.8.3.2), in which the suffixes of mod_deflate and mod_brotli count as absent.
 */
int app_etag_match(const char *list, const char *etag);

#ifdef __cplusplus
}
#endif
#endif
