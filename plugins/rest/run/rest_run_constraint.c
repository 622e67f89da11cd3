/* SPDX-License-Identifier: Apache-2.0 */
/**
 * SQLite: a write that violates a constraint, told as PostgreSQL tells it. SQLite says little: of a
 * unique constraint its columns, of a check its name or text, of a foreign key nothing. Tables,
 * names and values are found out here, once the transaction is rolled back; what cannot be found
 * stays as it was said. Called by rest_run_write.c; thread of the request.
 */
#include <string.h>

#include "rest_ddl.h"
#include "rest_run.h"
#include "rest_value.h"

/** What is being looked into. */
typedef struct search_t {
    rest_run_t            *run;
    const rest_relation_t *relation;
    app_tx_t              *tx;
    rest_ddl_table_t       table;
    app_error_t            failed; /* of the search: of no interest */
    apr_pool_t            *pool;
} search_t;

/** A foreign key of any table. */
typedef struct foreign_t {
    const char         *name;
    const char         *table, *to_table;
    apr_array_header_t *columns, *to_columns; /* const char * */
} foreign_t;

static const char *text_at(const apr_array_header_t *texts, int i)
{
    return APR_ARRAY_IDX(texts, i, const char *);
}

static app_rows_t *ask(search_t *search, const char *text, const app_value_t *params, int nparams)
{
    const app_sql_t sql = { text, params, nparams };
    app_rows_t *rows;

    return app_tx_query(search->tx, &sql, 0, &rows, &search->failed) == APR_SUCCESS ? rows : NULL;
}

static app_value_t text_value(const char *text)
{
    return (app_value_t){ .type = APP_VALUE_TEXT, .text = text, .len = strlen(text) };
}

/** The first text of the first row; NULL: there is none. */
static const char *ask_text(search_t *search, const char *text, const char *a, const char *b)
{
    const app_value_t params[] = { text_value(a), text_value(b ? b : "") };
    app_rows_t *rows = ask(search, text, params, b ? 2 : 1);

    return rows && app_rows_next(rows, &search->failed) == APR_SUCCESS
               ? apr_pstrdup(search->pool, app_rows_text(rows, 0, NULL)) : NULL;
}

static const char *schema_of(const search_t *search)
{
    return rest_quoted(search->relation->schema, search->pool);
}

static int read_table(search_t *search)
{
    const char *sql = ask_text(search,
                               apr_psprintf(search->pool, "SELECT sql FROM %s.sqlite_schema"
                                            " WHERE type = 'table' AND name = $1",
                                            schema_of(search)),
                               search->relation->name, NULL);

    if (sql) {
        rest_ddl_table(&search->table, sql, search->pool);
    }
    return sql != NULL;
}

/* Values of the row that was to be written */

/** @return NULL: the row does not give the column */
static const rest_json_t *given(const rest_plan_t *plan, const char *column, int row)
{
    int i;

    for (i = 0; plan->body && row < plan->body->nrows && i < plan->body->ncolumns; i++) {
        const rest_json_t *value = &plan->body->values[row * plan->body->ncolumns + i];

        if (strcasecmp(plan->written[i]->name, column) == 0) {
            return value->kind == REST_JSON_ABSENT && plan->defaults ? NULL : value;
        }
    }
    return NULL;
}

static const char *shown(const rest_json_t *value, apr_pool_t *p)
{
    const char *text;
    apr_size_t len;

    switch (value->kind) {
    case REST_JSON_STRING:
        text = rest_json_string(value, &len, p);
        return text ? text : "";
    case REST_JSON_TRUE:
        return "t";
    case REST_JSON_FALSE:
        return "f";
    case REST_JSON_ABSENT:
    case REST_JSON_NULL:
        return "null";
    default:
        return apr_pstrmemdup(p, value->text, value->len);
    }
}

/** "(a, b)=(1, 2)"; "(a, b)" where the row does not give them all. */
static const char *pairs_of(const search_t *search, const apr_array_header_t *columns, int row)
{
    const char *names = "", *values = "";
    int i, all = 1;

    for (i = 0; i < columns->nelts; i++) {
        const rest_json_t *value = given(search->run->plan, text_at(columns, i), row);

        names = apr_pstrcat(search->pool, names, i ? ", " : "", text_at(columns, i), NULL);
        all = all && value;
        values = all ? apr_pstrcat(search->pool, values, i ? ", " : "",
                                   shown(value, search->pool), NULL) : "";
    }
    return all ? apr_psprintf(search->pool, "(%s)=(%s)", names, values)
               : apr_psprintf(search->pool, "(%s)", names);
}

/* Unique constraints */

/** What stands between two texts; NULL: they are not its ends. */
static const char *between(const char *text, const char *before, const char *after, apr_pool_t *p)
{
    apr_size_t len = text ? strlen(text) : 0, begin = strlen(before), end = strlen(after);

    return len >= begin + end && strncmp(text, before, begin) == 0 &&
                   strcmp(text + len - end, after) == 0
               ? apr_pstrmemdup(p, text + begin, len - begin - end) : NULL;
}

static int is_same(const apr_array_header_t *a, const apr_array_header_t *b)
{
    int i = 0;

    while (a->nelts == b->nelts && i < a->nelts &&
           strcasecmp(text_at(a, i), text_at(b, i)) == 0) {
        i++;
    }
    return a->nelts == b->nelts && i == a->nelts;
}

static const rest_ddl_rule_t *find_unique(const search_t *search,
                                          const apr_array_header_t *columns)
{
    int i;

    for (i = 0; i < search->table.rules->nelts; i++) {
        const rest_ddl_rule_t *rule = &APR_ARRAY_IDX(search->table.rules, i, rest_ddl_rule_t);

        if (rule->kind != REST_DDL_CHECK && is_same(rule->columns, columns)) {
            return rule;
        }
    }
    return NULL;
}

/** The driver names a constraint after its table and columns: it may have another name. */
static void tell_unique(search_t *search)
{
    static const char index_sql[] =
        "SELECT i.name FROM pragma_index_list($1) i WHERE i.\"unique\" AND i.origin = 'c' AND $2 ="
        " (SELECT group_concat(n.name, ', ') FROM (SELECT name FROM pragma_index_info(i.name)"
        " ORDER BY seqno) n)";
    app_error_t *err = search->run->err;
    const char *names = between(err->details, "Key (", ") already exists.", search->pool);
    apr_array_header_t *columns = apr_array_make(search->pool, 2, sizeof(const char *));
    const char *at = names, *name, *comma;
    const rest_ddl_rule_t *rule;

    if (!names || !strstr(err->message,
                          apr_pstrcat(search->pool, "\"", search->relation->name, "_", NULL))) {
        return; /* of another table, which a trigger has written */
    }
    for (; at; at = comma ? comma + 2 : NULL) {
        comma = strstr(at, ", ");
        APR_ARRAY_PUSH(columns, const char *) =
            comma ? apr_pstrmemdup(search->pool, at, (apr_size_t)(comma - at)) : at;
    }
    rule = find_unique(search, columns);
    name = rule ? rule->name : ask_text(search, index_sql, search->relation->name, names);
    if (name) {
        err->message = apr_psprintf(err->pool, "duplicate key value violates unique constraint "
                                               "\"%s\"", name);
    }
    err->details = apr_psprintf(err->pool, "Key %s already exists.",
                                pairs_of(search, columns, search->run->row));
}

/* Checks */

/** As PostgreSQL would name it: TABLE_COLUMN_check, if it is about one column. */
static const char *name_of_check(const search_t *search, const rest_ddl_rule_t *rule)
{
    const rest_column_t *column = NULL, *other;
    int i, several = 0;

    for (i = 0; i < rule->columns->nelts; i++) {
        other = rest_relation_column(search->relation, text_at(rule->columns, i));
        several |= other && column && other != column;
        column = other ? other : column;
    }
    return apr_pstrcat(search->pool, search->relation->name, "_",
                       column && !several ? column->name : "",
                       column && !several ? "_" : "", "check", NULL);
}

static void tell_check(search_t *search)
{
    app_error_t *err = search->run->err;
    const char *said = between(err->message, "new row violates check constraint \"", "\"",
                               search->pool);
    int i;

    for (i = 0; said && i < search->table.rules->nelts; i++) {
        const rest_ddl_rule_t *rule = &APR_ARRAY_IDX(search->table.rules, i, rest_ddl_rule_t);

        if (rule->kind == REST_DDL_CHECK &&
            strcmp(rule->name ? rule->name : rule->text, said) == 0) {
            err->message = apr_psprintf(err->pool, "new row for relation \"%s\" violates check "
                                                   "constraint \"%s\"", search->relation->name,
                                        rule->name ? rule->name : name_of_check(search, rule));
            return;
        }
    }
}

/* Foreign keys */

enum { TABLE, ID, TO_TABLE, COLUMN, TO_COLUMN };

/* As they were declared. Where no column of the target is named it is that of its primary key. */
static const char keys_sql[] =
    "SELECT t.name, f.id, f.\"table\", f.\"from\", coalesce(f.\"to\","
    " (SELECT c.name FROM pragma_table_info(f.\"table\", $2) c WHERE c.pk = f.seq + 1)) FROM ";
static const char keys_of[] =
    ".sqlite_schema t CROSS JOIN pragma_foreign_key_list(t.name, $2) f WHERE t.type = 'table' AND ";
static const char keys_order[] = " ORDER BY t.name, f.id DESC, f.seq";

#define OWN       "t.name = $1"
#define TO        "f.\"table\" = $1 COLLATE NOCASE AND "
#define ON_DELETE TO "f.on_delete IN ('NO ACTION', 'RESTRICT')"
#define ON_UPDATE TO "f.on_update IN ('NO ACTION', 'RESTRICT')"

static foreign_t *add_key(apr_array_header_t *keys, const app_rows_t *rows, apr_pool_t *p)
{
    foreign_t *key = apr_array_push(keys);

    key->table = apr_pstrdup(p, app_rows_text(rows, TABLE, NULL));
    key->to_table = apr_pstrdup(p, app_rows_text(rows, TO_TABLE, NULL));
    key->columns = apr_array_make(p, 2, sizeof(const char *));
    key->to_columns = apr_array_make(p, 2, sizeof(const char *));
    key->name = NULL;
    return key;
}

/** @return foreign_t, without names */
static apr_array_header_t *read_keys(search_t *search, const char *which)
{
    const app_value_t params[] = { text_value(search->relation->name),
                                   text_value(search->relation->schema) };
    app_rows_t *rows = ask(search, apr_pstrcat(search->pool, keys_sql, schema_of(search), keys_of,
                                               which, keys_order, NULL), params, 2);
    apr_array_header_t *keys = apr_array_make(search->pool, 4, sizeof(foreign_t));
    apr_int64_t id = -1;
    foreign_t *key = NULL;

    while (rows && app_rows_next(rows, &search->failed) == APR_SUCCESS) {
        if (!key || app_rows_int(rows, ID) != id ||
            strcmp(key->table, app_rows_text(rows, TABLE, NULL)) != 0) {
            key = add_key(keys, rows, search->pool);
            id = app_rows_int(rows, ID);
        }
        APR_ARRAY_PUSH(key->columns, const char *) =
            apr_pstrdup(search->pool, app_rows_text(rows, COLUMN, NULL));
        APR_ARRAY_PUSH(key->to_columns, const char *) =
            apr_pstrdup(search->pool, app_rows_text(rows, TO_COLUMN, NULL));
    }
    return keys;
}

/** What its table calls a key; else TABLE_COLUMNS_fkey. */
static const char *name_of_key(const rest_ddl_table_t *table, const foreign_t *key, apr_pool_t *p)
{
    const char *name = key->table;
    int i;

    for (i = 0; i < table->keys->nelts; i++) {
        const rest_ddl_key_t *declared = &APR_ARRAY_IDX(table->keys, i, rest_ddl_key_t);

        if (declared->name && is_same(declared->columns, key->columns)) {
            return declared->name;
        }
    }
    for (i = 0; i < key->columns->nelts; i++) {
        name = apr_pstrcat(p, name, "_", text_at(key->columns, i), NULL);
    }
    return apr_pstrcat(p, name, "_fkey", NULL);
}

static const rest_column_t *written_column(const rest_plan_t *plan, const char *name)
{
    int i = 0;

    while (i < plan->body->ncolumns && strcasecmp(plan->written[i]->name, name) != 0) {
        i++;
    }
    return i < plan->body->ncolumns ? plan->written[i] : NULL;
}

/** Whether the row gives all columns of the key, none of them null, and no row has them. */
static int is_dangling(search_t *search, const foreign_t *key, int row)
{
    const rest_plan_t *plan = search->run->plan;
    rest_sql_t *sql = rest_sql_create('?', &search->failed, search->pool);
    app_sql_t made;
    app_rows_t *rows;
    int i;

    app_buf_addf(&sql->text, "SELECT 1 FROM %s.%s", schema_of(search),
                 rest_quoted(key->to_table, search->pool));
    for (i = 0; i < key->columns->nelts; i++) {
        const char *name = text_at(key->columns, i);
        const rest_json_t *json = given(plan, name, row);
        app_value_t value = { .type = APP_VALUE_NULL };

        if (!json || !text_at(key->to_columns, i) ||
            rest_value_of_json(&value, written_column(plan, name), json, &search->failed,
                               search->pool) != APR_SUCCESS || value.type == APP_VALUE_NULL) {
            return 0;
        }
        app_buf_addf(&sql->text, "%s%s = ", i ? " AND " : " WHERE ",
                     rest_quoted(text_at(key->to_columns, i), search->pool));
        rest_sql_param(sql, &value);
    }
    made = rest_sql_finish(sql);
    rows = ask(search, made.text, made.params, made.nparams);
    return rows && app_rows_next(rows, &search->failed) == APR_EOF;
}

/** @return 0: it is no key of the row's own */
static int tell_dangling(search_t *search, int row)
{
    const apr_array_header_t *keys = read_keys(search, OWN);
    app_error_t *err = search->run->err;
    int i;

    for (i = 0; i < keys->nelts; i++) {
        const foreign_t *key = &APR_ARRAY_IDX(keys, i, foreign_t);

        if (is_dangling(search, key, row)) {
            err->message = apr_psprintf(
                err->pool, "insert or update on table \"%s\" violates foreign key constraint "
                "\"%s\"", key->table, name_of_key(&search->table, key, search->pool));
            err->details = apr_psprintf(err->pool, "Key %s is not present in table \"%s\".",
                                        pairs_of(search, key->columns, row), key->to_table);
            return 1;
        }
    }
    return 0;
}

static void add_columns(rest_sql_t *sql, const char *table, const apr_array_header_t *columns)
{
    int i;

    for (i = 0; i < columns->nelts; i++) {
        app_buf_addf(&sql->text, "%s%s.%s", i ? ", " : "", table,
                     rest_quoted(text_at(columns, i), sql->pool));
    }
}

/** The first row of a table that refers to one that was to change; NULL: there is none. */
static app_rows_t *find_child(search_t *search, const foreign_t *key)
{
    rest_sql_t *sql = rest_sql_create('?', &search->failed, search->pool);
    rest_node_t node = search->run->plan->target;
    app_sql_t made;
    app_rows_t *rows;

    node.row_filter = NULL; /* it asks who is asking; the write has asked it */
    app_buf_adds(&sql->text, "SELECT ");
    add_columns(sql, "app_child", key->columns);
    app_buf_addf(&sql->text, " FROM %s.%s AS app_child WHERE (", schema_of(search),
                 rest_quoted(key->table, search->pool));
    add_columns(sql, "app_child", key->columns);
    app_buf_adds(&sql->text, ") IN (SELECT ");
    add_columns(sql, node.as, key->to_columns);
    app_buf_addf(&sql->text, " FROM %s", search->relation->ident);
    if (rest_render_where(sql, &rest_sqlite, &node) != APR_SUCCESS) {
        return NULL;
    }
    app_buf_adds(&sql->text, ") LIMIT 1");
    made = rest_sql_finish(sql);
    rows = ask(search, made.text, made.params, made.nparams);
    return rows && app_rows_next(rows, &search->failed) == APR_SUCCESS ? rows : NULL;
}

/** Whether the role may see every row of the table, and all of it. */
static int sees_all(const search_t *search)
{
    const rest_grant_t *grant = rest_relation_grant(
        search->relation, search->run->call->request->role, REST_RIGHT_SELECT);

    return grant && !grant->columns && !grant->row_filter;
}

/** " (a, b)=(1, 2)" of a row's first columns; "" where they are not to be seen. */
static const char *values_of(search_t *search, const foreign_t *key, app_rows_t *rows)
{
    const char *names = "", *values = "";
    int i;

    for (i = 0; i < key->columns->nelts; i++) {
        names = apr_pstrcat(search->pool, names, i ? ", " : "", text_at(key->to_columns, i), NULL);
        values = apr_pstrcat(search->pool, values, i ? ", " : "", app_rows_text(rows, i, NULL),
                             NULL);
    }
    return sees_all(search) ? apr_psprintf(search->pool, " (%s)=(%s)", names, values) : "";
}

static void refuse_change(search_t *search, const foreign_t *key, const char *values)
{
    app_error_t *err = search->run->err;
    rest_relation_t relation = *search->relation;
    search_t child = *search;

    relation.name = key->table;
    child.relation = &relation;
    if (read_table(&child)) {
        err->message = apr_psprintf(
            err->pool, "update or delete on table \"%s\" violates foreign key constraint "
            "\"%s\" on table \"%s\"", search->relation->name,
            name_of_key(&child.table, key, search->pool), key->table);
        err->details = apr_psprintf(err->pool, "Key%s is still referenced from table \"%s\".",
                                    values, key->table);
    }
}

static void tell_referred(search_t *search)
{
    int deletes = search->run->plan->action == REST_DELETE;
    const apr_array_header_t *keys = read_keys(search, deletes ? ON_DELETE : ON_UPDATE);
    app_rows_t *rows;
    int i;

    for (i = 0; i < keys->nelts; i++) {
        const foreign_t *key = &APR_ARRAY_IDX(keys, i, foreign_t);

        if ((rows = find_child(search, key))) {
            refuse_change(search, key, values_of(search, key, rows));
            return;
        }
    }
}

static void tell_foreign(search_t *search)
{
    const rest_plan_t *plan = search->run->plan;

    if (plan->action != REST_DELETE && tell_dangling(search, search->run->row)) {
        return;
    }
    if (plan->action == REST_DELETE || plan->action == REST_UPDATE) {
        tell_referred(search);
    }
}

void rest_run_constraint(rest_run_t *run)
{
    static const struct {
        const char *sqlstate;
        void (*tell)(search_t *search);
    } kinds[] = { { "23505", tell_unique }, { "23514", tell_check }, { "23503", tell_foreign } };
    const app_tx_options_t options = { .readonly = 1, .request = run->call->r };
    search_t search = { .run = run, .relation = run->plan->root.relation,
                        .failed = { .pool = run->pool }, .pool = run->pool };
    apr_size_t i;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (!search.relation->is_view && run->err->code &&
            strcmp(run->err->code, kinds[i].sqlstate) == 0 &&
            app_tx_begin(&search.tx, app_instance_db(run->call->rest->self), &options,
                         &search.failed, run->pool) == APR_SUCCESS) {
            if (read_table(&search)) {
                kinds[i].tell(&search);
            }
            app_tx_rollback(search.tx);
            return;
        }
    }
}
