/* SPDX-License-Identifier: Apache-2.0 */
/**
 * SQLite: what only the CREATE statements say of a schema's relations, and which columns views
 * show. Called by rest_schema_sqlite.c, in the thread that loads.
 */
#include "rest_schema_sqlite.h"

static const char texts_sql[] =
    "SELECT type, name, tbl_name, sql FROM %s.sqlite_schema WHERE sql IS NOT NULL ORDER BY name";

enum { TYPE, NAME, TABLE, SQL };

typedef struct view_t {
    const char *name, *sql;
    int         opaque; /* it is compound, or over one that is: its columns stand for several */
} view_t;

/* Tables */

static void read_labels(rest_sqlite_reader_t *reader, rest_relation_t *relation,
                        const rest_ddl_labels_t *labels)
{
    rest_column_t *column = rest_sqlite_column(relation, labels->column);
    int i;

    for (i = 0; column && i < labels->labels->nelts; i++) {
        const char *label = APR_ARRAY_IDX(labels->labels, i, const char *);

        column->labels = rest_schema_push(reader->schema, column->labels, &column->nlabels,
                                          apr_pstrdup(reader->schema->pool, label));
    }
}

static void read_table(rest_sqlite_reader_t *reader, const char *name, const char *sql)
{
    rest_relation_t *relation = rest_sqlite_relation(reader, name);
    rest_ddl_table_t *table = apr_palloc(reader->ptemp, sizeof(*table));
    int i;

    rest_ddl_table(table, sql, reader->ptemp);
    apr_hash_set(reader->tables, apr_pstrdup(reader->ptemp, name), APR_HASH_KEY_STRING, table);
    for (i = 0; relation && i < table->labels->nelts; i++) {
        read_labels(reader, relation, &APR_ARRAY_IDX(table->labels, i, rest_ddl_labels_t));
    }
}

/* Full text */

static const char *argument_of(const apr_array_header_t *arguments, const char *name)
{
    int i;

    for (i = 0; i < arguments->nelts; i++) {
        const rest_ddl_argument_t *each = &APR_ARRAY_IDX(arguments, i, rest_ddl_argument_t);

        if (each->value && strcasecmp(each->name, name) == 0) {
            return each->value;
        }
    }
    return NULL;
}

/** An index for the columns of a relation that it has. */
static rest_fulltext_t *add_index(rest_sqlite_reader_t *reader, rest_relation_t *relation,
                                  const char *name, const apr_array_header_t *arguments)
{
    apr_pool_t *p = reader->schema->pool;
    rest_fulltext_t *index = apr_pcalloc(p, sizeof(*index));
    app_buf_t ident;
    int i;

    app_buf_init(&ident, p, APR_SIZE_MAX / 2);
    app_buf_add_ident(&ident, name);
    index->name = ident.data;
    index->ident = apr_pstrcat(p, reader->ident, ".", ident.data, NULL);
    index->tokenizer = apr_pstrdup(p, argument_of(arguments, "tokenize"));
    for (i = 0; i < arguments->nelts; i++) {
        const rest_ddl_argument_t *each = &APR_ARRAY_IDX(arguments, i, rest_ddl_argument_t);
        const rest_column_t *column = rest_sqlite_column(relation, each->name);

        if (column && !each->value && !each->unindexed) {
            index->columns = rest_schema_push(reader->schema, index->columns, &index->ncolumns,
                                              column->name);
        }
    }
    index->next = relation->fulltext;
    relation->fulltext = index;
    return index;
}

/** An FTS5 table can be searched itself, and is the index of the relation it has its rows of. */
static void read_fulltext(rest_sqlite_reader_t *reader, const char *name,
                          const apr_array_header_t *arguments)
{
    rest_relation_t *itself = rest_sqlite_relation(reader, name), *content = NULL;
    const char *table = argument_of(arguments, "content");
    const char *row = argument_of(arguments, "content_rowid");
    const rest_column_t *column;

    if (itself) {
        itself->rowid = 1;
        add_index(reader, itself, name, arguments);
    }
    if (table && *table) {
        content = rest_sqlite_relation(reader, table);
    }
    column = content && row ? rest_sqlite_column(content, row) : NULL;
    if (content && (column || content->rowid)) {
        add_index(reader, content, name, arguments)->row = column;
    }
}

/* Views */

static void read_trigger(rest_sqlite_reader_t *reader, const char *table, const char *sql)
{
    rest_relation_t *view = rest_sqlite_relation(reader, table);
    rest_right_e right;

    if (view && view->is_view && strcmp(view->schema, "main") == 0 &&
        rest_ddl_trigger(&right, sql)) {
        view->insertable |= right == REST_RIGHT_INSERT;
        view->updatable |= right == REST_RIGHT_UPDATE;
        view->deletable |= right == REST_RIGHT_DELETE;
    }
}

static void read_view(rest_sqlite_reader_t *reader, apr_array_header_t *views, const char *name,
                      const char *sql)
{
    view_t *view = apr_array_push(views);

    view->name = apr_pstrdup(reader->ptemp, name);
    view->sql = apr_pstrdup(reader->ptemp, sql);
    view->opaque = rest_ddl_is_compound(sql);
}

static void read_text(rest_sqlite_reader_t *reader, const app_rows_t *rows, void *views)
{
    const char *type = app_rows_text(rows, TYPE, NULL), *name = app_rows_text(rows, NAME, NULL);
    const char *sql = app_rows_text(rows, SQL, NULL);
    const apr_array_header_t *arguments;

    rest_schema_note_sql(reader->schema, sql);
    if (strcmp(type, "view") == 0) {
        read_view(reader, views, name, sql);
    }
    else if (strcmp(type, "trigger") == 0) {
        read_trigger(reader, app_rows_text(rows, TABLE, NULL), sql);
    }
    else if (strcmp(type, "table") == 0) {
        arguments = rest_ddl_virtual(sql, "fts5", reader->ptemp);
        if (arguments) {
            read_fulltext(reader, name, arguments);
        }
        else {
            read_table(reader, name, sql);
        }
    }
}

static int is_over(const view_t *view, const view_t *other, apr_pool_t *p)
{
    return (strpbrk(other->name, "\"`]'") || strcasestr(view->sql, other->name)) &&
           rest_ddl_mentions(view->sql, other->name, p);
}

/** What is over a view that is opaque is so itself. */
static void spread_opaque(apr_array_header_t *views, const view_t *opaque, apr_pool_t *p)
{
    int i;

    for (i = 0; i < views->nelts; i++) {
        view_t *view = &APR_ARRAY_IDX(views, i, view_t);

        if (!view->opaque && is_over(view, opaque, p)) {
            view->opaque = 1;
            spread_opaque(views, view, p);
        }
    }
}

static void add_origin(rest_sqlite_reader_t *reader, const rest_relation_t *view,
                       const app_db_column_t *column)
{
    apr_pool_t *p = reader->schema->pool;
    rest_origin_t *origin = apr_palloc(p, sizeof(*origin));

    origin->schema = view->schema;
    origin->view = view->name;
    origin->column = apr_pstrdup(p, column->name);
    origin->table_schema = apr_pstrdup(p, column->schema);
    origin->table = apr_pstrdup(p, column->table);
    origin->table_column = apr_pstrdup(p, column->column);
    origin->next = reader->schema->origins;
    reader->schema->origins = origin;
}

static void read_origins(rest_sqlite_reader_t *reader, const view_t *view)
{
    const rest_relation_t *relation = rest_sqlite_relation(reader, view->name);
    const rest_sqlite_shown_t *shown = apr_hash_get(reader->views, view->name,
                                                    APR_HASH_KEY_STRING);
    int i;

    if (!relation || !shown || view->opaque) {
        return;
    }
    for (i = 0; i < shown->ncolumns; i++) {
        if (shown->columns[i].table && shown->columns[i].column) {
            add_origin(reader, relation, &shown->columns[i]);
        }
    }
}

apr_status_t rest_sqlite_read_texts(rest_sqlite_reader_t *reader)
{
    apr_array_header_t *views = apr_array_make(reader->ptemp, 16, sizeof(view_t));
    const char *sql = apr_psprintf(reader->ptemp, texts_sql, reader->ident);
    int i;

    if (rest_sqlite_each(reader, sql, read_text, views) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    for (i = 0; i < views->nelts; i++) {
        if (rest_ddl_is_compound(APR_ARRAY_IDX(views, i, view_t).sql)) {
            spread_opaque(views, &APR_ARRAY_IDX(views, i, view_t), reader->ptemp);
        }
    }
    for (i = 0; i < views->nelts; i++) {
        read_origins(reader, &APR_ARRAY_IDX(views, i, view_t));
    }
    return APR_SUCCESS;
}
