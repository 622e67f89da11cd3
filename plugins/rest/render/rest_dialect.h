/* SPDX-License-Identifier: Apache-2.0 */
/** What the two files of a dialect, catalogue and rendering, have of each other. */
#ifndef REST_DIALECT_H
#define REST_DIALECT_H

#include <string.h>

#include "rest_int.h"

apr_status_t rest_sqlite_load(rest_schema_t *schema, app_tx_t *tx, app_error_t *err);
apr_status_t rest_sqlite_is_current(int *pcurrent, const rest_schema_t *schema, app_tx_t *tx,
                                    app_error_t *err);

/*
 * rest_operand.c: a value of a row as SQL, in select, filters and order. A path that cannot be is
 * refused as PostgreSQL does, with an SQLSTATE.
 */
apr_status_t rest_pgsql_operand(rest_sql_t *sql, const rest_node_t *node,
                                const rest_operand_t *operand);
apr_status_t rest_sqlite_operand(rest_sql_t *sql, const rest_node_t *node,
                                 const rest_operand_t *operand);
/** What kind of value that is: of a path that ends in ->> text, of any other JSON. */
rest_kind_e  rest_sqlite_kind(const rest_operand_t *operand);
/** How values of that operand are put in order: " COLLATE …", or nothing. */
const char  *rest_sqlite_collation(const rest_operand_t *operand);
/** Whether the arrows work on the column as it is; any other is made jsonb first. */
int          rest_pgsql_is_json(const rest_column_t *column);
/** Text as a constant. */
void         rest_pgsql_literal(rest_sql_t *sql, const char *text);

/* rest_filter_sqlite.c, rest_filter_pgsql.c: a comparison of an operand with a value */
apr_status_t rest_sqlite_compare(rest_sql_t *sql, const rest_node_t *node,
                                 const rest_cond_t *cond);
/* rest_search_sqlite.c: a comparison by the operators of full text */
apr_status_t rest_sqlite_search(rest_sql_t *sql, const rest_node_t *node,
                                const rest_cond_t *cond);
apr_status_t rest_pgsql_compare(rest_sql_t *sql, const rest_node_t *node, const rest_cond_t *cond);

/** A column as a member of app_object(): kind and name, for an SQL literal. */
const char *rest_sqlite_member(const rest_column_t *column, apr_pool_t *p);

/* rest_member_sqlite.c */

/** The row as one app_object(), or as a line of CSV. */
apr_status_t rest_sqlite_object(rest_sql_t *sql, const rest_node_t *node, int csv);
/** The members as columns for the driver; the last has their names and kinds for its own. */
apr_status_t rest_sqlite_columns(rest_sql_t *sql, const rest_node_t *node, int *pcount);
/** The row's one value as JSON. */
void         rest_sqlite_value(rest_sql_t *sql, const rest_node_t *node);
/** GROUP BY, where the node has aggregates. */
apr_status_t rest_sqlite_groups(rest_sql_t *sql, const rest_node_t *node);

/* rest_render_sqlite.c */

/** A row in the form of the answer. */
apr_status_t rest_sqlite_row(rest_sql_t *sql, const rest_plan_t *plan);
/** The SQL of a computed field or relationship, over a row of the parent. */
void         rest_sqlite_computed(rest_sql_t *sql, const rest_node_t *parent,
                                  const rest_routine_t *routine);

apr_status_t rest_pgsql_load(rest_schema_t *schema, app_tx_t *tx, app_error_t *err);
apr_status_t rest_pgsql_is_current(int *pcurrent, const rest_schema_t *schema, app_tx_t *tx,
                                   app_error_t *err);

/* rest_render_pgsql.c, for rest_write_pgsql.c */

/** A member's value. */
apr_status_t rest_pgsql_member(rest_sql_t *sql, const rest_out_t *out);
/** Whether the value's column has the member's name already. */
int          rest_pgsql_has_own_name(const rest_out_t *out);
/** The members of the node's rows, named: "a", b AS "c". */
apr_status_t rest_pgsql_members(rest_sql_t *sql, const rest_node_t *node);
/** GROUP BY, where the node has aggregates. */
void         rest_pgsql_groups(rest_sql_t *sql, const rest_node_t *node);
/** A row of app_page in the form of the answer. */
const char  *rest_pgsql_row(const rest_plan_t *plan, apr_pool_t *p);

/* rest_columns_pgsql.c */

/** Whether the rows of a read may come as columns of their own. */
int          rest_pgsql_has_columns(const rest_plan_t *plan);
/** The members as columns for the driver, each with a comma behind it. */
apr_status_t rest_pgsql_columns(rest_sql_t *sql, const rest_node_t *node, int *pcount);

/* rest_write_pgsql.c */
apr_status_t rest_pgsql_insert(rest_statement_t *statement, const rest_plan_t *plan,
                               app_error_t *err, apr_pool_t *p);
apr_status_t rest_pgsql_update(rest_statement_t *statement, const rest_plan_t *plan,
                               app_error_t *err, apr_pool_t *p);
apr_status_t rest_pgsql_remove(rest_statement_t *statement, const rest_plan_t *plan,
                               app_error_t *err, apr_pool_t *p);

/* rest_write_sqlite.c */
apr_status_t rest_sqlite_insert(rest_statement_t *statement, const rest_plan_t *plan,
                                app_error_t *err, apr_pool_t *p);
apr_status_t rest_sqlite_update(rest_statement_t *statement, const rest_plan_t *plan,
                                app_error_t *err, apr_pool_t *p);
apr_status_t rest_sqlite_remove(rest_statement_t *statement, const rest_plan_t *plan,
                                app_error_t *err, apr_pool_t *p);
apr_status_t rest_sqlite_bind_row(rest_statement_t *statement, const rest_plan_t *plan, int row);
/** Whether a row of the body lacks a column, so that its default counts. */
int          rest_sqlite_left_out(const rest_plan_t *plan, int row, int column);
/** A value of the body as a parameter. */
apr_status_t rest_sqlite_add_value(rest_sql_t *sql, const rest_plan_t *plan, int row, int column);

/* rest_check_sqlite.c */
/**
 * What gives a row if the write would make one that its check does not allow.
 * @param row of the body
 * @param psql what the row before had, if there is one; NULL: all are allowed
 */
apr_status_t rest_sqlite_check(rest_sql_t **psql, const rest_plan_t *plan, int row,
                               app_error_t *err, apr_pool_t *p);

/* rest_call_pgsql.c: "WITH app_call AS (…)" of a call, in front of what reads from it */
void rest_pgsql_call(rest_sql_t *sql, const rest_plan_t *plan);

/* rest_call_sqlite.c: the same as statement->call, or what has to be run before it is known */
apr_status_t rest_sqlite_call(rest_statement_t *statement, const rest_plan_t *plan,
                              app_error_t *err, apr_pool_t *p);
apr_status_t rest_sqlite_gather(rest_statement_t *statement, const rest_plan_t *plan,
                                app_rows_t *rows, app_error_t *err, apr_pool_t *p);

/** Adds an element of an array literal, quoted. */
void rest_pgsql_element(app_buf_t *buf, const char *text);
/** Texts as an array literal. */
const char *rest_pgsql_texts(const rest_name_t *list, apr_pool_t *p);

#endif
