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
    int                *facets;    /* those that the caller may see, by number */
    int                 nfacets;
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

/* search_facets.c: what the values of facets and the total are made of */

/** SQL of the facets' columns, as ", … AS f0, … AS f1"; "" where there are none. Sets facets. */
const char *search_facets(search_work_t *work);
/** @param facet as in f0, f1 … @param text lives as long as the request; NULL: no value */
void        search_facet_add(search_work_t *work, int facet, const char *text, apr_int64_t count);
/** @param total counted up to one more than the bound */
void        search_total_set(search_work_t *work, apr_int64_t total);
/** A copy of a row's text, NULL for NULL. */
const char *search_kept(const app_rows_t *rows, int column, apr_pool_t *p);

/* search_count.c, SQLite: how many rows fit, and the values of their facets */
apr_status_t search_count(search_work_t *work, app_error_t *err);

/** search_found.c, PostgreSQL: the same, and the hits unless search_by_titles() says so. */
apr_status_t search_found(search_work_t *work, app_error_t *err);

/** search_answer.c: more rows fit than are ranked: those with the words in titles come first. */
int search_by_titles(const search_work_t *work);
/** The same: adds to the request's rows, which are those of all collections that it asks. */
void search_rows_count(const search_ask_t *ask, int count);

/* search_hits.c: keys and ranks of the page */
apr_status_t search_hits(search_work_t *work, app_error_t *err);
/** The condition of rows behind the cursor, whose parameters follow those of sql. */
const char  *search_hits_where(const search_work_t *work, const search_sql_t *sql);
/** Fills the parameters of a query. @param behind those of the cursor, too @return their number */
int          search_hits_params(app_value_t params[SEARCH_PARAMS + 2], const search_work_t *work,
                                const search_sql_t *sql, int behind);

/* search_rows.c: what is shown of the hits */
apr_status_t search_rows(search_work_t *work, app_error_t *err);
/** SQL of the snippets that the caller may see, as ", …, …"; "" for none. Sets shown. */
const char  *search_snippets(search_work_t *work);
/** Takes what is shown of a hit from a row: row in its first column, snippets from column on. */
void         search_hit_take(search_hit_t *hit, const search_work_t *work, const app_rows_t *rows,
                             int column);

/* search_correct.c: a title that is like what was typed */
apr_status_t search_correct(search_work_t *work, app_error_t *err);

/* search_write.c: all of it as JSON */
void search_write(const search_work_t *work, app_buf_t *buf);

#endif
