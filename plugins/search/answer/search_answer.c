/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The answer of one collection: how many rows fit, what they have in common, and a page of them.
 * SQLite is asked for each in turn, and for what is shown at last, so that no row is made that is
 * not shown. PostgreSQL is asked for all in one statement, unless a common word makes it look into
 * titles first. Thread of the request.
 */
#include <string.h>

#include "apr_strings.h"

#include "search_answer.h"

#define HITS_FIRST 32

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

int search_by_titles(const search_work_t *work)
{
    return work->estimated && work->sql.ranked &&
           !work->ask->search->data->has_order(work->read);
}

static apr_status_t find_all(search_work_t *work, app_error_t *err)
{
    int lite = work->ask->search->kind == APP_DB_SQLITE;

    if ((lite ? search_count(work, err) : search_found(work, err)) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (!lite && !search_by_titles(work)) {
        return APR_SUCCESS;
    }
    return search_hits(work, err) == APR_SUCCESS ? search_rows(work, err) : APP_EFAIL;
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
    status = search_sql_make(&work->sql, ask, SEARCH_ALL, read, err);
    if (status == APR_NOTFOUND) {
        return APR_SUCCESS;
    }
    if (status != APR_SUCCESS || find_all(work, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    work->next = search_cursor_next(work);
    return work->total ? APR_SUCCESS : search_correct(work, err);
}

void search_rows_count(const search_ask_t *ask, int count)
{
    apr_int64_t before = app_request_figures(ask->r)->rows;

    app_request_rows_set(ask->r, (before > 0 ? before : 0) + count);
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
    search_rows_count(ask, work.hits->nelts);
    return APR_SUCCESS;
}
