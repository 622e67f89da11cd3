/* SPDX-License-Identifier: Apache-2.0 */
/** Transactions on the accounts' tables; random texts and their hashes. Any thread. */
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "apr_encode.h"
#include "apr_escape.h"
#include "apr_strings.h"

#include "auth_int.h"

#define RANDOM_BYTES 32
#define HASH_BYTES   32
#define NO_TABLE     "42P01" /* or no right to its schema */

apr_status_t auth_begin(app_tx_t **ptx, auth_t *auth, app_request_t *r, int readonly,
                        app_error_t *err, apr_pool_t *p)
{
    const app_tx_options_t options = { .readonly = readonly != 0, .request = r };
    app_db_t *db = app_instance_db(auth->self);

    if (app_tx_begin(ptx, db, &options, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (app_db_kind(db) == APP_DB_PGSQL) {
        app_tx_set(*ptx, "search_path", "app");
    }
    return APR_SUCCESS;
}

app_value_t auth_text(const char *text)
{
    app_value_t value = { .type = text ? APP_VALUE_TEXT : APP_VALUE_NULL, .text = text };

    value.len = text ? strlen(text) : 0;
    return value;
}

app_value_t auth_int(apr_int64_t integer)
{
    return (app_value_t){ .type = APP_VALUE_INT, .integer = integer };
}

static app_sql_t *make_sql(const char *text, const app_value_t *params, int nparams,
                           apr_pool_t *p)
{
    app_sql_t *sql = apr_palloc(p, sizeof(*sql));

    sql->text = text;
    sql->params = apr_pmemdup(p, params, sizeof(*params) * (apr_size_t)nparams);
    sql->nparams = nparams;
    return sql;
}

/** A database without our tables is no mistake of who asks. */
static apr_status_t told(apr_status_t rv, app_error_t *err)
{
    if (rv == APR_SUCCESS || !err->code || strcmp(err->code, NO_TABLE) != 0) {
        return rv;
    }
    app_fail_code(err, NO_TABLE, 503, "The site's tables of accounts cannot be used");
    return app_log_only(err, "appctl migrate up makes them; on PostgreSQL the role of AppDatabase "
                             "also needs rights in their schema, app");
}

apr_status_t auth_execute(apr_int64_t *paffected, app_tx_t *tx, const char *sql,
                          const app_value_t *params, int nparams, app_error_t *err, apr_pool_t *p)
{
    return told(app_tx_execute(tx, make_sql(sql, params, nparams, p), paffected, err), err);
}

apr_status_t auth_query(app_rows_t **prows, app_tx_t *tx, const char *sql,
                        const app_value_t *params, int nparams, app_error_t *err, apr_pool_t *p)
{
    return told(app_tx_query(tx, make_sql(sql, params, nparams, p), 0, prows, err), err);
}

apr_int64_t auth_now(void)
{
    return apr_time_sec(apr_time_now());
}

/** Without randomness nothing here is safe, and OpenSSL does without it only when it is broken. */
void auth_random_bytes(unsigned char *bytes, apr_size_t size)
{
    if (RAND_bytes(bytes, (int)size) != 1) {
        abort();
    }
}

const char *auth_uuid(apr_pool_t *p)
{
    unsigned char bytes[16];
    const char *hex;

    auth_random_bytes(bytes, sizeof(bytes));
    bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
    hex = apr_pescape_hex(p, bytes, sizeof(bytes), 0);
    return apr_psprintf(p, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

const char *auth_random(const char *prefix, apr_pool_t *p)
{
    unsigned char bytes[RANDOM_BYTES];

    auth_random_bytes(bytes, sizeof(bytes));
    return apr_pstrcat(p, prefix,
                       apr_pencode_base64_binary(p, bytes, sizeof(bytes), APR_ENCODE_BASE64URL,
                                                 NULL), NULL);
}

const char *auth_hash(const char *text, apr_pool_t *p)
{
    unsigned char bytes[HASH_BYTES];

    EVP_Digest(text, strlen(text), bytes, NULL, EVP_sha256(), NULL);
    return apr_pescape_hex(p, bytes, sizeof(bytes), 0);
}

int auth_same(const char *a, const char *b)
{
    apr_size_t len = strlen(a);

    return len == strlen(b) && CRYPTO_memcmp(a, b, len) == 0;
}
