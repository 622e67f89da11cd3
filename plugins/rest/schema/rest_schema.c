/* SPDX-License-Identifier: Apache-2.0 */
/** Building a schema snapshot and asking it. Built in one thread; asked by all. */
#include <stdlib.h>
#include <string.h>

#include "apr_lib.h"
#include "apr_strings.h"

#include "rest_schema.h"

const char *rest_quoted(const char *name, apr_pool_t *p)
{
    app_buf_t buf;

    app_buf_init(&buf, p, APR_SIZE_MAX / 2);
    app_buf_add_ident(&buf, name);
    return buf.data;
}

const char *rest_quoted_path(const char *name, apr_pool_t *p)
{
    const char *dot = strchr(name, '.');

    return dot ? apr_pstrcat(p, rest_quoted(apr_pstrmemdup(p, name, (apr_size_t)(dot - name)), p),
                             ".", rest_quoted(dot + 1, p), NULL)
               : rest_quoted(name, p);
}

rest_schema_t *rest_schema_create(app_db_kind_e kind, const apr_array_header_t *spaces,
                                  apr_pool_t *p)
{
    rest_schema_t *schema = apr_pcalloc(p, sizeof(*schema));
    int i;

    schema->pool = p;
    schema->references = 1;
    schema->kind = kind;
    schema->spaces = apr_pcalloc(p, sizeof(*schema->spaces) * (apr_size_t)(spaces->nelts + 1));
    schema->nspaces = spaces->nelts;
    schema->reads_request = kind == APP_DB_PGSQL;
    for (i = 0; i < spaces->nelts; i++) {
        schema->spaces[i].name = apr_pstrdup(p, APR_ARRAY_IDX(spaces, i, const char *));
    }
    return schema;
}

/** Lists grow at powers of two, so their capacity need not be kept. */
void *rest_schema_push(rest_schema_t *schema, void *list, int *count, const void *item)
{
    const void **items = list;

    if ((*count & (*count - 1)) == 0) {
        apr_size_t size = sizeof(*items) * (apr_size_t)(*count ? *count * 2 : 1);

        items = apr_palloc(schema->pool, size);
        memcpy(items, list ? list : items, sizeof(*items) * (apr_size_t)*count);
    }
    items[(*count)++] = item;
    return items;
}

rest_relation_t *rest_schema_relation_make(rest_schema_t *schema, const char *name)
{
    rest_relation_t *relation = apr_pcalloc(schema->pool, sizeof(*relation));

    relation->schema = "";
    relation->name = apr_pstrdup(schema->pool, name);
    relation->ident = rest_quoted(name, schema->pool);
    return relation;
}

rest_relation_t *rest_schema_relation_add(rest_schema_t *schema, rest_space_t *space,
                                          const char *name)
{
    rest_relation_t *relation = rest_schema_relation_make(schema, name);

    relation->schema = space->name;
    relation->ident = apr_pstrcat(schema->pool, rest_quoted(space->name, schema->pool), ".",
                                  relation->ident, NULL);
    space->relations = rest_schema_push(schema, space->relations, &space->nrelations, relation);
    return relation;
}

rest_column_t *rest_schema_column_add(rest_schema_t *schema, rest_relation_t *relation,
                                      const char *name, const char *type)
{
    rest_column_t *column = apr_pcalloc(schema->pool, sizeof(*column));
    int count = relation->ncolumns;

    column->name = apr_pstrdup(schema->pool, name);
    column->ident = rest_quoted(name, schema->pool);
    column->type = column->base = apr_pstrdup(schema->pool, type);
    column->kind = rest_kind_of_type(type);
    column->position = count;
    relation->by_name = rest_schema_push(schema, relation->by_name, &count, column);
    relation->columns = rest_schema_push(schema, relation->columns, &relation->ncolumns, column);
    return column;
}

void rest_schema_key_add(rest_schema_t *schema, rest_relation_t *relation, rest_column_t *column)
{
    relation->keys = rest_schema_push(schema, relation->keys, &relation->nkeys, column);
}

rest_routine_t *rest_schema_routine_make(rest_schema_t *schema, const rest_space_t *space,
                                         const char *name)
{
    rest_routine_t *routine = apr_pcalloc(schema->pool, sizeof(*routine));

    routine->schema = space->name;
    routine->name = apr_pstrdup(schema->pool, name);
    routine->ident = apr_pstrcat(schema->pool, rest_quoted(space->name, schema->pool), ".",
                                 rest_quoted(name, schema->pool), NULL);
    return routine;
}

rest_routine_t *rest_schema_routine_add(rest_schema_t *schema, rest_space_t *space,
                                        const char *name)
{
    rest_routine_t *routine = rest_schema_routine_make(schema, space, name);
    int i;

    for (i = space->nroutines - 1; i >= 0; i--) {
        rest_routine_t *other = space->routines[i];

        if (strcmp(other->name, name) == 0) {
            routine->next = other->next;
            other->next = routine;
            return routine;
        }
    }
    space->routines = rest_schema_push(schema, space->routines, &space->nroutines, routine);
    return routine;
}

/* All three begin a search or a sort by name. */

static int compare_columns(const void *a, const void *b)
{
    return strcmp((*(rest_column_t *const *)a)->name, (*(rest_column_t *const *)b)->name);
}

static int compare_relations(const void *a, const void *b)
{
    return strcmp((*(rest_relation_t *const *)a)->name, (*(rest_relation_t *const *)b)->name);
}

static int compare_routines(const void *a, const void *b)
{
    return strcmp((*(rest_routine_t *const *)a)->name, (*(rest_routine_t *const *)b)->name);
}

static void sort(void *list, int count, int (*compare)(const void *a, const void *b))
{
    if (count > 1) {
        qsort(list, (apr_size_t)count, sizeof(void *), compare);
    }
}

/** Columns of rows that are the function's own, of all that have the name. */
static void sort_results(const rest_routine_t *routine)
{
    for (; routine; routine = routine->next) {
        if (routine->relation) {
            sort(routine->relation->by_name, routine->relation->ncolumns, compare_columns);
        }
    }
}

void rest_schema_sort(rest_schema_t *schema)
{
    int i, j;

    for (i = 0; i < schema->nspaces; i++) {
        rest_space_t *space = &schema->spaces[i];

        sort(space->relations, space->nrelations, compare_relations);
        sort(space->routines, space->nroutines, compare_routines);
        for (j = 0; j < space->nrelations; j++) {
            sort(space->relations[j]->by_name, space->relations[j]->ncolumns, compare_columns);
        }
        for (j = 0; j < space->nroutines; j++) {
            sort_results(space->routines[j]);
        }
    }
}

/** Positions of columns named in a list divided by commas. */
static const char *positions(const rest_relation_t *relation, const char *names, apr_pool_t *p)
{
    char *set = apr_pcalloc(p, (apr_size_t)relation->ncolumns + 1);

    memset(set, '-', (apr_size_t)relation->ncolumns);
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
        column = rest_relation_column(relation, apr_pstrmemdup(p, from, (apr_size_t)(to - from)));
        if (column) {
            set[column->position] = REST_GRANTED;
        }
    }
    return set;
}

void rest_schema_note_sql(rest_schema_t *schema, const char *sql)
{
    schema->reads_request |= sql && strcasestr(sql, "current_setting") != NULL;
    schema->sets_response |= sql && strstr(sql, "response.") != NULL;
}

static rest_grant_t *grant_make(rest_schema_t *schema, const char *role, rest_right_e right)
{
    rest_grant_t *grant = apr_pcalloc(schema->pool, sizeof(*grant));
    int at = 0, i;

    grant->role = apr_pstrdup(schema->pool, role);
    grant->right = right;
    while (at < schema->nroles && strcmp(schema->roles[at], role) < 0) {
        at++;
    }
    if (at == schema->nroles || strcmp(schema->roles[at], role) != 0) {
        schema->roles = rest_schema_push(schema, schema->roles, &schema->nroles, NULL);
        for (i = schema->nroles - 1; i > at; i--) {
            schema->roles[i] = schema->roles[i - 1];
        }
        schema->roles[at] = grant->role;
    }
    return grant;
}

void rest_schema_grant_add(rest_schema_t *schema, rest_relation_t *relation, const char *role,
                           rest_right_e right, const char *columns, const char *row_filter,
                           const char *check_expr)
{
    rest_grant_t *grant = grant_make(schema, role, right);

    grant->columns = columns ? positions(relation, columns, schema->pool) : NULL;
    grant->row_filter = apr_pstrdup(schema->pool, row_filter);
    grant->check_expr = apr_pstrdup(schema->pool, check_expr);
    rest_schema_note_sql(schema, row_filter);
    rest_schema_note_sql(schema, check_expr);
    grant->next = relation->grants;
    relation->grants = grant;
}

void rest_schema_execute_add(rest_schema_t *schema, rest_routine_t *routine, const char *role)
{
    rest_grant_t *grant = grant_make(schema, role, REST_RIGHT_EXECUTE);

    grant->next = routine->grants;
    routine->grants = grant;
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

    for (i = 0; i < schema->nspaces; i++) {
        if (strcmp(schema->spaces[i].name, name) == 0) {
            return &schema->spaces[i];
        }
    }
    return NULL;
}

/** The item of a sorted list that compares equal to a key made for it; NULL: there is none. */
static void *find(void *list, int count, const void *key,
                  int (*compare)(const void *a, const void *b))
{
    void **found = count ? bsearch(&key, list, (apr_size_t)count, sizeof(void *), compare) : NULL;

    return found ? *found : NULL;
}

rest_relation_t *rest_schema_relation(const rest_schema_t *schema, const char *space,
                                      const char *name)
{
    const rest_space_t *in = rest_schema_space(schema, space);
    const rest_relation_t key = { .name = name };

    return in ? find(in->relations, in->nrelations, &key, compare_relations) : NULL;
}

rest_routine_t *rest_schema_routine(const rest_schema_t *schema, const char *space,
                                    const char *name)
{
    const rest_space_t *in = rest_schema_space(schema, space);
    const rest_routine_t key = { .name = name };

    return in ? find(in->routines, in->nroutines, &key, compare_routines) : NULL;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int rest_schema_has_role(const rest_schema_t *schema, const char *role)
{
    return schema->nroles && bsearch(&role, schema->roles, (apr_size_t)schema->nroles,
                                     sizeof(char *), compare_texts) != NULL;
}

apr_status_t rest_schema_check_role(const rest_schema_t *schema, const char *role,
                                    app_error_t *err)
{
    /* To PostgreSQL "none" is no role: it would go on with the connection's own rights. */
    if (schema->kind == APP_DB_PGSQL ? strcmp(role, "none") != 0
                                     : schema->no_grants || rest_schema_has_role(schema, role)) {
        return APR_SUCCESS;
    }
    return app_fail_code(err, "22023", 401, "role \"%s\" does not exist", role);
}

const rest_column_t *rest_relation_column(const rest_relation_t *relation, const char *name)
{
    const rest_column_t key = { .name = name };

    return find(relation->by_name, relation->ncolumns, &key, compare_columns);
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

int rest_relation_is_computed(const rest_relation_t *relation)
{
    const rest_link_t *link = relation->links;

    while (link && link->cardinality != REST_COMPUTED) {
        link = link->next;
    }
    return link || relation->computed;
}
