/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Full-text queries as PostgreSQL writes them, for SQLite's FTS5. Depends on nothing of this
 * plugin, so that others can use it.
 */
#ifndef REST_FULLTEXT_H
#define REST_FULLTEXT_H

#include "app_plugin.h"

typedef enum rest_language_e {
    REST_LANGUAGE_QUERY,  /* to_tsquery: a & (b | !c) & d:* & e <-> f */
    REST_LANGUAGE_PLAIN,  /* plainto_tsquery: all of the words */
    REST_LANGUAGE_PHRASE, /* phraseto_tsquery: the words one behind the other */
    REST_LANGUAGE_WEB     /* websearch_to_tsquery: a "b c" or -d */
} rest_language_e;

/** What is looked for. */
typedef struct rest_match_t {
    const char *text;        /* for the right side of MATCH; NULL: nothing, so nothing is found */
    unsigned    negated : 1; /* wanted are the rows that MATCH does not find */
} rest_match_t;

/**
 * Translates a query. labels are what word:A to word:D look in, four texts with columns divided by
 * blanks; NULL: they are refused. FTS5 knows no "not" without something to take away from, so that
 * a query is turned until at most one "not" is left, around the whole.
 * @return APR_SUCCESS; APP_EFAIL with 42601, 54000, or 501 for what FTS5 cannot express
 */
apr_status_t rest_fulltext_translate(rest_match_t *match, rest_language_e language,
                                     const char *text, const char *const *labels,
                                     app_error_t *err, apr_pool_t *p);

/** The query, over one column of the index only. */
const char *rest_fulltext_of_column(const char *text, const char *column, apr_pool_t *p);

/**
 * Whether an index was made for a text search configuration: "english" stems, as the tokenizer
 * porter does, "simple" does not.
 * @param tokenizer as it was declared; NULL: the default
 */
int rest_fulltext_has_config(const char *tokenizer, const char *config);

#endif
