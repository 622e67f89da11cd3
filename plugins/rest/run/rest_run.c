/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Step 4 of a request: one transaction. Rows of a read pass through as they come, those of a call
 * once it is committed (rest_run_read.c); rows of a write are held until the transaction is
 * committed (rest_run_write.c). Thread of the request.
 */
#include "apr_atomic.h"

#include "rest_guard.h"
#include "rest_run.h"

/* Compiling many subqueries takes longer than running them: at 50 twice as long, at 100 ten times. */
#define JIT_NODES 4

/** The site's own function, which may refuse the request. */
static apr_status_t run_pre_request(app_tx_t *tx, const rest_call_t *call,
                                    const rest_schema_t *schema, app_error_t *err, apr_pool_t *p)
{
    const char *name = call->conf->pre_request;
    const rest_routine_t *routine;
    app_sql_t sql = { NULL, NULL, 0 };

    if (!name) {
        return APR_SUCCESS;
    }
    if (schema->kind == APP_DB_PGSQL) {
        sql.text = apr_psprintf(p, "SELECT %s()", rest_quoted_path(name, p));
        return app_tx_execute(tx, &sql, NULL, err);
    }
    routine = rest_schema_routine(schema, schema->spaces[0].name, name);
    if (!routine) {
        return app_fail_code(err, "42883", 404, "function %s() does not exist", name);
    }
    return rest_sqlite_perform(tx, routine, err, p);
}

apr_status_t rest_begin(app_tx_t **ptx, const rest_call_t *call, const rest_schema_t *schema,
                        const rest_plan_t *plan, int readonly, app_error_t *err, apr_pool_t *p)
{
    const rest_routine_t *routine = plan ? plan->routine : NULL;
    const app_tx_options_t options = { .readonly = readonly != 0, .request = call->r,
                                       .isolation =
                                           rest_settings_isolation(call, schema, routine) };
    apr_status_t status;
    int current = 1;

    status = app_tx_begin(ptx, app_instance_db(call->rest->self), &options, err, p);
    if (status != APR_SUCCESS) {
        return status;
    }
    if (schema->kind == APP_DB_PGSQL && plan && plan->nnodes > JIT_NODES) {
        app_tx_set(*ptx, "jit", "off"); /* a role may have it on */
    }
    rest_settings_put(*ptx, call, schema, routine, p);
    rest_guard_put(*ptx, call, schema, plan, p);
    status = call->rest->dialect->is_current(&current, schema, *ptx, err);
    if (status != APR_SUCCESS || !current) {
        return status == APR_SUCCESS ? REST_STALE : status;
    }
    return run_pre_request(*ptx, call, schema, err, p);
}

apr_status_t rest_run_begin(rest_run_t *run)
{
    return rest_begin(&run->tx, run->call, run->schema, run->plan, run->plan->readonly, run->err,
                      run->pool);
}

apr_status_t rest_run_query(rest_run_t *run, const rest_sql_t *rendered, unsigned flags,
                            app_rows_t **prows)
{
    const app_sql_t sql = rest_sql_finish(rendered);

    if (rest_sql_check(rendered) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return app_tx_query(run->tx, &sql, flags, prows, run->err);
}

apr_status_t rest_run_head(rest_run_t *run)
{
    apr_status_t status =
        rest_respond_head(run->call, run->plan, &run->result, run->err, run->pool);

    run->sending = status == APR_SUCCESS;
    return status;
}

/* Conditions on the number of rows */

static int has_bound(const rest_run_t *run)
{
    const rest_prefer_t *prefer = &run->call->request->prefer;
    rest_action_e action = run->plan->action;

    return prefer->handling == REST_HANDLING_STRICT && prefer->max_affected >= 0 &&
           (action == REST_UPDATE || action == REST_DELETE || action == REST_CALL);
}

int rest_run_waits(const rest_run_t *run)
{
    return run->plan->single || run->plan->action == REST_REPLACE || has_bound(run) ||
           run->call->compares ||
           (!run->plan->readonly && (run->schema->sets_response || run->call->rolls_back));
}

apr_status_t rest_run_settings(rest_run_t *run)
{
    rest_result_t *result = &run->result;

    if (!run->schema->sets_response) {
        return APR_SUCCESS;
    }
    return app_tx_get(run->tx, "response.status", &result->status, run->err) == APR_SUCCESS
               ? app_tx_get(run->tx, "response.headers", &result->headers, run->err)
               : APP_EFAIL;
}

apr_status_t rest_run_check(rest_run_t *run)
{
    apr_int64_t page = run->result.page;

    if (rest_respond_check_single(run->plan, &run->result, run->err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (run->plan->action == REST_REPLACE && page != 1) {
        return app_fail(run->err, APP_E_PUT_MISMATCH, NULL);
    }
    if (has_bound(run) && page > run->call->request->prefer.max_affected) {
        app_fail(run->err, APP_E_MAX_AFFECTED, NULL);
        return app_details(run->err, "The query affects %" APR_INT64_T_FMT " rows", page);
    }
    return rest_condition_written(run);
}

apr_status_t rest_run_end(rest_run_t *run)
{
    static const app_sql_t constraints = { "SET CONSTRAINTS ALL IMMEDIATE", NULL, 0 };

    if (rest_run_settings(run) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (!run->call->rolls_back) {
        return app_tx_commit(run->tx, run->err);
    }
    if (run->schema->kind == APP_DB_PGSQL &&
        app_tx_execute(run->tx, &constraints, NULL, run->err) != APR_SUCCESS) {
        return APP_EFAIL; /* what only the commit would have shown */
    }
    app_tx_rollback(run->tx);
    run->tx = NULL;
    return APR_SUCCESS;
}

/* What is held */

void rest_run_hold(rest_run_t *run, const char *row, apr_size_t len)
{
    rest_held_add(&run->held, run->rows == 1 ? run->frame.open : run->frame.between, row, len);
}

void rest_run_send_held(rest_run_t *run)
{
    const char *end = run->held.len ? run->frame.close : run->frame.none;

    rest_held_send(&run->held, run->call->res);
    app_response_write(run->call->res, end, strlen(end));
}

apr_status_t rest_run(const rest_call_t *call, const rest_plan_t *plan, const rest_schema_t *schema,
                      app_error_t *err, apr_pool_t *p)
{
    rest_run_t run = { .call = call, .plan = plan, .schema = schema, .err = err, .pool = p };
    apr_status_t status;

    rest_frame(&run.frame, plan, p);
    if (plan->type->media == REST_MEDIA_PLAN) {
        status = rest_run_explain(&run);
    }
    else {
        status = plan->readonly || plan->routine ? rest_run_read(&run) : rest_run_write(&run);
    }
    if (status == APR_SUCCESS && app_response_tapped(call->res)) {
        rest_source_tell(&run);
    }
    if (run.tx) {
        app_tx_rollback(run.tx);
    }
    if (plan->rows || !plan->readonly) {
        app_request_rows_set(call->r, plan->rows ? run.rows : run.result.page);
    }
    if (run.large) {
        apr_atomic_dec32(&call->rest->large);
    }
    return status == REST_ANSWERED ? APR_SUCCESS : status;
}
