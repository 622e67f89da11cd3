/* SPDX-License-Identifier: Apache-2.0 */
/** The way out: to a mail server by SMTP (libcurl), or into a folder. */
#ifndef AUTH_MAIL_SEND_H
#define AUTH_MAIL_SEND_H

#include "auth_int.h"
#include "auth_mail_message.h"

typedef struct auth_mail_way_t auth_mail_way_t;

typedef enum auth_mail_sent_e {
    AUTH_MAIL_SENT,
    AUTH_MAIL_LATER,  /* the server is away, or asks to come again */
    AUTH_MAIL_REFUSED /* there is no such mailbox: not to be tried again */
} auth_mail_sent_e;

/** In start(), once a process: what libcurl wants before threads use it. */
void auth_mail_send_start(void);

/**
 * What one thread sends several mails with: it keeps the connection.
 * @param stop read while a mail is on its way, which ends when it is not 0
 * @return closed with p
 */
auth_mail_way_t *auth_mail_way_open(const auth_mail_conf_t *conf, const volatile int *stop,
                                    apr_pool_t *p);

/**
 * Sends one mail; waits for the server, a minute at most.
 * @param message what auth_mail_message() made of mail
 * @param pwhy said of a mail that was not sent, from p; without a secret
 */
auth_mail_sent_e auth_mail_send(auth_mail_way_t *way, const auth_mail_message_t *mail,
                                const char *message, const char **pwhy, apr_pool_t *p);

#endif
