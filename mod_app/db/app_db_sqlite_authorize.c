/* SPDX-License-Identifier: Apache-2.0 */
/**
 * SQLite: what SQL may do on a connection. SQLite asks while it prepares a statement, about every
 * table and column, so nothing is asked when a prepared one runs. Called by app_db_sqlite.c and,
 * through sqlite3_set_authorizer(), by SQLite; thread that has the connection.
 *
 * A statement under a guard (app_tx_guard()) is prepared up to three times. First all that the
 * guard does not allow by itself is refused; that is enough for most. If something was, what the
 * guard calls trusted is prepared, to learn what views, triggers, foreign keys and an
 * administrator's own SQL touch below; then the statement again, and what they touch is allowed,
 * too.
 *
 * When a statement that is being run is prepared anew, since the schema has changed, it is not
 * looked at: the version of the schema is part of the guard's id, so such a transaction is found to
 * be out of date before anything leaves it. And an index of FTS5 prepares statements on its own
 * tables then, about which nobody else can be asked.
 */
#include "apr_hash.h"
#include "apr_strings.h"

#include "app_db_sqlite.h"

/* What SQL may do */

typedef struct action_t {
    int         action;
    const char *command; /* as PostgreSQL names it */
    int         schema;  /* more telling than the writes to sqlite_schema beside it */
} action_t;

static const action_t writes[] = {
    { SQLITE_INSERT, "INSERT", 0 },
    { SQLITE_UPDATE, "UPDATE", 0 },
    { SQLITE_DELETE, "DELETE", 0 },
    { SQLITE_CREATE_TABLE, "CREATE TABLE", 1 },
    { SQLITE_CREATE_TEMP_TABLE, "CREATE TABLE", 1 },
    { SQLITE_CREATE_VTABLE, "CREATE TABLE", 1 },
    { SQLITE_CREATE_INDEX, "CREATE INDEX", 1 },
    { SQLITE_CREATE_TEMP_INDEX, "CREATE INDEX", 1 },
    { SQLITE_CREATE_VIEW, "CREATE VIEW", 1 },
    { SQLITE_CREATE_TEMP_VIEW, "CREATE VIEW", 1 },
    { SQLITE_CREATE_TRIGGER, "CREATE TRIGGER", 1 },
    { SQLITE_CREATE_TEMP_TRIGGER, "CREATE TRIGGER", 1 },
    { SQLITE_DROP_TABLE, "DROP TABLE", 1 },
    { SQLITE_DROP_TEMP_TABLE, "DROP TABLE", 1 },
    { SQLITE_DROP_VTABLE, "DROP TABLE", 1 },
    { SQLITE_DROP_INDEX, "DROP INDEX", 1 },
    { SQLITE_DROP_TEMP_INDEX, "DROP INDEX", 1 },
    { SQLITE_DROP_VIEW, "DROP VIEW", 1 },
    { SQLITE_DROP_TEMP_VIEW, "DROP VIEW", 1 },
    { SQLITE_DROP_TRIGGER, "DROP TRIGGER", 1 },
    { SQLITE_DROP_TEMP_TRIGGER, "DROP TRIGGER", 1 },
    { SQLITE_ALTER_TABLE, "ALTER TABLE", 1 },
    { SQLITE_REINDEX, "REINDEX", 1 },
    { SQLITE_ANALYZE, "ANALYZE", 1 },
};

/**
 * Remembers what a statement would write. It is not refused here: some virtual tables prepare
 * statements that write when they are opened, and run them only when they are written to. Whether
 * the statement itself may run, sqlite3_stmt_readonly() says afterwards.
 */
static void note_write(app_lite_t *lite, int action)
{
    apr_size_t i;

    for (i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
        if (writes[i].action == action && (!lite->command || writes[i].schema)) {
            lite->command = writes[i].command;
        }
    }
}

static int is_listed(const char *const *list, const char *name)
{
    while (*list && strcasecmp(*list, name) != 0) {
        list++;
    }
    return *list != NULL;
}

static int pragma_allowed(const app_lite_t *lite, const char *name, const char *argument)
{
    static const char *const asks[] = { "table_info", "table_xinfo", "table_list", "index_list",
                                        "index_info", "index_xinfo", "foreign_key_list",
                                        "foreign_key_check", "function_list", "collation_list",
                                        "compile_options", NULL };
    static const char *const reads[] = { "schema_version", "data_version", "user_version",
                                         "application_id", "page_count", "page_size",
                                         "freelist_count", "encoding", "foreign_keys", NULL };
    static const char *const sets[] = { "user_version", "application_id", "defer_foreign_keys",
                                        "legacy_alter_table", "optimize", NULL };

    return is_listed(asks, name) || (!argument && is_listed(reads, name)) ||
           (lite->script && is_listed(sets, name));
}

/** Whether a function may give something else when nothing in the database has changed. */
static int is_fickle(const char *function)
{
    static const char *const names[] = { "date", "time", "datetime", "julianday", "unixepoch",
                                         "strftime", "timediff", "current_date", "current_time",
                                         "current_timestamp", "random", "randomblob", "changes",
                                         "total_changes", "last_insert_rowid", NULL };

    return is_listed(names, function);
}

/** What no statement of requests and scripts may do, whoever has written it. */
static int is_safe(app_lite_t *lite, int action, const char *first, const char *second)
{
    static const char *const unsafe_functions[] = { "load_extension", "fts3_tokenizer", NULL };

    switch (action) {
    case SQLITE_READ:
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE:
        return 1;
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
    case SQLITE_TRANSACTION:
        return 0;
    case SQLITE_PRAGMA:
        return pragma_allowed(lite, first, second);
    case SQLITE_FUNCTION:
        lite->fickle |= is_fickle(second);
        return !is_listed(unsafe_functions, second);
    default:
        note_write(lite, action);
        return 1;
    }
}

/* Under a guard */

/** A statement that is being prepared under a guard. */
struct app_lite_watch_t {
    const app_guard_t *guard;
    apr_pool_t        *pool;
    apr_hash_t        *below;   /* texts of acts of trusted statements; NULL: not learnt yet */
    int                learns;  /* a trusted statement is being prepared */
    const char        *refused; /* the first act that was, in words */
};

/** The view or trigger in which it happens. That a call's rows stand in a WITH, nobody wrote. */
static const char *inside(const char *inner)
{
    return inner && strcmp(inner, "app_call") != 0 ? inner : "";
}

/**
 * That a table is in FROM, without a column of it: told under the name that stands there, and again
 * when a subquery is taken apart.
 */
static int names_table(int action, const char *column)
{
    return action == SQLITE_READ && (!column || !*column);
}

static const char *act_text(const app_lite_watch_t *watch, int action, const char *first,
                            const char *second, const char *database, const char *inner)
{
    const char *const parts[] = { first, second, database, inside(inner) };
    int i, count = names_table(action, second) ? 1 : 4;
    app_buf_t text;

    app_buf_init(&text, watch->pool, APR_SIZE_MAX / 2);
    app_buf_addf(&text, "%d", action);
    for (i = 0; i < count; i++) {
        app_buf_addc(&text, ' ');
        app_buf_add_ident(&text, parts[i] ? parts[i] : "");
    }
    return text.data;
}

static const char *act_words(const app_lite_watch_t *watch, int action, const char *first,
                             const char *second, const char *inner)
{
    const char *verb = action == SQLITE_READ     ? "read"
                       : action == SQLITE_INSERT ? "insert into"
                       : action == SQLITE_UPDATE ? "update"
                       : action == SQLITE_DELETE ? "delete from"
                                                 : "change or look at the schema:";
    int has_column = (action == SQLITE_READ || action == SQLITE_UPDATE) && second && *second;

    return apr_psprintf(watch->pool, "%s %s%s%s%s%s%s", verb, first ? first : "?",
                        has_column ? " (" : "", has_column ? second : "", has_column ? ")" : "",
                        *inside(inner) ? " inside " : "", inside(inner));
}

static app_allowed_e ask_guard(const app_guard_t *guard, int action, const char *first,
                               const char *second, const char *database)
{
    app_access_t access = { .schema = database ? database : "", .table = first, .column = "" };

    switch (action) {
    case SQLITE_READ:
        access.action = APP_ACCESS_READ;
        access.column = second ? second : "";
        break;
    case SQLITE_UPDATE:
        access.action = APP_ACCESS_UPDATE;
        access.column = second ? second : "";
        break;
    case SQLITE_INSERT:
        access.action = APP_ACCESS_INSERT;
        break;
    case SQLITE_DELETE:
        access.action = APP_ACCESS_DELETE;
        break;
    default:
        return APP_ALLOWED_BELOW;
    }
    return guard->allows(guard->ctx, &access);
}

static void note_below(const app_lite_watch_t *watch, const char *text)
{
    apr_hash_set(watch->below, text, APR_HASH_KEY_STRING, text);
}

static int is_allowed(app_lite_watch_t *watch, int action, const char *first, const char *second,
                      const char *database, const char *inner)
{
    app_allowed_e allowed;
    const char *text;

    if (action == SQLITE_SELECT || action == SQLITE_RECURSIVE || action == SQLITE_FUNCTION) {
        return 1;
    }
    allowed = ask_guard(watch->guard, action, first, second, database);
    if (allowed == APP_ALLOWED) {
        return 1;
    }
    text = act_text(watch, action, first, second, database, inner);
    if (watch->learns) {
        note_below(watch, text);
        if (action == SQLITE_READ) {
            note_below(watch, act_text(watch, action, first, "", NULL, NULL));
        }
        return 1;
    }
    if (allowed == APP_ALLOWED_BELOW && watch->below &&
        apr_hash_get(watch->below, text, APR_HASH_KEY_STRING)) {
        return 1;
    }
    watch->refused = watch->refused ? watch->refused
                                    : act_words(watch, action, first, second, inner);
    return 0;
}

int app_lite_authorize(void *data, int action, const char *first, const char *second,
                       const char *database, const char *inner)
{
    app_lite_t *lite = data;

    if (lite->trusted) {
        return SQLITE_OK;
    }
    if (!is_safe(lite, action, first, second)) {
        return SQLITE_DENY;
    }
    return !lite->watch || is_allowed(lite->watch, action, first, second, database, inner)
               ? SQLITE_OK
               : SQLITE_DENY;
}

static int prepare(app_lite_t *lite, const char *text, apr_size_t len, sqlite3_stmt **pstmt,
                   const char **ptail)
{
    lite->command = NULL;
    lite->fickle = 0;
    return sqlite3_prepare_v3(lite->link, text, (int)len + 1, SQLITE_PREPARE_PERSISTENT, pstmt,
                              ptail);
}

/** Prepares trusted statements to see what they do. What is wrong in one does nothing. */
static void learn(void *data, const char *sql)
{
    app_lite_t *lite = data;
    const char *tail = sql;
    sqlite3_stmt *stmt;

    while (*tail && sqlite3_prepare_v2(lite->link, tail, -1, &stmt, &tail) == SQLITE_OK) {
        sqlite3_finalize(stmt);
    }
}

/** A virtual table that a connection uses for the first time prepares statements of its own. */
static void connect_virtual_tables(app_lite_t *lite, const char *text, apr_size_t len)
{
    app_lite_watch_t *watch = lite->watch;
    sqlite3_stmt *stmt;
    const char *tail;

    lite->watch = NULL;
    prepare(lite, text, len, &stmt, &tail);
    sqlite3_finalize(stmt);
    lite->watch = watch;
}

static apr_status_t refuse(app_lite_t *lite, const char *text, app_error_t *err)
{
    const app_lite_watch_t *watch = lite->watch;

    app_log(APP_LOG_ERROR, lite->tx->options.request, "APP0230",
            "%s: refused to %s for %s: no grant allows that, and it should not have come so far. "
            "This is a defect or an attack. The statement: %.2000s",
            lite->conn->db->url.label, watch->refused, watch->guard->whom, text);
    return app_db_fail(err, "42501", "permission denied");
}

/** @return an SQLite result code */
static int prepare_watched(app_lite_t *lite, const char *text, apr_size_t len,
                           sqlite3_stmt **pstmt, const char **ptail)
{
    app_lite_watch_t *watch = lite->watch;
    int rc = prepare(lite, text, len, pstmt, ptail);

    if (rc == SQLITE_OK || !watch->refused) {
        return rc;
    }
    connect_virtual_tables(lite, text, len);
    watch->below = apr_hash_make(watch->pool);
    watch->learns = 1;
    watch->guard->trusted(watch->guard->ctx, learn, lite);
    watch->learns = 0;
    watch->refused = NULL;
    return prepare(lite, text, len, pstmt, ptail);
}

apr_status_t app_lite_prepare(app_lite_t *lite, const char *text, apr_size_t len,
                              sqlite3_stmt **pstmt, const char **ptail, app_error_t *err)
{
    app_lite_watch_t watch = { .guard = lite->tx->guard };
    apr_status_t status = APR_SUCCESS;
    int rc;

    if (!watch.guard) {
        rc = prepare(lite, text, len, pstmt, ptail);
        return rc == SQLITE_OK ? APR_SUCCESS : app_lite_fail(lite, rc, err);
    }
    apr_pool_create(&watch.pool, lite->tx->pool);
    lite->watch = &watch;
    rc = prepare_watched(lite, text, len, pstmt, ptail);
    if (rc != SQLITE_OK) {
        status = watch.refused ? refuse(lite, text, err) : app_lite_fail(lite, rc, err);
    }
    lite->watch = NULL;
    apr_pool_destroy(watch.pool);
    return status;
}
