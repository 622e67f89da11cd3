/* SPDX-License-Identifier: Apache-2.0 */
/** What the files behind auth_api_key.h, and the commands, know of each other. */
#ifndef AUTH_API_KEY_INT_H
#define AUTH_API_KEY_INT_H

#include <openssl/evp.h>

#include "auth_api_key.h"

/* Text. Any thread.
 *
 *     mapp_4k7x0q9z1abc_8Ue…(43)…wD2k3JfQ
 *     |    |            |           |
 *     |    id           random      CRC-32 of all before it
 *     prefix
 */

#define AUTH_API_KEY_PREFIX   "mapp_"
#define AUTH_API_KEY_ID_LEN   12 /* of a-z and 0-9 */
#define AUTH_API_KEY_LEN      67
#define AUTH_API_KEY_HASH_LEN 32 /* bytes of SHA-256 */

/** The new key of that id. */
const char *auth_api_key_make(const char *id, apr_pool_t *p);

/** An id that no key has had. */
const char *auth_api_key_id(apr_pool_t *p);

/**
 * Reads the id out of what may be a key. Says nothing of whether the key is good.
 * @param pwhy what is wrong with it, for whoever sent it
 * @return APR_SUCCESS; APR_EINVAL
 */
apr_status_t auth_api_key_parse(char id[AUTH_API_KEY_ID_LEN + 1], const char **pwhy,
                                const char *text, apr_size_t len);

/** Whether a text is an id. */
int auth_api_key_is_id(const char *text, apr_size_t len);

/* Store. In a transaction of the caller. */

#define AUTH_API_KEY_NAME_MAX 200 /* bytes */

typedef struct auth_api_key_t {
    const char *id, *hash, *name;
    const char *user_id; /* NULL: nobody in particular */
    const char *role;    /* that requests act as; NULL: its user is gone */
    const char *scopes;  /* divided by blanks */
    apr_int64_t created_at, expires_at, used_at, revoked_at; /* 0: never */
    apr_int64_t disabled_at; /* the user; 0: not */
} auth_api_key_t;

/** As the only query of a transaction, which is over then. @return also APR_NOTFOUND */
apr_status_t auth_api_key_find(auth_api_key_t *key, app_tx_t *tx, const char *id,
                               app_error_t *err, apr_pool_t *p);

/**
 * Calls each() with every key, the oldest first.
 * @param user_id of that user alone; NULL: all
 */
typedef void auth_api_key_each_fn(void *ctx, const auth_api_key_t *key);
apr_status_t auth_api_key_each(app_tx_t *tx, const char *user_id, auth_api_key_each_fn *each,
                               void *ctx, app_error_t *err, apr_pool_t *p);

/** Adds a key. @param role "": its user's, whatever that is */
apr_status_t auth_api_key_insert(app_tx_t *tx, const auth_api_key_t *key, app_error_t *err,
                                 apr_pool_t *p);

/**
 * Revokes a key.
 * @param user_id only if it is that user's; NULL: whosever it is
 * @return APR_SUCCESS; APR_NOTFOUND: none that is not revoked yet
 */
apr_status_t auth_api_key_revoke(app_tx_t *tx, const char *id, const char *user_id,
                                 app_error_t *err, apr_pool_t *p);

/** Notes when a key was used, unless something later than a minute before stands there. */
apr_status_t auth_api_key_mark_used(app_tx_t *tx, const char *id, apr_int64_t used_at,
                                    app_error_t *err, apr_pool_t *p);

/** What app_audit is told of a key: its id, and of a new one what else is asked for. */
const char *auth_api_key_detail(const auth_api_key_t *key, apr_pool_t *p);

/**
 * Checks scopes and joins them: each a word of RFC 6749 3.3, in any number of texts.
 * @param pscopes divided by single blanks, without repeats
 */
apr_status_t auth_api_key_scopes(const char **pscopes, const apr_array_header_t *texts,
                                 app_error_t *err, apr_pool_t *p);

/* Cache. Any thread. */

/** A key as it was read: one block of memory that several requests and the cache may hold. */
typedef struct auth_api_record_t {
    apr_uint32_t  uses;       /* atomically */
    apr_uint32_t  generation; /* of the keys when it was read */
    apr_time_t    read_at;    /* when reading it began */
    int           asking;     /* 1: somebody reads it anew; atomically */
    apr_int64_t   used;       /* last time; atomically */
    apr_int64_t   stored;     /* what the database knows of that; atomically */
    apr_int64_t   expires_at; /* 0: never */
    int           revoked, disabled;
    const char   *role, *user, *claims;
    char          id[AUTH_API_KEY_ID_LEN + 1];
    unsigned char hash[AUTH_API_KEY_HASH_LEN];
} auth_api_record_t;

typedef struct auth_api_cache_t auth_api_cache_t;

apr_status_t auth_api_cache_create(auth_api_cache_t **pcache, app_error_t *err, apr_pool_t *p);

/** @return NULL: not there; else auth_api_record_release() is owed */
auth_api_record_t *auth_api_cache_get(auth_api_cache_t *cache, const char *id);

/** Puts a record in the place of an older one of the same key, or of another. */
void auth_api_cache_put(auth_api_cache_t *cache, auth_api_record_t *record);

/** Takes the record of a key out that there is no more. */
void auth_api_cache_drop(auth_api_cache_t *cache, const char *id);

/**
 * Records whose last use the database does not know to the minute.
 * @return how many; auth_api_record_release() is owed for each
 */
int auth_api_cache_used(auth_api_cache_t *cache, auth_api_record_t **records, int max);

/**
 * Makes a record of what was read.
 * @return NULL: it cannot be made of this; else auth_api_record_release() is owed
 */
auth_api_record_t *auth_api_record_make(const auth_api_key_t *key, apr_uint32_t generation,
                                        apr_time_t read_at, apr_pool_t *p);
void auth_api_record_release(auth_api_record_t *record);

/* Last use */

/** In configure(): adds the timer and the filter that write down when keys were used. */
void auth_api_keys_used_configure(auth_t *auth);

/** What the plugin's instance keeps of its keys. */
typedef struct auth_api_keys_t {
    app_shm_t        *shared; /* an apr_uint32_t: generation */
    auth_api_cache_t *cache;
    EVP_MD           *sha256; /* fetching it takes longer than using it */
    int               timed;  /* 1: the timer runs in this process; atomically */
} auth_api_keys_t;

#endif
