/* SPDX-License-Identifier: Apache-2.0 */
/**
 * SQLite's catalogue and mod_app's table of grants into a snapshot. All is read in one
 * transaction, so the version numbers belong to what was read. Called by rest_cache.c and
 * rest_run.c.
 */
#include "apr_strings.h"

#include "rest_dialect.h"

/*
 * One row per column, relation by relation. A view that is broken has no columns and is left out
 * before table_xinfo would fail on it; hidden columns of virtual tables (1) are not data.
 */
static const char columns_sql[] =
    "SELECT l.name, x.name, x.type, x.pk, x.hidden, l.wr, l.type"
    " FROM pragma_table_list l CROSS JOIN pragma_table_xinfo(l.name, l.schema) x"
    " WHERE l.schema = $1 AND l.type IN ('table', 'view', 'virtual') AND l.ncol > 0"
    " AND l.name NOT GLOB 'sqlite_*' AND l.name NOT GLOB 'app_*' AND x.hidden <> 1"
    " ORDER BY l.name, x.cid";

enum { RELATION, COLUMN, TYPE, KEY_POSITION, HIDDEN, WITHOUT_ROWID, RELATION_TYPE };

static const char own_tables_sql[] =
    "SELECT count(*) FROM sqlite_schema"
    " WHERE type = 'table' AND name IN ('app_grants', 'app_state')";

/* Views, triggers and the like of a schema that ask for more than who is asking. */
static const char readers_sql[] =
    "SELECT count(*) FROM %s.sqlite_schema WHERE sql LIKE '%%current_setting%%'";

static const char grants_sql[] =
    "SELECT role, resource, action, columns, row_filter, check_expr FROM app_grants";

static const char version_sql[] = "SELECT grants_version FROM app_state";

#define KEYS_MAX 64

typedef struct reader_t {
    rest_schema_t   *schema;
    rest_space_t    *space;
    rest_relation_t *relation;
    rest_column_t   *keys[KEYS_MAX + 1];
} reader_t;

/** Writes once what most requests ask of a relation: its columns under their own names. */
static void make_members(const rest_schema_t *schema, rest_relation_t *relation)
{
    int i;

    for (i = 0; i < relation->ncolumns; i++) {
        rest_column_t *column = relation->columns[i];

        column->member = rest_sqlite_member(column, schema->pool);
    }
}

/** The key in its own order. */
static void end_relation(reader_t *reader)
{
    rest_relation_t *relation = reader->relation;
    int i;

    for (i = 1; relation && i <= KEYS_MAX; i++) {
        if (reader->keys[i]) {
            rest_schema_key_add(reader->schema, relation, reader->keys[i]);
        }
        reader->keys[i] = NULL;
    }
    if (relation) {
        make_members(reader->schema, relation);
    }
}

static void read_column(reader_t *reader, const app_rows_t *rows)
{
    const char *name = app_rows_text(rows, RELATION, NULL);
    const char *type = app_rows_text(rows, TYPE, NULL);
    apr_int64_t position = app_rows_int(rows, KEY_POSITION);
    rest_column_t *column;

    if (!reader->relation || strcmp(reader->relation->name, name) != 0) {
        end_relation(reader);
        reader->relation = rest_schema_relation_add(reader->schema, reader->space, name);
        reader->relation->insertable =
            strcmp(app_rows_text(rows, RELATION_TYPE, NULL), "view") != 0;
        reader->relation->rowid =
            reader->relation->insertable && app_rows_int(rows, WITHOUT_ROWID) == 0;
    }
    column = rest_schema_column_add(reader->schema, reader->relation,
                                    app_rows_text(rows, COLUMN, NULL), type ? type : "");
    column->generated = app_rows_int(rows, HIDDEN) > 1;
    if (strcasecmp(column->name, "rowid") == 0) {
        reader->relation->rowid = 0;
    }
    if (position > 0 && position <= KEYS_MAX) {
        reader->keys[position] = column;
    }
}

static apr_status_t read_columns(reader_t *reader, app_tx_t *tx, app_error_t *err)
{
    const app_value_t param = { .type = APP_VALUE_TEXT, .text = reader->space->name,
                                .len = strlen(reader->space->name) };
    const app_sql_t sql = { columns_sql, &param, 1 };
    apr_status_t status;
    app_rows_t *rows;

    if (app_tx_query(tx, &sql, 0, &rows, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    reader->relation = NULL;
    while ((status = app_rows_next(rows, err)) == APR_SUCCESS) {
        read_column(reader, rows);
    }
    end_relation(reader);
    return status == APR_EOF ? APR_SUCCESS : status;
}

static int right_of(const char *action, rest_right_e *pright)
{
    static const char *const words[REST_RIGHTS_] = { "select", "insert", "update", "delete",
                                                     "execute" };
    int i;

    for (i = 0; i < REST_RIGHTS_; i++) {
        if (strcmp(words[i], action) == 0) {
            *pright = (rest_right_e)i;
            return 1;
        }
    }
    return 0;
}

/** A grant holds for the relation of that name in every schema served. */
static void read_grant(rest_schema_t *schema, const app_rows_t *rows)
{
    const char *role = app_rows_text(rows, 0, NULL), *resource = app_rows_text(rows, 1, NULL);
    const char *action = app_rows_text(rows, 2, NULL);
    rest_right_e right;
    int i;

    if (!role || !resource || !action || !right_of(action, &right)) {
        return;
    }
    for (i = 0; i < schema->nspaces; i++) {
        rest_relation_t *relation =
            rest_schema_relation(schema, schema->spaces[i].name, resource);

        if (relation) {
            rest_schema_grant_add(schema, relation, role, right, app_rows_text(rows, 3, NULL),
                                  app_rows_text(rows, 4, NULL), app_rows_text(rows, 5, NULL));
        }
    }
}

static apr_status_t read_grants(rest_schema_t *schema, app_tx_t *tx, app_error_t *err)
{
    const app_sql_t sql = { grants_sql, NULL, 0 };
    apr_status_t status;
    app_rows_t *rows;

    if (app_tx_query(tx, &sql, 0, &rows, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    while ((status = app_rows_next(rows, err)) == APR_SUCCESS) {
        read_grant(schema, rows);
    }
    return status == APR_EOF ? APR_SUCCESS : status;
}

/** The one number that a statement gives. */
static apr_status_t number_of(apr_int64_t *pnumber, const char *text, app_tx_t *tx,
                              app_error_t *err)
{
    const app_sql_t sql = { text, NULL, 0 };
    apr_int64_t number = 0;
    apr_status_t status;
    app_rows_t *rows;

    if (app_tx_query(tx, &sql, 0, &rows, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    while ((status = app_rows_next(rows, err)) == APR_SUCCESS) {
        number = app_rows_int(rows, 0);
    }
    *pnumber = number;
    return status == APR_EOF ? APR_SUCCESS : status;
}

static apr_status_t find_readers(rest_schema_t *schema, const rest_space_t *space, app_tx_t *tx,
                                 app_error_t *err)
{
    apr_int64_t readers = 0;
    app_buf_t name;

    app_buf_init(&name, schema->pool, APR_SIZE_MAX / 2);
    app_buf_add_ident(&name, space->name);
    if (number_of(&readers, apr_psprintf(schema->pool, readers_sql, name.data), tx, err) !=
        APR_SUCCESS) {
        return APP_EFAIL;
    }
    schema->reads_request |= readers > 0;
    return APR_SUCCESS;
}

apr_status_t rest_sqlite_load(rest_schema_t *schema, app_tx_t *tx, app_error_t *err)
{
    reader_t reader = { .schema = schema };
    apr_int64_t own_tables;
    int i;

    if (app_tx_schema_version(tx, &schema->version, err) != APR_SUCCESS ||
        number_of(&own_tables, own_tables_sql, tx, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    for (i = 0; i < schema->nspaces; i++) {
        reader.space = &schema->spaces[i];
        if (read_columns(&reader, tx, err) != APR_SUCCESS ||
            find_readers(schema, reader.space, tx, err) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    rest_schema_sort(schema);
    schema->no_grants = own_tables != 2;
    if (schema->no_grants) {
        return APR_SUCCESS;
    }
    return number_of(&schema->grants_version, version_sql, tx, err) == APR_SUCCESS
               ? read_grants(schema, tx, err)
               : APP_EFAIL;
}

/** An app_tx_check_fn. @return REST_STALE if the snapshot is not the database's any more */
static apr_status_t compare_versions(app_tx_t *tx, const void *snapshot, app_error_t *err)
{
    const rest_schema_t *schema = snapshot;
    apr_int64_t version;

    if (app_tx_schema_version(tx, &version, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (version != schema->version) {
        return REST_STALE;
    }
    if (schema->no_grants) {
        return APR_SUCCESS;
    }
    if (number_of(&version, version_sql, tx, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return version == schema->grants_version ? APR_SUCCESS : REST_STALE;
}

apr_status_t rest_sqlite_is_current(int *pcurrent, const rest_schema_t *schema, app_tx_t *tx,
                                    app_error_t *err)
{
    apr_status_t status = app_tx_check(tx, schema, compare_versions, err);

    *pcurrent = status != REST_STALE;
    return status == REST_STALE ? APR_SUCCESS : status;
}
