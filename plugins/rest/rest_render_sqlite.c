/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Plans as SQL of SQLite. Rows come one by one as JSON; numbers that must be known before them
 * come as a row of their own
 * in front.
 */
#include <string.h>

#include "apr_strings.h"

#include "rest_dialect.h"
#include "rest_value.h"

#define MEMBERS_MAX      126  /* of one app_object(): SQLite functions take 127 arguments */
#define SORTED_WHOLE_MAX 1000 /* rows that may be sorted as they are */

/** Kinds as app_json() knows them. */
static const char *kind_word(rest_kind_e kind)
{
    static const char *const words[] = {
        [REST_KIND_ANY] = "any",
        [REST_KIND_INTEGER] = "int",
        [REST_KIND_BOOLEAN] = "bool",
        [REST_KIND_REAL] = "real",
        [REST_KIND_NUMERIC] = "numeric",
        [REST_KIND_TEXT] = "text",
        [REST_KIND_DATE] = "date",
        [REST_KIND_TIME] = "time",
        [REST_KIND_TIMESTAMP] = "timestamp",
        [REST_KIND_TIMESTAMPTZ] = "timestamptz",
        [REST_KIND_JSON] = "json",
        [REST_KIND_ARRAY] = "json",
        [REST_KIND_BLOB] = "blob",
    };

    return words[kind];
}

/* What a row shows */

typedef struct cast_t {
    const char *types;  /* names divided by blanks, blanks in them as "_" */
    const char *before; /* of the column */
    const char *after;
} cast_t;

static const cast_t casts[] = {
    { " int int2 int4 int8 integer smallint bigint ", "CAST(", " AS INTEGER)" },
    { " float4 float8 real double_precision ", "app_json(CAST(", " AS REAL), 'real')" },
    { " numeric decimal ", "app_json(CAST(", " AS NUMERIC), 'numeric')" },
    { " bool boolean ", "app_json(CAST(", " AS INTEGER) <> 0, 'bool')" },
    { " json jsonb ", "json(", ")" },
    { " date ", "date(", ")" },
    { " time ", "time(", ")" },
    { " timestamp ", "app_json(datetime(", "), 'timestamp')" },
    { " timestamptz ", "app_json(datetime(", "), 'timestamptz')" },
    { " bytea ", "app_json(CAST(", " AS BLOB), 'blob')" },
};

static const cast_t *cast_of(const char *type, apr_pool_t *p)
{
    char *word = apr_pstrcat(p, " ", type, " ", NULL), *c;
    apr_size_t i;

    for (c = word + 1; c[1]; c++) {
        *c = *c == ' ' ? '_' : *c;
    }
    for (i = 0; i < sizeof(casts) / sizeof(casts[0]); i++) {
        if (strcasestr(casts[i].types, word)) {
            return &casts[i];
        }
    }
    return NULL;
}

static int is_text(const char *type)
{
    static const char *const types[] = { "text", "varchar", "char", "uuid", NULL };
    int i;

    for (i = 0; types[i]; i++) {
        if (strcasecmp(type, types[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

/** A value's text. SQLite's own cast shortens doubles, and takes bytes for UTF-8. */
static void render_as_text(rest_sql_t *sql, const rest_node_t *node, const rest_column_t *column)
{
    const char *ident = apr_pstrcat(sql->pool, node->relation->ident, ".", column->ident, NULL);

    if (column->kind == REST_KIND_BOOLEAN) {
        app_buf_addf(&sql->text, "CASE %s WHEN 0 THEN 'false' WHEN 1 THEN 'true' END", ident);
        return;
    }
    app_buf_addf(&sql->text,
                 "CASE typeof(%s) WHEN 'blob' THEN '\\x' || lower(hex(%s))"
                 " WHEN 'real' THEN trim(app_json(%s, 'real'), '\"') ELSE CAST(%s AS TEXT) END",
                 ident, ident, ident, ident);
}

static apr_status_t render_cast(rest_sql_t *sql, const rest_node_t *node, const rest_out_t *out)
{
    const cast_t *cast;

    if (is_text(out->cast)) {
        render_as_text(sql, node, out->operand.column);
        return APR_SUCCESS;
    }
    if (!(cast = cast_of(out->cast, sql->pool))) {
        return app_fail_code(sql->err, "42704", 400, "type \"%s\" does not exist", out->cast);
    }
    app_buf_adds(&sql->text, cast->before);
    rest_sql_column(sql, node, out->operand.column);
    app_buf_adds(&sql->text, cast->after);
    return APR_SUCCESS;
}

const char *rest_sqlite_member(const rest_column_t *column, const char *name, int cast,
                               apr_pool_t *p)
{
    app_buf_t json, member;
    const char *c;

    app_buf_init(&json, p, APR_SIZE_MAX / 2);
    app_buf_add_json(&json, name, strlen(name));
    app_buf_init(&member, p, APR_SIZE_MAX / 2);
    app_buf_adds(&member, cast ? "any" : kind_word(column->kind));
    for (c = json.data; *c; c++) {
        app_buf_add(&member, "''", *c == '\'' ? 2 : 0);
        app_buf_add(&member, c, *c == '\'' ? 0 : 1);
    }
    return member.data;
}

static apr_status_t render_value(rest_sql_t *sql, const rest_node_t *node, const rest_out_t *out)
{
    if (out->cast) {
        return render_cast(sql, node, out);
    }
    rest_sql_column(sql, node, out->operand.column);
    return APR_SUCCESS;
}

/** One app_object() of at most MEMBERS_MAX members. @return what is left, or NULL */
static const rest_out_t *render_object(rest_sql_t *sql, const rest_node_t *node,
                                       const rest_out_t *out, apr_status_t *pstatus)
{
    const rest_out_t *each = out;
    int i;

    app_buf_adds(&sql->text, "app_object('");
    for (i = 0; each && i < MEMBERS_MAX; i++, each = each->next) {
        const rest_column_t *column = each->operand.column;
        int usual = !each->cast && each->name == column->name && column->member;

        app_buf_adds(&sql->text, usual ? column->member
                                       : rest_sqlite_member(column, each->name,
                                                            each->cast != NULL, sql->pool));
    }
    app_buf_addc(&sql->text, '\'');
    for (; out != each && *pstatus == APR_SUCCESS; out = out->next) {
        app_buf_adds(&sql->text, ", ");
        *pstatus = render_value(sql, node, out);
    }
    app_buf_addc(&sql->text, ')');
    return each;
}

/**
 * The row. Where it has more members than one call takes, the insides of several objects are
 * glued.
 */
static apr_status_t render_row(rest_sql_t *sql, const rest_node_t *node)
{
    const rest_out_t *out = node->out, *last = out;
    apr_status_t status = APR_SUCCESS;
    int count;

    for (count = 0; last && count < MEMBERS_MAX; count++) {
        last = last->next;
    }
    if (!last) {
        render_object(sql, node, out, &status);
        return status;
    }
    app_buf_adds(&sql->text, "'{' || ");
    while (out && status == APR_SUCCESS) {
        apr_size_t start = sql->text.len + strlen("substr(");
        const char *object;

        app_buf_adds(&sql->text, "substr(");
        out = render_object(sql, node, out, &status);
        object = apr_pstrdup(sql->pool, sql->text.data + start);
        app_buf_addf(&sql->text, ", 2, length(%s) - 2) || %s", object, out ? "',' || " : "'}'");
    }
    return status;
}

/* Reading */

static void limit(rest_sql_t *sql, const rest_node_t *node)
{
    if (node->limit >= 0) {
        app_buf_adds(&sql->text, " LIMIT ");
        rest_sql_int(sql, node->limit);
    }
    else if (node->offset) {
        app_buf_adds(&sql->text, " LIMIT -1");
    }
    if (node->offset) {
        app_buf_adds(&sql->text, " OFFSET ");
        rest_sql_int(sql, node->offset);
    }
}

/** "(SELECT count(*) FROM …)": of all rows that pass, or of those in the page. */
static apr_status_t render_count(rest_sql_t *sql, const rest_node_t *node, int of_page)
{
    app_buf_adds(&sql->text, of_page ? "(SELECT count(*) FROM (SELECT 1" : "(SELECT count(*)");
    if (rest_render_from(sql, &rest_sqlite, node) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (of_page) {
        limit(sql, node);
        app_buf_addc(&sql->text, ')');
    }
    app_buf_addc(&sql->text, ')');
    return APR_SUCCESS;
}

/** The row of numbers: NULL, rows of the page, rows in all. */
static apr_status_t render_numbers(rest_sql_t *sql, const rest_plan_t *plan, int of_page)
{
    app_buf_adds(&sql->text, "SELECT NULL AS j, ");
    if (!of_page) {
        app_buf_adds(&sql->text, "NULL");
    }
    else if (render_count(sql, &plan->root, 1) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&sql->text, ", ");
    if (!plan->total) {
        app_buf_adds(&sql->text, "NULL");
    }
    else if (render_count(sql, &plan->root, 0) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return APR_SUCCESS;
}

/** WHERE, ORDER BY and LIMIT of the page. In a subquery an order counts only beside a limit. */
static apr_status_t render_page(rest_sql_t *sql, const rest_node_t *node, int nested)
{
    if (rest_render_from(sql, &rest_sqlite, node) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    rest_render_order(sql, node, 0);
    if (nested && node->sort && node->limit < 0 && !node->offset) {
        app_buf_adds(&sql->text, " LIMIT -1");
    }
    limit(sql, node);
    return APR_SUCCESS;
}

/** Many rows are sorted by their rowids: what SQLite sorts it holds in memory. */
static int sorts_many(const rest_node_t *node)
{
    return node->sort && node->relation->rowid &&
           (node->limit < 0 || node->limit > SORTED_WHOLE_MAX);
}

static apr_status_t render_rows(rest_sql_t *sql, const rest_plan_t *plan, int nested)
{
    const rest_node_t *node = &plan->root;
    const char *ident = node->relation->ident;

    app_buf_adds(&sql->text, "SELECT ");
    if (render_row(sql, node) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&sql->text, " AS j, NULL, NULL");
    if (!sorts_many(node)) {
        return render_page(sql, node, nested);
    }
    app_buf_addf(&sql->text, " FROM (SELECT %s.rowid AS app_row", ident);
    if (render_page(sql, node, 1) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_addf(&sql->text, ") app_page CROSS JOIN %s ON %s.rowid = app_page.app_row", ident,
                 ident);
    return APR_SUCCESS;
}

/**
 * A compound runs its parts one after the other: the numbers come first, then the rows, one by
 * one.
 */
static apr_status_t render_read(rest_statement_t *statement, const rest_plan_t *plan, int counted,
                                app_error_t *err, apr_pool_t *p)
{
    rest_sql_t *sql = statement->main = rest_sql_create('?', err, p);

    if (!plan->rows) {
        return render_numbers(sql, plan, 1);
    }
    if (!counted && !plan->total) {
        return render_rows(sql, plan, 0);
    }
    if (render_numbers(sql, plan, counted) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&sql->text, " UNION ALL SELECT * FROM (");
    if (render_rows(sql, plan, 1) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_addc(&sql->text, ')');
    return APR_SUCCESS;
}

/*
 * Writing: row by row. The keys of the new rows are collected, and what is to be shown is read by
 * them, so that it is what triggers have made of it.
 */

/** What finds a new row again: its rowid, or the primary key where there is none. */
static void render_key(rest_sql_t *sql, const rest_relation_t *relation)
{
    int i;

    app_buf_adds(&sql->text, "json_array(");
    if (relation->rowid) {
        app_buf_adds(&sql->text, "rowid");
    }
    for (i = 0; !relation->rowid && i < relation->nkeys; i++) {
        app_buf_adds(&sql->text, i ? ", " : "");
        app_buf_adds(&sql->text, relation->keys[i]->ident);
    }
    app_buf_addc(&sql->text, ')');
}

static apr_status_t render_each(rest_sql_t *sql, const rest_plan_t *plan)
{
    const rest_relation_t *relation = plan->root.relation;
    int i, columns = plan->body->ncolumns;

    app_buf_addf(&sql->text, "INSERT INTO %s", relation->ident);
    for (i = 0; i < columns; i++) {
        if (plan->written[i]->generated) {
            return app_fail_code(sql->err, "428C9", 400,
                                 "cannot insert a non-DEFAULT value into column \"%s\"",
                                 plan->written[i]->name);
        }
        app_buf_adds(&sql->text, i ? ", " : " (");
        app_buf_adds(&sql->text, plan->written[i]->ident);
    }
    app_buf_adds(&sql->text, columns ? ") VALUES (" : " DEFAULT VALUES");
    for (i = 0; i < columns; i++) {
        rest_sql_int(sql, 0);
        app_buf_adds(&sql->text, i + 1 < columns ? ", " : ")");
    }
    if (!rest_plan_shows(plan) && !plan->check) {
        return APR_SUCCESS;
    }
    app_buf_adds(&sql->text, " RETURNING ");
    render_key(sql, relation);
    if (plan->check) {
        app_buf_addf(&sql->text, ", (%s) IS TRUE", plan->check);
    }
    return APR_SUCCESS;
}

/**
 * Joins the relation to the keys that are the statement's first parameter, in the order of the
 * body.
 */
static apr_status_t render_from_keys(rest_sql_t *sql, const rest_plan_t *plan)
{
    const rest_relation_t *relation = plan->root.relation;
    int i, keys = relation->rowid ? 1 : relation->nkeys;

    app_buf_adds(&sql->text, " FROM json_each(");
    rest_sql_text(sql, "");
    app_buf_addf(&sql->text, ") AS app_key CROSS JOIN %s ON ", relation->ident);
    for (i = 0; i < keys; i++) {
        app_buf_addf(&sql->text, "%s%s.%s = json_extract(app_key.value, '$[%d]')",
                     i ? " AND " : "", relation->ident,
                     relation->rowid ? "rowid"
                                     : relation->keys[i]->ident,
                     i);
    }
    return rest_render_where(sql, &rest_sqlite, &plan->root);
}

static apr_status_t render_shown(rest_sql_t *sql, const rest_plan_t *plan)
{
    const rest_relation_t *relation = plan->root.relation;
    int i;

    app_buf_adds(&sql->text, "SELECT ");
    if (plan->rows && render_row(sql, &plan->root) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&sql->text, plan->rows ? ", NULL, NULL" : "NULL, NULL, NULL");
    for (i = 0; plan->location && i < relation->nkeys; i++) {
        app_buf_adds(&sql->text, ", CAST(");
        rest_sql_column(sql, &plan->root, relation->keys[i]);
        app_buf_adds(&sql->text, " AS TEXT)");
    }
    if (render_from_keys(sql, plan) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    rest_render_order(sql, &plan->root, 1);
    app_buf_adds(&sql->text, "app_key.key");
    return APR_SUCCESS;
}

static apr_status_t render_insert(rest_statement_t *statement, const rest_plan_t *plan,
                                  app_error_t *err, apr_pool_t *p)
{
    const rest_relation_t *relation = plan->root.relation;

    statement->each = rest_sql_create('?', err, p);
    if (!rest_plan_shows(plan)) {
        return render_each(statement->each, plan);
    }
    if (!relation->rowid && !relation->nkeys) {
        return rest_unavailable(APP_DB_SQLITE, err,
                                "Showing what was written to '%s', which has no key, is not "
                                "available", relation->name);
    }
    statement->main = rest_sql_create('?', err, p);
    return render_each(statement->each, plan) == APR_SUCCESS ? render_shown(statement->main, plan)
                                                             : APP_EFAIL;
}

static apr_status_t bind_row(rest_sql_t *each, const rest_plan_t *plan, int row)
{
    int i, columns = plan->body->ncolumns;

    for (i = 0; i < columns; i++) {
        if (rest_value_of_json(&each->params[i], plan->written[i],
                               &plan->body->values[row * columns + i], each->err,
                               each->pool) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    return APR_SUCCESS;
}

const rest_dialect_t rest_sqlite = {
    .kind = APP_DB_SQLITE,
    .default_space = "main",
    .load = rest_sqlite_load,
    .is_current = rest_sqlite_is_current,
    .compare = rest_sqlite_compare,
    .read = render_read,
    .insert = render_insert,
    .bind_row = bind_row,
};
