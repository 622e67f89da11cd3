/* SPDX-License-Identifier: Apache-2.0 */
/** Requests that somebody else answers, as filters at their places see them. Their threads. */
#include "apr_strings.h"

#include "app_core_int.h"

static void run(app_place_e place, app_request_t *r)
{
    app_error_t err = { .pool = r->exchange->pool };
    app_response_t res;

    app_response_make(&res, r);
    if (r->site->core->running) {
        app_filter_run(place, r, &res, &err);
    }
}

int app_core_others(const app_site_t *site)
{
    return !apr_is_empty_array(site->filters[APP_PLACE_OTHER]);
}

app_request_t *app_core_other(app_site_t *site, const app_exchange_t *exchange)
{
    app_request_t *r = apr_palloc(exchange->pool, sizeof(*r));

    app_request_make(r, site, APP_ENTRY_API, exchange);
    run(APP_PLACE_OTHER, r);
    return r;
}

void app_core_other_end(app_request_t *r, int status, apr_int64_t bytes)
{
    app_figures_t *figures = &r->figures;
    apr_time_t now = apr_time_now();

    figures->duration = now > figures->begun ? now - figures->begun : 0;
    figures->status = status;
    figures->bytes_out = bytes;
    run(APP_PLACE_OTHER_AFTER, r);
}
