/* SPDX-License-Identifier: Apache-2.0 */
/** What is shown of the hits of a page: their rows, and snippets of them. Thread of the request. */
#include <string.h>

#include "apr_strings.h"

#include "search_answer.h"

static search_hit_t *hit_of(const search_work_t *work, const char *key)
{
    int i;

    for (i = 0; i < work->hits->nelts; i++) {
        search_hit_t *hit = &APR_ARRAY_IDX(work->hits, i, search_hit_t);

        if (strcmp(hit->key, key) == 0) {
            return hit;
        }
    }
    return NULL;
}

void search_hit_take(search_hit_t *hit, const search_work_t *work, const app_rows_t *rows,
                     int column)
{
    apr_pool_t *p = work->ask->pool;
    int i;

    hit->row = search_kept(rows, 0, p);
    hit->snippets = apr_pcalloc(p, sizeof(char *) * (apr_size_t)work->nshown);
    for (i = 0; i < work->nshown; i++) {
        hit->snippets[i] = search_kept(rows, column + i, p);
    }
}

static apr_status_t read_rows(search_work_t *work, app_rows_t *rows, app_error_t *err)
{
    apr_status_t status;

    while ((status = app_rows_next(rows, err)) == APR_SUCCESS) {
        search_hit_t *hit = hit_of(work, app_rows_text(rows, 1, NULL));

        if (hit) {
            search_hit_take(hit, work, rows, 2);
        }
    }
    return status == APR_EOF ? APR_SUCCESS : status;
}

const char *search_snippets(search_work_t *work)
{
    const search_ask_t *ask = work->ask;
    const search_collection_t *collection = ask->collection;
    app_buf_t buf;
    int i;

    app_buf_init(&buf, ask->pool, APR_SIZE_MAX / 2);
    work->nshown = 0;
    work->shown = apr_pcalloc(ask->pool, sizeof(int) * (apr_size_t)collection->ncolumns);
    for (i = 0; i < collection->ncolumns; i++) {
        app_error_t ignored = { .pool = ask->pool };
        const char *column;

        if (ask->search->data->column(work->read, collection->columns[i].name, &column,
                                      &ignored) == APR_SUCCESS) {
            app_buf_addf(&buf, ", %s", search_sql_snippet(&work->sql, ask, i, column));
            work->shown[work->nshown++] = i;
        }
    }
    return buf.len ? buf.data : "";
}

/** The keys as a JSON array on SQLite, as an array literal on PostgreSQL. */
static const char *keys_of(const search_work_t *work)
{
    int lite = work->ask->search->kind == APP_DB_SQLITE, i;
    app_buf_t buf;

    app_buf_init(&buf, work->ask->pool, APR_SIZE_MAX / 2);
    app_buf_addc(&buf, lite ? '[' : '{');
    for (i = 0; i < work->hits->nelts; i++) {
        const char *key = APR_ARRAY_IDX(work->hits, i, search_hit_t).key;

        app_buf_adds(&buf, i ? "," : "");
        if (lite) {
            app_buf_adds(&buf, key);
        }
        else { /* a JSON string without control characters is one of an array literal, too */
            app_buf_add_json(&buf, key, strlen(key));
        }
    }
    app_buf_addc(&buf, lite ? ']' : '}');
    return buf.data;
}

/**
 * SQLite: where few rows fit they are gone through once more; where many do, each hit is sought in
 * the index, which costs more for each. PostgreSQL finds rows by their keys.
 */
static const char *lite_where(const search_work_t *work)
{
    return apr_psprintf(work->ask->pool, "%s AND %s%s IN (SELECT value FROM json_each($2))",
                        work->sql.where, work->estimated ? "" : "+", work->sql.key);
}

apr_status_t search_rows(search_work_t *work, app_error_t *err)
{
    const search_ask_t *ask = work->ask;
    const search_sql_t *sql = &work->sql;
    const app_value_t params[] = { sql->params[0], search_text(keys_of(work)) };
    const app_data_query_t query = {
        .row = 1,
        .columns = apr_pstrcat(ask->pool, sql->key, search_snippets(work), NULL),
        .join = sql->join,
        .where = ask->search->kind == APP_DB_SQLITE
                     ? lite_where(work)
                     : apr_pstrcat(ask->pool, sql->key, " = ANY ($2)", NULL),
        .params = params,
        .nparams = 2,
        .flags = APP_QUERY_LAST
    };
    app_rows_t *rows;

    if (!work->hits->nelts) {
        return APR_SUCCESS;
    }
    return ask->search->data->query(work->read, &query, &rows, err) == APR_SUCCESS
               ? read_rows(work, rows, err)
               : APP_EFAIL;
}
