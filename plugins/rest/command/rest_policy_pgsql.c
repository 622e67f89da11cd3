/* SPDX-License-Identifier: Apache-2.0 */
/** What a role may do on PostgreSQL: its catalogue says, and rows are counted as that role. */
#include "rest_command.h"

/** A policy is for the role, for one that it is a member of, or for all. */
#define MINE                                                                                    \
    "EXISTS (SELECT FROM unnest(y.roles) AS of(name) WHERE of.name = 'public'"                  \
    " OR pg_has_role($1::name, of.name, 'USAGE'))"

/* Of each of the four: granted, columns if not all, policies that let rows pass, and new rows. */
static const char rights_sql[] =
    "SELECT has_table_privilege($1::name, c.oid, p.word),"
    " CASE WHEN p.word <> 'DELETE' AND NOT has_table_privilege($1::name, c.oid, p.word) THEN"
    "  (SELECT string_agg(a.attname, ', ' ORDER BY a.attnum) FROM pg_attribute a"
    "   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
    "   AND has_column_privilege($1::name, c.oid, a.attnum, p.word)) END,"
    " CASE WHEN guarded THEN coalesce("
    "  (SELECT string_agg('(' || y.qual || ')', ' OR ') FROM pg_policies y"
    "   WHERE (y.schemaname, y.tablename) = (n.nspname, c.relname) AND y.permissive = 'PERMISSIVE'"
    "   AND y.cmd IN (p.word, 'ALL') AND y.qual IS NOT NULL AND " MINE "), 'false') ||"
    "  coalesce((SELECT string_agg(' AND (' || y.qual || ')', '') FROM pg_policies y"
    "   WHERE (y.schemaname, y.tablename) = (n.nspname, c.relname) AND y.permissive <> 'PERMISSIVE'"
    "   AND y.cmd IN (p.word, 'ALL') AND y.qual IS NOT NULL AND " MINE "), '') END,"
    " CASE WHEN guarded AND p.word IN ('INSERT', 'UPDATE') THEN coalesce("
    "  (SELECT string_agg('(' || coalesce(y.with_check, y.qual) || ')', ' OR ') FROM pg_policies y"
    "   WHERE (y.schemaname, y.tablename) = (n.nspname, c.relname)"
    "   AND y.cmd IN (p.word, 'ALL') AND " MINE "), 'false') END"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " CROSS JOIN LATERAL (SELECT c.relrowsecurity AND NOT EXISTS (SELECT FROM pg_roles r"
    "  WHERE r.rolname = $1 AND (r.rolsuper OR r.rolbypassrls OR"
    "  (r.oid = c.relowner AND NOT c.relforcerowsecurity))) AS guarded) g"
    " CROSS JOIN (VALUES (1, 'SELECT'), (2, 'INSERT'), (3, 'UPDATE'), (4, 'DELETE')) p(n, word)"
    " WHERE n.nspname = $2 AND c.relname = $3 ORDER BY p.n";

static const char role_sql[] =
    "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)::int,"
    " coalesce((SELECT pg_has_role(current_user, oid, 'MEMBER') FROM pg_roles WHERE rolname = $1),"
    " false)::int, current_user";

static const char total_sql[] =
    "SELECT c.reltuples::bigint FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p', 'm')";

static const char calls_sql[] =
    "SELECT count(*) FROM pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace"
    " WHERE n.nspname = $2 AND f.proname = $3"
    " AND has_function_privilege($1::name, f.oid, 'EXECUTE')";

static app_value_t text_of(const char *text)
{
    return (app_value_t){ .type = APP_VALUE_TEXT, .text = text, .len = strlen(text) };
}

static apr_status_t ask(const rest_inquiry_t *inquiry, int as_role, const char *text,
                        const app_value_t *params, int nparams, app_rows_t **prows,
                        app_error_t *err)
{
    const app_sql_t sql = { text, params, nparams };
    app_tx_t *tx;

    if (rest_inquiry_begin(&tx, inquiry, as_role, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return app_tx_query(tx, &sql, APP_QUERY_LAST, prows, err);
}

apr_status_t rest_policy_pgsql_role(const rest_inquiry_t *inquiry)
{
    const app_value_t param = text_of(inquiry->role);
    app_error_t *err = inquiry->err;
    app_rows_t *rows;
    const char *user;

    if (ask(inquiry, 0, role_sql, &param, 1, &rows, err) != APR_SUCCESS ||
        app_rows_next(rows, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (!app_rows_int(rows, 0)) {
        return app_fail(err, APP_E_BAD_REQUEST, "there is no role \"%s\", so requests with it are "
                        "refused (401, 22023)", inquiry->role);
    }
    if (!app_rows_int(rows, 1)) {
        user = apr_pstrdup(inquiry->pool, app_rows_text(rows, 2, NULL));
        app_fail(err, APP_E_BAD_REQUEST, "the site signs in as \"%s\", which may not become \"%s\"",
                 user, inquiry->role);
        return app_hint(err, "GRANT %s TO %s; lets it.", rest_quoted(inquiry->role, inquiry->pool),
                        rest_quoted(user, inquiry->pool));
    }
    return APR_SUCCESS;
}

static apr_status_t read_rights(rest_policy_t *policy, const rest_inquiry_t *inquiry)
{
    const app_value_t params[] = { text_of(inquiry->role), text_of(policy->relation->schema),
                                   text_of(policy->relation->name) };
    apr_pool_t *p = inquiry->pool;
    app_rows_t *rows;
    int i;

    if (ask(inquiry, 0, rights_sql, params, 3, &rows, inquiry->err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    for (i = 0; i < REST_RIGHT_EXECUTE && app_rows_next(rows, inquiry->err) == APR_SUCCESS; i++) {
        rest_policy_right_t *right = &policy->rights[i];
        const char *columns = apr_pstrdup(p, app_rows_text(rows, 1, NULL));
        int all = strcmp(app_rows_text(rows, 0, NULL), "t") == 0;

        right->granted = all || columns;
        right->columns = all ? NULL : columns;
        right->rows = i == REST_RIGHT_INSERT ? NULL : apr_pstrdup(p, app_rows_text(rows, 2, NULL));
        right->check = apr_pstrdup(p, app_rows_text(rows, 3, NULL));
    }
    return APR_SUCCESS;
}

/** The role's own rows exactly, all rows as statistics have them. */
static void count(rest_policy_t *policy, const rest_inquiry_t *inquiry)
{
    const rest_relation_t *relation = policy->relation;
    const app_value_t params[] = { text_of(relation->schema), text_of(relation->name) };
    app_error_t err = { .pool = inquiry->pool };
    app_rows_t *rows;

    policy->visible = policy->rights[REST_RIGHT_SELECT].granted ? -1 : 0;
    if (policy->visible) {
        const char *sql = apr_pstrcat(inquiry->pool, "SELECT count(*) FROM ", relation->ident,
                                      NULL);

        if (ask(inquiry, 1, sql, NULL, 0, &rows, &err) == APR_SUCCESS &&
            app_rows_next(rows, &err) == APR_SUCCESS) {
            policy->visible = app_rows_int(rows, 0);
        }
        policy->problem = err.message;
    }
    if (ask(inquiry, 0, total_sql, params, 2, &rows, &err) == APR_SUCCESS &&
        app_rows_next(rows, &err) == APR_SUCCESS) {
        policy->total = app_rows_int(rows, 0); /* -1: nobody has counted */
        policy->estimated = 1;
    }
}

/** Whether somebody finds the row. */
static rest_seen_e finds(const rest_inquiry_t *inquiry, int as_role, const char *sql,
                         const app_value_t *params, int nparams)
{
    app_error_t err = { .pool = inquiry->pool };
    apr_status_t status;
    app_rows_t *rows;

    status = ask(inquiry, as_role, sql, params, nparams, &rows, &err);
    if (status == APR_SUCCESS) {
        status = app_rows_next(rows, &err);
    }
    return status == APR_SUCCESS ? REST_SEEN
           : status == APR_EOF   ? REST_SEEN_NOT
                                 : REST_SEEN_UNKNOWN;
}

/** What only the role is asked for is not known of rows that it does not see. */
static apr_status_t look_at_row(rest_policy_t *policy, const rest_inquiry_t *inquiry)
{
    const rest_relation_t *relation = policy->relation;
    app_value_t params[16];
    int nparams = 0;
    const char *key = rest_inquiry_key(inquiry, relation, params, &nparams), *sql;
    rest_seen_e seen;

    if (!key) {
        return app_fail(inquiry->err, APP_E_BAD_REQUEST,
                        "--row takes the primary key of %s, and \"%s\" is none", relation->name,
                        inquiry->row);
    }
    sql = apr_psprintf(inquiry->pool, "SELECT 1 FROM %s WHERE %s", relation->ident, key);
    seen = policy->rights[REST_RIGHT_SELECT].granted ? finds(inquiry, 1, sql, params, nparams)
                                                     : REST_SEEN_NOT;
    policy->reach[REST_RIGHT_SELECT] = seen;
    policy->exists = seen == REST_SEEN ? seen : finds(inquiry, 0, sql, params, nparams);
    if (policy->exists == REST_SEEN_NOT) {
        policy->exists = REST_SEEN_UNKNOWN; /* the site's own role may not see it either */
    }
    return APR_SUCCESS;
}

apr_status_t rest_policy_pgsql(rest_policy_t *policy, const rest_inquiry_t *inquiry)
{
    if (read_rights(policy, inquiry) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    count(policy, inquiry);
    return inquiry->row ? look_at_row(policy, inquiry) : APR_SUCCESS;
}

int rest_policy_pgsql_calls(const rest_inquiry_t *inquiry, const rest_routine_t *routine)
{
    const app_value_t params[] = { text_of(inquiry->role), text_of(routine->schema),
                                   text_of(routine->name) };
    app_error_t err = { .pool = inquiry->pool };
    app_rows_t *rows;

    return ask(inquiry, 0, calls_sql, params, 3, &rows, &err) == APR_SUCCESS &&
           app_rows_next(rows, &err) == APR_SUCCESS && app_rows_int(rows, 0) > 0;
}
