/* SPDX-License-Identifier: Apache-2.0 */
/**
 * PostgreSQL: settings that stand in the database, as "ALTER ROLE authenticator SET pgrst.NAME" of
 * the connection's role, or set by the function that PreConfig names. They are read with the
 * catalogue (rest_share.c) and kept in the snapshot, so all processes have the same at the same
 * moment; rest.c lays them over the configuration of a request. Who is let in (the anonymous role,
 * tokens, origins) is not for the database to say: a role may alter its own settings.
 */
#include <string.h>

#include "apr_strings.h"

#include "rest_int.h"

#define PREFIX "pgrst."

typedef enum kind_e { TEXT, LIST, NUMBER, FLAG, CHOICE } kind_e;

/** A setting by the dialect's name. */
typedef struct member_t {
    const char        *name;
    kind_e             kind;
    apr_size_t         offset; /* in rest_conf_t */
    const char *const *choices;
} member_t;

#define MEMBER(name, kind, member) { name, kind, offsetof(rest_conf_t, member), NULL }
static const member_t members[] = {
    MEMBER("db_schemas", LIST, schemas),
    MEMBER("db_extra_search_path", LIST, extra_search_path),
    MEMBER("db_max_rows", NUMBER, max_rows),
    MEMBER("db_pre_request", TEXT, pre_request),
    MEMBER("db_root_spec", TEXT, root_spec),
    MEMBER("db_aggregates_enabled", FLAG, aggregates),
    MEMBER("db_plan_enabled", FLAG, explains),
    MEMBER("db_hoisted_tx_settings", LIST, hoisted),
    { "db_tx_end", CHOICE, offsetof(rest_conf_t, tx_end), rest_tx_ends },
    { "openapi_mode", CHOICE, offsetof(rest_conf_t, openapi_mode), rest_openapi_modes },
    MEMBER("openapi_security_active", FLAG, openapi_security),
    MEMBER("openapi_server_proxy_uri", TEXT, openapi_uri),
    MEMBER("url_use_legacy_target_names", FLAG, legacy_names),
};
#define MEMBERS (sizeof(members) / sizeof(members[0]))

static const member_t *find_member(const char *name)
{
    apr_size_t i;

    for (i = 0; i < MEMBERS; i++) {
        if (strcmp(members[i].name, name) == 0) {
            return &members[i];
        }
    }
    return NULL;
}

/* Values */

/** What stands between commas, without the blanks around it. */
static apr_array_header_t *read_list(const char *text, apr_pool_t *p)
{
    apr_array_header_t *list = apr_array_make(p, 4, sizeof(const char *));

    while (*text) {
        const char *end, *next;

        text += strspn(text, " ,");
        next = end = text + strcspn(text, ",");
        while (end > text && end[-1] == ' ') {
            end--;
        }
        if (end > text) {
            APR_ARRAY_PUSH(list, const char *) = apr_pstrmemdup(p, text, (apr_size_t)(end - text));
        }
        text = next;
    }
    return list;
}

static int read_word(int *to, const char *text, const char *const *words)
{
    int i;

    for (i = 0; words[i]; i++) {
        if (strcasecmp(words[i], text) == 0) {
            *to = i;
            return 1;
        }
    }
    return 0;
}

static int read_flag(int *to, const char *text)
{
    static const char *const words[] = { "false", "true", "off", "on", "no", "yes", "0", "1",
                                         NULL };
    int word;

    if (!read_word(&word, text, words)) {
        return 0;
    }
    *to = word & 1;
    return 1;
}

static int read_number(apr_int64_t *to, const char *text)
{
    apr_int64_t number = 0;

    if (*text && (app_int64_parse(text, strlen(text), &number) != APR_SUCCESS || number < 0 ||
                  number > APR_INT32_MAX)) {
        return 0;
    }
    *to = number;
    return 1;
}

/** @return 0: the value cannot be, and conf is as it was */
static int put(rest_conf_t *conf, const member_t *member, const char *text, apr_pool_t *p)
{
    void *to = (char *)conf + member->offset;

    switch (member->kind) {
    case TEXT:
        *(const char **)to = *text ? text : NULL;
        return 1;
    case LIST:
        *(apr_array_header_t **)to = read_list(text, p);
        return 1;
    case NUMBER:
        return read_number(to, text);
    case FLAG:
        return read_flag(to, text);
    default:
        return read_word(to, text, member->choices);
    }
}

const rest_conf_t *rest_config_over(const rest_conf_t *conf, const rest_role_setting_t *config,
                                    apr_pool_t *p)
{
    rest_conf_t *over;

    if (!config) {
        return conf;
    }
    over = apr_pmemdup(p, conf, sizeof(*conf));
    for (; config; config = config->next) {
        put(over, find_member(config->name), config->value, p);
    }
    return over;
}

/* Reading */

/*
 * Not what the session says, which may be older than the last ALTER ROLE. Of a setting of the role
 * in this database, one of the role, and one of PreConfig, the first counts.
 */
static const char settings_sql[] =
    "SELECT DISTINCT ON (name) name, value FROM ("
    "SELECT s.setdatabase::bigint AS place, split_part(c.config, '=', 1) AS name,"
    " substr(c.config, strpos(c.config, '=') + 1) AS value"
    " FROM pg_catalog.pg_db_role_setting s CROSS JOIN unnest(s.setconfig) AS c (config)"
    " WHERE s.setrole = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = session_user)"
    " AND s.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database"
    " WHERE datname = current_database()))"
    " UNION ALL SELECT -1, n.name, nullif(current_setting(n.name, true), '')"
    " FROM unnest(string_to_array($1, ',')) AS n (name)) AS all_of_them"
    " WHERE name LIKE 'pgrst.%' AND value IS NOT NULL ORDER BY name, place DESC";

/** Every name, for what a function may set. */
static const char *all_names(apr_pool_t *p)
{
    const char *names = "";
    apr_size_t i;

    for (i = 0; i < MEMBERS; i++) {
        names = apr_pstrcat(p, names, i ? "," : "", PREFIX, members[i].name, NULL);
    }
    return names;
}

static apr_status_t run_pre_config(app_tx_t *tx, const char *name, app_error_t *err, apr_pool_t *p)
{
    const app_sql_t sql = { apr_psprintf(p, "SELECT %s()", rest_quoted_path(name, p)), NULL, 0 };
    apr_size_t i;

    for (i = 0; i < MEMBERS; i++) { /* the session's are those of its role when it began */
        app_tx_set(tx, apr_pstrcat(p, PREFIX, members[i].name, NULL), "");
    }
    return app_tx_execute(tx, &sql, NULL, err);
}

/** Adds a setting to the list, unless it is none that could hold. */
static void take(rest_role_setting_t **plist, const char *name, const char *value, apr_pool_t *p)
{
    const member_t *member = find_member(name);
    rest_role_setting_t *setting;
    rest_conf_t scratch;

    if (!member) {
        app_log(APP_LOG_NOTICE, NULL, "APP1180",
                "the database's setting " PREFIX "%s is not followed: it is for the server's "
                "configuration to say", name);
        return;
    }
    if (!put(&scratch, member, value, p) || (member->offset == offsetof(rest_conf_t, schemas) &&
                                             !scratch.schemas->nelts)) {
        app_log(APP_LOG_WARNING, NULL, "APP1181",
                "the database's setting " PREFIX "%s has the value \"%s\", which it cannot have: "
                "that of the server's configuration holds", name, value);
        return;
    }
    setting = apr_pcalloc(p, sizeof(*setting));
    setting->role = "";
    setting->name = member->name;
    setting->value = apr_pstrdup(p, value);
    setting->next = *plist;
    *plist = setting;
}

static apr_status_t read_settings(rest_role_setting_t **plist, app_tx_t *tx, const char *names,
                                  app_error_t *err, apr_pool_t *p)
{
    const app_value_t param = { .type = APP_VALUE_TEXT, .text = names, .len = strlen(names) };
    const app_sql_t sql = { settings_sql, &param, 1 };
    apr_status_t status;
    app_rows_t *rows;

    if (app_tx_query(tx, &sql, 0, &rows, err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    while ((status = app_rows_next(rows, err)) == APR_SUCCESS) {
        take(plist, app_rows_text(rows, 0, NULL) + strlen(PREFIX), app_rows_text(rows, 1, NULL),
             p);
    }
    return status == APR_EOF ? APR_SUCCESS : status;
}

apr_status_t rest_config_read(rest_role_setting_t **pconfig, rest_t *rest, app_error_t *err,
                              apr_pool_t *p)
{
    const rest_conf_t *conf = app_instance_settings(rest->self);
    const app_tx_options_t options = { .readonly = 1 };
    apr_status_t status;
    app_tx_t *tx;

    *pconfig = NULL;
    if (rest->dialect->kind != APP_DB_PGSQL || !conf->db_config) {
        return APR_SUCCESS;
    }
    if (app_tx_begin(&tx, app_instance_db(rest->self), &options, err, p) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    status = conf->pre_config ? run_pre_config(tx, conf->pre_config, err, p) : APR_SUCCESS;
    if (status == APR_SUCCESS) {
        status = read_settings(pconfig, tx, conf->pre_config ? all_names(p) : "", err, p);
    }
    app_tx_rollback(tx);
    return status;
}
