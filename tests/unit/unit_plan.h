/* SPDX-License-Identifier: Apache-2.0 */
/** Requests from a few words, as plans, errors and SQL that a person can read. */
#ifndef UNIT_PLAN_H
#define UNIT_PLAN_H

#include "unit.h"

#include "apr_strings.h"

#include "rest_int.h"

/** What is asked for. What is left out is as a plain GET has it. */
typedef struct ask_t {
    rest_action_e action;
    const char   *relation, *query;
    const char   *role; /* NULL: "web" */
    const char   *prefer, *accept;
    const char   *body, *type;
    apr_int64_t   max_rows;
    unsigned      head : 1;
    unsigned      counted : 1;       /* the page is counted before it comes */
    unsigned      no_aggregates : 1;
    unsigned      no_legacy : 1;     /* aliased embeds are not found by their own names */
} ask_t;

static inline apr_status_t ask_body(rest_request_t *request, const ask_t *ask,
                                    app_db_kind_e kind, app_error_t *err)
{
    const rest_source_t source = { .data = ask->body, .len = strlen(ask->body), .type = ask->type,
                                   .columns = request->query->columns, .kind = kind };

    return rest_body_parse(&request->body, &source, ask->action == REST_UPDATE, err, unit_pool);
}

static inline apr_status_t ask_plan(rest_plan_t **pplan, const ask_t *ask,
                                    const rest_schema_t *schema, app_error_t *err)
{
    rest_request_t *request = apr_pcalloc(unit_pool, sizeof(*request));

    request->action = ask->action;
    request->relation = ask->relation;
    request->space = schema->spaces[0].name;
    request->role = ask->role ? ask->role : "web";
    request->accept = ask->accept;
    request->max_rows = ask->max_rows;
    request->head = ask->head;
    request->aggregates = !ask->no_aggregates;
    request->legacy_names = !ask->no_legacy;
    rest_prefer_parse(&request->prefer, ask->prefer, unit_pool);
    if (rest_parse_query(&request->query, ask->query, err, unit_pool) != APR_SUCCESS ||
        rest_window(&request->limit, &request->offset, &request->query->root, NULL, err) !=
            APR_SUCCESS ||
        (ask->body && ask_body(request, ask, schema->kind, err) != APR_SUCCESS)) {
        return APP_EFAIL;
    }
    return rest_plan_make(pplan, request, schema, err, unit_pool);
}

/** The same request of a relation. */
static inline const ask_t *ask_for(const char *relation, const char *query, const ask_t *more)
{
    ask_t *ask = apr_pmemdup(unit_pool, more, sizeof(*ask));

    ask->relation = relation;
    ask->query = query;
    return ask;
}

/** Text without the double quotes that stand outside of strings: names are easier to read so. */
static inline void ask_add_text(app_buf_t *buf, const char *text)
{
    int in_string = 0;

    for (; *text; text++) {
        in_string ^= *text == '\'';
        app_buf_add(buf, text, *text != '"' || in_string);
    }
}

/** "PGRST108 message (details) hint". */
static inline const char *ask_error(const app_error_t *err)
{
    app_buf_t buf;

    app_buf_init(&buf, unit_pool, 1 << 20);
    app_buf_addf(&buf, "%s %s", err->code, err->message);
    if (err->details) {
        app_buf_adds(&buf, " (");
        ask_add_text(&buf, err->details);
        app_buf_addc(&buf, ')');
    }
    app_buf_adds(&buf, err->hint ? " " : "");
    app_buf_adds(&buf, err->hint ? err->hint : "");
    return buf.data;
}

/* SQL */

static inline void ask_add_params(app_buf_t *buf, const rest_sql_t *sql)
{
    int i;

    for (i = 0; i < sql->nparams; i++) {
        const app_value_t *value = &sql->params[i];

        app_buf_adds(buf, i ? ", " : " | ");
        if (value->type == APP_VALUE_INT) {
            app_buf_addf(buf, "%" APR_INT64_T_FMT, value->integer);
        }
        else if (value->type == APP_VALUE_TEXT) {
            app_buf_addf(buf, "'%.*s'", (int)value->len, value->text);
        }
        else {
            app_buf_adds(buf, "null");
        }
    }
}

static inline void ask_add_sql(app_buf_t *buf, const char *lead, const rest_sql_t *sql)
{
    if (sql) {
        app_buf_adds(buf, buf->len ? " " : "");
        app_buf_adds(buf, lead);
        ask_add_text(buf, sql->text.data);
        ask_add_params(buf, sql);
    }
}

/** "each SQL | parameters then SQL after SQL"; of a plain read the SQL alone. Or the error. */
static inline const char *ask_sql(const ask_t *ask, const rest_dialect_t *dialect,
                                  const rest_schema_t *schema)
{
    app_error_t err = { .pool = unit_pool };
    rest_statement_t statement;
    rest_plan_t *plan;
    app_buf_t buf;
    int row;

    app_buf_init(&buf, unit_pool, 1 << 20);
    if (ask_plan(&plan, ask, schema, &err) != APR_SUCCESS ||
        rest_render(&statement, dialect, plan, ask->counted, &err, unit_pool) != APR_SUCCESS) {
        return ask_error(&err);
    }
    for (row = 0; statement.each && dialect->bind_row && row < (plan->body ? plan->body->nrows : 1);
         row++) {
        if (dialect->bind_row(&statement, plan, row) != APR_SUCCESS) {
            return ask_error(&err);
        }
        if (row == 0 || plan->defaults) {
            ask_add_sql(&buf, "if ", statement.exists);
            ask_add_sql(&buf, "each ", statement.each);
        }
    }
    ask_add_sql(&buf, buf.len ? "then " : "", statement.main);
    ask_add_sql(&buf, "after ", statement.after);
    return buf.len ? buf.data : "";
}

/* Plans */

static inline void ask_add_node(app_buf_t *buf, const rest_node_t *node);

static inline void ask_add_operand(app_buf_t *buf, const rest_operand_t *operand)
{
    const rest_step_t *step;

    app_buf_adds(buf, operand->column->name);
    for (step = operand->path; step; step = step->next) {
        app_buf_addf(buf, "%s%s", step->text ? "->>" : "->", step->key ? step->key : "#");
    }
}

/** Whether a column is shown under its own name. */
static inline int ask_is_plain(const rest_out_t *out, const rest_node_t *node)
{
    return out->kind == REST_OUT_VALUE && out->node == node && !out->operand.path && !out->cast &&
           !out->aggregate && strcmp(out->name, out->operand.column->name) == 0;
}

static inline void ask_add_value(app_buf_t *buf, const rest_out_t *out)
{
    static const char *const aggregates[] = { "", ".sum()", ".avg()", ".min()", ".max()",
                                              ".count()" };

    ask_add_operand(buf, &out->operand);
    app_buf_addf(buf, "%s%s%s%s%s", out->cast ? "::" : "", out->cast ? out->cast : "",
                 aggregates[out->aggregate], out->aggregate_cast ? "::" : "",
                 out->aggregate_cast ? out->aggregate_cast : "");
}

static inline void ask_add_out(app_buf_t *buf, const rest_out_t *out, const rest_node_t *node)
{
    app_buf_adds(buf, out->name);
    if (ask_is_plain(out, node)) {
        return;
    }
    app_buf_addc(buf, '=');
    if (out->kind == REST_OUT_EMBED) {
        app_buf_adds(buf, out->node->link->to_one ? "{" : "[");
        ask_add_node(buf, out->node);
        app_buf_adds(buf, out->node->link->to_one ? "}" : "]");
    }
    else if (out->kind == REST_OUT_ARRAY) {
        app_buf_adds(buf, "[");
        ask_add_out(buf, out->member, out->node);
        app_buf_adds(buf, "]");
    }
    else {
        ask_add_text(buf, out->node == node ? "" : out->node->as);
        app_buf_adds(buf, out->node == node ? "" : ".");
        if (out->kind == REST_OUT_ROWS) {
            app_buf_adds(buf, "count()");
        }
        else {
            ask_add_value(buf, out);
        }
    }
}

static inline void ask_add_conds(app_buf_t *buf, const rest_cond_t *cond)
{
    for (; cond; cond = cond->next) {
        app_buf_adds(buf, cond->filter->negated ? " not" : "");
        if (cond->embed) {
            app_buf_addf(buf, " none(%s)", cond->embed->item->field.name);
        }
        else if (cond->filter->kind == REST_COMPARE) {
            app_buf_addc(buf, ' ');
            ask_add_operand(buf, &cond->operand);
        }
        else {
            app_buf_adds(buf, cond->filter->kind == REST_AND ? " and(" : " or(");
            ask_add_conds(buf, cond->children);
            app_buf_adds(buf, " )");
        }
    }
}

static inline void ask_add_sort(app_buf_t *buf, const rest_sort_t *sort)
{
    for (; sort; sort = sort->next) {
        app_buf_addf(buf, " %s%s", sort->related ? sort->related->item->field.name : "",
                     sort->related ? "." : "");
        ask_add_operand(buf, &sort->operand);
        app_buf_adds(buf, sort->descending ? " desc" : "");
        app_buf_adds(buf, sort->nulls_first != sort->descending
                              ? sort->nulls_first ? " nullsfirst" : " nullslast" : "");
    }
}

/** Children that show nothing of their own, but count: joined, or tested. */
static inline void ask_add_silent(app_buf_t *buf, const rest_node_t *node)
{
    const rest_node_t *child;

    for (child = node->children; child; child = child->next) {
        if (child->hidden || child->item->kind == REST_ITEM_SPREAD) {
            app_buf_addf(buf, " %s(", child->hidden ? "hidden" : "spread");
            ask_add_node(buf, child);
            app_buf_adds(buf, ")");
        }
    }
}

/** "relation by constraint inner: members where conditions order terms limit n offset n". */
static inline void ask_add_node(app_buf_t *buf, const rest_node_t *node)
{
    const rest_link_t *link = node->link;
    const rest_out_t *out;

    ask_add_text(buf, node->as);
    if (link) {
        app_buf_addf(buf, " by %s", link->junction ? link->junction->name
                                    : link->routine ? link->routine->name : link->constraint);
        app_buf_adds(buf, node->item->inner ? " inner" : "");
    }
    app_buf_adds(buf, node->out ? ": " : "");
    for (out = node->out; out; out = out->next) {
        ask_add_out(buf, out, node);
        app_buf_adds(buf, out->next ? ", " : "");
    }
    ask_add_silent(buf, node);
    app_buf_adds(buf, node->where ? " where" : "");
    ask_add_conds(buf, node->where);
    app_buf_adds(buf, node->row_filter ? " row " : "");
    app_buf_adds(buf, node->row_filter ? node->row_filter : "");
    app_buf_adds(buf, node->junction_filter ? " junction " : "");
    app_buf_adds(buf, node->junction_filter ? node->junction_filter : "");
    app_buf_adds(buf, node->grouped ? " grouped" : "");
    app_buf_adds(buf, node->sort ? " order" : "");
    ask_add_sort(buf, node->sort);
    if (node->limit != -1) {
        app_buf_addf(buf, " limit %d", (int)node->limit);
    }
    if (node->offset) {
        app_buf_addf(buf, " offset %d", (int)node->offset);
    }
}

/** What a write does: "columns a b, conflict c, where d, row filter, check". */
static inline void ask_add_write(app_buf_t *buf, const rest_plan_t *plan)
{
    int i;

    app_buf_adds(buf, "writes");
    for (i = 0; plan->body && i < plan->body->ncolumns; i++) {
        app_buf_addf(buf, " %s", plan->written[i]->name);
    }
    app_buf_adds(buf, plan->resolution == REST_RESOLUTION_MERGE    ? " merge on"
                      : plan->resolution == REST_RESOLUTION_IGNORE ? " ignore on" : "");
    for (i = 0; plan->resolution && i < plan->nconflict; i++) {
        app_buf_addf(buf, " %s", plan->conflict[i]->name);
    }
    app_buf_adds(buf, plan->target.where ? " where" : "");
    ask_add_conds(buf, plan->target.where);
    app_buf_adds(buf, plan->target.row_filter ? " row " : "");
    app_buf_adds(buf, plan->target.row_filter ? plan->target.row_filter : "");
    app_buf_adds(buf, plan->check ? " check " : "");
    app_buf_adds(buf, plan->check ? plan->check : "");
    app_buf_adds(buf, plan->merge_check ? " merged " : "");
    app_buf_adds(buf, plan->merge_check ? plan->merge_check : "");
    app_buf_adds(buf, plan->location ? " location" : "");
    if (plan->root.out) {
        app_buf_adds(buf, " shows ");
    }
}

/** The plan as text, or its error. */
static inline const char *ask_text(const ask_t *ask, const rest_schema_t *schema)
{
    app_error_t err = { .pool = unit_pool };
    rest_plan_t *plan;
    app_buf_t buf;

    app_buf_init(&buf, unit_pool, 1 << 20);
    if (ask_plan(&plan, ask, schema, &err) != APR_SUCCESS) {
        return ask_error(&err);
    }
    if (ask->action != REST_READ) {
        ask_add_write(&buf, plan);
    }
    if (ask->action == REST_READ || plan->root.out) {
        ask_add_node(&buf, &plan->root);
    }
    if (plan->warnings) {
        app_buf_addf(&buf, " warns %s", plan->warnings);
    }
    return buf.data;
}

#endif
