/* SPDX-License-Identifier: Apache-2.0 */
/** What the readers of bodies share: rest_body.c and one file for each kind. */
#ifndef REST_BODY_H
#define REST_BODY_H

#include "apr_hash.h"

#include "rest_query.h"

#define REST_BODY_COLUMNS_MAX 1600    /* PostgreSQL's own limit of columns in a table */
#define REST_BODY_VALUES_MAX  1000000 /* columns times rows: short bodies can ask for many */

/** A body that is being read. */
typedef struct rest_job_t {
    rest_body_t         *body;
    const rest_source_t *source;
    apr_array_header_t  *columns; /* of const char * */
    apr_hash_t          *index;   /* column name → its number plus 1, as a pointer */
    unsigned             first : 1; /* only the first row is wanted */
    unsigned             call : 1;  /* likewise, and not as an array */
    app_error_t         *err;
    apr_pool_t          *pool;
} rest_job_t;

/** Adds a column unless it is there. @return its number */
int rest_job_column(rest_job_t *job, const char *name);

/** How many rows are to be kept of those that there are. */
#define rest_job_keeps(job, rows) ((job)->first && (rows) > 1 ? 1 : (rows))

/** @return APP_EFAIL with APP_E_BODY_TOO_LARGE if SQLite would get too many values */
apr_status_t rest_job_check_values(const rest_job_t *job, int rows);

/** Rows of plain strings on their way into a body. */
typedef struct rest_rows_t {
    app_buf_t    text;
    rest_job_t  *job;
    const char **keys;    /* "name": in front of each value; NULL: only values are wanted */
    int         *columns; /* number of each field's column */
    int          nfields, nrows;
    int          field, row; /* to come next */
} rest_rows_t;

/**
 * Starts rows that all have the same fields; of those with one name the last counts.
 * @param names of const char *
 * @param size  of all values, by rest_rows_size()
 * @return APR_SUCCESS; APP_EFAIL with APP_E_BODY_TOO_LARGE
 */
apr_status_t rest_rows_open(rest_rows_t *rows, rest_job_t *job, const apr_array_header_t *names,
                            int nrows, apr_size_t size);

/** Adds the next value. @param text NULL: null */
void rest_rows_add(rest_rows_t *rows, const char *text, apr_size_t len);

/** The body is made, when nrows rows have been added. */
void rest_rows_close(rest_rows_t *rows);

/** Bytes that a value takes at most. */
apr_size_t rest_rows_size(const char *text, apr_size_t len);

/* The kinds. They fill job->body and fail as rest_body_parse() does. */

apr_status_t rest_body_read_json(rest_job_t *job);
apr_status_t rest_body_read_csv(rest_job_t *job);
apr_status_t rest_body_read_form(rest_job_t *job);

#endif
