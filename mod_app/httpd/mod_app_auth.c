/* SPDX-License-Identifier: Apache-2.0 */
/**
 * AuthType App: the tokens, cookies and keys that the API takes guard any other path, too. httpd
 * asks only where Require wants a user. Who is asking the site's identity filters say; what they
 * may do say the Require lines (mod_app_require.c and httpd's own). A record of it hangs on the
 * request's pool. Thread of the request.
 */
#include "mod_app.h"

#include "apr_strings.h"
#include "http_protocol.h"
#include "http_request.h"

#define RETURN_MAX 2000 /* bytes of a path that a sign-in page is told */

static const char record_key[] = "mod_app auth";
static char auth_type[] = "App"; /* known by its address: httpd hands it on, not its text */

int app_httpd_auth_is_ours(const request_rec *r)
{
    return r->ap_auth_type == auth_type;
}

/** A subrequest under the same sections is not asked again; a redirect inside shares the pool. */
app_auth_t *app_httpd_auth_of(const request_rec *r)
{
    void *auth = NULL;

    for (; r && !auth; r = r->main) {
        apr_pool_userdata_get(&auth, record_key, r->pool);
    }
    return auth;
}

const json_t *app_httpd_auth_claims(app_auth_t *auth, apr_pool_t *p)
{
    const char *text = auth->who.identity.claims;
    app_error_t ignored = { .pool = p };

    if (!auth->claims && text) {
        app_json_parse(text, strlen(text), &auth->claims, &ignored, p);
    }
    return auth->claims;
}

/* Refusals. Programs get the API's JSON; where HTML is asked for, the site's pages hold. */

static int wants_page(const request_rec *r)
{
    const char *accept = apr_table_get(r->headers_in, "Accept");

    return accept && ap_strcasestr(accept, "text/html");
}

static int refuse(request_rec *r, app_auth_t *auth, int status)
{
    auth->refused = 1;
    if (!wants_page(r)) {
        app_httpd_mount_forbid_documents(r);
    }
    return status;
}

int app_httpd_auth_answers(const request_rec *r)
{
    const app_auth_t *auth = app_httpd_auth_of(r);

    return auth && auth->refused && !wants_page(r);
}

const char *app_httpd_auth_body(const request_rec *r)
{
    const app_auth_t *auth = app_httpd_auth_of(r);

    return auth && auth->refused ? auth->who.body : NULL;
}

/* The sign-in page */

/** What was asked for, as a path of this server: nothing in it can lead to another one. */
static const char *asked_for(const request_rec *r)
{
    const char *path, *target;

    while (r->prev) {
        r = r->prev;
    }
    path = r->parsed_uri.path ? r->parsed_uri.path : "/";
    target = r->parsed_uri.query ? apr_pstrcat(r->pool, path, "?", r->parsed_uri.query, NULL)
                                 : path;
    return *path != '/' || path[1] == '/' || path[1] == '\\' || strlen(target) > RETURN_MAX
               ? "/"
               : target;
}

static int is_page_itself(const char *page, const char *uri)
{
    apr_size_t len = strcspn(page, "?#");

    return strlen(uri) == len && strncmp(page, uri, len) == 0;
}

/** Where a browser is sent to sign in; NULL: nowhere. Only who opens a page is sent. */
static const char *sign_in_page(request_rec *r)
{
    const app_location_t *location = ap_get_module_config(r->per_dir_config, &app_module);
    const char *page = location->login_page;
    const char *mode = apr_table_get(r->headers_in, "Sec-Fetch-Mode");

    if (!page || !*page || r->main || r->method_number != M_GET || !wants_page(r) ||
        (mode && strcasecmp(mode, "navigate") != 0) || is_page_itself(page, r->uri)) {
        return NULL;
    }
    if (page[strlen(page) - 1] != '=') {
        return page;
    }
    return apr_pstrcat(r->pool, page, app_url_encode(asked_for(r), r->pool), NULL);
}

static int send_to(request_rec *r, const char *page)
{
    apr_table_setn(r->headers_out, "Location", page);
    apr_table_setn(r->err_headers_out, "Cache-Control", "no-store");
    return HTTP_MOVED_TEMPORARILY;
}

/* Who is asking */

static int add_header(void *data, const char *name, const char *value)
{
    const request_rec *r = data;

    apr_table_addn(r->err_headers_out, name, value);
    return 1;
}

/** Of a path that is somebody else's: only what the filters have added. */
static int add_filter_header(void *data, const char *name, const char *value)
{
    return strcasecmp(name, "X-Request-Id") == 0 || add_header(data, name, value);
}

static const char *challenge(request_rec *r)
{
    const char *realm = ap_auth_name(r);

    return realm ? apr_pstrcat(r->pool, "Bearer realm=\"", ap_escape_quotes(r->pool, realm), "\"",
                               NULL)
                 : "Bearer";
}

static int refuse_identity(request_rec *r, app_auth_t *auth, const app_error_t *err)
{
    const char *page = err->status == HTTP_UNAUTHORIZED ? sign_in_page(r) : NULL;

    apr_table_do(add_header, r, auth->who.headers, NULL);
    if (page) {
        return send_to(r, page);
    }
    if (err->status == HTTP_UNAUTHORIZED &&
        !apr_table_get(r->err_headers_out, "WWW-Authenticate")) {
        apr_table_setn(r->err_headers_out, "WWW-Authenticate", challenge(r));
    }
    return refuse(r, auth, err->status);
}

int app_httpd_auth_is_clean(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < ' ' || *text == 127) {
            return 0;
        }
    }
    return 1;
}

static int accept_identity(request_rec *r, app_auth_t *auth)
{
    const char *user = auth->who.identity.user;

    apr_table_do(add_filter_header, r, auth->who.headers, NULL);
    /* mod_cache and others know of Authorization alone that an answer is for one person. */
    apr_table_mergen(r->err_headers_out, "Cache-Control", "private");
    r->user = apr_pstrdup(r->pool, user ? user : ""); /* httpd wants one */
    r->ap_auth_type = auth_type;
    return OK;
}

static int identify(request_rec *r, app_auth_t *auth, app_site_t *site)
{
    app_error_t err = { .pool = r->pool };
    apr_size_t len;

    if (app_httpd_other_identify(&auth->who, r, site, &err) != APR_SUCCESS) {
        return refuse_identity(r, auth, &err);
    }
    if (!auth->who.identity.method) {
        app_fail(&err, APP_E_UNAUTHENTICATED, NULL);
    }
    else if (auth->who.identity.user && !app_httpd_auth_is_clean(auth->who.identity.user)) {
        app_fail(&err, APP_E_FORBIDDEN, "The name of the user holds control characters");
    }
    else {
        return accept_identity(r, auth);
    }
    auth->who.body = app_error_body(&err, 0, &len);
    return refuse_identity(r, auth, &err);
}

/** Hook check_authn: runs only where a Require line wants to know a user. */
int app_httpd_auth_authn(request_rec *r)
{
    const app_server_t *server = ap_get_module_config(r->server->module_config, &app_module);
    const char *type = ap_auth_type(r);
    app_auth_t *auth;

    if (!type || strcasecmp(type, auth_type) != 0) {
        return DECLINED;
    }
    if (!server->site) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "APP0320: AuthType App for %s, but this server has no settings of mod_app; "
                      "put <AppPlugin auth> and, where AuthType stands in .htaccess files alone, a "
                      "<Location> with SetHandler app-api into it",
                      r->uri);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (!app_httpd_run_ready()) {
        apr_table_setn(r->err_headers_out, "Retry-After", "5");
        return HTTP_SERVICE_UNAVAILABLE;
    }
    auth = apr_pcalloc(r->pool, sizeof(*auth));
    apr_pool_userdata_setn(auth, record_key, NULL, r->pool);
    return identify(r, auth, server->site);
}

/**
 * Hook check_authz: has the others judge, and makes 403 of their 401. httpd would ask somebody whom
 * it knows to sign in, over and over.
 */
int app_httpd_auth_authz(request_rec *r)
{
    app_auth_t *auth;
    int status;

    if (!app_httpd_auth_is_ours(r) || !(auth = app_httpd_auth_of(r)) || auth->judging) {
        return DECLINED;
    }
    auth->judging = 1;
    status = ap_run_auth_checker(r);
    auth->judging = 0;
    if (status == OK || status == DECLINED) {
        return status;
    }
    return refuse(r, auth, status == HTTP_UNAUTHORIZED ? HTTP_FORBIDDEN : status);
}

/* Configuration */

static int is_used(const ap_directive_t *line, apr_pool_t *p)
{
    for (; line; line = line->next) {
        const char *args = line->args;

        if ((strcasecmp(line->directive, "AuthType") == 0 &&
             strcasecmp(ap_getword_conf(p, &args), auth_type) == 0) ||
            is_used(line->first_child, p)) {
            return 1;
        }
    }
    return 0;
}

int app_httpd_auth_used(apr_pool_t *p)
{
    return is_used(ap_conftree, p);
}

static const char *set_login_page(cmd_parms *cmd, void *to, const char *page)
{
    app_location_t *location = to;

    if (strcasecmp(page, "none") == 0) {
        page = "";
    }
    else if ((*page != '/' || page[1] == '/') && strncasecmp(page, "https://", 8) != 0) {
        return apr_pstrcat(cmd->pool, cmd->cmd->name, " takes a path of this server, an address "
                           "that begins with https://, or none, not \"", page, "\"", NULL);
    }
    else if (page[strcspn(page, " \"'<>\\\t\r\n")]) {
        return apr_pstrcat(cmd->pool, cmd->cmd->name, ": \"", page, "\" holds a character that a "
                           "URL cannot hold: write it as %XX", NULL);
    }
    location->login_page = page;
    return NULL;
}

const command_rec app_httpd_auth_commands[] = {
    AP_INIT_TAKE1("AppLoginPage", set_login_page, NULL, RSRC_CONF | OR_AUTHCFG,
                  "where AuthType App sends a browser to sign in; behind a \"=\" at its end stands "
                  "the path that was asked for"),
    { .name = NULL }
};
