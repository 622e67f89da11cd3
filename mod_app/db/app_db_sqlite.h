/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the files of the SQLite driver share. A connection and its state belong to one thread at a
 * time.
 *
 *     app_db_sqlite.c            transactions, queries, scripts
 *     app_db_sqlite_statement.c  prepared statements and their parameters
 *     app_db_sqlite_rows.c       rows in memory
 *     app_db_sqlite_conn.c       opening a connection, deadlines, the log
 *     app_db_sqlite_lock.c       writing one after the other, and reaching the disk together
 *     app_db_sqlite_authorize.c  what SQL may do on a connection
 *     app_db_sqlite_functions.c  SQL functions: settings, claims
 *     app_db_sqlite_json.c       SQL functions app_json(), app_object(): values as JSON
 *     app_db_sqlite_csv.c        SQL function app_csv(): a row as a line of CSV
 *     app_db_sqlite_kind.c       what both know of declared types
 *     app_db_sqlite_path.c       SQL functions on JSON texts: parts of them, nulls left out
 *     app_db_sqlite_jsonb.c      SQL functions that compare JSON as jsonb does
 *     app_db_sqlite_cast.c       SQL function app_cast(): a value as another type, or an error
 *     app_db_sqlite_numeric.c    the order of decimal numbers that are stored as text
 *     app_db_sqlite_match.c      SQL functions app_ilike(), app_regex()
 *     app_db_sqlite_scan.c       a cursor over JSON text
 *     app_db_sqlite_attach.c     further files, which are only read
 *     app_db_sqlite_version.c    the version of the database, for all processes
 *     app_db_sqlite_error.c      SQLite's failures in PostgreSQL's words
 */
#ifndef APP_DB_SQLITE_H
#define APP_DB_SQLITE_H

#include <sqlite3.h>

#include "app_db_driver.h"

#define APP_LITE_COMMANDS 5
#define APP_LITE_TEXT_MAX (64 * 1024 * 1024) /* longest result of an SQL function that makes JSON */
#define APP_LITE_JSON     'J' /* subtype of JSON, as SQLite's own functions have it */

/** Flags of a function of nothing but its arguments. From 3.45 on, subtypes are announced. */
#ifdef SQLITE_RESULT_SUBTYPE
#define APP_LITE_PURE (SQLITE_DETERMINISTIC | SQLITE_SUBTYPE | SQLITE_RESULT_SUBTYPE)
#else
#define APP_LITE_PURE SQLITE_DETERMINISTIC
#endif

/** What runs around queries, prepared once per connection. */
typedef enum app_lite_command_e {
    APP_LITE_BEGIN_READ,
    APP_LITE_BEGIN_WRITE,
    APP_LITE_COMMIT,
    APP_LITE_ROLLBACK,
    APP_LITE_SCHEMA_VERSION
} app_lite_command_e;

/** Why the progress handler has stopped a statement. */
typedef enum app_lite_stop_e { APP_LITE_RUNS, APP_LITE_TIMEOUT, APP_LITE_GONE } app_lite_stop_e;

/** A prepared statement. Parameter i of SQLite is parameter map[i] of the query, both from 0. */
typedef struct app_lite_stmt_t {
    sqlite3_stmt *stmt;
    int           nparams;
    int           writes; /* an INSERT, UPDATE or DELETE: it has a number of rows affected */
    int           fickle; /* it calls a function of time or chance */
    struct app_lite_members_t *members; /* of rows that are objects; NULL: not read yet */
    short         map[];
} app_lite_stmt_t;

/** Rows one after the other: each column as its length (int32, -1: NULL), its bytes and a NUL. */
typedef struct app_lite_block_t {
    apr_size_t size;
    char       data[];
} app_lite_block_t;

/** How rows are printed, read (app_db_sqlite_kind.h). */
typedef struct app_lite_members_t app_lite_members_t;

typedef struct app_lite_watch_t app_lite_watch_t;

#define APP_LITE_MEMBERS 64 /* that are kept */

#define APP_LITE_ATTACHED 8 /* files besides the database's own */

/** A further file. */
typedef struct app_lite_attached_t {
    const char   *name;
    sqlite3_stmt *version; /* asks for that of its schema */
    int           wal;     /* it has a write-ahead log */
} app_lite_attached_t;

/** A connection's state. */
typedef struct app_lite_t {
    app_db_conn_t       *conn;
    sqlite3             *link;
    app_db_statements_t *statements; /* data: app_lite_stmt_t */
    sqlite3_stmt        *commands[APP_LITE_COMMANDS];
    app_lite_attached_t  attached[APP_LITE_ATTACHED];
    int                  nattached;
    app_lite_stmt_t     *active;   /* the statement of a result that streams */
    app_lite_stmt_t     *uncached; /* one that is too long to keep */
    app_lock_file_t     *shared;   /* with all processes; NULL until something is written */
    const char          *lock_path;
    app_tx_t            *tx;       /* whose SQL runs; the SQL functions read its settings */

    apr_time_t           deadline; /* 0: none */
    apr_time_t           look;     /* when to look next whether the client is still there */
    app_lite_stop_e      stopped;

    int                  trusted;  /* our own SQL: the authorizer lets all of it pass */
    int                  script;   /* a migration */
    app_lite_watch_t    *watch;    /* what is being prepared is under a guard; NULL: it is not */
    const char          *command;  /* what a statement being prepared would write */
    int                  fickle;   /* it calls a function of time or chance */
    const char          *sqlstate; /* of the failure of one of our SQL functions */
    const void          *noted;    /* what a read's check has found to hold; NULL: nothing */
    unsigned             noted_at; /* data_version() then */
    int                  log_pages; /* length of the write-ahead log after the last commit */
    apr_time_t           checked;   /* when the file was last seen in its place */

    apr_pool_t          *scratch;  /* of text */
    app_lite_members_t  *members[APP_LITE_MEMBERS]; /* of app_object() and app_csv(); NULL: none */
    app_buf_t            text;     /* reused by functions that make JSON */
    json_t              *claims;   /* parsed; NULL: not yet */
    char                *claims_of; /* the setting's text that claims were parsed from */
} app_lite_t;

/* app_db_sqlite_conn.c */
apr_status_t app_lite_load(app_error_t *err);
apr_status_t app_lite_setup(app_db_conn_t *conn, app_error_t *err);
void         app_lite_teardown(app_db_conn_t *conn);
int          app_lite_alive(app_db_conn_t *conn);
void         app_lite_maintain(app_db_conn_t *conn);
/** Whether the one value of a PRAGMA is "wal". @return an SQLite result code */
int          app_lite_ask_wal(sqlite3 *link, const char *sql, int *pwal);
/** Copies the log into the database if it has grown long. The write lock is held. */
void         app_lite_checkpoint_locked(app_lite_t *lite);
/** Whether a statement has to stop: its time is over, or its client gone. For long loops. */
int          app_lite_must_stop(app_lite_t *lite);
/** Name of a network file system by the type that statfs() gives, NULL for any other. */
const char  *app_lite_network_fs(unsigned long type);
/** Frees a prepared statement. */
void         app_lite_finalize(app_lite_stmt_t *st);

/* app_db_sqlite_lock.c */
/** Takes the write lock of the database. @return APR_SUCCESS; APP_EFAIL with 55P03 or 58030 */
apr_status_t app_lite_lock(app_lite_t *lite, apr_interval_time_t wait, app_error_t *err);
/** Takes it if it is free, and something has been written before. @return 0: not taken */
int          app_lite_try_lock(app_lite_t *lite);
void         app_lite_unlock(app_lite_t *lite);
/** Brings the log to the disk, and its name if it is new. @return an SQLite result code */
int          app_lite_sync_log(app_lite_t *lite);
/** The number of the commit that has just been made. The write lock is held. */
apr_uint64_t app_lite_count_commit(app_lite_t *lite);
/**
 * Returns when the commit of that number is on the disk. The write lock is not held.
 * @return APR_SUCCESS; APP_EFAIL with 58030: it is done, and not known to be safe
 */
apr_status_t app_lite_sync(app_lite_t *lite, apr_uint64_t commit, app_error_t *err);

/* app_db_sqlite_authorize.c */
/** The connection's authorizer (sqlite3_set_authorizer()). */
int app_lite_authorize(void *lite, int action, const char *first, const char *second,
                       const char *database, const char *inner);
/**
 * Prepares a statement as the transaction's guard allows, if it has one.
 * @return APR_SUCCESS; APP_EFAIL with 42501, or as SQLite says
 */
apr_status_t app_lite_prepare(app_lite_t *lite, const char *text, apr_size_t len,
                              sqlite3_stmt **pstmt, const char **ptail, app_error_t *err);

/* app_db_sqlite_statement.c */
/**
 * The statement of a text, prepared now or before, under the guard of the connection's transaction.
 * It stays the connection's.
 * @param readonly whether to refuse one that writes (25006)
 * @return APR_SUCCESS; APP_EFAIL
 */
apr_status_t app_lite_statement_get(app_lite_stmt_t **pst, app_lite_t *lite, const char *text,
                                    int readonly, app_error_t *err);
/** Gives a statement its parameters; their bytes must stay until it has been run. */
apr_status_t app_lite_statement_bind(app_lite_t *lite, const app_lite_stmt_t *st,
                                     const app_sql_t *sql, app_error_t *err);

/* app_db_sqlite_rows.c */
/** Makes room for what the statement's rows are. */
void app_lite_columns(app_rows_t *rows, const app_lite_stmt_t *st);
/** Adds the statement's row to the block of rows. @return an SQLite result code */
int  app_lite_put_row(app_rows_t *rows, app_lite_stmt_t *st);
/** Reads the next row of the block. */
void app_lite_fill_cells(app_rows_t *rows);

/* SQL functions: app_db_sqlite_functions.c and the files that it calls */
typedef struct app_lite_function_t {
    const char *name;
    int         nargs; /* -1: any */
    void      (*run)(sqlite3_context *ctx, int argc, sqlite3_value **argv);
} app_lite_function_t;

/** Registers all of them on a connection. @return an SQLite result code, as the others here */
int  app_lite_functions(app_lite_t *lite);
int  app_lite_functions_json(app_lite_t *lite);
int  app_lite_functions_csv(app_lite_t *lite);
int  app_lite_functions_array(app_lite_t *lite);
int  app_lite_functions_path(app_lite_t *lite);
int  app_lite_functions_jsonb(app_lite_t *lite);
int  app_lite_functions_numeric(app_lite_t *lite);
int  app_lite_functions_cast(app_lite_t *lite);
int  app_lite_functions_match(app_lite_t *lite);
/** Registers some whose user data is the connection. */
int  app_lite_register(app_lite_t *lite, const app_lite_function_t *functions, apr_size_t count,
                       int flags);
/**
 * How long a statement may take: what the transaction has been given, or less if the setting
 * statement_timeout says so, whoever made it. 0: as long as it wants.
 */
apr_interval_time_t app_lite_statement_time(const app_tx_t *tx);
/** A function's failure. */
void app_lite_raise(app_lite_t *lite, sqlite3_context *ctx, const char *sqlstate,
                    const char *message);
/** The connection's text, empty, and the same as a function's result. */
app_buf_t *app_lite_text_begin(app_lite_t *lite);
void       app_lite_text_finish(sqlite3_context *ctx, const app_buf_t *buf);
/** Forgets what SQL functions remembered of a transaction. */
void app_lite_functions_reset(app_lite_t *lite);
/** Forgets the claims that were parsed last. */
void app_lite_claims_free(app_lite_t *lite);

/* app_db_sqlite_attach.c */
/** Refuses what is wrong in SqliteAttach, and makes it part of the database's identity. */
apr_status_t app_lite_attach_check(app_db_t *db, app_error_t *err, apr_pool_t *p);
/** Attaches them. @return APR_SUCCESS; APP_EFAIL: app_lite_detach() is owed in any case */
apr_status_t app_lite_attach(app_lite_t *lite, app_error_t *err);
void         app_lite_detach(app_lite_t *lite);
/** Makes of the schema's version one that differs whenever one of theirs does. */
int          app_lite_attached_version(app_lite_t *lite, apr_int64_t *pversion);
/** A number that differs whenever one of them has changed: data_version() of theirs. */
unsigned     app_lite_attached_change(const app_lite_t *lite);

/* app_db_sqlite_version.c */
/** app_db_version() */
apr_uint64_t app_lite_version(app_db_conn_t *conn);

/* app_db_sqlite_error.c */
/** Fails as the connection's last call did. @return always APP_EFAIL */
apr_status_t app_lite_fail(app_lite_t *lite, int rc, app_error_t *err);
/** Fails with 55P03, the status of which is 503 here: another writer was slower than the wait. */
apr_status_t app_lite_fail_busy(app_error_t *err);

#endif
