/* SPDX-License-Identifier: Apache-2.0 */
/** appctl policy check: what a role may do, why not, and which rows it sees. */
#include <stdio.h>

#include "rest_cache.h"
#include "rest_command.h"

#define LAST_RIGHT REST_RIGHT_DELETE

typedef struct check_t {
    rest_inquiry_t inquiry;
    const char    *name; /* of one relation or function; NULL: all */
    int            json;
} check_t;

static int has_any(const rest_policy_t *policy)
{
    int i = 0;

    while (i <= LAST_RIGHT && !policy->rights[i].granted) {
        i++;
    }
    return i <= LAST_RIGHT;
}

/* For people */

/** How the right can be had. */
static void print_missing(const rest_policy_t *policy, const check_t *check, rest_right_e right)
{
    if (!check->name) {
        puts("no");
    }
    else if (check->inquiry.schema->kind == APP_DB_SQLITE) {
        printf("no: app_grants has no row for it; appctl grant %s %s %s would let it\n",
               check->inquiry.role, rest_right_word(right), policy->relation->name);
    }
    else {
        printf("no: GRANT %s ON %s TO %s; would let it\n", rest_right_word(right),
               policy->relation->ident,
               rest_quoted(check->inquiry.role, check->inquiry.pool));
    }
}

static void print_right(const rest_policy_t *policy, const check_t *check, rest_right_e right)
{
    const rest_policy_right_t *found = &policy->rights[right];

    printf("  %-7s ", rest_right_word(right));
    if (!found->granted) {
        print_missing(policy, check, right);
        return;
    }
    printf("%s%s", found->columns ? "columns " : "all columns",
           found->columns ? found->columns : "");
    if (found->rows && right != REST_RIGHT_INSERT) {
        printf("; rows where %s", found->rows);
    }
    if (right == REST_RIGHT_INSERT || right == REST_RIGHT_UPDATE) {
        const char *check_expr = found->check ? found->check : found->rows;

        printf("%s%s", check_expr ? "; new rows where " : "", check_expr ? check_expr : "");
    }
    putchar('\n');
}

static void print_count(const rest_policy_t *policy)
{
    const rest_policy_right_t *select = &policy->rights[REST_RIGHT_SELECT];

    if (policy->problem) {
        printf("  cannot be counted: %s\n", policy->problem);
    }
    else if (select->granted && policy->visible >= 0) {
        printf("  sees %" APR_INT64_T_FMT, policy->visible);
        if (policy->total >= 0 && !policy->estimated) {
            printf(" of %" APR_INT64_T_FMT, policy->total);
        }
        fputs(policy->visible == 1 && policy->total < 0 ? " row" : " rows", stdout);
        if (policy->total >= 0 && policy->estimated) {
            printf("; statistics say that there are about %" APR_INT64_T_FMT, policy->total);
        }
        putchar('\n');
    }
}

static void print_row(const rest_policy_t *policy, const check_t *check)
{
    const rest_policy_right_t *select = &policy->rights[REST_RIGHT_SELECT];
    int i;

    if (policy->exists == REST_SEEN_NOT) {
        printf("  row %s: there is no such row\n", check->inquiry.row);
        return;
    }
    if (policy->reach[REST_RIGHT_SELECT] == REST_SEEN) {
        printf("  row %s: is seen\n", check->inquiry.row);
    }
    else {
        printf("  row %s: is not seen%s: %s%s\n", check->inquiry.row,
               policy->exists == REST_SEEN ? "" : ", if there is one",
               !select->granted ? "select is not granted"
               : select->rows   ? "it does not meet "
                                : "no condition hides it, so there is none",
               select->granted && select->rows ? select->rows : "");
    }
    for (i = REST_RIGHT_UPDATE; i <= LAST_RIGHT; i++) {
        const rest_policy_right_t *right = &policy->rights[i];

        if (right->granted && policy->reach[i] == REST_SEEN_NOT) {
            printf("  row %s: no %s: it does not meet %s\n", check->inquiry.row,
                   rest_right_word((rest_right_e)i), right->rows);
        }
    }
}

static void print_policy(const rest_policy_t *policy, const check_t *check)
{
    int i;

    printf("\n%s (%s)\n", policy->relation->name, policy->relation->is_view ? "view" : "table");
    for (i = 0; i <= LAST_RIGHT; i++) {
        print_right(policy, check, (rest_right_e)i);
    }
    print_count(policy);
    if (check->inquiry.row) {
        print_row(policy, check);
    }
}

/* For programs */

static json_t *text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

static json_t *columns_json(const char *columns)
{
    json_t *list = columns ? json_array() : json_null();

    while (columns && *columns) {
        apr_size_t len = strcspn(columns, ",");

        json_array_append_new(list, json_stringn(columns, len));
        columns += len;
        columns += strspn(columns, ", ");
    }
    return list;
}

static json_t *right_json(const rest_policy_right_t *right)
{
    return right->granted ? json_pack("{s:o, s:o, s:o}", "columns", columns_json(right->columns),
                                      "rows", text_or_null(right->rows), "new_rows",
                                      text_or_null(right->check ? right->check : right->rows))
                          : json_null();
}

static json_t *seen_json(rest_seen_e seen)
{
    return seen == REST_SEEN_UNKNOWN ? json_null() : json_boolean(seen == REST_SEEN);
}

static json_t *number_json(apr_int64_t number)
{
    return number < 0 ? json_null() : json_integer(number);
}

static json_t *policy_json(const rest_policy_t *policy, const check_t *check)
{
    json_t *object = json_pack("{s:s, s:b}", "name", policy->relation->name, "view",
                               (int)policy->relation->is_view);
    json_t *row;
    int i;

    for (i = 0; i <= LAST_RIGHT; i++) {
        json_object_set_new(object, rest_right_word((rest_right_e)i),
                            right_json(&policy->rights[i]));
    }
    json_object_set_new(object, "visible", number_json(policy->visible));
    json_object_set_new(object, "total", number_json(policy->total));
    json_object_set_new(object, "total_estimated", json_boolean(policy->estimated));
    json_object_set_new(object, "problem", text_or_null(policy->problem));
    if (check->inquiry.row) {
        row = json_pack("{s:s, s:o}", "key", check->inquiry.row, "exists",
                        seen_json(policy->exists));
        for (i = 0; i <= LAST_RIGHT; i++) {
            json_object_set_new(row, rest_right_word((rest_right_e)i),
                                i == REST_RIGHT_INSERT ? json_null()
                                                       : seen_json(policy->reach[i]));
        }
        json_object_set_new(object, "row", row);
    }
    return object;
}

/* All of it */

typedef struct report_t {
    json_t     *relations, *functions; /* with --json */
    const char *none;                  /* relations without any right, for people */
    const char *calls;
} report_t;

static int calls(const rest_inquiry_t *inquiry, const rest_routine_t *routine)
{
    return inquiry->schema->kind == APP_DB_SQLITE ? rest_policy_sqlite_calls(inquiry, routine)
                                                  : rest_policy_pgsql_calls(inquiry, routine);
}

static void add_name(const char **plist, const char *name, apr_pool_t *p)
{
    *plist = apr_pstrcat(p, *plist ? *plist : "", *plist ? ", " : "", name, NULL);
}

static apr_status_t report_relation(report_t *report, const check_t *check,
                                    const rest_relation_t *relation)
{
    const rest_inquiry_t *inquiry = &check->inquiry;
    rest_policy_t policy = { .relation = relation, .visible = -1, .total = -1 };

    if ((inquiry->schema->kind == APP_DB_SQLITE ? rest_policy_sqlite(&policy, inquiry)
                                                : rest_policy_pgsql(&policy, inquiry)) !=
        APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (check->json) {
        json_array_append_new(report->relations, policy_json(&policy, check));
    }
    else if (check->name || has_any(&policy)) {
        print_policy(&policy, check);
    }
    else {
        add_name(&report->none, relation->name, inquiry->pool);
    }
    return APR_SUCCESS;
}

static void report_routine(report_t *report, const check_t *check, const rest_routine_t *routine)
{
    if (!calls(&check->inquiry, routine)) {
        if (check->name && !check->json) {
            printf("\n%s (function)\n  execute no\n", routine->name);
        }
        return;
    }
    if (check->json) {
        json_array_append_new(report->functions, json_string(routine->name));
    }
    add_name(&report->calls, routine->name, check->inquiry.pool);
}

static apr_status_t report_all(report_t *report, const check_t *check)
{
    const rest_schema_t *schema = check->inquiry.schema;
    rest_target_t target;
    int i, j;

    if (check->name) {
        if (rest_command_target(&target, schema, check->name, check->inquiry.err) !=
            APR_SUCCESS) {
            return APP_EFAIL;
        }
        if (target.routine) {
            report_routine(report, check, target.routine);
        }
        return target.routine ? APR_SUCCESS : report_relation(report, check, target.relation);
    }
    for (i = 0; i < schema->nspaces; i++) {
        for (j = 0; j < schema->spaces[i].nrelations; j++) {
            if (report_relation(report, check, schema->spaces[i].relations[j]) != APR_SUCCESS) {
                return APP_EFAIL;
            }
        }
        for (j = 0; j < schema->spaces[i].nroutines; j++) {
            report_routine(report, check, schema->spaces[i].routines[j]);
        }
    }
    return APR_SUCCESS;
}

static void finish(const report_t *report, const check_t *check)
{
    json_t *all;
    char *text;

    if (!check->json) {
        if (report->calls) {
            printf("\nmay call: %s\n", report->calls);
        }
        if (report->none) {
            printf("\nnothing is granted on: %s\n", report->none);
        }
        return;
    }
    all = json_pack("{s:s, s:o, s:o, s:o}", "role", check->inquiry.role, "claims",
                    json_loads(check->inquiry.claims, 0, NULL), "relations", report->relations,
                    "functions", report->functions);
    text = json_dumps(all, JSON_INDENT(1));
    puts(text ? text : "null");
    free(text);
    json_decref(all);
}

/* The command */

/** The claims of a token with the role. */
static apr_status_t read_claims(check_t *check, const char *text, app_error_t *err)
{
    const char *given = text ? text : "{}";
    json_t *claims;
    char *dumped;

    if (app_json_parse(given, strlen(given), &claims, err, err->pool) != APR_SUCCESS ||
        !json_is_object(claims)) {
        return app_fail(err, APP_E_BAD_REQUEST, "--claims takes a JSON object, such as "
                                                "'{\"sub\":\"u1\"}'");
    }
    json_object_set_new(claims, "role", json_string(check->inquiry.role));
    dumped = json_dumps(claims, JSON_COMPACT);
    check->inquiry.claims = apr_pstrdup(err->pool, dumped);
    free(dumped);
    return APR_SUCCESS;
}

static apr_status_t run(check_t *check, app_error_t *err)
{
    report_t report = { .relations = check->json ? json_array() : NULL,
                        .functions = check->json ? json_array() : NULL };
    rest_schema_t *schema;

    if (rest_share_load(&schema, check->inquiry.rest, NULL, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    check->inquiry.schema = schema;
    if ((schema->kind == APP_DB_SQLITE ? rest_policy_sqlite_role(&check->inquiry)
                                       : rest_policy_pgsql_role(&check->inquiry)) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (!check->json) {
        printf("role %s, claims %s\n", check->inquiry.role, check->inquiry.claims);
    }
    if (report_all(&report, check) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    finish(&report, check);
    return APR_SUCCESS;
}

app_command_e rest_command_policy(app_instance_t *self, int argc, const char *const *argv,
                                  app_error_t *err)
{
    check_t check = { .inquiry = { .rest = app_instance_context(self), .err = err,
                                   .pool = err->pool } };
    const char *const *words;
    const char *claims = NULL;
    int count;
    const app_option_t options[] = { { .name = "--claims", .value = &claims },
                                     { .name = "--row", .value = &check.inquiry.row },
                                     { .name = "--json", .flag = &check.json },
                                     { .name = NULL } };

    if (app_command_read(&words, &count, argc, argv, options, err) != APR_SUCCESS) {
        return APP_COMMAND_USAGE;
    }
    if (count < 2 || count > 3 || strcmp(words[0], "check") != 0 ||
        (check.inquiry.row && count != 3)) {
        app_fail(err, APP_E_BAD_REQUEST, "%s", check.inquiry.row && count == 2
                                                   ? "--row needs the name of a table"
                                                   : "policy check takes a role, and a name or "
                                                     "none");
        return APP_COMMAND_USAGE;
    }
    check.inquiry.role = words[1];
    check.name = words[2];
    check.inquiry.one = check.name != NULL;
    return read_claims(&check, claims, err) == APR_SUCCESS && run(&check, err) == APR_SUCCESS
               ? APP_COMMAND_GOOD
               : APP_COMMAND_WRONG;
}
