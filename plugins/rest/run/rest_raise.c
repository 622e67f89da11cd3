/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Errors that SQL raises for the client: SQLSTATE PTnnn is a status, SQLSTATE PGRST a whole answer,
 * MESSAGE its body and DETAIL its status and headers, both JSON. SQLite's RAISE has a message alone,
 * which holds either. Called by rest.c; thread of the request.
 */
#include <string.h>

#include "apr_lib.h"
#include "apr_strings.h"

#include "rest_int.h"

static const char message_hint[] =
    "MESSAGE must be a JSON object with obligatory keys: 'code', 'message' and optional keys: "
    "'details', 'hint'.";
static const char detail_hint[] =
    "DETAIL must be a JSON object with obligatory keys: 'status', 'headers' and optional key: "
    "'status_text'.";

static void refuse(app_error_t *err, const char *hint, const char *what, const char *text)
{
    app_fail(err, APP_E_RAISE_JSON, NULL);
    if (text) {
        app_details(err, "Invalid JSON value for %s: '%s'", what, text);
    }
    else {
        app_details(err, "DETAIL is missing in the RAISE statement");
    }
    app_hint(err, "%s", hint);
}

static json_t *object_of(const char *text, apr_pool_t *p)
{
    app_error_t ignored = { .pool = p };
    json_t *json;

    if (!text || app_json_parse(text, strlen(text), &json, &ignored, p) != APR_SUCCESS) {
        return NULL;
    }
    return json_is_object(json) ? json : NULL;
}

static const char *string_of(const json_t *object, const char *key, apr_pool_t *p)
{
    return apr_pstrdup(p, json_string_value(json_object_get(object, key)));
}

/** @return whether all of them are texts */
static int read_headers(app_error_t *err, json_t *headers, apr_pool_t *p)
{
    apr_table_t *table = apr_table_make(p, 4);
    const char *name;
    json_t *value;

    json_object_foreach(headers, name, value) {
        if (!json_is_string(value)) {
            return 0;
        }
        apr_table_set(table, name, json_string_value(value));
    }
    err->headers = table;
    return 1;
}

/** Status and headers of an object that has them. */
static int read_answer(app_error_t *err, const json_t *object, apr_pool_t *p)
{
    json_t *status = json_object_get(object, "status");
    json_t *headers = json_object_get(object, "headers");
    json_int_t number = json_integer_value(status);

    if (!json_is_integer(status) || number < 100 || number > 599 || !json_is_object(headers) ||
        !read_headers(err, headers, p)) {
        return 0;
    }
    err->status = (int)number;
    err->reason = string_of(object, "status_text", p);
    return 1;
}

/** The body. @return whether it is one */
static int read_body(app_error_t *err, const json_t *object, apr_pool_t *p)
{
    const char *code = string_of(object, "code", p), *message = string_of(object, "message", p);

    if (!code || !message) {
        return 0;
    }
    err->code = code;
    err->message = message;
    err->details = string_of(object, "details", p);
    err->hint = string_of(object, "hint", p);
    return 1;
}

static void raise_answer(app_error_t *err, apr_pool_t *p)
{
    const char *message = err->message, *detail = err->details;
    json_t *body = object_of(message, p), *answer = object_of(detail, p);

    if (!body || !read_body(err, body, p)) {
        refuse(err, message_hint, "MESSAGE", message);
    }
    else if (!answer || !read_answer(err, answer, p)) {
        refuse(err, detail_hint, "DETAIL", detail);
    }
}

/** "PT402: Payment required" */
static int is_status(const char *text)
{
    return strncmp(text, "PT", 2) == 0 && apr_isdigit(text[2]) && apr_isdigit(text[3]) &&
           apr_isdigit(text[4]);
}

/** SQLite's RAISE, where the message has to say all. */
static void raise_message(app_error_t *err, apr_pool_t *p)
{
    const char *message = err->message;
    json_t *object;

    if (is_status(message) && message[5] == ':') {
        apr_int64_t status = 0;

        app_int64_parse(message + 2, 3, &status);
        err->code = apr_pstrmemdup(p, message, 5);
        err->status = status >= 200 && status <= 599 ? (int)status : 500;
        err->message = message + 6 + strspn(message + 6, " ");
        err->reason = err->message;
    }
    else if (*message == '{' && (object = object_of(message, p)) && read_body(err, object, p)) {
        if (json_object_get(object, "status") && !json_object_get(object, "headers")) {
            json_object_set_new(object, "headers", json_object());
        }
        read_answer(err, object, p);
    }
}

void rest_raise(app_error_t *err, app_db_kind_e kind, apr_pool_t *p)
{
    if (!err->code || !err->message) {
        return;
    }
    if (strcmp(err->code, "PGRST") == 0) {
        raise_answer(err, p);
    }
    else if (is_status(err->code)) {
        err->reason = err->message;
    }
    else if (kind == APP_DB_SQLITE && strcmp(err->code, "P0001") == 0) {
        raise_message(err, p);
    }
}
