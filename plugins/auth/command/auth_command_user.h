/* SPDX-License-Identifier: Apache-2.0 */
/** What the files of appctl user share. One thread. */
#ifndef AUTH_COMMAND_USER_H
#define AUTH_COMMAND_USER_H

#include "auth_command.h"
#include "auth_user.h"

/** What the words and options said. */
typedef struct auth_user_asked_t {
    auth_t            *auth;
    const char *const *words; /* the verb first, ended by NULL */
    int                count;
    const char        *role, *redirect;
    int                password; /* --password-stdin */
    int                json, end;
} auth_user_asked_t;

/** user list: everybody, by address and name. */
app_command_e auth_command_user_list(const auth_user_asked_t *asked, app_error_t *err);

/** user sessions: those of one user that are open. */
app_command_e auth_command_user_sessions(const auth_user_asked_t *asked, app_error_t *err);

/** user invite: an account without a password, and the mail that opens it. */
app_command_e auth_command_user_invite(const auth_user_asked_t *asked, app_error_t *err);

#endif
