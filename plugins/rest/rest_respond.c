/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Step 5 of a request: status and headers from what is known of the rows. Thread of the request.
 */
#include "apr_strings.h"

#include "rest_int.h"

static const char *number(apr_int64_t value, apr_pool_t *p)
{
    return value < 0 ? "*" : apr_psprintf(p, "%" APR_INT64_T_FMT, value);
}

/**
 * "0-9/100", "0-9/" with "*" if the total was not asked for, and "*" with the total if there is no
 * row.
 */
static const char *read_range(const rest_plan_t *plan, const rest_result_t *result, apr_pool_t *p)
{
    const char *total = number(result->total, p);

    if (result->page == 0 || result->total == 0) {
        return apr_pstrcat(p, "*/", total, NULL);
    }
    return apr_psprintf(p, "%" APR_INT64_T_FMT "-%" APR_INT64_T_FMT "/%s", plan->root.offset,
                        plan->root.offset + result->page - 1, total);
}

/** An offset past the end: an error that still says how many rows there are. */
static apr_status_t refuse_offset(const rest_call_t *call, const rest_plan_t *plan,
                                  const rest_result_t *result, app_error_t *err, apr_pool_t *p)
{
    app_fail(err, APP_E_RANGE, NULL);
    app_details(err, "An offset of %s was requested, but there are only %s rows.",
                number(plan->root.offset, p), number(result->total, p));
    app_response_error(call->res, err);
    app_response_header(call->res, "Content-Range", read_range(plan, result, p));
    return REST_ANSWERED;
}

static apr_status_t refuse_single(const rest_result_t *result, app_error_t *err)
{
    app_fail(err, APP_E_NOT_SINGULAR, NULL);
    return app_details(err, "The result contains %" APR_INT64_T_FMT " rows", result->page);
}

static void add_common(const rest_call_t *call, const rest_plan_t *plan, int has_body,
                       apr_pool_t *p)
{
    const char *applied =
        rest_prefer_applied(&call->request->prefer, plan->action == REST_READ, p);

    app_response_header(call->res, "Vary", "Accept, Prefer, Range");
    if (applied) {
        app_response_header(call->res, "Preference-Applied", applied);
    }
    if (has_body) {
        app_response_type(call->res, rest_media_type(plan->type, p));
        if (call->profiled) {
            app_response_header(call->res, "Content-Profile", call->request->space);
        }
    }
}

static apr_status_t respond_read(const rest_call_t *call, const rest_plan_t *plan,
                                 const rest_result_t *result, app_error_t *err, apr_pool_t *p)
{
    const char *path = apr_pstrcat(p, "/", app_url_encode(call->request->relation, p), NULL);

    if (result->total >= 0 && plan->root.offset > result->total) {
        return refuse_offset(call, plan, result, err, p);
    }
    if (plan->single && result->page != 1) {
        return refuse_single(result, err);
    }
    app_response_status(call->res, result->total > result->page ? 206 : 200);
    app_response_header(call->res, "Content-Range", read_range(plan, result, p));
    app_response_header(call->res, "Content-Location",
                        rest_query_location(call->request->query, path, p));
    add_common(call, plan, 1, p);
    return APR_SUCCESS;
}

static apr_status_t respond_insert(const rest_call_t *call, const rest_plan_t *plan,
                                   const rest_result_t *result, apr_pool_t *p)
{
    const char *path = app_url_encode(call->request->relation, p);

    app_response_status(call->res, 201);
    app_response_header(call->res, "Content-Range",
                        apr_pstrcat(p, "*/", plan->total ? number(result->page, p) : "*", NULL));
    if (result->location && result->page == 1) {
        app_response_header(call->res, "Location",
                            apr_pstrcat(p, "/", path, "?", result->location, NULL));
    }
    add_common(call, plan, plan->rows, p);
    return APR_SUCCESS;
}

apr_status_t rest_respond_head(const rest_call_t *call, const rest_plan_t *plan,
                               const rest_result_t *result, app_error_t *err, apr_pool_t *p)
{
    apr_status_t status;

    rest_timing_end(call->timing, REST_STEP_TRANSACTION);
    status = plan->action == REST_READ ? respond_read(call, plan, result, err, p)
                                       : respond_insert(call, plan, result, p);
    rest_timing_end(call->timing, REST_STEP_RESPONSE);
    rest_timing_respond(call->timing, call->res, p);
    return status;
}

apr_status_t rest_respond_check_single(const rest_plan_t *plan, const rest_result_t *result,
                                       app_error_t *err)
{
    return plan->single && result->page != 1 ? refuse_single(result, err) : APR_SUCCESS;
}
