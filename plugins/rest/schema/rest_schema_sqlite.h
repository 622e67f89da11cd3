/* SPDX-License-Identifier: Apache-2.0 */
/** What the files that read SQLite's catalogue have of each other while a snapshot is made. */
#ifndef REST_SCHEMA_SQLITE_H
#define REST_SCHEMA_SQLITE_H

#include "apr_hash.h"
#include "apr_strings.h"
#include "apr_tables.h"

#include "rest_ddl.h"
#include "rest_dialect.h"

typedef struct rest_sqlite_reader_t {
    rest_schema_t      *schema;
    app_tx_t           *tx;
    rest_space_t       *space;    /* that is being read: the name of an attached database */
    const char         *ident;    /* its name, quoted */
    apr_array_header_t *hidden;   /* of it: rest_relation_t *, tables that are not exposed */
    apr_hash_t         *tables;   /* of it: rest_ddl_table_t by name */
    apr_hash_t         *views;    /* of it: rest_sqlite_shown_t by name */
    apr_array_header_t *computed; /* rest_link_t *, added once the others are there */
    app_error_t        *err;
    apr_pool_t         *ptemp;
} rest_sqlite_reader_t;

/** What SQLite says of a view's columns. */
typedef struct rest_sqlite_shown_t {
    const app_db_column_t *columns;
    int                    ncolumns;
} rest_sqlite_shown_t;

typedef void rest_sqlite_row_fn(rest_sqlite_reader_t *reader, const app_rows_t *rows, void *ctx);

/** Calls row for each row that a statement gives; $1 is the name of the schema being read. */
apr_status_t rest_sqlite_each(rest_sqlite_reader_t *reader, const char *text,
                              rest_sqlite_row_fn *row, void *ctx);

/** A column as text that lives as long as the snapshot; NULL: it is NULL. */
const char *rest_sqlite_text(const rest_sqlite_reader_t *reader, const app_rows_t *rows,
                             int column);

/** The relation or column of that name in any case, as SQLite finds them; NULL: there is none. */
rest_relation_t *rest_sqlite_relation(const rest_sqlite_reader_t *reader, const char *name);
rest_column_t   *rest_sqlite_column(const rest_relation_t *relation, const char *name);

/** The table of that name, exposed or not; NULL: there is none. */
rest_relation_t *rest_sqlite_table(const rest_sqlite_reader_t *reader, const char *name);

/** Writes once what most requests ask of a relation: its columns under their own names. */
void rest_sqlite_make_members(rest_sqlite_reader_t *reader, rest_relation_t *relation);

/* The steps; each needs those before. */

/** rest_schema_sqlite_relations.c: relations and columns of a schema, exposed or not */
apr_status_t rest_sqlite_read_relations(rest_sqlite_reader_t *reader);
/** rest_schema_sqlite_texts.c: what CREATE statements say beyond that, and what views show */
apr_status_t rest_sqlite_read_texts(rest_sqlite_reader_t *reader);
/** rest_schema_sqlite_keys.c: foreign keys, and primary keys of tables that are not exposed */
apr_status_t rest_sqlite_read_keys(rest_sqlite_reader_t *reader);
/** rest_schema_sqlite_routines.c: app_functions and app_computed; links are kept for later */
apr_status_t rest_sqlite_read_routines(rest_sqlite_reader_t *reader);
apr_status_t rest_sqlite_read_computed(rest_sqlite_reader_t *reader);
/** rest_schema_sqlite_roles.c: app_role_settings */
apr_status_t rest_sqlite_read_roles(rest_sqlite_reader_t *reader);

#endif
