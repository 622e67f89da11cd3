/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Array literals. Their grammar is PostgreSQL's but for dimensions ("[1:2]={…}"); inner arrays may
 * differ in length, as JSON arrays may. Called by rest_filter_sqlite.c and rest_value.c; thread of
 * the request.
 */
#include <string.h>
#include <strings.h>

#include "apr_lib.h"
#include "apr_strings.h"

#include "rest_array.h"

typedef struct reader_t {
    const char  *literal, *at;
    char        *to; /* where the elements' texts go: they need no more room than the literal */
    int          depth;
    app_error_t *err;
    apr_pool_t  *pool;
} reader_t;

static const char special[] = ",{}\"";

static apr_status_t malformed(const reader_t *r, const char *details)
{
    app_fail_code(r->err, "22P02", 400, "malformed array literal: \"%s\"", r->literal);
    return app_details(r->err, "%s", details);
}

static apr_status_t unexpected(const reader_t *r)
{
    char details[] = "Unexpected \"?\" character.";

    if (!*r->at) {
        return malformed(r, "Unexpected end of input.");
    }
    if (!strchr(special, *r->at)) {
        return malformed(r, "Unexpected array element.");
    }
    details[strlen("Unexpected \"")] = *r->at;
    return malformed(r, details);
}

static void skip_blanks(reader_t *r)
{
    while (apr_isspace(*r->at)) {
        r->at++;
    }
}

static apr_status_t read_quoted(reader_t *r, rest_element_t *element)
{
    element->text = r->to;
    element->quoted = 1;
    for (r->at++; *r->at != '"'; r->at++) {
        r->at += *r->at == '\\';
        if (!*r->at) {
            return unexpected(r);
        }
        *r->to++ = *r->at;
    }
    *r->to++ = '\0';
    r->at++;
    return APR_SUCCESS;
}

/** Blanks at both ends do not count, unless a backslash stands before them. */
static apr_status_t read_plain(reader_t *r, rest_element_t *element)
{
    char *text = r->to, *end = text;
    int escaped = 0;

    for (; *r->at && !strchr(special, *r->at); r->at++) {
        int escape = *r->at == '\\';

        r->at += escape;
        if (!*r->at) {
            return unexpected(r);
        }
        *r->to++ = *r->at;
        end = escape || !apr_isspace(*r->at) ? r->to : end;
        escaped |= escape;
    }
    if (end == text) {
        return unexpected(r);
    }
    *end = '\0';
    r->to = end + 1;
    element->text = escaped || strcasecmp(text, "NULL") != 0 ? text : NULL;
    return APR_SUCCESS;
}

static apr_status_t read_array(reader_t *r, rest_element_t **pfirst);

static apr_status_t read_element(reader_t *r, rest_element_t *element)
{
    if (*r->at == '{') {
        element->is_array = 1;
        return read_array(r, &element->children);
    }
    return *r->at == '"' ? read_quoted(r, element) : read_plain(r, element);
}

/** From the brace that opens it to behind the one that closes it. */
static apr_status_t read_array(reader_t *r, rest_element_t **pfirst)
{
    if (r->depth++ == REST_ARRAY_DEPTH_MAX) {
        return app_fail_code(r->err, "54000", 400,
                             "number of array dimensions (%d) exceeds the maximum allowed (%d)",
                             r->depth, REST_ARRAY_DEPTH_MAX);
    }
    r->at++;
    skip_blanks(r);
    while (*r->at != '}') {
        rest_element_t *element = apr_pcalloc(r->pool, sizeof(*element));

        if (read_element(r, element) != APR_SUCCESS) {
            return APP_EFAIL;
        }
        *pfirst = element;
        pfirst = &element->next;
        skip_blanks(r);
        if (*r->at != ',') {
            break;
        }
        r->at++;
        skip_blanks(r);
        if (*r->at == '}') {
            return unexpected(r);
        }
    }
    if (*r->at != '}') {
        return unexpected(r);
    }
    r->at++;
    r->depth--;
    return APR_SUCCESS;
}

apr_status_t rest_array_parse(rest_element_t **pfirst, const char *literal, app_error_t *err,
                              apr_pool_t *p)
{
    reader_t r = { .literal = literal, .at = literal, .err = err, .pool = p,
                   .to = apr_palloc(p, strlen(literal) + 1) };
    rest_element_t *first = NULL;

    skip_blanks(&r);
    if (*r.at != '{') {
        return malformed(&r, "Array value must start with \"{\" or dimension information.");
    }
    if (read_array(&r, &first) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    skip_blanks(&r);
    if (*r.at) {
        return malformed(&r, "Junk after closing right brace.");
    }
    *pfirst = first;
    return APR_SUCCESS;
}

/** Appends the scalars to a list. @return its new end */
static rest_element_t **append(rest_element_t **tail, rest_element_t *element)
{
    while (element) {
        rest_element_t *next = element->next;

        if (element->is_array) {
            tail = append(tail, element->children);
        }
        else {
            *tail = element;
            tail = &element->next;
        }
        element = next;
    }
    return tail;
}

rest_element_t *rest_array_flatten(rest_element_t *first)
{
    rest_element_t *flat = NULL;

    *append(&flat, first) = NULL;
    return flat;
}
