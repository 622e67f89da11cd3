/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Entity tags (RFC 9110 8.8.3): "ROWS-FORM", two numbers of 16 hexadecimal digits, made of nothing
 * but the answer's bytes. So they are strong, tell nobody what he was not shown, and are the same
 * on all machines and after a restart.
 *
 * ROWS is of the rows alone, in whatever order, and FORM of what stands in the body and around it.
 * Whoever has read rows as a list and writes them one by one, or has asked for a total, too, has
 * read the same rows: so If-Match compares ROWS, and If-None-Match of a read all of it.
 *
 * Two answers with the same tag do not come about by chance. Somebody who looks for them can make
 * them, but only of rows that he may write anyway.
 */
#ifndef REST_TAG_H
#define REST_TAG_H

#include "app_plugin.h"

typedef struct rest_tag_t {
    apr_uint64_t rows;
    apr_uint64_t form;
} rest_tag_t;

void rest_tag_init(rest_tag_t *tag);

/** Adds a row, as it stands in the body. */
void rest_tag_row(rest_tag_t *tag, const char *row, apr_size_t len);

/** Adds to FORM what else makes the answer this one. */
void rest_tag_text(rest_tag_t *tag, const char *text);
void rest_tag_number(rest_tag_t *tag, apr_int64_t number);

/** As it stands in ETag, with its quotes. */
const char *rest_tag_print(const rest_tag_t *tag, apr_pool_t *p);

/**
 * Whether a list of tags, as If-Match and If-None-Match have it, has one of these rows. Other
 * servers' tags in it, and what a compressing filter has added, do no harm; what cannot be read
 * ends it.
 * @param weak whether tags that are marked as weak count (RFC 9110 8.8.3.2)
 */
int rest_tag_listed(const char *list, const rest_tag_t *tag, int weak);

/** Whether the list is "*": any. */
int rest_tag_is_any(const char *list);

#endif
