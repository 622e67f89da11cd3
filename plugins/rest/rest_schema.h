/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The schema snapshot: what relations and columns there are, and on SQLite who may use them.
 * Immutable once it is loaded, in a pool of its own, shared by all threads of a process by
 * counting references. A test builds one by hand with the same functions as the readers.
 */
#ifndef REST_SCHEMA_H
#define REST_SCHEMA_H

#include "apr_hash.h"

#include "app_plugin.h"

/**
 * How SQLite's declared types are read and written (docs: types). PostgreSQL converts by itself.
 */
typedef enum rest_kind_e {
    REST_KIND_ANY, /* no declared type: by storage class */
    REST_KIND_INTEGER, REST_KIND_BOOLEAN, REST_KIND_REAL, REST_KIND_NUMERIC, REST_KIND_TEXT,
    REST_KIND_DATE, REST_KIND_TIME, REST_KIND_TIMESTAMP, REST_KIND_TIMESTAMPTZ,
    REST_KIND_JSON, REST_KIND_ARRAY, REST_KIND_BLOB
} rest_kind_e;

typedef struct rest_column_t {
    const char *name;
    const char *ident; /* quoted */
    const char *member; /* SQLite: kind and name, as app_object() takes them; NULL: not made */
    const char *type;  /* as declared, modifiers and all */
    rest_kind_e kind;
    int         position; /* from 0 */
    unsigned    generated : 1;
} rest_column_t;

typedef enum rest_right_e {
    REST_RIGHT_SELECT, REST_RIGHT_INSERT, REST_RIGHT_UPDATE, REST_RIGHT_DELETE,
    REST_RIGHTS_ /* number of rights */
} rest_right_e;

/** A row of app_grants. */
typedef struct rest_grant_t {
    struct rest_grant_t *next;
    const char          *role;
    rest_right_e         right;
    const char          *columns;    /* by position, 1: granted; NULL: all */
    const char          *row_filter; /* SQL over the relation's columns; NULL: all rows */
    const char          *check_expr; /* NULL: the row filter */
} rest_grant_t;

typedef struct rest_relation_t {
    const char           *schema, *name;
    const char           *ident;   /* quoted, as it stands in FROM and before columns */
    apr_array_header_t   *columns; /* of rest_column_t * */
    apr_hash_t           *index;   /* name → rest_column_t */
    apr_array_header_t   *keys;    /* primary key, rest_column_t * */
    rest_grant_t         *grants;
    unsigned              insertable : 1;
    unsigned              rowid : 1; /* SQLite: "rowid" names its rows */
} rest_relation_t;

typedef struct rest_space_t {
    const char *name;
    apr_hash_t *relations; /* name → rest_relation_t */
} rest_space_t;

typedef struct rest_schema_t {
    apr_pool_t              *pool;
    volatile apr_uint32_t    references;
    app_db_kind_e            kind;
    apr_time_t               loaded;
    apr_int64_t              version;        /* SQLite: PRAGMA schema_version */
    apr_int64_t              grants_version; /* SQLite: app_state */
    apr_array_header_t      *spaces;         /* of rest_space_t, as the settings list them */
    apr_hash_t              *roles;          /* SQLite: roles that appear in a grant */
    unsigned                 no_grants : 1;  /* SQLite: the tables of grants are missing */
    unsigned                 reads_request : 1; /* some SQL of it calls current_setting() */
} rest_schema_t;

/* Building */

rest_schema_t *rest_schema_create(app_db_kind_e kind, const apr_array_header_t *spaces,
                                  apr_pool_t *p);
rest_relation_t *rest_schema_relation_add(rest_schema_t *schema, rest_space_t *space,
                                          const char *name);
rest_column_t *rest_schema_column_add(rest_schema_t *schema, rest_relation_t *relation,
                                      const char *name, const char *type);

/** Adds a grant. Columns are divided by commas; unknown ones are skipped, NULL means all. */
void rest_schema_grant_add(rest_schema_t *schema, rest_relation_t *relation, const char *role,
                           rest_right_e right, const char *columns, const char *row_filter,
                           const char *check_expr);

/** The kind of a declared type of SQLite, in any case, "(n,m)" ignored. */
rest_kind_e rest_kind_of_type(const char *type);

/* Asking */

rest_space_t        *rest_schema_space(const rest_schema_t *schema, const char *name);
rest_relation_t     *rest_schema_relation(const rest_schema_t *schema, const char *space,
                                          const char *name);
const rest_column_t *rest_relation_column(const rest_relation_t *relation, const char *name);
const rest_grant_t  *rest_relation_grant(const rest_relation_t *relation, const char *role,
                                         rest_right_e right);

/** The relation of that space whose name is most like one that does not exist; NULL: none is. */
const char *rest_schema_similar(const rest_schema_t *schema, const char *space, const char *name,
                                apr_pool_t *p);

#endif
