/* SPDX-License-Identifier: Apache-2.0 */
/**
 * "Perhaps you meant": the name that is most like one that does not exist. Thread of the request.
 */
#include <string.h>

#include "apr_lib.h"
#include "apr_strings.h"

#include "rest_schema.h"

#define RELATIONS_MAX 500  /* in larger schemas nothing is searched */
#define NAME_MAX_     128  /* longer names are not compared */
#define LIKE_ENOUGH   0.75 /* of names that stand alone */

/** In lower case. @return length; 0: empty or too long */
static apr_size_t lower(char *to, const char *name)
{
    apr_size_t len = 0;

    for (; *name && len < NAME_MAX_; name++) {
        to[len++] = (char)apr_tolower(*name);
    }
    to[len] = '\0';
    return *name ? 0 : len;
}

/** Wrapped in "-", without punctuation but commas and blanks: what is divided into grams. */
static void simplify(char *to, const char *lowered)
{
    *to++ = '-';
    for (; *lowered; lowered++) {
        if (apr_isalnum(*lowered) || (*lowered & 0x80) || *lowered == ',' || *lowered == ' ') {
            *to++ = *lowered;
        }
    }
    *to++ = '-';
    *to = '\0';
}

static int share_gram(const char *a, const char *b, apr_size_t size)
{
    apr_size_t i, len = strlen(a);

    for (i = 0; i + size <= len; i++) {
        if (memmem(b, strlen(b), a + i, size)) {
            return 1;
        }
    }
    return 0;
}

/** Edits that lead from one name to the other (Levenshtein), one row of the table at a time. */
static apr_size_t distance(const char *a, apr_size_t a_len, const char *b, apr_size_t b_len)
{
    apr_size_t row[NAME_MAX_ + 1], i, j;

    for (j = 0; j <= b_len; j++) {
        row[j] = j;
    }
    for (i = 1; i <= a_len; i++) {
        apr_size_t diagonal = row[0];

        row[0] = i;
        for (j = 1; j <= b_len; j++) {
            apr_size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
            apr_size_t other = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;

            diagonal = row[j];
            row[j] = replaced < other ? replaced : other;
        }
    }
    return row[b_len];
}

double rest_schema_likeness(const char *name, const char *other)
{
    char a[NAME_MAX_ + 1], b[NAME_MAX_ + 1], a_grams[NAME_MAX_ + 3], b_grams[NAME_MAX_ + 3];
    apr_size_t a_len = lower(a, name), b_len = lower(b, other);

    if (!a_len || !b_len) {
        return 0;
    }
    simplify(a_grams, a);
    simplify(b_grams, b);
    if (!share_gram(a_grams, b_grams, 3) && !share_gram(a_grams, b_grams, 2)) {
        return 0;
    }
    return 1.0 - (double)distance(a, a_len, b, b_len) / (double)(a_len > b_len ? a_len : b_len);
}

const char *rest_schema_similar(const rest_schema_t *schema, const char *space, const char *name)
{
    const rest_space_t *searched = rest_schema_space(schema, space);
    const char *best = NULL;
    double best_likeness = LIKE_ENOUGH;
    int i;

    if (!searched || searched->nrelations >= RELATIONS_MAX) {
        return NULL;
    }
    for (i = 0; i < searched->nrelations; i++) {
        const rest_relation_t *relation = searched->relations[i];
        double now = rest_schema_likeness(name, relation->name);

        if (now > best_likeness || (now == best_likeness && !best)) {
            best_likeness = now;
            best = relation->name;
        }
    }
    return best;
}
