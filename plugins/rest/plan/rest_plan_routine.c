/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Step 2 of a call: which of the functions of a name is meant, or what is said where there is none,
 * or several. Called by rest_plan_call.c and rest_options.c; thread of the request.
 */
#include <stdlib.h>

#include "rest_planner.h"

#define ROUTINES_MAX 1000 /* in larger schemas no similar name is searched */
#define LIKE_ENOUGH  0.75 /* of names that stand alone */

/* Names that arguments are given by */

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static int has_rows(const rest_body_t *body)
{
    return body->kind < REST_BODY_TEXT;
}

/** Sorted, each once. */
static apr_array_header_t *names_of(const rest_request_t *request, apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, 8, sizeof(const char *));
    const rest_given_t *given = request->options ? NULL : request->query->given;
    int i, kept = 0;

    for (i = 0; request->post && has_rows(request->body) && i < request->body->ncolumns; i++) {
        APR_ARRAY_PUSH(names, const char *) = request->body->columns[i];
    }
    for (; given; given = given->next) {
        APR_ARRAY_PUSH(names, const char *) = given->name;
    }
    qsort(names->elts, (apr_size_t)names->nelts, sizeof(const char *), compare_names);
    for (i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        if (!kept || strcmp(name, APR_ARRAY_IDX(names, kept - 1, const char *)) != 0) {
            APR_ARRAY_IDX(names, kept++, const char *) = name;
        }
    }
    names->nelts = kept;
    return names;
}

static const char *joined(const apr_array_header_t *names, apr_pool_t *p)
{
    app_buf_t buf;
    int i;

    app_buf_init(&buf, p, APR_SIZE_MAX / 2);
    for (i = 0; i < names->nelts; i++) {
        app_buf_adds(&buf, i ? ", " : "");
        app_buf_adds(&buf, APR_ARRAY_IDX(names, i, const char *));
    }
    return buf.data;
}

/* Which function */

typedef struct search_t {
    const rest_request_t     *request;
    const rest_schema_t      *schema;
    const apr_array_header_t *names;
    app_error_t              *err;
} search_t;

static int is_unnamed(const rest_routine_t *routine)
{
    return routine->nparams == 1 && !*routine->params[0].name;
}

/** The body is a value as it is: text, XML, bytes. */
static int is_raw(const rest_request_t *request)
{
    return request->post && !has_rows(request->body);
}

/** Whether all that it needs is given, and it takes all that is. */
static int takes_names(const rest_routine_t *routine, const search_t *search)
{
    const apr_array_header_t *names = search->names;
    int i, taken = 0;

    if (is_unnamed(routine) || (!routine->nparams && is_raw(search->request))) {
        return 0;
    }
    for (i = 0; i < routine->nparams; i++) {
        const rest_param_t *param = &routine->params[i];

        if (bsearch(&param->name, names->elts, (apr_size_t)names->nelts, sizeof(const char *),
                    compare_names)) {
            taken++;
        }
        else if (param->required) {
            return 0;
        }
    }
    return taken == names->nelts;
}

/** Whether its one argument without a name takes the whole body. */
static int takes_body(const rest_routine_t *routine, const search_t *search)
{
    static const char *const types[] = {
        [REST_BODY_JSON] = " json jsonb ", [REST_BODY_CSV] = "",  [REST_BODY_FORM] = "",
        [REST_BODY_TEXT] = " text ",       [REST_BODY_XML] = " xml ",
        [REST_BODY_BYTES] = " bytea blob ",
    };
    char type[16];

    if (!search->request->post || !is_unnamed(routine) ||
        strlen(routine->params[0].type) > sizeof(type) - 3) {
        return 0;
    }
    apr_snprintf(type, sizeof(type), " %s ", routine->params[0].type);
    return strcasestr(types[search->request->body->kind], type) != NULL;
}

typedef int takes_fn(const rest_routine_t *routine, const search_t *search);

/** The functions of which that is true. @return how many */
static int count_routines(const rest_routine_t **pfound, const rest_routine_t *routine,
                          takes_fn *takes, const search_t *search)
{
    int count = 0;

    for (; routine; routine = routine->next) {
        if (takes(routine, search)) {
            *pfound = routine;
            count++;
        }
    }
    return count;
}

/* What is said where there is none, or several */

/** The name of a function that is most like one that does not exist. */
static const char *similar_name(const search_t *search)
{
    const rest_space_t *space = rest_schema_space(search->schema, search->request->space);
    const char *best = NULL;
    double best_likeness = LIKE_ENOUGH;
    int i;

    for (i = 0; space && space->nroutines < ROUTINES_MAX && i < space->nroutines; i++) {
        double now = rest_schema_likeness(search->request->relation, space->routines[i]->name);

        if (now > best_likeness || (now == best_likeness && !best)) {
            best_likeness = now;
            best = space->routines[i]->name;
        }
    }
    return best;
}

static const char *sorted_params(const rest_routine_t *routine, apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, routine->nparams + 1, sizeof(const char *));
    int i;

    for (i = 0; i < routine->nparams; i++) {
        APR_ARRAY_PUSH(names, const char *) = routine->params[i].name;
    }
    qsort(names->elts, (apr_size_t)names->nelts, sizeof(const char *), compare_names);
    return joined(names, p);
}

/** The arguments of one of the functions of the name that are most like those given. */
static const char *similar_params(const rest_routine_t *routine, const char *given, apr_pool_t *p)
{
    double best_likeness = REST_LIKE_SOMEWHAT;
    const char *best = NULL;

    for (; routine; routine = routine->next) {
        const char *params = apr_pstrcat(p, "(", sorted_params(routine, p), ")", NULL);
        double now = rest_schema_likeness(given, params);

        if (now > best_likeness) {
            best_likeness = now;
            best = params;
        }
    }
    return best;
}

static apr_status_t hint_similar(const search_t *search, const rest_routine_t *known)
{
    const rest_request_t *request = search->request;
    app_error_t *err = search->err;
    const char *given = apr_pstrcat(err->pool, "(", joined(search->names, err->pool), ")", NULL);
    const char *similar = known ? similar_params(known, given, err->pool) : similar_name(search);

    if (!similar) {
        return APP_EFAIL;
    }
    return known ? app_hint(err, "Perhaps you meant to call the function %s.%s%s",
                            request->space, request->relation, similar)
                 : app_hint(err, "Perhaps you meant to call the function %s.%s", request->space,
                            similar);
}

/** " with parameters a, b", " without parameters" and so on: what was searched for. */
static const char *searched_for(const search_t *search)
{
    static const char *const raw[] = {
        [REST_BODY_TEXT] = " with a single unnamed text parameter",
        [REST_BODY_XML] = " with a single unnamed xml parameter",
        [REST_BODY_BYTES] = " with a single unnamed bytea parameter",
    };
    const rest_request_t *request = search->request;
    int count = search->names->nelts;

    if (is_raw(request)) {
        return raw[request->body->kind];
    }
    return apr_pstrcat(search->err->pool,
                       !count       ? " without parameters"
                       : count == 1 ? " with parameter "
                                    : " with parameters ",
                       joined(search->names, search->err->pool),
                       request->post && request->body->kind == REST_BODY_JSON
                           ? " or with a single unnamed json/jsonb parameter"
                           : "",
                       NULL);
}

static apr_status_t no_routine(const search_t *search, const rest_routine_t *known)
{
    const rest_request_t *request = search->request;
    app_error_t *err = search->err;
    const char *params = is_raw(request) ? ""
                         : search->names->nelts
                             ? apr_pstrcat(err->pool, "(", joined(search->names, err->pool), ")",
                                           NULL)
                             : " without parameters";

    app_fail(err, APP_E_FUNCTION, "Could not find the function %s.%s%s in the schema cache",
             request->space, request->relation, params);
    app_details(err,
                "Searched for the function %s.%s%s, but no matches were found in the schema cache.",
                request->space, request->relation, searched_for(search));
    return hint_similar(search, known);
}

/** "s.f(a => integer, b => text)" */
static const char *signature(const rest_routine_t *routine, apr_pool_t *p)
{
    const char *params = "";
    int i;

    for (i = 0; i < routine->nparams; i++) {
        params = apr_pstrcat(p, params, i ? ", " : "", routine->params[i].name, " => ",
                             routine->params[i].type, NULL);
    }
    return apr_pstrcat(p, routine->schema, ".", routine->name, "(", params, ")", NULL);
}

/** Fewest parameters first, then by comment, then by names and types. */
static int compare_candidates(const void *a, const void *b)
{
    const rest_routine_t *left = *(const rest_routine_t *const *)a;
    const rest_routine_t *right = *(const rest_routine_t *const *)b;
    int i, order = left->nparams - right->nparams;

    if (!order) {
        order = strcmp(left->comment ? left->comment : "", right->comment ? right->comment : "");
    }
    for (i = 0; i < left->nparams && !order; i++) {
        order = strcmp(left->params[i].name, right->params[i].name);
        if (!order) {
            order = strcmp(left->params[i].type, right->params[i].type);
        }
    }
    return order;
}

static apr_status_t several_routines(const search_t *search, const rest_routine_t *routine,
                                     takes_fn *takes)
{
    app_error_t *err = search->err;
    apr_array_header_t *found = apr_array_make(err->pool, 4, sizeof(const rest_routine_t *));
    const char *names = "";
    int i;

    for (; routine; routine = routine->next) {
        if (takes(routine, search)) {
            APR_ARRAY_PUSH(found, const rest_routine_t *) = routine;
        }
    }
    qsort(found->elts, (apr_size_t)found->nelts, sizeof(const rest_routine_t *),
          compare_candidates);
    for (i = 0; i < found->nelts; i++) {
        names = apr_pstrcat(err->pool, names, i ? ", " : "",
                            signature(APR_ARRAY_IDX(found, i, const rest_routine_t *), err->pool),
                            NULL);
    }
    app_fail(err, APP_E_AMBIGUOUS_FUNCTION,
             "Could not choose the best candidate function between: %s", names);
    return app_hint(err, "Try renaming the parameters or the function itself in the database so "
                         "function overloading can be resolved");
}

static apr_status_t choose(const rest_routine_t **proutine, const search_t *search)
{
    const rest_routine_t *first = rest_schema_routine(search->schema, search->request->space,
                                                      search->request->relation);
    const rest_routine_t *found = NULL;
    takes_fn *takes = takes_names;
    int count = count_routines(&found, first, takes, search);

    if (!count) {
        takes = takes_body;
        count = count_routines(&found, first, takes, search);
    }
    if (count != 1) {
        return count ? several_routines(search, first, takes) : no_routine(search, first);
    }
    *proutine = found;
    return APR_SUCCESS;
}

apr_status_t rest_plan_find_routine(const rest_routine_t **proutine,
                                    const rest_request_t *request, const rest_schema_t *schema,
                                    app_error_t *err)
{
    const search_t search = { request, schema, names_of(request, err->pool), err };

    return choose(proutine, &search);
}
