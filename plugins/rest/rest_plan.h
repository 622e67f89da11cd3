/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A request whose names have been looked up and whose grants hold: nothing in it can be unknown
 * any more. Made by rest_plan.c from a rest_request_t and a snapshot, both of which must outlive
 * it.
 */
#ifndef REST_PLAN_H
#define REST_PLAN_H

#include "rest_query.h"
#include "rest_schema.h"

typedef enum rest_action_e { REST_READ, REST_INSERT } rest_action_e;

/** What is asked, as step 1 leaves it. */
typedef struct rest_request_t {
    rest_action_e action;
    const char   *space;    /* schema */
    const char   *relation;
    const char   *role;     /* in force */
    rest_query_t *query;
    rest_prefer_t prefer;
    const char   *accept;   /* NULL: anything */
    rest_body_t  *body;     /* writes */
    apr_int64_t   limit;    /* window by query and Range; -1: none */
    apr_int64_t   offset;
    apr_int64_t   max_rows; /* 0: no cap */
    unsigned      head : 1; /* nobody wants the rows */
} rest_request_t;

/** A member of the answer's objects. */
typedef struct rest_out_t {
    struct rest_out_t   *next;
    const char          *name;
    const rest_column_t *column;
    const char          *cast; /* NULL: none */
} rest_out_t;

/** A comparison or a group, with its column. */
typedef struct rest_cond_t {
    struct rest_cond_t  *next;
    struct rest_cond_t  *children; /* groups */
    const rest_filter_t *filter;
    const rest_column_t *column;   /* comparisons */
} rest_cond_t;

typedef struct rest_sort_t {
    struct rest_sort_t  *next;
    const rest_column_t *column;
    unsigned             descending : 1;
    unsigned             nulls_first : 1;
} rest_sort_t;

/** One relation of the answer: the root; an embed of a node is to become its child. */
typedef struct rest_node_t {
    const rest_relation_t *relation;
    rest_out_t            *out;
    rest_cond_t           *where;      /* joined by AND */
    const char            *row_filter; /* SQL of the grant; NULL: all rows */
    rest_sort_t           *sort;
    apr_int64_t            limit;      /* -1: none */
    apr_int64_t            offset;
} rest_node_t;

typedef struct rest_plan_t {
    rest_action_e         action;
    app_db_kind_e         kind;
    rest_node_t           root;      /* what is read, or shown of what was written */
    const rest_accepted_t *type;     /* of the answer */
    unsigned              rows : 1;  /* the body is wanted */
    unsigned              total : 1; /* count=exact */
    unsigned              single : 1;
    unsigned              location : 1; /* the new row's key is wanted */
    const rest_body_t    *body;      /* writes, from here on */
    const rest_column_t **written;   /* body->ncolumns of them */
    const char           *check;     /* SQL that must hold for new rows; NULL: nothing */
} rest_plan_t;

/**
 * Looks names up and applies grants.
 * @return APR_SUCCESS; APP_EFAIL with APP_E_TABLE, APP_E_COLUMN, APP_E_NOT_EMBEDDED,
 *         APP_E_NOT_ACCEPTABLE, APP_E_PREFERENCES, APP_E_NOT_IMPLEMENTED, or the SQLSTATEs 42501,
 *         42703, 22023
 */
apr_status_t rest_plan_make(rest_plan_t **pplan, const rest_request_t *request,
                            const rest_schema_t *schema, app_error_t *err, apr_pool_t *p);

/** Whether something of the rows of a write is to be shown. */
#define rest_plan_shows(plan) ((plan)->rows || (plan)->location)

/** Refuses a part of the dialect that is not there. @return always APP_EFAIL */
apr_status_t rest_unavailable(app_db_kind_e kind, app_error_t *err, const char *details, ...)
    APP_PRINTF(3, 4);

/**
 * The rows that query and Range ask for, as absolute positions.
 * @param plimit -1: no limit
 * @return APR_SUCCESS; APP_EFAIL with APP_E_RANGE
 */
apr_status_t rest_window(apr_int64_t *plimit, apr_int64_t *poffset, const rest_scope_t *scope,
                         const char *range, app_error_t *err);

#endif
