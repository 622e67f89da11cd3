/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the files of plugin search know of each other. A request goes straight on:
 *
 *   search.c        descriptor, settings, routes; which collection is asked
 *   query/          what a person typed → a text for to_tsquery(), plain data
 *   collection/     what a collection is made of, as app_search and as administrators say it
 *   answer/         hits, total, facets, corrections and suggestions of one collection, by
 *                   queries through the data API's service (app_data.h)
 *   command/        appctl search: makes, compares and drops the indexes
 */
#ifndef SEARCH_INT_H
#define SEARCH_INT_H

#include "app_data.h"

#include "search_collection.h"
#include "search_query.h"
#include "search_spec.h"

/** The plugin's settings. */
typedef struct search_conf_t {
    apr_int64_t count_max;
    apr_int64_t facet_values;
    apr_int64_t limit, limit_max;
    apr_array_header_t *specs; /* of const search_spec_t *: collections that are declared */
} search_conf_t;

/** One instance: a site that uses the plugin. */
typedef struct search_t {
    app_instance_t           *self;
    app_db_kind_e             kind;
    const app_data_service_t *data;  /* from start() on */
    app_instance_t           *owner; /* whose service it is */
    search_collections_t     *collections;
} search_t;

/** What one request wants of one collection. */
typedef struct search_ask_t {
    search_t                  *search;
    const search_conf_t       *conf;
    const search_collection_t *collection;
    const search_query_t      *query;
    const char                *rows;   /* query string in the data API's grammar */
    const char                *cursor; /* where the page before ended; NULL: none */
    app_request_t             *r;
    app_response_t            *res;
    apr_pool_t                *pool;
} search_ask_t;

/* answer/search_answer.c, answer/search_suggest.c. Thread of the request. */

/** Adds a collection's answer to buf as a JSON object. @return APR_SUCCESS; APP_EFAIL */
apr_status_t search_answer(const search_ask_t *ask, app_buf_t *buf, app_error_t *err);

/** Adds the titles that go on as what was typed, as a JSON array. @return APR_SUCCESS; APP_EFAIL */
apr_status_t search_suggest(const search_ask_t *ask, app_buf_t *buf, app_error_t *err);

/* command/search_command.c */
extern const app_command_t search_commands[];

#endif
