/* SPDX-License-Identifier: Apache-2.0 */
/** Access tokens, and what they say. Thread of the request. */
#include <string.h>

#include "auth_factor.h"
#include "auth_session_int.h"
#include "auth_sign.h"

/* Where the site names none: what clients expect, and what tells our tokens from others'. */
#define AUDIENCE "authenticated"
#define ISSUER   "mod_app"

const char *auth_issuer(const auth_t *auth)
{
    return auth->conf->jwt_issuer ? auth->conf->jwt_issuer : ISSUER;
}

static void set_text(json_t *json, const char *name, const char *value)
{
    json_object_set_new(json, name, json_string(value ? value : ""));
}

static void set_object(json_t *json, const char *name, const char *stored)
{
    json_t *value = json_loads(stored, 0, NULL);

    json_object_set_new(json, name, value ? value : json_object());
}

static json_t *method(const char *name, apr_int64_t at)
{
    json_t *json = json_object();

    set_text(json, "method", name);
    json_object_set_new(json, "timestamp", json_integer(at));
    return json;
}

/** What proved the user. A second factor came last, with the refresh that raised the level. */
static json_t *methods(const auth_sign_in_t *sign_in)
{
    json_t *amr = json_array();

    json_array_append_new(amr, method(sign_in->method, sign_in->created_at));
    if (strcmp(sign_in->level, AUTH_LEVEL_TWO) == 0) {
        json_array_append_new(amr, method("totp", sign_in->created_at));
    }
    return amr;
}

static json_t *make_claims(const auth_t *auth, const auth_sign_in_t *sign_in,
                           const auth_user_t *user, apr_int64_t now, apr_int64_t expires,
                           apr_pool_t *p)
{
    json_t *claims = app_json_own(p, json_object());

    set_text(claims, "iss", auth_issuer(auth));
    set_text(claims, "aud", auth->conf->jwt_aud ? auth->conf->jwt_aud : AUDIENCE);
    set_text(claims, "sub", user->id);
    set_text(claims, "role", user->role);
    set_text(claims, "email", user->email);
    json_object_set_new(claims, "email_verified", json_boolean(user->verified_at != 0));
    set_text(claims, "session_id", sign_in->id);
    set_text(claims, "jti", auth_uuid(p));
    set_text(claims, "aal", sign_in->level);
    json_object_set_new(claims, "amr", methods(sign_in));
    if (auth->conf->second_factor == AUTH_FACTOR_REQUIRED &&
        strcmp(sign_in->level, AUTH_LEVEL_TWO) != 0 && auth_factor_in_use(user->factors)) {
        json_object_set_new(claims, AUTH_FACTOR_DUE, json_true());
    }
    json_object_set_new(claims, "iat", json_integer(now));
    json_object_set_new(claims, "exp", json_integer(expires));
    json_object_set_new(claims, "is_anonymous", json_false());
    set_object(claims, "app_metadata", user->app_data);
    set_object(claims, "user_metadata", user->user_data);
    return claims;
}

apr_status_t auth_session_token(auth_session_t *session, auth_t *auth,
                                const auth_sign_in_t *sign_in, const auth_user_t *user,
                                app_error_t *err, apr_pool_t *p)
{
    apr_int64_t now = auth_now(), expires = now + apr_time_sec(auth->conf->access_lifetime);

    if (expires > sign_in->expires_at) {
        expires = sign_in->expires_at;
    }
    session->id = sign_in->id;
    session->expires_at = expires;
    session->user = *user;
    return auth_sign(&session->access_token, auth->tokens,
                     make_claims(auth, sign_in, user, now, expires, p), err, p);
}
