/* SPDX-License-Identifier: Apache-2.0 */
/** What is written down of sign-ins, failures and changes: a row of app_audit and a log line. */
#ifndef AUTH_AUDIT_H
#define AUTH_AUDIT_H

#include "auth_int.h"

typedef struct auth_event_t {
    const char *name;       /* "sign_in", "sign_in_failed", "token_reused" … */
    const char *user_id;    /* whom it is about; NULL: nobody known */
    const char *actor;      /* who did it, "appctl" for one; NULL: the user */
    const char *session_id; /* NULL: none */
    const char *detail;     /* JSON object without a secret; NULL: {} */
} auth_event_t;

/**
 * Writes an event down. A failure to do so is logged and changes nothing else.
 * @param tx with whose commit it holds; NULL: at once, by itself (for what is refused)
 * @param r says address and request id; NULL: none
 */
void auth_audit(auth_t *auth, app_tx_t *tx, app_request_t *r, const auth_event_t *event);

#endif
