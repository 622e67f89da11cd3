/* SPDX-License-Identifier: Apache-2.0 */
/** Mails are asked for: a row in app_mails. Thread of the request, or of a command. */
#include "auth_mail_queue.h"
#include "auth_redirect.h"

#define HOUR        3600
#define MOST_WAITING 10000

int auth_mail_configured(const auth_t *auth)
{
    const auth_mail_conf_t *conf = &auth->conf->mail;

    return conf->site_url && conf->from && (conf->server || conf->spool);
}

static apr_status_t refuse(const auth_t *auth, app_error_t *err)
{
    int seconds = (int)apr_time_sec(auth->conf->mail.interval);

    app_fail_code(err, "over_email_send_rate_limit", 429,
                  "Too many mails to this address have been asked for");
    app_hint(err, "Try again in %d seconds.", seconds);
    err->retry_after = seconds;
    return APP_EFAIL;
}

/**
 * The row, unless there are too many: the slot, which is unique, holds also where many requests
 * come at once. Addresses that nobody has count alike.
 */
static apr_status_t put(apr_int64_t *pput, auth_t *auth, app_tx_t *tx, const char *purpose,
                        const char *user_id, const char *email, const char *redirect,
                        app_error_t *err, apr_pool_t *p)
{
    const auth_mail_conf_t *conf = &auth->conf->mail;
    const apr_int64_t now = auth_now();
    const app_value_t row[] = { auth_text(auth_uuid(p)), auth_text(email), auth_text(purpose),
                                auth_text(user_id), auth_text(redirect),
                                auth_int(now / apr_time_sec(conf->interval)), auth_int(now),
                                auth_int(now - HOUR), auth_int(conf->an_hour),
                                auth_int(MOST_WAITING) };

    return auth_execute(pput, tx,
                        "INSERT INTO app_mails (id, recipient, purpose, user_id, redirect, slot,"
                        " created_at, due_at) SELECT $1, $2, $3, $4, $5, $6, $7, $7"
                        " WHERE (SELECT count(*) FROM app_mails"
                        "        WHERE recipient = $2 AND created_at > $8) < $9"
                        " AND (SELECT count(*) FROM app_mails WHERE state = 'waiting') < $10"
                        " ON CONFLICT (recipient, slot) DO NOTHING", row, 10, err, p);
}

apr_status_t auth_mail_token(auth_t *auth, app_tx_t *tx, const char *purpose, const char *user_id,
                             const char *email, const char *redirect, app_request_t *r,
                             app_error_t *err, apr_pool_t *p)
{
    apr_int64_t done = 0;

    (void)r;
    if (!auth_mail_configured(auth)) {
        app_fail_code(err, "email_provider_disabled", 422, "This site sends no mail");
        return app_hint(err, "SiteUrl, MailFrom, and MailServer or MailSpool set it up.");
    }
    if (auth_redirect_allow(&auth->conf->mail, redirect, err) != APR_SUCCESS ||
        put(&done, auth, tx, purpose, user_id, email, redirect, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (!done) {
        return refuse(auth, err);
    }
    auth_mail_queue_wake(auth);
    return APR_SUCCESS;
}
