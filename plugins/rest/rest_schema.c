/* SPDX-License-Identifier: Apache-2.0 */
/** Building a schema snapshot and asking it. Built in one thread; asked by all. */
#include <string.h>

#include "apr_lib.h"
#include "apr_strings.h"

#include "rest_schema.h"

static const char *quoted(const char *name, apr_pool_t *p)
{
    app_buf_t buf;

    app_buf_init(&buf, p, APR_SIZE_MAX / 2);
    app_buf_add_ident(&buf, name);
    return buf.data;
}

rest_schema_t *rest_schema_create(app_db_kind_e kind, const apr_array_header_t *spaces,
                                  apr_pool_t *p)
{
    rest_schema_t *schema = apr_pcalloc(p, sizeof(*schema));
    int i;

    schema->pool = p;
    schema->references = 1;
    schema->kind = kind;
    schema->spaces = apr_array_make(p, spaces->nelts, sizeof(rest_space_t));
    schema->roles = apr_hash_make(p);
    schema->reads_request = kind == APP_DB_PGSQL;
    for (i = 0; i < spaces->nelts; i++) {
        rest_space_t *space = apr_array_push(schema->spaces);

        space->name = apr_pstrdup(p, APR_ARRAY_IDX(spaces, i, const char *));
        space->relations = apr_hash_make(p);
    }
    return schema;
}

rest_relation_t *rest_schema_relation_add(rest_schema_t *schema, rest_space_t *space,
                                          const char *name)
{
    rest_relation_t *relation = apr_pcalloc(schema->pool, sizeof(*relation));

    relation->schema = space->name;
    relation->name = apr_pstrdup(schema->pool, name);
    relation->ident = apr_pstrcat(schema->pool, quoted(space->name, schema->pool), ".",
                                  quoted(name, schema->pool), NULL);
    relation->columns = apr_array_make(schema->pool, 16, sizeof(rest_column_t *));
    relation->keys = apr_array_make(schema->pool, 2, sizeof(rest_column_t *));
    relation->index = apr_hash_make(schema->pool);
    apr_hash_set(space->relations, relation->name, APR_HASH_KEY_STRING, relation);
    return relation;
}

rest_column_t *rest_schema_column_add(rest_schema_t *schema, rest_relation_t *relation,
                                      const char *name, const char *type)
{
    rest_column_t *column = apr_pcalloc(schema->pool, sizeof(*column));

    column->name = apr_pstrdup(schema->pool, name);
    column->ident = quoted(name, schema->pool);
    column->type = apr_pstrdup(schema->pool, type);
    column->kind = rest_kind_of_type(type);
    column->position = relation->columns->nelts;
    APR_ARRAY_PUSH(relation->columns, rest_column_t *) = column;
    apr_hash_set(relation->index, column->name, APR_HASH_KEY_STRING, column);
    return column;
}

/** Positions of columns named in a list divided by commas. */
static const char *positions(const rest_relation_t *relation, const char *names, apr_pool_t *p)
{
    char *set = apr_pcalloc(p, (apr_size_t)relation->columns->nelts + 1);

    while (*names) {
        apr_size_t len = strcspn(names, ",");
        const char *from = names, *to = names + len;
        const rest_column_t *column;

        names = to + (*to == ',');
        while (from < to && apr_isspace(*from)) {
            from++;
        }
        while (to > from && apr_isspace(to[-1])) {
            to--;
        }
        column = apr_hash_get(relation->index, from, to - from);
        if (column) {
            set[column->position] = 1;
        }
    }
    return set;
}

static unsigned reads_request(const char *sql)
{
    return sql && strcasestr(sql, "current_setting") != NULL;
}

void rest_schema_grant_add(rest_schema_t *schema, rest_relation_t *relation, const char *role,
                           rest_right_e right, const char *columns, const char *row_filter,
                           const char *check_expr)
{
    rest_grant_t *grant = apr_pcalloc(schema->pool, sizeof(*grant));

    grant->role = apr_pstrdup(schema->pool, role);
    grant->right = right;
    grant->columns = columns ? positions(relation, columns, schema->pool) : NULL;
    grant->row_filter = apr_pstrdup(schema->pool, row_filter);
    grant->check_expr = apr_pstrdup(schema->pool, check_expr);
    schema->reads_request |= reads_request(row_filter) || reads_request(check_expr);
    grant->next = relation->grants;
    relation->grants = grant;
    apr_hash_set(schema->roles, grant->role, APR_HASH_KEY_STRING, grant->role);
}

typedef struct type_t {
    const char *word; /* how the declared type begins */
    rest_kind_e kind;
} type_t;

/* The first that fits counts. */
static const type_t types[] = {
    { "timestamptz", REST_KIND_TIMESTAMPTZ },
    { "timestamp with time zone", REST_KIND_TIMESTAMPTZ },
    { "timestamp", REST_KIND_TIMESTAMP },
    { "datetime", REST_KIND_TIMESTAMP },
    { "date", REST_KIND_DATE },
    { "time", REST_KIND_TIME },
    { "interval", REST_KIND_TEXT },
    { "int", REST_KIND_INTEGER },
    { "bigint", REST_KIND_INTEGER },
    { "smallint", REST_KIND_INTEGER },
    { "mediumint", REST_KIND_INTEGER },
    { "tinyint", REST_KIND_INTEGER },
    { "serial", REST_KIND_INTEGER },
    { "bigserial", REST_KIND_INTEGER },
    { "bool", REST_KIND_BOOLEAN },
    { "real", REST_KIND_REAL },
    { "double", REST_KIND_REAL },
    { "float", REST_KIND_REAL },
    { "numeric", REST_KIND_NUMERIC },
    { "decimal", REST_KIND_NUMERIC },
    { "json", REST_KIND_JSON },
    { "blob", REST_KIND_BLOB },
    { "bytea", REST_KIND_BLOB },
    { "text", REST_KIND_TEXT },
    { "varchar", REST_KIND_TEXT },
    { "char", REST_KIND_TEXT },
    { "nchar", REST_KIND_TEXT },
    { "nvarchar", REST_KIND_TEXT },
    { "clob", REST_KIND_TEXT },
    { "uuid", REST_KIND_TEXT },
};

rest_kind_e rest_kind_of_type(const char *type)
{
    apr_size_t i, len = strlen(type);

    if (len > 2 && strcmp(type + len - 2, "[]") == 0) {
        return REST_KIND_ARRAY;
    }
    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strncasecmp(type, types[i].word, strlen(types[i].word)) == 0) {
            return types[i].kind;
        }
    }
    return REST_KIND_ANY;
}

rest_space_t *rest_schema_space(const rest_schema_t *schema, const char *name)
{
    int i;

    for (i = 0; i < schema->spaces->nelts; i++) {
        rest_space_t *space = &APR_ARRAY_IDX(schema->spaces, i, rest_space_t);

        if (strcmp(space->name, name) == 0) {
            return space;
        }
    }
    return NULL;
}

rest_relation_t *rest_schema_relation(const rest_schema_t *schema, const char *space,
                                      const char *name)
{
    rest_space_t *found = rest_schema_space(schema, space);

    return found ? apr_hash_get(found->relations, name, APR_HASH_KEY_STRING) : NULL;
}

const rest_column_t *rest_relation_column(const rest_relation_t *relation, const char *name)
{
    return apr_hash_get(relation->index, name, APR_HASH_KEY_STRING);
}

const rest_grant_t *rest_relation_grant(const rest_relation_t *relation, const char *role,
                                        rest_right_e right)
{
    const rest_grant_t *grant = relation->grants;

    while (grant && (grant->right != right || strcmp(grant->role, role) != 0)) {
        grant = grant->next;
    }
    return grant;
}
