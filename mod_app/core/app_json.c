/* SPDX-License-Identifier: Apache-2.0 */
/** JSON texts from outside: checked for depth and encoding before jansson builds anything. */
#include <string.h>

#include "app_core_int.h"

static apr_status_t release(void *json)
{
    json_decref(json);
    return APR_SUCCESS;
}

json_t *app_json_own(apr_pool_t *p, json_t *json)
{
    if (json) {
        apr_pool_cleanup_register(p, json, release, apr_pool_cleanup_null);
    }
    return json;
}

/** Deepest nesting of brackets outside strings; jansson's own limit of 2,048 is a lot of stack. */
static int depth_of(const char *text, apr_size_t len)
{
    int depth = 0, deepest = 0, in_string = 0;
    apr_size_t i;

    for (i = 0; i < len; i++) {
        char c = text[i];

        if (in_string) {
            if (c == '\\') {
                i++;
            }
            else if (c == '"') {
                in_string = 0;
            }
        }
        else if (c == '"') {
            in_string = 1;
        }
        else if (c == '{' || c == '[') {
            deepest = ++depth > deepest ? depth : deepest;
        }
        else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return deepest;
}

apr_status_t app_json_parse(const char *text, apr_size_t len, json_t **pjson, app_error_t *err,
                            apr_pool_t *p)
{
    json_error_t where;
    json_t *json;

    if (depth_of(text, len) > APP_JSON_DEPTH_MAX) {
        app_fail(err, APP_E_BODY, NULL);
        return app_details(err, "The JSON is nested more than %d levels deep", APP_JSON_DEPTH_MAX);
    }
    json = json_loadb(text, len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &where);
    if (!json) {
        app_fail(err, APP_E_BODY, NULL);
        return app_details(err, "line %d, column %d: %s", where.line, where.column, where.text);
    }
    *pjson = app_json_own(p, json);
    return APR_SUCCESS;
}
