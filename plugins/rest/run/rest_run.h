/* SPDX-License-Identifier: Apache-2.0 */
/** What the files of step 4 (rest_run*.c) have of each other. Thread of the request. */
#ifndef REST_RUN_H
#define REST_RUN_H

#include <string.h>

#include "apr_strings.h"

#include "rest_held.h"
#include "rest_tag.h"

#define REST_HELD_MAX (64 * 1024 * 1024) /* of an answer that is held until it is committed */

typedef struct rest_run_t {
    const rest_call_t   *call;
    const rest_plan_t   *plan;
    const rest_schema_t *schema;
    rest_statement_t     statement;
    app_tx_t            *tx;
    rest_result_t        result;
    rest_frame_t         frame;
    rest_held_t          held;
    rest_tag_t           tag;     /* of the rows of a read that have come */
    int                  large;   /* one of the few that may hold much */
    apr_int64_t          rows;    /* that have come */
    int                  row;     /* SQLite: of the body, that is being written */
    int                  counted; /* result.page was known before the first row */
    int                  sending; /* the head has been written */
    int                  told;    /* what SQL says of the answer has been read */
    app_error_t         *err;
    apr_pool_t          *pool;
} rest_run_t;

apr_status_t rest_run_query(rest_run_t *run, const rest_sql_t *rendered, unsigned flags,
                            app_rows_t **prows);
apr_status_t rest_run_begin(rest_run_t *run);
apr_status_t rest_run_head(rest_run_t *run);

/** Whether the commit has to wait for what is known only when all rows have come. */
int rest_run_waits(const rest_run_t *run);

/** Refuses numbers of rows that the request does not allow. */
apr_status_t rest_run_check(rest_run_t *run);

/** Reads what SQL says of the answer. */
apr_status_t rest_run_settings(rest_run_t *run);

/** Ends the transaction as the request wants it. */
apr_status_t rest_run_end(rest_run_t *run);

/** Adds the row that has just been counted to what is held, framed. */
void rest_run_hold(rest_run_t *run, const char *row, apr_size_t len);

/** Sends what is held as the whole body. */
void rest_run_send_held(rest_run_t *run);

/* rest_run_read.c */
apr_status_t rest_run_read(rest_run_t *run);
/** Reads the plan's rows in run->tx, and makes nothing but run->tag of them. */
apr_status_t rest_run_read_tag(rest_run_t *run);

/* rest_condition.c */

/**
 * All rows of a read are held: result.tag, and whether the client has that already. Of an answer
 * that has no tag nothing.
 * @return APR_SUCCESS; APP_EFAIL with APP_E_PRECONDITION
 */
apr_status_t rest_condition_read(rest_run_t *run);

/**
 * Before a write whose call compares: whether what is there is what the client has read.
 * @return APR_SUCCESS; APP_EFAIL with APP_E_PRECONDITION, or as it is when the rows are read
 */
apr_status_t rest_condition_write(rest_run_t *run);

/** After it, before its commit: whether rows were there, where that matters. @return the same */
apr_status_t rest_condition_written(const rest_run_t *run);

/* rest_source.c */
/** Tells whoever may keep the answer what it is made of. After the last row. */
void rest_source_tell(const rest_run_t *run);
/** SQLite: whether it is the same again until the database changes. After the last row. */
int rest_source_lasts(const rest_run_t *run);

/* rest_unchanged.c */
/** Remembers run->tag, at the version that rest_unchanged_answer() has read; if it has. */
void rest_unchanged_note(const rest_run_t *run);

/* rest_run_write.c */
apr_status_t rest_run_write(rest_run_t *run);
/* rest_run_constraint.c: SQLite: finds out for run->err what a write has violated */
void rest_run_constraint(rest_run_t *run);

/* rest_run_explain.c */
apr_status_t rest_run_explain(rest_run_t *run);
/** What statistics say of the number of rows. */
apr_status_t rest_run_planned(rest_run_t *run, apr_int64_t *ptotal);

#endif
