/* SPDX-License-Identifier: Apache-2.0 */
/**
 * OPTIONS, and the header Allow of what was refused with 405: which methods a relation, a function
 * or the root takes. Privileges do not count, only what is there. Called by rest.c; thread of the
 * request.
 */
#include "apr_strings.h"

#include "rest_int.h"

#define ALLOW_ROOT     "OPTIONS,GET,HEAD"
#define ALLOW_FUNCTION "OPTIONS,GET,HEAD,POST"
#define ALLOW_VOLATILE "OPTIONS,POST"

static const char *allow_relation(const rest_relation_t *relation, apr_pool_t *p)
{
    int put = relation->insertable && relation->updatable && relation->nkeys;

    return apr_pstrcat(p, "OPTIONS,GET,HEAD", relation->insertable ? ",POST" : "",
                       put ? ",PUT" : "", relation->updatable ? ",PATCH" : "",
                       relation->deletable ? ",DELETE" : "", NULL);
}

static const char *allow_routine(const rest_routine_t *routine)
{
    return routine->volatility == REST_VOLATILE ? ALLOW_VOLATILE : ALLOW_FUNCTION;
}

/* OPTIONS */

static apr_status_t find_allow(const char **pallow, const rest_request_t *request,
                               const rest_schema_t *schema, app_error_t *err)
{
    const rest_routine_t *routine = NULL;
    const rest_relation_t *relation;

    if (request->root) {
        *pallow = ALLOW_ROOT;
        return APR_SUCCESS;
    }
    if (request->action == REST_CALL) {
        if (rest_plan_find_routine(&routine, request, schema, err) != APR_SUCCESS) {
            return APP_EFAIL;
        }
        *pallow = allow_routine(routine);
        return APR_SUCCESS;
    }
    relation = rest_schema_relation(schema, request->space, request->relation);
    if (!relation) {
        return rest_plan_no_relation(request, schema, err);
    }
    *pallow = allow_relation(relation, err->pool);
    return APR_SUCCESS;
}

apr_status_t rest_options_answer(const rest_call_t *call, const rest_schema_t *schema,
                                 app_error_t *err)
{
    const char *allow = NULL;

    if (find_allow(&allow, call->request, schema, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    app_response_status(call->res, 200);
    app_response_header(call->res, "Allow", allow);
    app_response_header_add(call->res, "Vary", "Accept, Prefer, Range");
    rest_timing_end(call->timing, REST_STEP_RESPONSE);
    rest_timing_respond(call->timing, call->res, err->pool);
    return APR_SUCCESS;
}

/* 405 */

/** What some overload of that name takes. */
static const char *allow_any(const rest_routine_t *routine)
{
    for (; routine; routine = routine->next) {
        if (routine->volatility != REST_VOLATILE) {
            return ALLOW_FUNCTION;
        }
    }
    return ALLOW_VOLATILE;
}

void rest_options_refused(const rest_request_t *request, const rest_schema_t *schema,
                          app_error_t *err)
{
    const rest_relation_t *relation;
    const rest_routine_t *routine;

    if (request->root) {
        err->allow = ALLOW_ROOT;
    }
    else if (request->action == REST_CALL) {
        routine = schema ? rest_schema_routine(schema, request->space, request->relation) : NULL;
        err->allow = routine ? allow_any(routine) : ALLOW_FUNCTION;
    }
    else {
        relation = schema ? rest_schema_relation(schema, request->space, request->relation)
                          : NULL;
        err->allow = relation ? allow_relation(relation, err->pool)
                              : "OPTIONS,GET,HEAD,POST,PUT,PATCH,DELETE";
    }
}
