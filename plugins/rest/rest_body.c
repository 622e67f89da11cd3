/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The body of a write: rows of values that stay where they stand in the text. Thread of the
 * request.
 */
#include <string.h>

#include "apr_hash.h"
#include "apr_lib.h"
#include "apr_strings.h"

#include "rest_query.h"

#define COLUMNS_MAX 1600    /* PostgreSQL's own limit of columns in a table */
#define VALUES_MAX  1000000 /* columns= times rows: short bodies can ask for many */

typedef struct reader_t {
    rest_scan_t         scan;
    apr_array_header_t *values;  /* of rest_json_t: row after row */
    apr_array_header_t *columns; /* of const char * */
    apr_hash_t         *index;   /* column name → its number plus 1, as a pointer */
    int                 fixed;   /* columns= says which; others are left out */
    int                 nrows;
    app_error_t        *err;
    apr_pool_t         *pool;
} reader_t;

static apr_status_t invalid(reader_t *reader)
{
    if (reader->fixed) {
        return app_fail_code(reader->err, "22P02", 400, "invalid input syntax for type json");
    }
    return app_fail(reader->err, APP_E_BODY, "Empty or invalid json");
}

static apr_status_t uneven(reader_t *reader)
{
    if (reader->fixed) {
        return app_fail_code(reader->err, "22023", 400,
                             "argument of json_to_recordset must be an array of objects");
    }
    return app_fail(reader->err, APP_E_BODY, "All object keys must match");
}

static void add_column(reader_t *reader, const char *name)
{
    APR_ARRAY_PUSH(reader->columns, const char *) = name;
    apr_hash_set(reader->index, name, APR_HASH_KEY_STRING,
                 (void *)(apr_uintptr_t)reader->columns->nelts);
}

/** Number of the column that a key names; -1: none. Rows mostly keep the order of the first one. */
static int column_of(reader_t *reader, const char *key, apr_size_t len, int expected)
{
    if (expected < reader->columns->nelts) {
        const char *name = APR_ARRAY_IDX(reader->columns, expected, const char *);

        if (strncmp(name, key, len) == 0 && name[len] == '\0') {
            return expected;
        }
    }
    return (int)(apr_uintptr_t)apr_hash_get(reader->index, key, (apr_ssize_t)len) - 1;
}

/** Reads a key. Those without an escape need no copy. */
static int read_key(reader_t *reader, const char **pkey, apr_size_t *plen)
{
    rest_json_t key;

    if (!rest_json_value(&reader->scan, &key) || key.kind != REST_JSON_STRING ||
        !rest_json_char(&reader->scan, ':')) {
        return 0;
    }
    *pkey = key.text + 1;
    *plen = key.len - 2;
    if (memchr(*pkey, '\\', *plen)) {
        *pkey = rest_json_string(&key, plen, reader->pool);
    }
    return *pkey != NULL;
}

/**
 * Puts a value of the row that begins at values[first]; the first row says which columns there
 * are.
 */
static apr_status_t put(reader_t *reader, int first, const char *key, apr_size_t len, int expected,
                        const rest_json_t *value)
{
    int column = column_of(reader, key, len, expected);

    if (column < 0 && reader->fixed) {
        return APR_SUCCESS;
    }
    if (column < 0) {
        if (reader->nrows > 0) {
            return uneven(reader);
        }
        if (reader->columns->nelts == COLUMNS_MAX) {
            return app_fail(reader->err, APP_E_BODY, "An object has more than %d keys",
                            COLUMNS_MAX);
        }
        add_column(reader, apr_pstrmemdup(reader->pool, key, len));
        APR_ARRAY_PUSH(reader->values, rest_json_t) = *value;
        return APR_SUCCESS;
    }
    APR_ARRAY_IDX(reader->values, first + column, rest_json_t) = *value;
    return APR_SUCCESS;
}

/** Makes room for a row of the columns that are known. */
static apr_status_t open_row(reader_t *reader)
{
    int i;

    if (reader->values->nelts > VALUES_MAX - reader->columns->nelts) {
        return app_fail(reader->err, APP_E_BODY_TOO_LARGE, "The body has more than %d values",
                        VALUES_MAX);
    }
    for (i = 0; i < reader->columns->nelts; i++) {
        APR_ARRAY_PUSH(reader->values, rest_json_t) = (rest_json_t){ REST_JSON_ABSENT, NULL, 0 };
    }
    return APR_SUCCESS;
}

static apr_status_t read_members(reader_t *reader, int first)
{
    int expected = 0;
    rest_json_t value;
    const char *key;
    apr_size_t len;

    reader->scan.depth = 2;
    do {
        if (!read_key(reader, &key, &len) || !rest_json_value(&reader->scan, &value)) {
            return invalid(reader);
        }
        if (put(reader, first, key, len, expected++, &value) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    } while (rest_json_char(&reader->scan, ','));
    return rest_json_char(&reader->scan, '}') ? APR_SUCCESS : invalid(reader);
}

static int row_is_whole(const reader_t *reader, int first)
{
    int i;

    for (i = first; i < reader->values->nelts; i++) {
        if (APR_ARRAY_IDX(reader->values, i, rest_json_t).kind == REST_JSON_ABSENT) {
            return 0;
        }
    }
    return 1;
}

static apr_status_t read_row(reader_t *reader)
{
    int first = reader->values->nelts;
    rest_json_t value;

    if (!rest_json_char(&reader->scan, '{')) {
        return rest_json_value(&reader->scan, &value) ? uneven(reader) : invalid(reader);
    }
    if (open_row(reader) != APR_SUCCESS ||
        (!rest_json_char(&reader->scan, '}') && read_members(reader, first) != APR_SUCCESS)) {
        return APP_EFAIL;
    }
    if (!reader->fixed && !row_is_whole(reader, first)) {
        return uneven(reader);
    }
    reader->nrows++;
    return APR_SUCCESS;
}

static apr_status_t read_rows(reader_t *reader)
{
    if (!rest_json_char(&reader->scan, '[')) {
        return read_row(reader);
    }
    if (rest_json_char(&reader->scan, ']')) {
        return APR_SUCCESS;
    }
    do {
        if (read_row(reader) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    } while (rest_json_char(&reader->scan, ','));
    return rest_json_char(&reader->scan, ']') ? APR_SUCCESS : invalid(reader);
}

/** Only JSON bodies can be read; other types of the dialect say so by name. */
static apr_status_t check_type(const char *type, app_error_t *err, apr_pool_t *p)
{
    char *bare;

    if (!type || !*type) {
        return APR_SUCCESS;
    }
    bare = apr_pstrmemdup(p, type, strcspn(type, "; \t"));
    if (strcasecmp(bare, "application/json") == 0) {
        return APR_SUCCESS;
    }
    if (strcasecmp(bare, "text/csv") == 0 ||
        strcasecmp(bare, "application/x-www-form-urlencoded") == 0) {
        app_fail(err, APP_E_NOT_IMPLEMENTED, NULL);
        return app_details(err, "Bodies of type '%s' are not available", bare);
    }
    return app_fail(err, APP_E_BODY, "Content-Type not acceptable: %s", bare);
}

static void init(reader_t *reader, const char *data, apr_size_t len, const rest_name_t *columns)
{
    apr_pool_t *p = reader->pool;

    reader->scan = (rest_scan_t){ data, data + len, 0 };
    reader->values = apr_array_make(p, 16, sizeof(rest_json_t));
    reader->columns = apr_array_make(p, 16, sizeof(const char *));
    reader->index = apr_hash_make(p);
    reader->fixed = columns != NULL;
    for (; columns; columns = columns->next) {
        if (!apr_hash_get(reader->index, columns->name, APR_HASH_KEY_STRING)) {
            add_column(reader, columns->name);
        }
    }
}

apr_status_t rest_body_parse(rest_body_t **pbody, const char *data, apr_size_t len,
                             const char *content_type, const rest_name_t *columns,
                             app_error_t *err, apr_pool_t *p)
{
    reader_t reader = { .err = err, .pool = p };
    rest_body_t *body = apr_pcalloc(p, sizeof(*body));
    rest_json_t scalar;

    if (check_type(content_type, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    init(&reader, data, len, columns);
    rest_json_blanks(&reader.scan);
    if (reader.scan.at < reader.scan.end && (*reader.scan.at == '{' || *reader.scan.at == '[')) {
        body->text = *reader.scan.at == '{' ? apr_pstrcat(p, "[", data, "]", NULL) : data;
        if (read_rows(&reader) != APR_SUCCESS) {
            return APP_EFAIL;
        }
        rest_json_blanks(&reader.scan);
        if (reader.scan.at != reader.scan.end) {
            return invalid(&reader);
        }
    }
    else if (rest_json_read(&scalar, data, len) != APR_SUCCESS) {
        return invalid(&reader);
    }
    else {
        body->text = "[]";
    }
    body->len = strlen(body->text);
    body->columns = (const char **)reader.columns->elts;
    body->ncolumns = reader.columns->nelts;
    body->values = (rest_json_t *)reader.values->elts;
    body->nrows = reader.nrows;
    *pbody = body;
    return APR_SUCCESS;
}
