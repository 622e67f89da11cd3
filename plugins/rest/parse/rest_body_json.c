/* SPDX-License-Identifier: Apache-2.0 */
/** JSON bodies: rows of values that stay where they stand in the text. Thread of the request. */
#include <limits.h>
#include <string.h>

#include "apr_strings.h"

#include "rest_body.h"

typedef struct reader_t {
    rest_scan_t         scan;
    const char         *data;
    apr_array_header_t *values; /* of rest_json_t: row after row */
    rest_json_t         row;    /* text of the first row; empty: there is none */
    int                 nrows;
    int                 keep;   /* rows whose values are kept; of others only the last one's are */
    unsigned            fixed : 1; /* columns= says which; others are left out */
    unsigned            array : 1;
    rest_job_t         *job;
} reader_t;

static apr_status_t invalid(reader_t *reader)
{
    if (reader->fixed) {
        return app_fail_code(reader->job->err, "22P02", 400,
                             "invalid input syntax for type json");
    }
    return app_fail(reader->job->err, APP_E_BODY, "Empty or invalid json");
}

static apr_status_t uneven(reader_t *reader)
{
    if (reader->fixed) {
        return app_fail_code(reader->job->err, "22023", 400,
                             "argument of json_to_recordset must be an array of objects");
    }
    return app_fail(reader->job->err, APP_E_BODY, "All object keys must match");
}

/** Whether the text has ended. */
static int at_end(reader_t *reader)
{
    rest_json_blanks(&reader->scan);
    return reader->scan.at == reader->scan.end;
}

/* Members */

/** Number of the column that a key names; -1: none. Rows mostly keep the order of the first one. */
static int column_of(reader_t *reader, const char *key, apr_size_t len, int expected)
{
    if (expected < reader->job->columns->nelts) {
        const char *name = APR_ARRAY_IDX(reader->job->columns, expected, const char *);

        if (strncmp(name, key, len) == 0 && name[len] == '\0') {
            return expected;
        }
    }
    return (int)(apr_uintptr_t)apr_hash_get(reader->job->index, key, (apr_ssize_t)len) - 1;
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
        *pkey = rest_json_string(&key, plen, reader->job->pool);
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
        if (reader->job->columns->nelts == REST_BODY_COLUMNS_MAX) {
            return app_fail(reader->job->err, APP_E_BODY, "An object has more than %d keys",
                            REST_BODY_COLUMNS_MAX);
        }
        rest_job_column(reader->job, apr_pstrmemdup(reader->job->pool, key, len));
        APR_ARRAY_PUSH(reader->values, rest_json_t) = *value;
        return APR_SUCCESS;
    }
    APR_ARRAY_IDX(reader->values, first + column, rest_json_t) = *value;
    return APR_SUCCESS;
}

static apr_status_t read_members(reader_t *reader, int first)
{
    int expected = 0;
    rest_json_t value;
    const char *key;
    apr_size_t len;

    if (rest_json_char(&reader->scan, '}')) {
        return APR_SUCCESS;
    }
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

/* Rows */

/** Makes room for a row of the columns that are known. */
static apr_status_t open_row(reader_t *reader)
{
    int i, columns = reader->job->columns->nelts;

    if (reader->nrows >= reader->keep) {
        reader->values->nelts = reader->keep * columns;
    }
    else if (rest_job_check_values(reader->job, reader->nrows + 1) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    for (i = 0; i < columns; i++) {
        APR_ARRAY_PUSH(reader->values, rest_json_t) = (rest_json_t){ REST_JSON_ABSENT, NULL, 0 };
    }
    return APR_SUCCESS;
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

static void end_row(reader_t *reader, const char *from)
{
    if (reader->nrows++ == 0) {
        reader->row = (rest_json_t){ REST_JSON_OBJECT, from, (apr_size_t)(reader->scan.at - from) };
    }
}

static apr_status_t read_row(reader_t *reader)
{
    const char *from;
    rest_json_t value;
    int first;

    rest_json_blanks(&reader->scan);
    from = reader->scan.at;
    if (!rest_json_char(&reader->scan, '{')) {
        return rest_json_value(&reader->scan, &value) ? uneven(reader) : invalid(reader);
    }
    if (open_row(reader) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    first = reader->values->nelts - reader->job->columns->nelts;
    if (read_members(reader, first) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (!reader->fixed && !row_is_whole(reader, first)) {
        return uneven(reader);
    }
    end_row(reader, from);
    return APR_SUCCESS;
}

/** A row that nobody looks into. */
static apr_status_t skip_row(reader_t *reader)
{
    rest_json_t value;

    if (!rest_json_value(&reader->scan, &value)) {
        return invalid(reader);
    }
    end_row(reader, value.text);
    return APR_SUCCESS;
}

static apr_status_t read_rows(reader_t *reader, apr_status_t (*read)(reader_t *))
{
    if (!reader->array) {
        if (read(reader) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    else if (rest_json_char(&reader->scan, '[') && !rest_json_char(&reader->scan, ']')) {
        do {
            if (read(reader) != APR_SUCCESS) {
                return APP_EFAIL;
            }
        } while (rest_json_char(&reader->scan, ','));
        if (!rest_json_char(&reader->scan, ']')) {
            return invalid(reader);
        }
    }
    return at_end(reader) ? APR_SUCCESS : invalid(reader);
}

/* The body */

/** The part of the text that PostgreSQL gets. */
static void set_text(reader_t *reader)
{
    const rest_job_t *job = reader->job;
    const rest_json_t *row = &reader->row;
    rest_body_t *body = job->body;

    if (job->call) {
        body->text = row->len ? apr_pstrmemdup(job->pool, row->text, row->len) : "{}";
    }
    else if (reader->array && !job->first) {
        body->text = reader->data;
    }
    else {
        const struct iovec parts[] = { { (char *)"[", 1 },
                                       { (char *)row->text, row->len },
                                       { (char *)"]", 1 } };

        body->text = apr_pstrcatv(job->pool, parts, 3, NULL);
    }
    body->len = strlen(body->text);
}

/** With columns= it is for PostgreSQL to say what is wrong: it gets what it cannot read, too. */
static apr_status_t pass_on(reader_t *reader)
{
    const rest_source_t *source = reader->job->source;
    rest_body_t *body = reader->job->body;
    app_error_t unread = { .pool = reader->job->pool };

    if (memchr(source->data, '\0', source->len)) {
        return invalid(reader);
    }
    reader->job->err = &unread;
    if (read_rows(reader, skip_row) == APR_SUCCESS) {
        set_text(reader);
        body->nrows = rest_job_keeps(reader->job, reader->nrows);
        return APR_SUCCESS;
    }
    body->text = source->data;
    body->len = source->len;
    body->nrows = 1;
    return APR_SUCCESS;
}

/** The values of a call that names no arguments: of columns= all are absent. */
static apr_status_t add_empty_row(reader_t *reader)
{
    reader->nrows = 0;
    return open_row(reader);
}

static apr_status_t take_apart(reader_t *reader)
{
    const rest_job_t *job = reader->job;
    rest_body_t *body = job->body;
    rest_json_t scalar;

    if (reader->array || (reader->scan.at < reader->scan.end && *reader->scan.at == '{') ||
        reader->fixed) {
        if (read_rows(reader, read_row) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    else if (!rest_json_value(&reader->scan, &scalar) || !at_end(reader)) {
        return invalid(reader);
    }
    if (job->source->kind == APP_DB_PGSQL) {
        set_text(reader);
    }
    if (job->call && !reader->nrows && add_empty_row(reader) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    body->nrows = job->call ? 1 : rest_job_keeps(job, reader->nrows);
    body->values = reader->keep ? (rest_json_t *)reader->values->elts : NULL;
    return APR_SUCCESS;
}

apr_status_t rest_body_read_json(rest_job_t *job)
{
    const rest_source_t *source = job->source;
    const rest_name_t *column = source->columns;
    const int nothing = job->call && !source->len; /* a call without arguments */
    reader_t reader = { .data = nothing ? "{}" : source->data,
                        .fixed = column != NULL,
                        .job = job };
    apr_size_t len = nothing ? strlen(reader.data) : source->len;

    for (; column; column = column->next) {
        rest_job_column(job, column->name);
    }
    job->body->raw = job->call ? reader.data : NULL;
    job->body->raw_len = job->call ? len : 0;
    reader.row.text = "";
    reader.scan = (rest_scan_t){ reader.data, reader.data + len, 0 };
    reader.values = apr_array_make(job->pool, 16, sizeof(rest_json_t));
    reader.keep = source->kind == APP_DB_PGSQL ? 0 : job->first ? 1 : INT_MAX;
    rest_json_blanks(&reader.scan);
    reader.array = reader.scan.at < reader.scan.end && *reader.scan.at == '[';
    return reader.fixed && source->kind == APP_DB_PGSQL ? pass_on(&reader) : take_apart(&reader);
}
