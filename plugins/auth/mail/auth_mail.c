/* SPDX-License-Identifier: Apache-2.0 */
/** A site without mail (auth_mail.h). */
#include "auth_mail.h"

int auth_mail_configured(const auth_t *auth)
{
    (void)auth;
    return 0;
}

apr_status_t auth_mail_token(auth_t *auth, app_tx_t *tx, const char *purpose, const char *user_id,
                             const char *email, const char *redirect, app_request_t *r,
                             app_error_t *err, apr_pool_t *p)
{
    (void)auth, (void)tx, (void)purpose, (void)user_id, (void)email, (void)redirect, (void)r;
    (void)p;
    return app_fail(err, APP_E_INTERNAL, NULL);
}
