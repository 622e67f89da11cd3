/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The operators of full text on SQLite: by an FTS5 table over the relation. Called by
 * rest_filter_sqlite.c; thread of the request.
 */
#include <string.h>

#include "rest_dialect.h"
#include "rest_fulltext.h"

static const rest_column_t rowid = { .name = "rowid", .ident = "rowid" };

static const rest_fulltext_t *index_of(const rest_relation_t *relation, const char *column)
{
    const rest_fulltext_t *index = relation->fulltext;
    int i;

    for (; index; index = index->next) {
        for (i = 0; i < index->ncolumns; i++) {
            if (strcmp(index->columns[i], column) == 0) {
                return index;
            }
        }
    }
    return NULL;
}

static apr_status_t no_index(rest_sql_t *sql, const rest_relation_t *relation, const char *column)
{
    rest_unavailable(APP_DB_SQLITE, sql->err,
                     "Full-text search on '%s.%s' needs an FTS5 index, and there is none",
                     relation->name, column);
    return app_hint(sql->err, "Create an FTS5 table with content='%s' that covers '%s'.",
                    relation->name, column);
}

/**
 * The rows that the index finds. Where the answer may be turned round a column that is NULL must
 * give NULL, which is found by neither.
 */
static void render_match(rest_sql_t *sql, const rest_node_t *node, const rest_cond_t *cond,
                         const rest_fulltext_t *index, const rest_match_t *match)
{
    const rest_column_t *column = cond->operand.column;
    int turned = match->negated || sql->nots;

    if (turned) {
        app_buf_adds(&sql->text, "CASE WHEN ");
        rest_sql_column(sql, node, column);
        app_buf_adds(&sql->text, " IS NOT NULL THEN ");
    }
    if (!match->text) {
        app_buf_addc(&sql->text, '0');
    }
    else {
        rest_sql_column(sql, node, index->row ? index->row : &rowid);
        app_buf_addf(&sql->text, " %sIN (SELECT rowid FROM %s WHERE %s MATCH ",
                     match->negated ? "NOT " : "", index->ident, index->name);
        rest_sql_text(sql, rest_fulltext_of_column(match->text, column->name, sql->pool));
        app_buf_addc(&sql->text, ')');
    }
    app_buf_adds(&sql->text, turned ? " END" : "");
}

apr_status_t rest_sqlite_search(rest_sql_t *sql, const rest_node_t *node, const rest_cond_t *cond)
{
    const rest_filter_t *filter = cond->filter;
    const char *column = cond->operand.column->name;
    const rest_fulltext_t *index = cond->operand.path ? NULL : index_of(node->relation, column);
    rest_match_t match = { NULL, 0 };

    if (!index) {
        return no_index(sql, node->relation, column);
    }
    if (filter->language && !rest_fulltext_has_config(index->tokenizer, filter->language)) {
        return app_fail_code(sql->err, "42704", 400,
                             "text search configuration \"%s\" does not exist", filter->language);
    }
    if (rest_fulltext_translate(&match, (rest_language_e)(filter->op - REST_OP_FTS), filter->value,
                                NULL, sql->err, sql->pool) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    render_match(sql, node, cond, index, &match);
    return APR_SUCCESS;
}
