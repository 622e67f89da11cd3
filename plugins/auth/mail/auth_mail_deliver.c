/* SPDX-License-Identifier: Apache-2.0 */
/**
 * One row of the queue: from what was asked for to a mail on its way. Called by who empties the
 * queue (auth_mail_queue.c).
 */
#include <string.h>

#include "apr_strings.h"

#include "auth_mail_queue.h"
#include "auth_mail_text.h"
#include "auth_once.h"
#include "auth_redirect.h"
#include "auth_user.h"

/** Whom a mail is for, while its transaction lasts. */
typedef struct delivery_t {
    auth_t                *auth;
    const auth_mail_row_t *row;
    app_tx_t              *tx;
    apr_pool_t            *p;
    const char            *token, *code;
} delivery_t;

/** For a change of address that is asked for again: who wants to have it. */
static apr_status_t find_pending(const char **puser_id, delivery_t *d, app_error_t *err)
{
    const app_value_t email = auth_text(d->row->recipient);
    app_rows_t *rows;
    apr_status_t rv;

    if (auth_query(&rows, d->tx, "SELECT user_id FROM app_one_time_tokens"
                                 " WHERE purpose = 'email_change' AND email = $1"
                                 " ORDER BY created_at DESC LIMIT 1", &email, 1, err, d->p) !=
        APR_SUCCESS) {
        return APP_EFAIL;
    }
    rv = app_rows_next(rows, err);
    if (rv == APR_SUCCESS) {
        *puser_id = apr_pstrdup(d->p, app_rows_text(rows, 0, NULL));
    }
    return rv == APR_EOF ? APR_NOTFOUND : rv;
}

/** A new address must be nobody's yet. */
static apr_status_t find_changing(auth_user_t *user, delivery_t *d, app_error_t *err)
{
    const char *id = d->row->user_id;
    apr_status_t rv = id ? APR_SUCCESS : find_pending(&id, d, err);

    if (rv == APR_SUCCESS) {
        rv = auth_user_find(user, d->tx, AUTH_USER_EMAIL, d->row->recipient, err, d->p);
        rv = rv == APR_SUCCESS ? APR_NOTFOUND : rv == APR_NOTFOUND ? APR_SUCCESS : rv;
    }
    return rv == APR_SUCCESS ? auth_user_find(user, d->tx, AUTH_USER_ID, id, err, d->p) : rv;
}

/** @return APR_SUCCESS; APR_NOTFOUND: nobody is to get this; APP_EFAIL */
static apr_status_t find_user(auth_user_t *user, delivery_t *d, app_error_t *err)
{
    const auth_mail_row_t *row = d->row;
    apr_status_t rv;

    if (strcmp(row->purpose, "email_change") == 0) {
        rv = find_changing(user, d, err);
    }
    else {
        rv = auth_user_find(user, d->tx, AUTH_USER_EMAIL, row->recipient, err, d->p);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (user->disabled_at || (row->user_id && strcmp(row->user_id, user->id) != 0) ||
        (user->verified_at && (strcmp(row->purpose, "signup") == 0 ||
                               strcmp(row->purpose, "invite") == 0))) {
        return APR_NOTFOUND;
    }
    return APR_SUCCESS;
}

static apr_status_t make_token(delivery_t *d, app_error_t *err)
{
    auth_once_t what = { .purpose = d->row->purpose, .email = d->row->recipient };
    auth_user_t user;
    apr_status_t rv;

    if (auth_begin(&d->tx, d->auth, NULL, 0, err, d->p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    rv = find_user(&user, d, err);
    if (rv == APR_SUCCESS) {
        what.user_id = user.id;
        rv = auth_once_make(&d->token, &d->code, d->auth, d->tx, &what, err, d->p);
    }
    if (rv != APR_SUCCESS) {
        app_tx_rollback(d->tx);
        return rv;
    }
    return app_tx_commit(d->tx, err);
}

/**
 * What the link's page needs stands behind "#": browsers keep that to themselves, so it is in no
 * log of a server on the way.
 */
static const char *link_of(const delivery_t *d)
{
    const auth_mail_conf_t *conf = &d->auth->conf->mail;
    const char *redirect = d->row->redirect ? d->row->redirect : conf->site_url;

    return apr_pstrcat(d->p, auth_redirect_base(conf, d->p), "/verify#token_hash=", d->token,
                       "&type=", d->row->purpose, "&redirect_to=",
                       app_url_encode(redirect, d->p), NULL);
}

static const char *site_name(const auth_mail_conf_t *conf, apr_pool_t *p)
{
    return conf->site_name ? conf->site_name
                           : strstr(auth_redirect_origin(conf->site_url, p), "://") + 3;
}

static apr_status_t write_mail(auth_mail_message_t *mail, const delivery_t *d, app_error_t *err)
{
    const auth_mail_conf_t *conf = &d->auth->conf->mail;
    const auth_mail_words_t words = { .email = d->row->recipient, .token = d->token,
                                      .code = d->code, .site = site_name(conf, d->p),
                                      .link = d->token ? link_of(d) : NULL };

    *mail = (auth_mail_message_t){ .id = d->row->id, .to = d->row->recipient,
                                   .at = apr_time_now() };
    auth_mail_from_parse(&mail->from_name, &mail->from, conf->from, d->p);
    return auth_mail_text(&mail->subject, &mail->body, conf, d->row->purpose, &words, err, d->p);
}

static auth_mail_fate_e send_mail(const delivery_t *d, auth_mail_way_t *way,
                                  const auth_mail_message_t *mail, const char **pwhy)
{
    if (!auth_mail_address_good(d->row->recipient)) {
        *pwhy = "not an address of plain ASCII";
        return AUTH_MAIL_FATE_REFUSED;
    }
    switch (auth_mail_send(way, mail, auth_mail_message(mail, d->p), pwhy, d->p)) {
    case AUTH_MAIL_SENT:
        return AUTH_MAIL_FATE_SENT;
    case AUTH_MAIL_REFUSED:
        return AUTH_MAIL_FATE_REFUSED;
    case AUTH_MAIL_LATER:
        break;
    }
    return AUTH_MAIL_FATE_LATER;
}

apr_status_t auth_mail_deliver(auth_mail_fate_e *pfate, const char **pwhy, auth_t *auth,
                               auth_mail_way_t *way, const auth_mail_row_t *row, app_error_t *err,
                               apr_pool_t *p)
{
    delivery_t d = { .auth = auth, .row = row, .p = p };
    auth_mail_message_t mail;
    apr_status_t rv = strcmp(row->purpose, "test") == 0 ? APR_SUCCESS : make_token(&d, err);

    if (rv == APR_NOTFOUND) {
        *pfate = AUTH_MAIL_FATE_NOBODY;
        return APR_SUCCESS;
    }
    if (rv != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (write_mail(&mail, &d, err) != APR_SUCCESS) {
        *pfate = AUTH_MAIL_FATE_LATER;
        *pwhy = err->message;
        return APR_SUCCESS;
    }
    *pfate = send_mail(&d, way, &mail, pwhy);
    return APR_SUCCESS;
}
