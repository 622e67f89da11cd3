/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Arrays for SQLite, which keeps them as JSON arrays: made of array literals and of JSON, each
 * element by the array's own type. Thread of the request.
 */
#include <string.h>

#include "apr_lib.h"
#include "apr_strings.h"

#include "rest_array.h"
#include "rest_value.h"

typedef struct writer_t {
    rest_column_t element; /* what an element of the array is */
    app_buf_t     json;
    app_error_t  *err;
    apr_pool_t   *pool;
} writer_t;

static void start(writer_t *w, const rest_column_t *column, app_error_t *err, apr_pool_t *p)
{
    const char *bracket = column->type ? strchr(column->type, '[') : NULL;

    memset(w, 0, sizeof(*w));
    w->element.name = column->name;
    if (column->kind == REST_KIND_ARRAY && bracket) {
        w->element.type = apr_pstrmemdup(p, column->type, (apr_size_t)(bracket - column->type));
        w->element.kind = rest_kind_of_type(w->element.type);
    }
    w->err = err;
    w->pool = p;
    app_buf_init(&w->json, p, APR_SIZE_MAX / 2);
}

/** A decimal number as JSON writes it: without plus, zeros in front, or an open point. */
static void add_number(app_buf_t *json, const char *text)
{
    if (*text == '-') {
        app_buf_addc(json, '-');
    }
    text += strspn(text, "+-");
    text += strspn(text, "0");
    if (!apr_isdigit(*text)) {
        app_buf_addc(json, '0');
    }
    for (; *text; text++) {
        if (*text != '.' || apr_isdigit(text[1])) {
            app_buf_addc(json, *text);
        }
    }
}

static void add_value(writer_t *w, const app_value_t *value, const char *text)
{
    rest_kind_e kind = w->element.kind;

    if (kind == REST_KIND_BOOLEAN) {
        app_buf_adds(&w->json, value->integer ? "true" : "false");
    }
    else if (value->type == APP_VALUE_INT) {
        app_buf_addf(&w->json, "%" APR_INT64_T_FMT, value->integer);
    }
    else if (kind == REST_KIND_REAL || kind == REST_KIND_NUMERIC) {
        add_number(&w->json, value->text);
    }
    else if (kind == REST_KIND_JSON) {
        app_buf_add(&w->json, value->text, value->len);
    }
    else if (value->type == APP_VALUE_BLOB) {
        app_buf_add_json(&w->json, text, strlen(text));
    }
    else {
        app_buf_add_json(&w->json, value->text, value->len);
    }
}

/** An element of an array whose elements have no type is what it looks like. */
static int is_json_scalar(const char *text)
{
    rest_json_t json;

    return strchr("-0123456789tfn", *text) &&
           rest_json_read(&json, text, strlen(text)) == APR_SUCCESS;
}

static apr_status_t add_text(writer_t *w, const char *text, int quoted)
{
    app_value_t value = { .type = APP_VALUE_NULL };

    if (w->element.kind == REST_KIND_ANY) {
        if (!quoted && is_json_scalar(text)) {
            app_buf_adds(&w->json, text);
        }
        else {
            app_buf_add_json(&w->json, text, strlen(text));
        }
        return APR_SUCCESS;
    }
    if (rest_value_of_text(&value, &w->element, text, w->err, w->pool) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    add_value(w, &value, text);
    return APR_SUCCESS;
}

/* Of an array literal */

static apr_status_t add_elements(writer_t *w, const rest_element_t *element)
{
    apr_status_t status = APR_SUCCESS;

    app_buf_addc(&w->json, '[');
    for (; element && status == APR_SUCCESS; element = element->next) {
        if (element->is_array) {
            status = add_elements(w, element->children);
        }
        else if (!element->text) {
            app_buf_adds(&w->json, "null");
        }
        else {
            status = add_text(w, element->text, element->quoted);
        }
        app_buf_adds(&w->json, element->next ? "," : "");
    }
    app_buf_addc(&w->json, ']');
    return status;
}

apr_status_t rest_value_array(const char **pjson, const rest_column_t *column,
                              const rest_element_t *first, app_error_t *err, apr_pool_t *p)
{
    writer_t w;

    start(&w, column, err, p);
    if (add_elements(&w, first) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    *pjson = w.json.data;
    return APR_SUCCESS;
}

apr_status_t rest_value_array_of_text(const char **pjson, const rest_column_t *column,
                                      const char *literal, app_error_t *err, apr_pool_t *p)
{
    rest_element_t *first = NULL;

    return rest_array_parse(&first, literal, err, p) == APR_SUCCESS
               ? rest_value_array(pjson, column, first, err, p)
               : APP_EFAIL;
}

/* Of JSON */

static apr_status_t add_json_array(writer_t *w, const rest_json_t *array);

static apr_status_t add_json(writer_t *w, const rest_json_t *json)
{
    apr_size_t len = json->len;
    const char *text = json->text;

    if (json->kind == REST_JSON_ARRAY && w->element.kind != REST_KIND_JSON) {
        return add_json_array(w, json);
    }
    if (json->kind == REST_JSON_NULL || w->element.kind == REST_KIND_JSON ||
        w->element.kind == REST_KIND_ANY) {
        text = rest_json_minify(json, &len, w->pool);
        app_buf_add(&w->json, text, len);
        return APR_SUCCESS;
    }
    if (json->kind != REST_JSON_STRING) {
        return add_text(w, apr_pstrmemdup(w->pool, text, len), 0);
    }
    if (!(text = rest_json_string(json, &len, w->pool))) {
        return rest_value_has_nul(w->err);
    }
    return add_text(w, text, 1);
}

static apr_status_t add_json_array(writer_t *w, const rest_json_t *array)
{
    rest_scan_t s = { array->text, array->text + array->len, 0 };
    apr_status_t status = APR_SUCCESS;
    rest_json_t element;

    rest_json_char(&s, '[');
    app_buf_addc(&w->json, '[');
    while (status == APR_SUCCESS && !rest_json_char(&s, ']')) {
        if (rest_json_char(&s, ',')) {
            app_buf_addc(&w->json, ',');
        }
        status = rest_json_value(&s, &element) ? add_json(w, &element) : APP_EFAIL;
    }
    app_buf_addc(&w->json, ']');
    return status;
}

apr_status_t rest_value_array_of_json(const char **pjson, const rest_column_t *column,
                                      const rest_json_t *json, app_error_t *err, apr_pool_t *p)
{
    writer_t w;

    if (json->kind != REST_JSON_ARRAY) {
        return app_fail_code(err, "22P02", 400, "expected JSON array");
    }
    start(&w, column, err, p);
    if (add_json_array(&w, json) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    *pjson = w.json.data;
    return APR_SUCCESS;
}
