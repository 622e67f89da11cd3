/* SPDX-License-Identifier: Apache-2.0 */
/** What a plugin can ask about itself. */
#include "app_core_int.h"
#include "app_db_int.h"

const void *app_instance_settings(const app_instance_t *self)
{
    return self->values->data;
}

app_db_t *app_instance_db(const app_instance_t *self)
{
    return self->site->db;
}

apr_status_t app_instance_db_kind(const app_instance_t *self, app_db_kind_e *pkind)
{
    if (!self->site->db) {
        return APR_NOTFOUND;
    }
    *pkind = app_db_kind(self->site->db);
    return APR_SUCCESS;
}

const char *app_instance_state_dir(const app_instance_t *self)
{
    const app_host_t *host = self->site->core->host;
    const char *dir = app_site_core_conf(self->site)->state_dir;

    return dir || !host->state_dir ? dir : host->state_dir();
}

apr_pool_t *app_instance_pool(const app_instance_t *self)
{
    return self->pool;
}

void *app_instance_context(const app_instance_t *self)
{
    return self->context;
}

void app_instance_context_set(app_instance_t *self, void *context)
{
    self->context = context;
}
