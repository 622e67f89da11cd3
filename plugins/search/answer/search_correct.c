/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A title like the text that was typed, when that finds nothing: "did you mean". By trigrams,
 * pg_trgm's or those of an FTS5 table. It is a title of a row that the caller may see. Thread of
 * the request.
 */
#include <string.h>

#include "apr_lib.h"
#include "apr_strings.h"

#include "search_answer.h"

#define TRIGRAMS_MAX  64
#define CANDIDATES    "50"
#define SIMILAR_ENOUGH 0.3 /* pg_trgm's own limit */

typedef struct trigrams_t {
    char text[TRIGRAMS_MAX][3];
    int  count;
} trigrams_t;

static int has(const trigrams_t *trigrams, const char *three)
{
    int i;

    for (i = 0; i < trigrams->count; i++) {
        if (memcmp(trigrams->text[i], three, 3) == 0) {
            return 1;
        }
    }
    return 0;
}

/** As pg_trgm takes them: of words, with two blanks in front and one behind. */
static void take_trigrams(trigrams_t *trigrams, const char *text)
{
    char window[3] = { ' ', ' ', ' ' };

    trigrams->count = 0;
    for (; trigrams->count < TRIGRAMS_MAX; text++) {
        int is_word = apr_isalnum(*text) || (*text & 0x80);
        char c = (char)(!is_word ? ' ' : *text & 0x80 ? *text : apr_tolower(*text));

        memmove(window, window + 1, 2);
        window[2] = c;
        if (window[1] != ' ' && !has(trigrams, window)) {
            memcpy(trigrams->text[trigrams->count++], window, 3);
        }
        else if (window[1] == ' ' && c != ' ' && !has(trigrams, (char[]){ ' ', ' ', c })) {
            memcpy(trigrams->text[trigrams->count++], (char[]){ ' ', ' ', c }, 3);
        }
        if (!*text) {
            return;
        }
    }
}

static double similarity(const trigrams_t *a, const char *title)
{
    trigrams_t b;
    int i, common = 0;

    take_trigrams(&b, title);
    for (i = 0; i < b.count; i++) {
        common += has(a, b.text[i]);
    }
    return (double)common / (a->count + b.count - common);
}

static const char *best_of(app_rows_t *rows, const trigrams_t *wanted, app_error_t *err,
                           apr_pool_t *p)
{
    double most = SIMILAR_ENOUGH;
    const char *best = NULL;

    while (app_rows_next(rows, err) == APR_SUCCESS) {
        const char *title = app_rows_text(rows, 0, NULL);
        double likeness = title ? similarity(wanted, title) : 0;

        if (likeness >= most) {
            most = likeness;
            best = apr_pstrdup(p, title);
        }
    }
    return best;
}

/** Any three characters of the text, each as a string of FTS5. @return NULL: it has not as many */
static const char *any_trigram(const char *text, apr_pool_t *p)
{
    app_buf_t buf;

    app_buf_init(&buf, p, APR_SIZE_MAX / 2);
    for (; text[0] && text[1] && text[2]; text++) {
        apr_size_t i, plain = 0;

        for (i = 0; i < 3; i++) {
            plain += apr_isalnum(text[i]) != 0;
        }
        if (plain == 3) {
            app_buf_addf(&buf, "%s\"%.3s\"", buf.len ? " OR " : "", text);
        }
    }
    return buf.len ? buf.data : NULL;
}

static const char *lite_join(const search_work_t *work, const char **pwhere)
{
    const search_ask_t *ask = work->ask;
    const char *index = search_index_name(ask->collection, "_like", ask->pool);

    *pwhere = apr_pstrcat(ask->pool, index, " MATCH $1", NULL);
    return apr_psprintf(ask->pool, "JOIN main.%s ON %s.rowid = %s.rowid", index, index,
                        ask->search->data->alias(work->read));
}

apr_status_t search_correct(search_work_t *work, app_error_t *err)
{
    const search_ask_t *ask = work->ask;
    int lite = ask->search->kind == APP_DB_SQLITE;
    const char *given = lite ? any_trigram(ask->query->text, ask->pool) : ask->query->text;
    const char *title, *where;
    app_data_query_t query = { .nparams = 1, .flags = APP_QUERY_LAST };
    app_value_t param;
    trigrams_t wanted;
    app_rows_t *rows;

    if (!given || !ask->collection->corrects ||
        ask->search->data->column(work->read, ask->collection->title, &title, err) !=
            APR_SUCCESS) {
        memset(err, 0, sizeof(*err));
        return APR_SUCCESS;
    }
    param = search_text(given);
    query.params = &param;
    query.columns = title;
    if (lite) {
        query.join = lite_join(work, &where);
        query.after = apr_pstrcat(ask->pool, "ORDER BY bm25(",
                                  search_index_name(ask->collection, "_like", ask->pool),
                                  ") LIMIT " CANDIDATES, NULL);
    }
    else {
        where = apr_pstrcat(ask->pool, title, " % (SELECT $1::text)", NULL);
        query.after = apr_psprintf(ask->pool, "ORDER BY similarity(%s, (SELECT $1::text)) DESC"
                                              " LIMIT 1", title);
    }
    query.where = where;
    if (ask->search->data->query(work->read, &query, &rows, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    take_trigrams(&wanted, ask->query->text);
    work->correction = best_of(rows, &wanted, err, ask->pool);
    return err->code ? APP_EFAIL : APR_SUCCESS;
}
