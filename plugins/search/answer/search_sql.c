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

/** @return what stands for it: "$2" */
static const char *add_param(search_sql_t *sql, const char *text, apr_pool_t *p)
{
    sql->params[sql->nparams++] = search_text(text);
    return apr_psprintf(p, "$%d", sql->nparams);
}

/** The text that was typed, to compare titles with. */
static const char *bind_text(search_sql_t *sql, const search_ask_t *ask)
{
    return add_param(sql, search_lowered(ask->query->text, ask->pool), ask->pool);
}

/** Without words that must not be there, what fits in the title fits as a whole, too. */
static const char *lite_query(const search_query_t *query, search_part_e part, apr_pool_t *p)
{
    if (part == SEARCH_ALL) {
        return query->tsquery;
    }
    if (part == SEARCH_BY_TITLE || (part == SEARCH_TITLES && !query->negates)) {
        return query->in_title;
    }
    return apr_pstrcat(p, "(", query->tsquery, part == SEARCH_TITLES ? ") & (" : ") & !(",
                       query->in_title, ")", NULL);
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

/** Titles are compared by their index, so that no row is read for it. */
static const char *lite_rank(search_sql_t *sql, const search_ask_t *ask, app_data_read_t *read)
{
    const search_collection_t *collection = ask->collection;
    apr_pool_t *p = ask->pool;
    const char *rank = bm25(sql, collection, p);

    if (!title_of(ask, read)) {
        return rank;
    }
    return apr_psprintf(p, "%s + CASE WHEN %s.rowid IN (SELECT rowid FROM main.%s WHERE"
                           " lower(%s) = %s) THEN " EXACT " ELSE 0 END",
                        rank, sql->index, search_quoted(collection->relation, p),
                        search_quoted(collection->title, p), bind_text(sql, ask));
}

static apr_status_t make_sqlite(search_sql_t *sql, const search_ask_t *ask, search_part_e part,
                                app_data_read_t *read, app_error_t *err)
{
    const char *as = ask->search->data->alias(read), *match = NULL;
    apr_pool_t *p = ask->pool;
    apr_status_t status;
    int negated = 0;

    if ((status = make_match(&match, &negated, ask, lite_query(ask->query, part, p), read, err)) !=
        APR_SUCCESS) {
        return status;
    }
    sql->key = apr_pstrcat(p, as, ".rowid", NULL);
    match = add_param(sql, match, p);
    sql->nwhere = sql->nparams;
    if (negated) {
        sql->ranked = 0;
        sql->where = apr_psprintf(p, "%s NOT IN (SELECT rowid FROM main.%s WHERE %s MATCH %s)",
                                  sql->key, sql->index, sql->index, match);
        return APR_SUCCESS;
    }
    sql->join = apr_psprintf(p, "JOIN main.%s ON %s.rowid = %s", sql->index, sql->index, sql->key);
    sql->key = apr_pstrcat(p, sql->index, ".rowid", NULL); /* by which it gives rows in order */
    sql->where = apr_pstrcat(p, sql->index, " MATCH ", match, NULL);
    if (sql->ranked) {
        sql->rank = lite_rank(sql, ask, read);
    }
    return APR_SUCCESS;
}

/* PostgreSQL */

/**
 * A query that is made once, not for each row. What it will be is not known when the statement is
 * planned, so that it is planned once.
 */
static const char *tsquery_of(const search_ask_t *ask, const char *param)
{
    return apr_psprintf(ask->pool, "(SELECT to_tsquery(%s, %s))",
                        search_literal(ask->collection->language, ask->pool), param);
}

static const char *pg_rank(search_sql_t *sql, const search_ask_t *ask, const char *vector,
                           const char *query, app_data_read_t *read)
{
    const char *rank = apr_psprintf(ask->pool, "ts_rank(" WEIGHTS ", %s, %s, 1)::float8", vector,
                                    query);
    const char *title = title_of(ask, read);

    return title ? apr_psprintf(ask->pool, "%s + CASE WHEN lower(%s) = %s THEN " EXACT
                                           "::float8 ELSE 0 END", rank, title, bind_text(sql, ask))
                 : rank;
}

/**
 * An index of words does not know in which column they are; so titles have one of their own. "IS
 * TRUE" keeps a condition from the index: it is asked of the rows that have been found.
 */
static const char *pg_where(search_sql_t *sql, const search_ask_t *ask, search_part_e part,
                            const char *vector, const char *titles)
{
    apr_pool_t *p = ask->pool;
    const char *query = tsquery_of(ask, "$1"), *plain;

    if (part == SEARCH_ALL) {
        return apr_psprintf(p, "%s @@ %s", vector, query);
    }
    plain = tsquery_of(ask, part == SEARCH_BY_TITLE ? "$1" : add_param(sql, ask->query->plain, p));
    if (part == SEARCH_BY_TITLE) {
        return apr_psprintf(p, "%s @@ %s", titles, plain);
    }
    return part == SEARCH_TITLES
               ? apr_psprintf(p, "%s @@ %s AND (%s @@ %s) IS TRUE", titles, plain, vector, query)
               : apr_psprintf(p, "(%s @@ %s) IS TRUE AND (%s @@ %s) IS NOT TRUE", vector, query,
                              titles, plain);
}

static apr_status_t make_pgsql(search_sql_t *sql, const search_ask_t *ask, search_part_e part,
                               app_data_read_t *read, app_error_t *err)
{
    const app_data_service_t *data = ask->search->data;
    const char *as = data->alias(read);
    const char *vector = apr_pstrcat(ask->pool, as, ".", sql->index, NULL);
    const char *titles = apr_pstrcat(ask->pool, as, ".",
                                     search_index_name(ask->collection, "_titles", ask->pool),
                                     NULL);

    if (data->column(read, ask->collection->key, &sql->key, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    add_param(sql, part == SEARCH_BY_TITLE ? ask->query->plain : ask->query->tsquery, ask->pool);
    sql->where = pg_where(sql, ask, part, vector, titles);
    sql->nwhere = sql->nparams;
    if (sql->ranked) {
        sql->rank = pg_rank(sql, ask, vector, tsquery_of(ask, "$1"), read);
    }
    return APR_SUCCESS;
}

apr_status_t search_sql_make(search_sql_t *sql, const search_ask_t *ask, search_part_e part,
                             app_data_read_t *read, app_error_t *err)
{
    memset(sql, 0, sizeof(*sql));
    if (!ask->query->tsquery) {
        return APR_NOTFOUND;
    }
    sql->ranked = part == SEARCH_ALL || part == SEARCH_TITLES;
    sql->rank = "0.0";
    sql->index = search_index_name(ask->collection, "", ask->pool);
    return ask->search->kind == APP_DB_SQLITE ? make_sqlite(sql, ask, part, read, err)
                                              : make_pgsql(sql, ask, part, read, err);
}

const char *search_sql_snippet(const search_sql_t *sql, const search_ask_t *ask, int column,
                               const char *column_sql)
{
    if (ask->search->kind == APP_DB_PGSQL) {
        return apr_psprintf(ask->pool,
                            "ts_headline(%s, regexp_replace(%s, '([[:punct:]])', '\\1' || chr(4),"
                            " 'g'), %s, 'StartSel=' || chr(2) || ',StopSel=' || chr(3) ||"
                            " ',MaxWords=24,MinWords=20')",
                            search_literal(ask->collection->language, ask->pool), column_sql,
                            tsquery_of(ask, "$1"));
    }
    return sql->join ? apr_psprintf(ask->pool, "snippet(%s, %d, char(2), char(3), '…', 24)",
                                    sql->index, column)
                     : "NULL";
}
