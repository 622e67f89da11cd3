/* SPDX-License-Identifier: Apache-2.0 */
/** The SQL that makes, renews, checks and drops what a collection is searched by. One thread. */
#ifndef SEARCH_INDEX_H
#define SEARCH_INDEX_H

#include "search_int.h"

/** The collection's table as SQL has it. */
const char *search_index_relation(const search_collection_t *collection, apr_pool_t *p);

/** Each adds to an array of const char *: statements, in the order in which they are to be run. */
void search_index_create(apr_array_header_t *statements, const search_collection_t *collection,
                         app_db_kind_e kind, apr_pool_t *p);
/** Makes anew what may be wrong or missing. On PostgreSQL grants on the column stay. */
void search_index_rebuild(apr_array_header_t *statements, const search_collection_t *collection,
                          app_db_kind_e kind, apr_pool_t *p);
void search_index_drop(apr_array_header_t *statements, const search_collection_t *collection,
                       app_db_kind_e kind, apr_pool_t *p);

/** A query that gives the names of what should be there, and is not. */
const char *search_index_missing(const search_collection_t *collection, app_db_kind_e kind,
                                 apr_pool_t *p);

/** SQLite: statements that fail with SQLSTATE XX001 where an index is not its table's. */
void search_index_compare(apr_array_header_t *statements, const search_collection_t *collection,
                          apr_pool_t *p);

/** PostgreSQL: a query that gives the number of rows whose index is not theirs. */
const char *search_index_count_wrong(const search_collection_t *collection, apr_pool_t *p);

#endif
