/* SPDX-License-Identifier: Apache-2.0 */
/** From what a mail says to the bytes that travel. Nothing here asks for anything: any thread. */
#ifndef AUTH_MAIL_MESSAGE_H
#define AUTH_MAIL_MESSAGE_H

#include "apr_pools.h"
#include "apr_time.h"

typedef struct auth_mail_message_t {
    const char *id;        /* a UUID */
    const char *from_name; /* UTF-8; NULL: none */
    const char *from;      /* addresses that auth_mail_address_good() has let pass */
    const char *to;
    const char *subject;   /* UTF-8 */
    const char *body;      /* UTF-8, lines ended by a line feed */
    apr_time_t  at;
} auth_mail_message_t;

/**
 * Whether that is an address that mail can be sent to: local part and domain of plain ASCII (RFC
 * 5321 Dot-string), at most 254 bytes. So it fits into a header and an envelope as it is.
 */
int auth_mail_address_good(const char *address);

/**
 * Takes "Name <address>", or an address alone, apart.
 * @param pname NULL if there is none
 * @return APR_SUCCESS; APR_EINVAL
 */
apr_status_t auth_mail_from_parse(const char **pname, const char **paddress, const char *from,
                                  apr_pool_t *p);

/**
 * The mail as RFC 5322 has it, lines ended by CR LF: names and subject as encoded words (RFC 2047)
 * where they are not plain, the body quoted-printable (RFC 2045 6.7). Control characters become
 * blanks, so that no text makes a header.
 */
const char *auth_mail_message(const auth_mail_message_t *mail, apr_pool_t *p);

#endif
