/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What an answer was made of, for those who may keep it (app_response_source()). What is not known
 * to be the same the next time is not said to be. Called by rest_run.c where somebody listens;
 * thread of the request.
 *
 * On SQLite the driver has seen which functions the statements call. On PostgreSQL the relations
 * are named, and who keeps answers finds out what they are made of themselves; a column that
 * the snapshot does not know may be a function.
 */
#include "rest_run.h"

#define NAMES_MAX (16 * 1024)

/* PostgreSQL */

/** Whether a text has a word that PostgreSQL reads as a time of its own. */
static int has_time_word(const char *text)
{
    static const char *const words[] = { "now", "today", "tomorrow", "yesterday" };
    apr_size_t i;

    for (i = 0; text && i < sizeof(words) / sizeof(*words); i++) {
        if (strcasestr(text, words[i])) {
            return 1;
        }
    }
    return 0;
}

static int asks_for_time(const rest_run_t *run)
{
    app_error_t ignored = { .pool = run->pool };
    const apr_array_header_t *pairs;
    int i;

    if (app_query_parse(run->call->said.query, &pairs, &ignored, run->pool) != APR_SUCCESS) {
        return 1;
    }
    for (i = 0; i < pairs->nelts; i++) {
        const app_pair_t *pair = &APR_ARRAY_IDX(pairs, i, app_pair_t);

        if (has_time_word(pair->key) || has_time_word(pair->value)) {
            return 1;
        }
    }
    return 0;
}

static int is_stored(const rest_node_t *node, const rest_operand_t *operand)
{
    const rest_column_t *column = operand->column;

    return !column ||
           (node->relation && rest_relation_column(node->relation, column->name) == column &&
            !column->to_json && !column->from_text);
}

static int are_conds_stored(const rest_node_t *node, const rest_cond_t *cond)
{
    for (; cond; cond = cond->next) {
        if (!is_stored(node, &cond->operand) || !are_conds_stored(node, cond->children)) {
            return 0;
        }
    }
    return 1;
}

/** Whether a node, without its children, reads nothing but stored columns of relations. */
static int is_node_stored(const rest_node_t *node)
{
    const rest_out_t *out;
    const rest_sort_t *sort;

    if (!node->relation || node->called || node->joined || node->matched ||
        (node->link && node->link->routine) || !are_conds_stored(node, node->where)) {
        return 0;
    }
    for (out = node->out; out; out = out->next) {
        if (out->kind == REST_OUT_ARRAY || !is_stored(out->node ? out->node : node, &out->operand)) {
            return 0;
        }
    }
    for (sort = node->sort; sort; sort = sort->next) {
        if (!is_stored(sort->related ? sort->related : node, &sort->operand)) {
            return 0;
        }
    }
    return 1;
}

static void add_name(app_buf_t *names, const rest_relation_t *relation)
{
    if (relation) {
        app_buf_adds(names, relation->schema);
        app_buf_addc(names, '.');
        app_buf_add(names, relation->name, strlen(relation->name) + 1);
    }
}

/** Adds the relations of a node and all below it. @return 0: one is more than its stored rows */
static int add_relations(app_buf_t *names, const rest_node_t *node)
{
    const rest_node_t *child;

    if (!is_node_stored(node)) {
        return 0;
    }
    add_name(names, node->relation);
    add_name(names, node->link ? node->link->junction : NULL);
    for (child = node->children; child; child = child->next) {
        if (!add_relations(names, child)) {
            return 0;
        }
    }
    return 1;
}

static void name_relations(app_source_t *source, const rest_run_t *run)
{
    app_buf_t names;

    app_buf_init(&names, run->pool, NAMES_MAX);
    if (run->plan->action == REST_READ && !run->plan->handler && !asks_for_time(run) &&
        add_relations(&names, &run->plan->root)) {
        app_buf_addc(&names, '\0');
        source->lasting = !app_buf_full(&names);
        source->relations = source->lasting ? names.data : NULL;
    }
}

/* Both */

/** Reads whose every step is the same for whoever asks the same. */
static int may_be_kept(const rest_run_t *run)
{
    const rest_plan_t *plan = run->plan;
    int reads = plan->action == REST_READ ||
                (plan->routine && plan->routine->volatility != REST_VOLATILE);

    return plan->readonly && reads && plan->type->media != REST_MEDIA_PLAN &&
           !run->call->conf->pre_request && !run->result.status && !run->result.headers;
}

static int is_counted(const rest_run_t *run)
{
    return run->plan->count != REST_COUNT_PLANNED && run->plan->count != REST_COUNT_ESTIMATED;
}

int rest_source_lasts(const rest_run_t *run)
{
    return run->schema->kind == APP_DB_SQLITE && may_be_kept(run) && is_counted(run) && run->tx &&
           app_tx_lasting(run->tx);
}

void rest_source_tell(const rest_run_t *run)
{
    app_source_t *source;

    if (!may_be_kept(run)) {
        return;
    }
    source = apr_pcalloc(run->pool, sizeof(*source));
    if (run->schema->kind == APP_DB_SQLITE) {
        source->lasting = rest_source_lasts(run);
    }
    else if (is_counted(run)) {
        name_relations(source, run);
    }
    app_response_source(run->call->res, source);
}
