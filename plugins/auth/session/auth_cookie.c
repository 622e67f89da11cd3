/* SPDX-License-Identifier: Apache-2.0 */
/** Tokens in cookies (auth_cookie.h), found and set. Thread of the request. */
#include <string.h>

#include "apr_strings.h"

#include "auth_cookie.h"
#include "auth_http.h"
#include "auth_origin.h"

#define ACCESS  "app_access"
#define REFRESH "app_refresh"
#define HOST    "__Host-" /* browsers take it by TLS alone, and from this very host */

/** Names of cookies begin so where they are secure. */
static const char *prefix(const auth_t *auth)
{
    return auth->conf->cookies == AUTH_COOKIES_INSECURE ? "" : HOST;
}

/* Reading */

/** Moves *pat to the end of a word that has none of the bytes in stops. @return its length */
static apr_size_t word(const char **pat, const char *end, const char *stops)
{
    const char *start = *pat;

    while (*pat < end && !memchr(stops, **pat, strlen(stops))) {
        ++*pat;
    }
    return (apr_size_t)(*pat - start);
}

/** What a token of ours is made of. */
static int is_token(const char *text, apr_size_t len)
{
    const char *at = text;

    while (at < text + len && (app_hex_digit(*at) >= 0 || (*at >= 'a' && *at <= 'z') ||
                               (*at >= 'A' && *at <= 'Z') || *at == '-' || *at == '_' ||
                               *at == '.')) {
        at++;
    }
    return len > 0 && at == text + len;
}

apr_status_t auth_cookie_find(const char **pvalue, const char *header, apr_size_t len,
                              const char *name, apr_pool_t *p)
{
    const char *at = header, *end = header + len, *start, *value = NULL;
    apr_size_t size, found = 0;

    while (at < end) {
        while (at < end && (*at == ' ' || *at == ';')) {
            at++;
        }
        start = at;
        size = word(&at, end, "=;");
        if (at == end || *at == ';' || size != strlen(name) || memcmp(start, name, size) != 0) {
            word(&at, end, ";");
            continue;
        }
        if (value) {
            return APR_NOTFOUND;
        }
        value = ++at;
        found = word(&at, end, ";");
    }
    if (!value || !is_token(value, found)) {
        return APR_NOTFOUND;
    }
    *pvalue = apr_pstrmemdup(p, value, found);
    return APR_SUCCESS;
}

/** NULL: none. */
static const char *cookie_of(const auth_t *auth, app_request_t *r, const char *name)
{
    apr_pool_t *p = app_request_pool(r);
    const char *header = app_request_header(r, "Cookie"), *value = NULL;

    if (auth->conf->cookies == AUTH_COOKIES_OFF || !header ||
        auth_cookie_find(&value, header, strlen(header),
                         apr_pstrcat(p, prefix(auth), name, NULL), p) != APR_SUCCESS) {
        return NULL;
    }
    return value;
}

const char *auth_cookie_refresh(const auth_t *auth, app_request_t *r)
{
    return cookie_of(auth, r, REFRESH);
}

int auth_cookie_is_used(const auth_t *auth, app_request_t *r)
{
    return cookie_of(auth, r, ACCESS) || cookie_of(auth, r, REFRESH);
}

static int is_safe(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 ||
           strcmp(method, "OPTIONS") == 0;
}

/**
 * A cookie that is no longer good does not keep anybody from /auth, where one gets a new one;
 * elsewhere an answer to nobody in particular would not be what the user asks for.
 */
apr_status_t auth_cookie_identify(app_identity_t *identity, auth_t *auth, app_request_t *r,
                                  app_error_t *err)
{
    const auth_conf_t *conf = app_request_settings(r, auth->self);
    const char *token = cookie_of(auth, r, ACCESS);

    if (!token || !auth->tokens) {
        return APP_NEXT;
    }
    if (auth_session_identify(identity, auth, token, conf->jwt_aud, r, err) != APR_SUCCESS) {
        return err->status == 401 && strncmp(app_request_path(r), "/auth/", 6) == 0 ? APP_NEXT
                                                                                    : APP_EFAIL;
    }
    identity->method = "cookie";
    return is_safe(app_request_method(r)) ? APR_SUCCESS : auth_origin_check(auth, r, err);
}

apr_status_t auth_cookie_wanted(int *pwanted, auth_t *auth, app_request_t *r, app_error_t *err)
{
    const char *value;

    if (auth_query_text(&value, r, "cookies", err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    *pwanted = value != NULL && strcmp(value, "0") != 0;
    if (!*pwanted) {
        return APR_SUCCESS;
    }
    if (auth->conf->cookies == AUTH_COOKIES_OFF) {
        return auth_fail(err, 400, "validation_failed", "This site gives no tokens as cookies");
    }
    return auth_origin_check(auth, r, err);
}

/* Writing */

/** @param age seconds; 0 takes the cookie away */
static void set(const auth_t *auth, app_response_t *res, const char *name, const char *value,
                apr_int64_t age, apr_pool_t *p)
{
    const char *secure = auth->conf->cookies == AUTH_COOKIES_INSECURE ? "" : "; Secure";

    app_response_header_add(res, "Set-Cookie",
                            apr_psprintf(p, "%s%s=%s; Path=/; Max-Age=%" APR_INT64_T_FMT
                                            "; HttpOnly; SameSite=Lax%s",
                                         prefix(auth), name, value, age, secure));
}

void auth_cookie_set(const auth_t *auth, const auth_session_t *session, app_request_t *r,
                     app_response_t *res)
{
    apr_pool_t *p = app_request_pool(r);

    set(auth, res, ACCESS, session->access_token, session->expires_at - auth_now(), p);
    set(auth, res, REFRESH, session->refresh_token, apr_time_sec(auth->conf->session_idle), p);
}

void auth_cookie_clear(const auth_t *auth, app_request_t *r, app_response_t *res)
{
    apr_pool_t *p = app_request_pool(r);

    if (auth_cookie_is_used(auth, r)) {
        set(auth, res, ACCESS, "", 0, p);
        set(auth, res, REFRESH, "", 0, p);
    }
}
