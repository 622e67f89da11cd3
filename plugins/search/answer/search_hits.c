/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Keys and ranks of a page. A rank is computed for every row that fits, of which a common word has
 * a great many: then the rows with the words in their titles are ranked, and all others follow as
 * they come. Thread of the request.
 */
#include <stdlib.h>
#include <string.h>

#include "apr_strings.h"

#include "search_answer.h"

/** A part of the rows that fit, and the window on it. */
typedef struct part_t {
    search_sql_t sql;
    apr_int64_t  limit, offset;
    int          behind; /* the cursor's row is one of these */
} part_t;

static apr_status_t read_hits(search_work_t *work, app_rows_t *rows, app_error_t *err)
{
    apr_pool_t *p = work->ask->pool;
    apr_status_t status;

    while ((status = app_rows_next(rows, err)) == APR_SUCCESS) {
        search_hit_t *hit = apr_array_push(work->hits);

        memset(hit, 0, sizeof(*hit));
        hit->key = apr_pstrdup(p, app_rows_text(rows, 0, NULL));
        hit->rank = strtod(app_rows_text(rows, 1, NULL), NULL);
    }
    return status == APR_EOF ? APR_SUCCESS : status;
}

const char *search_hits_where(const search_work_t *work, const search_sql_t *sql)
{
    int n = sql->nparams;

    return sql->ranked ? apr_psprintf(work->ask->pool,
                                      "%s AND (%s < $%d OR (%s = $%d AND %s > $%d))", sql->where,
                                      sql->rank, n + 2, sql->rank, n + 2, sql->key, n + 1)
                       : apr_psprintf(work->ask->pool, "%s AND %s > $%d", sql->where, sql->key,
                                      n + 1);
}

int search_hits_params(app_value_t params[SEARCH_PARAMS + 2], const search_work_t *work,
                       const search_sql_t *sql, int behind)
{
    int n = sql->nparams;

    memcpy(params, sql->params, sizeof(*params) * SEARCH_PARAMS);
    if (behind) {
        params[n++] = search_cursor_key(work);
    }
    if (behind && sql->ranked) {
        params[n++] = (app_value_t){ .type = APP_VALUE_REAL, .real = work->cursor.rank };
    }
    return n;
}

static apr_status_t find(search_work_t *work, const part_t *part, app_error_t *err)
{
    const search_ask_t *ask = work->ask;
    const app_data_service_t *data = ask->search->data;
    const search_sql_t *sql = &part->sql;
    int ordered = data->has_order(work->read);
    app_value_t params[SEARCH_PARAMS + 2];
    const app_data_query_t query = {
        .columns = apr_psprintf(ask->pool, "%s AS search_key, %s AS search_rank", sql->key,
                                sql->rank),
        .join = sql->join,
        .where = part->behind ? search_hits_where(work, sql) : sql->where,
        .ordered = ordered,
        .after = apr_psprintf(ask->pool, "%sLIMIT %" APR_INT64_T_FMT " OFFSET %" APR_INT64_T_FMT,
                              ordered       ? ""
                              : sql->ranked ? "ORDER BY search_rank DESC, search_key "
                                            : "ORDER BY search_key ",
                              part->limit, part->offset),
        .params = params,
        .nparams = search_hits_params(params, work, sql, part->behind)
    };
    app_rows_t *rows;

    return data->query(work->read, &query, &rows, err) == APR_SUCCESS
               ? read_hits(work, rows, err)
               : APP_EFAIL;
}

static apr_status_t find_part(search_work_t *work, const part_t *part, app_error_t *err)
{
    if (part->behind && search_cursor_place(work, &part->sql, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return find(work, part, err);
}

/* Titles first */

static apr_status_t count_part(apr_int64_t *pcount, const search_work_t *work, const part_t *part,
                               app_error_t *err)
{
    const app_data_query_t query = { .columns = "count(*)",
                                     .join = part->sql.join,
                                     .where = part->sql.where,
                                     .params = part->sql.params,
                                     .nparams = part->sql.nwhere };
    app_rows_t *rows;

    if (work->ask->search->data->query(work->read, &query, &rows, err) != APR_SUCCESS ||
        app_rows_next(rows, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    *pcount = app_rows_int(rows, 0);
    return APR_SUCCESS;
}

/** How many of the others stand in front of the window, where that begins among them. */
static apr_status_t skip_titles(part_t *others, const search_work_t *work, const part_t *titles,
                                app_error_t *err)
{
    apr_int64_t count;

    if (!work->offset || work->hits->nelts) {
        return APR_SUCCESS;
    }
    if (count_part(&count, work, titles, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    others->offset = work->offset > count ? work->offset - count : 0;
    return APR_SUCCESS;
}

static apr_status_t find_titles_first(search_work_t *work, app_error_t *err)
{
    part_t titles = { .limit = work->limit, .offset = work->offset }, others = titles;
    apr_status_t status = search_sql_make(&titles.sql, work->ask, SEARCH_TITLES, work->read, err);
    int among_others = work->cursor.key && work->cursor.rank <= 0;

    if (status == APR_SUCCESS) {
        status = search_sql_make(&others.sql, work->ask, SEARCH_OTHERS, work->read, err);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    others.offset = 0;
    titles.behind = work->cursor.key && !among_others;
    others.behind = among_others;
    if (!among_others && (find_part(work, &titles, err) != APR_SUCCESS ||
                          skip_titles(&others, work, &titles, err) != APR_SUCCESS)) {
        return APP_EFAIL;
    }
    others.limit = work->limit - work->hits->nelts;
    return others.limit > 0 ? find_part(work, &others, err) : APR_SUCCESS;
}

apr_status_t search_hits(search_work_t *work, app_error_t *err)
{
    const part_t whole = { .sql = work->sql, .limit = work->limit, .offset = work->offset,
                           .behind = work->cursor.key != NULL };

    return search_by_titles(work) ? find_titles_first(work, err) : find_part(work, &whole, err);
}
