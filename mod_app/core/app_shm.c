/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Memory that all processes of a server share. Asked for while the configuration is read, given by
 * the host in app_core_share(). Each segment starts with a header:
 *
 *     +-----------------+------------------------+---------------------------+
 *     | ready (4 bytes) | lock                   | the bytes asked for       |
 *     +-----------------+------------------------+---------------------------+
 *     0                                          SHM_HEADER
 *
 * ready is 0 in fresh memory, 1 while somebody makes the lock, 2 from then on.
 */
#include "apr_strings.h"

#include "app_core_int.h"

typedef struct shm_header_t {
    apr_uint32_t ready;
    app_lock_t   lock;
} shm_header_t;

#define SHM_HEADER APR_ALIGN(sizeof(shm_header_t), 64)
#define SHM_WAIT   (5 * APR_USEC_PER_SEC)

enum { SHM_FRESH, SHM_MAKING, SHM_READY };

app_shm_t *app_shm_add(app_core_t *core, const char *key, apr_size_t size)
{
    app_shm_t *shm;
    int i;

    for (i = 0; i < core->shms->nelts; i++) {
        shm = APR_ARRAY_IDX(core->shms, i, app_shm_t *);
        if (shm->size == size && strcmp(shm->key, key) == 0) {
            return shm;
        }
    }
    shm = apr_pcalloc(core->pool, sizeof(*shm));
    shm->key = apr_pstrdup(core->pool, key);
    shm->size = size;
    APR_ARRAY_PUSH(core->shms, app_shm_t *) = shm;
    return shm;
}

app_shm_t *app_shm_declare(app_instance_t *self, const char *name, apr_size_t size)
{
    app_core_t *core = self->site->core;

    return app_shm_add(core,
                       apr_pstrcat(core->pool, self->site->name, "/", self->plugin->name, "/", name,
                                   NULL),
                       size);
}

static apr_status_t make_lock(shm_header_t *header)
{
    apr_time_t until = apr_time_now() + SHM_WAIT;
    apr_uint32_t fresh = SHM_FRESH;

    if (__atomic_compare_exchange_n(&header->ready, &fresh, SHM_MAKING, 0, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE)) {
        if (app_lock_init(&header->lock) != APR_SUCCESS) {
            return APR_EGENERAL;
        }
        __atomic_store_n(&header->ready, SHM_READY, __ATOMIC_RELEASE);
    }
    /* Somebody else is at it; one who died at it would never be done. */
    while (__atomic_load_n(&header->ready, __ATOMIC_ACQUIRE) != SHM_READY) {
        if (apr_time_now() > until) {
            return APR_TIMEUP;
        }
        apr_sleep(1000);
    }
    return APR_SUCCESS;
}

apr_status_t app_shm_share(app_core_t *core, app_error_t *err)
{
    int i;

    for (i = 0; i < core->shms->nelts; i++) {
        app_shm_t *shm = APR_ARRAY_IDX(core->shms, i, app_shm_t *);

        if (core->host->share(shm->key, SHM_HEADER + shm->size, &shm->base, core->pool, err) !=
            APR_SUCCESS) {
            return APP_EFAIL;
        }
        if (make_lock(shm->base) != APR_SUCCESS) {
            app_fail(err, APP_E_INTERNAL, "a lock for \"%s\" cannot be made in shared memory",
                     shm->key);
            return app_hint(err, "If AppStateDir is set, remove its app-shm- files and try again.");
        }
    }
    return APR_SUCCESS;
}

void *app_shm_base(const app_shm_t *shm)
{
    return shm->base ? (char *)shm->base + SHM_HEADER : NULL;
}

apr_status_t app_shm_try_lock(app_shm_t *shm)
{
    return app_lock_acquire(&((shm_header_t *)shm->base)->lock, 0, NULL);
}

apr_status_t app_shm_lock(app_shm_t *shm)
{
    apr_status_t rv = app_lock_acquire(&((shm_header_t *)shm->base)->lock, SHM_WAIT, NULL);

    return rv == APR_SUCCESS ? APR_SUCCESS : APR_EGENERAL;
}

void app_shm_unlock(app_shm_t *shm)
{
    app_lock_release(&((shm_header_t *)shm->base)->lock);
}
