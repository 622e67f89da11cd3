/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Cursors: rank and key of the last row of a page. Ranks shift while rows are added; so the row's
 * rank is asked for anew, and the one in the cursor counts only where the row is gone. Thread of
 * the request.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "apr_encode.h"
#include "apr_strings.h"

#include "search_answer.h"

#define CURSOR_MAX 1024

static apr_status_t refuse(app_error_t *err)
{
    app_fail(err, APP_E_BAD_REQUEST, "\"cursor\" is none that an answer gave");
    return app_hint(err, "Take it from \"next\" of the page before, or leave it out.");
}

apr_status_t search_cursor_read(search_work_t *work, app_error_t *err)
{
    const char *given = work->ask->cursor, *text;
    apr_size_t len = given ? strlen(given) : 0;
    char *end;

    if (!len) {
        return APR_SUCCESS;
    }
    if (work->ask->search->data->has_order(work->read)) {
        app_fail(err, APP_E_BAD_REQUEST, "\"cursor\" is for the order by rank, not for \"order\"");
        return app_hint(err, "Ask for further pages by \"offset\".");
    }
    if (len > CURSOR_MAX || strspn(given, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                          "0123456789-_") != len) {
        return refuse(err);
    }
    text = apr_pdecode_base64(work->ask->pool, given, (apr_ssize_t)len, APR_ENCODE_NONE, &len);
    if (!text || strlen(text) != len || !app_utf8_valid(text, len)) {
        return refuse(err);
    }
    work->cursor.rank = strtod(text, &end);
    if (end == text || *end != ' ' || !end[1] || !isfinite(work->cursor.rank)) {
        return refuse(err);
    }
    work->cursor.key = end + 1;
    return APR_SUCCESS;
}

app_value_t search_cursor_key(const search_work_t *work)
{
    return search_text(work->cursor.key ? work->cursor.key : "");
}

apr_status_t search_cursor_place(search_work_t *work, const search_sql_t *sql, app_error_t *err)
{
    apr_pool_t *p = work->ask->pool;
    app_value_t params[SEARCH_PARAMS + 2];
    int n = sql->nparams;
    const app_data_query_t query = { .columns = sql->rank,
                                     .join = sql->join,
                                     .where = apr_psprintf(p, "%s AND %s = $%d", sql->where,
                                                           sql->key, n + 1),
                                     .params = params,
                                     .nparams = n + 1 };
    app_rows_t *rows;
    apr_status_t status;

    if (!sql->ranked) {
        return APR_SUCCESS;
    }
    memcpy(params, sql->params, sizeof(sql->params));
    params[n] = search_cursor_key(work);
    if (work->ask->search->data->query(work->read, &query, &rows, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if ((status = app_rows_next(rows, err)) == APR_SUCCESS) {
        work->cursor.rank = strtod(app_rows_text(rows, 0, NULL), NULL);
    }
    return status == APR_EOF ? APR_SUCCESS : status;
}

/** A page that is not full is the last one; and rows in another order have no cursor. */
const char *search_cursor_next(const search_work_t *work)
{
    apr_pool_t *p = work->ask->pool;
    int n = work->hits->nelts;
    const search_hit_t *last;
    const char *text;

    if (!n || n < work->limit || work->ask->search->data->has_order(work->read)) {
        return NULL;
    }
    last = &APR_ARRAY_IDX(work->hits, n - 1, search_hit_t);
    text = apr_psprintf(p, "%.17g %s", last->rank, last->key);
    return apr_pencode_base64(p, text, (apr_ssize_t)strlen(text), APR_ENCODE_BASE64URL, NULL);
}
