/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Identities that the server itself has established: Basic against a file or LDAP, a client
 * certificate, mod_auth_openidc; under CGI whatever the server in front did.
 */
#ifndef AUTH_SERVER_H
#define AUTH_SERVER_H

#include "auth_int.h"

/** The settings of auth_conf_t that are about them, read once. */
typedef struct auth_server_t auth_server_t;

/**
 * Reads the settings, in configure().
 * @param pserver NULL: ServerIdentity is off
 * @return APR_SUCCESS; APP_EFAIL with APP_E_SETTING
 */
apr_status_t auth_server_create(auth_server_t **pserver, const auth_conf_t *conf,
                                app_error_t *err, apr_pool_t *p);

/**
 * Who the server says it is. Refuses what another site's page makes a browser send, since browsers
 * add passwords and certificates to that, too.
 */
auth_source_fn auth_server_identify;

/** GET server (auth_server_session.c): a session for whom the server has identified. */
app_handler_fn auth_server_get;

#endif
