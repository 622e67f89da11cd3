/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What SQL says of the answer: response.status, digits, and response.headers, a JSON array of
 * objects with one member each. They take the place of headers of the same name. Called by
 * rest_respond.c; thread of the request.
 */
#include <string.h>

#include "apr_strings.h"

#include "rest_int.h"

#define HEADERS_MAX 100

/** Sets a header, or adds it if the same answer has set it before. */
static void put_header(app_response_t *res, const apr_array_header_t *seen, const char *name,
                       const char *value)
{
    int i;

    if (strcasecmp(name, "Content-Type") == 0) {
        app_response_type(res, value);
        return;
    }
    for (i = 0; i < seen->nelts; i++) {
        if (strcasecmp(APR_ARRAY_IDX(seen, i, const char *), name) == 0) {
            app_response_header_add(res, name, value);
            return;
        }
    }
    app_response_header(res, name, value);
}

static int is_token(const char *name)
{
    return *name && name[strspn(name, "!#$%&'*+-.^_`|~0123456789"
                                      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")] ==
                        '\0';
}

/** @return whether it is an object of one member that is a string */
static int read_header(json_t *object, const char **pname, const char **pvalue)
{
    void *member = json_object_iter(object);

    if (json_object_size(object) != 1 || !json_is_string(json_object_iter_value(member))) {
        return 0;
    }
    *pname = json_object_iter_key(member);
    *pvalue = json_string_value(json_object_iter_value(member));
    return is_token(*pname);
}

static apr_status_t put_headers(app_response_t *res, const char *text, app_error_t *err,
                                apr_pool_t *p)
{
    apr_array_header_t *seen = apr_array_make(p, 4, sizeof(const char *));
    app_error_t ignored = { .pool = p };
    json_t *list, *object;
    apr_size_t i;

    if (app_json_parse(text, strlen(text), &list, &ignored, p) != APR_SUCCESS ||
        !json_is_array(list) || json_array_size(list) > HEADERS_MAX) {
        return app_fail(err, APP_E_RESPONSE_HEADERS, NULL);
    }
    json_array_foreach(list, i, object) {
        const char *name, *value;

        if (!read_header(object, &name, &value)) {
            return app_fail(err, APP_E_RESPONSE_HEADERS, NULL);
        }
        value = apr_pstrdup(p, value);
        put_header(res, seen, name, value);
        APR_ARRAY_PUSH(seen, const char *) = apr_pstrdup(p, name);
    }
    return APR_SUCCESS;
}

apr_status_t rest_respond_settings(app_response_t *res, const char *status, const char *headers,
                                   app_error_t *err, apr_pool_t *p)
{
    apr_int64_t number = 0;

    if (headers && *headers && put_headers(res, headers, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (status && *status) {
        if (app_int64_parse(status, strspn(status, "0123456789"), &number) != APR_SUCCESS ||
            number < 100 || number > 599) {
            return app_fail(err, APP_E_RESPONSE_STATUS, NULL);
        }
        app_response_status(res, (int)number);
    }
    return APR_SUCCESS;
}
