/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Step 3 of a request: a plan into one SQL text and its parameters. Here is what both databases
 * read alike; the rest is in rest_render_sqlite.c and rest_render_pgsql.c. Values are parameters,
 * names come from the snapshot.
 */
#include <string.h>

#include "apr_strings.h"

#include "rest_int.h"

#define SQL_MAX       (1 << 20)
#define FIRST_PARAMS  8
#define PARAMS_MAX    30000 /* what both databases take in one statement */
#define CONDS_ABREAST 100   /* conditions that are joined without brackets between them */

rest_sql_t *rest_sql_create(char mark, app_error_t *err, apr_pool_t *p)
{
    rest_sql_t *sql = apr_pcalloc(p, sizeof(*sql));

    app_buf_init(&sql->text, p, SQL_MAX);
    sql->params = apr_palloc(p, sizeof(*sql->params) * FIRST_PARAMS);
    sql->size = FIRST_PARAMS;
    sql->mark = mark;
    sql->err = err;
    sql->pool = p;
    return sql;
}

void rest_sql_bind(rest_sql_t *sql, const app_value_t *value)
{
    if (sql->nparams == PARAMS_MAX) {
        sql->text.full = 1;
        return;
    }
    if (sql->nparams == sql->size) {
        app_value_t *more = apr_palloc(sql->pool, sizeof(*more) * (apr_size_t)sql->size * 2);

        memcpy(more, sql->params, sizeof(*more) * (apr_size_t)sql->size);
        sql->params = more;
        sql->size *= 2;
    }
    sql->params[sql->nparams++] = *value;
}

void rest_sql_param(rest_sql_t *sql, const app_value_t *value)
{
    char place[16];

    rest_sql_bind(sql, value);
    app_buf_add(&sql->text, place, (apr_size_t)apr_snprintf(place, sizeof(place), "%c%d",
                                                            sql->mark, sql->nparams));
}

void rest_sql_text(rest_sql_t *sql, const char *text)
{
    const app_value_t value = { .type = APP_VALUE_TEXT, .text = text, .len = strlen(text) };

    rest_sql_param(sql, &value);
}

void rest_sql_int(rest_sql_t *sql, apr_int64_t integer)
{
    const app_value_t value = { .type = APP_VALUE_INT, .integer = integer };

    rest_sql_param(sql, &value);
}

void rest_sql_column(rest_sql_t *sql, const rest_node_t *node, const rest_column_t *column)
{
    app_buf_adds(&sql->text, node->as);
    app_buf_addc(&sql->text, '.');
    app_buf_adds(&sql->text, column->ident);
}

void rest_sql_literal(rest_sql_t *sql, const char *text)
{
    const char *quote;

    app_buf_addc(&sql->text, '\'');
    while ((quote = strchr(text, '\''))) {
        app_buf_add(&sql->text, text, (apr_size_t)(quote - text) + 1);
        app_buf_addc(&sql->text, '\'');
        text = quote + 1;
    }
    app_buf_adds(&sql->text, text);
    app_buf_addc(&sql->text, '\'');
}

apr_status_t rest_sql_check(const rest_sql_t *sql)
{
    return app_buf_full(&sql->text)
               ? app_fail(sql->err, APP_E_URL_TOO_LONG, "The request makes too long a statement")
               : APR_SUCCESS;
}

app_sql_t rest_sql_finish(const rest_sql_t *sql)
{
    const app_sql_t finished = { sql->text.data, sql->params, sql->nparams };

    return finished;
}

const char *rest_render_operator(rest_op_e op)
{
    static const char *const words[] = {
        [REST_OP_EQ] = " = ",  [REST_OP_NEQ] = " <> ", [REST_OP_GT] = " > ",
        [REST_OP_GTE] = " >= ", [REST_OP_LT] = " < ",  [REST_OP_LTE] = " <= ",
    };

    return op < sizeof(words) / sizeof(words[0]) ? words[op] : NULL;
}

const char *rest_render_aggregate(rest_aggregate_e aggregate)
{
    static const char *const words[] = {
        [REST_AGG_NONE] = "",    [REST_AGG_SUM] = "sum(", [REST_AGG_AVG] = "avg(",
        [REST_AGG_MIN] = "min(", [REST_AGG_MAX] = "max(", [REST_AGG_COUNT] = "count(",
    };

    return words[aggregate];
}

const char *rest_render_is(rest_is_e is)
{
    switch (is) {
    case REST_IS_NOT_NULL:
        return " IS NOT NULL";
    case REST_IS_TRUE:
        return " IS TRUE";
    case REST_IS_FALSE:
        return " IS FALSE";
    default: /* an unknown boolean is null */
        return " IS NULL";
    }
}

/*
 * The tree. Each node is a FROM: its relation, and joined to it the rows that are spread into its
 * own. Other children are subqueries: where they are shown, and where a row depends on them.
 */

static apr_status_t render_conditions(rest_sql_t *sql, const rest_dialect_t *dialect,
                                      const rest_node_t *node, const char *lead);

/*
 * SQLite evaluates conditions in the order that it likes. A regular expression may take long for a
 * row, or fail, and app_computed may have any SQL: rows that a grant hides are not to be told by
 * that, so the grant's filter comes first.
 */

static int may_tell(const rest_cond_t *cond)
{
    return cond->filter->kind == REST_COMPARE &&
           (cond->filter->op == REST_OP_MATCH || cond->filter->op == REST_OP_IMATCH ||
            cond->operand.computed);
}

static int some_may_tell(const rest_cond_t *cond)
{
    while (cond && !may_tell(cond) && !some_may_tell(cond->children)) {
        cond = cond->next;
    }
    return cond != NULL;
}

const char *rest_render_barrier(const rest_node_t *node)
{
    return some_may_tell(node->where) ? " LIMIT -1" : "";
}

/**
 * Behind another, the columns that are granted; all where computed members may read others.
 * @param all how these are called
 */
static void render_columns(rest_sql_t *sql, const rest_relation_t *relation, const char *columns,
                           const char *all)
{
    int i;

    if (!columns || rest_relation_is_computed(relation)) {
        app_buf_addf(&sql->text, ", %s", all);
        return;
    }
    for (i = 0; i < relation->ncolumns; i++) {
        if (columns[i] == REST_GRANTED) {
            app_buf_addf(&sql->text, ", %s", relation->columns[i]->ident);
        }
    }
}

/** Grants hold inside a subquery, where no other relation's names can be meant by them. */
static void render_relation(rest_sql_t *sql, const rest_relation_t *relation, const char *filter,
                            const char *columns, const char *as, const char *barrier)
{
    if (filter) {
        app_buf_addf(&sql->text, "(SELECT %s", relation->rowid ? "rowid AS rowid" : "1");
        render_columns(sql, relation, columns, "*");
        app_buf_addf(&sql->text, " FROM %s WHERE (%s)%s)", relation->ident, filter, barrier);
    }
    else {
        app_buf_adds(&sql->text, relation->ident);
    }
    app_buf_addf(&sql->text, " AS %s", as);
}

static void render_pairs(rest_sql_t *sql, const char *from, const char *to,
                         const rest_pair_t *pairs, int count)
{
    int i;

    for (i = 0; i < count; i++) {
        app_buf_addf(&sql->text, "%s%s.%s = %s.%s", i ? " AND " : "", to, pairs[i].to->ident, from,
                     pairs[i].from->ident);
    }
}

static apr_status_t render_joins(rest_sql_t *sql, const rest_dialect_t *dialect,
                                 const rest_node_t *node);

static int has_joins(const rest_node_t *node)
{
    const rest_node_t *child = node->children;

    while (child && !rest_node_is_joined(child)) {
        child = child->next;
    }
    return child != NULL;
}

/**
 * A grant's filter names columns as it likes: beside other relations it would be ambiguous, and
 * another name than the relation's it does not know.
 */
static int filters_inside(const rest_node_t *node)
{
    return node->row_filter && (has_joins(node) || node->renamed || node->joined);
}

static apr_status_t render_source(rest_sql_t *sql, const rest_dialect_t *dialect,
                                  const rest_node_t *node)
{
    const rest_link_t *link = node->link;

    if (node->source && filters_inside(node)) {
        app_buf_adds(&sql->text, "(SELECT app_n");
        render_columns(sql, node->relation, node->columns,
                       apr_pstrcat(sql->pool, node->as, ".*", NULL));
        app_buf_addf(&sql->text, " FROM %s WHERE (%s)%s) AS %s", node->source, node->row_filter,
                     rest_render_barrier(node), node->as);
    }
    else if (node->source) {
        app_buf_adds(&sql->text, node->source);
    }
    else if (!link) {
        render_relation(sql, node->relation, filters_inside(node) ? node->row_filter : NULL,
                        node->columns, node->as, rest_render_barrier(node));
        app_buf_addf(&sql->text, "%s%s", node->joined ? " " : "",
                     node->joined ? node->joined : "");
    }
    else if (link->cardinality == REST_COMPUTED) {
        if (dialect->computed(sql, node) != APR_SUCCESS) {
            return APP_EFAIL;
        }
        app_buf_addf(&sql->text, " AS %s", node->as);
    }
    else if (link->junction) {
        render_relation(sql, link->junction, node->junction_filter, node->junction_columns,
                        node->junction_as, "");
        app_buf_adds(&sql->text, " JOIN ");
        render_relation(sql, node->relation, node->row_filter, node->columns, node->as,
                        rest_render_barrier(node));
        app_buf_adds(&sql->text, " ON ");
        render_pairs(sql, node->junction_as, node->as, link->onward_pairs, link->nonward_pairs);
    }
    else {
        render_relation(sql, node->relation, node->row_filter, node->columns, node->as,
                        rest_render_barrier(node));
    }
    return render_joins(sql, dialect, node);
}

static apr_status_t render_join(rest_sql_t *sql, const rest_dialect_t *dialect,
                                const rest_node_t *child)
{
    int nested = has_joins(child);

    app_buf_adds(&sql->text, child->item->inner ? " JOIN " : " LEFT JOIN ");
    app_buf_adds(&sql->text, nested ? "(" : "");
    if (render_source(sql, dialect, child) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&sql->text, nested ? ")" : "");
    if (child->link->cardinality == REST_COMPUTED) {
        app_buf_adds(&sql->text, " ON ");
        dialect->computed_on(sql, child);
        return render_conditions(sql, dialect, child, " AND ");
    }
    return render_conditions(sql, dialect, child, " ON ");
}

static apr_status_t render_joins(rest_sql_t *sql, const rest_dialect_t *dialect,
                                 const rest_node_t *node)
{
    const rest_node_t *child;

    for (child = node->children; child; child = child->next) {
        if (rest_node_is_joined(child) && render_join(sql, dialect, child) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    return APR_SUCCESS;
}

/* Conditions */

static int shows_groups(const rest_node_t *node)
{
    const rest_out_t *out = node->out;

    while (out && out->aggregate) {
        out = out->next;
    }
    return out != NULL;
}

/** Whether the node has rows. An aggregate over all of them has one in any case. */
static apr_status_t render_exists(rest_sql_t *sql, const rest_dialect_t *dialect,
                                  const rest_node_t *node)
{
    if (node->grouped && !shows_groups(node)) {
        app_buf_adds(&sql->text, "1 = 1");
        return APR_SUCCESS;
    }
    app_buf_adds(&sql->text, "EXISTS (SELECT 1");
    if (rest_render_from(sql, dialect, node) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    rest_render_window(sql, dialect, node);
    app_buf_addc(&sql->text, ')');
    return APR_SUCCESS;
}

static apr_status_t render_conds(rest_sql_t *sql, const rest_dialect_t *dialect,
                                 const rest_node_t *node, const rest_cond_t *cond,
                                 const char *between);

static apr_status_t render_test(rest_sql_t *sql, const rest_dialect_t *dialect,
                                const rest_node_t *node, const rest_cond_t *cond)
{
    if (cond->filter->kind == REST_COMPARE) {
        return dialect->compare(sql, node, cond);
    }
    return render_conds(sql, dialect, node, cond->children,
                        cond->filter->kind == REST_AND ? " AND " : " OR ");
}

static apr_status_t render_cond(rest_sql_t *sql, const rest_dialect_t *dialect,
                                const rest_node_t *node, const rest_cond_t *cond)
{
    int guarded = may_tell(cond) && !node->link && node->row_filter && !filters_inside(node);
    apr_status_t status;

    if (cond->embed) { /* PostgreSQL plans NOT (NOT EXISTS) anew for each level that it is deep */
        app_buf_adds(&sql->text, cond->filter->negated ? "(" : "(NOT ");
        status = render_exists(sql, dialect, cond->embed);
        app_buf_addc(&sql->text, ')');
        return status;
    }
    if (guarded) {
        app_buf_addf(&sql->text, "CASE WHEN (%s) THEN ", node->row_filter);
    }
    app_buf_adds(&sql->text, cond->filter->negated ? "NOT (" : "(");
    sql->nots += cond->filter->negated;
    status = render_test(sql, dialect, node, cond);
    sql->nots -= cond->filter->negated;
    app_buf_adds(&sql->text, guarded ? ") END" : ")");
    return status;
}

apr_status_t rest_render_conds(rest_sql_t *sql, const rest_dialect_t *dialect,
                               const rest_node_t *node)
{
    return render_conds(sql, dialect, node, node->where, " AND ");
}

/** The next count conditions; many as halves, since SQLite takes no more than a thousand levels. */
static apr_status_t render_some(rest_sql_t *sql, const rest_dialect_t *dialect,
                                const rest_node_t *node, const rest_cond_t **pcond, int count,
                                const char *between)
{
    if (count > CONDS_ABREAST) {
        app_buf_addc(&sql->text, '(');
        if (render_some(sql, dialect, node, pcond, count / 2, between) != APR_SUCCESS) {
            return APP_EFAIL;
        }
        app_buf_addf(&sql->text, ")%s(", between);
        if (render_some(sql, dialect, node, pcond, count - count / 2, between) != APR_SUCCESS) {
            return APP_EFAIL;
        }
        app_buf_addc(&sql->text, ')');
        return APR_SUCCESS;
    }
    for (; count > 0; count--, *pcond = (*pcond)->next) {
        if (render_cond(sql, dialect, node, *pcond) != APR_SUCCESS) {
            return APP_EFAIL;
        }
        app_buf_adds(&sql->text, count > 1 ? between : "");
    }
    return APR_SUCCESS;
}

static apr_status_t render_conds(rest_sql_t *sql, const rest_dialect_t *dialect,
                                 const rest_node_t *node, const rest_cond_t *cond,
                                 const char *between)
{
    const rest_cond_t *each;
    int count = 0;

    for (each = cond; each; each = each->next) {
        count++;
    }
    return render_some(sql, dialect, node, &cond, count, between);
}

/** How the node's rows hang on its parent's. */
static void render_link(rest_sql_t *sql, const rest_node_t *node)
{
    const rest_link_t *link = node->link;

    render_pairs(sql, node->parent->as, link->junction ? node->junction_as : node->as,
                 link->pairs, link->npairs);
}

/** All that a row of node must meet, joined by AND. @param lead in front of the first condition */
static apr_status_t render_conditions(rest_sql_t *sql, const rest_dialect_t *dialect,
                                      const rest_node_t *node, const char *lead)
{
    const rest_node_t *child;

    if (node->link && node->link->cardinality != REST_COMPUTED) {
        app_buf_adds(&sql->text, lead);
        render_link(sql, node);
        lead = " AND ";
    }
    if (!node->link && node->row_filter && !filters_inside(node)) {
        app_buf_addf(&sql->text, "%s(%s)", lead, node->row_filter);
        lead = " AND ";
    }
    if (node->where) {
        app_buf_adds(&sql->text, lead);
        if (render_conds(sql, dialect, node, node->where, " AND ") != APR_SUCCESS) {
            return APP_EFAIL;
        }
        lead = " AND ";
    }
    if (node->matched) {
        app_buf_addf(&sql->text, "%s(%s)", lead, node->matched);
        lead = " AND ";
    }
    for (child = node->children; child; child = child->next) {
        if (child->item->inner && !rest_node_is_joined(child)) {
            app_buf_adds(&sql->text, lead);
            if (render_exists(sql, dialect, child) != APR_SUCCESS) {
                return APP_EFAIL;
            }
            lead = " AND ";
        }
    }
    return APR_SUCCESS;
}

apr_status_t rest_render_where(rest_sql_t *sql, const rest_dialect_t *dialect,
                               const rest_node_t *node)
{
    return render_conditions(sql, dialect, node, " WHERE ");
}

/** Where every subquery begins: one that is too long already grows no more, however many follow. */
apr_status_t rest_render_from(rest_sql_t *sql, const rest_dialect_t *dialect,
                              const rest_node_t *node)
{
    if (rest_sql_check(sql) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&sql->text, " FROM ");
    return render_source(sql, dialect, node) == APR_SUCCESS
               ? rest_render_where(sql, dialect, node)
               : APP_EFAIL;
}

/* Order and window */

/** A column of an embed that has one row: read apart, as the embed is, unless it is joined. */
static apr_status_t render_related(rest_sql_t *sql, const rest_dialect_t *dialect,
                                   const rest_sort_t *sort)
{
    if (rest_node_is_joined(sort->related)) {
        return dialect->operand(sql, sort->related, &sort->operand);
    }
    app_buf_adds(&sql->text, "(SELECT ");
    if (dialect->operand(sql, sort->related, &sort->operand) != APR_SUCCESS ||
        rest_render_from(sql, dialect, sort->related) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_buf_adds(&sql->text, " LIMIT 1)");
    return APR_SUCCESS;
}

apr_status_t rest_render_order(rest_sql_t *sql, const rest_dialect_t *dialect,
                               const rest_node_t *node, int more)
{
    const rest_sort_t *sort = node->sort;

    if (sort || more) {
        app_buf_adds(&sql->text, " ORDER BY ");
    }
    for (; sort; sort = sort->next) {
        if ((sort->related ? render_related(sql, dialect, sort)
                           : dialect->operand(sql, node, &sort->operand)) != APR_SUCCESS) {
            return APP_EFAIL;
        }
        if (dialect->collation) {
            app_buf_adds(&sql->text, dialect->collation(&sort->operand));
        }
        app_buf_adds(&sql->text, sort->descending ? " DESC" : " ASC");
        app_buf_adds(&sql->text, sort->nulls_first ? " NULLS FIRST" : " NULLS LAST");
        if (sort->next || more) {
            app_buf_adds(&sql->text, ", ");
        }
    }
    return APR_SUCCESS;
}

void rest_render_window(rest_sql_t *sql, const rest_dialect_t *dialect, const rest_node_t *node)
{
    if (node->limit >= 0) {
        app_buf_adds(&sql->text, " LIMIT ");
        rest_sql_int(sql, node->limit);
    }
    else if (node->offset && dialect->kind == APP_DB_SQLITE) {
        app_buf_adds(&sql->text, " LIMIT -1");
    }
    if (node->offset) {
        app_buf_adds(&sql->text, " OFFSET ");
        rest_sql_int(sql, node->offset);
    }
}

static apr_status_t check(const rest_sql_t *sql)
{
    return sql ? rest_sql_check(sql) : APR_SUCCESS;
}

static apr_status_t render_action(rest_statement_t *statement, const rest_dialect_t *dialect,
                                  const rest_plan_t *plan, int counted, app_error_t *err,
                                  apr_pool_t *p)
{
    switch (plan->action) {
    case REST_READ:
    case REST_CALL:
        return dialect->read(statement, plan, counted, err, p);
    case REST_INSERT:
    case REST_REPLACE:
        return dialect->insert(statement, plan, err, p);
    case REST_UPDATE:
        return dialect->update(statement, plan, err, p);
    default:
        return dialect->remove(statement, plan, err, p);
    }
}

apr_status_t rest_render(rest_statement_t *statement, const rest_dialect_t *dialect,
                         const rest_plan_t *plan, int counted, app_error_t *err, apr_pool_t *p)
{
    memset(statement, 0, sizeof(*statement));
    if (render_action(statement, dialect, plan, counted, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return check(statement->main) == APR_SUCCESS && check(statement->each) == APR_SUCCESS
               ? check(statement->after)
               : APP_EFAIL;
}
