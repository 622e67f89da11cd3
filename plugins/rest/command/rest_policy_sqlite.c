/* SPDX-License-Identifier: Apache-2.0 */
/** What a role may do on SQLite: grants of the snapshot, conditions asked of the rows. */
#include "rest_command.h"

apr_status_t rest_policy_sqlite_role(const rest_inquiry_t *inquiry)
{
    if (inquiry->schema->no_grants) {
        app_fail(inquiry->err, APP_E_SCHEMA_CACHE, "the database has no table app_grants");
        return app_hint(inquiry->err, "appctl migrate up makes it.");
    }
    if (rest_schema_has_role(inquiry->schema, inquiry->role)) {
        return APR_SUCCESS;
    }
    app_fail(inquiry->err, APP_E_BAD_REQUEST, "no grant names the role \"%s\", so requests with it "
             "are refused (401, 22023)", inquiry->role);
    return app_hint(inquiry->err, "appctl grant %s select TABLE gives it something to see.",
                    inquiry->role);
}

static const char *names_of(const rest_relation_t *relation, const char *columns, apr_pool_t *p)
{
    const char *names = "";
    int i;

    for (i = 0; i < relation->ncolumns; i++) {
        if (columns[i] == REST_GRANTED) {
            names = apr_pstrcat(p, names, *names ? ", " : "", relation->columns[i]->name, NULL);
        }
    }
    return names;
}

static void read_rights(rest_policy_t *policy, const rest_inquiry_t *inquiry)
{
    int i;

    for (i = 0; i < REST_RIGHT_EXECUTE; i++) {
        const rest_grant_t *grant = rest_relation_grant(policy->relation, inquiry->role,
                                                        (rest_right_e)i);
        rest_policy_right_t *right = &policy->rights[i];

        if (grant) {
            right->granted = 1;
            right->rows = grant->row_filter;
            right->check = grant->check_expr;
            right->columns = grant->columns ? names_of(policy->relation, grant->columns,
                                                       inquiry->pool)
                                            : NULL;
        }
    }
}

/** One row of numbers. @return APP_EFAIL: why it could not be asked is the relation's problem */
static apr_status_t ask(rest_policy_t *policy, const rest_inquiry_t *inquiry, const app_sql_t *sql,
                        app_rows_t **prows)
{
    app_error_t err = { .pool = inquiry->pool };
    app_tx_t *tx;

    if (rest_inquiry_begin(&tx, inquiry, 1, &err) != APR_SUCCESS ||
        app_tx_query(tx, sql, APP_QUERY_LAST, prows, &err) != APR_SUCCESS ||
        app_rows_next(*prows, &err) != APR_SUCCESS) {
        policy->problem = err.message;
        return APP_EFAIL;
    }
    return APR_SUCCESS;
}

static void count(rest_policy_t *policy, const rest_inquiry_t *inquiry)
{
    const rest_relation_t *relation = policy->relation;
    const char *filter = policy->rights[REST_RIGHT_SELECT].rows;
    app_sql_t sql = { NULL, NULL, 0 };
    app_rows_t *rows;

    sql.text = apr_psprintf(inquiry->pool, "SELECT count(*), (SELECT count(*) FROM %s) FROM %s AS"
                            " %s WHERE (%s)", relation->ident, relation->ident,
                            rest_quoted(relation->name, inquiry->pool), filter ? filter : "1");
    if (ask(policy, inquiry, &sql, &rows) == APR_SUCCESS) {
        policy->visible = policy->rights[REST_RIGHT_SELECT].granted ? app_rows_int(rows, 0) : 0;
        policy->total = app_rows_int(rows, 1);
    }
}

/** Which rights reach the row: their conditions as columns of a SELECT. */
static void look_at_row(rest_policy_t *policy, const rest_inquiry_t *inquiry, const char *key,
                        const app_value_t *params, int nparams)
{
    const rest_relation_t *relation = policy->relation;
    app_sql_t sql = { NULL, params, nparams };
    app_rows_t *rows;
    app_buf_t buf;
    int i;

    app_buf_init(&buf, inquiry->pool, APR_SIZE_MAX / 2);
    for (i = 0; i < REST_RIGHT_EXECUTE; i++) {
        const rest_policy_right_t *right = &policy->rights[i];

        app_buf_addf(&buf, "%s(%s) IS TRUE", i ? ", " : "SELECT ",
                     !right->granted ? "0" : right->rows ? right->rows : "1");
    }
    app_buf_addf(&buf, " FROM %s AS %s WHERE %s", relation->ident,
                 rest_quoted(relation->name, inquiry->pool), key);
    sql.text = buf.data;
    if (ask(policy, inquiry, &sql, &rows) != APR_SUCCESS) {
        policy->exists = policy->problem ? REST_SEEN_UNKNOWN : REST_SEEN_NOT;
        return;
    }
    policy->exists = REST_SEEN;
    for (i = 0; i < REST_RIGHT_EXECUTE; i++) {
        policy->reach[i] = app_rows_int(rows, i) ? REST_SEEN : REST_SEEN_NOT;
    }
}

apr_status_t rest_policy_sqlite(rest_policy_t *policy, const rest_inquiry_t *inquiry)
{
    app_value_t params[16];
    int nparams = 0;
    const char *key;

    read_rights(policy, inquiry);
    if (policy->rights[REST_RIGHT_SELECT].granted || inquiry->one) {
        count(policy, inquiry);
    }
    if (inquiry->row) {
        if (!(key = rest_inquiry_key(inquiry, policy->relation, params, &nparams))) {
            return app_fail(inquiry->err, APP_E_BAD_REQUEST,
                            "--row takes the primary key of %s, and \"%s\" is none",
                            policy->relation->name, inquiry->row);
        }
        look_at_row(policy, inquiry, key, params, nparams);
    }
    return APR_SUCCESS;
}

int rest_policy_sqlite_calls(const rest_inquiry_t *inquiry, const rest_routine_t *routine)
{
    const rest_grant_t *grant = routine->grants;

    while (grant && strcmp(grant->role, inquiry->role) != 0) {
        grant = grant->next;
    }
    return grant != NULL;
}
