/* SPDX-License-Identifier: Apache-2.0 */
/**
 * GET server: whom the server has identified at this path (Basic, a certificate, mod_auth_openidc)
 * gets an account and a session of ours. Programs get tokens; a browser that opens the path gets
 * cookies, and goes on to the page that "return" names. Thread of the request.
 */
#include <string.h>

#include "apr_strings.h"

#include "auth_cookie.h"
#include "auth_http.h"
#include "auth_origin.h"
#include "auth_server.h"
#include "auth_server_account.h"

#define RETURN_MAX 2000 /* bytes of "return" */

/* Where a browser goes on to */

/** A path of this server; whatever browsers take for the beginning of another one is none. */
static int is_path(const char *text)
{
    const char *c;

    if (text[0] != '/' || text[1] == '/' || strlen(text) > RETURN_MAX) {
        return 0;
    }
    for (c = text; *c; c++) {
        if ((unsigned char)*c <= ' ' || *c == 127 || *c == '\\') {
            return 0;
        }
    }
    return 1;
}

/** Bytes of UTF-8 and others that a URL does not have are written as %XX (RFC 3986 2.1). */
static const char *url_of(const char *path, apr_pool_t *p)
{
    char *url = apr_palloc(p, strlen(path) * 3 + 1), *to = url;

    for (; *path; path++) {
        if ((unsigned char)*path > 126 || strchr("\"<>^`{|}", *path)) {
            to += apr_snprintf(to, 4, "%%%02X", (unsigned char)*path);
        }
        else {
            *to++ = *path;
        }
    }
    *to = '\0';
    return url;
}

/** Whether somebody opens a page, and no script asks. */
static int is_opened(app_request_t *r)
{
    const char *accept = app_request_header(r, "Accept");
    const char *mode = app_request_header(r, "Sec-Fetch-Mode");

    return accept && strstr(accept, "text/html") && (!mode || strcmp(mode, "navigate") == 0);
}

/** @param ptarget stays as it is where the answer is for a program */
static apr_status_t read_target(const char **ptarget, auth_t *auth, app_request_t *r,
                                app_error_t *err)
{
    const char *target;

    if (auth_query_text(&target, r, "return", err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (target && !is_path(target)) {
        return auth_fail(err, 400, "validation_failed",
                         "return takes a path of this server, for example /index.html");
    }
    if (target && auth->conf->cookies == AUTH_COOKIES_OFF) {
        return auth_fail(err, 400, "validation_failed",
                         "This site gives no tokens as cookies, so there is no way to go on");
    }
    if (auth->conf->cookies != AUTH_COOKIES_OFF && is_opened(r)) {
        *ptarget = target ? target : "/";
    }
    return APR_SUCCESS;
}

/* The session */

static apr_status_t identify(app_identity_t *identity, auth_t *auth, app_request_t *r,
                             app_error_t *err)
{
    apr_status_t rv = auth_server_identify(identity, auth, r, err);

    if (rv == APP_NEXT) {
        auth_fail(err, 401, "no_authorization", "The server does not say who asks");
        return app_hint(err, "Have it ask at this path: AuthType and Require in its <Location>.");
    }
    return rv;
}

static apr_status_t open_session(auth_session_t *session, auth_t *auth,
                                 const app_identity_t *identity, app_request_t *r,
                                 app_error_t *err)
{
    apr_pool_t *p = app_request_pool(r);
    auth_user_t user;
    app_tx_t *tx;

    if (auth_begin(&tx, auth, r, 0, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (auth_server_account(&user, auth, tx, identity, r, err, p) != APR_SUCCESS ||
        auth_session_open(session, auth, tx, &user, "server", AUTH_LEVEL_ONE, r, err, p) !=
            APR_SUCCESS) {
        app_tx_rollback(tx);
        return APP_EFAIL;
    }
    return app_tx_commit(tx, err);
}

/** A script of another site might have its browser sign in, and read the tokens where it may. */
static apr_status_t check_script(auth_t *auth, app_request_t *r, app_error_t *err)
{
    return is_opened(r) || !auth_origin_is_told(r) ? APR_SUCCESS : auth_origin_check(auth, r, err);
}

apr_status_t auth_server_get(app_instance_t *self, app_request_t *r, app_response_t *res,
                             app_error_t *err)
{
    auth_t *auth = app_instance_context(self);
    app_identity_t identity = { .method = NULL };
    auth_session_t session;
    const char *target = NULL;

    if (!auth->server) {
        app_fail(err, APP_E_NOT_FOUND, NULL);
        return app_hint(err, "ServerIdentity is off.");
    }
    if (read_target(&target, auth, r, err) != APR_SUCCESS ||
        check_script(auth, r, err) != APR_SUCCESS ||
        identify(&identity, auth, r, err) != APR_SUCCESS ||
        open_session(&session, auth, &identity, r, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (!target) {
        return auth_session_answer(&session, auth, r, res, err);
    }
    auth_cookie_set(auth, &session, r, res);
    app_response_status(res, 303);
    app_response_header(res, "Location", url_of(target, app_request_pool(r)));
    return APR_SUCCESS;
}
