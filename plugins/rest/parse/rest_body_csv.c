/* SPDX-License-Identifier: Apache-2.0 */
/**
 * CSV bodies (RFC 4180): the first line names the columns, the others are rows of strings; NULL
 * without quotes is null. Empty lines are no rows. Read twice, so that what it becomes has its
 * place at once. Thread of the request.
 */
#include <string.h>

#include "apr_strings.h"

#include "rest_body.h"

#define BYTE_ORDER_MARK "\xEF\xBB\xBF" /* spreadsheets begin with it */

typedef struct csv_t {
    const char         *at, *end;
    apr_array_header_t *names; /* of const char * */
    int                 nrows;
    apr_size_t          size;  /* of the rows' values */
    app_buf_t           plain; /* the last field that had quotes in it, without their doubles */
    rest_job_t         *job;
} csv_t;

/** A field where it stands, without the quotes around it. */
typedef struct field_t {
    const char *text;
    apr_size_t  len;
    unsigned    quoted : 1;
    unsigned    doubled : 1; /* quotes in it stand twice */
} field_t;

static apr_status_t invalid(const csv_t *csv)
{
    return app_fail(csv->job->err, APP_E_BODY, "Empty or invalid csv");
}

static apr_status_t uneven(const csv_t *csv)
{
    return app_fail(csv->job->err, APP_E_BODY, "All lines must have same number of fields");
}

/** Whether the next byte, if there is one, is in set. */
static int is_next(const csv_t *csv, const char *set)
{
    return csv->at < csv->end && strchr(set, *csv->at) != NULL;
}

/* Fields */

/** Behind the opening quote. @return whether it is closed */
static int read_quoted(csv_t *csv, field_t *field)
{
    const char *quote;

    field->text = csv->at;
    while ((quote = memchr(csv->at, '"', (apr_size_t)(csv->end - csv->at)))) {
        csv->at = quote + 1;
        if (!is_next(csv, "\"")) {
            field->len = (apr_size_t)(quote - field->text);
            return 1;
        }
        csv->at++;
        field->doubled = 1;
    }
    return 0;
}

/** Reads a field, up to what divides it from the next. @return whether it is right */
static int read_field(csv_t *csv, field_t *field)
{
    *field = (field_t){ csv->at, 0, 0, 0 };
    if (is_next(csv, "\"")) {
        field->quoted = 1;
        csv->at++;
        return read_quoted(csv, field) && (csv->at == csv->end || is_next(csv, ",\r\n"));
    }
    csv->at += strcspn(csv->at, ",\r\n\"");
    field->len = (apr_size_t)(csv->at - field->text);
    return !is_next(csv, "\"");
}

/** Steps over a comma. @return whether there was one */
static int next_field(csv_t *csv)
{
    int comma = is_next(csv, ",");

    csv->at += comma;
    return comma;
}

/** Steps over line ends. @return whether a line is left */
static int next_line(csv_t *csv)
{
    while (is_next(csv, "\r\n")) {
        csv->at++;
    }
    return csv->at < csv->end;
}

static int is_null(const field_t *field)
{
    return !field->quoted && field->len == 4 && memcmp(field->text, "NULL", 4) == 0;
}

/** The field with each quote once; good until the next one is. */
static void undouble(csv_t *csv, field_t *field)
{
    const char *at = field->text, *end = at + field->len, *quote;

    if (!field->doubled) {
        return;
    }
    csv->plain.len = 0;
    while ((quote = memchr(at, '"', (apr_size_t)(end - at)))) {
        app_buf_add(&csv->plain, at, (apr_size_t)(quote + 1 - at));
        at = quote + 2;
    }
    app_buf_add(&csv->plain, at, (apr_size_t)(end - at));
    field->text = csv->plain.data;
    field->len = csv->plain.len;
}

/* Lines */

static apr_status_t read_names(csv_t *csv)
{
    field_t field;

    if (!next_line(csv)) {
        return invalid(csv);
    }
    do {
        if (csv->names->nelts == REST_BODY_COLUMNS_MAX) {
            return app_fail(csv->job->err, APP_E_BODY, "A line has more than %d fields",
                            REST_BODY_COLUMNS_MAX);
        }
        if (!read_field(csv, &field)) {
            return invalid(csv);
        }
        undouble(csv, &field);
        APR_ARRAY_PUSH(csv->names, const char *) =
            apr_pstrmemdup(csv->job->pool, field.text, field.len);
    } while (next_field(csv));
    return APR_SUCCESS;
}

/** Checks the rows, counts them, and adds up what those take that are kept. */
static apr_status_t measure(csv_t *csv)
{
    field_t field;
    int count;

    while (next_line(csv)) {
        count = 0;
        do {
            if (!read_field(csv, &field)) {
                return invalid(csv);
            }
            if (csv->nrows == 0 || !csv->job->first) {
                csv->size += is_null(&field) ? strlen("null")
                                             : rest_rows_size(field.text, field.len);
            }
        } while (++count <= csv->names->nelts && next_field(csv));
        if (count != csv->names->nelts) {
            return uneven(csv);
        }
        csv->nrows++;
    }
    return APR_SUCCESS;
}

static void add_row(csv_t *csv, rest_rows_t *rows)
{
    field_t field;

    next_line(csv);
    do {
        read_field(csv, &field);
        undouble(csv, &field);
        rest_rows_add(rows, is_null(&field) ? NULL : field.text, field.len);
    } while (next_field(csv));
}

static apr_status_t add_rows(csv_t *csv)
{
    int i, keep = rest_job_keeps(csv->job, csv->nrows);
    rest_rows_t rows;

    if (csv->job->call && !keep) {
        csv->names->nelts = 0; /* no arguments */
    }
    if (rest_rows_open(&rows, csv->job, csv->names, keep, csv->size) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    for (i = 0; i < keep; i++) {
        add_row(csv, &rows);
    }
    rest_rows_close(&rows);
    return APR_SUCCESS;
}

apr_status_t rest_body_read_csv(rest_job_t *job)
{
    const char *data = job->source->data, *lines;
    apr_size_t len = job->source->len, mark = strlen(BYTE_ORDER_MARK);
    csv_t csv = { .at = data, .end = data + len, .job = job };

    if (memchr(data, '\0', len) || !app_utf8_valid(data, len)) {
        return invalid(&csv);
    }
    if (len >= mark && memcmp(data, BYTE_ORDER_MARK, mark) == 0) {
        csv.at += mark;
    }
    app_buf_init(&csv.plain, job->pool, len);
    csv.names = apr_array_make(job->pool, 16, sizeof(const char *));
    if (read_names(&csv) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    lines = csv.at;
    if (measure(&csv) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    csv.at = lines;
    return add_rows(&csv);
}
