/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The pieces of SQL that choose and rank the rows of a collection, for both databases. Thread of
 * the request.
 */
#ifndef SEARCH_SQL_H
#define SEARCH_SQL_H

#include "search_int.h"

/** Marks around hits in a snippet, as the database gives it. */
#define SEARCH_HIT_BEGIN '\x02'
#define SEARCH_HIT_END   '\x03'
/** Behind punctuation, so that PostgreSQL takes "a/b" for two words; not to be shown. */
#define SEARCH_DIVIDER   '\x04'

#define SEARCH_PARAMS 3

/** Which of the rows. */
typedef enum search_part_e {
    SEARCH_ALL,     /* that fit */
    SEARCH_TITLES,  /* of these, those that have the words in their titles */
    SEARCH_OTHERS,  /* those that have not; they are not ranked */
    SEARCH_BY_TITLE /* all that have the words in their titles, not ranked */
} search_part_e;

typedef struct search_sql_t {
    const char *index;   /* quoted name of the FTS5 table, or of the column of the tsvector */
    const char *join;    /* NULL: none */
    const char *where;
    const char *rank;    /* the higher the better */
    int         ranked;  /* it is not the same for all */
    const char *key;     /* the row's, as it can be compared with */
    app_value_t params[SEARCH_PARAMS]; /* first those of where, then those of rank */
    int         nwhere, nparams;
} search_sql_t;

/**
 * Makes the pieces for a query.
 * @return APR_SUCCESS; APR_NOTFOUND: nothing can be found; APP_EFAIL
 */
apr_status_t search_sql_make(search_sql_t *sql, const search_ask_t *ask, search_part_e part,
                             app_data_read_t *read, app_error_t *err);

/** A column's snippet, cut out around the hits. $1 is the first of sql's parameters. */
const char *search_sql_snippet(const search_sql_t *sql, const search_ask_t *ask, int column,
                               const char *column_sql);

/** A name in quotes, from p. */
const char *search_quoted(const char *name, apr_pool_t *p);
/** A text as a constant of SQL, from p. */
const char *search_literal(const char *text, apr_pool_t *p);
/** app_search_NAME, with a suffix; and the same quoted. */
const char *search_index(const search_collection_t *collection, const char *suffix, apr_pool_t *p);
const char *search_index_name(const search_collection_t *collection, const char *suffix,
                              apr_pool_t *p);

/** In lower case, ASCII alone, as lower() of SQLite does it. */
const char *search_lowered(const char *text, apr_pool_t *p);

app_value_t search_text(const char *text);

#endif
