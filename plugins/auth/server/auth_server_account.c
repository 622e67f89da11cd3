/* SPDX-License-Identifier: Apache-2.0 */
/** Accounts of those whom the server identifies (auth_server_account.h). Thread of the request. */
#include <string.h>

#include "apr_strings.h"

#include "auth_audit.h"
#include "auth_http.h"
#include "auth_profile.h"
#include "auth_server_account.h"

#define PREFIX    "server:" /* no name that people choose has a colon */
#define VALUE_MAX 256       /* bytes of a claim that an account keeps */

#define UPDATE "UPDATE app_users SET role = $2, app_data = $3, updated_at = $4 WHERE id = $1"

/** The same for the same user for ever: a UUID of a hash (RFC 9562 5.8). */
static const char *id_of(const char *user, apr_pool_t *p)
{
    const char *hash = auth_hash(apr_pstrcat(p, PREFIX, user, NULL), p);

    return apr_psprintf(p, "%.8s-%.4s-8%.3s-%c%.3s-%.12s", hash, hash + 8, hash + 13,
                        "89ab"[app_hex_digit(hash[16]) & 3], hash + 17, hash + 20);
}

/** The address, if whoever knows the user says that it was verified. */
static const char *email_of(const json_t *claims, apr_pool_t *p)
{
    const char *verified = json_string_value(json_object_get(claims, "email_verified"));
    const char *text = json_string_value(json_object_get(claims, "email"));
    app_error_t ignored = { .pool = p };
    const char *email = NULL;

    if (text && verified && (strcmp(verified, "1") == 0 || strcasecmp(verified, "true") == 0) &&
        auth_email_read(&email, text, &ignored, p) != APR_SUCCESS) {
        return NULL;
    }
    return email;
}

/** What is stored, with what the server says now; unchanged where that is too much. */
static const char *data_of(const json_t *claims, const char *stored, apr_pool_t *p)
{
    json_t *kept = json_object(), *data = app_json_own(p, json_object());
    app_error_t ignored = { .pool = p };
    const char *name, *text = stored;
    json_t *value;

    json_object_set_new(data, "provider", json_string("server"));
    json_object_set_new(data, "server", kept);
    json_object_foreach((json_t *)claims, name, value) {
        if (strcmp(name, "role") != 0 && json_string_length(value) <= VALUE_MAX) {
            json_object_set(kept, name, value);
        }
    }
    auth_profile_read(&text, data, stored, &ignored, p);
    return text;
}

/** @return as auth_user_add() */
static apr_status_t add(auth_user_t *user, app_tx_t *tx, const app_identity_t *identity,
                        const json_t *claims, app_error_t *err, apr_pool_t *p)
{
    apr_status_t rv;

    user->name = apr_pstrcat(p, PREFIX, identity->user, NULL);
    user->app_data = data_of(claims, "{}", p);
    user->email = email_of(claims, p);
    user->verified_at = user->email ? auth_now() : 0;
    rv = auth_user_add(user, tx, err, p);
    if (rv == APR_EEXIST && user->email) { /* the address is another account's */
        user->email = NULL;
        user->verified_at = 0;
        rv = auth_user_add(user, tx, err, p);
    }
    return rv;
}

/** Who has left the groups that ServerRoleMap knows must not keep the role that they gave. */
static const char *role_of(const auth_user_t *user, const auth_conf_t *conf,
                           const app_identity_t *identity)
{
    int mapped = conf->server_role_map && conf->server_role_map->nelts;

    return identity->role ? identity->role : mapped ? conf->user_role : user->role;
}

static apr_status_t update(auth_user_t *user, const auth_conf_t *conf, app_tx_t *tx,
                           const app_identity_t *identity, const json_t *claims, app_error_t *err,
                           apr_pool_t *p)
{
    const char *data = data_of(claims, user->app_data, p);
    const char *role = role_of(user, conf, identity);
    const app_value_t params[] = { auth_text(user->id), auth_text(role), auth_text(data),
                                   auth_int(auth_now()) };

    if (strcmp(role, user->role) == 0 && strcmp(data, user->app_data) == 0) {
        return APR_SUCCESS;
    }
    user->role = role;
    user->app_data = data;
    return auth_execute(NULL, tx, UPDATE, params, 4, err, p);
}

/** Another request may make the account at this moment; then its is taken. */
static apr_status_t make(auth_user_t *user, auth_t *auth, app_tx_t *tx,
                         const app_identity_t *identity, const json_t *claims, const char *id,
                         app_request_t *r, app_error_t *err, apr_pool_t *p)
{
    const auth_event_t event = { .name = "sign_up", .user_id = id };
    auth_user_t added = { .id = id,
                          .role = identity->role ? identity->role : auth->conf->user_role };
    apr_status_t rv = add(&added, tx, identity, claims, err, p);

    if (rv == APR_EEXIST) {
        rv = auth_user_find(user, tx, AUTH_USER_ID, id, err, p);
        return rv == APR_NOTFOUND ? auth_fail(err, 409, "conflict",
                                              "Another account has the name of this one")
                                  : rv;
    }
    if (rv == APR_SUCCESS) {
        *user = added;
        auth_audit(auth, tx, r, &event);
    }
    return rv;
}

apr_status_t auth_server_account(auth_user_t *user, auth_t *auth, app_tx_t *tx,
                                 const app_identity_t *identity, app_request_t *r,
                                 app_error_t *err, apr_pool_t *p)
{
    const char *id = id_of(identity->user, p);
    json_t *claims;
    apr_status_t rv;

    if (app_json_parse(identity->claims, strlen(identity->claims), &claims, err, p) !=
        APR_SUCCESS) {
        return APP_EFAIL;
    }
    rv = auth_user_find(user, tx, AUTH_USER_ID, id, err, p);
    if (rv == APR_NOTFOUND) {
        return make(user, auth, tx, identity, claims, id, r, err, p);
    }
    return rv == APR_SUCCESS ? update(user, auth->conf, tx, identity, claims, err, p) : rv;
}
