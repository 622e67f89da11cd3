/* SPDX-License-Identifier: Apache-2.0 */
/** What a request has cost, noted on its way by core and databases. Thread of the request. */
#include "apr_strings.h"

#include "app_core_int.h"

#define STATEMENT_MAX 2048 /* bytes of an SQL text that are told */

static void add_span(app_request_t *r, app_span_t span, const char *statement)
{
    app_figures_t *figures = &r->figures;

    if (figures->nspans < APP_SPANS) {
        if (statement && r->trace.sampled) {
            span.statement = apr_pstrndup(r->exchange->pool, statement, STATEMENT_MAX);
        }
        figures->spans[figures->nspans++] = span;
    }
}

apr_time_t app_request_spend(app_request_t *r, app_phase_e phase, apr_time_t begun,
                             const char *statement)
{
    apr_time_t now = apr_time_now();

    if (r && now > begun) { /* the clock may have been set back */
        r->figures.spent[phase] += now - begun;
        add_span(r, (app_span_t){ phase, begun, now - begun, NULL }, statement);
    }
    return now;
}

const app_figures_t *app_request_figures(const app_request_t *r)
{
    return &r->figures;
}

void app_request_route_set(app_request_t *r, const char *route)
{
    r->figures.route = route;
}

void app_request_rows_set(app_request_t *r, apr_int64_t rows)
{
    r->figures.rows = rows;
}

void app_figures_finish(app_request_t *r, const app_response_t *res)
{
    app_figures_t *figures = &r->figures;
    apr_time_t now = apr_time_now();

    figures->duration = now > figures->begun ? now - figures->begun : 0;
    figures->status = res->status;
    if (!figures->route) { /* a filter has answered, or refused */
        figures->route = app_route_name(r);
    }
}
