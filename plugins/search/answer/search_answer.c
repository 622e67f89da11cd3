/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The answer of one collection: how many rows fit, what they have in common, and a page of them.
 * First keys and ranks of the page are asked for, then what is to be shown of these rows, so that
 * no row is made that is not shown. Thread of the request.
 */
#include <string.h>

#include "apr_strings.h"

#include "search_answer.h"

#define HITS_FIRST 32

/* What is shown of them */

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

static const char *kept(const app_rows_t *rows, int column, apr_pool_t *p)
{
    apr_size_t len;
    const char *text = app_rows_text(rows, column, &len);

    return text ? apr_pstrmemdup(p, text, len) : NULL;
}

static apr_status_t read_rows(search_work_t *work, app_rows_t *rows, app_error_t *err)
{
    apr_pool_t *p = work->ask->pool;
    apr_status_t status;

    while ((status = app_rows_next(rows, err)) == APR_SUCCESS) {
        search_hit_t *hit = hit_of(work, app_rows_text(rows, 1, NULL));
        int i;

        if (!hit) {
            continue;
        }
        hit->row = kept(rows, 0, p);
        hit->snippets = apr_pcalloc(p, sizeof(char *) * (apr_size_t)work->nshown);
        for (i = 0; i < work->nshown; i++) {
            hit->snippets[i] = kept(rows, 2 + i, p);
        }
    }
    return status == APR_EOF ? APR_SUCCESS : status;
}

/** The columns whose snippets the caller may see, as SQL. */
static const char *snippets(search_work_t *work)
{
    const search_ask_t *ask = work->ask;
    const search_collection_t *collection = ask->collection;
    app_buf_t buf;
    int i;

    app_buf_init(&buf, ask->pool, APR_SIZE_MAX / 2);
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

static apr_status_t fetch_rows(search_work_t *work, app_error_t *err)
{
    const search_ask_t *ask = work->ask;
    const search_sql_t *sql = &work->sql;
    int lite = ask->search->kind == APP_DB_SQLITE;
    const char *cut = snippets(work);
    const app_value_t params[] = { sql->params[0], search_text(keys_of(work)) };
    const app_data_query_t query = {
        .row = 1,
        .columns = apr_pstrcat(ask->pool, sql->key, cut, NULL),
        .join = sql->join,
        .where = apr_psprintf(ask->pool, lite ? "%s AND %s IN (SELECT value FROM json_each($2))"
                                              : "%s AND %s = ANY ($2)",
                              sql->where, sql->key),
        .params = params,
        .nparams = 2
    };
    app_rows_t *rows;

    if (!work->hits->nelts) {
        return APR_SUCCESS;
    }
    return ask->search->data->query(work->read, &query, &rows, err) == APR_SUCCESS
               ? read_rows(work, rows, err)
               : APP_EFAIL;
}

/* The whole */

static void take_window(search_work_t *work)
{
    const search_conf_t *conf = work->ask->conf;

    work->ask->search->data->window(work->read, &work->limit, &work->offset);
    if (work->limit < 0) {
        work->limit = conf->limit;
    }
    if (work->limit > conf->limit_max) {
        work->limit = conf->limit_max;
    }
}

static apr_status_t answer(void *ctx, app_data_read_t *read, app_error_t *err)
{
    search_work_t *work = ctx;
    const search_ask_t *ask = work->ask;
    apr_status_t status;

    memset(work, 0, sizeof(*work));
    work->ask = ask;
    work->read = read;
    take_window(work);
    if (search_cursor_read(work, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    work->hits = apr_array_make(ask->pool, HITS_FIRST, sizeof(search_hit_t));
    status = search_sql_make(&work->sql, ask, ask->query->tsquery, read, err);
    if (status == APR_NOTFOUND) {
        return APR_SUCCESS;
    }
    if (status != APR_SUCCESS ||
        search_count(work, err) != APR_SUCCESS || search_hits(work, err) != APR_SUCCESS ||
        fetch_rows(work, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    work->next = search_cursor_next(work);
    return work->total ? APR_SUCCESS : search_correct(work, err);
}

apr_status_t search_answer(const search_ask_t *ask, app_buf_t *buf, app_error_t *err)
{
    const char *const tables[] = { search_index(ask->collection, "", ask->pool),
                                   search_index(ask->collection, "_like", ask->pool), NULL };
    const app_data_ask_t asked = { ask->collection->schema, ask->collection->relation, ask->rows,
                                   tables };
    search_work_t work = { .ask = ask };

    if (ask->search->data->read(ask->search->owner, ask->r, ask->res, &asked, answer, &work,
                                err) != APP_DONE) {
        return APP_EFAIL;
    }
    search_write(&work, buf);
    return APR_SUCCESS;
}
