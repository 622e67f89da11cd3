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
    const char *text;    /* as it was typed, without blanks around it */
    const char *tsquery; /* in the language of to_tsquery(); NULL: there is nothing to look for */
    int         words;   /* that are looked for: not negated */
} search_query_t;

/**
 * Reads a query.
 * @param label what stands before ":" → the label 'A' to 'D' of the columns that are meant; 0: no
 *        field has that name, and it is looked for like any word
 * @param every label of the words that name no field; 0: they are looked for everywhere
 */
void search_query_read(search_query_t *query, const char *text, char every,
                       char (*label)(const void *ctx, const char *name, apr_size_t len),
                       const void *ctx, apr_pool_t *p);

#endif
