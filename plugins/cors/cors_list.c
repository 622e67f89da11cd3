/* SPDX-License-Identifier: Apache-2.0 */
/** Lists of names, in settings and in headers. Called by cors.c; any thread. */
#include <string.h>

#include "apr_lib.h"
#include "apr_strings.h"

#include "cors_int.h"

#define NAMES_MAX_LEN 16384 /* bytes of a list that a client has sent */

const char *cors_list_join(const apr_array_header_t *words, apr_pool_t *p)
{
    const char *joined = "";
    int i;

    for (i = 0; i < words->nelts; i++) {
        joined = apr_pstrcat(p, joined, i ? ", " : "", APR_ARRAY_IDX(words, i, const char *),
                             NULL);
    }
    return joined;
}

int cors_list_has(const apr_array_header_t *words, const char *word)
{
    int i;

    for (i = 0; i < words->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(words, i, const char *), word) == 0) {
            return 1;
        }
    }
    return 0;
}

static int is_token(const char *text, apr_size_t len)
{
    apr_size_t i;

    for (i = 0; i < len; i++) {
        if (!apr_isalnum(text[i]) && (!text[i] || !strchr("!#$%&'*+-.^_`|~", text[i]))) {
            return 0;
        }
    }
    return len > 0;
}

const char *cors_list_fault(const apr_array_header_t *words)
{
    int i;

    for (i = 0; i < words->nelts; i++) {
        const char *word = APR_ARRAY_IDX(words, i, const char *);

        if (!is_token(word, strlen(word))) {
            return word;
        }
    }
    return NULL;
}

const char *cors_list_names(const char *asked, apr_pool_t *p)
{
    app_buf_t buf;

    app_buf_init(&buf, p, NAMES_MAX_LEN);
    while (*asked && !app_buf_full(&buf)) {
        apr_size_t len;

        asked += strspn(asked, ", \t");
        len = strcspn(asked, ", \t");
        if (is_token(asked, len)) {
            app_buf_adds(&buf, ", ");
            app_buf_add(&buf, asked, len);
        }
        asked += len;
    }
    return buf.data ? buf.data : "";
}
