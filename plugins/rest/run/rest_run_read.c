/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Reads and calls. Rows pass through as they come; since Content-Range and what SQL says of the
 * answer stand before them, they are held back, up to a bound, until that is known. A
 * call that may write is committed before its first row is sent. Called by rest_run.c; thread of
 * the request.
 */
#include "apr_atomic.h"

#include "rest_run.h"

/*
 * Past it the page is read again, counted first. Few requests of a process may hold more, so that
 * the memory of all together has a bound.
 */
#define READ_HELD_MAX  (256 * 1024)
#define LARGE_HELD_MAX (4 * 1024 * 1024)
#define LARGE_READS    4

#define WHOLE_MAX      50 /* rows that libpq may hold */

/** The rows did not fit: count first. */
#define UNCOUNTED (APR_OS_START_USERERR + 4602)

/** Rows of the page, if the total says how many there must be. */
static apr_int64_t page_of_total(const rest_node_t *root, apr_int64_t total)
{
    apr_int64_t left = total > root->offset ? total - root->offset : 0;

    return root->limit >= 0 && root->limit < left ? root->limit : left;
}

/** Whether each row that was counted is one of the answer: none is grouped, none multiplied. */
static int counts_rows(const rest_plan_t *plan)
{
    const rest_node_t *child;

    for (child = plan->root.children; child; child = child->next) {
        if (rest_node_is_joined(child)) {
            return 0;
        }
    }
    return plan->count == REST_COUNT_EXACT && !plan->root.grouped;
}

/** The first row says what was counted. */
static void read_numbers(rest_run_t *run, const app_rows_t *rows)
{
    if (app_rows_text(rows, REST_COLUMN_TOTAL, NULL)) {
        apr_int64_t total = app_rows_int(rows, REST_COLUMN_TOTAL);

        if (run->plan->count == REST_COUNT_EXACT || total > run->result.total) {
            run->result.total = total;
        }
        if (counts_rows(run->plan)) {
            run->result.page = page_of_total(&run->plan->root, total);
            run->counted = 1;
        }
    }
    if (app_rows_text(rows, REST_COLUMN_PAGE, NULL)) {
        run->result.page = app_rows_int(rows, REST_COLUMN_PAGE);
        run->counted = 1;
    }
}

static apr_status_t write_row(rest_run_t *run, const char *row, apr_size_t len)
{
    const char *lead = run->rows == 1 ? run->frame.open : run->frame.between;
    app_response_t *res = run->call->res;
    apr_status_t status;

    if (!run->sending && (status = rest_run_head(run)) != APR_SUCCESS) {
        return status;
    }
    return app_response_write(res, lead, strlen(lead)) == APR_SUCCESS &&
                   app_response_write(res, row, len) == APR_SUCCESS
               ? APR_SUCCESS
               : REST_ANSWERED;
}

/** Lets the request hold more, unless others do already. */
static int enlarge(rest_run_t *run)
{
    volatile apr_uint32_t *large = &run->call->rest->large;

    if (run->large || rest_run_waits(run)) {
        return 0;
    }
    if (apr_atomic_inc32(large) >= LARGE_READS) {
        apr_atomic_dec32(large);
        return 0;
    }
    run->large = 1;
    run->held.max = LARGE_HELD_MAX;
    run->held.full = 0;
    return 1;
}

static apr_status_t hold_row(rest_run_t *run, const char *row, apr_size_t len)
{
    if (run->call->request->reads) {
        rest_tag_row(&run->tag, row, len);
    }
    rest_run_hold(run, row, len);
    if (run->held.full && enlarge(run)) {
        rest_run_hold(run, row, len);
    }
    return run->held.full ? UNCOUNTED : APR_SUCCESS;
}

/**
 * A row passes through if the head can be written, otherwise it is held. Of a single object only
 * the first is.
 */
static apr_status_t take_row(rest_run_t *run, const char *row, apr_size_t len)
{
    run->rows++;
    if (run->plan->empty) {
        return APR_SUCCESS;
    }
    if (run->counted && !rest_run_waits(run) && run->told) {
        return write_row(run, row, len);
    }
    return !run->plan->single || run->rows == 1 ? hold_row(run, row, len) : APR_SUCCESS;
}

/** A row; of a body that comes as digits the bytes. */
static const char *row_of(const rest_run_t *run, const app_rows_t *rows, apr_size_t *plen)
{
    const char *row = app_rows_text(rows, REST_COLUMN_JSON, plen);
    char *bytes;
    apr_size_t i;

    if (!row || !run->plan->hex) {
        return row;
    }
    *plen /= 2;
    bytes = apr_palloc(run->pool, *plen + 1);
    for (i = 0; i < *plen; i++) {
        bytes[i] = (char)(app_hex_digit(row[i * 2]) << 4 | app_hex_digit(row[i * 2 + 1]));
    }
    return bytes;
}

static apr_status_t read_rows(rest_run_t *run, app_rows_t *rows)
{
    apr_status_t status;
    const char *row;
    apr_size_t len;
    int first = 1;

    while ((status = app_rows_next(rows, run->err)) == APR_SUCCESS) {
        if (first) {
            read_numbers(run, rows);
            first = 0;
        }
        row = row_of(run, rows, &len);
        if (row && (status = take_row(run, row, len)) != APR_SUCCESS) {
            return status;
        }
    }
    return status == APR_EOF ? APR_SUCCESS : status;
}

/** What was written may yet have to be undone. */
static int ends_apart(const rest_run_t *run)
{
    return !run->plan->readonly && rest_run_waits(run);
}

/** A short page comes at one go: for each row that is taken alone libpq makes a whole result. */
static unsigned stream_of(const rest_plan_t *plan)
{
    int is_short = plan->root.limit >= 0 && plan->root.limit <= WHOLE_MAX;

    return plan->kind == APP_DB_PGSQL && is_short ? 0 : APP_QUERY_STREAM;
}

static unsigned object_of(const rest_run_t *run)
{
    return APP_QUERY_OBJECT(run->statement.nmembers) |
           (run->statement.marked ? APP_QUERY_MARKED : 0);
}

static unsigned flags_of(const rest_run_t *run)
{
    return object_of(run) | (run->plan->readonly
                         ? (run->told ? APP_QUERY_LAST : 0) | stream_of(run->plan)
                     : ends_apart(run) ? 0
                                       : APP_QUERY_LAST);
}

/** What is left when all rows have come. */
static apr_status_t end_read(rest_run_t *run)
{
    apr_status_t status;

    if (run->sending) {
        app_response_write(run->call->res, run->frame.close, strlen(run->frame.close));
        return APR_SUCCESS;
    }
    if (run->plan->rows && !run->plan->handler) {
        run->result.page = run->rows;
    }
    status = rest_run_check(run);
    if (status == APR_SUCCESS && ends_apart(run)) {
        status = rest_run_end(run);
    }
    else if (status == APR_SUCCESS && !run->told) {
        status = rest_run_settings(run);
    }
    if (status == APR_SUCCESS && (status = rest_condition_read(run)) == APR_SUCCESS) {
        status = rest_run_head(run);
    }
    if (status == APR_SUCCESS && run->plan->rows && !run->plan->empty && !run->result.unchanged) {
        rest_run_send_held(run);
    }
    return status;
}

/** SQLite: the statements of a function, one after the other. */
static apr_status_t run_steps(rest_run_t *run)
{
    rest_statement_t *statement = &run->statement;
    app_rows_t *rows;
    apr_status_t status = APR_SUCCESS;
    int i;

    for (i = 0; i < statement->nsteps && status == APR_SUCCESS; i++) {
        status = rest_run_query(run, statement->steps[i], 0, &rows);
    }
    if (status != APR_SUCCESS || !statement->source) {
        return status;
    }
    status = rest_run_query(run, statement->source, 0, &rows);
    return status == APR_SUCCESS
               ? run->call->rest->dialect->gather(statement, run->plan, rows, run->err, run->pool)
               : status;
}

static apr_status_t make_statement(rest_run_t *run, int counted)
{
    if (run->plan->statement && !counted) {
        run->statement = *run->plan->statement;
        return APR_SUCCESS;
    }
    return rest_render(&run->statement, run->call->rest->dialect, run->plan, counted, run->err,
                       run->pool);
}

/** @param again what has come was too much to be held: what is sent at once is counted first */
static apr_status_t start(rest_run_t *run, int again)
{
    rest_count_e count = run->plan->count;
    int counted = again || !run->plan->readonly;
    apr_status_t status;

    run->rows = 0;
    run->counted = 0;
    run->result = (rest_result_t){ .total = -1, .inserted = -1 };
    rest_tag_init(&run->tag);
    rest_held_init(&run->held,
                   rest_run_waits(run) ? REST_HELD_MAX
                   : run->large        ? LARGE_HELD_MAX
                                       : READ_HELD_MAX,
                   run->pool);
    if ((status = rest_run_begin(run)) != APR_SUCCESS ||
        (run->call->compares && (status = rest_condition_write(run)) != APR_SUCCESS)) {
        return status;
    }
    run->told = !run->schema->sets_response;
    if (again && !run->told) { /* of what is sent at once, the pre-request alone can tell */
        status = rest_run_settings(run);
        run->told = 1;
    }
    if (status == APR_SUCCESS &&
        (count == REST_COUNT_PLANNED || count == REST_COUNT_ESTIMATED)) {
        status = rest_run_planned(run, &run->result.total);
    }
    if (status == APR_SUCCESS) {
        status = make_statement(run, counted);
    }
    return status == APR_SUCCESS ? run_steps(run) : status;
}

static apr_status_t read_once(rest_run_t *run, int again)
{
    apr_status_t status = start(run, again);
    app_rows_t *rows;

    if (status == APR_SUCCESS) {
        status = rest_run_query(run, run->statement.main, flags_of(run), &rows);
    }
    if (status == APR_SUCCESS) {
        status = read_rows(run, rows);
    }
    return status == APR_SUCCESS ? end_read(run) : status;
}

apr_status_t rest_run_read(rest_run_t *run)
{
    apr_status_t status = read_once(run, 0);

    if (status == UNCOUNTED && !rest_run_waits(run)) {
        app_tx_rollback(run->tx);
        run->tx = NULL;
        status = read_once(run, 1);
    }
    return status == UNCOUNTED
               ? app_fail(run->err, APP_E_INTERNAL, "The answer is too large to be held")
               : status;
}

apr_status_t rest_run_read_tag(rest_run_t *run)
{
    apr_status_t status = make_statement(run, 0);
    app_rows_t *rows;
    const char *row;
    apr_size_t len;

    rest_tag_init(&run->tag);
    if (status == APR_SUCCESS) {
        status = rest_run_query(run, run->statement.main, object_of(run) | APP_QUERY_STREAM, &rows);
    }
    while (status == APR_SUCCESS && (status = app_rows_next(rows, run->err)) == APR_SUCCESS) {
        if ((row = row_of(run, rows, &len))) {
            rest_tag_row(&run->tag, row, len);
        }
    }
    return status == APR_EOF ? APR_SUCCESS : status;
}
