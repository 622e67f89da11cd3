/* SPDX-License-Identifier: Apache-2.0 */
/** SQLite: relations and columns. Called by rest_schema_sqlite.c, in the thread that loads. */
#include "apr_lib.h"

#include "rest_schema_sqlite.h"

/* Views and virtual tables, with something that reads them. */
static const char lazy_sql[] =
    "SELECT name, printf('SELECT * FROM \"%%w\".\"%%w\"', $1, name) FROM %s.sqlite_schema"
    " WHERE type = 'view' OR (type = 'table' AND rootpage = 0)";

/*
 * One row per column, relation by relation. A view that is broken has no columns and is left out
 * before table_xinfo would fail on it; hidden columns of virtual tables (1) are not data. Tables
 * that are not exposed are read, too: views may show them, and keys lead to them.
 */
static const char columns_sql[] =
    "SELECT l.name, l.type, l.wr, l.name GLOB 'app_*',"
    " x.name, x.type, x.pk, x.hidden, x.\"notnull\", x.dflt_value"
    " FROM pragma_table_list l CROSS JOIN pragma_table_xinfo(l.name, l.schema) x"
    " WHERE l.schema = $1 AND l.type IN ('table', 'view', 'virtual') AND l.ncol > 0"
    " AND l.name NOT GLOB 'sqlite_*' AND (l.type = 'table' OR l.name NOT GLOB 'app_*')"
    " AND x.hidden <> 1"
    " ORDER BY l.name, x.cid";

enum {
    RELATION, RELATION_TYPE, WITHOUT_ROWID, NOT_EXPOSED,
    COLUMN, TYPE, KEY_POSITION, HIDDEN, NOT_NULL, DEFAULT
};

#define KEYS_MAX 64

/** The relation being read, and its key columns as far as they are known. */
typedef struct state_t {
    rest_relation_t *relation;
    rest_column_t   *keys[KEYS_MAX + 1];
} state_t;

void rest_sqlite_make_members(rest_sqlite_reader_t *reader, rest_relation_t *relation)
{
    int i;

    for (i = 0; i < relation->ncolumns; i++) {
        rest_column_t *column = relation->columns[i];

        column->member = rest_sqlite_member(column, reader->schema->pool);
    }
}

/** A key of one column that is declared so is the rowid itself, which is never NULL. */
static int is_rowid_alias(const rest_relation_t *relation)
{
    return relation->rowid && relation->nkeys == 1 &&
           strcasecmp(relation->keys[0]->type, "INTEGER") == 0;
}

/** Puts the key into its own order. */
static void end_relation(rest_sqlite_reader_t *reader, state_t *state)
{
    rest_relation_t *relation = state->relation;
    int i;

    if (!relation) {
        return;
    }
    for (i = 1; i <= KEYS_MAX; i++) {
        if (state->keys[i]) {
            rest_schema_key_add(reader->schema, relation, state->keys[i]);
        }
        state->keys[i] = NULL;
    }
    if (is_rowid_alias(relation)) {
        relation->keys[0]->nullable = 0;
    }
    rest_sqlite_make_members(reader, relation);
}

/** Virtual tables can be read. What a view takes is known once its triggers are read. */
static void begin_relation(rest_sqlite_reader_t *reader, state_t *state, const app_rows_t *rows)
{
    const char *name = app_rows_text(rows, RELATION, NULL);
    const char *type = app_rows_text(rows, RELATION_TYPE, NULL);
    int is_table = strcmp(type, "table") == 0;
    int is_main = strcmp(reader->space->name, "main") == 0; /* other files are only read */
    rest_relation_t *relation;

    if (app_rows_int(rows, NOT_EXPOSED)) {
        relation = rest_schema_relation_make(reader->schema, name);
        APR_ARRAY_PUSH(reader->hidden, rest_relation_t *) = relation;
    }
    else {
        relation = rest_schema_relation_add(reader->schema, reader->space, name);
    }
    relation->is_view = strcmp(type, "view") == 0;
    relation->insertable = relation->updatable = relation->deletable = is_table && is_main;
    relation->rowid = is_table && app_rows_int(rows, WITHOUT_ROWID) == 0;
    state->relation = relation;
}

/** "VARCHAR(40)": the type without what stands in brackets at its end, and that as a length. */
static void read_modifiers(const rest_schema_t *schema, rest_column_t *column)
{
    const char *open = strchr(column->type, '('), *close = open ? strchr(open, ')') : NULL;
    apr_size_t len = open ? (apr_size_t)(open - column->type) : 0;

    if (!close || close[1]) {
        return;
    }
    while (len > 0 && apr_isspace(column->type[len - 1])) {
        len--;
    }
    column->base = apr_pstrmemdup(schema->pool, column->type, len);
    if (column->kind == REST_KIND_TEXT) {
        app_int64_parse(open + 1, (apr_size_t)(close - open - 1), &column->max_length);
    }
}

static void read_column(rest_sqlite_reader_t *reader, const app_rows_t *rows, void *ctx)
{
    state_t *state = ctx;
    const char *name = app_rows_text(rows, RELATION, NULL);
    const char *type = app_rows_text(rows, TYPE, NULL);
    apr_int64_t position = app_rows_int(rows, KEY_POSITION);
    rest_column_t *column;

    if (!state->relation || strcmp(state->relation->name, name) != 0) {
        end_relation(reader, state);
        begin_relation(reader, state, rows);
    }
    column = rest_schema_column_add(reader->schema, state->relation,
                                    app_rows_text(rows, COLUMN, NULL), type ? type : "");
    column->generated = app_rows_int(rows, HIDDEN) > 1;
    column->nullable = app_rows_int(rows, NOT_NULL) == 0;
    column->default_value = rest_sqlite_text(reader, rows, DEFAULT);
    read_modifiers(reader->schema, column);
    if (strcasecmp(column->name, "rowid") == 0) {
        state->relation->rowid = 0;
    }
    if (position > 0 && position <= KEYS_MAX) {
        state->keys[position] = column;
    }
}

/** A view or virtual table, and how to ask for it. */
typedef struct lazy_t {
    const char *name, *sql;
} lazy_t;

static void read_lazy(rest_sqlite_reader_t *reader, const app_rows_t *rows, void *lazies)
{
    lazy_t *lazy = apr_array_push(lazies);

    lazy->name = apr_pstrdup(reader->ptemp, app_rows_text(rows, 0, NULL));
    lazy->sql = apr_pstrdup(reader->ptemp, app_rows_text(rows, 1, NULL));
}

static void use(rest_sqlite_reader_t *reader, const lazy_t *lazy)
{
    rest_sqlite_shown_t *shown = apr_palloc(reader->ptemp, sizeof(*shown));

    if (app_tx_columns(reader->tx, lazy->sql, &shown->columns, &shown->ncolumns, reader->err) ==
        APR_SUCCESS) {
        apr_hash_set(reader->views, lazy->name, APR_HASH_KEY_STRING, shown);
    }
}

/**
 * SQLite finds out what columns a view has when it is first used. pragma_table_list would do so for
 * all of them, but stops at the first that is broken.
 */
static apr_status_t use_all(rest_sqlite_reader_t *reader)
{
    apr_array_header_t *lazies = apr_array_make(reader->ptemp, 16, sizeof(lazy_t));
    const char *sql = apr_psprintf(reader->ptemp, lazy_sql, reader->ident);
    int i;

    if (rest_sqlite_each(reader, sql, read_lazy, lazies) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    for (i = 0; i < lazies->nelts; i++) {
        use(reader, &APR_ARRAY_IDX(lazies, i, lazy_t));
    }
    return APR_SUCCESS;
}

apr_status_t rest_sqlite_read_relations(rest_sqlite_reader_t *reader)
{
    state_t state = { .relation = NULL };

    if (use_all(reader) != APR_SUCCESS ||
        rest_sqlite_each(reader, columns_sql, read_column, &state) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    end_relation(reader, &state);
    return APR_SUCCESS;
}
