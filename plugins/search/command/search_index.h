/* SPDX-License-Identifier: Apache-2.0 */
/** The SQL that makes, renews, checks and drops what a collection is searched by. One thread. */
#ifndef SEARCH_INDEX_H
#define SEARCH_INDEX_H

#include "search_int.h"

/** Each fills an array of const char *: statements, in the order in which they are to be run. */
void search_index_create(apr_array_header_t *statements, const search_collection_t *collection,
                         app_db_kind_e kind, apr_pool_t *p);
void search_index_rebuild(apr_array_header_t *statements, const search_collection_t *collection,
                          app_db_kind_e kind, apr_pool_t *p);
void search_index_drop(apr_array_header_t *statements, const search_collection_t *collection,
                       app_db_kind_e kind, apr_pool_t *p);

/** Statements that fail, or give a number other than 0, where the index is not the table's. */
void search_index_check(apr_array_header_t *statements, const search_collection_t *collection,
                        app_db_kind_e kind, apr_pool_t *p);

#endif
