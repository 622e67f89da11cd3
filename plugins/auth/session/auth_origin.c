/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Requests that another site's page makes a browser send (CSRF). Browsers say where a request comes
 * from, and no script can change that: Sec-Fetch-Site (W3C Fetch Metadata), which they send by TLS
 * and to localhost, and Origin (RFC 6454 7). Thread of the request.
 */
#include <string.h>

#include "auth_http.h"
#include "auth_origin.h"

/** Whether an origin is where this request went to. A proxy may have ended TLS. */
static int is_own(app_request_t *r, const char *origin)
{
    const char *host = app_request_header(r, "Host");

    if (!host || !*host) {
        return 0;
    }
    if (strncmp(origin, "https://", 8) == 0) {
        return strcasecmp(origin + 8, host) == 0;
    }
    return !app_request_secure(r) && strncmp(origin, "http://", 7) == 0 &&
           strcasecmp(origin + 7, host) == 0;
}

static int is_listed(const auth_t *auth, const char *origin)
{
    const apr_array_header_t *origins = auth->conf->cookie_origins;
    int i;

    for (i = 0; origins && i < origins->nelts; i++) {
        if (strcasecmp(APR_ARRAY_IDX(origins, i, const char *), origin) == 0) {
            return 1;
        }
    }
    return 0;
}

int auth_origin_is_told(const app_request_t *r)
{
    return app_request_header(r, "Sec-Fetch-Site") || app_request_header(r, "Origin");
}

apr_status_t auth_origin_check(auth_t *auth, app_request_t *r, app_error_t *err)
{
    const char *site = app_request_header(r, "Sec-Fetch-Site");
    const char *origin = app_request_header(r, "Origin");

    if ((site && strcmp(site, "same-origin") == 0) ||
        (origin && is_listed(auth, origin)) || (origin && !site && is_own(r, origin))) {
        return APR_SUCCESS;
    }
    auth_fail(err, 403, "origin_refused",
              "A request with what a browser adds by itself is to come from a page of this "
              "site");
    return app_hint(err, "Browsers say so by Sec-Fetch-Site or Origin. CookieOrigins names other "
                         "sites whose pages may; programs send the token as a header.");
}
