/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Titles that go on as what was typed, while it is typed: first those that begin with it, by an
 * index in their order, then those that hold its words, the last one as a beginning. Thread of the
 * request.
 */
#include <string.h>

#include "apr_strings.h"

#include "search_answer.h"

#define WORDS_READ "200" /* rows that hold the words, of which the shortest titles are taken */

typedef struct titles_t {
    const search_ask_t *ask;
    app_data_read_t    *read;
    const char         *title; /* the column as SQL */
    apr_array_header_t *found; /* of const char * */
    apr_int64_t         limit;
} titles_t;

static int is_known(const titles_t *titles, const char *title)
{
    int i;

    for (i = 0; i < titles->found->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(titles->found, i, const char *), title) == 0) {
            return 1;
        }
    }
    return 0;
}

static apr_status_t take(titles_t *titles, const app_data_query_t *query, app_error_t *err)
{
    app_rows_t *rows;
    apr_status_t status;

    if (titles->ask->search->data->query(titles->read, query, &rows, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    while ((status = app_rows_next(rows, err)) == APR_SUCCESS) {
        const char *title = app_rows_text(rows, 0, NULL);

        if (title && titles->found->nelts < titles->limit && !is_known(titles, title)) {
            APR_ARRAY_PUSH(titles->found, const char *) = apr_pstrdup(titles->ask->pool, title);
        }
    }
    return status == APR_EOF ? APR_SUCCESS : status;
}

/**
 * Between the text and the text with the last character that there is behind it. The subselects
 * keep both from PostgreSQL's planner, which would plan anew for each text otherwise.
 */
static apr_status_t take_beginning(titles_t *titles, app_error_t *err)
{
    const search_ask_t *ask = titles->ask;
    apr_pool_t *p = ask->pool;
    int lite = ask->search->kind == APP_DB_SQLITE;
    const char *low = apr_psprintf(p, lite ? "lower(%s)" : "lower(%s) COLLATE \"C\"",
                                   titles->title);
    const char *text = search_lowered(ask->query->text, p);
    const app_value_t params[] = { search_text(text),
                                   search_text(apr_pstrcat(p, text, "\xf4\x8f\xbf\xbf", NULL)) };
    const app_data_query_t query = {
        .columns = titles->title,
        .where = apr_psprintf(p, lite ? "%s >= $1 AND %s < $2"
                                      : "%s >= (SELECT $1::text) AND %s < (SELECT $2::text)",
                              low, low),
        .after = apr_psprintf(p, "ORDER BY %s LIMIT %" APR_INT64_T_FMT, low, titles->limit),
        .params = params,
        .nparams = 2
    };

    return take(titles, &query, err);
}

static apr_status_t take_words(titles_t *titles, app_error_t *err)
{
    const search_ask_t *ask = titles->ask;
    search_sql_t sql;
    apr_status_t status = search_sql_make(&sql, ask, SEARCH_BY_TITLE, titles->read, err);
    const app_data_query_t query = {
        .before = "SELECT search_title FROM (",
        .columns = apr_pstrcat(ask->pool, titles->title, " AS search_title", NULL),
        .join = sql.join,
        .where = sql.where,
        .after = apr_psprintf(ask->pool, "LIMIT " WORDS_READ ") search_found ORDER BY"
                                         " length(search_title), search_title"
                                         " LIMIT %" APR_INT64_T_FMT,
                              titles->limit),
        .params = sql.params,
        .nparams = sql.nwhere,
        .flags = APP_QUERY_LAST
    };

    if (status != APR_SUCCESS) {
        return status == APR_NOTFOUND ? APR_SUCCESS : status;
    }
    return take(titles, &query, err);
}

static apr_status_t answer(void *ctx, app_data_read_t *read, app_error_t *err)
{
    titles_t *titles = ctx;
    apr_int64_t offset;

    titles->read = read;
    titles->found = apr_array_make(titles->ask->pool, 16, sizeof(const char *));
    titles->ask->search->data->window(read, &titles->limit, &offset);
    if (titles->limit < 0 || titles->limit > titles->ask->conf->limit) {
        titles->limit = titles->ask->conf->limit;
    }
    if (!*titles->ask->query->text) {
        return APR_SUCCESS;
    }
    if (titles->ask->search->data->column(read, titles->ask->collection->title, &titles->title,
                                          err) != APR_SUCCESS ||
        take_beginning(titles, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return titles->found->nelts < titles->limit ? take_words(titles, err) : APR_SUCCESS;
}

apr_status_t search_suggest(const search_ask_t *ask, app_buf_t *buf, app_error_t *err)
{
    const char *const tables[] = { search_index(ask->collection, "", ask->pool),
                                   search_index(ask->collection, "_like", ask->pool), NULL };
    const app_data_ask_t asked = { ask->collection->schema, ask->collection->relation, ask->rows,
                                   tables };
    titles_t titles = { .ask = ask };
    int i;

    if (ask->search->data->read(ask->search->owner, ask->r, ask->res, &asked, answer, &titles,
                                err) != APP_DONE) {
        return APP_EFAIL;
    }
    app_buf_addc(buf, '[');
    for (i = 0; i < titles.found->nelts; i++) {
        const char *title = APR_ARRAY_IDX(titles.found, i, const char *);

        app_buf_adds(buf, i ? "," : "");
        app_buf_add_json(buf, title, strlen(title));
    }
    app_buf_addc(buf, ']');
    search_rows_count(ask, titles.found->nelts);
    return APR_SUCCESS;
}
