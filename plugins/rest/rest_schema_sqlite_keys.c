/* SPDX-License-Identifier: Apache-2.0 */
/** SQLite: what links are made of. Called by rest_schema_sqlite.c, in the thread that loads. */
#include "rest_schema_sqlite.h"

/*
 * One row per column of a foreign key, the keys of a table as they were declared. A key that names
 * no columns is one to the primary key. What is named in another case is given as it is stored. The
 * last column, of the first row of a key: its columns are those of a constraint of its own table.
 * %s: the schema.
 */
static const char foreign_sql[] =
    "SELECT l.name, f.id, f.\"from\","
    " (SELECT s.name FROM %s.sqlite_schema s"
    "  WHERE s.type = 'table' AND s.name = f.\"table\" COLLATE NOCASE),"
    " (SELECT x.name FROM pragma_table_xinfo(f.\"table\", l.schema) x"
    "  WHERE CASE WHEN f.\"to\" IS NULL THEN x.pk = f.seq + 1"
    "        ELSE x.name = f.\"to\" COLLATE NOCASE END),"
    " f.seq = 0 AND"
    " (SELECT group_concat(c) FROM"
    "  (SELECT quote(lower(o.\"from\")) AS c FROM pragma_foreign_key_list(l.name, l.schema) o"
    "   WHERE o.id = f.id ORDER BY c))"
    " IN (SELECT (SELECT group_concat(c) FROM"
    "      (SELECT quote(lower(n.name)) AS c FROM pragma_index_info(i.name, l.schema) n"
    "       ORDER BY c))"
    "     FROM pragma_index_list(l.name, l.schema) i"
    "     WHERE i.origin IN ('u', 'pk') AND NOT i.partial"
    "     UNION ALL SELECT group_concat(c) FROM"
    "      (SELECT quote(lower(k.name)) AS c FROM pragma_table_info(l.name, l.schema) k"
    "       WHERE k.pk > 0 ORDER BY c))"
    " FROM pragma_table_list l CROSS JOIN pragma_foreign_key_list(l.name, l.schema) f"
    " WHERE l.schema = $1 AND l.type = 'table' ORDER BY l.name, f.id DESC, f.seq";

enum { TABLE, ID, COLUMN, TO_TABLE, TO_COLUMN, UNIQUE };

/* Primary keys of tables that are not exposed. */
static const char hidden_sql[] =
    "SELECT l.name, x.name"
    " FROM pragma_table_list l CROSS JOIN pragma_table_info(l.name, l.schema) x"
    " WHERE l.schema = $1 AND l.type = 'table' AND l.name GLOB 'app_*' AND x.pk > 0"
    " ORDER BY l.name, x.pk";

/** The key being read. */
typedef struct state_t {
    rest_foreign_key_t *key;
    apr_int64_t         id;
    int                 nth;  /* of its table's keys */
    int                 gone; /* what it is to does not exist */
    int                 nto;
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

static void end_key(rest_sqlite_reader_t *reader, state_t *state)
{
    rest_foreign_key_t *key = state->key;
    const char *name;

    if (!key || state->gone) {
        return;
    }
    name = declared_name(reader, state);
    key->name = name ? apr_pstrdup(reader->schema->pool, name)
                     : default_name(key, reader->schema->pool);
    key->next = reader->schema->foreign_keys;
    reader->schema->foreign_keys = key;
}

static void begin_key(rest_sqlite_reader_t *reader, state_t *state, const app_rows_t *rows)
{
    rest_foreign_key_t *key = apr_pcalloc(reader->schema->pool, sizeof(*key));

    key->schema = key->to_schema = reader->space->name;
    key->table = rest_sqlite_text(reader, rows, TABLE);
    key->to_table = rest_sqlite_text(reader, rows, TO_TABLE);
    key->unique = app_rows_int(rows, UNIQUE) != 0;
    state->nth = state->key && strcmp(state->key->table, key->table) == 0 ? state->nth + 1 : 0;
    state->key = key;
    state->id = app_rows_int(rows, ID);
    state->gone = !key->to_table;
    state->nto = 0;
}

static void read_foreign(rest_sqlite_reader_t *reader, const app_rows_t *rows, void *ctx)
{
    state_t *state = ctx;
    rest_foreign_key_t *key = state->key;
    const char *to = rest_sqlite_text(reader, rows, TO_COLUMN);

    if (!key || app_rows_int(rows, ID) != state->id ||
        strcmp(key->table, app_rows_text(rows, TABLE, NULL)) != 0) {
        end_key(reader, state);
        begin_key(reader, state, rows);
        key = state->key;
    }
    state->gone |= !to;
    key->columns = rest_schema_push(reader->schema, key->columns, &key->ncolumns,
                                    rest_sqlite_text(reader, rows, COLUMN));
    key->to_columns = rest_schema_push(reader->schema, key->to_columns, &state->nto, to);
}

static void read_hidden(rest_sqlite_reader_t *reader, const app_rows_t *rows, void *ctx)
{
    const char *table = rest_sqlite_text(reader, rows, 0);
    rest_schema_t *schema = reader->schema;
    rest_key_t *key = schema->hidden_keys;

    (void)ctx;
    if (!key || key->schema != reader->space->name || strcmp(key->table, table) != 0) {
        key = apr_pcalloc(schema->pool, sizeof(*key));
        key->schema = reader->space->name;
        key->table = table;
        key->next = schema->hidden_keys;
        schema->hidden_keys = key;
    }
    key->columns = rest_schema_push(schema, key->columns, &key->ncolumns,
                                    rest_sqlite_text(reader, rows, 1));
}

apr_status_t rest_sqlite_read_keys(rest_sqlite_reader_t *reader)
{
    const char *sql = apr_psprintf(reader->ptemp, foreign_sql, reader->ident);
    state_t state = { .key = NULL };

    if (rest_sqlite_each(reader, sql, read_foreign, &state) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    end_key(reader, &state);
    return rest_sqlite_each(reader, hidden_sql, read_hidden, NULL);
}
