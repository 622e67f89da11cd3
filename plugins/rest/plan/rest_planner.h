/* SPDX-License-Identifier: Apache-2.0 */
/** What the files of step 2 (rest_plan*.c) have of each other. Thread of the request. */
#ifndef REST_PLANNER_H
#define REST_PLANNER_H

#include <string.h>

#include "apr_strings.h"

#include "rest_plan.h"

typedef struct rest_planner_t {
    const rest_request_t *request;
    const rest_schema_t  *schema;
    rest_plan_t          *plan;
    app_error_t          *err;
    apr_pool_t           *pool;
} rest_planner_t;

#define REST_UNAVAILABLE(planner, ...) \
    rest_unavailable((planner)->schema->kind, (planner)->err, __VA_ARGS__)

/* rest_plan_nodes.c: the tree of embeds, its scopes and links */

/** Makes the nodes that select asks for, and puts filters, orders and limits to them. */
apr_status_t rest_plan_nodes(rest_planner_t *planner);

/** Finds the relationships of all nodes, from the root's relation on. */
apr_status_t rest_plan_links(rest_planner_t *planner);

/** The child that a filter or an order names; NULL: there is none. */
rest_node_t *rest_plan_child(const rest_planner_t *planner, const rest_node_t *node,
                             const char *name);
apr_status_t rest_plan_not_embedded(const rest_planner_t *planner, const rest_node_t *node,
                                    const char *name);

/* rest_plan_columns.c: what is shown, filtered and ordered by */

/** Related orders and aggregates, which are refused before any column is looked at. */
apr_status_t rest_plan_check(const rest_planner_t *planner);

/** Members, filters and order of a node and its children. */
apr_status_t rest_plan_columns(rest_planner_t *planner, rest_node_t *node);

/** Of a new row the key alone is told: no member, no embed. */
apr_status_t rest_plan_key(rest_planner_t *planner);

/** Conditions on the rows of node. */
apr_status_t rest_plan_conds(const rest_planner_t *planner, const rest_node_t *node,
                             rest_cond_t **pconds, const rest_filter_t *filter);

/* rest_plan_grants.c: SQLite's grants. On PostgreSQL all of it succeeds: the database decides. */

apr_status_t rest_plan_check_column(const rest_planner_t *planner, const rest_relation_t *relation,
                                    rest_right_e right, const rest_column_t *column);

/**
 * The role's grant on a relation. @param pgrant NULL on PostgreSQL. @return APR_SUCCESS; APP_EFAIL
 * with 42501
 */
apr_status_t rest_plan_grant(const rest_planner_t *planner, const rest_relation_t *relation,
                             rest_right_e right, const rest_grant_t **pgrant);
apr_status_t rest_plan_check_execute(const rest_planner_t *planner,
                                     const rest_routine_t *routine);

/* rest_plan_media.c: Accept and Prefer */
apr_status_t rest_plan_headers(rest_planner_t *planner);

/* rest_plan_write.c */
apr_status_t rest_plan_write(rest_planner_t *planner);

/* rest_plan_call.c: which function, and its arguments. */

/** @return APR_SUCCESS; APP_EFAIL with APP_E_FUNCTION, APP_E_AMBIGUOUS_FUNCTION */
apr_status_t rest_plan_routine(rest_planner_t *planner);

/** What is refused once the answer's form is known. @return APP_E_MAX_AFFECTED_RPC, 42501 */
apr_status_t rest_plan_check_call(const rest_planner_t *planner);

#endif
