/* SPDX-License-Identifier: Apache-2.0 */
/** appctl token: makes, verifies and explains tokens, with the site's keys and settings. */
#include <stdio.h>
#include <string.h>

#include "apr_strings.h"

#include "auth_command.h"
#include "auth_sign.h"
#include "auth_token_explain.h"

#define TOKEN_MAX (64 * 1024) /* bytes, as in a request */

static app_command_e misused(app_error_t *err, const char *why)
{
    app_fail(err, APP_E_BAD_REQUEST, "%s", why);
    return APP_COMMAND_USAGE;
}

/* Mint */

typedef struct asked_t {
    const char         *role, *sub, *expires;
    apr_array_header_t *claims; /* of const char *: NAME=JSON */
} asked_t;

static apr_status_t add_claim(json_t *claims, const char *text, app_error_t *err)
{
    app_error_t why = { .pool = err->pool };
    const char *equals = strchr(text, '=');
    json_t *value;

    if (!equals || equals == text ||
        app_json_parse(equals + 1, strlen(equals + 1), &value, &why, err->pool) != APR_SUCCESS) {
        app_fail(err, APP_E_BAD_REQUEST, "--claim %s is not NAME=JSON", text);
        return app_hint(err, "A text has quotes of its own: --claim 'name=\"Ada\"'");
    }
    json_object_set(claims, apr_pstrmemdup(err->pool, text, (apr_size_t)(equals - text)), value);
    return APR_SUCCESS;
}

static apr_status_t make_claims(json_t **pclaims, const auth_t *auth, const asked_t *asked,
                                app_error_t *err)
{
    json_t *claims = app_json_own(err->pool, json_object());
    apr_int64_t seconds, now = auth_now();
    int i;

    if (auth_command_duration(&seconds, asked->expires ? asked->expires : "1h", "--expires", err) !=
        APR_SUCCESS) {
        return APP_EFAIL;
    }
    json_object_set_new(claims, "role", json_string(asked->role));
    if (asked->sub) {
        json_object_set_new(claims, "sub", json_string(asked->sub));
    }
    if (auth->conf->jwt_aud) {
        json_object_set_new(claims, "aud", json_string(auth->conf->jwt_aud));
    }
    json_object_set_new(claims, "iat", json_integer(now));
    json_object_set_new(claims, "exp", json_integer(now + seconds));
    for (i = 0; i < asked->claims->nelts; i++) {
        if (add_claim(claims, APR_ARRAY_IDX(asked->claims, i, const char *), err) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    *pclaims = claims;
    return APR_SUCCESS;
}

/** A token that the site would refuse, or take for another role, is none that was asked for. */
static apr_status_t check_minted(const auth_t *auth, const char *token, const char *role,
                                 app_error_t *err)
{
    app_identity_t who;

    if (auth_token_identify(&who, auth->tokens, token, auth->conf->jwt_aud, err, err->pool) !=
        APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (!who.role || strcmp(who.role, role) != 0) {
        app_fail(err, APP_E_BAD_REQUEST, "the site would take this token for role %s",
                 who.role ? who.role : "anonymous");
        return app_hint(err, "It looks for the role at JwtRoleClaimKey, %s: give it there with "
                             "--claim.", auth->conf->jwt_role_claim_key);
    }
    return APR_SUCCESS;
}

static app_command_e mint(const auth_t *auth, const asked_t *asked, app_error_t *err)
{
    json_t *claims;
    const char *token;

    if (!asked->role || !*asked->role) {
        return misused(err, "token mint takes a --role");
    }
    if (make_claims(&claims, auth, asked, err) != APR_SUCCESS) {
        return APP_COMMAND_USAGE;
    }
    if (auth_sign_check(auth->tokens, "token mint", err) != APR_SUCCESS ||
        auth_sign(&token, auth->tokens, claims, err, err->pool) != APR_SUCCESS ||
        check_minted(auth, token, asked->role, err) != APR_SUCCESS) {
        return APP_COMMAND_WRONG;
    }
    printf("%s\n", token);
    return APP_COMMAND_GOOD;
}

/* Verify and explain */

/** The word, or standard input, where other users of the machine cannot see it in a list. */
static apr_status_t read_token(const char **ptoken, const char *word, app_error_t *err)
{
    char *text = apr_palloc(err->pool, TOKEN_MAX + 2);
    apr_size_t len;

    if (strcmp(word, "-") != 0) {
        *ptoken = strncasecmp(word, "Bearer ", 7) == 0 ? word + 7 : word;
        return APR_SUCCESS;
    }
    len = fread(text, 1, TOKEN_MAX + 1, stdin);
    while (len && strchr(" \r\n", text[len - 1])) {
        len--;
    }
    text[len] = '\0';
    *ptoken = text;
    return len && len <= TOKEN_MAX && strlen(text) == len
               ? APR_SUCCESS
               : app_fail(err, APP_E_BAD_REQUEST, "standard input holds no token");
}

static app_command_e verify(const auth_t *auth, const char *token, app_error_t *err)
{
    app_identity_t who;

    if (auth_token_identify(&who, auth->tokens, token, auth->conf->jwt_aud, err, err->pool) !=
        APR_SUCCESS) {
        return APP_COMMAND_WRONG;
    }
    printf("%s\n", who.claims);
    return APP_COMMAND_GOOD;
}

static app_command_e explain(const auth_t *auth, const char *token, app_error_t *err)
{
    int good;

    fputs(auth_token_explain(&good, auth->tokens, token, auth->conf->jwt_aud, err->pool), stdout);
    if (!good) {
        app_fail(err, APP_E_BAD_REQUEST, "the token is refused");
    }
    return good ? APP_COMMAND_GOOD : APP_COMMAND_WRONG;
}

app_command_e auth_command_token(app_instance_t *self, int argc, const char *const *argv,
                                 app_error_t *err)
{
    const auth_t *auth = app_instance_context(self);
    asked_t asked = { .claims = apr_array_make(err->pool, 4, sizeof(const char *)) };
    const app_option_t options[] = { { .name = "--role", .value = &asked.role },
                                     { .name = "--sub", .value = &asked.sub },
                                     { .name = "--expires", .value = &asked.expires },
                                     { .name = "--claim", .values = asked.claims },
                                     { .name = NULL } };
    const char *const *words, *token;
    int count;

    if (app_command_read(&words, &count, argc, argv, options, err) != APR_SUCCESS) {
        return APP_COMMAND_USAGE;
    }
    if (count == 1 && strcmp(words[0], "mint") == 0) {
        return mint(auth, &asked, err);
    }
    if (count != 2 || (strcmp(words[0], "verify") != 0 && strcmp(words[0], "explain") != 0)) {
        return misused(err, "token takes mint, verify TOKEN or explain TOKEN");
    }
    if (!auth->tokens) {
        app_fail(err, APP_E_JWT_SECRET, NULL);
        return APP_COMMAND_WRONG;
    }
    if (read_token(&token, words[1], err) != APR_SUCCESS) {
        return APP_COMMAND_WRONG;
    }
    return (*words[0] == 'v' ? verify : explain)(auth, token, err);
}
