/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The two halves of the PostgreSQL driver: app_db_pgsql.c says what is sent, app_db_pgsql_pipe.c
 * sends it and reads the answers.
 *
 * A connection is always in libpq's pipeline mode. What is to be sent is queued, each item with
 * what its answer means; a sync ends the queue, and all of it goes out in one write. The server
 * answers in order, and after an error skips to the sync.
 */
#ifndef APP_DB_PGSQL_H
#define APP_DB_PGSQL_H

#include <libpq-fe.h>

#include "app_db_driver.h"

#define APP_PG_DROPPED    16 /* statements pushed out that the server still has */
#define APP_PG_ITEMS      (APP_PG_DROPPED + 16)
#define APP_PG_SETTINGS   64 /* pairs for which the SQL text is kept */

typedef enum app_pg_kind_e {
    APP_PG_DROP,
    APP_PG_PREPARE,
    APP_PG_BEGIN, /* and settings: what makes the transaction */
    APP_PG_QUERY,
    APP_PG_COMMIT,
    APP_PG_ROLLBACK,
    APP_PG_SYNC
} app_pg_kind_e;

typedef struct app_pg_item_t {
    app_pg_kind_e       kind;
    int                 started; /* its first result has been asked for */
    app_db_statement_t *st;      /* APP_PG_PREPARE */
    unsigned            name;    /* APP_PG_PREPARE: number in its name */
} app_pg_item_t;

/** A connection's state. */
typedef struct app_pg_t {
    PGconn              *link;
    app_db_statements_t *statements; /* data: number in the name; NULL: none are prepared */
    unsigned             names;      /* last number given */
    unsigned             dropped[APP_PG_DROPPED];
    int                  ndropped;
    int                  drop_all; /* the server is to forget all before the next transaction */
    app_pg_item_t        items[APP_PG_ITEMS];
    int                  nitems, item; /* sent, and the one whose answer comes next */
    int                  failed;       /* an item was answered by an error */
    int                  stale;        /* perhaps because a statement prepared earlier is */
    int                  implicit;     /* the transaction ends with the sync: it has no BEGIN */
    int                  reused;       /* the query ran from a statement prepared earlier */
    apr_time_t           deadline;     /* for the answers; 0: none */
    const char          *set_config[APP_PG_SETTINGS + 1];
    PGnotify            *heard; /* the last notification handed out; NULL: none */
} app_pg_t;

/** Parameters as libpq takes them. */
typedef struct app_pg_params_t {
    int          n;
    const char **values;
    int         *lengths;
    int         *formats;
} app_pg_params_t;

/** Queues a statement, prepared if that is on. @return 0: the connection is lost */
int app_pg_send(app_pg_t *pg, app_pg_kind_e kind, const char *text, const app_pg_params_t *params);
/** Queues the removal of statements that were pushed out. @return 0: the connection is lost */
int app_pg_send_drops(app_pg_t *pg);
/** Ends the queue. @return 0: the connection is lost */
int app_pg_sync(app_pg_t *pg);

/**
 * Reads answers until the queue is done or, in a result that streams, a row is in rows->result.
 * Asks between waits whether the client has gone.
 * @return APR_SUCCESS; APP_EFAIL: the queue is done and something in it failed, or tx->lost is
 *         set, or reading was given up and part of the queue is still to be answered
 */
apr_status_t app_pg_collect(app_tx_t *tx, app_rows_t *rows, app_error_t *err);
/**
 * Has the server stop what it does, and reads what is left of the queue; marks the connection
 * broken if it cannot.
 */
void app_pg_stop(app_tx_t *tx);
/** Number of columns that become one object, with the one that marks it. */
#define app_pg_object_columns(rows) \
    ((rows)->nmembers + (((rows)->flags & APP_QUERY_MARKED) != 0))
/** Makes the first columns of a row one JSON object: rows->cells[0]. */
void app_pg_object(app_rows_t *rows, int row);
/** Fails for a connection that is gone. @return always APP_EFAIL */
apr_status_t app_pg_lost(app_tx_t *tx, app_error_t *err);
/** Fails as a PostgreSQL result says. @return always APP_EFAIL */
apr_status_t app_pg_fail(const PGresult *res, app_error_t *err);

/* app_db_pgsql_listen.c: members of the driver */
apr_status_t app_pg_listen(app_db_conn_t *conn, const char *channel, app_error_t *err);
int          app_pg_listen_fd(const app_db_conn_t *conn);
apr_status_t app_pg_listen_next(app_db_conn_t *conn, const char **ppayload, app_error_t *err);

#endif
