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

/** Lower case, wrapped in "-", without what is no letter or digit. @return length; 0: too long */
static apr_size_t normalise(char *to, const char *name)
{
    apr_size_t len = 0;

    to[len++] = '-';
    for (; *name && len < NAME_MAX_ - 2; name++) {
        if (apr_isalnum(*name) || (*name & 0x80)) {
            to[len++] = (char)apr_tolower(*name);
        }
    }
    to[len++] = '-';
    to[len] = '\0';
    return *name ? 0 : len;
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
    char a[NAME_MAX_ + 1], b[NAME_MAX_ + 1];
    apr_size_t a_len = normalise(a, name), b_len = normalise(b, other);
    apr_size_t longer;

    if (!a_len || !b_len || (!share_gram(a, b, 3) && !share_gram(a, b, 2))) {
        return 0;
    }
    a_len -= 2;
    b_len -= 2;
    longer = a_len > b_len ? a_len : b_len;
    return longer ? 1.0 - (double)distance(a + 1, a_len, b + 1, b_len) / (double)longer : 0;
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
