/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The second line of defence on SQLite: what the statements of a request may touch, by the grants
 * alone. The plan has applied them already and is not asked here, so what it let pass by mistake,
 * or what somebody has smuggled into a statement, is refused when the statement is prepared. Below
 * what a role is granted stand views, triggers, foreign keys, row filters, functions and computed
 * members, which an administrator wrote: what these touch, the database finds out by itself.
 * Thread of the request.
 */
#include "rest_guard.h"

#include "rest_dialect.h"

#define FNV_BASIS 0xCBF29CE484222325u
#define FNV_PRIME 0x100000001B3u

typedef struct guard_t {
    app_guard_t          guard;
    const rest_schema_t *schema;
    const rest_plan_t   *plan;        /* NULL: no statement of ours */
    const char          *role;
    const char          *pre_request; /* name of the site's function; NULL: none */
    const char *const   *tables;      /* that another plugin reads besides; NULL: none */
    apr_pool_t          *pool;
} guard_t;

/* What is never seen */

/**
 * Of mod_app's own tables: nobody writes them by way of the API, and what passwords, tokens and
 * second factors are checked by is read by nothing that runs for a request, whoever wrote it.
 * Indexes of full text are kept by triggers of their tables.
 */
static app_allowed_e own_table(const app_access_t *access)
{
    static const char *const secrets[] = { "hash", "salt", "secret", "password", "token",
                                           "code" };
    apr_size_t i;

    if (strncasecmp(access->table, "app_search_", 11) == 0) {
        return APP_ALLOWED_BELOW;
    }
    if (access->action != APP_ACCESS_READ) {
        return APP_ALLOWED_NEVER;
    }
    for (i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
        if (strcasestr(access->column, secrets[i])) {
            return APP_ALLOWED_NEVER;
        }
    }
    return APP_ALLOWED_BELOW;
}

/* What grants say */

static int has_column(const rest_grant_t *grant, const rest_column_t *column)
{
    return grant && (!grant->columns || grant->columns[column->position] == REST_GRANTED);
}

static const rest_grant_t *grant_of(const guard_t *guard, const rest_relation_t *relation,
                                    rest_right_e right)
{
    return rest_relation_grant(relation, guard->role, right);
}

/** Rows are found again by their keys, which are shown only to those who may read them. */
static int is_key(const rest_relation_t *relation, const rest_column_t *column)
{
    int i = 0;

    while (i < relation->nkeys && relation->keys[i] != column) {
        i++;
    }
    return i < relation->nkeys;
}

static int may_read(const guard_t *guard, const rest_relation_t *relation, const char *name)
{
    const rest_grant_t *select = grant_of(guard, relation, REST_RIGHT_SELECT);
    const rest_column_t *column = rest_relation_column(relation, name);
    int some = select || grant_of(guard, relation, REST_RIGHT_INSERT) ||
               grant_of(guard, relation, REST_RIGHT_UPDATE) ||
               grant_of(guard, relation, REST_RIGHT_DELETE);

    if (!column) {
        return some && (!*name || strcasecmp(name, "rowid") == 0);
    }
    return has_column(select, column) || (some && is_key(relation, column));
}

static int is_granted(const guard_t *guard, const rest_relation_t *relation,
                      const app_access_t *access)
{
    const rest_column_t *column;

    switch (access->action) {
    case APP_ACCESS_READ:
        return may_read(guard, relation, access->column);
    case APP_ACCESS_INSERT:
        return grant_of(guard, relation, REST_RIGHT_INSERT) != NULL;
    case APP_ACCESS_UPDATE:
        column = rest_relation_column(relation, access->column);
        return column && has_column(grant_of(guard, relation, REST_RIGHT_UPDATE), column);
    case APP_ACCESS_DELETE:
        return grant_of(guard, relation, REST_RIGHT_DELETE) != NULL;
    }
    return 0;
}

/** Of an index of full text: which rows it finds, not what it holds. */
static int is_index(const guard_t *guard, const app_access_t *access)
{
    const rest_space_t *space = rest_schema_space(guard->schema, access->schema);
    const char *name = rest_quoted(access->table, guard->pool);
    const rest_fulltext_t *index;
    int i;

    if (!space || (*access->column && strcasecmp(access->column, "rowid") != 0 &&
                   strcasecmp(access->column, access->table) != 0)) {
        return 0;
    }
    for (i = 0; i < space->nrelations; i++) {
        if (!grant_of(guard, space->relations[i], REST_RIGHT_SELECT)) {
            continue;
        }
        for (index = space->relations[i]->fulltext; index; index = index->next) {
            if (strcmp(index->name, name) == 0) {
                return 1;
            }
        }
    }
    return 0;
}

/** What the renderers use besides: parameters as rows, the look whether the schema is the same. */
static int is_tool(const app_access_t *access)
{
    static const struct {
        const char *table, *columns;
    } tools[] = {
        { "json_each", NULL },
        { "sqlite_schema", "" },
        { "sqlite_stat1", " stat tbl " },
    };
    const char *word = *access->column ? access->column : "";
    apr_size_t i;

    for (i = 0; access->action == APP_ACCESS_READ && i < sizeof(tools) / sizeof(tools[0]); i++) {
        if (strcmp(access->table, tools[i].table) == 0) {
            return !tools[i].columns || strstr(tools[i].columns, word);
        }
    }
    return 0;
}

/** The name of a WITH: of no table, in no schema. What its columns are made of is asked, too. */
static int is_with(const app_access_t *access)
{
    return access->action == APP_ACCESS_READ && !*access->column && !*access->schema &&
           strncasecmp(access->table, "sqlite_", 7) != 0;
}

/** In SQL its schema may be left out. */
static const rest_relation_t *relation_of(const guard_t *guard, const app_access_t *access)
{
    const rest_relation_t *relation =
        rest_schema_relation(guard->schema, access->schema, access->table);
    int i;

    for (i = 0; !*access->schema && !relation && i < guard->schema->nspaces; i++) {
        relation = rest_schema_relation(guard->schema, guard->schema->spaces[i].name,
                                        access->table);
    }
    return relation;
}

/** Tables of the plugin that asks. */
static int is_asked(const guard_t *guard, const app_access_t *access)
{
    const char *const *table = guard->tables;

    while (table && *table && strcmp(access->table, *table) != 0) {
        table++;
    }
    return table && *table && access->action == APP_ACCESS_READ;
}

static app_allowed_e allows(const void *ctx, const app_access_t *access)
{
    const guard_t *guard = ctx;
    const rest_relation_t *relation;

    if (is_asked(guard, access)) {
        return APP_ALLOWED;
    }
    if (strncasecmp(access->table, "app_", 4) == 0 && strcmp(access->table, "app_call") != 0) {
        return own_table(access);
    }
    relation = relation_of(guard, access);
    if (relation && is_granted(guard, relation, access)) {
        return APP_ALLOWED;
    }
    return (!relation && (is_tool(access) || is_with(access))) || is_index(guard, access)
               ? APP_ALLOWED
               : APP_ALLOWED_BELOW;
}

/* What administrators wrote */

typedef struct told_t {
    const guard_t *guard;
    void         (*tell)(void *to, const char *sql);
    void          *to;
} told_t;

static void tell_filter(const told_t *told, const rest_relation_t *relation, const char *filter)
{
    if (filter) {
        told->tell(told->to, apr_psprintf(told->guard->pool, "SELECT 1 FROM %s AS %s WHERE (%s)",
                                          relation->ident,
                                          rest_quoted(relation->name, told->guard->pool), filter));
    }
}

/** "a, b" of the columns that a grant names, each with after behind it. */
static const char *columns_of(const rest_relation_t *relation, const rest_grant_t *grant,
                              const char *after, apr_pool_t *p)
{
    const char *between = "";
    app_buf_t list;
    int i;

    app_buf_init(&list, p, APR_SIZE_MAX / 2);
    app_buf_adds(&list, "");
    for (i = 0; i < relation->ncolumns; i++) {
        if (has_column(grant, relation->columns[i]) && !relation->columns[i]->generated) {
            app_buf_addf(&list, "%s%s%s", between, relation->columns[i]->ident, after);
            between = ", ";
        }
    }
    return list.data;
}

/** What a right does below the relation: views read, triggers fire, foreign keys lead on. */
static void tell_right(const told_t *told, const rest_relation_t *relation,
                       const rest_grant_t *grant)
{
    apr_pool_t *p = told->guard->pool;
    const char *sql = NULL;

    switch (grant->right) {
    case REST_RIGHT_SELECT:
        sql = apr_psprintf(p, "SELECT %s FROM %s", columns_of(relation, grant, "", p),
                           relation->ident);
        break;
    case REST_RIGHT_INSERT:
        sql = apr_psprintf(p, "INSERT INTO %s DEFAULT VALUES RETURNING 1", relation->ident);
        break;
    case REST_RIGHT_UPDATE:
        sql = apr_psprintf(p, "UPDATE %s SET %s RETURNING 1", relation->ident,
                           columns_of(relation, grant, " = NULL", p));
        break;
    case REST_RIGHT_DELETE:
        sql = apr_psprintf(p, "DELETE FROM %s RETURNING 1", relation->ident);
        break;
    default:
        return;
    }
    told->tell(told->to, sql);
}

static void tell_relation(const told_t *told, const rest_relation_t *relation, int written)
{
    const rest_grant_t *grant;

    for (grant = relation->grants; grant; grant = grant->next) {
        if (strcmp(grant->role, told->guard->role) != 0) {
            continue;
        }
        tell_filter(told, relation, grant->row_filter);
        tell_filter(told, relation, grant->check_expr);
        if (written || (grant->right == REST_RIGHT_SELECT && relation->is_view)) {
            tell_right(told, relation, grant);
        }
    }
}

/** The SQL of a computed member, over the relation whose rows have it. */
static void tell_computed(const told_t *told, const rest_relation_t *relation,
                          const rest_routine_t *routine, const char *before, const char *after)
{
    app_error_t err = { .pool = told->guard->pool };
    rest_sql_t *sql = rest_sql_create('?', &err, told->guard->pool);
    const rest_node_t node = { .as = "app_row" };

    app_buf_adds(&sql->text, before);
    rest_sqlite_computed(sql, &node, routine);
    app_buf_addf(&sql->text, "%s FROM %s AS app_row", after, relation->ident);
    told->tell(told->to, sql->text.data);
}

static void tell_node(const told_t *told, const rest_node_t *node, int written)
{
    const rest_relation_t *relation = node->relation;
    const rest_routine_t *routine;
    const rest_node_t *child;

    if (relation) {
        tell_relation(told, relation, written);
        if (rest_relation_is_computed(relation)) { /* in a subquery they stand beside all columns */
            told->tell(told->to, apr_psprintf(told->guard->pool, "SELECT * FROM %s",
                                              relation->ident));
        }
        for (routine = relation->computed; routine; routine = routine->next) {
            tell_computed(told, relation, routine, "SELECT ", "");
        }
    }
    if (node->link && node->link->junction) {
        tell_relation(told, node->link->junction, 0);
    }
    if (node->link && node->link->routine) {
        tell_computed(told, node->link->from, node->link->routine, "SELECT EXISTS (", ")");
    }
    for (child = node->children; child; child = child->next) {
        tell_node(told, child, 0);
    }
}

static void trusted(const void *ctx, void (*tell)(void *to, const char *sql), void *to)
{
    const guard_t *guard = ctx;
    const told_t told = { guard, tell, to };
    const rest_routine_t *routine =
        guard->pre_request ? rest_schema_routine(guard->schema, guard->schema->spaces[0].name,
                                                 guard->pre_request)
                           : NULL;

    if (routine) {
        tell(to, routine->body);
    }
    if (guard->plan && guard->plan->routine) {
        tell(to, guard->plan->routine->body);
    }
    if (guard->plan) {
        tell_node(&told, &guard->plan->root,
                  guard->plan->action != REST_READ && guard->plan->action != REST_CALL);
    }
}

/* A request's */

static apr_uint64_t mix(apr_uint64_t hash, apr_uint64_t value)
{
    hash = (hash ^ value) * 0x9E3779B97F4A7C15u;
    return hash ^ hash >> 29;
}

/** Which grants hold is told by the site, the role, and the numbers of the snapshot. */
static apr_uint64_t id_of(const rest_call_t *call, const rest_schema_t *schema)
{
    const char *c = call->request->role;
    apr_uint64_t hash = FNV_BASIS;

    for (; *c; c++) {
        hash = (hash ^ (unsigned char)*c) * FNV_PRIME;
    }
    hash = mix(hash, (apr_uintptr_t)call->rest);
    hash = mix(hash, (apr_uint64_t)schema->version);
    return mix(hash, (apr_uint64_t)schema->grants_version);
}

void rest_guard_put(app_tx_t *tx, const rest_call_t *call, const rest_schema_t *schema,
                    const rest_plan_t *plan, apr_pool_t *p)
{
    guard_t *guard;

    if (schema->kind != APP_DB_SQLITE) {
        return;
    }
    guard = apr_pcalloc(p, sizeof(*guard));
    guard->guard = (app_guard_t){ .id = id_of(call, schema), .whom = call->request->role,
                                  .allows = allows, .trusted = trusted, .ctx = guard };
    guard->schema = schema;
    guard->plan = plan;
    guard->role = call->request->role;
    guard->pre_request = call->conf->pre_request;
    guard->tables = call->asked ? call->asked->ask->tables : NULL;
    guard->pool = p;
    app_tx_guard(tx, &guard->guard);
}
