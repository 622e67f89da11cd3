/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Step 2 of a request: the tree of embeds. Nodes are made of select first, then the filters and
 * orders of the query string find theirs by name, then each node finds its way to its parent.
 */
#include "rest_planner.h"

#define ALIAS_MAX 50 /* PostgreSQL cuts names at 63 bytes: longer ones are replaced */

/* Nodes */

/** Links the node's list of items into children, depth first, in the order of select. */
static void add_children(rest_planner_t *planner, rest_node_t *node, const rest_item_t *item)
{
    rest_node_t **tail = &node->children;

    node->hidden = node->parent != NULL;
    for (; item; item = item->next) {
        rest_node_t *child;

        if (item->kind != REST_ITEM_EMBED && item->kind != REST_ITEM_SPREAD) {
            node->hidden = 0;
            continue;
        }
        child = apr_pcalloc(planner->pool, sizeof(*child));
        child->parent = node;
        child->item = item;
        child->number = ++planner->plan->nnodes;
        child->depth = node->depth + 1;
        child->limit = -1;
        *tail = child;
        tail = &child->next;
        add_children(planner, child, item->select);
        if (!child->hidden) {
            node->hidden = 0;
        }
    }
}

static const char *key_of(const rest_node_t *node)
{
    return node->item->alias ? node->item->alias : node->item->field.name;
}

/** An embed that has an alias and is called by its own name: that works, with a warning. */
static void warn(const rest_planner_t *planner, const rest_node_t *child)
{
    const char *pair = apr_psprintf(planner->pool, "`%s` to `%s`", child->item->field.name,
                                    child->item->alias);
    const char *known = planner->plan->warnings;

    if (!known || !strstr(known, pair)) {
        planner->plan->warnings = known ? apr_pstrcat(planner->pool, known, ", ", pair, NULL)
                                        : pair;
    }
}

static rest_node_t *aliased_child(const rest_node_t *node, const char *name)
{
    rest_node_t *child = node->children;

    while (child && (!child->item->alias || strcmp(child->item->field.name, name) != 0)) {
        child = child->next;
    }
    return child;
}

rest_node_t *rest_plan_child(const rest_planner_t *planner, const rest_node_t *node,
                             const char *name)
{
    rest_node_t *child = node->children;

    while (child && strcmp(key_of(child), name) != 0) {
        child = child->next;
    }
    if (!child && planner->request->legacy_names && (child = aliased_child(node, name))) {
        warn(planner, child);
    }
    return child;
}

apr_status_t rest_plan_not_embedded(const rest_planner_t *planner, const rest_node_t *node,
                                    const char *name)
{
    const rest_node_t *aliased = aliased_child(node, name);

    app_fail(planner->err, APP_E_NOT_EMBEDDED, "'%s' is not an embedded resource in this request",
             name);
    if (aliased) {
        app_details(planner->err, "Target names are not allowed in filters if they have an alias");
        return app_hint(planner->err, "Change '%s' to '%s' in filters, orders or limits.", name,
                        aliased->item->alias);
    }
    return app_hint(planner->err,
                    "Verify that '%s' is included in the 'select' query parameter.", name);
}

/* Scopes */

static rest_filter_t *join_filters(rest_filter_t *first, rest_filter_t *second, apr_pool_t *p)
{
    rest_filter_t *joined = NULL, **tail = &joined;

    for (; first; first = first->next) {
        *tail = apr_pmemdup(p, first, sizeof(*first));
        tail = &(*tail)->next;
    }
    *tail = second;
    return joined;
}

/** Two paths may lead to one node: by its alias and by its own name. */
static apr_status_t merge_scope(rest_planner_t *planner, rest_node_t *node,
                                const rest_scope_t *scope)
{
    rest_scope_t *asked = &node->asked;

    if (scope->has_limit && scope->limit < 0) {
        return app_fail_code(planner->err, "2201W", 400, "LIMIT must not be negative");
    }
    if (scope->has_offset && scope->offset < 0) {
        return app_fail_code(planner->err, "2201X", 400, "OFFSET must not be negative");
    }

    asked->filters = join_filters(asked->filters, scope->filters, planner->pool);
    if (!asked->has_order && scope->has_order) {
        asked->order = scope->order;
        asked->has_order = 1;
    }
    if (scope->has_limit) {
        node->limit = scope->limit;
    }
    if (scope->has_offset) {
        node->offset = scope->offset;
    }
    return APR_SUCCESS;
}

static apr_status_t place_scope(rest_planner_t *planner, const rest_scope_t *scope)
{
    rest_node_t *node = &planner->plan->root, *child;
    const rest_name_t *step;

    for (step = scope->path; step; step = step->next) {
        if (!(child = rest_plan_child(planner, node, step->name))) {
            return rest_plan_not_embedded(planner, node, step->name);
        }
        node = child;
    }
    return merge_scope(planner, node, scope);
}

/** No embed gives more rows than the answer may have. */
static void cap_rows(const rest_request_t *request, rest_node_t *node)
{
    for (; node; node = node->next) {
        if (request->max_rows && (node->limit < 0 || node->limit > request->max_rows)) {
            node->limit = request->max_rows;
        }
        cap_rows(request, node->children);
    }
}

apr_status_t rest_plan_nodes(rest_planner_t *planner)
{
    const rest_query_t *query = planner->request->query;
    rest_node_t *root = &planner->plan->root;
    const rest_scope_t *scope;

    add_children(planner, root, query->select);
    root->asked = query->root;
    for (scope = query->embeds; scope; scope = scope->next) {
        if (place_scope(planner, scope) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    if (planner->request->action == REST_READ || planner->request->action == REST_CALL) {
        cap_rows(planner->request, root->children);
    }
    return APR_SUCCESS;
}

/* Links */

static int is_constraint(const rest_link_t *link, const char *name)
{
    return link->constraint && link->cardinality != REST_MANY_TO_MANY &&
           strcmp(link->constraint, name) == 0;
}

static int is_single_column(const rest_link_t *link, const char *name, int of_target)
{
    return link->npairs == 1 && link->cardinality != REST_MANY_TO_MANY &&
           strcmp(of_target ? link->pairs->to->name : link->pairs->from->name, name) == 0;
}

/** One table to itself: its name means the children, the column that refers the parent. */
static int fits_self(const rest_link_t *link, const char *target, const char *hint)
{
    int named = strcmp(link->to->name, target) == 0;

    if (hint) {
        return named && link->cardinality == REST_ONE_TO_MANY && is_single_column(link, hint, 1);
    }
    return link->cardinality == REST_ONE_TO_MANY
               ? named
               : link->cardinality == REST_MANY_TO_ONE && is_single_column(link, target, 0);
}

static int fits(const rest_link_t *link, const char *target, const char *hint)
{
    if (link->cardinality == REST_COMPUTED) {
        return strcmp(link->routine->name, target) == 0;
    }
    if (link->from == link->to) {
        return fits_self(link, target, hint);
    }
    if (!hint) {
        return strcmp(link->to->name, target) == 0 ||
               (!link->to->is_view &&
                (is_constraint(link, target) || is_single_column(link, target, 0)));
    }
    return strcmp(link->to->name, target) == 0 &&
           (is_constraint(link, hint) || is_single_column(link, hint, 0) ||
            is_single_column(link, hint, 1) ||
            (link->junction && strcmp(link->junction->name, hint) == 0));
}

/** The name of one of the links of a relation that is most like the target. */
static const char *similar_target(const rest_relation_t *relation, const char *target)
{
    const char *best = NULL;
    const rest_link_t *link;
    double best_likeness = 0;

    for (link = relation->links; link; link = link->next) {
        const char *name = link->cardinality == REST_COMPUTED ? link->routine->name
                                                              : link->to->name;
        double likeness = rest_schema_likeness(target, name);

        if (strcmp(target, name) == 0) {
            return NULL;
        }
        if (likeness > REST_LIKE_SOMEWHAT && likeness > best_likeness) {
            best_likeness = likeness;
            best = name;
        }
    }
    return best;
}

/** The relation with relationships whose name is most like that of one without; NULL: none is. */
static const char *similar_origin(const rest_planner_t *planner, const char *origin)
{
    const rest_space_t *space = rest_schema_space(planner->schema, planner->request->space);
    double best_likeness = REST_LIKE_SOMEWHAT;
    const char *best = NULL;
    int i;

    for (i = 0; space && i < space->nrelations; i++) {
        double likeness = space->relations[i]->links
                              ? rest_schema_likeness(origin, space->relations[i]->name) : 0;

        if (likeness > best_likeness) {
            best_likeness = likeness;
            best = space->relations[i]->name;
        }
    }
    return best;
}

static apr_status_t no_link(const rest_planner_t *planner, const rest_node_t *node,
                            const rest_relation_t *from, const char *origin)
{
    const char *target = node->item->field.name, *hint = node->item->hint, *similar;
    int linked = from && from->links;
    app_error_t *err = planner->err;

    app_fail(err, APP_E_NO_RELATIONSHIP,
             "Could not find a relationship between '%s' and '%s' in the schema cache", origin,
             target);
    app_details(err,
                "Searched for a foreign key relationship between '%s' and '%s'%s%s%s in the "
                "schema '%s', but no matches were found.", origin, target,
                hint ? " using the hint '" : "", hint ? hint : "", hint ? "'" : "",
                planner->request->space);
    similar = linked ? similar_target(from, target) : similar_origin(planner, origin);
    return similar ? app_hint(err, "Perhaps you meant '%s' instead of '%s'.", similar,
                              linked ? target : origin)
                   : APP_EFAIL;
}

/** "orders(billing_id, city_id)" */
static const char *columns_of(const char *name, const rest_pair_t *pairs, int count, int to,
                              apr_pool_t *p)
{
    const char *text = apr_pstrcat(p, name, "(", NULL);
    int i;

    for (i = 0; i < count; i++) {
        text = apr_pstrcat(p, text, i ? ", " : "", to ? pairs[i].to->name : pairs[i].from->name,
                           NULL);
    }
    return apr_pstrcat(p, text, ")", NULL);
}

static const char *relationship_of(const rest_link_t *link, apr_pool_t *p)
{
    if (link->junction) {
        return apr_pstrcat(p, link->junction->name, " using ",
                           columns_of(link->constraint, link->pairs, link->npairs, 1, p), " and ",
                           columns_of(link->onward, link->onward_pairs, link->nonward_pairs, 0, p),
                           NULL);
    }
    return apr_pstrcat(p, link->constraint, " using ",
                       columns_of(link->from->name, link->pairs, link->npairs, 0, p), " and ",
                       columns_of(link->to->name, link->pairs, link->npairs, 1, p), NULL);
}

/** A candidate, as details tell it. */
static void add_candidate(app_buf_t *details, const rest_link_t *link, apr_pool_t *p)
{
    static const char *const words[] = {
        [REST_MANY_TO_ONE] = "many-to-one",   [REST_ONE_TO_MANY] = "one-to-many",
        [REST_ONE_TO_ONE] = "one-to-one",     [REST_MANY_TO_MANY] = "many-to-many",
        [REST_COMPUTED] = "computed",
    };
    const char *embedding = apr_pstrcat(p, link->from->name, " with ", link->to->name, NULL);
    const char *relationship = link->cardinality == REST_COMPUTED ? link->routine->name
                                                                  : relationship_of(link, p);

    app_buf_adds(details, details->len ? "," : "[");
    app_buf_addf(details, "{\"cardinality\":\"%s\",\"embedding\":", words[link->cardinality]);
    app_buf_add_json(details, embedding, strlen(embedding));
    app_buf_adds(details, ",\"relationship\":");
    app_buf_add_json(details, relationship, strlen(relationship));
    app_buf_addc(details, '}');
}

static apr_status_t ambiguous(const rest_planner_t *planner, const rest_node_t *node,
                              const rest_relation_t *from)
{
    const char *target = node->item->field.name, *hints = NULL;
    const rest_link_t *link;
    app_buf_t details;

    app_buf_init(&details, planner->err->pool, APR_SIZE_MAX / 2);
    for (link = from->links; link; link = link->next) {
        const char *way;

        if (!fits(link, target, node->item->hint)) {
            continue;
        }
        add_candidate(&details, link, planner->err->pool);
        way = link->junction ? link->junction->name
                             : link->constraint ? link->constraint : link->routine->name;
        hints = apr_pstrcat(planner->err->pool, hints ? hints : "", hints ? ", '" : "'",
                            link->to->name, "!", way, "'", NULL);
    }
    app_buf_addc(&details, ']');
    app_fail(planner->err, APP_E_AMBIGUOUS_EMBED,
             "Could not embed because more than one relationship was found for '%s' and '%s'",
             from->name, target);
    planner->err->details = details.data;
    planner->err->details_are_json = 1;
    return app_hint(planner->err,
                    "Try changing '%s' to one of the following: %s. Find the desired "
                    "relationship in the 'details' key.", target, hints);
}

/** Rows that are spread stand in one FROM with those of other spreads, wherever in the tree. */
static int is_spread_as(const rest_node_t *node, const char *as)
{
    const rest_node_t *child;

    for (child = node->children; child; child = child->next) {
        if ((child->as && child->item->kind == REST_ITEM_SPREAD && strcmp(child->as, as) == 0) ||
            is_spread_as(child, as)) {
            return 1;
        }
    }
    return 0;
}

/** The name is none that an outer FROM, or the same one, has, so that it hides nothing. */
static int is_free(const rest_planner_t *planner, const rest_node_t *node, const char *as)
{
    const rest_node_t *outer;

    for (outer = node->parent; outer; outer = outer->parent) {
        if (strcmp(outer->as, as) == 0) {
            return 0;
        }
    }
    return node->item->kind != REST_ITEM_SPREAD || !is_spread_as(&planner->plan->root, as);
}

static const char *alias_of(const rest_planner_t *planner, const rest_node_t *node,
                            const char *name)
{
    apr_pool_t *p = planner->pool;
    const char *as = rest_quoted(apr_psprintf(p, "%s_%d", name, node->depth), p);

    return strlen(name) <= ALIAS_MAX && is_free(planner, node, as)
               ? as
               : apr_psprintf(p, "app_t%d", node->number);
}

static apr_status_t choose_link(const rest_planner_t *planner, rest_node_t *node)
{
    const rest_relation_t *from = node->parent->relation;
    const rest_link_t *link, *found = NULL;

    for (link = from ? from->links : NULL; link; link = link->next) {
        if (fits(link, node->item->field.name, node->item->hint)) {
            if (found) {
                return ambiguous(planner, node, from);
            }
            found = link;
        }
    }
    if (!found) {
        return no_link(planner, node, from, from ? from->name : planner->request->relation);
    }
    node->link = found;
    node->relation = found->to;
    node->as = alias_of(planner, node, found->to->name);
    if (found->junction) {
        node->junction_as = apr_psprintf(planner->pool, "app_j%d", node->number);
    }
    return APR_SUCCESS;
}

static apr_status_t choose_links(const rest_planner_t *planner, rest_node_t *node)
{
    for (; node; node = node->next) {
        if (choose_link(planner, node) != APR_SUCCESS ||
            choose_links(planner, node->children) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    return APR_SUCCESS;
}

apr_status_t rest_plan_links(rest_planner_t *planner)
{
    return choose_links(planner, planner->plan->root.children);
}
