/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The two dialects of choosing rows: FTS5's MATCH and bm25(), a tsvector's @@ and ts_rank(). A row
 * whose title is the very text that was typed comes first.
 */
#include <string.h>

#include "apr_lib.h"
#include "apr_strings.h"

#include "search_sql.h"

#define EXACT   "1000.0" /* more than any rank */
#define WEIGHTS "'{0.1,0.2,0.4,1.0}'" /* of D, C, B, A */

static const char *const lite_weights[SEARCH_LABELS] = { "10.0", "4.0", "2.0", "1.0" };

const char *search_quoted(const char *name, apr_pool_t *p)
{
    app_buf_t buf;

    app_buf_init(&buf, p, APR_SIZE_MAX / 2);
    app_buf_add_ident(&buf, name);
    return buf.data;
}

const char *search_literal(const char *text, apr_pool_t *p)
{
    app_buf_t buf;

    app_buf_init(&buf, p, APR_SIZE_MAX / 2);
    app_buf_addc(&buf, '\'');
    for (; *text; text++) {
        app_buf_adds(&buf, *text == '\'' ? "'" : "");
        app_buf_addc(&buf, *text);
    }
    app_buf_addc(&buf, '\'');
    return buf.data;
}

const char *search_index(const search_collection_t *collection, const char *suffix, apr_pool_t *p)
{
    return apr_pstrcat(p, "app_search_", collection->name, suffix, NULL);
}

const char *search_index_name(const search_collection_t *collection, const char *suffix,
                              apr_pool_t *p)
{
    return search_quoted(search_index(collection, suffix, p), p);
}

app_value_t search_text(const char *text)
{
    const app_value_t value = { .type = APP_VALUE_TEXT, .text = text, .len = strlen(text) };

    return value;
}

const char *search_lowered(const char *text, apr_pool_t *p)
{
    char *copy = apr_pstrdup(p, text), *c;

    for (c = copy; *c; c++) {
        *c = (char)(*c & 0x80 ? *c : apr_tolower(*c));
    }
    return copy;
}

/* SQLite */

static const char *bm25(const search_sql_t *sql, const search_collection_t *collection,
                        apr_pool_t *p)
{
    app_buf_t buf;
    int i;

    app_buf_init(&buf, p, APR_SIZE_MAX / 2);
    app_buf_addf(&buf, "-bm25(%s", sql->index);
    for (i = 0; i < collection->ncolumns; i++) {
        app_buf_addf(&buf, ", %s", lite_weights[collection->columns[i].label - 'A']);
    }
    app_buf_addc(&buf, ')');
    return buf.data;
}

/** Of columns that the caller may not read nothing must be found. @return NULL: of none */
static const char *readable(const search_ask_t *ask, app_data_read_t *read, int *pall)
{
    const search_collection_t *collection = ask->collection;
    app_buf_t buf;
    int i;

    app_buf_init(&buf, ask->pool, APR_SIZE_MAX / 2);
    *pall = 1;
    for (i = 0; i < collection->ncolumns; i++) {
        app_error_t ignored = { .pool = ask->pool };
        const char *column;

        if (ask->search->data->column(read, collection->columns[i].name, &column, &ignored) !=
            APR_SUCCESS) {
            *pall = 0;
            continue;
        }
        app_buf_addc(&buf, ' ');
        app_buf_add_ident(&buf, collection->columns[i].name);
    }
    return buf.len ? buf.data : NULL;
}

/** The title's column, NULL where the caller may not read it. */
static const char *title_of(const search_ask_t *ask, app_data_read_t *read)
{
    app_error_t ignored = { .pool = ask->pool };
    const char *title;

    return ask->search->data->column(read, ask->collection->title, &title, &ignored) ==
                   APR_SUCCESS
               ? title
               : NULL;
}

static apr_status_t make_match(const char **pmatch, int *pnegated, const search_ask_t *ask,
                               const char *tsquery, app_data_read_t *read, app_error_t *err)
{
    const char *columns, *text;
    int all;

    if (!(columns = readable(ask, read, &all))) {
        return app_fail_code(err, "42501", 403, "permission denied for table %s",
                             ask->collection->relation);
    }
    if (ask->search->data->match(&text, pnegated, tsquery, ask->collection->labels,
                                 err, ask->pool) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (!text) {
        return APR_NOTFOUND;
    }
    *pmatch = all ? text : apr_pstrcat(ask->pool, "{", columns, "} : (", text, ")", NULL);
    return APR_SUCCESS;
}

static apr_status_t make_sqlite(search_sql_t *sql, const search_ask_t *ask, const char *tsquery,
                                app_data_read_t *read, app_error_t *err)
{
    const search_collection_t *collection = ask->collection;
    const char *as = ask->search->data->alias(read), *match = NULL;
    apr_pool_t *p = ask->pool;
    apr_status_t status;
    int negated = 0;

    if ((status = make_match(&match, &negated, ask, tsquery, read, err)) != APR_SUCCESS) {
        return status;
    }
    sql->key = apr_pstrcat(p, as, ".rowid", NULL);
    sql->params[0] = search_text(match);
    if (negated) {
        sql->where = apr_psprintf(p, "%s NOT IN (SELECT rowid FROM main.%s WHERE %s MATCH $1)",
                                  sql->key, sql->index, sql->index);
        sql->rank = "0.0";
        sql->ranked = 0;
        return APR_SUCCESS;
    }
    sql->join = apr_psprintf(p, "JOIN main.%s ON %s.rowid = %s", sql->index, sql->index, sql->key);
    sql->key = apr_pstrcat(p, sql->index, ".rowid", NULL); /* by which it gives rows in order */
    sql->where = apr_pstrcat(p, sql->index, " MATCH $1", NULL);
    sql->rank = bm25(sql, collection, p);
    if (title_of(ask, read)) { /* by the index of titles, so that no row is read for it */
        sql->rank = apr_psprintf(p, "%s + CASE WHEN %s.rowid IN (SELECT rowid FROM main.%s WHERE"
                                    " lower(%s) = $2) THEN " EXACT " ELSE 0 END",
                                 sql->rank, sql->index, search_quoted(collection->relation, p),
                                 search_quoted(collection->title, p));
    }
    return APR_SUCCESS;
}

/* PostgreSQL */

static apr_status_t make_pgsql(search_sql_t *sql, const search_ask_t *ask, const char *tsquery,
                               app_data_read_t *read, app_error_t *err)
{
    const app_data_service_t *data = ask->search->data;
    const search_collection_t *collection = ask->collection;
    const char *language = search_literal(collection->language, ask->pool);
    const char *title = title_of(ask, read);
    const char *vector = apr_pstrcat(ask->pool, data->alias(read), ".", sql->index, NULL);

    if (data->column(read, collection->key, &sql->key, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    sql->params[0] = search_text(tsquery);
    sql->where = apr_psprintf(ask->pool, "%s @@ to_tsquery(%s, $1)", vector,
                              language);
    sql->rank = apr_psprintf(ask->pool, "ts_rank(" WEIGHTS ", %s, to_tsquery(%s, $1), 1)::float8"
                                        " + CASE WHEN lower(%s) = $2 THEN " EXACT " ELSE 0 END",
                             vector, language, title ? title : "''");
    return APR_SUCCESS;
}

apr_status_t search_sql_make(search_sql_t *sql, const search_ask_t *ask, const char *tsquery,
                             app_data_read_t *read, app_error_t *err)
{
    memset(sql, 0, sizeof(*sql));
    sql->ranked = 1;
    if (!tsquery) {
        return APR_NOTFOUND;
    }
    sql->index = search_index_name(ask->collection, "", ask->pool);
    sql->params[1] = search_text(search_lowered(ask->query->text, ask->pool));
    return ask->search->kind == APP_DB_SQLITE ? make_sqlite(sql, ask, tsquery, read, err)
                                              : make_pgsql(sql, ask, tsquery, read, err);
}

const char *search_sql_snippet(const search_sql_t *sql, const search_ask_t *ask, int column,
                               const char *column_sql)
{
    const char *language = search_literal(ask->collection->language, ask->pool);

    if (ask->search->kind == APP_DB_PGSQL) {
        return apr_psprintf(ask->pool,
                            "ts_headline(%s, regexp_replace(%s, '([[:punct:]])', '\\1' || chr(4),"
                            " 'g'), to_tsquery(%s, $1), 'StartSel=' || chr(2) || ',StopSel=' ||"
                            " chr(3) || ',MaxWords=24,MinWords=20')",
                            language, column_sql, language);
    }
    return sql->join ? apr_psprintf(ask->pool, "snippet(%s, %d, char(2), char(3), '…', 24)",
                                    sql->index, column)
                     : "NULL";
}
