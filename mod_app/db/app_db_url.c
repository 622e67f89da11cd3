/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Reads a database URL. No message repeats any part of a PostgreSQL URL but the name of an option:
 * anywhere else a typing error may have put the password. Parent process, at configuration.
 */
#include "apr_lib.h"
#include "apr_strings.h"

#include <libpq-fe.h>

#include "app_db_driver.h"

#define URL_MAX 4096

#define PGSQL_FORM                                                                     \
    "The form is postgresql://user:password@host:port/database?sslmode=verify-full; "  \
    "in a user or password @ : / ? # %% are written %%40 %%3A %%2F %%3F %%23 %%25"

static int has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* SQLite */

/** @return NULL for a malformed escape or a NUL */
static const char *decode_path(const char *text, apr_pool_t *p)
{
    char *path = apr_palloc(p, strlen(text) + 1), *to = path;

    for (; *text; text++) {
        if (*text != '%') {
            *to++ = *text;
            continue;
        }
        if (app_hex_digit(text[1]) < 0 || app_hex_digit(text[2]) < 0) {
            return NULL;
        }
        *to = (char)(app_hex_digit(text[1]) * 16 + app_hex_digit(text[2]));
        if (!*to++) {
            return NULL;
        }
        text += 2;
    }
    *to = '\0';
    return path;
}

static const char *encode_path(const char *path, apr_pool_t *p)
{
    static const char hex[] = "0123456789ABCDEF";
    char *text = apr_palloc(p, strlen(path) * 3 + 1), *to = text;

    for (; *path; path++) {
        unsigned char c = (unsigned char)*path;

        if (apr_isalnum(c) || strchr("/-_.~", c)) {
            *to++ = (char)c;
            continue;
        }
        *to++ = '%';
        *to++ = hex[c >> 4];
        *to++ = hex[c & 15];
    }
    *to = '\0';
    return text;
}

static apr_status_t parse_sqlite(app_db_url_t *url, const char *rest, app_error_t *err,
                                 apr_pool_t *p)
{
    const char *path;

    if (strchr(rest, '?')) {
        return app_fail(err, APP_E_SETTING,
                        "An SQLite URL takes no options behind \"?\"; a \"?\" in the file's name "
                        "is written %%3F");
    }
    if (rest[0] != '/' || (rest[1] == '/' && rest[2] != '/')) {
        app_fail(err, APP_E_SETTING, "An SQLite URL needs the full path of a file, not \"%s\"",
                 rest);
        return app_hint(err, "For example sqlite:/var/lib/mod_app/app.db");
    }
    path = decode_path(rest + strspn(rest, "/") - 1, p);
    if (!path) {
        return app_fail(err, APP_E_SETTING,
                        "The SQLite URL has a \"%%\" that two hexadecimal digits do not follow, or "
                        "%%00; a \"%%\" in the file's name is written %%25");
    }
    if (path[strlen(path) - 1] == '/') {
        return app_fail(err, APP_E_SETTING,
                        "An SQLite URL names a file, and \"%s\" names a folder", path);
    }
    url->kind = APP_DB_SQLITE;
    url->path = path;
    url->label = url->identity = apr_pstrcat(p, "sqlite:", path, NULL);
    url->params = apr_pstrcat(p, "file:", encode_path(path, p), "?mode=rw", NULL);
    return APR_SUCCESS;
}

const char *app_db_url_create(const app_db_url_t *url, apr_pool_t *p)
{
    return url->kind == APP_DB_SQLITE ? apr_pstrcat(p, url->params, "c", NULL) : url->params;
}

/* PostgreSQL */

static void add_param(app_buf_t *buf, const char *name, const char *value)
{
    app_buf_addf(buf, "%s='", name);
    for (; *value; value++) {
        if (*value == '\'' || *value == '\\') {
            app_buf_addc(buf, '\\');
        }
        app_buf_addc(buf, *value);
    }
    app_buf_adds(buf, "' ");
}

static const char *param_of(const PQconninfoOption *params, const char *name, const char *absent)
{
    for (; params->keyword; params++) {
        if (strcmp(params->keyword, name) == 0) {
            return params->val && *params->val ? params->val : absent;
        }
    }
    return absent;
}

/** What a server needs that must not hang: set here unless the URL sets it. */
static void add_defaults(app_buf_t *buf, const PQconninfoOption *params,
                         apr_interval_time_t connect_timeout, apr_pool_t *p)
{
    const char *seconds = apr_psprintf(p, "%" APR_INT64_T_FMT,
                                       (connect_timeout + APR_USEC_PER_SEC - 1) / APR_USEC_PER_SEC);
    const struct {
        const char *name, *value;
    } defaults[] = {
        { "connect_timeout", seconds },   { "keepalives_idle", "30" },
        { "keepalives_interval", "10" },  { "keepalives_count", "3" },
        { "tcp_user_timeout", "15000" },  { "application_name", APP_NAME },
    };
    apr_size_t i;

    for (i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
        if (!param_of(params, defaults[i].name, NULL)) {
            add_param(buf, defaults[i].name, defaults[i].value);
        }
    }
    add_param(buf, "client_encoding", "UTF8");
}

/** All parameters that libpq would show. */
static const char *identity_of(const PQconninfoOption *params, apr_pool_t *p)
{
    app_buf_t buf;

    app_buf_init(&buf, p, URL_MAX * 4);
    app_buf_adds(&buf, "postgresql ");
    for (; params->keyword; params++) {
        if (params->val && *params->val && params->dispchar[0] != '*') {
            add_param(&buf, params->keyword, params->val);
        }
    }
    return buf.data;
}

static void build_pgsql(app_db_url_t *url, const PQconninfoOption *params,
                        apr_interval_time_t connect_timeout, apr_pool_t *p)
{
    const PQconninfoOption *param;
    app_buf_t buf;

    app_buf_init(&buf, p, URL_MAX * 4);
    for (param = params; param->keyword; param++) {
        if (param->val && *param->val && strcmp(param->keyword, "client_encoding") != 0) {
            add_param(&buf, param->keyword, param->val);
        }
    }
    add_defaults(&buf, params, connect_timeout, p);
    url->kind = APP_DB_PGSQL;
    url->identity = identity_of(params, p);
    url->params = buf.data;
    url->label = apr_psprintf(p, "postgresql://%s:%s/%s", param_of(params, "host", "(local)"),
                              param_of(params, "port", "5432"),
                              param_of(params, "dbname", "(default)"));
}

static int is_option(const PQconninfoOption *known, const char *name)
{
    while (known->keyword && strcmp(known->keyword, name) != 0) {
        known++;
    }
    return known->keyword != NULL;
}

/**
 * The first option behind "?" that libpq does not know; NULL: it knows all, or an "@" behind the
 * "?" says that this is no option but part of a password.
 */
static const char *unknown_option(const char *text, apr_pool_t *p)
{
    const char *options = strchr(text, '?'), *unknown = NULL;
    PQconninfoOption *known;
    char *name, *state;

    if (!options || strchr(options, '@') || !(known = PQconndefaults())) {
        return NULL;
    }
    name = apr_strtok(apr_pstrdup(p, options + 1), "&", &state);
    for (; name && !unknown; name = apr_strtok(NULL, "&", &state)) {
        name[strcspn(name, "=")] = '\0';
        unknown = is_option(known, name) ? NULL : name;
    }
    PQconninfoFree(known);
    return unknown;
}

/** libpq looks at ports only when it connects. There is one for each host, divided by commas. */
static int has_wrong_port(const PQconninfoOption *params)
{
    const char *ports = param_of(params, "port", "");

    while (*ports) {
        apr_size_t len = strcspn(ports, ",");
        apr_int64_t port;

        if (len && (app_int64_parse(ports, len, &port) != APR_SUCCESS || port < 1 ||
                    port > 65535)) {
            return 1;
        }
        ports += len + (ports[len] == ',');
    }
    return 0;
}

static apr_status_t parse_pgsql(app_db_url_t *url, const char *text,
                                apr_interval_time_t connect_timeout, app_error_t *err,
                                apr_pool_t *p)
{
    char *problem = NULL; /* repeats the URL, password and all */
    PQconninfoOption *params = PQconninfoParse(text, &problem);
    const char *option;

    if (params) {
        int wrong_port = has_wrong_port(params);

        build_pgsql(url, params, connect_timeout, p);
        PQconninfoFree(params);
        return wrong_port ? app_fail(err, APP_E_SETTING,
                                     "The port in the database URL is not between 1 and 65535")
                          : APR_SUCCESS;
    }
    PQfreemem(problem);
    option = unknown_option(text, p);
    if (option) {
        app_fail(err, APP_E_SETTING,
                 "The database URL has an option \"%s\", which libpq does not know", option);
    }
    else {
        app_fail(err, APP_E_SETTING, "The database URL is malformed");
    }
    return app_hint(err, PGSQL_FORM);
}

apr_status_t app_db_url_parse(app_db_url_t *url, const char *text,
                              apr_interval_time_t connect_timeout, app_error_t *err,
                              apr_pool_t *p)
{
    const char *c;

    if (strlen(text) > URL_MAX) {
        return app_fail(err, APP_E_SETTING, "The database URL is longer than %d bytes", URL_MAX);
    }
    for (c = text; *c; c++) {
        if (apr_iscntrl(*c)) {
            return app_fail(err, APP_E_SETTING, "The database URL contains a control character");
        }
    }
    if (has_prefix(text, "sqlite:")) {
        return parse_sqlite(url, text + strlen("sqlite:"), err, p);
    }
    if (has_prefix(text, "postgresql://") || has_prefix(text, "postgres://")) {
        return parse_pgsql(url, text, connect_timeout, err, p);
    }
    app_fail(err, APP_E_SETTING, "The database URL begins with neither sqlite: nor postgresql://");
    return app_hint(err, "For example sqlite:/var/lib/mod_app/app.db, or "
                         "postgresql://user:password@host:5432/database?sslmode=verify-full");
}
