/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Step 2 of a request: what each node shows, filters and orders by. What is spread becomes members
 * of the node that it is spread into.
 */
#include "rest_planner.h"

/* Operands */

/** A name that is no column: PostgreSQL may know it as a computed field. */
static rest_column_t *unknown_column(const rest_planner_t *planner, const char *name)
{
    rest_column_t *column = apr_pcalloc(planner->pool, sizeof(*column));

    column->name = name;
    column->ident = rest_quoted(name, planner->pool);
    column->position = -1;
    return column;
}

/** A field that app_computed has for the relation, as a column of its result's type. */
static int find_computed(const rest_planner_t *planner, const rest_relation_t *relation,
                         const char *name, rest_operand_t *operand)
{
    const rest_routine_t *routine = relation->computed;
    rest_column_t *column;

    while (routine && strcmp(routine->name, name) != 0) {
        routine = routine->next;
    }
    if (!routine) {
        return 0;
    }
    column = unknown_column(planner, name);
    column->type = column->base = routine->type;
    column->kind = routine->kind;
    operand->column = column;
    operand->computed = routine;
    return 1;
}

/** As errors call it; a function that gives values has no name for its rows. */
static const char *shown_name(const rest_node_t *node)
{
    return node->relation ? node->relation->name : "";
}

static apr_status_t no_column(const rest_planner_t *planner, const rest_node_t *node,
                              const char *name)
{
    return node->depth ? app_fail_code(planner->err, "42703", 400,
                                       "column %s_%d.%s does not exist", shown_name(node),
                                       node->depth, name)
                       : app_fail_code(planner->err, "42703", 400, "column %s.%s does not exist",
                                       shown_name(node), name);
}

static apr_status_t plan_operand(const rest_planner_t *planner, const rest_node_t *node,
                                 const rest_field_t *field, rest_operand_t *operand)
{
    const rest_relation_t *relation = node->relation;
    const rest_grant_t *grant;

    memset(operand, 0, sizeof(*operand));
    operand->path = field->path;
    operand->column = relation ? rest_relation_column(relation, field->name) : NULL;
    if (operand->column) {
        return relation->schema[0] ? rest_plan_check_column(planner, relation, REST_RIGHT_SELECT,
                                                            operand->column)
                                   : APR_SUCCESS;
    }
    if (planner->schema->kind == APP_DB_PGSQL) {
        operand->column = unknown_column(planner, field->name);
        return APR_SUCCESS;
    }
    if (relation && find_computed(planner, relation, field->name, operand)) {
        return rest_plan_grant(planner, relation, REST_RIGHT_SELECT, &grant);
    }
    return no_column(planner, node, field->name);
}

/* Select */

static rest_out_t *add_out(const rest_planner_t *planner, const rest_node_t *node,
                           rest_out_t ***ptail, rest_out_e kind, const char *name)
{
    rest_out_t *out = apr_pcalloc(planner->pool, sizeof(*out));

    out->kind = kind;
    out->name = name;
    out->node = node;
    **ptail = out;
    *ptail = &out->next;
    return out;
}

static apr_status_t add_all(const rest_planner_t *planner, const rest_node_t *node,
                            rest_out_t ***ptail)
{
    const rest_relation_t *relation = node->relation;
    int i;

    for (i = 0; relation && i < relation->ncolumns; i++) {
        const rest_column_t *column = relation->columns[i];
        rest_out_t *out = add_out(planner, node, ptail, REST_OUT_VALUE, column->name);

        out->operand.column = column;
        if (relation->schema[0] && rest_plan_check_column(planner, relation, REST_RIGHT_SELECT,
                                                          column) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    return APR_SUCCESS;
}

static const char *aggregate_name(rest_aggregate_e aggregate)
{
    static const char *const names[] = {
        [REST_AGG_NONE] = "",    [REST_AGG_SUM] = "sum", [REST_AGG_AVG] = "avg",
        [REST_AGG_MIN] = "min",  [REST_AGG_MAX] = "max", [REST_AGG_COUNT] = "count",
    };

    return names[aggregate];
}

/** Of a path the last key, of "a->0" that is "a". */
static const char *name_of(const rest_item_t *item)
{
    const char *name = item->field.name;
    const rest_step_t *step;

    if (item->alias) {
        return item->alias;
    }
    if (item->aggregate) {
        return aggregate_name(item->aggregate);
    }
    for (step = item->field.path; step; step = step->next) {
        name = step->key ? step->key : name;
    }
    return name;
}

static void add_count(const rest_planner_t *planner, const rest_node_t *node,
                      rest_out_t ***ptail, const rest_item_t *item)
{
    rest_out_t *out = add_out(planner, node, ptail, REST_OUT_ROWS,
                              item->alias ? item->alias : "count");

    out->aggregate = REST_AGG_COUNT;
    out->aggregate_cast = item->cast;
}

/** "count" without parentheses: PostgreSQL takes it for the function, over the row. */
static int is_bare_count(const rest_planner_t *planner, const rest_node_t *node,
                         const rest_item_t *item)
{
    return planner->schema->kind == APP_DB_SQLITE && !item->field.path && !item->aggregate &&
           strcmp(item->field.name, "count") == 0 && node->relation &&
           !rest_relation_column(node->relation, "count");
}

static apr_status_t add_value(const rest_planner_t *planner, const rest_node_t *node,
                              rest_out_t ***ptail, const rest_item_t *item)
{
    rest_out_t *out;

    if (is_bare_count(planner, node, item)) {
        add_count(planner, node, ptail, item);
        return APR_SUCCESS;
    }
    out = add_out(planner, node, ptail, REST_OUT_VALUE, name_of(item));
    out->cast = item->cast;
    out->aggregate = item->aggregate;
    out->aggregate_cast = item->aggregate_cast;
    if (plan_operand(planner, node, &item->field, &out->operand) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (strcmp(out->name, out->operand.column->name) == 0) {
        out->name = out->operand.column->name; /* renderers tell its own name by that */
    }
    return APR_SUCCESS;
}

static int has_aggregate(const rest_out_t *out)
{
    while (out && !out->aggregate) {
        out = out->next;
    }
    return out != NULL;
}

/** A spread's members: those of one row as they are, those of many as arrays. */
static apr_status_t add_spread(const rest_planner_t *planner, rest_out_t ***ptail,
                               rest_node_t *child)
{
    const rest_out_t *member;

    if (child->link->to_one) {
        for (**ptail = child->out; **ptail; *ptail = &(**ptail)->next) {
        }
        child->out = NULL;
        child->grouped = 0;
        return APR_SUCCESS;
    }
    if (has_aggregate(child->out)) {
        app_fail(planner->err, APP_E_NOT_IMPLEMENTED, NULL);
        return app_details(planner->err, "Aggregates are not implemented for one-to-many or "
                                         "many-to-many spreads.");
    }
    for (member = child->out; member; member = member->next) {
        add_out(planner, child, ptail, REST_OUT_ARRAY, member->name)->member = member;
    }
    return APR_SUCCESS;
}

static apr_status_t add_embed(const rest_planner_t *planner, const rest_node_t *node,
                              rest_out_t ***ptail, const rest_item_t *item)
{
    rest_node_t *child = node->children;

    while (child->item != item) {
        child = child->next;
    }
    if (child->hidden) {
        return APR_SUCCESS;
    }
    if (item->kind == REST_ITEM_SPREAD) {
        return add_spread(planner, ptail, child);
    }
    add_out(planner, child, ptail, REST_OUT_EMBED, item->alias ? item->alias : item->field.name);
    return APR_SUCCESS;
}

static apr_status_t add_item(const rest_planner_t *planner, const rest_node_t *node,
                             rest_out_t ***ptail, const rest_item_t *item)
{
    switch (item->kind) {
    case REST_ITEM_STAR:
        return add_all(planner, node, ptail);
    case REST_ITEM_COUNT:
        add_count(planner, node, ptail, item);
        return APR_SUCCESS;
    case REST_ITEM_EMBED:
    case REST_ITEM_SPREAD:
        return add_embed(planner, node, ptail, item);
    case REST_ITEM_COLUMN:
        break;
    }
    return add_value(planner, node, ptail, item);
}

static apr_status_t plan_select(const rest_planner_t *planner, rest_node_t *node)
{
    const rest_item_t *item = node->item ? node->item->select : planner->request->query->select;
    rest_out_t **tail = &node->out;

    if (!item && !node->item) {
        return add_all(planner, node, &tail);
    }
    for (; item; item = item->next) {
        if (add_item(planner, node, &tail, item) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    node->grouped = has_aggregate(node->out);
    return APR_SUCCESS;
}

/* Filters and order */

/** rel=is.null and rel=not.is.null, where rel is an embed of the node. */
static rest_node_t *tested_child(const rest_planner_t *planner, const rest_node_t *node,
                                 const rest_filter_t *filter)
{
    return filter->op == REST_OP_IS && filter->is == REST_IS_NULL && !filter->field.path
               ? rest_plan_child(planner, node, filter->field.name)
               : NULL;
}

apr_status_t rest_plan_conds(const rest_planner_t *planner, const rest_node_t *node,
                             rest_cond_t **pconds, const rest_filter_t *filter)
{
    for (; filter; filter = filter->next) {
        rest_cond_t *cond = apr_pcalloc(planner->pool, sizeof(*cond));
        apr_status_t status = APR_SUCCESS;

        cond->filter = filter;
        if (filter->kind != REST_COMPARE) {
            status = rest_plan_conds(planner, node, &cond->children, filter->children);
        }
        else if (!(cond->embed = tested_child(planner, node, filter))) {
            status = plan_operand(planner, node, &filter->field, &cond->operand);
        }
        if (status != APR_SUCCESS) {
            return APP_EFAIL;
        }
        *pconds = cond;
        pconds = &cond->next;
    }
    return APR_SUCCESS;
}

static apr_status_t plan_order(const rest_planner_t *planner, rest_node_t *node)
{
    rest_sort_t **tail = &node->sort;
    const rest_order_t *term;

    for (term = node->asked.order; term; term = term->next) {
        rest_sort_t *sort = apr_pcalloc(planner->pool, sizeof(*sort));

        if (term->relation) {
            sort->related = rest_plan_child(planner, node, term->relation);
        }
        if (plan_operand(planner, sort->related ? sort->related : node, &term->field,
                         &sort->operand) != APR_SUCCESS) {
            return APP_EFAIL;
        }
        sort->descending = term->descending;
        sort->nulls_first = term->nulls == REST_NULLS_DEFAULT ? term->descending
                                                              : term->nulls == REST_NULLS_FIRST;
        *tail = sort;
        tail = &sort->next;
    }
    return APR_SUCCESS;
}

/** On SQLite the columns that join two relations must be granted, as PostgreSQL wants it. */
static apr_status_t check_pairs(const rest_planner_t *planner, const rest_relation_t *from,
                                const rest_relation_t *to, const rest_pair_t *pairs, int count)
{
    int i;

    for (i = 0; i < count; i++) {
        if (rest_plan_check_column(planner, from, REST_RIGHT_SELECT, pairs[i].from) !=
                APR_SUCCESS ||
            rest_plan_check_column(planner, to, REST_RIGHT_SELECT, pairs[i].to) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    return APR_SUCCESS;
}

static apr_status_t plan_grants(const rest_planner_t *planner, rest_node_t *node)
{
    const rest_link_t *link = node->link;
    const rest_grant_t *grant;

    if (planner->schema->kind == APP_DB_PGSQL) {
        return APR_SUCCESS;
    }
    if (rest_plan_grant(planner, node->relation, REST_RIGHT_SELECT, &grant) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    node->row_filter = grant->row_filter;
    node->columns = grant->columns;
    if (!link || link->cardinality == REST_COMPUTED) {
        return APR_SUCCESS;
    }
    if (!link->junction) {
        return check_pairs(planner, link->from, link->to, link->pairs, link->npairs);
    }
    if (rest_plan_grant(planner, link->junction, REST_RIGHT_SELECT, &grant) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    node->junction_filter = grant->row_filter;
    node->junction_columns = grant->columns;
    return check_pairs(planner, link->from, link->junction, link->pairs, link->npairs) ==
                   APR_SUCCESS
               ? check_pairs(planner, link->junction, link->to, link->onward_pairs,
                             link->nonward_pairs)
               : APP_EFAIL;
}

/** Children first: their members may be spread into this node. */
apr_status_t rest_plan_columns(rest_planner_t *planner, rest_node_t *node)
{
    rest_node_t *child;

    if (node->relation && node->relation->schema[0] &&
        plan_grants(planner, node) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    for (child = node->children; child; child = child->next) {
        if (rest_plan_columns(planner, child) != APR_SUCCESS ||
            rest_plan_conds(planner, child, &child->where, child->asked.filters) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    return plan_select(planner, node) == APR_SUCCESS ? plan_order(planner, node) : APP_EFAIL;
}

apr_status_t rest_plan_key(rest_planner_t *planner)
{
    rest_node_t *root = &planner->plan->root;

    root->children = NULL;
    return plan_grants(planner, root);
}

/* What is refused before any column is looked at */

static apr_status_t check_related_order(const rest_planner_t *planner, const rest_node_t *node)
{
    const rest_order_t *term;

    for (term = node->asked.order; term; term = term->next) {
        const rest_node_t *child;

        if (!term->relation) {
            continue;
        }
        if (!(child = rest_plan_child(planner, node, term->relation))) {
            return rest_plan_not_embedded(planner, node, term->relation);
        }
        if (!child->link->to_one) {
            app_fail(planner->err, APP_E_RELATED_ORDER, "A related order on '%s' is not possible",
                     term->relation);
            return app_details(planner->err, "'%s' and '%s' do not form a many-to-one or "
                                             "one-to-one relationship", shown_name(node),
                               term->relation);
        }
    }
    return APR_SUCCESS;
}

static apr_status_t check_aggregates(const rest_planner_t *planner, const rest_item_t *item)
{
    for (; item && !planner->request->aggregates; item = item->next) {
        if (item->aggregate || item->kind == REST_ITEM_COUNT) {
            return app_fail(planner->err, APP_E_AGGREGATES, NULL);
        }
        if (check_aggregates(planner, item->select) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    return APR_SUCCESS;
}

static apr_status_t check_orders(const rest_planner_t *planner, const rest_node_t *node)
{
    const rest_node_t *child;

    if (check_related_order(planner, node) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    for (child = node->children; child; child = child->next) {
        if (check_orders(planner, child) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    return APR_SUCCESS;
}

apr_status_t rest_plan_check(const rest_planner_t *planner)
{
    return check_orders(planner, &planner->plan->root) == APR_SUCCESS
               ? check_aggregates(planner, planner->request->query->select)
               : APP_EFAIL;
}
