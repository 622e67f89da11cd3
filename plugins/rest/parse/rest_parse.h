/* SPDX-License-Identifier: Apache-2.0 */
/** What the parsers of the query string's parameters give to rest_parse.c. */
#ifndef REST_PARSE_H
#define REST_PARSE_H

#include "rest_lex.h"

/*
 * Each parses a whole parameter. @return whether the text was one; the cursor knows what is wrong
 */

int rest_parse_select(rest_cursor_t *c, rest_item_t **pitems);
int rest_parse_names(rest_cursor_t *c, rest_name_t **pnames);
int rest_parse_order(rest_cursor_t *c, rest_order_t **porder);

/** An operator and its value: all that stands to the right of a filter's "=". */
int rest_parse_operation(rest_cursor_t *c, rest_filter_t *filter);

/** "and(…)", "not.or(…)": the operator that the key ends with, and the value behind it. */
int rest_parse_tree(rest_cursor_t *c, rest_filter_t **ptree);

#endif
