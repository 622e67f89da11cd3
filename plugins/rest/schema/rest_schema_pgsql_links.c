/* SPDX-License-Identifier: Apache-2.0 */
/**
 * PostgreSQL's primary and foreign keys, and the columns of views that stand for their columns.
 * Called while a snapshot is loaded.
 */
#include <stdlib.h>

#include "rest_schema_pgsql.h"

#define CHAIN_MAX 64 /* views over views */

/*
 * Keys of tables of any schema. What a partition has of its parent's foreign keys is not one of its
 * own; a foreign key is unique by a constraint over the same columns, not by an index.
 */
static const char constraints_sql[] =
    "WITH own AS (SELECT conrelid, ARRAY(SELECT unnest(conkey) ORDER BY 1) AS columns"
    " FROM pg_constraint WHERE contype IN ('p', 'u')) "
    "SELECT k.conrelid, n.nspname, c.relname, k.conkey,"
    " ARRAY(SELECT a.attname FROM pg_attribute a WHERE a.attrelid = k.conrelid"
    "  AND a.attnum = ANY (k.conkey) ORDER BY array_position(k.conkey, a.attnum)),"
    " k.confrelid, fn.nspname, fc.relname, k.confkey,"
    " ARRAY(SELECT a.attname FROM pg_attribute a WHERE a.attrelid = k.confrelid"
    "  AND a.attnum = ANY (k.confkey) ORDER BY array_position(k.confkey, a.attnum)),"
    " k.conname, k.contype = 'p',"
    " k.contype = 'f' AND (k.conrelid, ARRAY(SELECT unnest(k.conkey) ORDER BY 1)) IN"
    "  (SELECT conrelid, columns FROM own)"
    " FROM pg_constraint k"
    " JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
    " LEFT JOIN pg_class fc ON fc.oid = k.confrelid"
    " LEFT JOIN pg_namespace fn ON fn.oid = fc.relnamespace"
    " WHERE (k.contype = 'p' OR k.contype = 'f' AND k.conparentid = 0)"
    " AND n.nspname NOT IN ('pg_catalog', 'information_schema')";

/* Two sides of five columns each. */
enum { OID, SPACE, TABLE, NUMBERS, NAMES, SIDE, NAME = 2 * SIDE, PRIMARY, UNIQUE };

static const char rules_sql[] =
    "SELECT c.oid, r.ev_action FROM pg_rewrite r"
    " JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = ANY ($1::text[]) AND c.relkind IN ('v', 'm') AND r.ev_type = '1'";

typedef struct side_t {
    apr_int64_t  oid;
    const char  *schema, *table;
    const char **names;
    int          count;
} side_t;

/** A column by its numbers: of a key, with its names; of a view, with the column that it is. */
typedef struct numbered_t {
    apr_int64_t oid;
    int         column;
    const char *schema, *table, *name;
    apr_int64_t is_of;
    int         is_column;
} numbered_t;

typedef struct keys_t {
    apr_array_header_t *columns; /* numbered_t of keys */
    apr_array_header_t *targets; /* numbered_t of views */
    apr_int64_t         view;    /* whose rule is being read */
} keys_t;

static int compare_numbered(const void *a, const void *b)
{
    const numbered_t *x = a, *y = b;

    if (x->oid != y->oid) {
        return x->oid < y->oid ? -1 : 1;
    }
    return x->column - y->column;
}

static void sort_numbered(apr_array_header_t *list)
{
    qsort(list->elts, (apr_size_t)list->nelts, sizeof(numbered_t), compare_numbered);
}

static const numbered_t *find_numbered(const apr_array_header_t *list, apr_int64_t oid, int column)
{
    const numbered_t key = { .oid = oid, .column = column };

    return list->nelts ? bsearch(&key, list->elts, (apr_size_t)list->nelts, sizeof(key),
                                 compare_numbered)
                       : NULL;
}

static numbered_t *add_numbered(apr_array_header_t *list, apr_int64_t oid, int column)
{
    numbered_t *added = apr_array_push(list);

    memset(added, 0, sizeof(*added));
    added->oid = oid;
    added->column = column;
    return added;
}

/** One side of a key. Its columns are noted, for views to find them. */
static void read_side(side_t *side, keys_t *keys, rest_pgsql_reader_t *reader,
                      const app_rows_t *rows, int first)
{
    const char **numbers;
    int i, count;

    side->oid = app_rows_int(rows, first + OID);
    side->schema = rest_pgsql_text(reader, rows, first + SPACE);
    side->table = rest_pgsql_text(reader, rows, first + TABLE);
    numbers = rest_pgsql_list(reader, rows, first + NUMBERS, &count);
    side->names = rest_pgsql_list(reader, rows, first + NAMES, &side->count);
    for (i = 0; i < count && i < side->count; i++) {
        numbered_t *column = add_numbered(keys->columns, side->oid,
                                          (int)strtol(numbers[i], NULL, 10));

        column->schema = side->schema;
        column->table = side->table;
        column->name = side->names[i];
    }
}

static void add_hidden(rest_schema_t *schema, const side_t *side)
{
    rest_key_t *key = apr_pcalloc(schema->pool, sizeof(*key));

    key->schema = side->schema;
    key->table = side->table;
    key->columns = side->names;
    key->ncolumns = side->count;
    key->next = schema->hidden_keys;
    schema->hidden_keys = key;
}

static void add_primary(rest_pgsql_reader_t *reader, const side_t *side)
{
    rest_relation_t *relation = rest_pgsql_class(reader, side->oid);
    int i;

    if (!relation || !rest_pgsql_is_exposed(relation)) {
        add_hidden(reader->schema, side);
        return;
    }
    for (i = 0; i < side->count; i++) {
        const rest_column_t *column = rest_relation_column(relation, side->names[i]);

        if (column) { /* statements see what was committed before each of them */
            rest_schema_key_add(reader->schema, relation, relation->columns[column->position]);
        }
    }
}

static void add_foreign(rest_schema_t *schema, const side_t *from, const side_t *to,
                        const char *name, int unique)
{
    rest_foreign_key_t *key = apr_pcalloc(schema->pool, sizeof(*key));

    key->name = name;
    key->schema = from->schema;
    key->table = from->table;
    key->columns = from->names;
    key->to_schema = to->schema;
    key->to_table = to->table;
    key->to_columns = to->names;
    key->ncolumns = from->count;
    key->unique = unique != 0;
    key->next = schema->foreign_keys;
    schema->foreign_keys = key;
}

static void read_constraint(rest_pgsql_reader_t *reader, const app_rows_t *rows, void *ctx)
{
    side_t from, to;

    read_side(&from, ctx, reader, rows, 0);
    if (rest_pgsql_true(rows, PRIMARY)) {
        add_primary(reader, &from);
        return;
    }
    read_side(&to, ctx, reader, rows, SIDE);
    if (from.count == to.count) {
        add_foreign(reader->schema, &from, &to, rest_pgsql_text(reader, rows, NAME),
                    rest_pgsql_true(rows, UNIQUE));
    }
}

static void add_target(void *ctx, int number, apr_int64_t relation, int column)
{
    keys_t *keys = ctx;
    numbered_t *target = add_numbered(keys->targets, keys->view, number);

    target->is_of = relation;
    target->is_column = column;
}

static void read_rule(rest_pgsql_reader_t *reader, const app_rows_t *rows, void *ctx)
{
    keys_t *keys = ctx;

    (void)reader;
    keys->view = app_rows_int(rows, 0);
    rest_pgsql_rule_targets(app_rows_text(rows, 1, NULL), add_target, keys);
}

/** The key's column that a view's column is, through other views; NULL: none. */
static const numbered_t *follow(const keys_t *keys, const numbered_t *target)
{
    int i;

    for (i = 0; target && i < CHAIN_MAX; i++) {
        const numbered_t *column = find_numbered(keys->columns, target->is_of, target->is_column);

        if (column) {
            return column;
        }
        target = find_numbered(keys->targets, target->is_of, target->is_column);
    }
    return NULL;
}

/** Views have no dropped columns: their numbers are their positions. */
static void add_origin(rest_pgsql_reader_t *reader, const keys_t *keys, const numbered_t *target)
{
    const rest_relation_t *view = rest_pgsql_class(reader, target->oid);
    const numbered_t *column;
    rest_origin_t *origin;

    if (!view || target->column < 1 || target->column > view->ncolumns) {
        return;
    }
    column = follow(keys, target);
    if (!column) {
        return;
    }
    origin = apr_pcalloc(reader->schema->pool, sizeof(*origin));
    origin->schema = view->schema;
    origin->view = view->name;
    origin->column = view->columns[target->column - 1]->name;
    origin->table_schema = column->schema;
    origin->table = column->table;
    origin->table_column = column->name;
    origin->next = reader->schema->origins;
    reader->schema->origins = origin;
}

/** The schemas whose views are looked through: those served and the further ones. */
static app_value_t view_spaces(const rest_pgsql_reader_t *reader)
{
    const rest_schema_t *schema = reader->schema;
    int i, further = schema->further ? schema->further->nelts : 0;
    const char **names = apr_palloc(reader->ptemp,
                                    sizeof(*names) * (apr_size_t)(schema->nspaces + further + 1));

    for (i = 0; i < schema->nspaces; i++) {
        names[i] = schema->spaces[i].name;
    }
    for (i = 0; i < further; i++) {
        names[schema->nspaces + i] = APR_ARRAY_IDX(schema->further, i, const char *);
    }
    return rest_pgsql_array(names, schema->nspaces + further, schema->pool);
}

apr_status_t rest_pgsql_read_keys(rest_pgsql_reader_t *reader)
{
    const app_value_t spaces = view_spaces(reader);
    keys_t keys = { apr_array_make(reader->ptemp, 64, sizeof(numbered_t)),
                    apr_array_make(reader->ptemp, 64, sizeof(numbered_t)), 0 };
    int i;

    if (rest_pgsql_each(reader, constraints_sql, NULL, read_constraint, &keys) != APR_SUCCESS ||
        rest_pgsql_each(reader, rules_sql, &spaces, read_rule, &keys) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    sort_numbered(keys.columns);
    sort_numbered(keys.targets);
    for (i = 0; i < keys.targets->nelts; i++) {
        add_origin(reader, &keys, &APR_ARRAY_IDX(keys.targets, i, numbered_t));
    }
    return APR_SUCCESS;
}
