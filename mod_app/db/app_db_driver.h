/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the files of mod_app/db know of each other: the structs behind app_db.h and the functions
 * that each driver gives. Above the drivers nobody knows a native handle, below them nobody knows a
 * pool.
 */
#ifndef APP_DB_DRIVER_H
#define APP_DB_DRIVER_H

#include <string.h>

#include "apr_dbd.h"
#include "apr_reslist.h"
#include "apr_thread_cond.h"
#include "apr_thread_mutex.h"

#include "app_db_int.h"
#include "app_lock_file.h"

#define APP_DB_CELLS       8  /* columns for which no memory is taken */
#define APP_DB_REAL_SIZE   32 /* bytes that app_db_print_real() needs */
#define APP_DB_RETRY_AFTER 1  /* seconds, of an answer that says "later" */
#define APP_DB_SQL_CACHED  (32 * 1024) /* longest SQL text that is kept prepared */

typedef struct app_db_driver_t app_db_driver_t;
typedef struct app_db_conn_t   app_db_conn_t;

/** A database URL, read. */
typedef struct app_db_url_t {
    app_db_kind_e kind;
    const char   *params; /* for apr_dbd_open_ex(); may hold a password */
    const char   *path;   /* SQLite: the file */
    const char   *label;  /* names the database in log lines; holds no password */
    const char   *identity; /* of app_db_identity() */
} app_db_url_t;

/** Where it is counted what this process does with a database; each NULL where nobody collects. */
typedef struct app_db_cells_t {
    apr_int64_t *in_use, *idle, *waiting, *waits, *timeouts, *connects, *failures;
    apr_int64_t *wait_time, *work_time; /* histograms */
    apr_int64_t *hits, *misses;
} app_db_cells_t;

struct app_db_t {
    const app_core_conf_t  *conf;
    app_db_url_t            url;
    const char             *name; /* of app_db_name() */
    const app_db_driver_t  *driver;
    const apr_dbd_driver_t *dbd;

    /* In each process, from app_db_start() on. */
    apr_pool_t          *pool;
    apr_reslist_t       *conns; /* of app_db_conn_t; in a pool of its own, under its own lock */
    apr_thread_mutex_t  *mutex; /* guards what follows */
    apr_thread_cond_t   *granted_cond;
    int                  open;    /* connections */
    int                  in_use;  /* connections drawn or being made */
    int                  waiting; /* threads that wait for one */
    int                  granted; /* of these, those that may go on */
    apr_uint64_t         waits, timeouts, connects, failures;
    apr_interval_time_t  backoff; /* 0: the last connect succeeded; else the breaker is open */
    apr_time_t           retry_at;
    int                  probing;
    apr_time_t           maintained;
    app_db_cells_t       cells;
    int                  server_version;
    app_lock_file_t     *lock_file; /* SQLite: of all processes; NULL until needed */
    volatile apr_uint32_t log_dirty; /* SQLite: written to since this process's last checkpoint */
};

/** A place in the pool, with a connection or without. Used by one thread at a time. */
struct app_db_conn_t {
    app_db_t   *db;
    apr_pool_t *pool;   /* cleared when the connection is closed */
    apr_dbd_t  *handle; /* NULL: not connected */
    void       *native; /* PGconn or sqlite3 */
    void       *state;  /* the driver's */
    apr_time_t  opened;
    int         broken; /* not to be used again */
    int         pooled; /* counted; a script's connection is not */
};

/** A column of the current row. text NULL: SQL NULL. */
typedef struct app_db_cell_t {
    const char *text;
    apr_size_t  len;
} app_db_cell_t;

/** A result. The first three members are the drivers' own. */
struct app_rows_t {
    void          *result;   /* PGresult, or a block of rows */
    apr_size_t     position; /* of the next row in result */
    apr_size_t     end;
    app_tx_t      *tx;
    app_db_cell_t *cells;
    int            columns;
    int            streaming; /* more rows come from the connection */
    unsigned       flags;
    int            nmembers; /* columns that come as one JSON object; 0: none */
    void          *members;  /* the driver's: how they are printed; NULL: not known yet */
    app_buf_t      object;
    apr_int64_t    affected;
    app_db_cell_t  few[APP_DB_CELLS];
};

typedef struct app_db_setting_t {
    const char *name;
    const char *value;
    apr_size_t  size; /* bytes at value that are ours to overwrite */
} app_db_setting_t;

typedef enum app_tx_state_e {
    APP_TX_IDLE, /* the database does not know of it yet */
    APP_TX_OPEN,
    APP_TX_OVER  /* committed or rolled back; the connection may go */
} app_tx_state_e;

struct app_tx_t {
    app_db_t            *db;
    app_db_conn_t       *conn; /* NULL once it has been given back */
    apr_pool_t          *pool;
    app_tx_options_t     options; /* timeout resolved: 0 is none */
    app_tx_state_e       state;
    int                  lost;  /* set by the driver: the connection is gone */
    int                  again; /* set by the driver: rolled back, and a second try may succeed */
    int                  locked; /* SQLite: holds the write lock */
    int                  fickle; /* SQLite: it has read what is another at another time */
    const app_guard_t   *guard;   /* SQLite: what statements may touch; NULL: anything */
    app_tx_check_fn     *check;   /* to be called if anything has changed since note(); or NULL */
    const void          *checked; /* its argument */
    apr_array_header_t  *settings; /* of app_db_setting_t; NULL: none */
    apr_time_t           running; /* since when the database is at work for it; 0: it is not */
    apr_interval_time_t  sent;    /* what the request's client had taken until then */
    app_sql_t            sql;     /* what it is at work on */
    app_rows_t           rows;
};

/** All that differs between databases. A failing call has filled err; the caller rolls back. */
struct app_db_driver_t {
    app_db_kind_e kind;
    const char   *name; /* apr_dbd's name of it */

    /** Once in the parent, before the first use of the library in the process. */
    apr_status_t (*load)(app_error_t *err);
    /** Refuses settings that are wrong, while they are read. NULL: there are none of its own. */
    apr_status_t (*check)(app_db_t *db, app_error_t *err, apr_pool_t *pconf);
    /** Sets up a connection just opened. */
    apr_status_t (*setup)(app_db_conn_t *conn, app_error_t *err);
    /** Releases what setup and queries have made, before it is closed. */
    void (*teardown)(app_db_conn_t *conn);
    /** Whether an idle connection can still be used; without a round trip. */
    int (*alive)(app_db_conn_t *conn);

    /**
     * app_tx_query(): opens the transaction first if it is idle. Sets tx->state, and lost or again
     * on failure. Clears tx->check when it has seen, in the transaction, that nothing has changed
     * since note(); and fails where something has.
     */
    apr_status_t (*query)(app_tx_t *tx, app_rows_t *rows, const app_sql_t *sql, app_error_t *err);
    /** Steps to the next row: fills rows->cells. @return APR_SUCCESS, APR_EOF, APP_EFAIL */
    apr_status_t (*next)(app_rows_t *rows, app_error_t *err);
    /** Frees a result, and ends what still streams. */
    void (*done)(app_rows_t *rows);
    apr_status_t (*get)(app_tx_t *tx, const char *name, const char **pvalue, app_error_t *err);
    apr_status_t (*schema_version)(app_tx_t *tx, apr_int64_t *pversion, app_error_t *err);
    /** app_db_version(); NULL: cannot be told. */
    apr_uint64_t (*version)(app_db_conn_t *conn);
    /** Notes with the connection of a read that tx->checked holds. NULL: it cannot tell later. */
    void (*note)(app_tx_t *tx);
    /** Whether that is noted. A query that finds tx->check set looks if it still holds. */
    int (*noted)(app_tx_t *tx);
    /** app_tx_columns(); NULL: cannot be told. */
    apr_status_t (*columns)(app_tx_t *tx, const char *sql, const app_db_column_t **pcolumns,
                            int *pcount, app_error_t *err);
    apr_status_t (*commit)(app_tx_t *tx, app_error_t *err);
    /** Whatever state it is in. A connection that cannot be made clean is marked broken. */
    void (*rollback)(app_tx_t *tx);

    /** Runs a script in one transaction, on a connection of its own. */
    apr_status_t (*script)(app_db_conn_t *conn, const char *sql, app_error_t *err);
    /** Has a connection of its own listen to a channel; NULL: the database does not notify. */
    apr_status_t (*listen)(app_db_conn_t *conn, const char *channel, app_error_t *err);
    int (*listen_fd)(const app_db_conn_t *conn);
    /** app_db_listener_next() */
    apr_status_t (*listen_next)(app_db_conn_t *conn, const char **ppayload, app_error_t *err);
    /** Periodic work on an idle connection; NULL: none. */
    void (*maintain)(app_db_conn_t *conn);
    /** Adds the version of the server or library to part. */
    void (*describe)(app_db_t *db, json_t *part);
};

extern const app_db_driver_t app_db_pgsql;
extern const app_db_driver_t app_db_sqlite;

/* app_db_url.c */
apr_status_t app_db_url_parse(app_db_url_t *url, const char *text,
                              apr_interval_time_t connect_timeout, app_error_t *err,
                              apr_pool_t *p);
/** Parameters that make the file if it is absent. */
const char *app_db_url_create(const app_db_url_t *url, apr_pool_t *p);

/* app_db_pool.c */
/** Opens the connection of a place. */
apr_status_t app_db_conn_open(app_db_conn_t *conn, const char *params, app_error_t *err);
void         app_db_conn_close(app_db_conn_t *conn);
/** @param wait longest wait for a place; 0: do not wait */
apr_status_t app_db_draw(app_db_conn_t **pconn, app_db_t *db, apr_interval_time_t wait,
                         app_error_t *err);
void         app_db_give_back(app_db_conn_t *conn);
/** A fresh connection in the place of a lost one. On failure the place stays empty. */
apr_status_t app_db_reopen(app_db_conn_t *conn, app_error_t *err);
apr_status_t app_db_pool_start(app_db_t *db, apr_pool_t *pchild, app_error_t *err);

/* app_db_setting.c */
/** The value of a transaction's setting, NULL if unset. */
const char *app_db_setting(const app_tx_t *tx, const char *name);
/** Sets it, with a copy of value. */
void app_db_setting_put(app_tx_t *tx, const char *name, const char *value, apr_size_t len);

/* app_db_rows.c */
/** Makes room for so many columns. */
void app_db_columns(app_rows_t *rows, int columns);

/* app_db_metrics.c */
/** The pool's figures have changed. */
void app_db_count_pool_locked(app_db_t *db);
/** Microseconds until a transaction had its connection, or none. */
void app_db_count_wait(app_db_t *db, apr_interval_time_t duration);
/** Microseconds that the database worked. */
void app_db_count_work(app_db_t *db, apr_interval_time_t duration);
/** @param found whether a statement was prepared already */
void app_db_count_prepared(app_db_t *db, int found);

/* app_db_time.c */
/**
 * The database begins to work for tx. Ends what a stream of rows before it has left open.
 * @param sql on what
 * @return 0: it is at work already, for a call that this one is part of
 */
int app_db_work_begin(app_tx_t *tx, const app_sql_t *sql);
/** It is done. What the client has taken meanwhile of rows that stream is not its time. */
void app_db_work_end(app_tx_t *tx);

/* app_db_sqlstate.c */
/** HTTP status of an SQLSTATE. */
int app_db_status(const char *sqlstate, const char *message);
/** Fails with an SQLSTATE: status, and Retry-After for what passes. @return always APP_EFAIL */
apr_status_t app_db_fail(app_error_t *err, const char *sqlstate, const char *format, ...)
    APP_PRINTF(3, 4);
/** Fails with APP_E_DB_CONNECT; what the log may know is problem. @return always APP_EFAIL */
apr_status_t app_db_fail_connect(app_error_t *err, const app_db_t *db, const char *problem);

/* app_db_number.c: both return the length and end the text with a NUL */
/**
 * The shortest text that reads back the same, as PostgreSQL prints it: 0.1, 1e+20, Infinity, NaN.
 */
apr_size_t app_db_print_real(char buf[APP_DB_REAL_SIZE], double value);
apr_size_t app_db_print_int(char buf[APP_DB_REAL_SIZE], apr_int64_t value);

/* app_db_statements.c: prepared statements of a connection, by SQL text and variant */
typedef struct app_db_statements_t app_db_statements_t;
typedef struct app_db_statement_t {
    const char *text;
    apr_size_t  len;
    apr_uint64_t variant; /* of one text, what is prepared or allowed otherwise */
    void       *data; /* the driver's; NULL until it has prepared it */
} app_db_statement_t;

/** @param drop called when a statement leaves, with what was given as ctx */
app_db_statements_t *app_db_statements_create(apr_int64_t max,
                                              void (*drop)(void *ctx, app_db_statement_t *st),
                                              void *ctx);
/** Finds or adds; a new one may push out the one that was used longest ago. NULL: no memory. */
app_db_statement_t *app_db_statements_get(app_db_statements_t *statements, const char *text,
                                          apr_size_t len, apr_uint64_t variant);
void app_db_statements_remove(app_db_statements_t *statements, app_db_statement_t *st);
void app_db_statements_clear(app_db_statements_t *statements);
void app_db_statements_destroy(app_db_statements_t *statements);

#endif
