/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The core's own settings, each the directive App<Name>. This table is the only place that names
 * one: directives, CGI settings lines, `appctl settings` and docs/settings.md come from it.
 */
#include "app_core_int.h"

#define SECOND APR_USEC_PER_SEC
#define MIB    (1024 * 1024)

static const char *const sync_choices[] = { "full", "normal", NULL };
static const char *const verbosity_choices[] = { "verbose", "minimal", NULL };

const app_setting_t app_core_settings[] = {
    APP_SET_SECRET("Database", app_core_conf_t, database, 0,
                   "database URL: sqlite:/path, or "
                   "postgresql://user:password@host:port/name?sslmode=… (db-uri)"),
    APP_SET_INT("DatabaseMax", app_core_conf_t, db_max, "10", 1, 1000, 0,
                "most connections of one server process (db-pool)"),
    APP_SET_INT("DatabaseKeep", app_core_conf_t, db_keep, "5", 1, 1000, 0,
                "idle connections that one process keeps; more are closed after DatabaseIdle"),
    APP_SET_INT("DatabaseMin", app_core_conf_t, db_min, "0", 0, 1000, 0,
                "connections that one process keeps open always"),
    APP_SET_DURATION("DatabaseIdle", app_core_conf_t, db_idle, "30s", SECOND, 86400 * SECOND, 0,
                     "how long a connection may be idle before it is closed "
                     "(db-pool-max-idletime)"),
    APP_SET_DURATION("DatabaseLifetime", app_core_conf_t, db_lifetime, "30m", SECOND,
                     7 * 86400 * SECOND, 0,
                     "age at which a connection is replaced (db-pool-max-lifetime)"),
    APP_SET_DURATION("DatabaseWait", app_core_conf_t, db_wait, "10s", 1000, 300 * SECOND, 0,
                     "longest wait for a free connection or, on SQLite, for the write lock "
                     "(db-pool-acquisition-timeout)"),
    APP_SET_DURATION("DatabaseConnectTimeout", app_core_conf_t, db_connect_timeout, "5s", SECOND,
                     300 * SECOND, 0, "longest wait for a new connection"),
    APP_SET_FLAG("DatabasePrepared", app_core_conf_t, db_prepared, "on", 0,
                 "named prepared statements; off behind a transaction-pooling pgbouncer "
                 "(db-prepared-statements)"),
    APP_SET_INT("DatabaseStatements", app_core_conf_t, db_statements, "200", 10, 10000, 0,
                "prepared statements kept by one connection"),
    APP_SET_DURATION("DatabaseSlowQuery", app_core_conf_t, slow_query, "0s", 0, 3600 * SECOND,
                     APP_SET_LOCATION,
                     "statements that take the database as long are logged (APP0240), without "
                     "values; 0s: none"),
    APP_SET_ENUM("SqliteSync", app_core_conf_t, sqlite_sync, "full", sync_choices, 0,
                 "full: an acknowledged write survives a power cut; normal: it survives a crash of "
                 "the program"),
    APP_SET_LIST("SqliteAttach", app_core_conf_t, sqlite_attach, NULL, 0,
                 "further SQLite files, which are only read: NAME=/path; plugin rest serves one "
                 "whose NAME its Schemas lists"),
    APP_SET_DURATION("StatementTimeout", app_core_conf_t, statement_timeout, "30s", 10000,
                     3600 * SECOND, APP_SET_LOCATION, "longest run of one statement"),
    APP_SET_DURATION("RequestTimeout", app_core_conf_t, request_timeout, "60s", 100000,
                     3600 * SECOND, APP_SET_LOCATION, "longest run of one request"),
    APP_SET_SIZE("MaxBody", app_core_conf_t, max_body, "1m", 0, 1024 * MIB, APP_SET_LOCATION,
                 "largest request body"),
    APP_SET_ENUM("ErrorVerbosity", app_core_conf_t, error_verbosity, "verbose", verbosity_choices,
                 APP_SET_LOCATION,
                 "minimal: error answers hold code and message only (client-error-verbosity)"),
    APP_SET_STRING("ProxyStatusName", app_core_conf_t, proxy_status_name, "PostgREST",
                   APP_SET_LOCATION,
                   "who answers, in the header Proxy-Status of error answers; \"\": no such "
                   "header"),
    APP_SET_LIST("LogLevel", app_core_conf_t, log_levels, NULL, 0,
                 "up to which level numbers of log lines are told, as in APP10:warning APP24:debug; "
                 "none: all that the server's own log level lets through"),
    APP_SET_LIST("DetailsFor", app_core_conf_t, details_for, "127.0.0.0/8 ::1", 0,
                 "addresses, networks and role:NAME that see the details of /health and /status"),
    APP_SET_PATH("PluginDir", app_core_conf_t, plugin_dir, NULL, 0,
                 "folder of the plugins; stands before the first <AppPlugin>; none: where they "
                 "were installed"),
    APP_SET_PATH("StateDir", app_core_conf_t, state_dir, NULL, 0,
                 "folder for what processes share; none: in CGI and FastCGI each has its own, "
                 "httpd uses mod_app in its DefaultRuntimeDir"),
    APP_SET_STRING("BasePath", app_core_conf_t, base_path, NULL, 0,
                   "CGI and FastCGI: URL path that /api, /health and /status hang below; none: "
                   "found from SCRIPT_NAME"),
    APP_SET_END
};
