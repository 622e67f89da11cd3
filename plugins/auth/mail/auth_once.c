/* SPDX-License-Identifier: Apache-2.0 */
/** One-time tokens in app_one_time_tokens. */
#include <string.h>

#include "apr_strings.h"

#include "auth_once.h"
#include "auth_seal.h"

#define CODE_TRIES 5
#define CODES      1000000u

/** Six random digits, each number as likely as the others. */
static const char *random_code(apr_pool_t *p)
{
    const unsigned limit = UINT32_MAX - UINT32_MAX % CODES;
    apr_uint32_t number;

    do {
        auth_random_bytes((unsigned char *)&number, sizeof(number));
    } while (number >= limit);
    return apr_psprintf(p, "%06u", number % CODES);
}

/** A code is short, so that only the key keeps who reads the database from trying them all. */
static apr_status_t hash_code(const char **phash, const auth_t *auth, const auth_once_t *what,
                              const char *code, app_error_t *err, apr_pool_t *p)
{
    return auth_seal_hash(phash, auth, apr_pstrcat(p, "code/", what->purpose, "/", what->email,
                                                   NULL), code, err, p);
}

static apr_int64_t lifetime(const auth_t *auth, const char *purpose)
{
    const auth_mail_conf_t *conf = &auth->conf->mail;

    return apr_time_sec(strcmp(purpose, "invite") == 0 ? conf->invite_lifetime
                                                       : conf->link_lifetime);
}

apr_status_t auth_once_make(const char **ptoken, const char **pcode, auth_t *auth, app_tx_t *tx,
                            const auth_once_t *what, app_error_t *err, apr_pool_t *p)
{
    const char *token = auth_random("", p), *code = random_code(p), *code_hash;
    const apr_int64_t now = auth_now();
    const app_value_t of[] = { auth_text(what->purpose), auth_text(what->user_id),
                               auth_text(what->email) };

    if (hash_code(&code_hash, auth, what, code, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    const app_value_t row[] = { auth_text(auth_hash(token, p)), of[0], of[1], of[2],
                                auth_text(code_hash), auth_int(now),
                                auth_int(now + lifetime(auth, what->purpose)) };

    if (auth_execute(NULL, tx, "DELETE FROM app_one_time_tokens WHERE purpose = $1"
                               " AND (user_id = $2 OR email = $3)", of, 3, err, p) !=
            APR_SUCCESS ||
        auth_execute(NULL, tx, "INSERT INTO app_one_time_tokens"
                               " (hash, purpose, user_id, email, code, created_at, expires_at)"
                               " VALUES ($1, $2, $3, $4, $5, $6, $7)", row, 7, err, p) !=
            APR_SUCCESS) {
        return APP_EFAIL;
    }
    *ptoken = token;
    *pcode = code;
    return APR_SUCCESS;
}

/** The purposes that a client's type stands for. */
static void purposes_of(app_value_t two[2], const char *type)
{
    int either = strcmp(type, "email") == 0;

    two[0] = auth_text(either ? "signup" : type);
    two[1] = auth_text(either ? "magiclink" : type);
}

static apr_status_t take(auth_once_t *what, app_tx_t *tx, const char *type, const char *hash,
                         app_error_t *err, apr_pool_t *p)
{
    app_value_t params[4] = { auth_text(hash) };
    app_rows_t *rows;
    apr_status_t rv;

    purposes_of(params + 1, type);
    params[3] = auth_int(auth_now());
    if (auth_query(&rows, tx, "DELETE FROM app_one_time_tokens WHERE hash = $1"
                              " AND purpose IN ($2, $3) AND expires_at > $4"
                              " RETURNING purpose, user_id, email", params, 4, err, p) !=
        APR_SUCCESS) {
        return APP_EFAIL;
    }
    rv = app_rows_next(rows, err);
    if (rv == APR_SUCCESS) {
        what->purpose = apr_pstrdup(p, app_rows_text(rows, 0, NULL));
        what->user_id = apr_pstrdup(p, app_rows_text(rows, 1, NULL));
        what->email = apr_pstrdup(p, app_rows_text(rows, 2, NULL));
    }
    return rv == APR_EOF ? APR_NOTFOUND : rv;
}

apr_status_t auth_once_take(auth_once_t *what, app_tx_t *tx, const char *type, const char *token,
                            app_error_t *err, apr_pool_t *p)
{
    return take(what, tx, type, auth_hash(token, p), err, p);
}

apr_status_t auth_once_take_code(auth_once_t *what, auth_t *auth, app_tx_t *tx, const char *type,
                                 const char *email, const char *code, app_error_t *err,
                                 apr_pool_t *p)
{
    app_value_t params[5] = { auth_text(email) };
    const char *found = NULL, *expected;
    auth_once_t asked = { .email = email };
    app_rows_t *rows;
    apr_status_t rv;

    purposes_of(params + 1, type);
    params[3] = auth_int(auth_now());
    params[4] = auth_int(CODE_TRIES);
    if (auth_query(&rows, tx, "UPDATE app_one_time_tokens SET tries = tries + 1 WHERE email = $1"
                              " AND purpose IN ($2, $3) AND expires_at > $4 AND tries < $5"
                              " RETURNING hash, purpose, code", params, 5, err, p) !=
        APR_SUCCESS) {
        return APP_EFAIL;
    }
    while ((rv = app_rows_next(rows, err)) == APR_SUCCESS) {
        asked.purpose = app_rows_text(rows, 1, NULL);
        if (hash_code(&expected, auth, &asked, code, err, p) != APR_SUCCESS) {
            return APP_EFAIL;
        }
        if (app_rows_text(rows, 2, NULL) && auth_same(app_rows_text(rows, 2, NULL), expected)) {
            found = apr_pstrdup(p, app_rows_text(rows, 0, NULL));
        }
    }
    if (rv != APR_EOF) {
        return rv;
    }
    return found ? take(what, tx, type, found, err, p) : APR_NOTFOUND;
}

apr_status_t auth_once_void(app_tx_t *tx, const char *user_id, app_error_t *err, apr_pool_t *p)
{
    const app_value_t params[] = { auth_text(user_id), auth_int(auth_now()) };

    if (auth_execute(NULL, tx, "DELETE FROM app_one_time_tokens WHERE user_id = $1", params, 1,
                     err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return auth_execute(NULL, tx, "UPDATE app_mails SET state = 'none', done_at = $2"
                                  " WHERE user_id = $1 AND state = 'waiting'", params, 2, err, p);
}
