/* SPDX-License-Identifier: Apache-2.0 */
/**
 * PostgreSQL's catalogue into a snapshot, as the connection's own role sees it: the steps in their
 * order, and what they share. Called by rest_cache.c, in the thread that loads.
 */
#include <stdlib.h>

#include "rest_schema_pgsql.h"

static const char spaces_sql[] =
    "SELECT n.nspname, obj_description(n.oid, 'pg_namespace'),"
    " current_setting('server_version_num')"
    " FROM pg_namespace n WHERE n.nspname = ANY ($1::text[])";

/*
 * Of roles that the connection may become, what it may set for them; others would fail each of
 * their requests. %s: PostgreSQL 15 knows parameters that were granted.
 */
static const char role_settings_sql[] =
    "SELECT r.rolname, s.name, substr(c.config, strpos(c.config, '=') + 1)"
    " FROM pg_roles r CROSS JOIN unnest(r.rolconfig) AS c (config)"
    " JOIN pg_settings s ON s.name = split_part(c.config, '=', 1)"
    " WHERE r.rolname <> current_user AND pg_has_role(r.oid, 'MEMBER')"
    " AND (s.context = 'user' OR s.context = 'superuser' AND %s)"
    " ORDER BY r.rolname DESC, s.name DESC";

/* Whether answers have to wait for what a function may say of them. */
static const char response_sql[] =
    "SELECT EXISTS (SELECT 1 FROM pg_proc p WHERE p.prosrc LIKE '%response.%'"
    " AND p.pronamespace <> 'pg_catalog'::regnamespace)";

static const char may_set_15[] = "has_parameter_privilege(s.name, 'SET')";
static const char may_set[] = "(SELECT rolsuper FROM pg_roles WHERE rolname = current_user)";

apr_status_t rest_pgsql_each(rest_pgsql_reader_t *reader, const char *text,
                             const app_value_t *param, rest_pgsql_row_fn *row, void *ctx)
{
    const app_sql_t sql = { text, param, param ? 1 : 0 };
    apr_status_t status;
    app_rows_t *rows;

    if (app_tx_query(reader->tx, &sql, APP_QUERY_STREAM, &rows, reader->err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    while ((status = app_rows_next(rows, reader->err)) == APR_SUCCESS) {
        row(reader, rows, ctx);
    }
    return status == APR_EOF ? APR_SUCCESS : status;
}

const char *rest_pgsql_text(const rest_pgsql_reader_t *reader, const app_rows_t *rows, int column)
{
    return apr_pstrdup(reader->schema->pool, app_rows_text(rows, column, NULL));
}

int rest_pgsql_true(const app_rows_t *rows, int column)
{
    const char *text = app_rows_text(rows, column, NULL);

    return text && *text == 't';
}

/** One element of an array as PostgreSQL writes it. @param ptext behind it afterwards */
static const char *read_element(const char **ptext, apr_pool_t *p)
{
    int quoted = **ptext == '"';
    const char *at = *ptext + quoted, *end = at;
    char *element, *to;

    while (*end && !strchr(quoted ? "\"" : ",}", *end)) {
        end += *end == '\\' && end[1] ? 2 : 1;
    }
    element = to = apr_palloc(p, (apr_size_t)(end - at) + 1);
    while (at < end) {
        at += *at == '\\' && at[1];
        *to++ = *at++;
    }
    *to = '\0';
    *ptext = end + (*end == '"');
    return element;
}

const char **rest_pgsql_list(const rest_pgsql_reader_t *reader, const app_rows_t *rows, int column,
                             int *pcount)
{
    const char *text = app_rows_text(rows, column, NULL);
    const char **list = NULL;

    *pcount = 0;
    if (!text || *text != '{' || text[1] == '}') {
        return NULL;
    }
    do {
        text++;
        list = rest_schema_push(reader->schema, list, pcount,
                                read_element(&text, reader->schema->pool));
    } while (*text == ',');
    return list;
}

app_value_t rest_pgsql_array(const char **texts, int count, apr_pool_t *p)
{
    app_value_t value = { .type = APP_VALUE_TEXT };
    app_buf_t buf;
    int i;

    app_buf_init(&buf, p, APR_SIZE_MAX / 2);
    app_buf_addc(&buf, '{');
    for (i = 0; i < count; i++) {
        if (i) {
            app_buf_addc(&buf, ',');
        }
        rest_pgsql_element(&buf, texts[i]);
    }
    app_buf_addc(&buf, '}');
    value.text = buf.data;
    value.len = buf.len;
    return value;
}

rest_relation_t *rest_pgsql_class(const rest_pgsql_reader_t *reader, apr_int64_t oid)
{
    const rest_pgsql_class_t *list = (const rest_pgsql_class_t *)reader->classes->elts;
    int low = 0, high = reader->classes->nelts;

    while (low < high) {
        int middle = low + (high - low) / 2;

        if (list[middle].oid < oid) {
            low = middle + 1;
        }
        else {
            high = middle;
        }
    }
    return low < reader->classes->nelts && list[low].oid == oid ? list[low].relation : NULL;
}

int rest_pgsql_is_exposed(const rest_relation_t *relation)
{
    return *relation->schema != '\0';
}

static void read_space(rest_pgsql_reader_t *reader, const app_rows_t *rows, void *ctx)
{
    rest_space_t *space = rest_schema_space(reader->schema, app_rows_text(rows, 0, NULL));

    (void)ctx;
    space->comment = rest_pgsql_text(reader, rows, 1);
    reader->version = (int)app_rows_int(rows, 2);
}

static void read_role_setting(rest_pgsql_reader_t *reader, const app_rows_t *rows, void *ctx)
{
    rest_role_setting_t *setting = apr_pcalloc(reader->schema->pool, sizeof(*setting));

    (void)ctx;
    setting->role = rest_pgsql_text(reader, rows, 0);
    setting->name = rest_pgsql_text(reader, rows, 1);
    setting->value = rest_pgsql_text(reader, rows, 2);
    setting->next = reader->schema->role_settings;
    reader->schema->role_settings = setting;
}

static apr_status_t read_role_settings(rest_pgsql_reader_t *reader)
{
    const char *text = apr_psprintf(reader->schema->pool, role_settings_sql,
                                    reader->version >= 150000 ? may_set_15 : may_set);

    return rest_pgsql_each(reader, text, NULL, read_role_setting, NULL);
}

static app_value_t space_names(const rest_schema_t *schema, apr_pool_t *p)
{
    const char **names = apr_palloc(p, sizeof(*names) * (apr_size_t)(schema->nspaces + 1));
    int i;

    for (i = 0; i < schema->nspaces; i++) {
        names[i] = schema->spaces[i].name;
    }
    return rest_pgsql_array(names, schema->nspaces, p);
}

/** Everything is there: links between relations, and in front of them those by functions. */
static void link_relations(rest_pgsql_reader_t *reader)
{
    int i;

    rest_schema_link(reader->schema);
    for (i = 0; i < reader->computed->nelts; i++) {
        rest_schema_link_add(reader->schema, APR_ARRAY_IDX(reader->computed, i, rest_link_t *));
    }
}

static void read_response(rest_pgsql_reader_t *reader, const app_rows_t *rows, void *ctx)
{
    (void)ctx;
    reader->schema->sets_response = rest_pgsql_true(rows, 0) != 0;
}

static apr_status_t read_all(rest_pgsql_reader_t *reader)
{
    if (rest_pgsql_each(reader, response_sql, NULL, read_response, NULL) != APR_SUCCESS ||
        rest_pgsql_each(reader, spaces_sql, &reader->spaces, read_space, NULL) != APR_SUCCESS ||
        rest_pgsql_read_relations(reader) != APR_SUCCESS ||
        rest_pgsql_read_routines(reader) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    rest_schema_sort(reader->schema);
    if (rest_pgsql_read_handlers(reader) != APR_SUCCESS ||
        rest_pgsql_read_keys(reader) != APR_SUCCESS ||
        read_role_settings(reader) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    link_relations(reader);
    return APR_SUCCESS;
}

apr_status_t rest_pgsql_load(rest_schema_t *schema, app_tx_t *tx, app_error_t *err)
{
    rest_pgsql_reader_t reader = { .schema = schema, .tx = tx, .err = err };
    apr_status_t status;

    if (apr_pool_create(&reader.ptemp, schema->pool) != APR_SUCCESS) {
        return app_fail(err, APP_E_INTERNAL, NULL);
    }
    reader.classes = apr_array_make(reader.ptemp, 64, sizeof(rest_pgsql_class_t));
    reader.computed = apr_array_make(reader.ptemp, 8, sizeof(rest_link_t *));
    reader.spaces = space_names(schema, schema->pool);
    /* So that types and expressions outside pg_catalog are written with their schema. */
    app_tx_set(tx, "search_path", "pg_catalog");
    app_tx_set(tx, "jit", "off"); /* compiling these takes longer than running them */
    status = read_all(&reader);
    apr_pool_destroy(reader.ptemp);
    return status;
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
