/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A site's database: one transaction a request, typed parameters in, rows out. The same on SQLite
 * and PostgreSQL; what differs is the SQL text, and app_db_kind() says which to write.
 *
 *     const app_tx_options_t options = { .readonly = 1, .request = r };
 *     const app_value_t key = { .type = APP_VALUE_INT, .integer = 7 };
 *     const app_sql_t sql = { "SELECT name FROM packages WHERE id = $1", &key, 1 };
 *
 *     if (app_tx_begin(&tx, db, &options, err, p) != APR_SUCCESS ||
 *         app_tx_query(tx, &sql, APP_QUERY_LAST, &rows, err) != APR_SUCCESS) {
 *         return APP_EFAIL;
 *     }
 *     while ((rv = app_rows_next(rows, err)) == APR_SUCCESS) {
 *         name = app_rows_text(rows, 0, &len);
 *     }
 *     return rv == APR_EOF ? APR_SUCCESS : rv;
 *
 * A transaction that is not committed rolls back: explicitly, when a call on it fails, or when its
 * pool goes. It holds a connection from begin until commit, rollback or the end of an
 * APP_QUERY_LAST. A transaction and its rows belong to one thread.
 */
#ifndef APP_DB_H
#define APP_DB_H

#include "apr_time.h"

#include "app_error.h"
#include "app_log.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct app_db_t   app_db_t;
typedef struct app_tx_t   app_tx_t;
typedef struct app_rows_t app_rows_t;

typedef enum app_db_kind_e { APP_DB_SQLITE, APP_DB_PGSQL } app_db_kind_e;

app_db_kind_e app_db_kind(const app_db_t *db);

/** Tells databases, users and options of connections apart. Holds no secret; not to be read. */
const char *app_db_identity(const app_db_t *db);

/**
 * A number that is another one whenever anything in the database has changed since it was last
 * asked, whoever changed it; the same in all processes, and after a restart. For answers that are
 * kept: what was asked of the database after the version was read holds as long as app_db_version()
 * is that, if it depends on nothing else (the time, random(), settings). SQLite, at about the price
 * of a connection drawn and given back; a restart may change it once without need.
 * @param p for the length of the call; any thread
 * @return 0: not known now, ask the database itself: PostgreSQL, db NULL, no connection is free
 */
apr_uint64_t app_db_version(app_db_t *db, apr_pool_t *p);

/**
 * A parameter. Texts and blobs must live until the transaction has ended. A text with a NUL inside
 * is refused (22021), as PostgreSQL does.
 */
typedef enum app_value_type_e {
    APP_VALUE_NULL,
    APP_VALUE_TEXT, /* PostgreSQL: untyped, the server infers the type */
    APP_VALUE_INT,
    APP_VALUE_REAL,
    APP_VALUE_BLOB
} app_value_type_e;

typedef struct app_value_t {
    app_value_type_e type;
    const char      *text; /* APP_VALUE_TEXT, APP_VALUE_BLOB */
    apr_size_t       len;
    apr_int64_t      integer;
    double           real;
} app_value_t;

/**
 * One statement. Parameters are written $1, $2 … on both databases. Text and params live as its
 * values do.
 */
typedef struct app_sql_t {
    const char        *text; /* ends with NUL */
    const app_value_t *params;
    int                nparams;
} app_sql_t;

typedef enum app_isolation_e {
    APP_ISOLATION_DEFAULT, /* the connection's own */
    APP_READ_COMMITTED,
    APP_REPEATABLE_READ,
    APP_SERIALIZABLE
} app_isolation_e;

typedef struct app_tx_options_t {
    unsigned             readonly : 1; /* the database refuses writes: SQLSTATE 25006 */
    apr_interval_time_t  timeout;      /* of a statement; 0: StatementTimeout, as request has it */
    app_request_t       *request;      /* for noticing that the client went away; may be NULL */
    app_isolation_e      isolation;    /* PostgreSQL; on SQLite all transactions are serializable */
} app_tx_options_t;

/**
 * Draws a connection, waiting at most DatabaseWait for a free one. A connection found dead is
 * replaced first. The database sees the transaction with its first query; on SQLite that waits for
 * the write lock then, unless it is readonly.
 * @param db NULL: the site has none, and the call is refused with APP_E_NO_DATABASE
 * @return APR_SUCCESS; APP_EFAIL with APP_E_DB_POOL (waited too long), APP_E_DB_CONNECT (down;
 *         at once while the breaker is open; retry_after is set)
 */
apr_status_t app_tx_begin(app_tx_t **ptx, app_db_t *db, const app_tx_options_t *options,
                          app_error_t *err, apr_pool_t *p);

/**
 * Sets a transaction-local setting that SQL reads with current_setting(name, true): on PostgreSQL
 * by set_config() in the same round trip as the first query ("role" switches the role), on SQLite
 * in a table of the transaction. Call before the first query. Texts must live until the transaction
 * has ended.
 */
void app_tx_set(app_tx_t *tx, const char *name, const char *value);

/**
 * The value of a setting, also one that SQL has set by set_config(); NULL if unset or "". On
 * PostgreSQL a round trip. Not after the transaction has ended: an APP_QUERY_LAST reads settings as
 * columns of its own.
 */
apr_status_t app_tx_get(app_tx_t *tx, const char *name, const char **pvalue, app_error_t *err);

#define APP_QUERY_LAST   0x1 /* nothing follows: commit rides along */
#define APP_QUERY_STREAM 0x2 /* many rows: take them one by one as they come, hold none */
/**
 * The first n columns come as one, a JSON object of theirs, for less work than SQL has with it.
 * PostgreSQL: what row_to_json() would give; types that JSON has no form for, dates and arrays
 * among them, are to_json() of the value. SQLite: the name of the nth says how each is printed, as
 * the first argument of app_object() does.
 */
#define APP_QUERY_OBJECT(n) ((unsigned)(n) << 8)
#define APP_QUERY_MARKED 0x4 /* a column follows that is NULL where the object is to be so, too */

/**
 * Runs a statement. Statements are prepared once per connection and kept, by their text. Without
 * APP_QUERY_STREAM all rows are in memory when it returns, and with APP_QUERY_LAST everything is
 * committed and the connection is back in the pool. With both, that is so when app_rows_next() says
 * APR_EOF. A read that meets a lost connection before its first row is tried once more on a fresh
 * one. Only one result may be open at a time: a new query ends the one before.
 * @return APR_SUCCESS; APP_EFAIL with the SQLSTATE as code, or APP_E_DB_LOST, where it is not
 *         known whether a write was stored; in a read also what the function given to
 *         app_tx_check() returned. The transaction is then rolled back.
 */
apr_status_t app_tx_query(app_tx_t *tx, const app_sql_t *sql, unsigned flags, app_rows_t **prows,
                          app_error_t *err);

/**
 * Runs a statement whose rows nobody wants.
 * @param paffected rows inserted, updated or deleted; may be NULL
 */
apr_status_t app_tx_execute(app_tx_t *tx, const app_sql_t *sql, apr_int64_t *paffected,
                            app_error_t *err);

/**
 * Steps to the next row.
 * @return APR_SUCCESS; APR_EOF behind the last row: with APP_QUERY_LAST, only then is everything
 *         committed; APP_EFAIL otherwise
 */
apr_status_t app_rows_next(app_rows_t *rows, app_error_t *err);

/** Number of columns. */
int app_rows_columns(const app_rows_t *rows);

/**
 * Text of a column of this row with a NUL behind it, NULL for SQL NULL; lives until the next
 * app_rows_next(). As PostgreSQL writes it: numbers shortest that read back the same, a blob as \\x
 * and hex digits.
 * @param plen may be NULL
 */
const char *app_rows_text(const app_rows_t *rows, int column, apr_size_t *plen);

/** A column as an integer: 0 for NULL or what is none. */
apr_int64_t app_rows_int(const app_rows_t *rows, int column);

/** Rows inserted, updated or deleted, 0 for a SELECT; known behind the last row. */
apr_int64_t app_rows_affected(const app_rows_t *rows);

/** Ends the transaction and gives the connection back. A failed commit has rolled back. */
apr_status_t app_tx_commit(app_tx_t *tx, app_error_t *err);
void         app_tx_rollback(app_tx_t *tx);

/**
 * A number that differs whenever the schema may have changed since it was last asked; read within
 * tx. SQLite: PRAGMA schema_version; PostgreSQL: 0, changes are announced by NOTIFY.
 */
apr_status_t app_tx_schema_version(app_tx_t *tx, apr_int64_t *pversion, app_error_t *err);

/**
 * Whether what tx has read so far is made of the database alone, and of the transaction's settings,
 * save headers and cookies of the request: asked again, it is the same until something changes.
 * SQLite; 0 on PostgreSQL, where nobody knows.
 */
int app_tx_lasting(const app_tx_t *tx);

/** What a statement does with a table. */
typedef enum app_access_e {
    APP_ACCESS_READ, APP_ACCESS_INSERT, APP_ACCESS_UPDATE, APP_ACCESS_DELETE
} app_access_e;

typedef struct app_access_t {
    app_access_e action;
    const char  *schema, *table; /* or view */
    const char  *column; /* of READ and UPDATE; "": none of it, "ROWID": the row's number */
} app_access_t;

typedef enum app_allowed_e {
    APP_ALLOWED_NEVER,
    APP_ALLOWED_BELOW, /* if a trusted statement does it, too: by a view, a trigger, a filter */
    APP_ALLOWED
} app_allowed_e;

/**
 * What the statements of a transaction may touch on SQLite: a second look at what whoever made them
 * has allowed already. Asked when a statement is prepared, not when it runs. Must not query.
 */
typedef struct app_guard_t {
    apr_uint64_t  id;   /* another one wherever any answer may be another: 63 bits */
    const char   *whom; /* it is for, in the log */
    app_allowed_e (*allows)(const void *ctx, const app_access_t *access);
    /** Calls tell with each trusted statement: what is not the client's, but runs for it. */
    void (*trusted)(const void *ctx, void (*tell)(void *to, const char *sql), void *to);
    const void   *ctx;
} app_guard_t;

/**
 * Puts a guard before the next queries of tx; NULL: none, as at first. A statement that goes beyond
 * it fails with 42501, and the log tells. Does nothing on PostgreSQL, which has roles.
 * @param guard lives as long as the transaction
 * @return the one that was there before
 */
const app_guard_t *app_tx_guard(app_tx_t *tx, const app_guard_t *guard);

/**
 * Asks the database, by queries in tx, whether what still holds.
 * @return APR_SUCCESS if it does; anything else is handed on
 */
typedef apr_status_t app_tx_check_fn(app_tx_t *tx, const void *what, app_error_t *err);

/**
 * Sees to it that what (something read from the database earlier, and remembered) holds for the
 * database as tx sees it: check is called at once. On SQLite a read remembers with its connection
 * that it held. As long as nothing in the database changes, check is then not called, and where
 * something has changed, the first query calls it, before it returns, and fails with what check
 * returned; so that query has to read a table.
 * @return APR_SUCCESS; what check returned, then the transaction is rolled back
 */
apr_status_t app_tx_check(app_tx_t *tx, const void *what, app_tx_check_fn *check,
                          app_error_t *err);

/**
 * Notifications (PostgreSQL): a connection of its own, beside the pool. One thread at a time.
 */
typedef struct app_db_listener_t app_db_listener_t;

/**
 * Connects, and listens to a channel. What is committed from then on is heard of.
 * @param p takes the listener back
 * @return APR_SUCCESS; APR_ENOTIMPL: this database does not notify; APP_EFAIL
 */
apr_status_t app_db_listen(app_db_listener_t **plistener, app_db_t *db, const char *channel,
                           app_error_t *err, apr_pool_t *p);

/** To be polled: when it can be read, app_db_listener_next() may have something. */
int app_db_listener_fd(const app_db_listener_t *listener);

/**
 * The next notification that has arrived; does not wait.
 * @param ppayload lives until the next call
 * @return APR_SUCCESS; APR_EAGAIN: none; APP_EFAIL: the connection is lost
 */
apr_status_t app_db_listener_next(app_db_listener_t *listener, const char **ppayload,
                                  app_error_t *err);

/** A column of what a statement gives. */
typedef struct app_db_column_t {
    const char *name;
    const char *schema, *table, *column; /* that it is a plain column of; NULL: an expression */
} app_db_column_t;

/**
 * What the columns of a statement are, which is not run: seen through views, a compound SELECT by
 * its last part. A statement that is wrong does not end the transaction. SQLite; on PostgreSQL
 * there are none.
 * @param pcolumns lives as long as the transaction's pool
 * @return APR_SUCCESS; APP_EFAIL with the SQLSTATE
 */
apr_status_t app_tx_columns(app_tx_t *tx, const char *sql, const app_db_column_t **pcolumns,
                            int *pcount, app_error_t *err);

#ifdef __cplusplus
}
#endif
#endif
