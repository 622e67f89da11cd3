/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The named places of filters and who stands in each. Plugins never chain: the core runs the
 * line.
 */
#include "app_core_int.h"

void app_filter_add(app_instance_t *self, app_place_e place, app_handler_fn *run)
{
    app_filter_t *filter;

    if (!self->configuring || (unsigned)place >= APP_PLACES_) {
        app_log(
            APP_LOG_ERROR, NULL, "APP0006",
            "plugin %s: filters can be added in configure() only, and only at a place that exists",
            self->plugin->name);
        return;
    }
    filter = apr_array_push(self->site->filters[place]);
    filter->instance = self;
    filter->run = run;
}

apr_status_t app_filter_run(app_place_e place, app_request_t *r, app_response_t *res,
                            app_error_t *err)
{
    const apr_array_header_t *filters = r->site->filters[place];
    int i;

    for (i = 0; i < filters->nelts; i++) {
        const app_filter_t *filter = &APR_ARRAY_IDX(filters, i, app_filter_t);
        apr_status_t rv = filter->run(filter->instance, r, res, err);

        /* Those who are told afterwards are all told, whatever one of them answers. */
        if (rv != APP_NEXT && place < APP_PLACE_AFTER) {
            return rv;
        }
    }
    return APP_NEXT;
}
