/* SPDX-License-Identifier: Apache-2.0 */
/** What mails say: built-in texts, or files of the site's. Any thread. */
#ifndef AUTH_MAIL_TEXT_H
#define AUTH_MAIL_TEXT_H

#include "auth_mail_conf.h"
#include "auth_int.h"

/** What stands for {{email}} and the others. */
typedef struct auth_mail_words_t {
    const char *email, *site, *link, *code, *token;
} auth_mail_words_t;

/**
 * Subject and body of a mail of that purpose ("test" among them): of the file PURPOSE.txt in
 * MailTemplates if there is one, whose first line is the subject and whose second is empty.
 * @return APR_SUCCESS; APP_EFAIL: the file cannot be read, or has no such lines
 */
apr_status_t auth_mail_text(const char **psubject, const char **pbody,
                            const auth_mail_conf_t *conf, const char *purpose,
                            const auth_mail_words_t *words, app_error_t *err, apr_pool_t *p);

#endif
