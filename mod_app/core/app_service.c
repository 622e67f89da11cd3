/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What one plugin of a site offers to the others. Offered while the site is made, by one thread;
 * only looked at afterwards.
 */
#include "app_core_int.h"

void app_service_offer(app_instance_t *self, const char *name, const void *service)
{
    app_offer_t *offer;

    if (!self->configuring) {
        app_log(APP_LOG_ERROR, NULL, "APP0009",
                "plugin %s: services can be offered in configure() only", self->plugin->name);
        return;
    }
    offer = apr_array_push(self->site->offers);
    offer->name = name;
    offer->service = service;
    offer->owner = self;
}

const void *app_service_find(const app_instance_t *self, const char *name,
                             app_instance_t **powner)
{
    const apr_array_header_t *offers = self->site->offers;
    int i;

    for (i = 0; i < offers->nelts; i++) {
        const app_offer_t *offer = &APR_ARRAY_IDX(offers, i, app_offer_t);

        if (strcmp(offer->name, name) == 0) {
            *powner = offer->owner;
            return offer->service;
        }
    }
    return NULL;
}
