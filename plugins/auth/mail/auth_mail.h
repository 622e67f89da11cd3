/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Mail to users, by SMTP or into a folder. Thread of the request; sending happens behind it.
 *
 *   auth_mail.c          what requests ask for: a row in the queue, app_mails
 *   auth_mail_queue.c    who empties the queue, when, and what is tried again
 *   auth_mail_deliver.c  one row: whom it is for, the token, the words
 *   auth_mail_text.c     the words; auth_mail_message.c makes bytes of them
 *   auth_mail_send.c     the way out
 *   auth_once.c          the tokens
 *   auth_redirect.c      where links may lead
 *   auth_recover.c, auth_verify.c, auth_invite.c  endpoints
 *
 * A request only writes a row, which becomes the queue's with its commit. Whether anybody has the
 * address is looked up when the mail is to be sent, so that a request can neither tell nor take
 * longer; so are the tokens made then, and no token is ever stored that could be used.
 */
#ifndef AUTH_MAIL_H
#define AUTH_MAIL_H

#include "auth_int.h"

/** In configure(): checks the settings, declares memory and the timer. */
apr_status_t auth_mail_configure(auth_t *auth, app_error_t *err);
/** In start() and stop(). */
apr_status_t auth_mail_start(auth_t *auth, app_error_t *err);
void         auth_mail_stop(auth_t *auth);

/** Whether the site can send mail. */
int auth_mail_configured(const auth_t *auth);

/**
 * Puts a mail with a one-time token into the queue, in tx; it is sent once that has been committed.
 * Nothing is sent if by then nobody is there whom it is for.
 * @param purpose "signup", "recovery", "invite", "email_change" or "magiclink"
 * @param user_id NULL: whoever has the address then; for email_change who asked for it last
 * @param email as it is stored: in lower case
 * @param redirect where the link is to lead in the end, checked against the site's list; NULL: its
 *        own page
 * @return APR_SUCCESS; APP_EFAIL: no mail can be sent, 400 for the redirect, 429 where the address
 *         has been sent enough
 */
apr_status_t auth_mail_token(auth_t *auth, app_tx_t *tx, const char *purpose, const char *user_id,
                             const char *email, const char *redirect, app_request_t *r,
                             app_error_t *err, apr_pool_t *p);

#endif
