/* SPDX-License-Identifier: Apache-2.0 */
/**
 * PostgreSQL's catalogue into a snapshot, as the connection's own role sees it. Called by
 * rest_cache.c.
 */
#include "apr_strings.h"

#include "rest_dialect.h"

/*
 * One row per column, relation by relation. Partitions are reached through their parent. 8 is the
 * bit of INSERT.
 */
static const char columns_sql[] =
    "SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod),"
    " a.attgenerated <> '', array_position(i.indkey::int2[], a.attnum),"
    " CASE WHEN c.relkind IN ('r', 'p') THEN true"
    "      WHEN c.relkind IN ('v', 'f') THEN pg_relation_is_updatable(c.oid, true) & 8 = 8"
    "      ELSE false END"
    " FROM pg_class c"
    " JOIN pg_namespace n ON n.oid = c.relnamespace"
    " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
    " LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary"
    " WHERE n.nspname = ANY ($1::text[]) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
    " AND NOT c.relispartition"
    " ORDER BY n.nspname, c.relname, a.attnum";

enum { SPACE, RELATION, COLUMN, TYPE, GENERATED, KEY_POSITION, INSERTABLE };

#define KEYS_MAX 32 /* columns in a PostgreSQL index */

/** The relation being read, and its key columns as far as they are known. */
typedef struct reader_t {
    rest_schema_t   *schema;
    rest_relation_t *relation;
    rest_column_t   *keys[KEYS_MAX + 1];
} reader_t;

static const char *array_literal(const rest_schema_t *schema)
{
    app_buf_t buf;
    int i;

    app_buf_init(&buf, schema->pool, 65536);
    for (i = 0; i < schema->nspaces; i++) {
        app_buf_addc(&buf, i ? ',' : '{');
        rest_pgsql_element(&buf, schema->spaces[i].name);
    }
    app_buf_addc(&buf, '}');
    return buf.data;
}

static int is_true(const char *text)
{
    return text && *text == 't';
}

/** Moves the key columns, now in the order of the key, into the relation. */
static void end_relation(reader_t *reader)
{
    int i;

    for (i = 0; reader->relation && i <= KEYS_MAX; i++) {
        if (reader->keys[i]) {
            rest_schema_key_add(reader->schema, reader->relation, reader->keys[i]);
        }
        reader->keys[i] = NULL;
    }
}

static void begin_relation(reader_t *reader, const char *space, const char *name)
{
    rest_space_t *in = rest_schema_space(reader->schema, space);

    if (reader->relation && strcmp(reader->relation->name, name) == 0 &&
        strcmp(reader->relation->schema, space) == 0) {
        return;
    }
    end_relation(reader);
    reader->relation = in ? rest_schema_relation_add(reader->schema, in, name) : NULL;
}

static void read_column(reader_t *reader, const app_rows_t *rows)
{
    apr_int64_t position = app_rows_int(rows, KEY_POSITION);
    rest_column_t *column;

    begin_relation(reader, app_rows_text(rows, SPACE, NULL), app_rows_text(rows, RELATION, NULL));
    if (!reader->relation) {
        return;
    }
    column = rest_schema_column_add(reader->schema, reader->relation,
                                    app_rows_text(rows, COLUMN, NULL),
                                    app_rows_text(rows, TYPE, NULL));
    column->generated = is_true(app_rows_text(rows, GENERATED, NULL));
    reader->relation->insertable = is_true(app_rows_text(rows, INSERTABLE, NULL));
    if (app_rows_text(rows, KEY_POSITION, NULL) && position >= 0 && position <= KEYS_MAX) {
        reader->keys[position] = column;
    }
}

apr_status_t rest_pgsql_load(rest_schema_t *schema, app_tx_t *tx, app_error_t *err)
{
    const app_value_t spaces = { .type = APP_VALUE_TEXT,
                                 .text = array_literal(schema) };
    app_value_t param = spaces;
    const app_sql_t sql = { columns_sql, &param, 1 };
    reader_t reader = { .schema = schema };
    apr_status_t status;
    app_rows_t *rows;

    param.len = strlen(param.text);
    /* So that format_type() writes types outside pg_catalog with their schema. */
    app_tx_set(tx, "search_path", "pg_catalog");
    if (app_tx_query(tx, &sql, 0, &rows, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    while ((status = app_rows_next(rows, err)) == APR_SUCCESS) {
        read_column(&reader, rows);
    }
    end_relation(&reader);
    rest_schema_sort(schema);
    return status == APR_EOF ? APR_SUCCESS : status;
}

/*
 * Changes are found when a name is not, or by age; a NOTIFY would be one more reason for
 * rest_cache_renew().
 */
apr_status_t rest_pgsql_is_current(int *pcurrent, const rest_schema_t *schema, app_tx_t *tx,
                                   app_error_t *err)
{
    (void)schema;
    (void)tx;
    (void)err;
    *pcurrent = 1;
    return APR_SUCCESS;
}
