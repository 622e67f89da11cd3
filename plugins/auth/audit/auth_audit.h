/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What is written down of sign-ins, failures and changes: a row of app_audit and a log line.
 *
 *   auth_audit.c         events
 *   auth_audit_budget.c  how many refusals are written down by themselves
 *   auth_audit_timer.c   what is left out is counted; what is old is deleted
 */
#ifndef AUTH_AUDIT_H
#define AUTH_AUDIT_H

#include "auth_int.h"

/** With a transaction, the texts live until that has ended. */
typedef struct auth_event_t {
    const char *name;       /* "sign_in", "sign_in_failed", "token_reused" … */
    const char *user_id;    /* whom it is about; NULL: nobody known */
    const char *actor;      /* who did it, "appctl" for one; NULL: the user */
    const char *session_id; /* NULL: none */
    const char *detail;     /* JSON object without a secret; NULL: {} */
    apr_pool_t *pool;       /* lives as long as the texts; NULL: the request's, a command's own */
} auth_event_t;

/**
 * Writes an event down. The log line is written at once, and the answer of the caller does not
 * depend on either. Thread of the request, or of a timer or command.
 *
 * Without tx, a few are written each second, over all processes, and the others are counted, so
 * that a flood of refusals is no flood of writes; rows of the same name say how many were left out.
 * @param tx with whose commit it holds: where the row cannot be written, the rest does not hold
 *        either. NULL: at once, by itself, for what is refused; the caller has no transaction open
 *        then, since this one would wait for it
 * @param r says address and request id; NULL: none
 */
void auth_audit(auth_t *auth, app_tx_t *tx, app_request_t *r, const auth_event_t *event);

/** In configure(): declares the memory and the timers. */
void auth_audit_configure(auth_t *auth);

#endif
