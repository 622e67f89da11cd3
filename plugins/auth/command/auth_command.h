/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Commands that the plugin adds to appctl, and what they share. One thread, in a process of its
 * own, which ends soon: memory may come from err->pool.
 *
 *   auth_command.c        times, failures
 *   auth_command_NAME.c   appctl NAME
 */
#ifndef AUTH_COMMAND_H
#define AUTH_COMMAND_H

#include "auth_int.h"

/** A command's function, as app_command_t has it. */
typedef app_command_e auth_command_fn(app_instance_t *self, int argc, const char *const *argv,
                                      app_error_t *err);

auth_command_fn auth_command_audit, auth_command_key, auth_command_keys, auth_command_mail,
    auth_command_token, auth_command_user;

#define AUTH_COMMAND_AUDIT_USAGE                                                            \
    "    audit [--user U] [--event E] [--since 24h] [--limit 1000] [--json]\n"              \
    "                                  who signed in, failed to, and changed what; newest last\n"

#define AUTH_COMMAND_KEY_USAGE                                                              \
    "    key create NAME --role R [--scope S …] [--expires 90d] [--user U]\n"               \
    "                                  prints a new API key, which is stored nowhere;\n"    \
    "                                  with --user, --role may be left out: the user's\n"   \
    "    key list [--user U] [--json]  what keys there are, and when they were used last\n" \
    "    key revoke ID                 ends one, within two seconds\n"

#define AUTH_COMMAND_KEYS_USAGE                                                              \
    "    keys list                     what tokens are signed and verified with\n"           \
    "    keys rotate --file F [--alg ES256] [--keep 7d]\n"                                   \
    "                                  writes a new key in front of those of JwtSecretFile;\n" \
    "                                  keys that were replaced before --keep go\n"

#define AUTH_COMMAND_TOKEN_USAGE                                                             \
    "    token mint --role R [--sub S] [--claim NAME=JSON …] [--expires 1h]\n"              \
    "                                  prints a new token\n"                                \
    "    token verify TOKEN|-          its claims, if it is good; - reads standard input\n"  \
    "    token explain TOKEN|-         what is in it, which key, and why it is refused\n"

#define AUTH_COMMAND_USER_USAGE                                                            \
    "    user add EMAIL|NAME [--role R] [--password-stdin]\n"                              \
    "                                  prints the new user's id; without a password they\n"  \
    "                                  cannot sign in by one\n"                            \
    "    user invite EMAIL [--role R] [--redirect URL]\n"                                  \
    "                                  mails a link by which they sign in and set a password\n" \
    "    user passwd USER              reads a new password; ends the sessions\n"          \
    "    user role USER ROLE           gives another role; ends the sessions\n"            \
    "    user disable|enable USER      ends the sessions and lets nobody in, or in again\n" \
    "    user list [--json]            who there is\n"                                     \
    "    user remove USER              takes the account away\n"                           \
    "    user sessions USER [--json]   where they are signed in; --end ends it\n"

#define AUTH_COMMAND_MAIL_USAGE                                                            \
    "    mail test EMAIL               sends a mail now, and says why if it cannot\n"       \
    "    mail list                     mails that wait, how often they were tried\n"

/** Reads "90d" (s, m, h, d, w), as seconds; 1 to 3,650 days. */
apr_status_t auth_command_duration(apr_int64_t *pseconds, const char *text, const char *option,
                                   app_error_t *err);

/**
 * Whether requests can act as a role. On SQLite a role that no grant names is only warned of.
 * @return APR_SUCCESS; APP_EFAIL
 */
apr_status_t auth_command_check_role(auth_t *auth, app_tx_t *tx, const char *role,
                                     app_error_t *err);

/**
 * The id of a user who is named by id, address or name.
 * @return APR_SUCCESS; APP_EFAIL, also where there is none
 */
apr_status_t auth_command_find_user(const char **pid, app_tx_t *tx, const char *named,
                                    app_error_t *err);

/**
 * A new password: a line of standard input, or from a terminal twice and unseen.
 * @return APR_SUCCESS; APP_EFAIL
 */
apr_status_t auth_command_password(const char **ppassword, app_error_t *err);

/** Ends a command whose query failed: tables that are not there yet say so. */
app_command_e auth_command_failed(app_error_t *err);

/** "2026-03-01 17:04:59", UTC; "-" for 0. */
const char *auth_command_time(apr_int64_t seconds, apr_pool_t *p);

#endif
