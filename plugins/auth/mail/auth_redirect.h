/* SPDX-License-Identifier: Apache-2.0 */
/** Where links may lead: pages of the site, and those that it lists. Any thread. */
#ifndef AUTH_REDIRECT_H
#define AUTH_REDIRECT_H

#include "auth_int.h"

/** For configure(): whether SiteUrl, AuthUrl and RedirectUrls are safe to use. */
apr_status_t auth_redirect_check(const auth_mail_conf_t *conf, app_error_t *err);

/**
 * Whether clients may have somebody sent there: SiteUrl's origin, or in RedirectUrls.
 * @param url NULL: SiteUrl itself, which is always good
 * @return APR_SUCCESS; APP_EFAIL with 400
 */
apr_status_t auth_redirect_allow(const auth_mail_conf_t *conf, const char *url, app_error_t *err);

/** "https://example.org" of a URL; NULL if it has none. */
const char *auth_redirect_origin(const char *url, apr_pool_t *p);

/** AuthUrl, or where the plugin usually is; without "/" at the end. */
const char *auth_redirect_base(const auth_mail_conf_t *conf, apr_pool_t *p);

#endif
