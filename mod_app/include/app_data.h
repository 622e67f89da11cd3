/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The data API as a service: what the caller of a request may see of a relation, for plugins that
 * choose and order its rows themselves. Plugin rest offers it:
 *
 *     data = app_service_find(self, APP_DATA_SERVICE, &owner);
 *     data->read(owner, r, res, &(app_data_ask_t){ .relation = "packages", … }, answer, ctx, err);
 *
 * select, embeds, filters and order are in the data API's grammar; role, grants, row filters and
 * settings hold as they do there. What the caller adds are pieces of SQL of its own; nothing that a
 * client wrote may stand in them but as a parameter.
 */
#ifndef APP_DATA_H
#define APP_DATA_H

#include "app_plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define APP_DATA_SERVICE "data.1"

/** A read that has been planned, in its transaction. Lives while answer() runs. */
typedef struct app_data_read_t app_data_read_t;

/** What is asked for. Nothing is copied: it lives until read() returns. */
typedef struct app_data_ask_t {
    const char *schema;   /* NULL: the default one */
    const char *relation; /* a table or view */
    const char *query;    /* query string in the data API's grammar; NULL: none */
    /** SQLite: tables of the caller's that its pieces of SQL read, ended by NULL; NULL: none. */
    const char *const *tables;
} app_data_ask_t;

/**
 * Makes the answer's parts by queries of read. It may run twice: the first time was for nothing if
 * the schema has changed meanwhile; so it keeps what it has to say until read() returns, and writes
 * nothing to the response itself. Thread of the request.
 * @return APR_SUCCESS; APP_EFAIL with err, which read() hands on
 */
typedef apr_status_t app_data_answer_fn(void *ctx, app_data_read_t *read, app_error_t *err);

/** A SELECT: before, SELECT, the row, columns, FROM … WHERE …, after. */
typedef struct app_data_query_t app_data_query_t;
struct app_data_query_t {
    const char        *before;  /* SQL in front; NULL: none */
    int                row;     /* the first column is the row as JSON text, as select wants it */
    const char        *columns; /* SQL of further columns; NULL: none */
    const char        *join;    /* SQL behind the relation: "JOIN …"; NULL: none */
    const char        *where;   /* a further condition; NULL: none */
    int                ordered; /* ORDER BY as the query string asks, if it does */
    const char        *after;   /* SQL behind: "LIMIT …"; NULL: none */
    const app_value_t *params;  /* $1, $2 … of all these */
    int                nparams;
    unsigned           flags;   /* APP_QUERY_LAST, APP_QUERY_STREAM */
    /** Written in front of it in the same statement, as "WITH name AS (" of its own is; NULL: none.
     *  Its params and flags do not count. */
    const app_data_query_t *first;
};

typedef struct app_data_service_t {
    apr_size_t size; /* sizeof(app_data_service_t) of who offers it */

    /**
     * Plans a read for who has sent r, begins its transaction, has answer() called in it, and ends
     * it. Thread of the request.
     * @return APR_SUCCESS; APP_EFAIL with an error as the data API has it
     */
    apr_status_t (*read)(app_instance_t *owner, app_request_t *r, app_response_t *res,
                         const app_data_ask_t *ask, app_data_answer_fn *answer, void *ctx,
                         app_error_t *err);

    /** Runs a SELECT. @return as app_tx_query() */
    apr_status_t (*query)(app_data_read_t *read, const app_data_query_t *query,
                          app_rows_t **prows, app_error_t *err);

    /** What stands before the relation's columns in SQL, quoted. Lives as long as read. */
    const char *(*alias)(const app_data_read_t *read);

    /**
     * A column of the relation as SQL, if the caller may read it.
     * @param psql quoted, with alias() before it; lives as long as read
     * @return APR_SUCCESS; APP_EFAIL with 42501 or 42703
     */
    apr_status_t (*column)(app_data_read_t *read, const char *name, const char **psql,
                           app_error_t *err);

    /** Whether the query string asks for an order. */
    int (*has_order)(const app_data_read_t *read);

    /** The window that query string and MaxRows leave. @param plimit -1: none */
    void (*window)(const app_data_read_t *read, apr_int64_t *plimit, apr_int64_t *poffset);

    /** Whether some rows of the relation are hidden from the caller, as far as mod_app knows. */
    int (*filtered)(const app_data_read_t *read);

    /**
     * SQLite: a search in the language of to_tsquery() as the right side of MATCH. A label, as in
     * word:A, is looked for in the columns that it stands for.
     * @param labels four texts, columns divided by blanks, of A to D; NULL: a label means nothing
     * @param pnegated 1: wanted are the rows that MATCH does not find
     * @param ptext from p; NULL: there is nothing to look for
     * @return APR_SUCCESS; APP_EFAIL with 42601, 54000 or 501
     */
    apr_status_t (*match)(const char **ptext, int *pnegated, const char *tsquery,
                          const char *const *labels, app_error_t *err, apr_pool_t *p);
} app_data_service_t;

#ifdef __cplusplus
}
#endif
#endif
