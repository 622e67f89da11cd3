/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Collections: tables that can be searched, as the rows of app_search describe them. What was read
 * is kept for some seconds by each process.
 */
#ifndef SEARCH_COLLECTION_H
#define SEARCH_COLLECTION_H

#include "app_plugin.h"

#define SEARCH_LABELS 4 /* A to D: from the most important columns to the least */

typedef struct search_column_t {
    const char *name;
    char        label; /* 'A' to 'D' */
} search_column_t;

/** A row of app_search, as texts. */
typedef enum search_field_e {
    SEARCH_NAME, SEARCH_RELATION, SEARCH_KEY, SEARCH_LANGUAGE, SEARCH_TITLE, SEARCH_COLUMNS,
    SEARCH_FACETS, SEARCH_CORRECTS, SEARCH_FIELDS
} search_field_e;

/** Their columns. */
extern const char *const search_field_names[SEARCH_FIELDS];

/** Immutable. */
typedef struct search_collection_t {
    const char            *fields[SEARCH_FIELDS];
    const char            *name;
    const char            *schema;   /* PostgreSQL; NULL on SQLite */
    const char            *relation;
    const char            *key;      /* column that tells rows apart; SQLite: "rowid" */
    const char            *language; /* text search configuration; SQLite: english or simple */
    const char            *title;    /* column that suggestions are made of */
    const search_column_t *columns;
    int                    ncolumns;
    const char *const     *facets;   /* column names */
    int                    nfacets;
    int                    corrects; /* there is an index of trigrams over the title */
    const char            *labels[SEARCH_LABELS]; /* columns of each, as FTS5 has them; "": none */
} search_collection_t;

typedef struct search_collections_t search_collections_t;

/** For start(). */
apr_status_t search_collections_create(search_collections_t **pcollections, app_instance_t *self,
                                       app_error_t *err);

/**
 * All collections, by name; they live as long as p. A list that is too old is read anew.
 * @param plist of const search_collection_t *
 * @return APR_SUCCESS; APP_EFAIL: what the database said
 */
apr_status_t search_collections_list(const apr_array_header_t **plist,
                                     search_collections_t *collections, app_request_t *r,
                                     app_error_t *err, apr_pool_t *p);

/** Begins a transaction on app_search, not in anybody's role. */
apr_status_t search_begin(app_tx_t **ptx, app_instance_t *self, app_request_t *r, int readonly,
                          app_error_t *err, apr_pool_t *p);

/**
 * The rows of app_search in p.
 * @param name one of them; NULL: all
 */
apr_status_t search_collections_read(apr_array_header_t **plist, app_tx_t *tx, const char *name,
                                     app_error_t *err, apr_pool_t *p);

/**
 * What a row says, in p, which must not outlive its texts.
 * @return NULL: its columns are none
 */
const search_collection_t *search_collection_make(const char *const fields[SEARCH_FIELDS],
                                                  apr_pool_t *p);

/** Reads name:LABEL,… @return 0: it is none */
int search_columns_parse(const search_column_t **pcolumns, int *pcount, const char *text,
                         apr_pool_t *p);

#endif
