/* SPDX-License-Identifier: Apache-2.0 */
/**
 * SQLite's catalogue and mod_app's own tables into a snapshot: the steps in their order, and what
 * they share. All is read in one transaction, so the version numbers belong to what was read.
 * Called by rest_cache.c and rest_run.c.
 */
#include "rest_schema_sqlite.h"

static const char own_tables_sql[] =
    "SELECT count(*) FILTER (WHERE name IN ('app_grants', 'app_state')) = 2,"
    " count(*) FILTER (WHERE name IN ('app_functions', 'app_computed')) = 2"
    " FROM main.sqlite_schema WHERE type = 'table'";

static const char attached_sql[] =
    "SELECT count(*) > 0 FROM pragma_table_list WHERE schema = $1";

static const char grants_sql[] =
    "SELECT role, resource, action, columns, row_filter, check_expr FROM main.app_grants";

enum { ROLE, RESOURCE, ACTION, COLUMNS, ROW_FILTER, CHECK_EXPR };

/* What ANALYZE leaves. */
static const char analyzed_sql[] =
    "SELECT count(*) FROM main.sqlite_schema WHERE name = 'sqlite_stat1' AND $1 IS NOT NULL";

static const char version_sql[] = "SELECT grants_version FROM main.app_state";

/** Which of mod_app's own tables are there. */
typedef struct own_t {
    int grants, functions;
} own_t;

apr_status_t rest_sqlite_each(rest_sqlite_reader_t *reader, const char *text,
                              rest_sqlite_row_fn *row, void *ctx)
{
    const char *space = reader->space ? reader->space->name : "";
    const app_value_t param = { .type = APP_VALUE_TEXT, .text = space, .len = strlen(space) };
    const app_sql_t sql = { text, &param, 1 };
    apr_status_t status;
    app_rows_t *rows;

    if (app_tx_query(reader->tx, &sql, 0, &rows, reader->err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    while ((status = app_rows_next(rows, reader->err)) == APR_SUCCESS) {
        row(reader, rows, ctx);
    }
    return status == APR_EOF ? APR_SUCCESS : status;
}

const char *rest_sqlite_text(const rest_sqlite_reader_t *reader, const app_rows_t *rows, int column)
{
    return apr_pstrdup(reader->schema->pool, app_rows_text(rows, column, NULL));
}

rest_relation_t *rest_sqlite_relation(const rest_sqlite_reader_t *reader, const char *name)
{
    const rest_space_t *space = reader->space;
    int i;

    for (i = 0; i < space->nrelations; i++) {
        if (strcasecmp(space->relations[i]->name, name) == 0) {
            return space->relations[i];
        }
    }
    return NULL;
}

rest_column_t *rest_sqlite_column(const rest_relation_t *relation, const char *name)
{
    int i;

    for (i = 0; i < relation->ncolumns; i++) {
        if (strcasecmp(relation->columns[i]->name, name) == 0) {
            return relation->columns[i];
        }
    }
    return NULL;
}

rest_relation_t *rest_sqlite_table(const rest_sqlite_reader_t *reader, const char *name)
{
    rest_relation_t *relation = rest_sqlite_relation(reader, name);
    int i;

    for (i = 0; !relation && i < reader->hidden->nelts; i++) {
        rest_relation_t *hidden = APR_ARRAY_IDX(reader->hidden, i, rest_relation_t *);

        relation = strcasecmp(hidden->name, name) == 0 ? hidden : NULL;
    }
    return relation && !relation->is_view ? relation : NULL;
}

/* Grants */

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

static void grant_execute(rest_sqlite_reader_t *reader, const char *space, const char *name,
                          const char *role)
{
    rest_routine_t *routine = rest_schema_routine(reader->schema, space, name);

    for (; routine; routine = routine->next) {
        rest_schema_execute_add(reader->schema, routine, role);
    }
}

/** "SPACE.NAME" names what an attached file has, a name alone what is in main. */
static const char *split_resource(const rest_schema_t *schema, const char **pspace,
                                  const char *resource)
{
    const char *dot = strchr(resource, '.');
    int i;

    *pspace = "main";
    for (i = 0; dot && i < schema->nspaces; i++) {
        const char *space = schema->spaces[i].name;

        if (strlen(space) == (apr_size_t)(dot - resource) &&
            strncmp(space, resource, strlen(space)) == 0 &&
            !rest_schema_relation(schema, "main", resource)) {
            *pspace = space;
            return dot + 1;
        }
    }
    return resource;
}

static void read_grant(rest_sqlite_reader_t *reader, const app_rows_t *rows, void *ctx)
{
    const char *role = app_rows_text(rows, ROLE, NULL);
    const char *resource = app_rows_text(rows, RESOURCE, NULL);
    const char *action = app_rows_text(rows, ACTION, NULL), *space;
    rest_schema_t *schema = reader->schema;
    rest_relation_t *relation;
    rest_right_e right;

    (void)ctx;
    if (!role || !resource || !action || !right_of(action, &right)) {
        return;
    }
    resource = split_resource(schema, &space, resource);
    relation = rest_schema_relation(schema, space, resource);
    if (right == REST_RIGHT_EXECUTE) {
        grant_execute(reader, space, resource, role);
    }
    else if (relation) {
        rest_schema_grant_add(schema, relation, role, right, app_rows_text(rows, COLUMNS, NULL),
                              app_rows_text(rows, ROW_FILTER, NULL),
                              app_rows_text(rows, CHECK_EXPR, NULL));
    }
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

/* The steps */

static void read_number(rest_sqlite_reader_t *reader, const app_rows_t *rows, void *pnumber)
{
    (void)reader;
    *(apr_int64_t *)pnumber = app_rows_int(rows, 0);
}

static void read_own(rest_sqlite_reader_t *reader, const app_rows_t *rows, void *ctx)
{
    own_t *own = ctx;

    (void)reader;
    own->grants = app_rows_int(rows, 0) != 0;
    own->functions = app_rows_int(rows, 1) != 0;
}

/** The relations of a schema. One that is not attached is served as an empty one. */
static apr_status_t read_space(rest_sqlite_reader_t *reader)
{
    apr_int64_t attached = 0;
    app_buf_t ident;

    if (rest_sqlite_each(reader, attached_sql, read_number, &attached) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (!attached) {
        app_log(APP_LOG_WARNING, NULL, "APP1081",
                "Schemas names \"%s\", and no database is attached under that name",
                reader->space->name);
        return APR_SUCCESS;
    }
    app_buf_init(&ident, reader->ptemp, APR_SIZE_MAX / 2);
    app_buf_add_ident(&ident, reader->space->name);
    reader->ident = ident.data;
    reader->hidden = apr_array_make(reader->ptemp, 8, sizeof(rest_relation_t *));
    reader->tables = apr_hash_make(reader->ptemp);
    reader->views = apr_hash_make(reader->ptemp);
    if (rest_sqlite_read_relations(reader) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    rest_schema_sort(reader->schema);
    return rest_sqlite_read_texts(reader) == APR_SUCCESS ? rest_sqlite_read_keys(reader)
                                                         : APP_EFAIL;
}

/** Functions belong to main, where the tables are that hold them. */
static apr_status_t read_functions(rest_sqlite_reader_t *reader)
{
    reader->space = rest_schema_space(reader->schema, "main");
    if (!reader->space) {
        return APR_SUCCESS;
    }
    if (rest_sqlite_read_routines(reader) != APR_SUCCESS ||
        rest_sqlite_read_computed(reader) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    rest_schema_sort(reader->schema);
    return APR_SUCCESS;
}

static apr_status_t read_grants(rest_sqlite_reader_t *reader)
{
    if (rest_sqlite_each(reader, version_sql, read_number, &reader->schema->grants_version) !=
        APR_SUCCESS) {
        return APP_EFAIL;
    }
    return rest_sqlite_each(reader, grants_sql, read_grant, NULL);
}

static void link_all(rest_sqlite_reader_t *reader)
{
    int i;

    rest_schema_link(reader->schema);
    for (i = 0; i < reader->computed->nelts; i++) {
        rest_schema_link_add(reader->schema, APR_ARRAY_IDX(reader->computed, i, rest_link_t *));
    }
}

static apr_status_t read_all(rest_sqlite_reader_t *reader)
{
    rest_schema_t *schema = reader->schema;
    own_t own = { 0, 0 };
    apr_int64_t analyzed = 0;
    int i;

    if (app_tx_schema_version(reader->tx, &schema->version, reader->err) != APR_SUCCESS ||
        rest_sqlite_each(reader, own_tables_sql, read_own, &own) != APR_SUCCESS ||
        rest_sqlite_each(reader, analyzed_sql, read_number, &analyzed) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    schema->analyzed = analyzed != 0;
    for (i = 0; i < schema->nspaces; i++) {
        reader->space = &schema->spaces[i];
        if (read_space(reader) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    if (own.functions && read_functions(reader) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    schema->no_grants = !own.grants;
    if (own.grants && (read_grants(reader) != APR_SUCCESS ||
                       rest_sqlite_read_roles(reader) != APR_SUCCESS)) {
        return APP_EFAIL;
    }
    link_all(reader);
    return APR_SUCCESS;
}

apr_status_t rest_sqlite_load(rest_schema_t *schema, app_tx_t *tx, app_error_t *err)
{
    rest_sqlite_reader_t reader = { .schema = schema, .tx = tx, .err = err };
    apr_status_t status;

    if (apr_pool_create(&reader.ptemp, schema->pool) != APR_SUCCESS) {
        return app_fail(err, APP_E_INTERNAL, NULL);
    }
    reader.computed = apr_array_make(reader.ptemp, 4, sizeof(rest_link_t *));
    status = read_all(&reader);
    apr_pool_destroy(reader.ptemp);
    return status;
}

/* Is it current? */

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
