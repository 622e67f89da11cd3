/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What people type into a search box: words, "phrases", -not, OR, prefix*, field:word. Any text is
 * a query; what makes no sense is looked for as it stands, or is nothing. No state, any thread;
 * fuzzed.
 */
#ifndef SEARCH_QUERY_H
#define SEARCH_QUERY_H

#include "app_plugin.h"

#define SEARCH_TEXT_MAX  1000 /* bytes; what is longer is cut */
#define SEARCH_WORDS_MAX 64   /* what follows is left out */

typedef struct search_query_t {
    const char *text;     /* as it was typed, without blanks around it */
    const char *tsquery;  /* in the language of to_tsquery(); NULL: there is nothing to look for */
    const char *in_title; /* the same, its words looked for in titles alone */
    const char *plain;    /* the same without any fields */
    int         words;    /* that are looked for: not negated */
    int         negates;  /* some words must not be there */
} search_query_t;

/** What a query is about. */
typedef struct search_fields_t {
    /** What stands before ":" → the label 'A' to 'D' of the columns that are meant; 0: no field. */
    char      (*label)(const void *ctx, const char *name, apr_size_t len);
    const void *ctx;
    char        title; /* the label of titles */
} search_fields_t;

/** Reads a query. What names no field is looked for like any word. */
void search_query_read(search_query_t *query, const char *text, const search_fields_t *fields,
                       apr_pool_t *p);

#endif
