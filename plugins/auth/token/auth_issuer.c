/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Reads foreign issuers out of the settings (auth_issuer.h). Runs in the parent, at configtest too.
 *
 *     Issuer https://accounts.example.org/ keys=https://accounts.example.org/jwks audience=web
 *     Issuer https://login.example.com     keys=/etc/mod_app/login.pem audience=web
 *            role=$.groups[0] default-role=web_user algorithm=RS256 algorithm=RS512
 */
#include <string.h>

#include "apr_file_io.h"
#include "apr_strings.h"

#include "auth_issuer.h"
#include "auth_key_int.h"

#define FILE_MAX    (256 * 1024) /* bytes of keys */
#define ISSUERS_MAX 50

/** What a key of an issuer may sign with, if the line does not say. */
static const char *const usual[] = { "RS256", "ES256", "ES384", "ES512", "EdDSA" };

static apr_status_t refuse(const auth_issuer_t *issuer, app_error_t *err, const char *why,
                           const char *what)
{
    return app_fail(err, APP_E_SETTING, "Issuer \"%s\": %s%s", issuer->name, why, what);
}

/* Algorithms */

int auth_algorithm_allowed(const apr_array_header_t *algorithms, const char *alg)
{
    int i;

    for (i = 0; algorithms && i < algorithms->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(algorithms, i, const char *), alg) == 0) {
            return 1;
        }
    }
    return !algorithms;
}

apr_status_t auth_algorithms_check(const apr_array_header_t *algorithms, const char *setting,
                                   app_error_t *err)
{
    int i, j;

    for (i = 0; i < algorithms->nelts; i++) {
        const char *name = APR_ARRAY_IDX(algorithms, i, const char *);

        for (j = 0; auth_algorithms[j].name && strcmp(auth_algorithms[j].name, name) != 0; j++) {
        }
        if (!auth_algorithms[j].name) {
            app_fail(err, APP_E_SETTING, "%s: there is no algorithm \"%s\"", setting, name);
            return app_hint(err, "Accepted: HS, RS and ES with 256, 384 or 512, and EdDSA.");
        }
    }
    return APR_SUCCESS;
}

/* Options. Each takes what stands behind its "=". */

static apr_status_t read_file(const char **ptext, const char *path, apr_pool_t *p)
{
    char *text = apr_palloc(p, FILE_MAX + 1);
    apr_size_t len = FILE_MAX;
    apr_file_t *file;
    apr_status_t rv = apr_file_open(&file, path, APR_READ, APR_OS_DEFAULT, p);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = apr_file_read_full(file, text, FILE_MAX, &len);
    apr_file_close(file);
    text[len] = '\0';
    *ptext = text;
    return rv == APR_EOF ? APR_SUCCESS : rv == APR_SUCCESS ? APR_ENOSPC : rv;
}

static apr_status_t take_file(auth_issuer_t *issuer, const char *path, app_error_t *err,
                              apr_pool_t *p)
{
    const char *text = NULL;
    auth_keys_t *keys;
    apr_status_t rv = read_file(&text, path, p);
    char why[120];

    if (rv != APR_SUCCESS) {
        return refuse(issuer, err, apr_psprintf(p, "\"%s\" cannot be read: ", path),
                      apr_strerror(rv, why, sizeof(why)));
    }
    if (auth_keys_form(text) == AUTH_KEYS_TEXT) {
        return refuse(issuer, err, path, " holds neither a JWK or JWK set nor PEM");
    }
    if (auth_keys_read(&keys, text, path, 0, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    issuer->keys = keys;
    return APR_SUCCESS;
}

/** Without TLS anybody on the way could put keys of his own in; on this machine nobody is. */
static int is_local(const char *url)
{
    static const char *const hosts[] = { "127.0.0.1", "[::1]", "localhost" };
    const char *host = url + strlen("http://");
    apr_size_t i, len = strcspn(host, ":/?#");

    if (memchr(host, '@', strcspn(host, "/?#"))) {
        return 0; /* what looks like the host is a name and a password */
    }
    len = *host == '[' ? strcspn(host, "]") + 1 : len;
    for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        if (strlen(hosts[i]) == len && strncmp(host, hosts[i], len) == 0) {
            return host[len] == '\0' || strchr(":/?#", host[len]) != NULL;
        }
    }
    return 0;
}

static apr_status_t take_keys(auth_issuer_t *issuer, const char *value, app_error_t *err,
                              apr_pool_t *p)
{
    if (*value == '/') {
        return take_file(issuer, value, err, p);
    }
    if (strncmp(value, "https://", 8) == 0 ||
        (strncmp(value, "http://", 7) == 0 && is_local(value))) {
        issuer->url = value;
        return APR_SUCCESS;
    }
    refuse(issuer, err, "keys are not at ", value);
    return app_hint(err, "keys= takes the absolute path of a file with a JWK, a JWK set or PEM, or "
                         "the https:// URL of a JWK set (http:// for 127.0.0.1, [::1] and "
                         "localhost alone).");
}

static apr_status_t push(apr_array_header_t **plist, const char *value, apr_pool_t *p)
{
    if (!*plist) {
        *plist = apr_array_make(p, 2, sizeof(const char *));
    }
    APR_ARRAY_PUSH(*plist, const char *) = value;
    return APR_SUCCESS;
}

static apr_status_t take_audience(auth_issuer_t *issuer, const char *value, app_error_t *err,
                                  apr_pool_t *p)
{
    (void)err;
    return push(&issuer->audiences, value, p);
}

static apr_status_t take_algorithm(auth_issuer_t *issuer, const char *value, app_error_t *err,
                                   apr_pool_t *p)
{
    if (strncmp(value, "HS", 2) == 0) {
        return refuse(issuer, err, value, " needs a secret that we and the issuer share, and then "
                                          "neither of us knows who has made a token");
    }
    push(&issuer->algorithms, value, p);
    return auth_algorithms_check(issuer->algorithms, "Issuer algorithm=", err);
}

static apr_status_t take_role(auth_issuer_t *issuer, const char *value, app_error_t *err,
                              apr_pool_t *p)
{
    auth_jsonpath_t *path;
    int old;

    if (auth_jsonpath_compile(&path, &old, value, "Issuer role=", err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    issuer->role_path = path;
    return APR_SUCCESS;
}

static apr_status_t take_default_role(auth_issuer_t *issuer, const char *value, app_error_t *err,
                                      apr_pool_t *p)
{
    (void)err;
    (void)p;
    issuer->default_role = value;
    return APR_SUCCESS;
}

static const struct {
    const char *name;
    apr_status_t (*take)(auth_issuer_t *issuer, const char *value, app_error_t *err,
                         apr_pool_t *p);
} options[] = {
    { "keys=", take_keys },           { "audience=", take_audience },
    { "algorithm=", take_algorithm }, { "role=", take_role },
    { "default-role=", take_default_role },
};

/* Lines */

/** Whether a word is "name=…" rather than an issuer, whose URL may hold "=", too. */
static int is_option(const char *word)
{
    apr_size_t len = strspn(word, "abcdefghijklmnopqrstuvwxyz-");

    return len && word[len] == '=';
}

static apr_status_t take_option(auth_issuer_t *issuer, const char *word, app_error_t *err,
                                apr_pool_t *p)
{
    apr_size_t i, len;

    for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        len = strlen(options[i].name);
        if (strncmp(word, options[i].name, len) == 0 && word[len]) {
            return options[i].take(issuer, word + len, err, p);
        }
    }
    refuse(issuer, err, "not known: ", word);
    return app_hint(err, "Accepted: keys=, audience=, algorithm=, role=, default-role=, each with "
                         "a value.");
}

/** Whether all is there, behind the last word of an issuer. */
static apr_status_t finish(auth_issuer_t *issuer, app_error_t *err, apr_pool_t *p)
{
    apr_size_t i;

    if (!issuer->keys && !issuer->url) {
        return refuse(issuer, err, "keys= is missing", "");
    }
    if (!issuer->audiences) {
        refuse(issuer, err, "audience= is missing", "");
        return app_hint(err, "Tokens that the issuer makes for others would be good here, too; "
                             "audience=* says that they shall.");
    }
    if (strcmp(APR_ARRAY_IDX(issuer->audiences, 0, const char *), "*") == 0) {
        issuer->audiences = NULL;
    }
    if (issuer->algorithms) {
        return APR_SUCCESS;
    }
    for (i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
        push(&issuer->algorithms, usual[i], p);
    }
    return APR_SUCCESS;
}

static apr_status_t begin(auth_issuer_t **pissuer, apr_array_header_t *list, const char *name,
                          app_error_t *err)
{
    int i;

    for (i = 0; i < list->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(list, i, auth_issuer_t).name, name) == 0) {
            return app_fail(err, APP_E_SETTING, "Issuer \"%s\" stands there twice", name);
        }
    }
    if (list->nelts == ISSUERS_MAX) {
        return app_fail(err, APP_E_SETTING, "there are more than %d lines Issuer", ISSUERS_MAX);
    }
    *pissuer = apr_array_push(list);
    memset(*pissuer, 0, sizeof(**pissuer));
    (*pissuer)->name = name;
    return APR_SUCCESS;
}

apr_status_t auth_issuers_read(apr_array_header_t **plist, const apr_array_header_t *words,
                               app_error_t *err, apr_pool_t *p)
{
    apr_array_header_t *list = apr_array_make(p, ISSUERS_MAX, sizeof(auth_issuer_t));
    auth_issuer_t *issuer = NULL;
    apr_status_t status = APR_SUCCESS;
    int i;

    for (i = 0; i < words->nelts && status == APR_SUCCESS; i++) {
        const char *word = APR_ARRAY_IDX(words, i, const char *);

        if (is_option(word)) {
            status = issuer ? take_option(issuer, word, err, p)
                            : app_fail(err, APP_E_SETTING, "Issuer: the name of an issuer, its "
                                       "\"iss\", must stand before \"%s\"", word);
        }
        else if (!issuer || (status = finish(issuer, err, p)) == APR_SUCCESS) {
            status = begin(&issuer, list, word, err);
        }
    }
    if (status == APR_SUCCESS && issuer) {
        status = finish(issuer, err, p);
    }
    if (status == APR_SUCCESS) {
        *plist = list;
    }
    return status;
}
