/* SPDX-License-Identifier: Apache-2.0 */
/** Hashes of passwords (auth_hash.h), by libargon2 and crypt_r. Any thread. */
#include <string.h>

#include <argon2.h>
#include <crypt.h>
#include <openssl/rand.h>

#include "auth_hash.h"

#define SALT_BYTES 16
#define HASH_BYTES 32
#define TEXT_MAX   256
#define CRYPT_MAX  511 /* bytes of a password that crypt() takes */

/* What a hash from elsewhere may cost: an import must not stop the server. */
#define MEMORY_MAX (1024 * 1024) /* KiB */
#define PASSES_MAX 64
#define LANES_MAX  64
#define BCRYPT_MAX 16            /* 2^n rounds */
#define ROUNDS_MAX 5000000       /* of $5$ and $6$ */

/** Moves *pat behind prefix. @return 0: something else stands there */
static int skip(const char **pat, const char *prefix)
{
    apr_size_t len = strlen(prefix);

    if (strncmp(*pat, prefix, len) != 0) {
        return 0;
    }
    *pat += len;
    return 1;
}

/** A number without sign up to max, and *pat behind it. @return 0: there is none */
static int number(const char **pat, apr_uint32_t max, apr_uint32_t *pvalue)
{
    apr_size_t len = strspn(*pat, "0123456789");
    apr_int64_t value;

    if (len == 0 || len > 10 || app_int64_parse(*pat, len, &value) != APR_SUCCESS || value > max) {
        return 0;
    }
    *pat += len;
    *pvalue = (apr_uint32_t)value;
    return 1;
}

/** @param at behind "$argon2id$" */
static int read_cost(const char *at, auth_cost_t *cost)
{
    apr_uint32_t version;

    return skip(&at, "v=") && number(&at, 99, &version) && skip(&at, "$m=") &&
           number(&at, MEMORY_MAX, &cost->memory) && skip(&at, ",t=") &&
           number(&at, PASSES_MAX, &cost->passes) && skip(&at, ",p=") &&
           number(&at, LANES_MAX, &cost->lanes) && *at == '$';
}

/** Whether crypt() would do with it within seconds. */
static int is_cheap_crypt(const char *stored)
{
    const char *at = stored;
    apr_uint32_t n;

    if (skip(&at, "$2a$") || skip(&at, "$2b$") || skip(&at, "$2y$")) {
        return number(&at, BCRYPT_MAX, &n);
    }
    if (skip(&at, "$5$rounds=") || skip(&at, "$6$rounds=")) {
        return number(&at, ROUNDS_MAX, &n);
    }
    return skip(&at, "$1$") || skip(&at, "$5$") || skip(&at, "$6$") || skip(&at, "$y$") ||
           skip(&at, "$gy$") || skip(&at, "$7$");
}

auth_hash_kind_e auth_hash_kind(const char *stored, auth_cost_t *cost)
{
    static const struct {
        const char       *prefix;
        auth_hash_kind_e  kind;
    } kinds[] = { { "$argon2id$", AUTH_HASH_ARGON2ID },
                  { "$argon2i$", AUTH_HASH_ARGON2I },
                  { "$argon2d$", AUTH_HASH_ARGON2D } };
    apr_size_t i;
    const char *at = stored;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (skip(&at, kinds[i].prefix)) {
            return read_cost(at, cost) ? kinds[i].kind : AUTH_HASH_UNKNOWN;
        }
    }
    return is_cheap_crypt(stored) ? AUTH_HASH_CRYPT : AUTH_HASH_UNKNOWN;
}

const char *auth_hash_make(const char *password, const auth_cost_t *cost, apr_pool_t *p)
{
    unsigned char salt[SALT_BYTES];
    char *text = apr_palloc(p, TEXT_MAX);

    if (RAND_bytes(salt, sizeof(salt)) != 1 ||
        argon2id_hash_encoded(cost->passes, cost->memory, cost->lanes, password, strlen(password),
                              salt, sizeof(salt), HASH_BYTES, text, TEXT_MAX) != ARGON2_OK) {
        return NULL;
    }
    return text;
}

void auth_hash_burn(const char *password, const auth_cost_t *cost)
{
    static const unsigned char salt[SALT_BYTES] = "nobody's salt";
    unsigned char hash[HASH_BYTES];

    (void)argon2id_hash_raw(cost->passes, cost->memory, cost->lanes, password, strlen(password),
                            salt, sizeof(salt), hash, sizeof(hash));
}

static int crypt_matches(const char *password, const char *stored, apr_pool_t *p)
{
    struct crypt_data *data;
    const char *made;

    if (strlen(password) > CRYPT_MAX) {
        return 0;
    }
    data = apr_pcalloc(p, sizeof(*data));
    made = crypt_r(password, stored, data);
    return made && made[0] == '$' && auth_same(made, stored);
}

int auth_hash_matches(const char *password, const char *stored, auth_hash_kind_e kind,
                      apr_pool_t *p)
{
    switch (kind) {
    case AUTH_HASH_ARGON2ID:
        return argon2id_verify(stored, password, strlen(password)) == ARGON2_OK;
    case AUTH_HASH_ARGON2I:
        return argon2i_verify(stored, password, strlen(password)) == ARGON2_OK;
    case AUTH_HASH_ARGON2D:
        return argon2d_verify(stored, password, strlen(password)) == ARGON2_OK;
    case AUTH_HASH_CRYPT:
        return crypt_matches(password, stored, p);
    case AUTH_HASH_UNKNOWN:
        break;
    }
    return 0;
}
