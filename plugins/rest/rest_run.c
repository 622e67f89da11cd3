/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Step 4 of a request: one transaction. Rows of a read pass through as they come; since Content-
 * Range stands before them, they are held back, up to a bound, until their number is known. Rows
 * of a write are held until the transaction is committed. Thread of the request.
 */
#include <string.h>

#include "apr_strings.h"

#include "rest_int.h"

#define READ_HELD_MAX  (256 * 1024)       /* past it the page is read again, counted first */
#define WRITE_HELD_MAX (64 * 1024 * 1024) /* what a write may show: a body is bounded, too */
#define KEYS_TEXT_MAX  (64 * 1024 * 1024)

/** The rows did not fit: count first. */
#define UNCOUNTED (APR_OS_START_USERERR + 4602)

typedef struct run_t {
    const rest_call_t   *call;
    const rest_plan_t   *plan;
    const rest_schema_t *schema;
    rest_statement_t     statement;
    app_tx_t            *tx;
    rest_result_t        result;
    app_buf_t            held;
    apr_int64_t          rows;    /* that have come */
    int                  counted; /* result.page was known before the first row */
    int                  sending; /* the head has been written */
    app_error_t         *err;
    apr_pool_t          *pool;
} run_t;

apr_status_t rest_begin(app_tx_t **ptx, const rest_call_t *call, const rest_schema_t *schema,
                        int readonly, app_error_t *err, apr_pool_t *p)
{
    const app_tx_options_t options = { .readonly = readonly != 0, .request = call->r };
    apr_status_t status;
    int current = 1;

    status = app_tx_begin(ptx, app_instance_db(call->rest->self), &options, err, p);
    if (status != APR_SUCCESS) {
        return status;
    }
    rest_settings_put(*ptx, call, schema, p);
    status = call->rest->dialect->is_current(&current, schema, *ptx, err);
    return status == APR_SUCCESS && !current ? REST_STALE : status;
}

static apr_status_t begin(run_t *run)
{
    return rest_begin(&run->tx, run->call, run->schema, run->plan->action == REST_READ, run->err,
                      run->pool);
}

static apr_status_t query(run_t *run, const rest_sql_t *rendered, unsigned flags,
                          app_rows_t **prows)
{
    const app_sql_t sql = rest_sql_finish(rendered);

    return app_tx_query(run->tx, &sql, flags, prows, run->err);
}

/* Reading */

/** Rows of the page, if the total says how many there must be. */
static apr_int64_t page_of_total(const rest_node_t *root, apr_int64_t total)
{
    apr_int64_t left = total > root->offset ? total - root->offset : 0;

    return root->limit >= 0 && root->limit < left ? root->limit : left;
}

/** The first row says what was counted. */
static void read_numbers(run_t *run, const app_rows_t *rows)
{
    if (app_rows_text(rows, REST_COLUMN_TOTAL, NULL)) {
        run->result.total = app_rows_int(rows, REST_COLUMN_TOTAL);
        run->result.page = page_of_total(&run->plan->root, run->result.total);
        run->counted = 1;
    }
    if (app_rows_text(rows, REST_COLUMN_PAGE, NULL)) {
        run->result.page = app_rows_int(rows, REST_COLUMN_PAGE);
        run->counted = 1;
    }
}

static apr_status_t send_head(run_t *run)
{
    apr_status_t status =
        rest_respond_head(run->call, run->plan, &run->result, run->err, run->pool);

    run->sending = status == APR_SUCCESS;
    return status;
}

static apr_status_t write_row(run_t *run, const char *json, apr_size_t len)
{
    app_response_t *res = run->call->res;
    apr_status_t status;

    if (!run->sending && (status = send_head(run)) != APR_SUCCESS) {
        return status;
    }
    return app_response_write(res, run->rows == 1 ? "[" : ",", 1) == APR_SUCCESS &&
                   app_response_write(res, json, len) == APR_SUCCESS
               ? APR_SUCCESS
               : REST_ANSWERED;
}

/**
 * A row passes through if the head can be written, otherwise it is held. Of a single object only
 * the first is.
 */
static apr_status_t take_row(run_t *run, const char *json, apr_size_t len)
{
    run->rows++;
    if (run->plan->single) {
        if (run->rows == 1) {
            app_buf_add(&run->held, json, len);
        }
    }
    else if (run->counted) {
        return write_row(run, json, len);
    }
    else {
        app_buf_addc(&run->held, run->rows == 1 ? '[' : ',');
        app_buf_add(&run->held, json, len);
    }
    return app_buf_full(&run->held) ? UNCOUNTED : APR_SUCCESS;
}

static apr_status_t read_rows(run_t *run, app_rows_t *rows)
{
    apr_status_t status;
    const char *json;
    apr_size_t len;
    int first = 1;

    while ((status = app_rows_next(rows, run->err)) == APR_SUCCESS) {
        if (first) {
            read_numbers(run, rows);
            first = 0;
        }
        json = app_rows_text(rows, REST_COLUMN_JSON, &len);
        if (json && (status = take_row(run, json, len)) != APR_SUCCESS) {
            return status;
        }
    }
    return status == APR_EOF ? APR_SUCCESS : status;
}

/** What is left when all rows have come. */
static apr_status_t end_read(run_t *run)
{
    app_response_t *res = run->call->res;
    apr_status_t status;

    if (!run->sending) {
        if (!run->counted || run->plan->rows) {
            run->result.page = run->rows;
        }
        status = send_head(run);
        if (status != APR_SUCCESS || !run->plan->rows) {
            return status;
        }
        app_response_write(res, run->held.data, run->held.len);
        if (run->plan->single) {
            return APR_SUCCESS;
        }
        if (run->rows == 0) {
            app_response_write(res, "[", 1);
        }
    }
    app_response_write(res, "]", 1);
    return APR_SUCCESS;
}

static apr_status_t read_once(run_t *run, int counted)
{
    apr_status_t status;
    app_rows_t *rows;

    run->rows = 0;
    run->counted = 0;
    run->result = (rest_result_t){ .total = -1 };
    app_buf_init(&run->held, run->pool, run->plan->single ? WRITE_HELD_MAX : READ_HELD_MAX);
    if ((status = begin(run)) != APR_SUCCESS) {
        return status;
    }
    status = rest_render(&run->statement, run->call->rest->dialect, run->plan, counted, run->err,
                         run->pool);
    if (status == APR_SUCCESS) {
        status = query(run, run->statement.main, APP_QUERY_LAST | APP_QUERY_STREAM, &rows);
    }
    if (status == APR_SUCCESS) {
        status = read_rows(run, rows);
    }
    return status == APR_SUCCESS ? end_read(run) : status;
}

static apr_status_t run_read(run_t *run)
{
    apr_status_t status = read_once(run, 0);

    if (status == UNCOUNTED && !run->plan->single) {
        app_tx_rollback(run->tx);
        run->tx = NULL;
        status = read_once(run, 1);
    }
    return status;
}

/* Writing */

static apr_status_t denied_row(const run_t *run)
{
    return app_fail_code(run->err, "42501", 403,
                         "new row violates row-level security policy for table \"%s\"",
                         run->plan->root.relation->name);
}

/** One row of the body; its key is added to the list, its check must hold. */
static apr_status_t write_one(run_t *run, int row, app_buf_t *keys)
{
    apr_status_t status;
    app_rows_t *rows;
    const char *key;
    apr_size_t len;

    if (run->call->rest->dialect->bind_row(run->statement.each, run->plan, row) != APR_SUCCESS ||
        query(run, run->statement.each, 0, &rows) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    while ((status = app_rows_next(rows, run->err)) == APR_SUCCESS) {
        key = app_rows_text(rows, 0, &len);
        app_buf_addc(keys, keys->len ? ',' : '[');
        app_buf_add(keys, key ? key : "null", key ? len : strlen("null"));
        if (run->plan->check && app_rows_int(rows, 1) != 1) {
            return denied_row(run);
        }
    }
    return status == APR_EOF ? APR_SUCCESS : status;
}

/** SQLite: row by row. What is shown afterwards is read by the keys of the new rows. */
static apr_status_t write_each(run_t *run)
{
    app_buf_t keys;
    int row;

    app_buf_init(&keys, run->pool, KEYS_TEXT_MAX);
    for (row = 0; row < run->plan->body->nrows; row++) {
        if (write_one(run, row, &keys) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    if (!keys.len) {
        app_buf_addc(&keys, '[');
    }
    app_buf_addc(&keys, ']');
    if (run->statement.main) {
        run->statement.main->params[0].text = keys.data;
        run->statement.main->params[0].len = keys.len;
    }
    run->result.page = run->plan->body->nrows;
    return APR_SUCCESS;
}

/** "id=eq.1&code=is.null" of a new row's key. */
static const char *location_of(const run_t *run, const app_rows_t *rows)
{
    const rest_relation_t *relation = run->plan->root.relation;
    const char *location = "";
    int i;

    for (i = 0; i < relation->nkeys; i++) {
        const rest_column_t *key = relation->keys[i];
        const char *value = app_rows_text(rows, REST_COLUMN_KEYS + i, NULL);

        location = apr_pstrcat(run->pool, location, i ? "&" : "",
                               app_url_encode(key->name, run->pool), value ? "=eq." : "=is.null",
                               value ? app_url_encode(value, run->pool) : "", NULL);
    }
    return location;
}

/** The rows to show, and their number where the database wrote them all at once. */
static apr_status_t take_written(run_t *run, app_rows_t *rows)
{
    apr_status_t status;
    const char *json;
    apr_size_t len;

    while ((status = app_rows_next(rows, run->err)) == APR_SUCCESS) {
        if (++run->rows == 1 && run->plan->location) {
            run->result.location = location_of(run, rows);
        }
        json = app_rows_text(rows, REST_COLUMN_JSON, &len);
        if (json) {
            if (!run->plan->single) {
                app_buf_addc(&run->held, run->rows == 1 ? '[' : ',');
            }
            app_buf_add(&run->held, json, len);
        }
    }
    if (status != APR_EOF) {
        return status;
    }
    if (!run->statement.each) {
        run->result.page = rest_plan_shows(run->plan) ? run->rows : app_rows_affected(rows);
    }
    else if (run->rows != run->result.page) {
        return denied_row(run); /* written, but not to be seen by the role */
    }
    return app_buf_full(&run->held) ? app_fail(run->err, APP_E_INTERNAL,
                                               "The answer is too large for a write")
                                    : APR_SUCCESS;
}

static apr_status_t write_all(run_t *run)
{
    /* With a condition on the number of rows the commit has to wait for it. */
    unsigned flags = run->plan->single || run->statement.each ? 0 : APP_QUERY_LAST;
    app_rows_t *rows;
    apr_status_t status;

    if (run->statement.each && write_each(run) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (run->statement.main) {
        status = query(run, run->statement.main, flags, &rows);
        if (status == APR_SUCCESS) {
            status = take_written(run, rows);
        }
        if (status != APR_SUCCESS) {
            return status;
        }
    }
    if (rest_respond_check_single(run->plan, &run->result, run->err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return flags & APP_QUERY_LAST ? APR_SUCCESS : app_tx_commit(run->tx, run->err);
}

static apr_status_t run_write(run_t *run)
{
    apr_status_t status;

    run->result = (rest_result_t){ .total = -1 };
    app_buf_init(&run->held, run->pool, WRITE_HELD_MAX);
    if ((status = begin(run)) != APR_SUCCESS ||
        (status = rest_render(&run->statement, run->call->rest->dialect, run->plan, 0, run->err,
                              run->pool)) != APR_SUCCESS ||
        (status = write_all(run)) != APR_SUCCESS || (status = send_head(run)) != APR_SUCCESS) {
        return status;
    }
    if (run->plan->rows) {
        if (!run->held.len) {
            app_buf_addc(&run->held, '[');
        }
        app_response_write(run->call->res, run->held.data, run->held.len);
        if (!run->plan->single) {
            app_response_write(run->call->res, "]", 1);
        }
    }
    return APR_SUCCESS;
}

apr_status_t rest_run(const rest_call_t *call, const rest_plan_t *plan, const rest_schema_t *schema,
                      app_error_t *err, apr_pool_t *p)
{
    run_t run = { .call = call, .plan = plan, .schema = schema, .err = err, .pool = p };
    apr_status_t status = plan->action == REST_READ ? run_read(&run) : run_write(&run);

    if (run.tx) {
        app_tx_rollback(run.tx);
    }
    if (status == UNCOUNTED) {
        return app_fail(err, APP_E_INTERNAL, "A row is too large to be answered as one object");
    }
    return status == REST_ANSWERED ? APR_SUCCESS : status;
}
