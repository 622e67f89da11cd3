/* SPDX-License-Identifier: Apache-2.0 */
/**
 * One snapshot for all processes of a site, in files of its state folder:
 *
 *     rest-KEY.image    the snapshot (rest_image.h)
 *     rest-KEY.load     locked by the process that reads the catalogue
 *     rest-KEY.listen   locked by the process that listens for changes (rest_listen.c)
 *
 * KEY is made of all that a snapshot depends on, and the user. Where there is no folder, each
 * process loads for itself. Any thread; called by rest_cache.c without its lock.
 */
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "apr_sha1.h"
#include "apr_strings.h"

#include "rest_cache.h"
#include "rest_image.h"

#define WAIT_MAX  apr_time_from_sec(10) /* for another process's load */
#define AHEAD_MAX apr_time_from_sec(10) /* an image from further in the future has a wrong date */
#define KEY_BYTES 10                    /* of the digest, in a file's name */
#define SWEEP_PAUSE apr_time_from_sec(86400)
#define UNUSED_MAX  (7 * SWEEP_PAUSE)   /* files of others that are older are taken away */

struct rest_share_t {
    rest_image_key_t key;
    const char      *folder;
    const char      *image, *load, *listen; /* NULL: nothing is shared */
    apr_time_t       since;
    apr_time_t       swept; /* when old files were looked for */
};

/** All that a snapshot depends on, besides the catalogue. */
static void make_key(rest_share_t *share, const rest_t *rest, apr_pool_t *p)
{
    const rest_conf_t *conf = app_instance_settings(rest->self);
    const apr_array_header_t *lists[] = { rest->spaces, conf->extra_search_path };
    apr_sha1_ctx_t context;
    app_buf_t buf;
    int i, j;

    app_buf_init(&buf, p, APR_SIZE_MAX / 2);
    app_buf_addf(&buf, "%s\n%ld\n", app_db_identity(app_instance_db(rest->self)),
                 (long)geteuid());
    app_buf_add_ident(&buf, conf->channel_enabled ? conf->channel : "");
    if (conf->db_config) {
        app_buf_addc(&buf, '\n');
        app_buf_add_ident(&buf, conf->pre_config ? conf->pre_config : "");
    }
    for (i = 0; i < 2; i++) {
        app_buf_addc(&buf, '\n');
        for (j = 0; lists[i] && j < lists[i]->nelts; j++) {
            app_buf_add_ident(&buf, APR_ARRAY_IDX(lists[i], j, const char *));
        }
    }
    apr_sha1_init(&context);
    apr_sha1_update(&context, buf.data, (unsigned int)buf.len);
    apr_sha1_final(share->key.digest, &context);
}

static const char *digits_of(const rest_share_t *share, apr_pool_t *p)
{
    char *digits = apr_palloc(p, 2 * KEY_BYTES + 1);
    int i;

    for (i = 0; i < KEY_BYTES; i++) {
        apr_snprintf(digits + 2 * i, 3, "%02x", share->key.digest[i]);
    }
    return digits;
}

static const char *path_of(const rest_share_t *share, const char *what, apr_pool_t *p)
{
    return apr_pstrcat(p, share->folder, "/rest-", digits_of(share, p), ".", what, NULL);
}

apr_status_t rest_share_start(rest_t *rest, apr_pool_t *p, app_error_t *err)
{
    const char *folder = app_instance_state_dir(rest->self);
    rest_share_t *share = apr_pcalloc(p, sizeof(*share));

    (void)err;
    rest->share = share;
    share->since = rest->configured_by == getpid() ? 0 : rest->configured;
    if (!folder || !app_instance_db(rest->self)) {
        return APR_SUCCESS;
    }
    make_key(share, rest, p);
    share->folder = apr_pstrdup(p, folder);
    share->image = path_of(share, "image", p);
    share->load = path_of(share, "load", p);
    share->listen = path_of(share, "listen", p);
    return APR_SUCCESS;
}

apr_time_t rest_share_since(const rest_t *rest)
{
    return rest->share->since;
}

int rest_share_find(rest_schema_t **pschema, const rest_t *rest, apr_time_t since)
{
    const rest_share_t *share = rest->share;
    rest_schema_t *schema;

    if (!share->image || rest_image_map(&schema, share->image, &share->key,
                                        app_instance_pool(rest->self)) != APR_SUCCESS) {
        return 0;
    }
    if (schema->loaded < since || schema->loaded > apr_time_now() + AHEAD_MAX) {
        rest_cache_release(schema);
        return 0;
    }
    *pschema = schema;
    return 1;
}

/* Loading */

/** A pool whose memory goes back when it is destroyed. */
static apr_status_t make_pool(apr_pool_t **pp, apr_pool_t *parent)
{
    apr_allocator_t *allocator;
    apr_status_t rv = apr_allocator_create(&allocator);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    apr_allocator_max_free_set(allocator, 1);
    rv = apr_pool_create_ex(pp, parent, NULL, allocator);
    if (rv != APR_SUCCESS) {
        apr_allocator_destroy(allocator);
        return rv;
    }
    apr_allocator_owner_set(allocator, *pp);
    return APR_SUCCESS;
}

/** A snapshot that holds what the database says of settings, and nothing else yet. */
static apr_status_t make_schema(rest_schema_t **pschema, rest_t *rest, app_error_t *err,
                                apr_pool_t *p)
{
    rest_role_setting_t *config;
    const rest_conf_t *conf;
    rest_schema_t *schema;

    if (rest_config_read(&config, rest, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    conf = rest_config_over(app_instance_settings(rest->self), config, p);
    schema = rest_schema_create(rest->dialect->kind,
                                conf->schemas && conf->schemas->nelts ? conf->schemas
                                                                      : rest->spaces, p);
    schema->config = config;
    schema->further = conf->extra_search_path;
    *pschema = schema;
    return APR_SUCCESS;
}

static apr_status_t read_catalogue(rest_schema_t *schema, rest_t *rest, app_error_t *err)
{
    const app_tx_options_t options = { .readonly = 1 }; /* goes on when this one client is gone */
    apr_status_t status;
    app_tx_t *tx;

    status = app_tx_begin(&tx, app_instance_db(rest->self), &options, err, schema->pool);
    if (status == APR_SUCCESS) {
        status = rest->dialect->load(schema, tx, err);
        app_tx_rollback(tx);
    }
    return status;
}

apr_status_t rest_share_load(rest_schema_t **pschema, rest_t *rest, app_request_t *r,
                             app_error_t *err)
{
    apr_time_t began = apr_time_now();
    rest_schema_t *schema;
    apr_status_t status;
    apr_pool_t *p;

    if (!app_instance_db(rest->self)) {
        return app_fail(err, APP_E_NO_DATABASE, NULL);
    }
    if (make_pool(&p, app_instance_pool(rest->self)) != APR_SUCCESS) {
        return app_fail(err, APP_E_INTERNAL, NULL);
    }
    status = make_schema(&schema, rest, err, p);
    if (status == APR_SUCCESS) {
        schema->loaded = began;
        status = read_catalogue(schema, rest, err);
    }
    if (status != APR_SUCCESS) {
        apr_pool_destroy(p);
        return status;
    }
    schema->took = apr_time_now() - began;
    app_log(APP_LOG_DEBUG, r, "APP1000", "schema snapshot loaded in %ld ms",
            (long)apr_time_as_msec(schema->took));
    if (schema->no_grants) {
        app_log(APP_LOG_WARNING, r, "APP1001",
                "the database has no table app_grants, so nothing is served: run appctl migrate");
    }
    *pschema = schema;
    return APR_SUCCESS;
}

static apr_status_t write_image(const rest_share_t *share, const rest_schema_t *schema)
{
    rest_packed_t packed;
    apr_status_t rv;
    apr_pool_t *p;

    rv = make_pool(&p, schema->pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = rest_image_pack(&packed, schema, &share->key, p);
    if (rv == APR_SUCCESS) {
        rv = rest_image_write(share->image, &packed, p);
    }
    apr_pool_destroy(p);
    return rv;
}

/** To the system: what a load has taken, a process may never need again. */
static void give_memory_back(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

/** The lock is held. */
static void sweep_locked(rest_share_t *share, apr_pool_t *parent)
{
    apr_time_t now = apr_time_now();
    apr_pool_t *p;

    if (now - share->swept > SWEEP_PAUSE && apr_pool_create(&p, parent) == APR_SUCCESS) {
        share->swept = now;
        rest_image_sweep(share->folder, digits_of(share, p), now - UNUSED_MAX, p);
        apr_pool_destroy(p);
    }
}

/** Makes a fresh snapshot the image, and takes that in its place: its memory is shared. */
static void share_fresh(rest_schema_t **pschema, const rest_t *rest, app_request_t *r)
{
    apr_status_t rv = write_image(rest->share, *pschema);
    rest_schema_t *shared;
    char why[120];

    if (rv != APR_SUCCESS) {
        app_log(APP_LOG_WARNING, r, "APP1110", "the schema snapshot cannot be shared: %s: %s",
                rest->share->image, apr_strerror(rv, why, sizeof(why)));
        return;
    }
    if (rest_share_find(&shared, rest, (*pschema)->loaded)) {
        rest_cache_release(*pschema);
        *pschema = shared;
        give_memory_back();
    }
}

apr_status_t rest_share_get(rest_schema_t **pschema, rest_t *rest, apr_time_t since, int patient,
                            app_request_t *r, app_error_t *err)
{
    const rest_share_t *share = rest->share;
    apr_status_t status;
    int lock = -1;

    if (rest_share_find(pschema, rest, since)) {
        return APR_SUCCESS;
    }
    status = share->image ? rest_image_lock(&lock, share->load, patient ? WAIT_MAX : 0)
                          : APR_SUCCESS;
    if (APR_STATUS_IS_TIMEUP(status) && !patient) {
        return APR_TIMEUP;
    }
    if (lock >= 0 && rest_share_find(pschema, rest, since)) {
        rest_image_unlock(lock); /* that of the process that had the lock before */
        return APR_SUCCESS;
    }
    status = rest_share_load(pschema, rest, r, err);
    if (lock >= 0) {
        if (status == APR_SUCCESS) {
            share_fresh(pschema, rest, r);
            sweep_locked(rest->share, app_instance_pool(rest->self));
        }
        rest_image_unlock(lock);
    }
    return status;
}

/* Who listens */

int rest_share_is_listened(const rest_t *rest)
{
    return rest->share->listen && rest_image_is_locked(rest->share->listen);
}

int rest_share_listen(int *plock, const rest_t *rest)
{
    return rest->share->listen &&
           rest_image_lock(plock, rest->share->listen, 0) == APR_SUCCESS;
}

void rest_share_listen_end(int lock)
{
    rest_image_unlock(lock);
}
