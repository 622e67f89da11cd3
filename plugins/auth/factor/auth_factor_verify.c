/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Endpoints: POST factors/ID/challenge and factors/ID/verify. A challenge means nothing with codes
 * that depend on the time alone; clients ask for one, and get an id that is not looked at again.
 * Thread of the request.
 */
#include <string.h>

#include "apr_strings.h"

#include "auth_audit.h"
#include "auth_factor_int.h"
#include "auth_http.h"
#include "auth_seal.h"
#include "auth_totp.h"

#define PLACE             "/auth/factors/"
#define CHALLENGE_SECONDS 300

/** Splits what is behind "/auth/factors/" at its "/". @return what is behind that; NULL: none */
static const char *action_of(const char **pid, const app_request_t *r, apr_pool_t *p)
{
    const char *id = app_request_path(r) + strlen(PLACE);
    const char *slash = strchr(id, '/');

    *pid = slash ? apr_pstrndup(p, id, (apr_size_t)(slash - id)) : id;
    return slash ? slash + 1 : NULL;
}

static apr_status_t challenge(app_instance_t *self, const char *id, app_request_t *r,
                              app_response_t *res, app_error_t *err)
{
    auth_factor_request_t f;
    auth_factor_t factor;
    apr_status_t rv = auth_factor_begin(&f, self, r, 0, err);

    if (rv == APR_SUCCESS) {
        rv = auth_factor_end(&f, auth_factor_find(&factor, &f, id, err), err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    return auth_answer_json(r, res, 200,
                            json_pack("{s:s, s:s, s:I}", "id", auth_uuid(f.p), "type", "totp",
                                      "expires_at",
                                      (json_int_t)(auth_now() + CHALLENGE_SECONDS)), err);
}

static apr_status_t refuse(app_error_t *err)
{
    return auth_fail(err, 422, "mfa_verification_failed", "Invalid TOTP code entered");
}

/** Digits alone: programs show them in groups. */
static const char *digits_of(const char *text, apr_pool_t *p)
{
    char *digits = apr_pstrndup(p, text, 2 * AUTH_TOTP_DIGITS);

    apr_collapse_spaces(digits, digits);
    return digits;
}

/** The step is taken by whoever updates it first, so that a code is good once. */
static apr_status_t take_code(const auth_factor_t *factor, auth_factor_request_t *f,
                              const char *code, app_error_t *err)
{
    const char *secret;
    apr_int64_t step, taken;

    if (auth_unseal(&secret, f->auth, auth_factor_seal_name(factor->id, f->p), factor->secret, err,
                    f->p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    step = auth_totp_match(secret, digits_of(code, f->p), auth_now(), factor->last_step, f->p);
    if (!step) {
        return refuse(err);
    }
    const app_value_t params[] = { auth_text(factor->id), auth_int(step), auth_int(auth_now()) };

    if (auth_execute(&taken, f->tx, "UPDATE app_factors SET last_step = $2,"
                                    " verified_at = COALESCE(verified_at, $3)"
                                    " WHERE id = $1 AND last_step < $2", params, 3, err, f->p) !=
        APR_SUCCESS) {
        return APP_EFAIL;
    }
    return taken ? APR_SUCCESS : refuse(err);
}

/** Sessions that were opened before there was a second factor have not proved one. */
static apr_status_t activate(auth_factor_request_t *f, app_error_t *err)
{
    const auth_event_t event = { .name = "factor_activated", .user_id = f->user.id,
                                 .session_id = f->caller.session_id };

    auth_audit(f->auth, f->tx, f->r, &event);
    if (auth_factor_list(&f->user.factors, f->tx, f->user.id, err, f->p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return auth_session_end(f->auth, f->tx, f->user.id, f->caller.session_id,
                            AUTH_SESSIONS_OTHERS, err, f->p);
}

static apr_status_t prove(auth_session_t *session, auth_factor_request_t *f, const char *id,
                          app_error_t *err)
{
    auth_factor_t factor;
    const char *code;
    const json_t *body;

    if (auth_body_read(&body, f->r, err) != APR_SUCCESS ||
        auth_factor_find(&factor, f, id, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    code = auth_body_text(body, "code");
    if (!code) {
        return auth_fail(err, 400, "validation_failed", "code is missing");
    }
    if ((!factor.verified_at && auth_factor_need_proof(f, err) != APR_SUCCESS) ||
        take_code(&factor, f, code, err) != APR_SUCCESS ||
        (!factor.verified_at && activate(f, err) != APR_SUCCESS)) {
        return APP_EFAIL;
    }
    return auth_session_raise(session, f->auth, f->tx, f->caller.session_id, &f->user, "totp",
                              err, f->p);
}

static apr_status_t verify(app_instance_t *self, const char *id, app_request_t *r,
                           app_response_t *res, app_error_t *err)
{
    auth_factor_request_t f;
    auth_session_t session;
    apr_status_t rv = auth_factor_begin(&f, self, r, 1, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = auth_factor_end(&f, prove(&session, &f, id, err), err);
    if (rv != APR_SUCCESS) {
        const auth_event_t event = { .name = "factor_failed", .user_id = f.caller.user_id,
                                     .session_id = f.caller.session_id };

        auth_audit(f.auth, NULL, r, &event);
        return rv;
    }
    auth_factor_passed(&f);
    return auth_session_answer(&session, f.auth, r, res, err);
}

apr_status_t auth_factor_post(app_instance_t *self, app_request_t *r, app_response_t *res,
                              app_error_t *err)
{
    const char *id, *action = action_of(&id, r, app_request_pool(r));

    if (action && strcmp(action, "challenge") == 0) {
        return challenge(self, id, r, res, err);
    }
    if (action && strcmp(action, "verify") == 0) {
        return verify(self, id, r, res, err);
    }
    return app_fail(err, APP_E_NOT_FOUND, NULL);
}
