/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Tells others who was identified by AuthType App: CGI programs and SSI pages by variables
 * (APP_USER, APP_ROLE, APP_METHOD, APP_CLAIM_name), proxied programs, where AppPassIdentity says
 * so, by headers (X-App-User …). Such headers from a client are taken away from every request of
 * a server where they mean something anywhere. Thread of the request.
 */
#include <stdlib.h>

#include "mod_app.h"

#include "apr_lib.h"
#include "apr_strings.h"

#define NAME_MAX_LEN  64          /* bytes of a claim's name */
#define VALUE_MAX_LEN 4096        /* bytes of a value */
#define TOTAL_MAX     (16 * 1024) /* bytes of all claims: programs have little room for variables */

static int headers_used; /* whether any line of this configuration lets headers out */

void app_httpd_pass_reset(void)
{
    headers_used = 0;
}

/* The client's own headers */

static int is_prefix(const char *name, apr_size_t len, const char *folded)
{
    apr_size_t i;

    for (i = 0; folded[i]; i++) {
        if (i == len || (apr_isalnum(name[i]) ? apr_toupper(name[i]) : '-') != folded[i]) {
            return 0;
        }
    }
    return 1;
}

/** Programs fold what is no letter and no digit: "x_app.user" may reach them as X-App-User. */
static int is_reserved(const char *name, apr_size_t len)
{
    return (len == 10 && is_prefix(name, len, "X-APP-USER")) ||
           (len == 10 && is_prefix(name, len, "X-APP-ROLE")) ||
           (len == 12 && is_prefix(name, len, "X-APP-METHOD")) ||
           is_prefix(name, len, "X-APP-CLAIM-");
}

/** A name in Connection would have mod_proxy take away our header, too (RFC 9110 7.6.1). */
static void strip_connection(request_rec *r)
{
    char *value = apr_pstrdup(r->pool, apr_table_get(r->headers_in, "Connection"));
    const char *word, *kept = NULL;
    char *rest;

    for (word = value ? apr_strtok(value, ", \t", &rest) : NULL; word;
         word = apr_strtok(NULL, ", \t", &rest)) {
        if (!is_reserved(word, strlen(word))) {
            kept = kept ? apr_pstrcat(r->pool, kept, ", ", word, NULL) : word;
        }
    }
    if (kept) {
        apr_table_setn(r->headers_in, "Connection", kept);
    }
    else {
        apr_table_unset(r->headers_in, "Connection");
    }
}

/** Hook post_read_request, before anybody looks at the headers. */
int app_httpd_pass_strip(request_rec *r)
{
    const apr_array_header_t *headers;
    int i;

    if (!headers_used) {
        return DECLINED;
    }
    headers = apr_table_elts(r->headers_in);
    for (i = headers->nelts - 1; i >= 0; i--) {
        const char *name = APR_ARRAY_IDX(headers, i, apr_table_entry_t).key;

        if (is_reserved(name, strlen(name))) {
            apr_table_unset(r->headers_in, name);
            i = headers->nelts; /* the table has closed ranks */
        }
    }
    strip_connection(r);
    return DECLINED;
}

/* Values */

const char *app_httpd_pass_text(const json_t *value, apr_pool_t *p)
{
    char *text;
    const char *copy;

    if (json_is_string(value)) {
        return json_string_length(value) == strlen(json_string_value(value))
                   ? json_string_value(value)
                   : NULL; /* a NUL would end it too early */
    }
    text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    copy = text ? apr_pstrdup(p, text) : NULL;
    free(text);
    return copy;
}

typedef struct pass_t {
    request_rec *r;
    int          headers;
    apr_size_t   total; /* bytes of claims so far */
} pass_t;

/** A name with "_" (or "-") for whatever is no letter and no digit. @return whether any was */
static int fold_name(char *to, const char *name, char filler)
{
    int folded = 0;

    for (; *name; name++, to++) {
        *to = apr_isalnum(*name) ? *name : filler;
        folded |= !apr_isalnum(*name) && *name != '_';
    }
    *to = '\0';
    return folded;
}

static void pass(pass_t *to, const char *variable, const char *header, const char *value)
{
    if (!value || !app_httpd_auth_is_clean(value)) {
        return;
    }
    apr_table_setn(to->r->subprocess_env, variable, value);
    if (to->headers) {
        apr_table_setn(to->r->headers_in, header, value);
    }
}

static void pass_claim(pass_t *to, const char *name, const json_t *claim, int exact)
{
    apr_pool_t *p = to->r->pool;
    char folded[NAME_MAX_LEN + 1], dashed[NAME_MAX_LEN + 1];
    const char *value, *variable;

    if (!*name || strlen(name) > NAME_MAX_LEN || fold_name(folded, name, '_') == exact ||
        !(value = app_httpd_pass_text(claim, p)) || strlen(value) > VALUE_MAX_LEN) {
        return;
    }
    fold_name(dashed, name, '-');
    variable = apr_pstrcat(p, "APP_CLAIM_", folded, NULL);
    to->total += strlen(variable) + strlen(value);
    if (to->total > TOTAL_MAX || (!exact && apr_table_get(to->r->subprocess_env, variable))) {
        return;
    }
    pass(to, variable, apr_pstrcat(p, "X-App-Claim-", dashed, NULL), apr_pstrdup(p, value));
}

/** Of "team" and "te-am" and "te.am" the name that needs no change comes first. */
static void pass_claims(pass_t *to, const json_t *claims)
{
    const char *name;
    json_t *claim;
    int exact;

    for (exact = 1; exact >= 0; exact--) {
        json_object_foreach ((json_t *)claims, name, claim) {
            pass_claim(to, name, claim, exact);
        }
    }
}

/** Hook fixups, after those that set variables. */
int app_httpd_pass_fixup(request_rec *r)
{
    const app_location_t *location;
    const app_identity_t *identity;
    app_auth_t *auth;
    pass_t to = { .r = r };

    if (!app_httpd_auth_is_ours(r) || !(auth = app_httpd_auth_of(r))) {
        return DECLINED;
    }
    location = ap_get_module_config(r->per_dir_config, &app_module);
    if (location->pass == APP_PASS_OFF) {
        return DECLINED;
    }
    identity = &auth->who.identity;
    to.headers = location->pass == APP_PASS_HEADERS;
    pass(&to, "APP_USER", "X-App-User", identity->user);
    pass(&to, "APP_ROLE", "X-App-Role", identity->role);
    pass(&to, "APP_METHOD", "X-App-Method", identity->method);
    pass_claims(&to, app_httpd_auth_claims(auth, r->pool));
    return DECLINED;
}

/* Configuration */

static const char *set_pass(cmd_parms *cmd, void *to, const char *word)
{
    static const char *const words[] = { "off", "environment", "headers", NULL };
    app_location_t *location = to;
    int i;

    for (i = 0; words[i]; i++) {
        if (strcasecmp(word, words[i]) == 0) {
            location->pass = (app_pass_e)(APP_PASS_OFF + i);
            headers_used |= location->pass == APP_PASS_HEADERS;
            return NULL;
        }
    }
    return apr_pstrcat(cmd->pool, cmd->cmd->name, " takes off, environment or headers, not \"",
                       word, "\"", NULL);
}

const command_rec app_httpd_pass_commands[] = {
    AP_INIT_TAKE1("AppPassIdentity", set_pass, NULL, RSRC_CONF | ACCESS_CONF,
                  "how programs behind AuthType App learn who is asking: off, environment "
                  "(APP_USER …), headers (X-App-User …, as well)"),
    { .name = NULL }
};
