/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Endpoints: recovery codes, for who has lost the program that makes the others. Ten, shown once,
 * each good once. Thread of the request.
 */
#include "apr_encode.h"
#include "apr_lib.h"
#include "apr_strings.h"

#include "auth_audit.h"
#include "auth_factor_int.h"
#include "auth_http.h"

#define CODES      10
#define CODE_BYTES 10 /* 80 bits: a plain hash of one cannot be tried through */
#define CODE_CHARS 16

/** "abcd-efgh-ijkl-mnop", in base32. */
static const char *random_code(apr_pool_t *p)
{
    unsigned char bytes[CODE_BYTES];
    const char *text;
    char *c, *lower;

    auth_random_bytes(bytes, sizeof(bytes));
    text = apr_pencode_base32_binary(p, bytes, sizeof(bytes), APR_ENCODE_NOPADDING, NULL);
    lower = apr_psprintf(p, "%.4s-%.4s-%.4s-%.4s", text, text + 4, text + 8, text + 12);
    for (c = lower; *c; c++) {
        *c = (char)apr_tolower(*c);
    }
    return lower;
}

/** People write blanks, capitals or no dashes. */
static const char *hash_of(const char *code, const char *user_id, apr_pool_t *p)
{
    char plain[CODE_CHARS + 1];
    apr_size_t len = 0;

    for (; *code && len < CODE_CHARS; code++) {
        if (apr_isalnum(*code)) {
            plain[len++] = (char)apr_tolower(*code);
        }
    }
    plain[len] = '\0';
    return auth_hash(apr_pstrcat(p, user_id, "/", plain, NULL), p);
}

static apr_status_t make_codes(json_t *list, auth_factor_request_t *f, app_error_t *err)
{
    app_value_t params[2] = { auth_text(f->user.id) };
    const auth_event_t event = { .name = "recovery_codes_made", .user_id = f->user.id,
                                 .session_id = f->caller.session_id };
    int i;

    if (!auth_factor_in_use(f->user.factors)) {
        return auth_fail(err, 422, "mfa_factor_not_found", "There is no factor to recover");
    }
    if (auth_factor_need_fresh(f, err) != APR_SUCCESS ||
        auth_execute(NULL, f->tx, "DELETE FROM app_recovery_codes WHERE user_id = $1", params, 1,
                     err, f->p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    for (i = 0; i < CODES; i++) {
        const char *code = random_code(f->p);

        json_array_append_new(list, json_string(code));
        params[1] = auth_text(hash_of(code, f->user.id, f->p));
        if (auth_execute(NULL, f->tx, "INSERT INTO app_recovery_codes (user_id, hash)"
                                      " VALUES ($1, $2)", params, 2, err, f->p) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    auth_audit(f->auth, f->tx, f->r, &event);
    return APR_SUCCESS;
}

apr_status_t auth_recovery_codes_post(app_instance_t *self, app_request_t *r, app_response_t *res,
                                      app_error_t *err)
{
    auth_factor_request_t f;
    json_t *list = app_json_own(app_request_pool(r), json_array());
    apr_status_t rv = auth_factor_begin(&f, self, r, 0, err);

    if (rv == APR_SUCCESS) {
        rv = auth_factor_end(&f, make_codes(list, &f, err), err);
    }
    return rv == APR_SUCCESS
               ? auth_answer_json(r, res, 200, json_pack("{s:O}", "recovery_codes", list), err)
               : rv;
}

/** As with other codes, whoever updates the row first has it. */
static apr_status_t take_code(auth_factor_request_t *f, app_error_t *err)
{
    apr_int64_t taken;
    const char *code;
    const json_t *body;

    if (auth_body_read(&body, f->r, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    code = auth_body_text(body, "code");
    if (!code) {
        return auth_fail(err, 400, "validation_failed", "code is missing");
    }
    const app_value_t params[] = { auth_text(f->user.id),
                                   auth_text(hash_of(code, f->user.id, f->p)),
                                   auth_int(auth_now()) };

    if (auth_execute(&taken, f->tx, "UPDATE app_recovery_codes SET used_at = $3"
                                    " WHERE user_id = $1 AND hash = $2 AND used_at IS NULL",
                     params, 3, err, f->p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return taken ? APR_SUCCESS
                 : auth_fail(err, 422, "mfa_verification_failed", "Invalid recovery code entered");
}

static apr_status_t recover(auth_session_t *session, auth_factor_request_t *f, app_error_t *err)
{
    const auth_event_t event = { .name = "recovery_code_used", .user_id = f->user.id,
                                 .session_id = f->caller.session_id };

    if (take_code(f, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    auth_audit(f->auth, f->tx, f->r, &event);
    return auth_session_raise(session, f->auth, f->tx, f->caller.session_id, &f->user,
                              "recovery_code", err, f->p);
}

apr_status_t auth_recovery_post(app_instance_t *self, app_request_t *r, app_response_t *res,
                                app_error_t *err)
{
    auth_factor_request_t f;
    auth_session_t session;
    apr_status_t rv = auth_factor_begin(&f, self, r, 1, err);

    if (rv == APR_SUCCESS) {
        rv = auth_factor_end(&f, recover(&session, &f, err), err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    auth_factor_passed(&f);
    return auth_session_answer(&session, f.auth, r, res, err);
}
