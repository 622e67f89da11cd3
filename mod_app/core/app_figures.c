/* SPDX-License-Identifier: Apache-2.0 */
/** What a request has cost, noted on its way by core and databases. Thread of the request. */
#include "app_core_int.h"

apr_time_t app_request_spend(app_request_t *r, app_phase_e phase, apr_time_t begun)
{
    apr_time_t now = apr_time_now();
    app_figures_t *figures;

    if (r && now > begun) { /* the clock may have been set back */
        figures = &r->figures;
        figures->spent[phase] += now - begun;
        if (figures->nspans < APP_SPANS) {
            figures->spans[figures->nspans++] = (app_span_t){ phase, begun, now - begun };
        }
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
