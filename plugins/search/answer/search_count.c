/* SPDX-License-Identifier: Apache-2.0 */
/**
 * SQLite: how many rows fit, and how many of them have which value of a facet: one pass over them,
 * up to a bound. What lies behind it is not counted, and the answer says so. Counting here costs
 * half of what GROUP BY does, which sorts. Thread of the request.
 */
#include <stdlib.h>
#include <string.h>

#include "apr_hash.h"
#include "apr_strings.h"

#include "search_answer.h"

typedef struct tally_t {
    const char *text; /* NULL: rows without a value */
    apr_int64_t count;
} tally_t;

/** The values of one facet. */
typedef struct tallies_t {
    apr_hash_t *by_text;
    tally_t     none; /* rows without a value */
} tallies_t;

static void tally(tallies_t *tallies, const app_rows_t *rows, int column, apr_pool_t *p)
{
    apr_size_t len = 0;
    const char *text = app_rows_text(rows, column, &len);
    tally_t *found = text ? apr_hash_get(tallies->by_text, text, (apr_ssize_t)len)
                          : &tallies->none;

    if (!found) {
        found = apr_pcalloc(p, sizeof(*found));
        found->text = apr_pstrmemdup(p, text, len);
        apr_hash_set(tallies->by_text, found->text, (apr_ssize_t)len, found);
    }
    found->count++;
}

/** The most frequent first; of equals those without a value, then by text. */
static int compare(const void *left, const void *right)
{
    const tally_t *a = *(const tally_t *const *)left, *b = *(const tally_t *const *)right;

    if (a->count != b->count) {
        return a->count < b->count ? 1 : -1;
    }
    return !a->text || !b->text ? (a->text != NULL) - (b->text != NULL) : strcmp(a->text, b->text);
}

static void take_most(search_work_t *work, int facet, tallies_t *tallies)
{
    apr_pool_t *p = work->ask->pool;
    apr_array_header_t *all = apr_array_make(p, 32, sizeof(const tally_t *));
    apr_hash_index_t *at;
    int i;

    for (at = apr_hash_first(p, tallies->by_text); at; at = apr_hash_next(at)) {
        APR_ARRAY_PUSH(all, const tally_t *) = apr_hash_this_val(at);
    }
    if (tallies->none.count) {
        APR_ARRAY_PUSH(all, const tally_t *) = &tallies->none;
    }
    qsort(all->elts, (size_t)all->nelts, sizeof(const tally_t *), compare);
    for (i = 0; i < all->nelts && i < work->ask->conf->facet_values; i++) {
        const tally_t *each = APR_ARRAY_IDX(all, i, const tally_t *);

        search_facet_add(work, facet, each->text, each->count);
    }
}

static apr_status_t read_all(search_work_t *work, app_rows_t *rows, app_error_t *err)
{
    apr_pool_t *p = work->ask->pool;
    tallies_t *tallies = apr_pcalloc(p, sizeof(*tallies) * (apr_size_t)(work->nfacets + 1));
    apr_int64_t total = 0;
    apr_status_t status;
    int i;

    for (i = 0; i < work->nfacets; i++) {
        tallies[i].by_text = apr_hash_make(p);
    }
    while ((status = app_rows_next(rows, err)) == APR_SUCCESS) {
        total++;
        for (i = 0; i < work->nfacets; i++) {
            tally(&tallies[i], rows, 1 + i, p);
        }
    }
    search_total_set(work, total);
    for (i = 0; i < work->nfacets; i++) {
        take_most(work, i, &tallies[i]);
    }
    return status == APR_EOF ? APR_SUCCESS : status;
}

apr_status_t search_count(search_work_t *work, app_error_t *err)
{
    const search_ask_t *ask = work->ask;
    const search_sql_t *sql = &work->sql;
    const app_data_query_t query = {
        .columns = apr_pstrcat(ask->pool, "NULL", search_facets(work), NULL),
        .join = sql->join,
        .where = sql->where,
        .after = apr_psprintf(ask->pool, "LIMIT %" APR_INT64_T_FMT, ask->conf->count_max + 1),
        .params = sql->params,
        .nparams = sql->nwhere,
        .flags = APP_QUERY_STREAM
    };
    app_rows_t *rows;

    return ask->search->data->query(work->read, &query, &rows, err) == APR_SUCCESS
               ? read_all(work, rows, err)
               : APP_EFAIL;
}
