/* SPDX-License-Identifier: Apache-2.0 */
/** What the files that make an answer have of each other. Thread of the request. */
#ifndef SEARCH_ANSWER_H
#define SEARCH_ANSWER_H

#include "search_sql.h"

typedef struct search_hit_t {
    const char  *key;
    double       rank;
    const char  *row;      /* JSON; NULL: gone since */
    const char **snippets; /* of the shown columns; NULL: none */
} search_hit_t;

typedef struct search_value_t {
    int         facet; /* index into the collection's */
    const char *text;  /* NULL: rows without a value */
    apr_int64_t count;
} search_value_t;

/** Where the page before ended. */
typedef struct search_cursor_t {
    const char *key; /* NULL: this is the first page */
    double      rank;
} search_cursor_t;

typedef struct search_work_t {
    const search_ask_t *ask;
    app_data_read_t    *read;
    search_sql_t        sql;
    search_cursor_t     cursor;
    apr_int64_t         limit, offset;
    apr_int64_t         total;
    int                 estimated; /* there are at least that many */
    apr_array_header_t *values;    /* of search_value_t */
    apr_array_header_t *hits;      /* of search_hit_t */
    int                *shown;     /* columns that snippets are of */
    int                 nshown;
    const char         *next;       /* cursor of the page behind; NULL: there is none */
    const char         *correction; /* what may have been meant; NULL: nothing */
} search_work_t;

/* search_cursor.c */

/** Reads the request's cursor. @return APR_SUCCESS; APP_EFAIL with APP_E_BAD_REQUEST */
apr_status_t search_cursor_read(search_work_t *work, app_error_t *err);
/** Finds the rank that its row has by now. */
apr_status_t search_cursor_place(search_work_t *work, const search_sql_t *sql, app_error_t *err);
/** The key as a parameter. */
app_value_t  search_cursor_key(const search_work_t *work);
/** The cursor behind the page, NULL where the page is the last one. */
const char  *search_cursor_next(const search_work_t *work);

/* search_count.c: how many rows fit, and the values of their facets */
apr_status_t search_count(search_work_t *work, app_error_t *err);

/* search_hits.c: keys and ranks of the page */
apr_status_t search_hits(search_work_t *work, app_error_t *err);

/* search_correct.c: a title that is like what was typed */
apr_status_t search_correct(search_work_t *work, app_error_t *err);

/* search_write.c: all of it as JSON */
void search_write(const search_work_t *work, app_buf_t *buf);

#endif
