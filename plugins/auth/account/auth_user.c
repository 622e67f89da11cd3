/* SPDX-License-Identifier: Apache-2.0 */
/** Users, read and shown (auth_user.h). Thread of the request, or of a command. */
#include <string.h>

#include "apr_strings.h"

#include "auth_factor.h"
#include "auth_http.h"
#include "auth_mail.h"
#include "auth_user.h"

#define SELECT                                                                                 \
    "SELECT id, email, name, password, role, user_data, app_data, verified_at, disabled_at,"   \
    " created_at, updated_at, signed_in_at FROM app_users"

static const char *text(const app_rows_t *rows, int column, apr_pool_t *p)
{
    return apr_pstrdup(p, app_rows_text(rows, column, NULL));
}

static void read_row(auth_user_t *user, const app_rows_t *rows, apr_pool_t *p)
{
    user->id = text(rows, 0, p);
    user->email = text(rows, 1, p);
    user->name = text(rows, 2, p);
    user->password = text(rows, 3, p);
    user->role = text(rows, 4, p);
    user->user_data = text(rows, 5, p);
    user->app_data = text(rows, 6, p);
    user->verified_at = app_rows_int(rows, 7);
    user->disabled_at = app_rows_int(rows, 8);
    user->created_at = app_rows_int(rows, 9);
    user->updated_at = app_rows_int(rows, 10);
    user->signed_in_at = app_rows_int(rows, 11);
}

apr_status_t auth_user_find(auth_user_t *user, app_tx_t *tx, auth_user_key_e key,
                            const char *value, app_error_t *err, apr_pool_t *p)
{
    static const char *const sql[] = { [AUTH_USER_ID] = SELECT " WHERE id = $1",
                                       [AUTH_USER_EMAIL] = SELECT " WHERE email = $1",
                                       [AUTH_USER_NAME] = SELECT " WHERE name = $1" };
    const app_value_t params[] = { auth_text(key == AUTH_USER_ID ? value
                                                                : auth_lower(value, p)) };
    app_rows_t *rows;
    apr_status_t rv;

    if (auth_query(&rows, tx, sql[key], params, 1, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    rv = app_rows_next(rows, err);
    if (rv != APR_SUCCESS) {
        return rv == APR_EOF ? APR_NOTFOUND : rv;
    }
    read_row(user, rows, p);
    return auth_factor_list(&user->factors, tx, user->id, err, p);
}

int auth_user_must_verify(const auth_t *auth, const auth_user_t *user)
{
    return auth->conf->verify_email && user->email && !user->verified_at &&
           auth_mail_configured(auth);
}

/** An object that was stored as text; an empty one where it is none. A new reference. */
static json_t *object(const char *stored)
{
    json_t *json = json_loads(stored ? stored : "{}", 0, NULL);

    if (!json_is_object(json)) {
        json_decref(json);
        json = json_object();
    }
    return json;
}

static void set_text(json_t *json, const char *name, const char *value)
{
    json_object_set_new(json, name, value ? json_string(value) : json_null());
}

json_t *auth_user_json(const auth_user_t *user)
{
    json_t *json = json_object();

    set_text(json, "id", user->id);
    json_object_set_new(json, "aud", json_string("authenticated"));
    set_text(json, "role", user->role);
    json_object_set_new(json, "email", json_string(user->email ? user->email : ""));
    set_text(json, "name", user->name);
    json_object_set_new(json, "phone", json_string(""));
    json_object_set_new(json, "email_confirmed_at", auth_json_time(user->verified_at));
    json_object_set_new(json, "confirmed_at", auth_json_time(user->verified_at));
    json_object_set_new(json, "last_sign_in_at", auth_json_time(user->signed_in_at));
    json_object_set_new(json, "app_metadata", object(user->app_data));
    json_object_set_new(json, "user_metadata", object(user->user_data));
    json_object_set_new(json, "identities", json_array());
    if (json_array_size(user->factors)) {
        json_object_set(json, "factors", user->factors);
    }
    json_object_set_new(json, "created_at", auth_json_time(user->created_at));
    json_object_set_new(json, "updated_at", auth_json_time(user->updated_at));
    json_object_set_new(json, "is_anonymous", json_false());
    return json;
}
