/* SPDX-License-Identifier: Apache-2.0 */
/** app_factors, and what the endpoints of factors share. Thread of the request. */
#include <string.h>

#include "apr_strings.h"

#include "auth_factor_int.h"
#include "auth_guard.h"
#include "auth_http.h"

#define DUE_TEXT "\"" AUTH_FACTOR_DUE "\":true"

static json_t *factor_json(app_rows_t *rows)
{
    apr_int64_t verified_at = app_rows_int(rows, 3);
    json_t *json = json_object();

    json_object_set_new(json, "id", json_string(app_rows_text(rows, 0, NULL)));
    json_object_set_new(json, "friendly_name", json_string(app_rows_text(rows, 1, NULL)));
    json_object_set_new(json, "factor_type", json_string("totp"));
    json_object_set_new(json, "status", json_string(verified_at ? "verified" : "unverified"));
    json_object_set_new(json, "created_at", auth_json_time(app_rows_int(rows, 2)));
    json_object_set_new(json, "updated_at",
                        auth_json_time(verified_at ? verified_at : app_rows_int(rows, 2)));
    return json;
}

apr_status_t auth_factor_list(json_t **pjson, app_tx_t *tx, const char *user_id, app_error_t *err,
                              apr_pool_t *p)
{
    const app_value_t id = auth_text(user_id);
    json_t *list = app_json_own(p, json_array());
    app_rows_t *rows;
    apr_status_t rv;

    if (auth_query(&rows, tx, "SELECT id, COALESCE(name, ''), created_at, verified_at"
                              " FROM app_factors WHERE user_id = $1 ORDER BY created_at, id", &id,
                   1, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    while ((rv = app_rows_next(rows, err)) == APR_SUCCESS) {
        json_array_append_new(list, factor_json(rows));
    }
    *pjson = list;
    return rv == APR_EOF ? APR_SUCCESS : rv;
}

int auth_factor_in_use(const json_t *list)
{
    apr_size_t i;
    json_t *factor;

    json_array_foreach(list, i, factor) {
        const char *status = json_string_value(json_object_get(factor, "status"));

        if (status && strcmp(status, "verified") == 0) {
            return 1;
        }
    }
    return 0;
}

apr_status_t auth_factor_need_level(const json_t *list, const char *level, app_error_t *err)
{
    if (!auth_factor_in_use(list) || (level && strcmp(level, AUTH_LEVEL_TWO) == 0)) {
        return APR_SUCCESS;
    }
    return auth_fail(err, 403, "insufficient_aal", "AAL2 required: prove the second factor first");
}

/** What does not need the second factor: proving it, signing in and out, looking who one is. */
static int is_open(const app_request_t *r)
{
    static const char *const paths[] = { "/auth/token",  "/auth/logout", "/auth/verify",
                                         "/auth/signup", "/auth/recover", "/auth/resend",
                                         "/auth/otp",    "/auth/magiclink", "/auth/factors" };
    const char *path = app_request_path(r);
    apr_size_t i;

    for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        if (strcmp(path, paths[i]) == 0) {
            return 1;
        }
    }
    return strncmp(path, "/auth/factors/", 14) == 0 ||
           strncmp(path, "/auth/.well-known/", 18) == 0 ||
           (strcmp(path, "/auth/user") == 0 && strcmp(app_request_method(r), "GET") == 0);
}

apr_status_t auth_factor_admit(const app_identity_t *identity, const app_request_t *r,
                               app_error_t *err)
{
    if (!identity->claims || !strstr(identity->claims, DUE_TEXT) || is_open(r)) {
        return APR_SUCCESS;
    }
    auth_fail(err, 403, "insufficient_aal", "The second factor has not been proved yet");
    return app_hint(err, "POST auth/factors/ID/verify with a code gives a token that is good.");
}

apr_status_t auth_factor_begin(auth_factor_request_t *f, app_instance_t *self, app_request_t *r,
                               int guarded, app_error_t *err)
{
    apr_status_t rv;

    *f = (auth_factor_request_t){ .auth = app_instance_context(self), .r = r,
                                  .p = app_request_pool(r) };
    if (auth_caller_read(&f->caller, f->auth, r, err) != APR_SUCCESS ||
        (guarded && auth_guard_try(f->auth, apr_pstrcat(f->p, "factor:", f->caller.user_id, NULL),
                                   r, err) != APR_SUCCESS) ||
        auth_begin(&f->tx, f->auth, r, 0, err, f->p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    rv = auth_user_find(&f->user, f->tx, AUTH_USER_ID, f->caller.user_id, err, f->p);
    if (rv == APR_NOTFOUND || (rv == APR_SUCCESS && f->user.disabled_at)) {
        rv = auth_fail(err, 403, "user_not_found", "The account of this token is gone");
    }
    if (rv != APR_SUCCESS) {
        app_tx_rollback(f->tx);
    }
    return rv;
}

apr_status_t auth_factor_end(auth_factor_request_t *f, apr_status_t rv, app_error_t *err)
{
    if (rv == APR_SUCCESS) {
        return app_tx_commit(f->tx, err);
    }
    app_tx_rollback(f->tx);
    return rv;
}

void auth_factor_passed(auth_factor_request_t *f)
{
    auth_guard_passed(f->auth, apr_pstrcat(f->p, "factor:", f->user.id, NULL), f->r);
}

apr_status_t auth_factor_need_proof(const auth_factor_request_t *f, app_error_t *err)
{
    return auth_factor_need_level(f->user.factors, f->caller.level, err);
}

apr_status_t auth_factor_need_fresh(const auth_factor_request_t *f, app_error_t *err)
{
    if (auth_factor_need_proof(f, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (auth_caller_is_fresh(&f->caller, f->auth)) {
        return APR_SUCCESS;
    }
    auth_fail(err, 400, "reauthentication_needed", "This needs a fresh sign-in");
    return app_hint(err, "Sign in anew.");
}

apr_status_t auth_factor_find(auth_factor_t *factor, auth_factor_request_t *f, const char *id,
                              app_error_t *err)
{
    const app_value_t params[] = { auth_text(id), auth_text(f->user.id) };
    app_rows_t *rows;
    apr_status_t rv;

    if (auth_query(&rows, f->tx, "SELECT id, name, secret, last_step, created_at, verified_at"
                                 " FROM app_factors WHERE id = $1 AND user_id = $2", params, 2, err,
                   f->p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    rv = app_rows_next(rows, err);
    if (rv == APR_EOF) {
        return auth_fail(err, 404, "mfa_factor_not_found", "Factor not found");
    }
    if (rv == APR_SUCCESS) {
        factor->id = apr_pstrdup(f->p, app_rows_text(rows, 0, NULL));
        factor->name = apr_pstrdup(f->p, app_rows_text(rows, 1, NULL));
        factor->secret = apr_pstrdup(f->p, app_rows_text(rows, 2, NULL));
        factor->last_step = app_rows_int(rows, 3);
        factor->created_at = app_rows_int(rows, 4);
        factor->verified_at = app_rows_int(rows, 5);
    }
    return rv;
}

const char *auth_factor_seal_name(const char *id, apr_pool_t *p)
{
    return apr_pstrcat(p, "factor/", id, NULL);
}
