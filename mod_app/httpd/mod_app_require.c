/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Require app-role, app-scope and app-claim: what somebody who was identified by AuthType App may
 * do. One of the words of a line is enough. A word may hold expressions (%{…}), each of which gives
 * one word, whatever is in it. Lines are read with the configuration, judged by the request's
 * thread.
 */
#include "mod_app.h"

#include "ap_provider.h"
#include "apr_strings.h"
#include "http_request.h"
#include "mod_auth.h"

/** A judge of one kind: does word hold for auth? name is app-claim's first word, else NULL. */
typedef int judge_fn(request_rec *r, app_auth_t *auth, const char *name, const char *word);

/* Lines */

/** @param least words that must be there */
static const char *read_words(cmd_parms *cmd, const char *line, const void **pwords, int least,
                              const char *usage)
{
    apr_array_header_t *words = apr_array_make(cmd->pool, 4, sizeof(ap_expr_info_t *));
    const char *word, *problem = NULL;

    while (*(word = ap_getword_conf(cmd->pool, &line))) {
        APR_ARRAY_PUSH(words, ap_expr_info_t *) =
            ap_expr_parse_cmd(cmd, word, AP_EXPR_FLAG_STRING_RESULT, &problem, NULL);
        if (problem) {
            return apr_pstrcat(cmd->pool, "\"", word, "\" is no expression: ", problem, NULL);
        }
    }
    *pwords = words;
    return words->nelts < least ? usage : NULL;
}

static const char *read_roles(cmd_parms *cmd, const char *line, const void **pwords)
{
    return read_words(cmd, line, pwords, 1, "takes roles: Require app-role editor admin");
}

static const char *read_scopes(cmd_parms *cmd, const char *line, const void **pwords)
{
    return read_words(cmd, line, pwords, 1, "takes scopes: Require app-scope files:read");
}

static const char *read_claim(cmd_parms *cmd, const char *line, const void **pwords)
{
    return read_words(cmd, line, pwords, 2,
                      "takes the name of a claim and its values: Require app-claim team red blue");
}

static const char *word_at(request_rec *r, const apr_array_header_t *words, int i,
                           const char **pproblem)
{
    const char *word = ap_expr_str_exec(r, APR_ARRAY_IDX(words, i, ap_expr_info_t *), pproblem);

    if (*pproblem) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "APP0321: a Require line cannot be judged: %s",
                      *pproblem);
    }
    return word;
}

static authz_status judge(request_rec *r, const apr_array_header_t *words, int named,
                          judge_fn *holds)
{
    app_auth_t *auth = app_httpd_auth_is_ours(r) ? app_httpd_auth_of(r) : NULL;
    const char *name = NULL, *word, *problem = NULL;
    int i;

    if (!auth) {
        return r->user ? AUTHZ_DENIED : AUTHZ_DENIED_NO_USER;
    }
    for (i = 0; i < words->nelts; i++) {
        word = word_at(r, words, i, &problem);
        if (problem) {
            return AUTHZ_GENERAL_ERROR; /* "Require not" would make a yes of a no */
        }
        if (named && i == 0) {
            name = word;
        }
        else if (*word && holds(r, auth, name, word)) {
            return AUTHZ_GRANTED;
        }
    }
    return AUTHZ_DENIED;
}

/* Judges */

static int has_role(request_rec *r, app_auth_t *auth, const char *name, const char *word)
{
    (void)r;
    (void)name;
    return auth->who.identity.role && strcmp(auth->who.identity.role, word) == 0;
}

/** Whether value is word, or a list with it in. */
static int is_or_holds(const json_t *value, const char *word, apr_pool_t *p)
{
    const char *text;
    size_t i;

    if (json_is_array(value)) {
        for (i = 0; i < json_array_size(value); i++) {
            text = app_httpd_pass_text(json_array_get(value, i), p);
            if (text && strcmp(text, word) == 0) {
                return 1;
            }
        }
        return 0;
    }
    text = json_is_object(value) ? NULL : app_httpd_pass_text(value, p);
    return text && strcmp(text, word) == 0;
}

/** Whether text, words divided by blanks, holds word. */
static int has_word(const char *text, const char *word)
{
    apr_size_t len = strlen(word), n;

    for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
        n = strcspn(text, " ");
        if (n == len && memcmp(text, word, n) == 0) {
            return 1;
        }
        text += n;
    }
    return 0;
}

/** "scope" is one text (RFC 8693 4.2); some issuers write a list, or call it "scp". */
static int has_scope(request_rec *r, app_auth_t *auth, const char *name, const char *word)
{
    static const char *const names[] = { "scope", "scp" };
    const json_t *claims = app_httpd_auth_claims(auth, r->pool);
    int i;

    (void)name;
    for (i = 0; i < 2; i++) {
        const json_t *value = json_object_get(claims, names[i]);

        if (json_is_string(value) ? has_word(json_string_value(value), word)
                                  : is_or_holds(value, word, r->pool)) {
            return 1;
        }
    }
    return 0;
}

static int has_claim(request_rec *r, app_auth_t *auth, const char *name, const char *word)
{
    return is_or_holds(json_object_get(app_httpd_auth_claims(auth, r->pool), name), word, r->pool);
}

/* Providers */

static authz_status judge_role(request_rec *r, const char *line, const void *words)
{
    (void)line;
    return judge(r, words, 0, has_role);
}

static authz_status judge_scope(request_rec *r, const char *line, const void *words)
{
    (void)line;
    return judge(r, words, 0, has_scope);
}

static authz_status judge_claim(request_rec *r, const char *line, const void *words)
{
    (void)line;
    return judge(r, words, 1, has_claim);
}

static const authz_provider role_provider = { judge_role, read_roles };
static const authz_provider scope_provider = { judge_scope, read_scopes };
static const authz_provider claim_provider = { judge_claim, read_claim };

static void offer(apr_pool_t *p, const char *name, const authz_provider *provider)
{
    ap_register_auth_provider(p, AUTHZ_PROVIDER_GROUP, name, AUTHZ_PROVIDER_VERSION, provider,
                              AP_AUTH_INTERNAL_PER_CONF);
}

void app_httpd_require_register(apr_pool_t *p)
{
    offer(p, "app-role", &role_provider);
    offer(p, "app-scope", &scope_provider);
    offer(p, "app-claim", &claim_provider);
}
