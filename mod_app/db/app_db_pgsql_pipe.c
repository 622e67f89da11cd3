/* SPDX-License-Identifier: Apache-2.0 */
/**
 * PostgreSQL: the queue of one pipeline, out and in. Thread that has the connection.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "app_db_pgsql.h"

#define SLICE         (1000 * 1000) /* longest wait between two looks at the client */
#define STOP_WAIT     (2 * 1000 * 1000)
#define NAME_SIZE     (APP_DB_REAL_SIZE + 4)

/* Out */

static void queue(app_pg_t *pg, app_pg_kind_e kind, app_db_statement_t *st, unsigned name)
{
    app_pg_item_t *item = &pg->items[pg->nitems++];

    item->kind = kind;
    item->started = 0;
    item->st = st;
    item->name = name;
}

/** A queue that has been answered to its end is begun anew. */
static int room(app_pg_t *pg)
{
    if (pg->item == pg->nitems) {
        pg->item = pg->nitems = 0;
        pg->failed = pg->stale = 0;
    }
    return pg->nitems + 2 <= APP_PG_ITEMS;
}

static const char *name_of(char buf[NAME_SIZE], unsigned number)
{
    static const char prefix[] = "app_";

    memcpy(buf, prefix, sizeof(prefix));
    app_db_print_int(buf + sizeof(prefix) - 1, number);
    return buf;
}

static int send_prepared(app_pg_t *pg, app_pg_kind_e kind, app_db_statement_t *st,
                         const app_pg_params_t *params)
{
    unsigned number = (unsigned)(apr_uintptr_t)st->data;
    char name[NAME_SIZE];

    if (kind == APP_PG_QUERY) {
        pg->reused = number != 0;
    }
    if (!number) {
        number = ++pg->names;
        if (!PQsendPrepare(pg->link, name_of(name, number), st->text, 0, NULL)) {
            return 0;
        }
        queue(pg, APP_PG_PREPARE, st, number);
    }
    if (!PQsendQueryPrepared(pg->link, name_of(name, number), params->n, params->values,
                             params->lengths, params->formats, 0)) {
        return 0;
    }
    queue(pg, kind, NULL, 0);
    return 1;
}

int app_pg_send(app_pg_t *pg, app_pg_kind_e kind, const char *text, const app_pg_params_t *params)
{
    static const app_pg_params_t none;
    apr_size_t len = strlen(text);
    app_db_statement_t *st = NULL;

    params = params ? params : &none;
    if (!room(pg)) {
        return 0;
    }
    if (pg->statements && len <= APP_DB_SQL_CACHED) {
        st = app_db_statements_get(pg->statements, text, len, 0);
    }
    if (st) {
        return send_prepared(pg, kind, st, params);
    }
    if (kind == APP_PG_QUERY) {
        pg->reused = 0;
    }
    if (!PQsendQueryParams(pg->link, text, params->n, NULL, params->values, params->lengths,
                           params->formats, 0)) {
        return 0;
    }
    queue(pg, kind, NULL, 0);
    return 1;
}

static int send_drop(app_pg_t *pg, const char *text)
{
    if (!room(pg) || !PQsendQueryParams(pg->link, text, 0, NULL, NULL, NULL, NULL, 0)) {
        return 0;
    }
    queue(pg, APP_PG_DROP, NULL, 0);
    return 1;
}

int app_pg_send_drops(app_pg_t *pg)
{
    char text[64];
    int i, sent = 1;

    if (pg->drop_all) {
        app_db_statements_clear(pg->statements);
        sent = send_drop(pg, "DEALLOCATE ALL");
    }
    else {
        for (i = 0; i < pg->ndropped && sent; i++) {
            snprintf(text, sizeof(text), "DEALLOCATE app_%u", pg->dropped[i]);
            sent = send_drop(pg, text);
        }
    }
    pg->drop_all = 0;
    pg->ndropped = 0;
    return sent && app_pg_sync(pg);
}

int app_pg_sync(app_pg_t *pg)
{
    if (!PQpipelineSync(pg->link)) {
        return 0;
    }
    queue(pg, APP_PG_SYNC, NULL, 0);
    return 1;
}

/* Failures */

apr_status_t app_pg_lost(app_tx_t *tx, app_error_t *err)
{
    app_pg_t *pg = tx->conn->state;
    const char *problem = PQerrorMessage(pg->link);

    tx->lost = 1;
    tx->conn->broken = 1;
    app_fail(err, APP_E_DB_LOST, NULL);
    err->retry_after = APP_DB_RETRY_AFTER;
    if (!tx->options.readonly) {
        app_hint(err, "It is not known whether the change was stored: read before repeating it");
    }
    return app_log_only(err, "%s: %.*s", tx->db->url.label, (int)strcspn(problem, "\n"), problem);
}

apr_status_t app_pg_fail(const PGresult *res, app_error_t *err)
{
    const char *sqlstate = PQresultErrorField(res, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
    const char *details = PQresultErrorField(res, PG_DIAG_MESSAGE_DETAIL);
    const char *hint = PQresultErrorField(res, PG_DIAG_MESSAGE_HINT);

    app_db_fail(err, sqlstate ? sqlstate : "XX000", "%s", message ? message : "the query failed");
    if (details) {
        app_details(err, "%s", details);
    }
    if (hint) {
        app_hint(err, "%s", hint);
    }
    return APP_EFAIL;
}

static int is_one_of(const char *sqlstate, const char *const *list)
{
    while (*list && strncmp(sqlstate, *list, strlen(*list)) != 0) {
        list++;
    }
    return *list != NULL;
}

/** Whether the server has ended the session, or is about to. */
static int ends_session(const app_pg_t *pg, const char *sqlstate)
{
    static const char *const ends[] = { "08", "57P01", "57P02", "57P03", "57P05", NULL };

    return !sqlstate || PQstatus(pg->link) == CONNECTION_BAD || is_one_of(sqlstate, ends);
}

/**
 * Whether a statement prepared earlier may have failed just because the schema has changed since:
 * the result type or the types of its parameters are those of that time, or the server no longer
 * knows it.
 */
static int is_stale(const char *sqlstate)
{
    static const char *const stale[] = { "0A000", "26000", "42883", "42804", NULL };

    return is_one_of(sqlstate, stale);
}

static apr_status_t take_error(app_tx_t *tx, const app_pg_item_t *item, const PGresult *res,
                               app_error_t *err)
{
    app_pg_t *pg = tx->conn->state;
    const char *sqlstate = PQresultErrorField(res, PG_DIAG_SQLSTATE);

    if (ends_session(pg, sqlstate)) {
        app_pg_lost(tx, err);
        if (sqlstate && strcmp(sqlstate, "57P01") == 0 && item->kind != APP_PG_COMMIT) {
            app_pg_fail(res, err); /* the transaction was certainly rolled back */
        }
        return APP_EFAIL;
    }
    if (item->kind == APP_PG_DROP || pg->failed) {
        return APR_SUCCESS;
    }
    pg->failed = 1;
    pg->stale = pg->statements && is_stale(sqlstate) && (item->kind != APP_PG_QUERY || pg->reused);
    app_pg_fail(res, err);
    return APR_SUCCESS;
}

/* In */

/** TLS may hold bytes that it has already taken off the socket: poll() would wait for others. */
static int take_pending(PGconn *link)
{
    return (!PQsslInUse(link) && !PQgssEncInUse(link)) || PQconsumeInput(link);
}

/** The longest that may be waited now; 0: the deadline has passed. */
static apr_interval_time_t slice_of(const app_pg_t *pg)
{
    apr_interval_time_t left = pg->deadline ? pg->deadline - apr_time_now() : SLICE;

    return left <= 0 ? 0 : left < SLICE ? left : SLICE;
}

/**
 * Waits until PQgetResult() will not; it tells what is wrong with the connection, too.
 * @return APR_SUCCESS, APR_TIMEUP, APR_ECONNABORTED: the client has gone
 */
static apr_status_t wait_result(const app_tx_t *tx, app_pg_t *pg)
{
    struct pollfd watch = { .fd = PQsocket(pg->link) };
    apr_interval_time_t wait;

    while (PQisBusy(pg->link)) {
        int unsent = PQflush(pg->link), ready;

        if (unsent < 0 || !take_pending(pg->link) || PQstatus(pg->link) != CONNECTION_OK ||
            !PQisBusy(pg->link)) {
            return APR_SUCCESS;
        }
        if ((wait = slice_of(pg)) == 0) {
            return APR_TIMEUP;
        }
        watch.events = (short)(POLLIN | (unsent ? POLLOUT : 0));
        ready = poll(&watch, 1, (int)(wait / 1000) + 1);
        if (ready > 0 && watch.revents != POLLOUT && !PQconsumeInput(pg->link)) {
            return APR_SUCCESS;
        }
        if (ready == 0 && tx->options.request && app_request_gone(tx->options.request)) {
            return APR_ECONNABORTED;
        }
    }
    return APR_SUCCESS;
}

static apr_status_t next_result(app_tx_t *tx, const app_rows_t *rows, PGresult **pres,
                                app_error_t *err)
{
    app_pg_t *pg = tx->conn->state;
    app_pg_item_t *item = &pg->items[pg->item];
    apr_status_t rv;

    if (!item->started) {
        item->started = 1;
        if (item->kind == APP_PG_QUERY && rows->flags & APP_QUERY_STREAM) {
            PQsetSingleRowMode(pg->link);
        }
    }
    rv = wait_result(tx, pg);
    if (APR_STATUS_IS_TIMEUP(rv)) {
        tx->conn->broken = 1; /* the server was to stop by itself: it does not answer any more */
        return app_db_fail(err, "57014", "canceling statement due to statement timeout");
    }
    if (rv != APR_SUCCESS) {
        return app_db_fail(err, "57014", "canceling statement due to user request");
    }
    *pres = PQgetResult(pg->link);
    if (!*pres && PQstatus(pg->link) == CONNECTION_BAD) {
        return app_pg_lost(tx, err);
    }
    return APR_SUCCESS;
}

static apr_int64_t affected(PGresult *res)
{
    return strncmp(PQcmdStatus(res), "SELECT", 6) == 0 ? 0 : strtoll(PQcmdTuples(res), NULL, 10);
}

/** Keeps a result whose rows somebody wants; others are cleared. */
static void keep_result(app_rows_t *rows, PGresult *res)
{
    int columns = PQnfields(res);

    if (rows->nmembers) {
        columns -= app_pg_object_columns(rows) - 1;
    }
    rows->result = res;
    rows->position = 0;
    rows->end = (apr_size_t)PQntuples(res);
    if (rows->columns != columns) {
        app_db_columns(rows, columns);
    }
}

static void take_success(app_tx_t *tx, app_rows_t *rows, const app_pg_item_t *item, PGresult *res,
                         app_error_t *err)
{
    app_pg_t *pg = tx->conn->state;

    if (item->kind == APP_PG_QUERY) {
        rows->affected = affected(res);
        keep_result(rows, res);
        return;
    }
    if (item->kind == APP_PG_PREPARE) {
        item->st->data = (void *)(apr_uintptr_t)item->name;
    }
    else if (item->kind == APP_PG_COMMIT && strcmp(PQcmdStatus(res), "COMMIT") == 0) {
        tx->state = APP_TX_OVER;
    }
    else if (item->kind == APP_PG_COMMIT && !pg->failed) {
        pg->failed = 1;
        app_db_fail(err, "25P02", "current transaction is aborted");
    }
    PQclear(res);
}

/** Takes one result. @return APR_SUCCESS; APR_EOF: the queue goes on with the next item */
static apr_status_t take_result(app_tx_t *tx, app_rows_t *rows, PGresult *res, app_error_t *err)
{
    app_pg_t *pg = tx->conn->state;
    const app_pg_item_t *item = &pg->items[pg->item];
    apr_status_t rv = APR_SUCCESS;

    switch (PQresultStatus(res)) {
    case PGRES_SINGLE_TUPLE:
        rows->streaming = 1;
        keep_result(rows, res);
        return APR_SUCCESS;
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_EMPTY_QUERY:
        take_success(tx, rows, item, res, err);
        return APR_SUCCESS;
    case PGRES_PIPELINE_SYNC:
        if (pg->implicit && !pg->failed && pg->item == pg->nitems - 1) {
            tx->state = APP_TX_OVER; /* not yet with the sync behind statements dropped before */
        }
        rv = APR_EOF;
        break;
    case PGRES_PIPELINE_ABORTED:
        break;
    default:
        rv = take_error(tx, item, res, err);
        break;
    }
    PQclear(res);
    return rv;
}

/** The connection fails: no matter if COMMIT has been acknowledged already, else a failure. */
static apr_status_t end_early(const app_tx_t *tx)
{
    if (tx->state != APP_TX_OVER) {
        return APP_EFAIL;
    }
    tx->conn->broken = 1;
    return APR_SUCCESS;
}

apr_status_t app_pg_collect(app_tx_t *tx, app_rows_t *rows, app_error_t *err)
{
    app_pg_t *pg = tx->conn->state;
    PGresult *res = NULL;
    apr_status_t rv;

    rows->streaming = 0;
    while (pg->item < pg->nitems) {
        if (next_result(tx, rows, &res, err) != APR_SUCCESS) {
            return end_early(tx);
        }
        rv = res ? take_result(tx, rows, res, err) : APR_EOF;
        if (rv == APR_EOF) {
            pg->item++;
        }
        else if (rv != APR_SUCCESS) {
            return end_early(tx);
        }
        else if (rows->streaming) {
            return APR_SUCCESS;
        }
    }
    return pg->failed ? APP_EFAIL : APR_SUCCESS;
}

static void cancel(app_pg_t *pg)
{
    PGcancel *request = PQgetCancel(pg->link);
    char problem[256];

    if (request) {
        PQcancel(request, problem, sizeof(problem));
        PQfreeCancel(request);
    }
}

void app_pg_stop(app_tx_t *tx)
{
    app_pg_t *pg = tx->conn->state;
    app_request_t *request = tx->options.request;
    app_error_t ignored = { .pool = tx->pool };
    app_rows_t rows = { .tx = tx };

    if (pg->item == pg->nitems) {
        return;
    }
    cancel(pg);
    pg->deadline = apr_time_now() + STOP_WAIT;
    tx->options.request = NULL; /* known to have gone; these answers are waited for */
    pg->failed = 1;
    rows.cells = rows.few;
    do {
        app_pg_collect(tx, &rows, &ignored);
        PQclear(rows.result);
        rows.result = NULL;
    } while (rows.streaming);
    tx->options.request = request;
    if (pg->item < pg->nitems) {
        tx->conn->broken = 1;
    }
}
