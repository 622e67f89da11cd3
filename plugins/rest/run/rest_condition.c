/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Conditional requests (RFC 9110 13). Called by rest_run_read.c and rest_run_write.c; thread of the
 * request.
 *
 * A read is compared by the tag of its own answer. Before a write, what a GET of the same URL would
 * answer is read in the write's transaction, and compared; nobody can change it in between: on
 * SQLite the transaction is the only one that writes, and on PostgreSQL, which then runs it as
 * REPEATABLE READ, the write fails with 40001 if somebody has. It is then tried again, and finds
 * what he has written.
 */
#include "rest_run.h"
#include "rest_tag.h"

static apr_status_t refuse(const rest_run_t *run, const char *details, const char *hint)
{
    app_fail(run->err, APP_E_PRECONDITION, NULL);
    app_details(run->err, "%s", details);
    return app_hint(run->err, "%s", hint);
}

static apr_status_t refuse_match(const rest_run_t *run)
{
    return refuse(run, "If-Match has no tag of what is there now.",
                  "Read it again, and send the ETag of that answer. It must have been read by the "
                  "same filters, select and Accept, and not be compressed in a way that makes its "
                  "tag weak.");
}

static apr_status_t refuse_absent(const rest_run_t *run)
{
    return refuse(run, "If-Match wants a row to be there, and there is none.",
                  "It may have been deleted, or no filter finds it.");
}

static apr_status_t refuse_present(const rest_run_t *run)
{
    return refuse(run, "If-None-Match wants nothing to be there, and a row is.",
                  "Leave the header out to write over it.");
}

/* Reads */

/** Whether the answer is of the kind that has a tag. */
static int is_tagged(const rest_run_t *run)
{
    const rest_result_t *result = &run->result;

    return run->call->conf->entity_tags && run->call->request->reads && run->plan->rows &&
           !run->plan->empty && !result->status &&
           !(result->headers && strcasestr(result->headers, "etag"));
}

static void add_form(rest_run_t *run)
{
    const rest_plan_t *plan = run->plan;
    rest_tag_t *tag = &run->tag;

    rest_tag_text(tag, run->frame.open);
    rest_tag_number(tag, (apr_int64_t)plan->type->media << 1 | plan->stripped);
    rest_tag_number(tag, run->result.total);
    rest_tag_number(tag, plan->root.offset);
}

/** Who keeps the answer needs all of it, and the core makes 304 of a 200 behind him. */
static int is_left_to_core(const rest_run_t *run)
{
    return app_response_tapped(run->call->res) && run->result.total <= run->result.page;
}

apr_status_t rest_condition_read(rest_run_t *run)
{
    const char *match, *none_match;

    if (!is_tagged(run)) {
        return APR_SUCCESS;
    }
    add_form(run);
    run->result.tag = rest_tag_print(&run->tag, run->pool);
    rest_unchanged_note(run);
    match = app_request_header(run->call->r, "If-Match");
    if (match && !rest_tag_is_any(match) && !rest_tag_listed(match, &run->tag, 0)) {
        return refuse_match(run);
    }
    none_match = app_request_header(run->call->r, "If-None-Match");
    run->result.unchanged = none_match && app_etag_match(none_match, run->result.tag) &&
                            !is_left_to_core(run);
    return APR_SUCCESS;
}

/* Writes */

/** What a GET of the same URL asks for, whatever part of it the client would look at. */
static apr_status_t plan_read(rest_plan_t **pplan, rest_call_t *call, rest_request_t *request,
                              const rest_run_t *run)
{
    *call = *run->call;
    call->request = request;
    *request = (rest_request_t){ .role = run->call->request->role, .action = REST_READ,
                                 .reads = 1 };
    if (rest_request_read(call, request, run->schema, run->err, run->pool) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    rest_prefer_parse(&request->prefer, NULL, run->pool);
    request->max_rows = 0;
    request->limit = -1;
    request->offset = 0;
    return rest_plan_make(pplan, request, run->schema, run->err, run->pool);
}

/** The tag of what the write is about, in its transaction. */
static apr_status_t read_tag(rest_tag_t *tag, const rest_run_t *run)
{
    rest_run_t read = { .schema = run->schema, .tx = run->tx, .err = run->err,
                        .pool = run->pool };
    rest_request_t request;
    rest_call_t call;
    rest_plan_t *plan;
    apr_status_t status = plan_read(&plan, &call, &request, run);

    read.call = &call;
    read.plan = plan;
    if (status == APR_SUCCESS && (status = rest_run_read_tag(&read)) == APR_SUCCESS) {
        *tag = read.tag;
    }
    return status;
}

apr_status_t rest_condition_write(rest_run_t *run)
{
    const char *match = app_request_header(run->call->r, "If-Match");
    const char *none_match = app_request_header(run->call->r, "If-None-Match");
    rest_tag_t tag;
    apr_status_t status;

    match = match && rest_tag_is_any(match) ? NULL : match;
    none_match = none_match && rest_tag_is_any(none_match) ? NULL : none_match;
    if (!match && !none_match) {
        return APR_SUCCESS; /* the number of rows will tell */
    }
    if (run->plan->routine) {
        return refuse(run, "What a function will do has no tag to compare.",
                      "Leave If-Match and If-None-Match out.");
    }
    if ((status = read_tag(&tag, run)) != APR_SUCCESS) {
        return status;
    }
    if (match && !rest_tag_listed(match, &tag, 0)) {
        return refuse_match(run);
    }
    return none_match && rest_tag_listed(none_match, &tag, 1)
               ? refuse(run, "If-None-Match has the tag of what is there now.", "Read it again.")
               : APR_SUCCESS;
}

/** Rows that were there before. */
static apr_int64_t rows_found(const rest_run_t *run)
{
    const rest_result_t *result = &run->result;

    switch (run->plan->action) {
    case REST_UPDATE:
    case REST_DELETE:
        return result->page;
    case REST_REPLACE:
        return result->page - (result->inserted > 0 ? result->inserted : 0);
    default:
        return run->plan->resolution == REST_RESOLUTION_MERGE && result->inserted >= 0
                   ? result->page - result->inserted : 0;
    }
}

apr_status_t rest_condition_written(const rest_run_t *run)
{
    const app_request_t *r = run->call->r;
    const char *none_match;

    if (!run->call->compares || run->plan->routine) {
        return APR_SUCCESS;
    }
    if (run->plan->action != REST_INSERT && app_request_header(r, "If-Match") &&
        !rows_found(run)) {
        return refuse_absent(run);
    }
    none_match = app_request_header(r, "If-None-Match");
    return none_match && rest_tag_is_any(none_match) && rows_found(run) > 0 ? refuse_present(run)
                                                                            : APR_SUCCESS;
}
