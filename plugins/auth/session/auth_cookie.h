/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Tokens in cookies, for browsers: scripts of a page cannot read them. A client asks for them with
 * ?cookies=1 where it signs in; the answer has no tokens in its body then.
 *
 * A browser sends cookies whoever made it send the request, so one that changes something has to
 * come from a page of this origin, or of one in CookieOrigins: Sec-Fetch-Site says so, or else
 * Origin. Where neither does, it is refused. Thread of the request.
 */
#ifndef AUTH_COOKIE_H
#define AUTH_COOKIE_H

#include "auth_session.h"

/** The setting Cookies, in the order of its words. */
typedef enum auth_cookies_e {
    AUTH_COOKIES_OFF,
    AUTH_COOKIES_ON,
    AUTH_COOKIES_INSECURE /* without TLS: for development */
} auth_cookies_e;

/**
 * The value of a cookie in a Cookie header (RFC 6265 5.4).
 * @param pvalue memory from p
 * @return APR_SUCCESS; APR_NOTFOUND: it is not there, or twice, or no token
 */
apr_status_t auth_cookie_find(const char **pvalue, const char *header, apr_size_t len,
                              const char *name, apr_pool_t *p);

/** Who the cookie with the access token names: an auth_source_fn. */
auth_source_fn auth_cookie_identify;

/** Whether a request brings a cookie of ours, so that its answer is nobody else's. */
int auth_cookie_is_used(const auth_t *auth, app_request_t *r);

/**
 * Whether the client wants its tokens in cookies, which only pages of ours may.
 * @return APR_SUCCESS; APP_EFAIL with 400, or 403 where another site has sent it
 */
apr_status_t auth_cookie_wanted(int *pwanted, auth_t *auth, app_request_t *r, app_error_t *err);

/** The refresh token that a request brings as a cookie; NULL: none. */
const char *auth_cookie_refresh(const auth_t *auth, app_request_t *r);

/** Puts a session's tokens into the answer's cookies. */
void auth_cookie_set(const auth_t *auth, const auth_session_t *session, app_request_t *r,
                     app_response_t *res);

/** Takes the cookies away, if the request has brought any. */
void auth_cookie_clear(const auth_t *auth, app_request_t *r, app_response_t *res);

#endif
