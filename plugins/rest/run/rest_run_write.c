/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Writes, and calls that may write. Nothing is sent before the transaction is committed. Called by
 * rest_run.c; thread of the request.
 */
#include "apr_hash.h"

#include "rest_run.h"

#define KEYS_TEXT_MAX (64 * 1024 * 1024)
#define TRIES         4 /* of a write that compares and is overtaken */
#define ROWS_FEW      1000 /* that are shown without a bound, once they are committed */

static apr_status_t denied_row(const rest_run_t *run, const char *which)
{
    return app_fail_code(run->err, "42501", 403,
                         "new row violates row-level security policy%s for table \"%s\"", which,
                         run->plan->root.relation->name);
}

/* SQLite: row by row. What is shown afterwards is read by the keys of the rows. */

typedef struct written_t {
    app_buf_t   keys; /* a JSON array of them */
    apr_hash_t *seen; /* upserts: by key */
} written_t;

static apr_status_t note_key(rest_run_t *run, written_t *written, const char *key, apr_size_t len)
{
    if (run->plan->resolution == REST_RESOLUTION_MERGE) {
        if (apr_hash_get(written->seen, key, (apr_ssize_t)len)) {
            app_fail_code(run->err, "21000", 500,
                          "ON CONFLICT DO UPDATE command cannot affect row a second time");
            return app_hint(run->err, "Ensure that no rows proposed for insertion within the same "
                                      "command have duplicate constrained values.");
        }
        key = apr_pstrmemdup(run->pool, key, len);
        apr_hash_set(written->seen, key, (apr_ssize_t)len, key);
    }
    app_buf_addc(&written->keys, written->keys.len ? ',' : '[');
    app_buf_add(&written->keys, key, len);
    return APR_SUCCESS;
}

/** A row that was written: its key is noted, its check must hold. @param found it was there */
static apr_status_t take_key(rest_run_t *run, written_t *written, const app_rows_t *rows,
                             int found)
{
    apr_int64_t check = app_rows_int(rows, 1);
    apr_size_t len = 4;
    const char *key = app_rows_text(rows, 0, &len), *row;

    if (check != REST_CHECK_HOLDS && (check != REST_CHECK_HOLDS_NEW || found)) {
        return denied_row(run, "");
    }
    run->result.page++;
    if (app_rows_columns(rows) > 2 && (row = app_rows_text(rows, 2, &len))) {
        run->rows++;
        rest_run_hold(run, row, len);
        return APR_SUCCESS;
    }
    return note_key(run, written, key ? key : "null", key ? len : 4);
}

static apr_status_t run_each(rest_run_t *run, written_t *written, int found)
{
    apr_status_t status;
    app_rows_t *rows;

    if ((status = rest_run_query(run, run->statement.each, 0, &rows)) != APR_SUCCESS) {
        return status;
    }
    while ((status = app_rows_next(rows, run->err)) == APR_SUCCESS) {
        if (take_key(run, written, rows, found) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    return status == APR_EOF ? APR_SUCCESS : status;
}

/** Whether the row of an upsert is there before it. */
static apr_status_t find_existing(rest_run_t *run, int *pfound)
{
    apr_status_t status;
    app_rows_t *rows;

    *pfound = 0;
    if (!run->statement.exists) {
        return APR_SUCCESS;
    }
    if ((status = rest_run_query(run, run->statement.exists, 0, &rows)) != APR_SUCCESS) {
        return status;
    }
    while ((status = app_rows_next(rows, run->err)) == APR_SUCCESS) {
        *pfound = app_rows_int(rows, 0) > 0;
    }
    return status == APR_EOF ? APR_SUCCESS : status;
}

/** Whether the check allows what is about to be written. It shows nothing, so needs no grant. */
static apr_status_t check_before(rest_run_t *run)
{
    const app_guard_t *guard;
    apr_status_t status;
    app_rows_t *rows;
    int refused = 0;

    if (!run->statement.check) {
        return APR_SUCCESS;
    }
    guard = app_tx_guard(run->tx, NULL);
    if ((status = rest_run_query(run, run->statement.check, 0, &rows)) != APR_SUCCESS) {
        return status;
    }
    while ((status = app_rows_next(rows, run->err)) == APR_SUCCESS) {
        refused = 1;
    }
    app_tx_guard(run->tx, guard);
    return status != APR_EOF ? status : refused ? denied_row(run, "") : APR_SUCCESS;
}

static apr_status_t write_row(rest_run_t *run, written_t *written, int row)
{
    apr_int64_t before = run->result.page;
    apr_status_t status;
    int found;

    if ((status = run->call->rest->dialect->bind_row(&run->statement, run->plan, row)) !=
            APR_SUCCESS ||
        (status = check_before(run)) != APR_SUCCESS ||
        (status = find_existing(run, &found)) != APR_SUCCESS ||
        (status = run_each(run, written, found)) != APR_SUCCESS) {
        return status;
    }
    if (run->plan->resolution == REST_RESOLUTION_MERGE && found && run->result.page == before) {
        return denied_row(run, " (USING expression)");
    }
    run->result.inserted += !found && run->result.page > before;
    return APR_SUCCESS;
}

static apr_status_t write_each(rest_run_t *run)
{
    const rest_plan_t *plan = run->plan;
    int row, rows = plan->action == REST_INSERT || plan->action == REST_REPLACE
                        ? plan->body->nrows
                        : run->statement.each != NULL;
    written_t written = { .seen = apr_hash_make(run->pool) };
    rest_sql_t *main = run->statement.main;
    apr_status_t status;

    app_buf_init(&written.keys, run->pool, KEYS_TEXT_MAX);
    for (row = 0; row < rows; row++) {
        run->row = row;
        if (run->statement.only && row + 1 != run->statement.only) {
            continue;
        }
        if ((status = write_row(run, &written, row)) != APR_SUCCESS) {
            return status;
        }
    }
    app_buf_adds(&written.keys, written.keys.len ? "]" : "[]");
    if (app_buf_full(&written.keys)) {
        return app_fail(run->err, APP_E_INTERNAL, "Too many rows for one request");
    }
    if (main) {
        main->params[0].text = written.keys.data;
        main->params[0].len = written.keys.len;
    }
    return APR_SUCCESS;
}

/* What is shown */

/** "id=eq.1&code=is.null" of a new row's key. */
static const char *location_of(const rest_run_t *run, const app_rows_t *rows)
{
    const rest_relation_t *relation = run->plan->root.relation;
    const char *location = "";
    int i;

    for (i = 0; i < relation->nkeys; i++) {
        const char *value = app_rows_text(rows, REST_COLUMN_KEYS + i, NULL);

        location = apr_pstrcat(run->pool, location, i ? "&" : "",
                               app_url_encode(relation->keys[i]->name, run->pool),
                               value ? "=eq." : "=is.null",
                               value ? app_url_encode(value, run->pool) : "", NULL);
    }
    return location;
}

static void take_numbers(rest_run_t *run, const app_rows_t *rows)
{
    if (app_rows_text(rows, REST_COLUMN_PAGE, NULL)) {
        run->result.page = app_rows_int(rows, REST_COLUMN_PAGE);
    }
    if (app_rows_text(rows, REST_COLUMN_INSERTED, NULL)) {
        run->result.inserted = app_rows_int(rows, REST_COLUMN_INSERTED);
    }
    if (run->plan->location) {
        run->result.location = location_of(run, rows);
    }
}

static apr_status_t take_rows(rest_run_t *run, app_rows_t *rows)
{
    apr_status_t status;
    const char *row;
    apr_size_t len;
    int first = 1;

    while ((status = app_rows_next(rows, run->err)) == APR_SUCCESS) {
        if (first && app_rows_columns(rows) > REST_COLUMN_INSERTED) {
            take_numbers(run, rows);
        }
        first = 0;
        row = app_rows_text(rows, REST_COLUMN_JSON, &len);
        if (row) {
            run->rows++;
            rest_run_hold(run, row, len);
        }
    }
    if (status != APR_EOF) {
        return status;
    }
    if (!run->held.full) {
        return APR_SUCCESS;
    }
    app_fail_code(run->err, "54000", 500, "the rows that were written are too long to be shown");
    return app_hint(run->err, "Nothing was written. Write fewer rows at once, or ask for "
                              "return=minimal.");
}

/** On PostgreSQL the one statement has written, on SQLite each has, or after will. */
static apr_status_t run_main(rest_run_t *run, unsigned flags)
{
    app_rows_t *rows;
    int in_one = run->schema->kind == APP_DB_PGSQL;
    apr_status_t status;

    if ((status = rest_run_query(run, run->statement.main, flags, &rows)) != APR_SUCCESS ||
        (status = take_rows(run, rows)) != APR_SUCCESS) {
        return status;
    }
    if (in_one && !rest_plan_shows(run->plan) && run->result.inserted < 0) {
        run->result.page = app_rows_affected(rows);
    }
    if (run->statement.after) {
        run->result.page = run->rows;
    }
    return APR_SUCCESS;
}

static apr_status_t run_after(rest_run_t *run)
{
    app_rows_t *rows;

    return run->statement.after ? rest_run_query(run, run->statement.after, 0, &rows)
                                : APR_SUCCESS;
}

/** Whether more rows may come than can be held: the commit waits for the last. */
static int may_be_many(const rest_plan_t *plan)
{
    int inserts = plan->action == REST_INSERT || plan->action == REST_REPLACE;

    return plan->rows && (!inserts || plan->body->nrows > ROWS_FEW);
}

static apr_status_t write_all(rest_run_t *run)
{
    int in_one = run->schema->kind == APP_DB_PGSQL;
    int alone = in_one && !rest_run_waits(run) && !may_be_many(run->plan);
    apr_status_t status = APR_SUCCESS;

    rest_held_init(&run->held, alone ? APR_SIZE_MAX / 2 : REST_HELD_MAX, run->pool);

    if (run->schema->kind == APP_DB_SQLITE && !run->statement.after) {
        status = write_each(run);
    }
    if (status == APR_SUCCESS && run->statement.main) {
        status = run_main(run, alone ? APP_QUERY_LAST : in_one ? APP_QUERY_STREAM : 0);
    }
    if (status == APR_SUCCESS) {
        status = run_after(run);
    }
    if (status != APR_SUCCESS || (status = rest_run_check(run)) != APR_SUCCESS) {
        return status;
    }
    return alone ? APR_SUCCESS : rest_run_end(run);
}

/** @param status of the write. @return the same */
static apr_status_t look_into(rest_run_t *run, apr_status_t status)
{
    if (status == APP_EFAIL && run->schema->kind == APP_DB_SQLITE) {
        app_tx_rollback(run->tx);
        run->tx = NULL;
        rest_run_constraint(run);
    }
    return status;
}

static apr_status_t write_once(rest_run_t *run)
{
    apr_status_t status;

    run->rows = 0;
    run->result = (rest_result_t){ .total = -1, .inserted = -1 };
    if (run->schema->kind == APP_DB_SQLITE ||
        (run->plan->action == REST_INSERT && !run->plan->body->nrows)) {
        run->result.inserted = 0;
    }
    if ((status = rest_run_begin(run)) != APR_SUCCESS ||
        (run->call->compares && (status = rest_condition_write(run)) != APR_SUCCESS) ||
        (status = rest_render(&run->statement, run->call->rest->dialect, run->plan, 0, run->err,
                              run->pool)) != APR_SUCCESS) {
        return status;
    }
    return look_into(run, write_all(run));
}

/** Whether somebody has written at the same time what was compared: it is to be compared anew. */
static int was_overtaken(const rest_run_t *run, apr_status_t status)
{
    return status == APP_EFAIL && run->call->compares && run->schema->kind == APP_DB_PGSQL &&
           run->err->code && strcmp(run->err->code, "40001") == 0;
}

apr_status_t rest_run_write(rest_run_t *run)
{
    apr_status_t status = write_once(run);
    int try;

    for (try = 1; try < TRIES && was_overtaken(run, status); try++) {
        app_tx_rollback(run->tx);
        run->tx = NULL;
        status = write_once(run);
    }
    if (status != APR_SUCCESS || (status = rest_run_head(run)) != APR_SUCCESS) {
        return status;
    }
    if (run->plan->rows) {
        rest_run_send_held(run);
    }
    return APR_SUCCESS;
}
