/* SPDX-License-Identifier: Apache-2.0 */
/** SQLite: what links are made of. Called by rest_schema_sqlite.c, in the thread that loads. */
#include "rest_schema_sqlite.h"

/*
 * One row per column of a foreign key, the keys of a table as they were declared. Each pragma is a
 * statement of its own, so only tables are asked that can have keys. %s: the schema.
 */
static const char foreign_sql[] =
    "SELECT t.name, f.id, f.\"table\", f.\"from\", f.\"to\", f.seq"
    " FROM %s.sqlite_schema t CROSS JOIN pragma_foreign_key_list(t.name, $1) f"
    " WHERE t.type = 'table' AND t.sql LIKE '%%references%%'"
    " ORDER BY t.name, f.id DESC, f.seq";

enum { TABLE, ID, TO_TABLE, COLUMN, TO_COLUMN, POSITION };

/*
 * One row per column of a unique constraint, of those tables. An index that SQLite makes for a
 * constraint has no text.
 */
static const char unique_sql[] =
    "SELECT i.name, i.tbl_name, n.name"
    " FROM %s.sqlite_schema i CROSS JOIN pragma_index_info(i.name, $1) n"
    " WHERE i.type = 'index' AND i.sql IS NULL AND i.tbl_name IN"
    " (SELECT t.name FROM %s.sqlite_schema t"
    "  WHERE t.type = 'table' AND t.sql LIKE '%%references%%')"
    " ORDER BY i.name";

enum { INDEX, OF_TABLE, OF_COLUMN };

/** A unique constraint. */
typedef struct unique_t {
    const char         *index, *table;
    apr_array_header_t *columns; /* const char * */
} unique_t;

typedef struct state_t {
    apr_array_header_t    *uniques; /* unique_t */
    rest_foreign_key_t    *key;     /* being read */
    const rest_relation_t *to;      /* its target; NULL: there is none */
    apr_int64_t            id;
    int                    nth;     /* of its table's keys */
    int                    nto;
} state_t;

/** "TABLE_COLUMN_COLUMN_fkey" */
static const char *default_name(const rest_foreign_key_t *key, apr_pool_t *p)
{
    const char *name = key->table;
    int i;

    for (i = 0; i < key->ncolumns; i++) {
        name = apr_pstrcat(p, name, "_", key->columns[i], NULL);
    }
    return apr_pstrcat(p, name, "_fkey", NULL);
}

/** The name that the CREATE statement gives to the table's nth key; NULL: none. */
static const char *declared_name(const rest_sqlite_reader_t *reader, const state_t *state)
{
    const rest_foreign_key_t *key = state->key;
    const rest_ddl_table_t *table = apr_hash_get(reader->tables, key->table, APR_HASH_KEY_STRING);
    const rest_ddl_key_t *declared;
    int i;

    if (!table || state->nth >= table->keys->nelts) {
        return NULL;
    }
    declared = &APR_ARRAY_IDX(table->keys, state->nth, rest_ddl_key_t);
    if (declared->columns->nelts != key->ncolumns) {
        return NULL;
    }
    for (i = 0; i < key->ncolumns; i++) {
        if (strcasecmp(APR_ARRAY_IDX(declared->columns, i, const char *), key->columns[i]) != 0) {
            return NULL;
        }
    }
    return declared->name;
}

static int has_column(const rest_foreign_key_t *key, const char *column)
{
    int i;

    for (i = 0; i < key->ncolumns; i++) {
        if (strcmp(key->columns[i], column) == 0) {
            return 1;
        }
    }
    return 0;
}

static int is_primary(const rest_sqlite_reader_t *reader, const rest_foreign_key_t *key)
{
    const rest_relation_t *table = rest_sqlite_table(reader, key->table);
    int i;

    for (i = 0; table && i < table->nkeys; i++) {
        if (!has_column(key, table->keys[i]->name)) {
            return 0;
        }
    }
    return table && table->nkeys == key->ncolumns;
}

/** Whether the key's columns are those of a constraint, in any order. */
static int is_same(const rest_foreign_key_t *key, const unique_t *unique)
{
    int i;

    for (i = 0; i < unique->columns->nelts; i++) {
        if (!has_column(key, APR_ARRAY_IDX(unique->columns, i, const char *))) {
            return 0;
        }
    }
    return unique->columns->nelts == key->ncolumns;
}

static int is_unique(const rest_sqlite_reader_t *reader, const state_t *state)
{
    int i, found = is_primary(reader, state->key);

    for (i = 0; i < state->uniques->nelts && !found; i++) {
        const unique_t *unique = &APR_ARRAY_IDX(state->uniques, i, unique_t);

        found = strcmp(unique->table, state->key->table) == 0 && is_same(state->key, unique);
    }
    return found;
}

static void end_key(rest_sqlite_reader_t *reader, state_t *state)
{
    rest_foreign_key_t *key = state->key;
    const char *name;

    if (!key || !state->to) {
        return;
    }
    name = declared_name(reader, state);
    key->name = name ? apr_pstrdup(reader->schema->pool, name)
                     : default_name(key, reader->schema->pool);
    key->unique = is_unique(reader, state) != 0;
    key->next = reader->schema->foreign_keys;
    reader->schema->foreign_keys = key;
}

static void begin_key(rest_sqlite_reader_t *reader, state_t *state, const app_rows_t *rows)
{
    rest_foreign_key_t *key = apr_pcalloc(reader->schema->pool, sizeof(*key));

    key->schema = key->to_schema = reader->space->name;
    key->table = rest_sqlite_text(reader, rows, TABLE);
    state->nth = state->key && strcmp(state->key->table, key->table) == 0 ? state->nth + 1 : 0;
    state->key = key;
    state->id = app_rows_int(rows, ID);
    state->to = rest_sqlite_table(reader, app_rows_text(rows, TO_TABLE, NULL));
    state->nto = 0;
    if (state->to) {
        key->to_table = state->to->name;
    }
}

/** The target's column, which need not be named: it is that of the primary key then. */
static const rest_column_t *target_of(const state_t *state, const app_rows_t *rows)
{
    const char *name = app_rows_text(rows, TO_COLUMN, NULL);
    apr_int64_t position = app_rows_int(rows, POSITION);

    if (name) {
        return rest_sqlite_column(state->to, name);
    }
    return position < state->to->nkeys ? state->to->keys[position] : NULL;
}

/** A key whose target does not exist is none. */
static void read_foreign(rest_sqlite_reader_t *reader, const app_rows_t *rows, void *ctx)
{
    state_t *state = ctx;
    rest_foreign_key_t *key = state->key;
    const rest_column_t *to;

    if (!key || app_rows_int(rows, ID) != state->id ||
        strcmp(key->table, app_rows_text(rows, TABLE, NULL)) != 0) {
        end_key(reader, state);
        begin_key(reader, state, rows);
        key = state->key;
    }
    to = state->to ? target_of(state, rows) : NULL;
    if (!to) {
        state->to = NULL;
        return;
    }
    key->columns = rest_schema_push(reader->schema, key->columns, &key->ncolumns,
                                    rest_sqlite_text(reader, rows, COLUMN));
    key->to_columns = rest_schema_push(reader->schema, key->to_columns, &state->nto, to->name);
}

static void read_unique(rest_sqlite_reader_t *reader, const app_rows_t *rows, void *ctx)
{
    apr_array_header_t *uniques = ((state_t *)ctx)->uniques;
    const char *index = app_rows_text(rows, INDEX, NULL);
    unique_t *unique = uniques->nelts
                           ? &APR_ARRAY_IDX(uniques, uniques->nelts - 1, unique_t) : NULL;

    if (!unique || strcmp(unique->index, index) != 0) {
        unique = apr_array_push(uniques);
        unique->index = apr_pstrdup(reader->ptemp, index);
        unique->table = apr_pstrdup(reader->ptemp, app_rows_text(rows, OF_TABLE, NULL));
        unique->columns = apr_array_make(reader->ptemp, 2, sizeof(char *));
    }
    APR_ARRAY_PUSH(unique->columns, const char *) =
        apr_pstrdup(reader->ptemp, app_rows_text(rows, OF_COLUMN, NULL));
}

/** Views have the primary keys of tables that are not exposed, too. */
static void add_hidden_key(rest_schema_t *schema, const rest_space_t *space,
                           const rest_relation_t *table)
{
    rest_key_t *key = apr_pcalloc(schema->pool, sizeof(*key));
    int i;

    key->schema = space->name;
    key->table = table->name;
    for (i = 0; i < table->nkeys; i++) {
        key->columns = rest_schema_push(schema, key->columns, &key->ncolumns,
                                        table->keys[i]->name);
    }
    key->next = schema->hidden_keys;
    schema->hidden_keys = key;
}

apr_status_t rest_sqlite_read_keys(rest_sqlite_reader_t *reader)
{
    const char *foreign = apr_psprintf(reader->ptemp, foreign_sql, reader->ident);
    const char *unique = apr_psprintf(reader->ptemp, unique_sql, reader->ident, reader->ident);
    state_t state = { .key = NULL };
    int i;

    state.uniques = apr_array_make(reader->ptemp, 16, sizeof(unique_t));
    if (rest_sqlite_each(reader, unique, read_unique, &state) != APR_SUCCESS ||
        rest_sqlite_each(reader, foreign, read_foreign, &state) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    end_key(reader, &state);
    for (i = 0; i < reader->hidden->nelts; i++) {
        const rest_relation_t *table = APR_ARRAY_IDX(reader->hidden, i, rest_relation_t *);

        if (table->nkeys) {
            add_hidden_key(reader->schema, reader->space, table);
        }
    }
    return APR_SUCCESS;
}
