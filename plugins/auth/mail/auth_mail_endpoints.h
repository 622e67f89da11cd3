/* SPDX-License-Identifier: Apache-2.0 */
/** The endpoints of the room mail; auth.c has their routes. Thread of the request. */
#ifndef AUTH_MAIL_ENDPOINTS_H
#define AUTH_MAIL_ENDPOINTS_H

#include "auth_user.h"

/* auth_recover.c: a mail is asked for. 200 {}, whether anybody has the address or not. */
app_handler_fn auth_recover_post; /* {email} */
app_handler_fn auth_otp_post;     /* {email}, also as magiclink: a link to sign in */
app_handler_fn auth_resend_post;  /* {email, type: signup | email_change} */

/* auth_verify.c: what a mail brought comes back. */
app_handler_fn auth_verify_get;   /* the page that links lead to */
app_handler_fn auth_verify_post;  /* {type, token_hash}, {type, email, token}, or the form */

app_handler_fn auth_invite_post;  /* auth_invite.c: {email, data} */

/**
 * Invites somebody, in tx: adds the account, unless there is one that was never used, and queues
 * the mail.
 * @param user email, role and user_data are set (user_data may be NULL); the rest is set on success
 * @param redirect as in auth_mail_token()
 * @param actor as in auth_event_t
 * @return APR_SUCCESS; APP_EFAIL, with 422 email_exists
 */
apr_status_t auth_invite(auth_user_t *user, auth_t *auth, app_tx_t *tx, const char *redirect,
                         const char *actor, app_request_t *r, app_error_t *err, apr_pool_t *p);

#endif
