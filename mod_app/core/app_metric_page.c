/* SPDX-License-Identifier: Apache-2.0 */
/** /metrics: who may see it is the core's, what it says the plugin's. Thread of the request. */
#include "app_core_int.h"

static const app_offer_t *find_page(const app_site_t *site)
{
    int i;

    for (i = 0; i < site->offers->nelts; i++) {
        const app_offer_t *offer = &APR_ARRAY_IDX(site->offers, i, app_offer_t);

        if (strcmp(offer->name, APP_METRICS_PAGE) == 0) {
            return offer;
        }
    }
    return NULL;
}

apr_status_t app_metrics_answer(app_request_t *r, app_response_t *res, app_error_t *err)
{
    const app_offer_t *offer = find_page(r->site);

    if (!app_viewers_allow(r, res)) {
        app_fail(err, APP_E_FORBIDDEN, NULL);
        return app_hint(err, "AppDetailsFor names the addresses and roles that may see this.");
    }
    if (!r->is_head && strcmp(app_request_method(r), "GET") != 0) {
        app_fail(err, APP_E_METHOD, NULL);
        err->allow = "GET,HEAD";
        return APP_EFAIL;
    }
    if (strcmp(app_request_path(r), "/") != 0) {
        return app_fail(err, APP_E_NOT_FOUND, NULL);
    }
    if (!offer) {
        app_fail(err, APP_E_NOT_FOUND, NULL);
        return app_hint(err, "Nothing is counted here; add <AppPlugin metrics> to the settings.");
    }
    return ((const app_metrics_page_t *)offer->service)->answer(offer->owner, r, res, err);
}
