/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A request whose names have been looked up and whose grants hold: nothing in it can be unknown
 * any more. Made by rest_plan.c from a rest_request_t and a snapshot, both of which must outlive
 * it.
 *
 * The answer is a tree of nodes: the root is what the path names, its children are the embeds of
 * its select, and so on. Each node is one FROM of the statement.
 */
#ifndef REST_PLAN_H
#define REST_PLAN_H

#include "rest_query.h"
#include "rest_schema.h"

typedef enum rest_action_e {
    REST_READ, REST_INSERT, REST_UPDATE, REST_REPLACE, REST_DELETE, REST_CALL
} rest_action_e;

/** What is asked, as step 1 leaves it. */
typedef struct rest_request_t {
    rest_action_e action;
    const char   *space;    /* schema */
    const char   *relation; /* or function, of a call */
    const char   *role;     /* in force */
    rest_query_t *query;
    rest_prefer_t prefer;
    const char   *accept;   /* NULL: anything */
    const char   *location; /* of a read, its Content-Location; NULL: not made yet */
    rest_body_t  *body;     /* of a write or a call by POST */
    apr_int64_t   limit;    /* window by query and Range; -1: none */
    apr_int64_t   offset;
    apr_int64_t   max_rows; /* 0: no cap */
    unsigned      head : 1; /* nobody wants the rows */
    unsigned      post : 1;
    unsigned      reads : 1; /* GET or HEAD */
    unsigned      root : 1;    /* the API itself: its description is wanted */
    unsigned      options : 1; /* only what may be done with it is wanted */
    unsigned      aggregates : 1;   /* allowed */
    unsigned      explains : 1;     /* the plan media type is allowed */
    unsigned      legacy_names : 1; /* an aliased embed is found by its own name, too */
} rest_request_t;

typedef struct rest_node_t rest_node_t;

/** A value of a row: a column, or what a JSON path finds in it. */
typedef struct rest_operand_t {
    const rest_column_t  *column; /* PostgreSQL: also one that the snapshot does not know */
    const rest_step_t    *path;   /* NULL: the column itself */
    const rest_routine_t *computed; /* SQLite: column stands for its result; else NULL */
} rest_operand_t;

typedef enum rest_out_e {
    REST_OUT_VALUE, /* operand of node's row */
    REST_OUT_ROWS,  /* count() */
    REST_OUT_EMBED, /* node: an object or an array */
    REST_OUT_ARRAY  /* each of node's rows, a spread: the array of one member */
} rest_out_e;

/** A member of the answer's objects. */
typedef struct rest_out_t {
    struct rest_out_t       *next;
    rest_out_e               kind;
    const char              *name;
    const rest_node_t       *node;   /* of a value: the node itself, or one spread into it */
    rest_operand_t           operand;
    const char              *cast;   /* NULL: none; of an aggregate that of what goes in */
    rest_aggregate_e         aggregate;
    const char              *aggregate_cast; /* NULL: none */
    const struct rest_out_t *member; /* ARRAY: what the array is of */
} rest_out_t;

/** A comparison, a group of them, or the question whether an embed has rows. */
typedef struct rest_cond_t {
    struct rest_cond_t  *next;
    struct rest_cond_t  *children; /* groups */
    const rest_filter_t *filter;
    rest_operand_t       operand;  /* comparisons */
    const rest_node_t   *embed;    /* rel=is.null; else NULL */
} rest_cond_t;

typedef struct rest_sort_t {
    struct rest_sort_t *next;
    rest_operand_t      operand;
    const rest_node_t  *related; /* order=rel(col): whose column it is; else NULL */
    unsigned            descending : 1;
    unsigned            nulls_first : 1;
} rest_sort_t;

/** An argument of a call. */
typedef struct rest_argument_t {
    struct rest_argument_t *next;
    const rest_param_t     *param;
    const char             *text;  /* of the query string or a form; NULL: json */
    const rest_json_t      *json;  /* SQLite; PostgreSQL takes it out of the body itself */
    const rest_name_t      *list;  /* variadic of a query string or a form: its texts */
} rest_argument_t;

struct rest_node_t {
    rest_node_t           *next;     /* sibling */
    rest_node_t           *children; /* embeds, in the order of select */
    rest_node_t           *parent;   /* NULL: root */
    const rest_item_t     *item;     /* what asked for it; NULL: root */
    rest_scope_t           asked;    /* what the query string says of it */
    const rest_relation_t *relation; /* NULL: a function that gives values */
    const rest_link_t     *link;     /* from the parent's relation; NULL: root */
    const char            *source;   /* FROM in the relation's place, with as; NULL: nothing */
    const char            *as;       /* what stands before its columns in SQL */
    const char            *junction_as; /* the same of the link's junction */
    int                    number;   /* of the node, root 0: makes names in SQL unique */
    int                    depth;    /* root 0 */
    rest_out_t            *out;
    rest_cond_t           *where;      /* joined by AND */
    const char            *row_filter; /* SQL of the grant; NULL: all rows */
    const char            *junction_filter; /* the same of the junction */
    const char            *columns;    /* that the grant names, as rest_grant_t has it; NULL: all */
    const char            *junction_columns;
    rest_sort_t           *sort;
    apr_int64_t            limit;      /* -1: none */
    apr_int64_t            offset;
    unsigned               hidden : 1;  /* joined, but nothing of it is shown */
    unsigned               grouped : 1; /* has an aggregate */
    unsigned               flat : 1;    /* its rows are lines: embeds may break none */
    unsigned               called : 1;  /* the rows of a function that gives the relation's */
    unsigned               renamed : 1; /* as is not the relation's own name */
    const char            *joined;  /* SQL behind the relation, of another plugin; NULL: none */
    const char            *matched; /* a condition, likewise */
};

/** Embeds of a node whose rows are joined to its own: they are not read apart. */
#define rest_node_is_joined(node) \
    ((node)->item && (node)->item->kind == REST_ITEM_SPREAD && (node)->link->to_one)

typedef struct rest_plan_t {
    rest_action_e         action;
    app_db_kind_e         kind;
    rest_node_t           root;      /* what is read, or shown of what was written */
    int                   nnodes;
    const struct rest_statement_t *statement; /* rendered before; NULL: not yet */
    const rest_accepted_t *type;     /* of the answer */
    rest_media_e          form;      /* of the rows; of a query plan, of the query's rows */
    const rest_handler_t *handler;   /* PostgreSQL: makes the type; NULL: built in */
    const char           *warnings;  /* legacy names, as the Warning header tells; NULL: none */
    rest_count_e          count;
    apr_int64_t           max_rows;  /* up to there an estimated count is exact; 0: always */
    unsigned              rows : 1;  /* the body is wanted */
    unsigned              single : 1;
    unsigned              location : 1; /* the new row's key is wanted */
    unsigned              readonly : 1;
    unsigned              analyzed : 1; /* SQLite: there are statistics */
    unsigned              stripped : 1; /* null members are left out */
    unsigned              bytes : 1;    /* a function's result is the body as it is */
    unsigned              bare : 1;     /* a function's results are values, not objects */
    unsigned              one : 1;      /* a function gives one result: no array of them */
    unsigned              empty : 1;    /* a function gives nothing */
    unsigned              hex : 1;      /* what is the body comes as hexadecimal digits */

    /* Writes */
    const rest_body_t    *body;
    const rest_column_t **written;   /* body->ncolumns of them */
    rest_node_t           target;    /* what is written: its conditions choose the rows */
    const char           *check;     /* SQL that must hold for new rows; NULL: nothing */
    const char           *merge_check; /* the same of rows that an upsert has found */
    rest_resolution_e     resolution; /* what an INSERT does where the row exists */
    const rest_column_t **conflict;  /* target of an upsert */
    int                   nconflict;
    unsigned              defaults : 1; /* missing=default */

    /* Calls */
    const rest_routine_t *routine;
    rest_argument_t      *arguments;
    const rest_body_t    *raw;       /* the one unnamed argument; NULL: none */
} rest_plan_t;

/**
 * Looks names up and applies grants.
 * @return APR_SUCCESS; APP_EFAIL with an error of the catalogue, or the SQLSTATEs 42501, 42703,
 *         22023
 */
apr_status_t rest_plan_make(rest_plan_t **pplan, const rest_request_t *request,
                            const rest_schema_t *schema, app_error_t *err, apr_pool_t *p);

/** Whether something of the rows of a write is to be shown. */
#define rest_plan_shows(plan) ((plan)->rows || (plan)->location)

/** Refuses a relation that is not there. @return always APP_EFAIL */
apr_status_t rest_plan_no_relation(const rest_request_t *request, const rest_schema_t *schema,
                                   app_error_t *err);

/**
 * The function that a call means; of OPTIONS, one without arguments.
 * @return APR_SUCCESS; APP_EFAIL with APP_E_FUNCTION, APP_E_AMBIGUOUS_FUNCTION
 */
apr_status_t rest_plan_find_routine(const rest_routine_t **proutine,
                                    const rest_request_t *request, const rest_schema_t *schema,
                                    app_error_t *err);

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
