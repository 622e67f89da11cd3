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

/** What is not ranked has no use for the text in $2: the cursor's key stands there. */
static const char *where_of(const search_work_t *work, const part_t *part)
{
    const search_sql_t *sql = &part->sql;

    if (!part->behind) {
        return sql->where;
    }
    return sql->ranked ? apr_psprintf(work->ask->pool,
                                      "%s AND (%s < $4 OR (%s = $4 AND %s > $3))", sql->where,
                                      sql->rank, sql->rank, sql->key)
                       : apr_psprintf(work->ask->pool, "%s AND %s > $2", sql->where, sql->key);
}

static apr_status_t find(search_work_t *work, const part_t *part, app_error_t *err)
{
    const search_ask_t *ask = work->ask;
    const app_data_service_t *data = ask->search->data;
    const search_sql_t *sql = &part->sql;
    int ordered = data->has_order(work->read);
    const app_value_t key = search_cursor_key(work);
    const app_value_t params[] = { sql->params[0], sql->ranked ? sql->params[1] : key, key,
                                   { .type = APP_VALUE_REAL, .real = work->cursor.rank } };
    const app_data_query_t query = {
        .columns = apr_psprintf(ask->pool, "%s AS search_key, %s AS search_rank", sql->key,
                                sql->rank),
        .join = sql->join,
        .where = where_of(work, part),
        .ordered = ordered,
        .after = apr_psprintf(ask->pool, "%sLIMIT %" APR_INT64_T_FMT " OFFSET %" APR_INT64_T_FMT,
                              ordered       ? ""
                              : sql->ranked ? "ORDER BY search_rank DESC, search_key "
                                            : "ORDER BY search_key ",
                              part->limit, part->offset),
        .params = params,
        .nparams = 1 + sql->ranked + (part->behind ? 1 + sql->ranked : 0)
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

/** @param operator between the query and the same query looked for in titles alone */
static apr_status_t make_part(part_t *part, const search_work_t *work, const char *operator,
                              app_error_t *err)
{
    const search_query_t *query = work->ask->query;

    return search_sql_make(&part->sql, work->ask,
                           apr_pstrcat(work->ask->pool, "(", query->tsquery, ") ", operator, " (",
                                       query->in_title, ")", NULL), work->read, err);
}

static apr_status_t count_part(apr_int64_t *pcount, const search_work_t *work, const part_t *part,
                               app_error_t *err)
{
    const app_data_query_t query = { .columns = "count(*)",
                                     .join = part->sql.join,
                                     .where = part->sql.where,
                                     .params = part->sql.params,
                                     .nparams = 1 };
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
    apr_status_t status = make_part(&titles, work, "&", err);
    int among_others = work->cursor.key && work->cursor.rank <= 0;

    if (status == APR_SUCCESS) {
        status = make_part(&others, work, "& !", err);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    others.sql.rank = "0.0";
    others.sql.ranked = 0;
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

    return work->estimated && work->ask->query->in_title && work->sql.ranked &&
                   !work->ask->search->data->has_order(work->read)
               ? find_titles_first(work, err)
               : find_part(work, &whole, err);
}
