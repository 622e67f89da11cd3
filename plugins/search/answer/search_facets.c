/* SPDX-License-Identifier: Apache-2.0 */
/** The facets whose columns the caller may read, and their values. Thread of the request. */
#include "apr_strings.h"

#include "search_answer.h"

const char *search_facets(search_work_t *work)
{
    const search_ask_t *ask = work->ask;
    const search_collection_t *collection = ask->collection;
    app_buf_t buf;
    int i;

    app_buf_init(&buf, ask->pool, APR_SIZE_MAX / 2);
    app_buf_adds(&buf, "");
    work->values = apr_array_make(ask->pool, 16, sizeof(search_value_t));
    work->facets = apr_pcalloc(ask->pool, sizeof(int) * (apr_size_t)(collection->nfacets + 1));
    work->nfacets = 0;
    for (i = 0; i < collection->nfacets; i++) {
        app_error_t ignored = { .pool = ask->pool };
        const char *column;

        if (ask->search->data->column(work->read, collection->facets[i], &column, &ignored) ==
            APR_SUCCESS) {
            app_buf_addf(&buf, ", CAST(%s AS text) AS f%d", column, work->nfacets);
            work->facets[work->nfacets++] = i;
        }
    }
    return buf.data;
}

void search_facet_add(search_work_t *work, int facet, const char *text, apr_int64_t count)
{
    search_value_t *value = apr_array_push(work->values);

    value->facet = work->facets[facet];
    value->text = text;
    value->count = count;
}

void search_total_set(search_work_t *work, apr_int64_t total)
{
    const apr_int64_t most = work->ask->conf->count_max;

    work->estimated = total > most;
    work->total = work->estimated ? most : total;
}

const char *search_kept(const app_rows_t *rows, int column, apr_pool_t *p)
{
    apr_size_t len;
    const char *text = app_rows_text(rows, column, &len);

    return text ? apr_pstrmemdup(p, text, len) : NULL;
}
