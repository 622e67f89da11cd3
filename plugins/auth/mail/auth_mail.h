/* SPDX-License-Identifier: Apache-2.0 */
/** Mail to users, by SMTP or into a folder. Thread of the request; sending happens behind it. */
#ifndef AUTH_MAIL_H
#define AUTH_MAIL_H

#include "auth_int.h"

/** Whether the site can send mail. */
int auth_mail_configured(const auth_t *auth);

/**
 * Makes a one-time token for an address, stores its hash in tx, and puts the mail that carries it
 * into the queue, from which it is sent once the transaction has been committed.
 * @param purpose "signup", "recovery", "invite", "email_change" or "magiclink"
 * @param user_id NULL: no account yet
 * @param redirect where the link is to lead in the end, checked against the site's list; NULL: its
 *        own page
 * @return APR_SUCCESS; APP_EFAIL
 */
apr_status_t auth_mail_token(auth_t *auth, app_tx_t *tx, const char *purpose, const char *user_id,
                             const char *email, const char *redirect, app_request_t *r,
                             app_error_t *err, apr_pool_t *p);

#endif
