/* SPDX-License-Identifier: Apache-2.0 */
/** Bodies of forms: one row of strings, written like a query string. Thread of the request. */
#include <string.h>

#include "rest_body.h"

static apr_status_t invalid(const rest_job_t *job)
{
    app_fail(job->err, APP_E_BODY, "Invalid form");
    return app_details(job->err, "A form has at most %d fields of UTF-8 text without NUL",
                       APP_QUERY_PAIRS_MAX);
}

/** The pairs, and of each name its last one, which counts. Without "=" a value is empty. */
static apr_array_header_t *last_pairs(rest_job_t *job, const apr_array_header_t *pairs)
{
    apr_array_header_t *last = apr_array_make(job->pool, pairs->nelts, sizeof(app_pair_t *));
    int i, column;

    for (i = 0; i < pairs->nelts; i++) {
        app_pair_t *pair = &APR_ARRAY_IDX(pairs, i, app_pair_t);

        pair->value = pair->value ? pair->value : "";
        column = rest_job_column(job, pair->key);
        if (column == last->nelts) {
            apr_array_push(last);
        }
        APR_ARRAY_IDX(last, column, app_pair_t *) = pair;
    }
    return last;
}

apr_status_t rest_body_read_form(rest_job_t *job)
{
    const rest_source_t *source = job->source;
    const apr_array_header_t *pairs, *last;
    app_error_t syntax = { .pool = job->pool };
    apr_size_t size = 0;
    rest_rows_t rows;
    int i;

    if (memchr(source->data, '\0', source->len) ||
        app_query_parse(source->data, &pairs, &syntax, job->pool) != APR_SUCCESS) {
        return invalid(job);
    }
    job->body->pairs = pairs;
    last = last_pairs(job, pairs);
    for (i = 0; i < last->nelts; i++) {
        const app_pair_t *pair = APR_ARRAY_IDX(last, i, const app_pair_t *);

        size += rest_rows_size(pair->value, pair->value_len);
    }
    if (rest_rows_open(&rows, job, job->columns, 1, size) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    for (i = 0; i < last->nelts; i++) {
        const app_pair_t *pair = APR_ARRAY_IDX(last, i, const app_pair_t *);

        rest_rows_add(&rows, pair->value, pair->value_len);
    }
    rest_rows_close(&rows);
    return APR_SUCCESS;
}
