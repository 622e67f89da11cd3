/* SPDX-License-Identifier: Apache-2.0 */
/** What the two files of a dialect, catalogue and rendering, have of each other. */
#ifndef REST_DIALECT_H
#define REST_DIALECT_H

#include <string.h>

#include "rest_int.h"

apr_status_t rest_sqlite_load(rest_schema_t *schema, app_tx_t *tx, app_error_t *err);
apr_status_t rest_sqlite_is_current(int *pcurrent, const rest_schema_t *schema, app_tx_t *tx,
                                    app_error_t *err);

/* rest_filter_sqlite.c, rest_filter_pgsql.c: a comparison of an operand with a value */
apr_status_t rest_sqlite_compare(rest_sql_t *sql, const rest_node_t *node,
                                 const rest_cond_t *cond);
apr_status_t rest_pgsql_compare(rest_sql_t *sql, const rest_node_t *node, const rest_cond_t *cond);

/**
 * A column as a member of app_object(): kind and name, for an SQL literal.
 * @param cast its kind is the cast's, which renders it
 */
const char *rest_sqlite_member(const rest_column_t *column, const char *name, int cast,
                               apr_pool_t *p);

apr_status_t rest_pgsql_load(rest_schema_t *schema, app_tx_t *tx, app_error_t *err);
apr_status_t rest_pgsql_is_current(int *pcurrent, const rest_schema_t *schema, app_tx_t *tx,
                                   app_error_t *err);

/** Adds an element of an array literal, quoted. */
void rest_pgsql_element(app_buf_t *buf, const char *text);

#endif
