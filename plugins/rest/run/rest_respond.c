/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Step 5 of a request: status and headers from what is known of the rows, and what stands around
 * them in the body. Thread of the request.
 */
#include <string.h>

#include "apr_strings.h"

#include "rest_int.h"

#define LOCATION_MAX 4096
#define VARY         "Accept, Prefer, Range"

/* Around the rows */

static const char *header_line(const rest_plan_t *plan, apr_pool_t *p)
{
    const rest_out_t *out;
    app_buf_t buf;

    app_buf_init(&buf, p, APR_SIZE_MAX / 2);
    for (out = plan->root.out; out; out = out->next) {
        app_buf_adds(&buf, out->name);
        app_buf_addc(&buf, out->next ? ',' : '\n');
    }
    return buf.len ? buf.data : "\n";
}

void rest_frame(rest_frame_t *frame, const rest_plan_t *plan, apr_pool_t *p)
{
    *frame = (rest_frame_t){ "[", ",", "]", "[]" };
    if (plan->handler || plan->single || plan->bytes) {
        *frame = (rest_frame_t){ "", "", "", "" };
    }
    else if (plan->form == REST_MEDIA_CSV) {
        *frame = (rest_frame_t){ header_line(plan, p), "\n", "", "\n" };
    }
    else if (plan->form == REST_MEDIA_GEOJSON) {
        *frame = (rest_frame_t){ "{\"type\": \"FeatureCollection\", \"features\": [", ",", "]}",
                                 "{\"type\": \"FeatureCollection\", \"features\": []}" };
    }
    else if (plan->one) {
        *frame = (rest_frame_t){ "", "", "", "null" };
    }
}

/* Content-Range */

static const char *number(apr_int64_t value, apr_pool_t *p)
{
    return value < 0 ? "*" : apr_off_t_toa(p, (apr_off_t)value);
}

/**
 * "0-9/100", "0-9/" with "*" if the total was not asked for, and "*" with the total if there is no
 * row.
 */
static const char *range_of(apr_int64_t offset, apr_int64_t rows, apr_int64_t total, apr_pool_t *p)
{
    if (rows <= 0 || total == 0) {
        return apr_pstrcat(p, "*/", number(total, p), NULL);
    }
    return apr_pstrcat(p, number(offset, p), "-", number(offset + rows - 1, p), "/",
                       number(total, p), NULL);
}

/** Of a write the total is what it wrote, if a number was asked for that is known. */
static void add_write_range(const rest_call_t *call, const rest_plan_t *plan,
                            const rest_result_t *result, apr_pool_t *p)
{
    int counted = plan->count == REST_COUNT_EXACT || plan->count == REST_COUNT_ESTIMATED;
    apr_int64_t total = counted ? result->page : -1;

    if (plan->action == REST_REPLACE) {
        return;
    }
    app_response_header(call->res, "Content-Range",
                        range_of(0, plan->action == REST_UPDATE ? result->page : 0, total, p));
}

/** An offset past the end: an error that still says how many rows there are. */
static apr_status_t refuse_offset(const rest_call_t *call, const rest_plan_t *plan,
                                  const rest_result_t *result, app_error_t *err, apr_pool_t *p)
{
    app_fail(err, APP_E_RANGE, NULL);
    app_details(err, "An offset of %s was requested, but there are only %s rows.",
                number(plan->root.offset, p), number(result->total, p));
    app_response_error(call->res, err);
    app_response_header(call->res, "Content-Range", range_of(0, 0, result->total, p));
    return REST_ANSWERED;
}

apr_status_t rest_respond_check_single(const rest_plan_t *plan, const rest_result_t *result,
                                       app_error_t *err)
{
    if (!plan->single || result->page == 1) {
        return APR_SUCCESS;
    }
    app_fail(err, APP_E_NOT_SINGULAR, NULL);
    return app_details(err, "The result contains %" APR_INT64_T_FMT " rows", result->page);
}

/* Headers */

static const char *applied(const rest_call_t *call, const rest_plan_t *plan, apr_pool_t *p)
{
    const rest_prefer_t *prefer = &call->request->prefer;
    rest_action_e action = plan->action;
    const rest_applied_t which = {
        .resolution = action == REST_INSERT && plan->resolution != REST_RESOLUTION_NONE,
        .missing = action == REST_INSERT || action == REST_UPDATE,
        .representation = action != REST_READ && action != REST_CALL,
        .bound = prefer->handling == REST_HANDLING_STRICT &&
                 (action == REST_UPDATE || action == REST_DELETE || action == REST_CALL),
        .end = call->ending_chosen,
    };

    return rest_prefer_applied(prefer, &which, p);
}

static void add_common(const rest_call_t *call, const rest_plan_t *plan, int has_body,
                       apr_pool_t *p)
{
    const char *preferences = applied(call, plan, p);

    app_response_header_add(call->res, "Vary", VARY);
    if (preferences) {
        app_response_header(call->res, "Preference-Applied", preferences);
    }
    if (plan->warnings) {
        app_response_header(call->res, "Warning",
                            apr_psprintf(p, "299 PostgRESTv16.1 \"Embedded resource was referenced "
                                            "by relation name even though it has an alias. This "
                                            "is deprecated and will stop working in a future "
                                            "release. Update %s in query string filters, orders "
                                            "or limits.\"", plan->warnings));
    }
    if (has_body) {
        app_response_type(call->res, rest_media_type(plan->type, p));
        if (call->profiled) {
            app_response_header(call->res, "Content-Profile", call->request->space);
        }
    }
}

/** A long one is left out: hosts and proxies refuse an answer with a line of 8 KiB in its head. */
const char *rest_respond_location(const rest_call_t *call, apr_pool_t *p)
{
    const char *path = apr_pstrcat(p, "/", app_url_encode(call->request->relation, p), NULL);
    const char *location = rest_query_location(call->request->query, path, p);

    return strlen(location) <= LOCATION_MAX ? location : NULL;
}

static void add_location(const rest_call_t *call, apr_pool_t *p)
{
    const char *location = call->request->location;

    location = location ? location : rest_respond_location(call, p);
    if (location) {
        app_response_header(call->res, "Content-Location", location);
    }
}

static apr_status_t respond_read(const rest_call_t *call, const rest_plan_t *plan,
                                 const rest_result_t *result, app_error_t *err, apr_pool_t *p)
{
    if (result->total >= 0 && plan->root.offset > result->total) {
        return refuse_offset(call, plan, result, err, p);
    }
    app_response_status(call->res, plan->empty                     ? 204
                                   : result->unchanged            ? 304
                                   : result->total > result->page ? 206
                                                                  : 200);
    if (result->tag) {
        app_response_etag(call->res, result->tag);
    }
    app_response_header(call->res, "Content-Range",
                        range_of(plan->root.offset, result->page, result->total, p));
    if (plan->action == REST_READ) {
        add_location(call, p);
    }
    add_common(call, plan, !plan->empty, p);
    return APR_SUCCESS;
}

void rest_respond_unchanged(const rest_call_t *call, const char *tag, apr_pool_t *p)
{
    app_response_status(call->res, 304);
    app_response_etag(call->res, tag);
    app_response_header_add(call->res, "Vary", VARY);
    if (call->request->action == REST_READ) {
        add_location(call, p);
    }
    rest_timing_respond(call->timing, call->res, p);
}

static int write_status(const rest_plan_t *plan, const rest_result_t *result)
{
    switch (plan->action) {
    case REST_INSERT:
        return plan->resolution == REST_RESOLUTION_MERGE && result->inserted <= 0 ? 200 : 201;
    case REST_REPLACE:
        return !plan->rows ? 204 : result->inserted > 0 ? 201 : 200;
    default:
        return plan->rows ? 200 : 204;
    }
}

static apr_status_t respond_write(const rest_call_t *call, const rest_plan_t *plan,
                                  const rest_result_t *result, apr_pool_t *p)
{
    app_response_status(call->res, write_status(plan, result));
    add_write_range(call, plan, result, p);
    if (result->location && result->page == 1) {
        app_response_header(call->res, "Location",
                            apr_pstrcat(p, "/", app_url_encode(call->request->relation, p), "?",
                                        result->location, NULL));
    }
    add_common(call, plan, plan->rows, p);
    return APR_SUCCESS;
}

apr_status_t rest_respond_head(const rest_call_t *call, const rest_plan_t *plan,
                               const rest_result_t *result, app_error_t *err, apr_pool_t *p)
{
    apr_status_t status;

    rest_timing_end(call->timing, REST_STEP_TRANSACTION);
    status = plan->action == REST_READ || plan->action == REST_CALL
                 ? respond_read(call, plan, result, err, p)
                 : respond_write(call, plan, result, p);
    if (status == APR_SUCCESS) {
        status = rest_respond_settings(call->res, result->status, result->headers, err, p);
    }
    rest_timing_end(call->timing, REST_STEP_RESPONSE);
    rest_timing_respond(call->timing, call->res, p);
    return status;
}
