/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Reads a view's rule as PostgreSQL stores it: a tree of nodes as text. Called while a snapshot is
 * loaded. Of the tree only this is looked at, by its depth in brackets:
 *
 *     ({QUERY … :targetList ({TARGETENTRY :expr … :resno 1 :resname id :ressortgroupref 0
 *         :resorigtbl 16386 :resorigcol 1 :resjunk false} …) …})
 *
 * Queries inside it have target lists too, but deeper. In names all that could be taken for
 * structure has a backslash in front.
 */
#include <stdlib.h>

#include "rest_schema_pgsql.h"

#define DEPTH_QUERY 2 /* inside "({" */
#define DEPTH_LIST  3
#define DEPTH_ENTRY 4

typedef struct rule_t {
    const char *at;
    int         depth;
    int         in_list; /* of the outermost query's targets */
    apr_int64_t number, relation, column; /* of the entry being read */
} rule_t;

/** Whether a field of that name begins here; what is read next is then its value. */
static int is_field(rule_t *rule, const char *name)
{
    apr_size_t len = strlen(name);

    if (strncmp(rule->at, name, len) != 0) {
        return 0;
    }
    rule->at += len;
    return 1;
}

static void skip_token(rule_t *rule)
{
    while (*rule->at && *rule->at != ' ') {
        rule->at += rule->at[0] == '\\' && rule->at[1] ? 2 : 1;
    }
}

/** At a colon. */
static void read_field(rule_t *rule)
{
    if (rule->depth == DEPTH_QUERY && is_field(rule, ":targetList ")) {
        rule->in_list = 1;
    }
    else if (!rule->in_list || rule->depth != DEPTH_ENTRY) {
        rule->at++;
    }
    else if (is_field(rule, ":resname ")) {
        skip_token(rule);
    }
    else if (is_field(rule, ":resno ")) {
        rule->number = strtoll(rule->at, NULL, 10);
    }
    else if (is_field(rule, ":resorigtbl ")) {
        rule->relation = strtoll(rule->at, NULL, 10);
    }
    else if (is_field(rule, ":resorigcol ")) {
        rule->column = strtoll(rule->at, NULL, 10);
    }
    else {
        rule->at++;
    }
}

static void open_bracket(rule_t *rule)
{
    rule->depth++;
    if (rule->depth == DEPTH_ENTRY) {
        rule->number = rule->relation = rule->column = 0;
    }
    rule->at++;
}

/** @return whether it was the end of the list */
static int close_bracket(rule_t *rule, rest_pgsql_target_fn *target, void *ctx)
{
    if (rule->in_list && rule->depth == DEPTH_ENTRY && rule->relation > 0 && rule->column > 0) {
        target(ctx, (int)rule->number, rule->relation, (int)rule->column);
    }
    rule->depth--;
    rule->at++;
    return rule->in_list && rule->depth < DEPTH_LIST;
}

void rest_pgsql_rule_targets(const char *text, rest_pgsql_target_fn *target, void *ctx)
{
    rule_t rule = { .at = text };

    while (*rule.at) {
        rule.at += strcspn(rule.at, "\\:(){}");
        switch (*rule.at) {
        case '\\':
            rule.at += rule.at[1] ? 2 : 1;
            break;
        case ':':
            read_field(&rule);
            break;
        case '(':
        case '{':
            open_bracket(&rule);
            break;
        case ')':
        case '}':
            if (close_bracket(&rule, target, ctx)) {
                return;
            }
            break;
        }
    }
}
