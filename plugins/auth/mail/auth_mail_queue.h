/* SPDX-License-Identifier: Apache-2.0 */
/** The queue of mails: what the files of the room know of each other. */
#ifndef AUTH_MAIL_QUEUE_H
#define AUTH_MAIL_QUEUE_H

#include "auth_mail.h"
#include "auth_mail_send.h"

/** A row of app_mails. */
typedef struct auth_mail_row_t {
    const char *id, *recipient, *purpose;
    const char *user_id;  /* NULL: whoever has the address */
    const char *redirect; /* NULL: the site's page */
    apr_int64_t created_at, due_at, tries;
} auth_mail_row_t;

/** What has become of a row. */
typedef enum auth_mail_fate_e {
    AUTH_MAIL_FATE_SENT,
    AUTH_MAIL_FATE_LATER,
    AUTH_MAIL_FATE_NOBODY,
    AUTH_MAIL_FATE_REFUSED,
    AUTH_MAIL_FATE_EXPIRED
} auth_mail_fate_e;

/** A mail will be there in a moment, with the commit of a transaction. Thread of the request. */
void auth_mail_queue_wake(auth_t *auth);

/**
 * Sends what a row asks for: finds the user, makes the token, waits for the server. Called by who
 * has claimed the row.
 * @param pwhy why it was not sent
 * @return APR_SUCCESS; APP_EFAIL: the database
 */
apr_status_t auth_mail_deliver(auth_mail_fate_e *pfate, const char **pwhy, auth_t *auth,
                               auth_mail_way_t *way, const auth_mail_row_t *row, app_error_t *err,
                               apr_pool_t *p);

#endif
