/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The syntax tree of a request: what the query string, Prefer and the body ask for. It is plain data
 * that promises nothing: no name in it has been looked up. Made by rest_parse.c, rest_prefer.c and
 * rest_body.c; lives in the request's pool.
 *
 * Lists are linked by `next`, in the order of the URL.
 */
#ifndef REST_QUERY_H
#define REST_QUERY_H

#include "app_plugin.h"

#include "rest_accept.h"
#include "rest_json.h"

#define REST_DEPTH_MAX 16 /* groups in groups, embeds in embeds */

typedef struct rest_name_t {
    struct rest_name_t *next;
    const char         *name;
} rest_name_t;

/** One arrow of a JSON path: ->key, ->>key, ->0. */
typedef struct rest_step_t {
    struct rest_step_t *next;
    const char         *key; /* NULL: index */
    apr_int64_t         index;
    unsigned            text : 1; /* ->> */
} rest_step_t;

typedef struct rest_field_t {
    const char  *name;
    rest_step_t *path; /* NULL: the column itself */
} rest_field_t;

typedef enum rest_item_e {
    REST_ITEM_STAR,
    REST_ITEM_COLUMN,
    REST_ITEM_COUNT, /* count() of rows */
    REST_ITEM_EMBED,
    REST_ITEM_SPREAD
} rest_item_e;

typedef enum rest_aggregate_e {
    REST_AGG_NONE, REST_AGG_SUM, REST_AGG_AVG, REST_AGG_MIN, REST_AGG_MAX, REST_AGG_COUNT
} rest_aggregate_e;

/** An item of select. */
typedef struct rest_item_t {
    struct rest_item_t *next;
    rest_item_e         kind;
    const char         *alias;    /* NULL: none given */
    rest_field_t        field;    /* column; of embeds the name */
    const char         *cast;     /* NULL: none */
    rest_aggregate_e    aggregate;
    const char         *aggregate_cast;
    const char         *hint;     /* embeds: rel!hint */
    unsigned            inner : 1;
    struct rest_item_t *select;   /* embeds: their own items */
} rest_item_t;

typedef enum rest_op_e {
    REST_OP_EQ, REST_OP_NEQ, REST_OP_GT, REST_OP_GTE, REST_OP_LT, REST_OP_LTE,
    REST_OP_LIKE, REST_OP_ILIKE, REST_OP_MATCH, REST_OP_IMATCH,
    REST_OP_IN, REST_OP_IS, REST_OP_ISDISTINCT,
    REST_OP_FTS, REST_OP_PLFTS, REST_OP_PHFTS, REST_OP_WFTS,
    REST_OP_CS, REST_OP_CD, REST_OP_OV,
    REST_OP_SL, REST_OP_SR, REST_OP_NXR, REST_OP_NXL, REST_OP_ADJ
} rest_op_e;

typedef enum rest_quantifier_e { REST_ONE, REST_ANY, REST_ALL } rest_quantifier_e;

typedef enum rest_is_e {
    REST_IS_NULL, REST_IS_NOT_NULL, REST_IS_TRUE, REST_IS_FALSE, REST_IS_UNKNOWN
} rest_is_e;

typedef enum rest_filter_e { REST_COMPARE, REST_AND, REST_OR } rest_filter_e;

/** A comparison, or a group of them. */
typedef struct rest_filter_t {
    struct rest_filter_t *next;
    rest_filter_e         kind;
    unsigned              negated : 1;
    struct rest_filter_t *children;   /* groups: at least one */
    rest_field_t          field;      /* comparisons, from here on */
    rest_op_e             op;
    rest_quantifier_e     quantifier;
    rest_is_e             is;         /* REST_OP_IS */
    const char           *language;   /* full text; NULL: none given */
    const char           *value;      /* all but IN and IS */
    rest_name_t          *list;       /* IN; NULL: empty */
} rest_filter_t;

typedef enum rest_nulls_e { REST_NULLS_DEFAULT, REST_NULLS_FIRST, REST_NULLS_LAST } rest_nulls_e;

typedef struct rest_order_t {
    struct rest_order_t *next;
    const char          *relation; /* order=rel(col); NULL: the node's own column */
    rest_field_t         field;
    unsigned             descending : 1;
    rest_nulls_e         nulls;
} rest_order_t;

/** What the query string says of one node: the root, or the embed that a path leads to. */
typedef struct rest_scope_t {
    struct rest_scope_t *next;
    rest_name_t         *path; /* NULL: the root */
    rest_filter_t       *filters; /* joined by AND */
    rest_order_t        *order;
    apr_int64_t          limit, offset;
    unsigned             has_order : 1;
    unsigned             has_limit : 1;
    unsigned             has_offset : 1;
    unsigned             bad_limit : 1; /* limit= was no integer */
} rest_scope_t;

/** What a call by GET gives to its function. */
typedef struct rest_given_t {
    struct rest_given_t *next;
    const char          *name, *value;
} rest_given_t;

/** A query string, whole. */
typedef struct rest_query_t {
    const apr_array_header_t *pairs;  /* of app_pair_t, as they came */
    rest_item_t              *select; /* NULL: all columns */
    rest_name_t              *columns;
    rest_name_t              *on_conflict;
    rest_scope_t              root;
    rest_scope_t             *embeds; /* scopes with a path */
    rest_given_t             *given;  /* of a call by GET; else NULL */
    unsigned                  has_select : 1; /* an empty one counts as the first, too */
} rest_query_t;

/**
 * Parses a query string by the dialect's grammar.
 * @param query encoded, may be NULL
 * @return APR_SUCCESS; APP_EFAIL with APP_E_QUERY_SYNTAX
 */
apr_status_t rest_parse_query(rest_query_t **pquery, const char *query, app_error_t *err,
                              apr_pool_t *p);

/** The same of a call by GET, where what is no filter is an argument. */
apr_status_t rest_parse_call(rest_query_t **pquery, const char *query, app_error_t *err,
                             apr_pool_t *p);

/** The value of a Content-Location: path, and the parameters sorted by key. */
const char *rest_query_location(const rest_query_t *query, const char *path, apr_pool_t *p);

/* Prefer */

typedef enum rest_return_e {
    REST_RETURN_UNSET, REST_RETURN_MINIMAL, REST_RETURN_HEADERS, REST_RETURN_FULL
} rest_return_e;
typedef enum rest_count_e {
    REST_COUNT_NONE, REST_COUNT_EXACT, REST_COUNT_PLANNED, REST_COUNT_ESTIMATED
} rest_count_e;
typedef enum rest_resolution_e {
    REST_RESOLUTION_NONE, REST_RESOLUTION_MERGE, REST_RESOLUTION_IGNORE
} rest_resolution_e;
typedef enum rest_missing_e {
    REST_MISSING_UNSET, REST_MISSING_NULL, REST_MISSING_DEFAULT
} rest_missing_e;
typedef enum rest_handling_e {
    REST_HANDLING_UNSET, REST_HANDLING_LENIENT, REST_HANDLING_STRICT
} rest_handling_e;
typedef enum rest_end_e { REST_END_UNSET, REST_END_COMMIT, REST_END_ROLLBACK } rest_end_e;

typedef struct rest_prefer_t {
    rest_return_e     representation;
    rest_count_e      count;
    rest_resolution_e resolution;
    rest_missing_e    missing;
    rest_handling_e   handling;
    rest_end_e        end;
    const char       *timezone;     /* NULL: none */
    apr_int64_t       max_affected; /* -1: none */
    const char       *invalid;      /* tokens that mean nothing, joined by ", "; NULL: none */
} rest_prefer_t;

/** Reads the Prefer headers, joined by commas; header may be NULL. Never fails. */
void rest_prefer_parse(rest_prefer_t *prefer, const char *header, apr_pool_t *p);

/** Which preferences have a meaning for a request; those that have one for all are left out. */
typedef struct rest_applied_t {
    unsigned resolution : 1;
    unsigned missing : 1;
    unsigned representation : 1;
    unsigned end : 1;
    unsigned bound : 1; /* max-affected */
} rest_applied_t;

/** The value of Preference-Applied; NULL: none was. */
const char *rest_prefer_applied(const rest_prefer_t *prefer, const rest_applied_t *which,
                                apr_pool_t *p);

/* Bodies */

typedef enum rest_body_kind_e {
    REST_BODY_JSON,
    REST_BODY_CSV,
    REST_BODY_FORM,
    REST_BODY_TEXT,  /* of calls, from here on: the body itself is the value */
    REST_BODY_XML,
    REST_BODY_BYTES
} rest_body_kind_e;

/**
 * Rows to write, or the arguments of a call: one row. What PostgreSQL takes apart itself is text,
 * for SQLite there are values.
 */
typedef struct rest_body_t {
    rest_body_kind_e kind;
    const char     **columns;   /* keys of the rows, or those named by columns= */
    int              ncolumns;
    int              nrows;
    const char      *text;      /* PostgreSQL: a JSON array of objects; of calls one object */
    apr_size_t       len;
    rest_json_t     *values;    /* SQLite: values[row * ncolumns + column] */
    const apr_array_header_t *pairs; /* forms: of app_pair_t, as they came; no value is NULL */
    const char      *raw;       /* calls by all but CSV and forms: the body as it came */
    apr_size_t       raw_len;
} rest_body_t;

/** A body as it came. */
typedef struct rest_source_t {
    const char        *data; /* ends with a NUL that len does not count */
    apr_size_t         len;
    const char        *type;    /* Content-Type; NULL: JSON */
    const rest_name_t *columns; /* of columns=, heeded for JSON; NULL: the keys of the rows */
    app_db_kind_e      kind;    /* of the database that takes it */
} rest_source_t;

/**
 * Reads the body of a write. A key can be missing from a row (REST_JSON_ABSENT) only with
 * columns=. For PostgreSQL those bodies are not examined; what is no JSON gets its own error.
 * @param first only the first row is wanted (PATCH)
 * @return APR_SUCCESS; APP_EFAIL with APP_E_BODY, APP_E_BODY_TOO_LARGE, or the SQLSTATEs 22P02,
 *         22023
 */
apr_status_t rest_body_parse(rest_body_t **pbody, const rest_source_t *source, int first,
                             app_error_t *err, apr_pool_t *p);

/** Reads the body of a call: as for a write, besides it may be empty JSON, or no rows at all. */
apr_status_t rest_body_parse_call(rest_body_t **pbody, const rest_source_t *source,
                                  app_error_t *err, apr_pool_t *p);

#endif
