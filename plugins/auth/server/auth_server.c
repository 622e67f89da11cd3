/* SPDX-License-Identifier: Apache-2.0 */
/**
 * From what the server knows of a request (REMOTE_USER and other variables, never a header) to an
 * identity: the user, the role that ServerRoleMap gives him, the claims that ServerClaims names.
 * Settings are read when the server is configured; the rest is the request's thread.
 */
#include <stdlib.h>
#include <string.h>

#include "apr_lib.h"
#include "apr_strings.h"

#include "auth_origin.h"
#include "auth_server.h"

#define USER_MAX 255 /* bytes of a user's name */

/** A word of ServerRoleMap, or of ServerClaims. */
typedef struct rule_t {
    const char *variable; /* NULL: the user's name */
    const char *value;    /* that it must have; ServerClaims: NULL */
    const char *gives;    /* the role, or the claim's name */
} rule_t;

struct auth_server_t {
    const char         *user; /* the variable that holds the name */
    const char         *role; /* NULL: the anonymous one */
    apr_array_header_t *roles;  /* of rule_t: the first that fits */
    apr_array_header_t *claims; /* of rule_t */
};

/* Settings */

/** Length of the variable's name that text begins with: capitals, digits, "_". */
static apr_size_t variable_length(const char *text)
{
    apr_size_t len = 0;

    while (apr_isalnum(text[len]) || text[len] == '_') {
        len++;
    }
    return apr_isupper(*text) ? len : 0;
}

/** alice=editor, or OIDC_CLAIM_groups:staff=editor; a name may hold "=", a role does not. */
static int read_role(rule_t *rule, const char *word, apr_pool_t *p)
{
    const char *equals = strrchr(word, '=');
    apr_size_t len = variable_length(word);

    if (!equals || equals == word || !equals[1]) {
        return 0;
    }
    if (word[len] == ':' && len) {
        rule->variable = apr_pstrmemdup(p, word, len);
        word += len + 1;
    }
    rule->value = apr_pstrmemdup(p, word, (apr_size_t)(equals - word));
    rule->gives = equals + 1;
    return equals > word;
}

/** email=OIDC_CLAIM_email */
static int read_claim(rule_t *rule, const char *word, apr_pool_t *p)
{
    const char *equals = strchr(word, '=');

    if (!equals || equals == word || !variable_length(equals + 1) ||
        equals[1 + variable_length(equals + 1)]) {
        return 0;
    }
    rule->gives = apr_pstrmemdup(p, word, (apr_size_t)(equals - word));
    rule->variable = equals + 1;
    return strcmp(rule->gives, "sub") != 0 && strcmp(rule->gives, "role") != 0;
}

static apr_status_t read_rules(apr_array_header_t **prules, const apr_array_header_t *words,
                               int (*read)(rule_t *, const char *, apr_pool_t *),
                               const char *usage, app_error_t *err, apr_pool_t *p)
{
    int i;

    *prules = apr_array_make(p, 4, sizeof(rule_t));
    for (i = 0; words && i < words->nelts; i++) {
        rule_t *rule = apr_array_push(*prules);

        memset(rule, 0, sizeof(*rule));
        if (!read(rule, APR_ARRAY_IDX(words, i, const char *), p)) {
            return app_fail(err, APP_E_SETTING, "%s, not \"%s\"", usage,
                            APR_ARRAY_IDX(words, i, const char *));
        }
    }
    return APR_SUCCESS;
}

apr_status_t auth_server_create(auth_server_t **pserver, const auth_conf_t *conf,
                                app_error_t *err, apr_pool_t *p)
{
    auth_server_t *server = apr_pcalloc(p, sizeof(*server));

    if (variable_length(conf->server_user) != strlen(conf->server_user)) {
        return app_fail(err, APP_E_SETTING, "ServerUser takes the name of a variable, for example "
                        "REMOTE_USER or OIDC_CLAIM_email, not \"%s\"", conf->server_user);
    }
    server->user = conf->server_user;
    server->role = conf->server_role;
    if (read_rules(&server->roles, conf->server_role_map, read_role,
                   "ServerRoleMap takes words of the form USER=ROLE or VARIABLE:VALUE=ROLE", err,
                   p) != APR_SUCCESS ||
        read_rules(&server->claims, conf->server_claims, read_claim,
                   "ServerClaims takes words of the form CLAIM=VARIABLE, where CLAIM is neither "
                   "sub nor role", err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    *pserver = conf->server_identity ? server : NULL;
    return APR_SUCCESS;
}

/* What the server knows */

/** A certificate counts if the server has verified it; one that it only took along does not. */
static int has_certificate(const app_request_t *r)
{
    const char *verified = app_request_variable(r, "SSL_CLIENT_VERIFY");

    return verified && strcmp(verified, "SUCCESS") == 0;
}

static const char *variable(const app_request_t *r, const char *name)
{
    return strncmp(name, "SSL_CLIENT_", 11) != 0 || has_certificate(r)
               ? app_request_variable(r, name)
               : NULL;
}

/** Whether REMOTE_USER is of a certificate that was not verified, as SSLUserName makes it. */
static int is_doubtful(const app_request_t *r, const char *type)
{
    const char *verified = app_request_variable(r, "SSL_CLIENT_VERIFY");

    return (!type || strcasecmp(type, "ClientCert") == 0) && verified &&
           strcmp(verified, "NONE") != 0 && !has_certificate(r);
}

/** NULL: the server knows nobody. AuthType App is our own word, which is no news. */
static const char *user_of(const auth_server_t *server, const app_request_t *r)
{
    const char *type = app_request_variable(r, "AUTH_TYPE");
    const char *user = variable(r, server->user);

    if (!user || !*user || (type && strcasecmp(type, "App") == 0) ||
        (strcmp(server->user, "REMOTE_USER") == 0 && is_doubtful(r, type))) {
        return NULL;
    }
    return user;
}

static int is_text(const char *text)
{
    const char *c;

    for (c = text; *c; c++) {
        if ((unsigned char)*c < ' ' || *c == 127) {
            return 0;
        }
    }
    return app_utf8_valid(text, (apr_size_t)(c - text));
}

/** Whether text is value, or a list divided by commas with it in, as mod_auth_openidc writes it. */
static int is_or_lists(const char *text, const char *value)
{
    apr_size_t len = strlen(value), n;

    if (strcmp(text, value) == 0) {
        return 1;
    }
    for (;; text += n + 1) {
        text += strspn(text, " ");
        n = strcspn(text, ",");
        if (n == len && memcmp(text, value, n) == 0) {
            return 1;
        }
        if (!text[n]) {
            return 0;
        }
    }
}

static const char *role_of(const auth_server_t *server, const app_request_t *r, const char *user)
{
    int i;

    for (i = 0; i < server->roles->nelts; i++) {
        const rule_t *rule = &APR_ARRAY_IDX(server->roles, i, rule_t);
        const char *text = rule->variable ? variable(r, rule->variable) : user;

        if (text && (rule->variable ? is_or_lists(text, rule->value)
                                    : strcmp(text, rule->value) == 0)) {
            return rule->gives;
        }
    }
    return server->role;
}

static const char *claims_of(const auth_server_t *server, const app_request_t *r,
                             const app_identity_t *identity)
{
    apr_pool_t *p = app_request_pool(r);
    json_t *claims = app_json_own(p, json_object());
    const char *text;
    char *dump;
    int i;

    json_object_set_new(claims, "sub", json_string(identity->user));
    if (identity->role) {
        json_object_set_new(claims, "role", json_string(identity->role));
    }
    for (i = 0; i < server->claims->nelts; i++) {
        const rule_t *rule = &APR_ARRAY_IDX(server->claims, i, rule_t);

        if ((text = variable(r, rule->variable)) && is_text(text)) {
            json_object_set_new(claims, rule->gives, json_string(text));
        }
    }
    dump = json_dumps(claims, JSON_COMPACT);
    text = apr_pstrdup(p, dump);
    free(dump);
    return text;
}

/* Requests that another site's page has made */

static int is_safe(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 ||
           strcmp(method, "OPTIONS") == 0;
}

/** Programs do not say where they come from, browsers do, and add passwords and certificates. */
static apr_status_t check_origin(auth_t *auth, app_request_t *r, app_error_t *err)
{
    return is_safe(app_request_method(r)) || !auth_origin_is_told(r)
               ? APR_SUCCESS
               : auth_origin_check(auth, r, err);
}

apr_status_t auth_server_identify(app_identity_t *identity, auth_t *auth, app_request_t *r,
                                  app_error_t *err)
{
    const char *user = auth->server ? user_of(auth->server, r) : NULL;

    if (!user) {
        return APP_NEXT;
    }
    if (check_origin(auth, r, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (strlen(user) > USER_MAX || !is_text(user)) {
        return app_fail(err, APP_E_FORBIDDEN,
                        "The name of the user is too long, or holds what is no text");
    }
    identity->user = user;
    identity->role = role_of(auth->server, r, user);
    identity->method = "server";
    identity->claims = claims_of(auth->server, r, identity);
    return APR_SUCCESS;
}
