/* SPDX-License-Identifier: Apache-2.0 */
/** What the files that read PostgreSQL's catalogue have of each other while a snapshot is made. */
#ifndef REST_SCHEMA_PGSQL_H
#define REST_SCHEMA_PGSQL_H

#include "apr_strings.h"
#include "apr_tables.h"

#include "rest_dialect.h"

/** A relation by its number in the catalogue. */
typedef struct rest_pgsql_class_t {
    apr_int64_t      oid;
    rest_relation_t *relation;
} rest_pgsql_class_t;

typedef struct rest_pgsql_reader_t {
    rest_schema_t      *schema;
    app_tx_t           *tx;
    apr_array_header_t *classes;  /* rest_pgsql_class_t, sorted */
    apr_array_header_t *computed; /* rest_link_t *, added once the others are there */
    app_value_t         spaces;   /* the schemas served, as an array */
    int                 version;  /* of the server, 15 is 150000; 0: not known */
    app_error_t        *err;
    apr_pool_t         *ptemp;
} rest_pgsql_reader_t;

typedef void rest_pgsql_row_fn(rest_pgsql_reader_t *reader, const app_rows_t *rows, void *ctx);

/** Calls row for each row that a statement of one parameter gives. */
apr_status_t rest_pgsql_each(rest_pgsql_reader_t *reader, const char *text,
                             const app_value_t *param, rest_pgsql_row_fn *row, void *ctx);

/** A column as text that lives as long as the snapshot; NULL: it is NULL. */
const char  *rest_pgsql_text(const rest_pgsql_reader_t *reader, const app_rows_t *rows, int column);
int          rest_pgsql_true(const app_rows_t *rows, int column);

/** A column that is an array of texts. @return NULL if it is empty or NULL */
const char **rest_pgsql_list(const rest_pgsql_reader_t *reader, const app_rows_t *rows, int column,
                             int *pcount);

/** The relation of that number, exposed or not; NULL: not read. */
rest_relation_t *rest_pgsql_class(const rest_pgsql_reader_t *reader, apr_int64_t oid);

/** Whether it is one that can be asked for by its name. */
int rest_pgsql_is_exposed(const rest_relation_t *relation);

/** A parameter of texts as an array. */
app_value_t rest_pgsql_array(const char **texts, int count, apr_pool_t *p);

/* The steps; each needs those before. */

/** rest_schema_pgsql_relations.c */
apr_status_t rest_pgsql_read_relations(rest_pgsql_reader_t *reader);
/** rest_schema_pgsql_routines.c: functions; links computed by them are kept for later */
apr_status_t rest_pgsql_read_routines(rest_pgsql_reader_t *reader);
apr_status_t rest_pgsql_read_handlers(rest_pgsql_reader_t *reader);
/** rest_schema_pgsql_links.c: keys and what views show of them */
apr_status_t rest_pgsql_read_keys(rest_pgsql_reader_t *reader);

/**
 * rest_schema_pgsql_rule.c: of a view's rule as the catalogue has it (pg_rewrite.ev_action), the
 * column of a relation that each column of the view is, without any doing.
 */
typedef void rest_pgsql_target_fn(void *ctx, int number, apr_int64_t relation, int column);
void rest_pgsql_rule_targets(const char *rule, rest_pgsql_target_fn *target, void *ctx);

/*
 * Domains down to what they are over: "domains" with oid, base, typmod, not_null. Stands behind
 * WITH RECURSIVE.
 */
#define REST_PGSQL_DOMAINS                                                                     \
    "steps (oid, base, typmod, not_null) AS ("                                                 \
    "SELECT oid, typbasetype, typtypmod, typnotnull FROM pg_type WHERE typtype = 'd'"          \
    " UNION ALL "                                                                              \
    "SELECT s.oid, t.typbasetype, t.typtypmod, s.not_null OR t.typnotnull"                     \
    " FROM steps s JOIN pg_type t ON t.oid = s.base WHERE t.typtype = 'd'), "                  \
    "domains AS (SELECT s.* FROM steps s JOIN pg_type t ON t.oid = s.base"                     \
    " WHERE t.typtype <> 'd')"

/* The condition that a domain "t" is named like a media type. */
#define REST_PGSQL_IS_MEDIA                                                                    \
    "(t.typtype = 'd' AND"                                                                     \
    " (t.typname ~ '^[A-Za-z0-9.-]+/[A-Za-z0-9.+-]+$' OR t.typname = '*/*'))"

#endif
