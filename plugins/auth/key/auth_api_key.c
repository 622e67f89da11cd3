/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Whom a key names (auth_api_key.h). What was read of a key is believed for a second; whoever
 * changes keys on this machine ends that at once with a number in shared memory. Thread of the
 * request, but for configure and start.
 */
#include <string.h>

#include <openssl/crypto.h>

#include "apr_strings.h"

#include "auth_api_key_int.h"
#include "auth_audit.h"
#include "auth_guard.h"

#define BELIEVED  APR_USEC_PER_SEC       /* after it was read */
#define TOLERATED (2 * APR_USEC_PER_SEC) /* while somebody reads it anew */

/** A key that a request has brought. */
typedef struct shown_t {
    char          id[AUTH_API_KEY_ID_LEN + 1];
    unsigned char hash[AUTH_API_KEY_HASH_LEN];
} shown_t;

/* Life */

void auth_api_keys_configure(auth_t *auth)
{
    auth->keys = apr_pcalloc(app_instance_pool(auth->self), sizeof(*auth->keys));
    auth->keys->shared = app_shm_declare(auth->self, "keys", sizeof(apr_uint32_t));
    auth_api_keys_used_configure(auth);
}

static apr_status_t forget_digest(void *digest)
{
    EVP_MD_free(digest);
    return APR_SUCCESS;
}

apr_status_t auth_api_keys_start(auth_t *auth, app_error_t *err, apr_pool_t *p)
{
    auth_api_keys_t *keys = auth->keys;

    keys->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (!keys->sha256) {
        return app_fail(err, APP_E_INTERNAL, "OpenSSL has no SHA-256");
    }
    apr_pool_cleanup_register(p, keys->sha256, forget_digest, apr_pool_cleanup_null);
    return auth_api_cache_create(&keys->cache, err, p);
}

static apr_uint32_t generation(const auth_t *auth)
{
    return __atomic_load_n((apr_uint32_t *)app_shm_base(auth->keys->shared), __ATOMIC_ACQUIRE);
}

void auth_api_keys_changed(auth_t *auth)
{
    __atomic_add_fetch((apr_uint32_t *)app_shm_base(auth->keys->shared), 1, __ATOMIC_ACQ_REL);
}

/* Refusing */

static apr_status_t refuse(app_error_t *err, const char *why)
{
    app_fail(err, APP_E_UNAUTHENTICATED, "%s", why);
    err->challenge = apr_psprintf(err->pool,
                                  "Bearer error=\"invalid_token\", error_description=\"%s\"", why);
    return APP_EFAIL;
}

/** A refusal of a key that is whole is worth knowing of: somebody has had it, or made it up. */
static apr_status_t refuse_key(auth_t *auth, app_request_t *r, const shown_t *shown,
                               const auth_api_record_t *record, app_error_t *err, const char *why)
{
    const auth_event_t event = {
        .name = "key_refused",
        .user_id = record ? record->user : NULL,
        .detail = apr_psprintf(app_request_pool(r), "{\"key_id\":\"%s\",\"why\":\"%s\"}",
                               shown->id, why)
    };

    auth_audit(auth, NULL, r, &event);
    return refuse(err, why);
}

/* Looking up */

static int is_shown(const auth_api_record_t *record, const shown_t *shown)
{
    return CRYPTO_memcmp(record->hash, shown->hash, sizeof(shown->hash)) == 0;
}

/**
 * Whether a record still holds. Of those who ask when a second has passed, one is sent to read it
 * anew, and the others go on with it meanwhile, but not for longer than another second.
 */
static int is_fresh(const auth_t *auth, auth_api_record_t *record)
{
    apr_interval_time_t age = apr_time_now() - record->read_at;
    int nobody = 0;

    if (record->generation != generation(auth) || age < 0 || age >= TOLERATED) {
        return 0;
    }
    return age < BELIEVED || !__atomic_compare_exchange_n(&record->asking, &nobody, 1, 0,
                                                          __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

/** @return APR_SUCCESS; APR_NOTFOUND; APP_EFAIL: the database could not be asked */
static apr_status_t read_record(auth_api_record_t **precord, auth_t *auth, app_request_t *r,
                                const char *id, app_error_t *err)
{
    apr_pool_t *p = app_request_pool(r);
    apr_uint32_t before = generation(auth); /* first: what changes from now on is not in it */
    apr_time_t begun = apr_time_now();
    auth_api_key_t key;
    apr_status_t rv;
    app_tx_t *tx;

    if (auth_begin(&tx, auth, r, 1, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    rv = auth_api_key_find(&key, tx, id, err, p);
    if (rv != APR_SUCCESS) {
        if (rv == APR_NOTFOUND) {
            auth_api_cache_drop(auth->keys->cache, id);
        }
        return rv;
    }
    *precord = auth_api_record_make(&key, before, begun, p);
    if (!*precord) {
        return app_fail(err, APP_E_INTERNAL, "The row of API key %s is broken", id);
    }
    auth_api_cache_put(auth->keys->cache, *precord);
    return APR_SUCCESS;
}

static apr_status_t release(void *record)
{
    auth_api_record_release(record);
    return APR_SUCCESS;
}

/** Has a record released with the request. */
static void own(auth_api_record_t *record, app_request_t *r)
{
    apr_pool_cleanup_register(app_request_pool(r), record, release, apr_pool_cleanup_null);
}

/**
 * Sees to it that a record is fresh.
 * @param precord what the cache has of the key, or NULL
 * @return APR_SUCCESS; APR_NOTFOUND; APP_EFAIL
 */
static apr_status_t refresh(auth_api_record_t **precord, auth_t *auth, app_request_t *r,
                            const shown_t *shown, app_error_t *err)
{
    apr_status_t rv;

    if (*precord && is_fresh(auth, *precord)) {
        return APR_SUCCESS;
    }
    rv = read_record(precord, auth, r, shown->id, err);
    if (rv == APR_SUCCESS) {
        own(*precord, r);
    }
    return rv;
}

/**
 * The record of a key that is genuine. Only who shows one that this process does not know already
 * has to pass the guard, so that those who guess do not shut out those who need not.
 */
static apr_status_t find_record(auth_api_record_t **precord, auth_t *auth, app_request_t *r,
                                const shown_t *shown, app_error_t *err)
{
    auth_api_record_t *record = auth_api_cache_get(auth->keys->cache, shown->id);
    int known = record && is_shown(record, shown);
    apr_status_t rv;

    if (record) {
        own(record, r);
    }
    if (!known && auth_guard_try(auth, NULL, r, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    rv = refresh(&record, auth, r, shown, err);
    if (rv == APR_NOTFOUND || (rv == APR_SUCCESS && !is_shown(record, shown))) {
        return refuse_key(auth, r, shown, NULL, err, "The API key is unknown");
    }
    if (!known) { /* a database that could not be asked is no failure of whoever asks, either */
        auth_guard_passed(auth, NULL, r);
    }
    *precord = record;
    return rv;
}

static apr_status_t check(auth_t *auth, app_request_t *r, const shown_t *shown,
                          const auth_api_record_t *record, app_error_t *err)
{
    if (record->revoked) {
        return refuse_key(auth, r, shown, record, err, "The API key has been revoked");
    }
    if (record->expires_at && record->expires_at <= auth_now()) {
        return refuse_key(auth, r, shown, record, err, "The API key has expired");
    }
    if (record->disabled) {
        return refuse_key(auth, r, shown, record, err, "The API key's user is disabled");
    }
    return APR_SUCCESS;
}

/** Notes a use; who comes in the same second as others leaves their memory alone. */
static void note_use(auth_api_record_t *record)
{
    apr_int64_t now = auth_now();

    if (__atomic_load_n(&record->used, __ATOMIC_RELAXED) != now) {
        __atomic_store_n(&record->used, now, __ATOMIC_RELAXED);
    }
}

/* The request */

/** @return NULL: the request brings none */
static const char *key_of(const app_request_t *r, const char *bearer)
{
    const char *header = app_request_header(r, "X-API-Key");

    if (header) {
        return header;
    }
    return bearer && strncmp(bearer, AUTH_API_KEY_PREFIX, sizeof(AUTH_API_KEY_PREFIX) - 1) == 0
               ? bearer
               : NULL;
}

apr_status_t auth_api_key_identify(app_identity_t *identity, auth_t *auth, app_request_t *r,
                                 app_error_t *err)
{
    const char *bearer = auth_bearer(r), *text = key_of(r, bearer), *why;
    auth_api_record_t *record = NULL;
    shown_t shown;

    if (!text) {
        return APP_NEXT;
    }
    if (bearer && text != bearer) {
        return app_fail(err, APP_E_BAD_REQUEST,
                        "X-API-Key and Authorization: Bearer name two who ask: send one of them");
    }
    if (auth_api_key_parse(shown.id, &why, text, strlen(text)) != APR_SUCCESS) {
        return refuse(err, why);
    }
    EVP_Digest(text, AUTH_API_KEY_LEN, shown.hash, NULL, auth->keys->sha256, NULL);
    if (find_record(&record, auth, r, &shown, err) != APR_SUCCESS ||
        check(auth, r, &shown, record, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    note_use(record);
    identity->method = "key";
    identity->role = record->role;
    identity->user = record->user;
    identity->claims = record->claims;
    return APR_SUCCESS;
}
