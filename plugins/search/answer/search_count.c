/* SPDX-License-Identifier: Apache-2.0 */
/**
 * How many rows fit, and how many of them have which value of a facet: one pass over them, up to a
 * bound. What lies behind it is not counted, and the answer says so. Thread of the request.
 */
#include "apr_strings.h"

#include "search_answer.h"

/** The facets whose columns the caller may read, as columns f0, f1 … */
static const char *facet_columns(search_work_t *work, int *facets, int *pcount)
{
    const search_ask_t *ask = work->ask;
    const search_collection_t *collection = ask->collection;
    app_buf_t buf;
    int i;

    app_buf_init(&buf, ask->pool, APR_SIZE_MAX / 2);
    app_buf_adds(&buf, "1 AS n");
    for (i = 0; i < collection->nfacets; i++) {
        app_error_t ignored = { .pool = ask->pool };
        const char *column;

        if (ask->search->data->column(work->read, collection->facets[i], &column, &ignored) ==
            APR_SUCCESS) {
            app_buf_addf(&buf, ", %s AS f%d", column, *pcount);
            facets[(*pcount)++] = i;
        }
    }
    return buf.data;
}

/** Behind the rows: their number, and the most frequent values of each facet. */
static const char *counts(const search_work_t *work, int nfacets)
{
    const search_conf_t *conf = work->ask->conf;
    app_buf_t buf;
    int i;

    app_buf_init(&buf, work->ask->pool, APR_SIZE_MAX / 2);
    app_buf_addf(&buf, "LIMIT %" APR_INT64_T_FMT ") SELECT -1 AS facet, NULL AS value, count(*)"
                       " AS n FROM search_found", conf->count_max + 1);
    for (i = 0; i < nfacets; i++) {
        app_buf_addf(&buf, " UNION ALL SELECT * FROM (SELECT %d, CAST(f%d AS text), count(*) FROM"
                           " search_found GROUP BY f%d ORDER BY 3 DESC, 2 LIMIT %" APR_INT64_T_FMT
                           ") search_f%d", i, i, i, conf->facet_values, i);
    }
    return buf.data;
}

static apr_status_t read_counts(search_work_t *work, app_rows_t *rows, const int *facets,
                                app_error_t *err)
{
    apr_pool_t *p = work->ask->pool;
    apr_status_t status;

    work->values = apr_array_make(p, 16, sizeof(search_value_t));
    while ((status = app_rows_next(rows, err)) == APR_SUCCESS) {
        apr_int64_t facet = app_rows_int(rows, 0);

        if (facet < 0) {
            work->total = app_rows_int(rows, 2);
        }
        else {
            search_value_t *value = apr_array_push(work->values);
            const char *text = app_rows_text(rows, 1, NULL);

            value->facet = facets[facet];
            value->text = text ? apr_pstrdup(p, text) : NULL;
            value->count = app_rows_int(rows, 2);
        }
    }
    if (work->total > work->ask->conf->count_max) {
        work->total = work->ask->conf->count_max;
        work->estimated = 1;
    }
    return status == APR_EOF ? APR_SUCCESS : status;
}

apr_status_t search_count(search_work_t *work, app_error_t *err)
{
    const search_ask_t *ask = work->ask;
    const search_sql_t *sql = &work->sql;
    int *facets = apr_pcalloc(ask->pool, sizeof(int) * (apr_size_t)(ask->collection->nfacets + 1));
    int nfacets = 0;
    const char *columns = facet_columns(work, facets, &nfacets);
    const app_data_query_t query = { .before = "WITH search_found AS MATERIALIZED (",
                                     .columns = columns,
                                     .join = sql->join,
                                     .where = sql->where,
                                     .after = counts(work, nfacets),
                                     .params = sql->params,
                                     .nparams = 1 };
    app_rows_t *rows;

    return ask->search->data->query(work->read, &query, &rows, err) == APR_SUCCESS
               ? read_counts(work, rows, facets, err)
               : APP_EFAIL;
}
