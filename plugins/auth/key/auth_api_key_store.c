/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The table app_api_keys. Of a key its SHA-256 is stored, and no slow hash as of a password: there
 * are 2^256 of them, each as likely as any other, so nobody finds one by trying, however fast.
 * Thread of the request, of a timer or a command.
 */
#include <string.h>

#include "apr_strings.h"

#include "auth_api_key_int.h"

#define SCOPES_MAX 1000 /* bytes */
#define MINUTE     60

/** A key without a role has that of its user. */
#define SELECT                                                                               \
    "SELECT k.id, k.hash, k.name, k.user_id, CASE WHEN k.role <> '' THEN k.role ELSE u.role" \
    " END, k.scopes, k.created_at, k.expires_at, k.used_at, k.revoked_at,"                   \
    " CASE WHEN k.user_id IS NOT NULL AND u.id IS NULL THEN 1 ELSE u.disabled_at END"        \
    " FROM app_api_keys k LEFT JOIN app_users u ON u.id = k.user_id "

/** Texts of a row, which live until the next one. */
static void read_row(auth_api_key_t *key, app_rows_t *rows)
{
    key->id = app_rows_text(rows, 0, NULL);
    key->hash = app_rows_text(rows, 1, NULL);
    key->name = app_rows_text(rows, 2, NULL);
    key->user_id = app_rows_text(rows, 3, NULL);
    key->role = app_rows_text(rows, 4, NULL);
    key->scopes = app_rows_text(rows, 5, NULL);
    key->created_at = app_rows_int(rows, 6);
    key->expires_at = app_rows_int(rows, 7);
    key->used_at = app_rows_int(rows, 8);
    key->revoked_at = app_rows_int(rows, 9);
    key->disabled_at = app_rows_int(rows, 10);
}

static void keep_texts(auth_api_key_t *key, apr_pool_t *p)
{
    key->id = apr_pstrdup(p, key->id);
    key->hash = apr_pstrdup(p, key->hash);
    key->name = apr_pstrdup(p, key->name);
    key->user_id = apr_pstrdup(p, key->user_id);
    key->role = apr_pstrdup(p, key->role);
    key->scopes = apr_pstrdup(p, key->scopes);
}

apr_status_t auth_api_key_find(auth_api_key_t *key, app_tx_t *tx, const char *id,
                               app_error_t *err, apr_pool_t *p)
{
    const app_value_t params[] = { auth_text(id) };
    const app_sql_t sql = { SELECT "WHERE k.id = $1", params, 1 };
    auth_api_key_t found;
    app_rows_t *rows;
    apr_status_t rv;

    if (app_tx_query(tx, &sql, APP_QUERY_LAST, &rows, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    rv = app_rows_next(rows, err);
    if (rv != APR_SUCCESS) {
        return rv == APR_EOF ? APR_NOTFOUND : rv;
    }
    read_row(&found, rows);
    keep_texts(&found, p);
    *key = found;
    return APR_SUCCESS;
}

apr_status_t auth_api_key_each(app_tx_t *tx, const char *user_id, auth_api_key_each_fn *each,
                               void *ctx, app_error_t *err, apr_pool_t *p)
{
    const app_value_t params[] = { auth_text(user_id ? user_id : "") };
    auth_api_key_t key;
    app_rows_t *rows;
    apr_status_t rv;

    if (auth_query(&rows, tx, SELECT "WHERE $1 = '' OR k.user_id = $1 ORDER BY k.created_at, k.id",
                   params, 1, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    while ((rv = app_rows_next(rows, err)) == APR_SUCCESS) {
        read_row(&key, rows);
        each(ctx, &key);
    }
    return rv == APR_EOF ? APR_SUCCESS : rv;
}

static app_value_t time_or_null(apr_int64_t seconds)
{
    return seconds ? auth_int(seconds) : auth_text(NULL);
}

apr_status_t auth_api_key_insert(app_tx_t *tx, const auth_api_key_t *key, app_error_t *err,
                                 apr_pool_t *p)
{
    const app_value_t params[] = { auth_text(key->id),         auth_text(key->hash),
                                   auth_text(key->name),       auth_text(key->user_id),
                                   auth_text(key->role),       auth_text(key->scopes),
                                   auth_int(key->created_at), time_or_null(key->expires_at) };

    return auth_execute(NULL, tx, "INSERT INTO app_api_keys (id, hash, name, user_id, role, scopes,"
                                  " created_at, expires_at)"
                                  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)", params, 8, err, p);
}

apr_status_t auth_api_key_revoke(app_tx_t *tx, const char *id, const char *user_id,
                                 app_error_t *err, apr_pool_t *p)
{
    const app_value_t params[] = { auth_text(id), auth_text(user_id ? user_id : ""),
                                   auth_int(auth_now()) };
    apr_int64_t changed = 0;

    if (auth_execute(&changed, tx, "UPDATE app_api_keys SET revoked_at = $3 WHERE id = $1 AND"
                                   " ($2 = '' OR user_id = $2) AND revoked_at IS NULL",
                     params, 3, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return changed ? APR_SUCCESS : APR_NOTFOUND;
}

apr_status_t auth_api_key_mark_used(app_tx_t *tx, const char *id, apr_int64_t used_at,
                                    app_error_t *err, apr_pool_t *p)
{
    const app_value_t params[] = { auth_text(id), auth_int(used_at), auth_int(used_at - MINUTE) };

    return auth_execute(NULL, tx, "UPDATE app_api_keys SET used_at = $2 WHERE id = $1 AND"
                                  " (used_at IS NULL OR used_at <= $3)", params, 3, err, p);
}

const char *auth_api_key_detail(const auth_api_key_t *key, apr_pool_t *p)
{
    app_buf_t detail;

    app_buf_init(&detail, p, 64 * 1024);
    app_buf_addf(&detail, "{\"key_id\":\"%s\"", key->id);
    if (key->name) {
        app_buf_adds(&detail, ",\"name\":");
        app_buf_add_json(&detail, key->name, strlen(key->name));
        app_buf_adds(&detail, ",\"role\":");
        app_buf_add_json(&detail, key->role, strlen(key->role));
        app_buf_adds(&detail, ",\"scope\":");
        app_buf_add_json(&detail, key->scopes, strlen(key->scopes));
    }
    app_buf_addc(&detail, '}');
    return detail.data;
}

/* Scopes */

/** %x21 / %x23-5B / %x5D-7E */
static int is_scope(const char *word)
{
    for (; *word; word++) {
        if (*word < 0x21 || *word > 0x7E || *word == '"' || *word == '\\') {
            return 0;
        }
    }
    return 1;
}

static int has_word(const char *words, const char *word)
{
    apr_size_t len = strlen(word);

    while (*words) {
        apr_size_t next = strcspn(words, " ");

        if (next == len && memcmp(words, word, len) == 0) {
            return 1;
        }
        words += next + strspn(words + next, " ");
    }
    return 0;
}

static apr_status_t add_words(app_buf_t *scopes, const char *text, app_error_t *err)
{
    char *rest = apr_pstrdup(err->pool, text), *state, *word;

    for (word = apr_strtok(rest, " ", &state); word; word = apr_strtok(NULL, " ", &state)) {
        if (!is_scope(word)) {
            app_fail(err, APP_E_BAD_REQUEST, "\"%s\" is no scope", word);
            return app_hint(err, "A scope has no blank, quote or backslash and is ASCII "
                                 "(RFC 6749 3.3)");
        }
        if (!has_word(scopes->data ? scopes->data : "", word)) {
            app_buf_adds(scopes, scopes->len ? " " : "");
            app_buf_adds(scopes, word);
        }
    }
    return app_buf_full(scopes)
               ? app_fail(err, APP_E_BAD_REQUEST, "Scopes are longer than %d bytes", SCOPES_MAX)
               : APR_SUCCESS;
}

apr_status_t auth_api_key_scopes(const char **pscopes, const apr_array_header_t *texts,
                                 app_error_t *err, apr_pool_t *p)
{
    app_buf_t scopes;
    int i;

    app_buf_init(&scopes, p, SCOPES_MAX);
    for (i = 0; i < texts->nelts; i++) {
        if (add_words(&scopes, APR_ARRAY_IDX(texts, i, const char *), err) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    *pscopes = scopes.data ? scopes.data : "";
    return APR_SUCCESS;
}
