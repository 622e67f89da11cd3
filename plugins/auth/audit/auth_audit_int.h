/* SPDX-License-Identifier: Apache-2.0 */
/** What the files behind auth_audit.h know of each other. */
#ifndef AUTH_AUDIT_INT_H
#define AUTH_AUDIT_INT_H

#include "auth_audit.h"

#define AUTH_AUDIT_RATE  10 /* events a second that are written by themselves, over all processes */
#define AUTH_AUDIT_NAMES 8  /* that are counted apart */

/** Events of one name that were left out. */
typedef struct auth_omitted_t {
    char        name[32]; /* "": this place is free */
    apr_int64_t count;
    apr_int64_t since; /* when the first of them came, in seconds since 1970 */
} auth_omitted_t;

/** Lies in shared memory, zero at first. Whoever calls holds its lock. */
typedef struct auth_audit_budget_t {
    apr_int64_t    second; /* that written is of */
    apr_int64_t    written;
    auth_omitted_t omitted[AUTH_AUDIT_NAMES]; /* the last place is for all further names */
} auth_audit_budget_t;

/** Whether an event is written; one that is not is counted. @param now seconds since 1970 */
int auth_audit_budget_take(auth_audit_budget_t *budget, const char *name, apr_int64_t now);

/** Takes one of the counts out. @return 0: there is none */
int auth_audit_budget_omitted(auth_omitted_t *omitted, auth_audit_budget_t *budget);

/** Writes a row and a line, with no bound. Parameters as auth_audit(). */
void auth_audit_write(auth_t *auth, app_tx_t *tx, app_request_t *r, const auth_event_t *event,
                      apr_pool_t *p);

#endif
