/* SPDX-License-Identifier: Apache-2.0 */
/** What the endpoints share: bodies, refusals, answers. Thread of the request. */
#include <stdlib.h>
#include <string.h>

#include "apr_lib.h"
#include "apr_strings.h"

#include "auth_cookie.h"
#include "auth_http.h"

#define BODY_MAX    (64 * 1024)
#define API_VERSION "2024-01-01" /* of the errors' shape: "code" is a word */

apr_status_t auth_http_filter(app_instance_t *self, app_request_t *r, app_response_t *res,
                              app_error_t *err)
{
    (void)err;
    if (auth_cookie_is_used(app_instance_context(self), r)) {
        app_response_header_add(res, "Vary", "Cookie");
    }
    if (strncmp(app_request_path(r), "/auth/", 6) == 0) {
        app_response_header(res, "Cache-Control", "no-store");
        app_response_header(res, "X-Supabase-Api-Version", API_VERSION);
    }
    return APP_NEXT;
}

/* Bodies */

/** Whether a Content-Type is this one, whatever its parameters are. */
static int is_type(const char *header, const char *type)
{
    apr_size_t len = strlen(type);

    return strncasecmp(header, type, len) == 0 && (!header[len] || strchr("; \t", header[len]));
}

/** Whether a text in it holds a NUL: what is read up to there would be another text. */
static int has_nul(const json_t *json)
{
    const char *name;
    json_t *member;
    size_t i;

    if (json_is_string(json)) {
        return strlen(json_string_value(json)) != json_string_length(json);
    }
    json_array_foreach(json, i, member) {
        if (has_nul(member)) {
            return 1;
        }
    }
    json_object_foreach((json_t *)json, name, member) {
        if (has_nul(member)) {
            return 1;
        }
    }
    return 0;
}

static apr_status_t read_json(json_t **pbody, const char *data, apr_size_t len, app_error_t *err,
                              apr_pool_t *p)
{
    if (app_json_parse(data, len, pbody, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (!json_is_object(*pbody)) {
        return app_fail(err, APP_E_BODY, "The body must be a JSON object");
    }
    if (has_nul(*pbody)) {
        return app_fail(err, APP_E_BODY, "The body holds a NUL");
    }
    return APR_SUCCESS;
}

apr_status_t auth_body_read(const json_t **pbody, app_request_t *r, app_error_t *err)
{
    const char *type = app_request_header(r, "Content-Type"), *data;
    apr_pool_t *p = app_request_pool(r);
    json_t *body;
    apr_size_t len;
    apr_status_t rv;

    if (app_request_body(r, BODY_MAX, &data, &len, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (len == 0) {
        *pbody = app_json_own(p, json_object());
        return APR_SUCCESS;
    }
    if (type && is_type(type, "application/x-www-form-urlencoded")) {
        rv = auth_form_read(&body, data, len, err, p);
    }
    else if (type && is_type(type, "application/json")) {
        rv = read_json(&body, data, len, err, p);
    }
    else {
        app_fail(err, APP_E_MEDIA_TYPE, NULL);
        return app_hint(err, "Content-Type is application/json or "
                             "application/x-www-form-urlencoded here.");
    }
    if (rv == APR_SUCCESS) {
        *pbody = body;
    }
    return rv;
}

const char *auth_body_text(const json_t *body, const char *name)
{
    return json_string_value(json_object_get(body, name));
}

apr_status_t auth_query_text(const char **pvalue, app_request_t *r, const char *name,
                             app_error_t *err)
{
    const apr_array_header_t *pairs;
    const char *value = NULL;
    int i;

    if (app_query_parse(app_request_query(r), &pairs, err, app_request_pool(r)) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    for (i = 0; i < pairs->nelts; i++) {
        const app_pair_t *pair = &APR_ARRAY_IDX(pairs, i, app_pair_t);

        if (strcmp(pair->key, name) != 0) {
            continue;
        }
        if (value) {
            return app_fail(err, APP_E_BAD_REQUEST, "The parameter %s comes more than once", name);
        }
        value = pair->value ? pair->value : "";
    }
    *pvalue = value;
    return APR_SUCCESS;
}

/* Refusals and answers */

apr_status_t auth_fail(app_error_t *err, int status, const char *code, const char *message, ...)
{
    va_list args;
    const char *text;

    va_start(args, message);
    text = apr_pvsprintf(err->pool, message, args);
    va_end(args);
    return app_fail_code(err, code, status, "%s", text);
}

apr_status_t auth_fail_oauth(app_error_t *err, const char *oauth)
{
    err->oauth = oauth;
    return APP_EFAIL;
}

apr_status_t auth_answer_json(app_request_t *r, app_response_t *res, int status, json_t *json,
                              app_error_t *err)
{
    char *text = json_dumps(app_json_own(app_request_pool(r), json), JSON_COMPACT);
    apr_status_t rv;

    if (!text) {
        return app_fail(err, APP_E_INTERNAL, NULL);
    }
    app_response_status(res, status);
    app_response_type(res, "application/json; charset=utf-8");
    rv = app_response_write(res, text, strlen(text));
    free(text);
    return rv;
}

json_t *auth_json_column(const app_rows_t *rows, int column)
{
    const char *text = app_rows_text(rows, column, NULL);

    return text ? json_string(text) : json_null();
}

json_t *auth_json_time(apr_int64_t seconds)
{
    apr_time_exp_t at;
    char text[32];

    if (!seconds || apr_time_exp_gmt(&at, apr_time_from_sec(seconds)) != APR_SUCCESS) {
        return json_null();
    }
    apr_snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02dZ", at.tm_year + 1900,
                 at.tm_mon + 1, at.tm_mday, at.tm_hour, at.tm_min, at.tm_sec);
    return json_string(text);
}
