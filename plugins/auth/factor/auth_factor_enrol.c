/* SPDX-License-Identifier: Apache-2.0 */
/** Endpoints: factors are listed, enrolled and unenrolled. Thread of the request. */
#include <string.h>

#include "auth_audit.h"
#include "auth_factor_int.h"
#include "auth_http.h"
#include "auth_redirect.h"
#include "auth_seal.h"
#include "auth_totp.h"

#define FACTORS_MAX 10
#define NAME_LENGTH 64
#define PLACE       "/auth/factors/"

apr_status_t auth_factors_get(app_instance_t *self, app_request_t *r, app_response_t *res,
                              app_error_t *err)
{
    auth_factor_request_t f;
    json_t *list = NULL;
    apr_status_t rv = auth_factor_begin(&f, self, r, 0, err);

    if (rv == APR_SUCCESS) {
        rv = auth_factor_end(&f, auth_factor_list(&list, f.tx, f.user.id, err, f.p), err);
    }
    return rv == APR_SUCCESS ? auth_answer_json(r, res, 200, json_incref(list), err) : rv;
}

/** What is being enrolled. */
typedef struct enrol_t {
    const char *id, *name, *issuer, *secret;
} enrol_t;

/** What the program shows the code under: the site's name. */
static const char *default_issuer(const auth_t *auth, apr_pool_t *p)
{
    const char *origin = auth_redirect_origin(auth->conf->mail.site_url, p);

    return auth->conf->mail.site_name ? auth->conf->mail.site_name
           : origin                   ? strstr(origin, "://") + 3
                                      : "mod_app";
}

static int is_label(const char *text)
{
    return !text || (strlen(text) <= NAME_LENGTH && !strpbrk(text, "\r\n:"));
}

static apr_status_t read_body(enrol_t *e, const auth_factor_request_t *f, app_error_t *err)
{
    const char *type;
    const json_t *body;

    if (auth_body_read(&body, f->r, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    type = auth_body_text(body, "factor_type");
    e->name = auth_body_text(body, "friendly_name");
    e->issuer = auth_body_text(body, "issuer");
    if (!type || strcmp(type, "totp") != 0) {
        return auth_fail(err, 400, "validation_failed", "factor_type must be totp");
    }
    if (!is_label(e->name) || !is_label(e->issuer)) {
        return auth_fail(err, 400, "validation_failed", "friendly_name and issuer are at most %d "
                         "bytes, without a colon", NAME_LENGTH);
    }
    e->issuer = e->issuer && *e->issuer ? e->issuer : default_issuer(f->auth, f->p);
    return APR_SUCCESS;
}

/** Those that were begun and never used make room; names are the user's means to tell the rest. */
static apr_status_t make_room(const enrol_t *e, auth_factor_request_t *f, app_error_t *err)
{
    const app_value_t params[] = { auth_text(f->user.id), auth_text(e->name) };
    apr_int64_t count = 0, same = 0;
    app_rows_t *rows;

    if (auth_execute(NULL, f->tx, "DELETE FROM app_factors WHERE user_id = $1"
                                  " AND verified_at IS NULL", params, 1, err, f->p) !=
            APR_SUCCESS ||
        auth_query(&rows, f->tx, "SELECT count(*), COALESCE(sum(CASE WHEN name = $2 THEN 1 ELSE 0"
                                 " END), 0) FROM app_factors WHERE user_id = $1", params, 2, err,
                   f->p) != APR_SUCCESS ||
        app_rows_next(rows, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    count = app_rows_int(rows, 0);
    same = app_rows_int(rows, 1);
    if (count >= FACTORS_MAX) {
        return auth_fail(err, 422, "too_many_enrolled_mfa_factors", "At most %d factors",
                         FACTORS_MAX);
    }
    return same ? auth_fail(err, 422, "mfa_factor_name_conflict",
                            "A factor of yours has that friendly_name")
                : APR_SUCCESS;
}

static apr_status_t store(enrol_t *e, auth_factor_request_t *f, app_error_t *err)
{
    const char *sealed;

    e->id = auth_uuid(f->p);
    e->secret = auth_totp_secret(f->p);
    if (auth_seal(&sealed, f->auth, auth_factor_seal_name(e->id, f->p), e->secret, err, f->p) !=
        APR_SUCCESS) {
        return APP_EFAIL;
    }
    const app_value_t row[] = { auth_text(e->id), auth_text(f->user.id), auth_text(e->name),
                                auth_text(sealed), auth_int(auth_now()) };

    return auth_execute(NULL, f->tx, "INSERT INTO app_factors"
                                     " (id, user_id, name, secret, created_at)"
                                     " VALUES ($1, $2, $3, $4, $5)", row, 5, err, f->p);
}

/** The one answer that ever shows the secret. */
static json_t *enrolled_json(const enrol_t *e, const auth_factor_request_t *f)
{
    const char *account = f->user.email ? f->user.email : f->user.name;
    const char *uri = auth_totp_uri(e->issuer, account, e->secret, f->p);
    json_t *json = json_object(), *totp = json_object();

    json_object_set_new(totp, "qr_code", json_string(auth_qr_svg(uri, f->p)));
    json_object_set_new(totp, "secret", json_string(e->secret));
    json_object_set_new(totp, "uri", json_string(uri));
    json_object_set_new(json, "id", json_string(e->id));
    json_object_set_new(json, "type", json_string("totp"));
    json_object_set_new(json, "friendly_name", json_string(e->name ? e->name : ""));
    json_object_set_new(json, "totp", totp);
    return json;
}

static apr_status_t enrol(enrol_t *e, auth_factor_request_t *f, app_error_t *err)
{
    const auth_event_t event = { .name = "factor_enrolled", .user_id = f->user.id,
                                 .session_id = f->caller.session_id };

    if (auth_factor_need_fresh(f, err) != APR_SUCCESS || read_body(e, f, err) != APR_SUCCESS ||
        make_room(e, f, err) != APR_SUCCESS || store(e, f, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    auth_audit(f->auth, f->tx, f->r, &event);
    return APR_SUCCESS;
}

apr_status_t auth_factors_post(app_instance_t *self, app_request_t *r, app_response_t *res,
                               app_error_t *err)
{
    auth_factor_request_t f;
    enrol_t e = { .id = NULL };
    apr_status_t rv = auth_factor_begin(&f, self, r, 0, err);

    if (rv == APR_SUCCESS) {
        rv = auth_factor_end(&f, enrol(&e, &f, err), err);
    }
    return rv == APR_SUCCESS ? auth_answer_json(r, res, 200, enrolled_json(&e, &f), err) : rv;
}

/** With the last factor the recovery codes go, too. */
static apr_status_t unenrol(auth_factor_t *factor, auth_factor_request_t *f, app_error_t *err)
{
    const char *id = app_request_path(f->r) + strlen(PLACE);
    const app_value_t params[] = { auth_text(id), auth_text(f->user.id) };
    const auth_event_t event = { .name = "factor_removed", .user_id = f->user.id,
                                 .session_id = f->caller.session_id };

    if (auth_factor_find(factor, f, id, err) != APR_SUCCESS ||
        (factor->verified_at && auth_factor_need_fresh(f, err) != APR_SUCCESS) ||
        auth_execute(NULL, f->tx, "DELETE FROM app_factors WHERE id = $1 AND user_id = $2", params,
                     2, err, f->p) != APR_SUCCESS ||
        auth_execute(NULL, f->tx, "DELETE FROM app_recovery_codes WHERE user_id = $1"
                                  " AND NOT EXISTS (SELECT 1 FROM app_factors WHERE user_id = $1"
                                  " AND verified_at IS NOT NULL)", params + 1, 1, err, f->p) !=
            APR_SUCCESS) {
        return APP_EFAIL;
    }
    auth_audit(f->auth, f->tx, f->r, &event);
    return APR_SUCCESS;
}

apr_status_t auth_factor_delete(app_instance_t *self, app_request_t *r, app_response_t *res,
                                app_error_t *err)
{
    auth_factor_request_t f;
    auth_factor_t factor;
    apr_status_t rv = auth_factor_begin(&f, self, r, 0, err);

    if (rv == APR_SUCCESS) {
        rv = auth_factor_end(&f, unenrol(&factor, &f, err), err);
    }
    return rv == APR_SUCCESS
               ? auth_answer_json(r, res, 200, json_pack("{s:s}", "id", factor.id), err)
               : rv;
}
