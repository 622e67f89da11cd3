/* SPDX-License-Identifier: Apache-2.0 */
/**
 * appctl grant and appctl revoke: rows of app_grants (SQLite). What is stored has been tried: names
 * exist, and conditions are SQL that the table's rows can be asked by. Triggers write down who
 * changed what, and the server notices with the next request.
 */
#include <stdio.h>

#include "rest_cache.h"
#include "rest_command.h"

#define ROLE_MAX 63

/* What is wished */

static apr_status_t read_rights(rest_wish_t *wish, const char *words, app_error_t *err)
{
    int right;

    if (strcmp(words, "all") == 0) {
        wish->rights = (wish->target.routine ? 0 : (1u << REST_RIGHT_EXECUTE) - 1) |
                       (wish->target.relation ? 0 : 1u << REST_RIGHT_EXECUTE);
        return APR_SUCCESS;
    }
    while (*words) {
        apr_size_t len = strcspn(words, ",");

        for (right = 0; right < REST_RIGHTS_ &&
                        (strncmp(rest_right_word(right), words, len) != 0 ||
                         rest_right_word(right)[len]); right++) {
        }
        if (right == REST_RIGHTS_) {
            return app_fail(err, APP_E_BAD_REQUEST, "\"%.*s\" is none of select, insert, update, "
                            "delete, execute, all", (int)len, words);
        }
        wish->rights |= 1u << right;
        words += len + (words[len] == ',');
    }
    return wish->rights ? APR_SUCCESS
                        : app_fail(err, APP_E_BAD_REQUEST, "which actions are meant is missing");
}

/** Rights, columns and conditions go with what they are for. */
static apr_status_t check_fit(const rest_wish_t *wish, app_error_t *err)
{
    int execute = rest_wish_has(wish, REST_RIGHT_EXECUTE), checked;

    checked = rest_wish_has(wish, REST_RIGHT_INSERT) || rest_wish_has(wish, REST_RIGHT_UPDATE);
    if (wish->target.routine ? wish->rights != 1u << REST_RIGHT_EXECUTE : execute) {
        return app_fail(err, APP_E_BAD_REQUEST, "%s is %s", wish->name,
                        wish->target.routine ? "a function: it can be executed"
                                             : "no function: only those are executed");
    }
    if (execute && (wish->columns || wish->rows || wish->check)) {
        return app_fail(err, APP_E_BAD_REQUEST, "a function has no columns and no rows");
    }
    if (wish->columns && rest_wish_has(wish, REST_RIGHT_DELETE)) {
        return app_fail(err, APP_E_BAD_REQUEST, "delete takes whole rows: grant it without "
                                                "--columns, by itself");
    }
    return !wish->check || checked ? APR_SUCCESS
                                   : app_fail(err, APP_E_BAD_REQUEST, "--check is for new rows, "
                                              "which insert and update make");
}

static apr_status_t check_columns(const rest_wish_t *wish, app_error_t *err)
{
    const char *at = wish->columns;

    while (at && *at) {
        apr_size_t len = strcspn(at, ",");
        const char *name = apr_pstrmemdup(err->pool, at, len);

        if (!rest_relation_column(wish->target.relation, name)) {
            return app_fail(err, APP_E_BAD_REQUEST, "%s has no column \"%s\"", wish->name, name);
        }
        at += len + (at[len] == ',');
    }
    return !wish->columns || *wish->columns
               ? APR_SUCCESS
               : app_fail(err, APP_E_BAD_REQUEST, "--columns names none");
}

/** Twice: what closes a bracket that it has not opened stands in no CASE. */
static apr_status_t try_condition(const rest_wish_t *wish, app_tx_t *tx, const char *condition,
                                  app_error_t *err)
{
    static const char *const forms[][2] = { { "(", ")" }, { "CASE WHEN ", " THEN 1 END" } };
    const rest_relation_t *relation = wish->target.relation;
    const app_db_column_t *columns;
    int i, count;

    for (i = 0; condition && i < 2; i++) {
        const char *sql = apr_psprintf(err->pool, "SELECT 1 FROM %s AS %s WHERE %s%s%s",
                                       relation->ident, rest_quoted(relation->name, err->pool),
                                       forms[i][0], condition, forms[i][1]);

        if (app_tx_columns(tx, sql, &columns, &count, err) != APR_SUCCESS) {
            return app_details(err, "in the condition %s", condition);
        }
    }
    return APR_SUCCESS;
}

static apr_status_t check_conditions(const rest_wish_t *wish, rest_t *rest, app_error_t *err)
{
    const app_tx_options_t options = { .readonly = 1 };
    apr_status_t status;
    app_tx_t *tx;

    if (!wish->rows && !wish->check) {
        return APR_SUCCESS;
    }
    if (app_tx_begin(&tx, app_instance_db(rest->self), &options, err, err->pool) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    status = try_condition(wish, tx, wish->rows, err);
    if (status == APR_SUCCESS) {
        status = try_condition(wish, tx, wish->check, err);
    }
    app_tx_rollback(tx);
    return status;
}

/** @param gone what is meant need not be there any more */
static apr_status_t read_wish(rest_wish_t *wish, const char *const *words, int count, int gone,
                              const rest_schema_t *schema, app_error_t *err)
{
    if (count != 3) {
        return app_fail(err, APP_E_BAD_REQUEST, "a role, actions and the name of a table, view or "
                                                "function are needed");
    }
    wish->role = words[0];
    wish->name = words[2];
    if (!*wish->role || strlen(wish->role) > ROLE_MAX || strcmp(wish->role, "none") == 0) {
        return app_fail(err, APP_E_BAD_REQUEST, "\"%s\" cannot be the name of a role", wish->role);
    }
    if (rest_command_target(&wish->target, schema, wish->name, err) != APR_SUCCESS) {
        return gone ? read_rights(wish, words[1], err) : APP_EFAIL;
    }
    wish->name = wish->target.relation ? wish->target.relation->name : wish->target.routine->name;
    return read_rights(wish, words[1], err) == APR_SUCCESS && check_fit(wish, err) == APR_SUCCESS
               ? check_columns(wish, err)
               : APP_EFAIL;
}

/* Storing */

static app_value_t text_of(const char *text)
{
    return (app_value_t){ .type = text ? APP_VALUE_TEXT : APP_VALUE_NULL, .text = text,
                          .len = text ? strlen(text) : 0 };
}

/** Runs sql, with role, name and action as its first parameters, for each right. */
static apr_status_t for_each(const rest_wish_t *wish, rest_t *rest, const char *text,
                             apr_int64_t *paffected, app_error_t *err)
{
    const app_tx_options_t options = { .readonly = 0 };
    apr_int64_t affected;
    app_tx_t *tx;
    int right;

    *paffected = 0;
    if (app_tx_begin(&tx, app_instance_db(rest->self), &options, err, err->pool) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    for (right = 0; right < REST_RIGHTS_; right++) {
        const app_value_t params[] = { text_of(wish->role), text_of(wish->name),
                                       text_of(rest_right_word(right)), text_of(wish->columns),
                                       text_of(wish->rows),
                                       text_of(right == REST_RIGHT_INSERT ||
                                               right == REST_RIGHT_UPDATE ? wish->check : NULL) };
        const app_sql_t sql = { text, params, 6 };

        if (rest_wish_has(wish, right)) {
            if (app_tx_execute(tx, &sql, &affected, err) != APR_SUCCESS) {
                return APP_EFAIL;
            }
            *paffected += affected;
        }
    }
    return app_tx_commit(tx, err);
}

static apr_status_t store(const rest_wish_t *wish, rest_t *rest, app_error_t *err)
{
    static const char sql[] =
        "INSERT INTO main.app_grants (role, resource, action, columns, row_filter, check_expr)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (role, resource, action) DO UPDATE SET"
        " columns = excluded.columns, row_filter = excluded.row_filter,"
        " check_expr = excluded.check_expr";
    apr_int64_t affected;

    if (check_conditions(wish, rest, err) != APR_SUCCESS ||
        for_each(wish, rest, sql, &affected, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    printf("Granted. appctl policy check %s %s shows what that comes to.\n", wish->role,
           wish->name);
    return APR_SUCCESS;
}

static apr_status_t remove_grants(const rest_wish_t *wish, rest_t *rest, app_error_t *err)
{
    static const char sql[] =
        "DELETE FROM main.app_grants WHERE role = $1 AND resource = $2 AND action = $3";
    apr_int64_t affected;

    if (for_each(wish, rest, sql, &affected, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (!affected) {
        return app_fail(err, APP_E_BAD_REQUEST, "%s has no such grant on %s", wish->role,
                        wish->name);
    }
    printf("Revoked: %" APR_INT64_T_FMT ".\n", affected);
    return APR_SUCCESS;
}

/* Showing */

static void print_grant(const app_rows_t *rows)
{
    const char *columns = app_rows_text(rows, 3, NULL), *filter = app_rows_text(rows, 4, NULL);
    const char *check = app_rows_text(rows, 5, NULL);

    printf("%-16s %-8s %s%s%s%s%s%s%s%s\n", app_rows_text(rows, 0, NULL),
           app_rows_text(rows, 2, NULL), app_rows_text(rows, 1, NULL), columns ? " (" : "",
           columns ? columns : "", columns ? ")" : "", filter ? " where " : "",
           filter ? filter : "", check ? " new rows " : "", check ? check : "");
}

static void print_json(const app_rows_t *rows, int first, apr_pool_t *p)
{
    static const char *const names[] = { "role", "resource", "action", "columns", "row_filter",
                                         "check_expr" };
    app_buf_t buf;
    int i;

    app_buf_init(&buf, p, APR_SIZE_MAX / 2);
    for (i = 0; i < 6; i++) {
        apr_size_t len;
        const char *text = app_rows_text(rows, i, &len);

        app_buf_addf(&buf, "%s\"%s\":", i ? "," : first ? "[{" : ",\n {", names[i]);
        if (text) {
            app_buf_add_json(&buf, text, len);
        }
        else {
            app_buf_adds(&buf, "null");
        }
    }
    printf("%s}", buf.data);
}

static apr_status_t show(rest_t *rest, const char *role, int json, app_error_t *err)
{
    static const char text[] =
        "SELECT role, resource, action, columns, row_filter, check_expr FROM main.app_grants"
        " WHERE $1 IN ('', role) ORDER BY role, resource, action";
    const app_tx_options_t options = { .readonly = 1 };
    const app_value_t param = text_of(role ? role : "");
    const app_sql_t sql = { text, &param, 1 };
    apr_status_t status;
    app_rows_t *rows;
    app_tx_t *tx;
    int count = 0;

    if (app_tx_begin(&tx, app_instance_db(rest->self), &options, err, err->pool) != APR_SUCCESS ||
        app_tx_query(tx, &sql, APP_QUERY_LAST, &rows, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    while ((status = app_rows_next(rows, err)) == APR_SUCCESS) {
        if (json) {
            print_json(rows, !count, err->pool);
        }
        else {
            print_grant(rows);
        }
        count++;
    }
    fputs(!json ? "" : count ? "]\n" : "[]\n", stdout);
    return status == APR_EOF ? APR_SUCCESS : status;
}

/* The commands */

static app_command_e usage(app_error_t *err, const char *problem)
{
    if (problem) {
        app_fail(err, APP_E_BAD_REQUEST, "%s", problem);
    }
    return APP_COMMAND_USAGE;
}

static app_command_e change(rest_t *rest, rest_wish_t *wish, const char *const *words, int count,
                            int revoke, app_error_t *err)
{
    rest_schema_t *schema;
    apr_status_t status = APR_SUCCESS;
    int gone;

    if (rest_share_load(&schema, rest, NULL, err) != APR_SUCCESS) {
        return APP_COMMAND_WRONG;
    }
    gone = revoke && schema->kind == APP_DB_SQLITE;
    if (read_wish(wish, words, count, gone, schema, err) != APR_SUCCESS) {
        return count == 3 ? APP_COMMAND_WRONG : APP_COMMAND_USAGE;
    }
    if (schema->kind == APP_DB_SQLITE) {
        status = revoke ? remove_grants(wish, rest, err) : store(wish, rest, err);
    }
    else if (revoke) {
        rest_command_print_revoke(wish, err->pool);
    }
    else {
        rest_command_print_grant(wish, err->pool);
    }
    return status == APR_SUCCESS ? APP_COMMAND_GOOD : APP_COMMAND_WRONG;
}

app_command_e rest_command_grant(app_instance_t *self, int argc, const char *const *argv,
                                 app_error_t *err)
{
    rest_t *rest = app_instance_context(self);
    const char *const *words;
    rest_wish_t wish = { .role = NULL };
    int shows = 0, json = 0, count;
    const app_option_t options[] = { { .name = "--columns", .value = &wish.columns },
                                     { .name = "--rows", .value = &wish.rows },
                                     { .name = "--check", .value = &wish.check },
                                     { .name = "--show", .flag = &shows },
                                     { .name = "--json", .flag = &json },
                                     { .name = NULL } };

    if (app_command_read(&words, &count, argc, argv, options, err) != APR_SUCCESS) {
        return usage(err, NULL);
    }
    if (!shows) {
        return change(rest, &wish, words, count, 0, err);
    }
    if (count > 1) {
        return usage(err, "--show takes one role, or none");
    }
    if (rest->dialect->kind == APP_DB_PGSQL) {
        app_fail(err, APP_E_BAD_REQUEST, "PostgreSQL keeps its own grants");
        app_hint(err, "appctl policy check ROLE shows what comes of them.");
        return APP_COMMAND_WRONG;
    }
    return show(rest, count ? words[0] : NULL, json, err) == APR_SUCCESS ? APP_COMMAND_GOOD
                                                                         : APP_COMMAND_WRONG;
}

app_command_e rest_command_revoke(app_instance_t *self, int argc, const char *const *argv,
                                  app_error_t *err)
{
    static const app_option_t none[] = { { .name = NULL } };
    const char *const *words;
    rest_wish_t wish = { .role = NULL };
    int count;

    if (app_command_read(&words, &count, argc, argv, none, err) != APR_SUCCESS) {
        return usage(err, NULL);
    }
    return change(app_instance_context(self), &wish, words, count, 1, err);
}
