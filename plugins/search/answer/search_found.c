/* SPDX-License-Identifier: Apache-2.0 */
/**
 * PostgreSQL: the whole answer in one statement. Thread of the request.
 *
 *     WITH search_found AS MATERIALIZED (rows that fit, up to a bound: key, facets),
 *          search_page AS (of all that fit, if they are not too many to be ranked: key, rank)
 *     SELECT what is shown of the page
 *     UNION ALL SELECT the number of rows found
 *     UNION ALL SELECT the most frequent values of a facet, for each
 *
 * The index is asked twice for words that few rows have, and once for common ones, since ranks
 * need the words of a row, which are long, and cost more to keep than to find again.
 */
#include <stdlib.h>
#include <string.h>

#include "apr_strings.h"

#include "search_answer.h"

/** Columns of the answer. */
enum { ROW, PLACE, KEY, RANK, COUNT, SNIPPETS };

#define TOTAL 0 /* PLACE of the total; above it places in the page, below it facets: -1, -2 … */

/* The statement */

static app_data_query_t found_of(search_work_t *work)
{
    const search_sql_t *sql = &work->sql;
    apr_pool_t *p = work->ask->pool;
    const app_data_query_t found = {
        .before = "WITH search_found AS MATERIALIZED (",
        .columns = apr_pstrcat(p, sql->key, " AS search_key", search_facets(work), NULL),
        .where = sql->where,
        .after = apr_psprintf(p, "LIMIT %" APR_INT64_T_FMT ")", work->ask->conf->count_max + 1)
    };

    return found;
}

static app_data_query_t page_of(const search_work_t *work, const app_data_query_t *found)
{
    const search_sql_t *sql = &work->sql;
    apr_pool_t *p = work->ask->pool;
    int ordered = work->ask->search->data->has_order(work->read);
    const char *where = work->cursor.key ? search_hits_where(work, sql) : sql->where;
    const app_data_query_t page = {
        .first = found,
        .before = ", search_page AS (",
        .columns = apr_psprintf(p, "%s AS search_key, %s AS search_rank", sql->key, sql->rank),
        .where = ordered ? where
                         : apr_psprintf(p, "%s AND (SELECT count(*) FROM search_found) <= %"
                                           APR_INT64_T_FMT, where, work->ask->conf->count_max),
        .ordered = ordered,
        .after = apr_psprintf(p, "%sLIMIT %" APR_INT64_T_FMT " OFFSET %" APR_INT64_T_FMT ")",
                              ordered ? "" : "ORDER BY search_rank DESC, search_key ",
                              work->limit, work->offset)
    };

    return page;
}

/** Behind the rows of the page: their number, and the most frequent values of each facet. */
static const char *counts(const search_work_t *work)
{
    const char *nothing = "";
    app_buf_t buf;
    int i;

    for (i = 0; i < work->nshown; i++) {
        nothing = apr_pstrcat(work->ask->pool, nothing, ", NULL::text", NULL);
    }
    app_buf_init(&buf, work->ask->pool, APR_SIZE_MAX / 2);
    app_buf_addf(&buf, "UNION ALL SELECT NULL, %d, NULL, NULL, count(*)%s FROM search_found",
                 TOTAL, nothing);
    for (i = 0; i < work->nfacets; i++) {
        app_buf_addf(&buf, " UNION ALL SELECT * FROM (SELECT f%d, %d, NULL::text, NULL::float8,"
                           " count(*)%s FROM search_found GROUP BY f%d ORDER BY 5 DESC, 1 LIMIT %"
                           APR_INT64_T_FMT ") search_f%d",
                     i, -1 - i, nothing, i, work->ask->conf->facet_values, i);
    }
    return buf.data;
}

/* The answer */

static void take_hit(search_work_t *work, const app_rows_t *rows, int place)
{
    search_hit_t *hit;

    while (work->hits->nelts < place) {
        memset(apr_array_push(work->hits), 0, sizeof(search_hit_t));
    }
    hit = &APR_ARRAY_IDX(work->hits, place - 1, search_hit_t);
    hit->key = search_kept(rows, KEY, work->ask->pool);
    hit->rank = strtod(app_rows_text(rows, RANK, NULL), NULL);
    search_hit_take(hit, work, rows, SNIPPETS);
}

static apr_status_t read_all(search_work_t *work, app_rows_t *rows, app_error_t *err)
{
    apr_status_t status;

    while ((status = app_rows_next(rows, err)) == APR_SUCCESS) {
        apr_int64_t place = app_rows_int(rows, PLACE);

        if (place > TOTAL) {
            take_hit(work, rows, (int)place);
        }
        else if (place == TOTAL) {
            search_total_set(work, app_rows_int(rows, COUNT));
        }
        else {
            search_facet_add(work, (int)(-1 - place), search_kept(rows, ROW, work->ask->pool),
                             app_rows_int(rows, COUNT));
        }
    }
    return status == APR_EOF ? APR_SUCCESS : status;
}

apr_status_t search_found(search_work_t *work, app_error_t *err)
{
    const search_ask_t *ask = work->ask;
    const search_sql_t *sql = &work->sql;
    const app_data_query_t found = found_of(work), page = page_of(work, &found);
    const char *snippets = search_snippets(work);
    const double given = work->cursor.rank; /* tells among titles and others, if it comes to that */
    app_value_t params[SEARCH_PARAMS + 2];
    app_data_query_t query = {
        .first = &page,
        .row = 1,
        .columns = apr_psprintf(ask->pool, "search_place, %s::text, search_rank, NULL::bigint%s",
                                sql->key, snippets),
        .join = apr_psprintf(ask->pool, "JOIN (SELECT *, row_number() OVER () AS search_place FROM"
                                        " search_page) search_page ON search_key = %s", sql->key),
        .after = counts(work),
        .params = params
    };
    app_rows_t *rows;

    if (work->cursor.key && search_cursor_place(work, sql, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    query.nparams = search_hits_params(params, work, sql, work->cursor.key != NULL);
    if (ask->search->data->query(work->read, &query, &rows, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    work->cursor.rank = given;
    return read_all(work, rows, err);
}
