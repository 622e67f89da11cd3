/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The schema snapshot: what relations and columns there are, and on SQLite who may use them.
 * Immutable once it is loaded, in a pool of its own, shared by all threads of a process by
 * counting references. A test builds one by hand with the same functions as the readers.
 */
#ifndef REST_SCHEMA_H
#define REST_SCHEMA_H

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

typedef struct rest_image_header_t rest_image_header_t;
typedef struct rest_relation_t rest_relation_t;
typedef struct rest_routine_t  rest_routine_t;

typedef struct rest_column_t {
    const char  *name;
    const char  *ident;  /* quoted */
    const char  *member; /* SQLite: kind and name, as app_object() takes them; NULL: not made */
    const char  *type;   /* as declared, modifiers and all; NULL: not known */
    const char  *base;   /* the type without modifiers, of a domain what it is over */
    rest_kind_e  kind;
    int          position; /* from 0 */
    apr_int64_t  max_length; /* characters, 0: no limit */
    const char  *default_value; /* SQL expression that a new row gets; NULL: none */
    const char  *comment;
    const char **labels; /* of an enum */
    int          nlabels;
    /* PostgreSQL: functions that stand for a domain's own conversions, schema and name quoted */
    const char  *to_json, *from_json, *from_text;
    unsigned     generated : 1;
    unsigned     nullable : 1;
} rest_column_t;

typedef enum rest_right_e {
    REST_RIGHT_SELECT, REST_RIGHT_INSERT, REST_RIGHT_UPDATE, REST_RIGHT_DELETE, REST_RIGHT_EXECUTE,
    REST_RIGHTS_ /* number of rights */
} rest_right_e;

#define REST_GRANTED '+'

/** A row of app_grants. */
typedef struct rest_grant_t {
    struct rest_grant_t *next;
    const char          *role;
    rest_right_e         right;
    const char          *columns;    /* by position, "+--+": REST_GRANTED or not; NULL: all */
    const char          *row_filter; /* SQL over the relation's columns; NULL: all rows */
    const char          *check_expr; /* NULL: the row filter */
} rest_grant_t;

typedef enum rest_cardinality_e {
    REST_MANY_TO_ONE, REST_ONE_TO_MANY, REST_ONE_TO_ONE, REST_MANY_TO_MANY, REST_COMPUTED
} rest_cardinality_e;

typedef struct rest_pair_t {
    const rest_column_t *from, *to;
} rest_pair_t;

/** A way from the rows of one relation to those of another. Made by rest_links.c. */
typedef struct rest_link_t {
    struct rest_link_t    *next;
    rest_cardinality_e     cardinality;
    const rest_relation_t *from, *to;
    const char            *constraint; /* foreign key; many-to-many: the junction's to from */
    const rest_pair_t     *pairs;      /* from's columns with to's; many-to-many: the junction's */
    int                    npairs;
    const rest_relation_t *junction;   /* many-to-many, with the next three */
    const char            *onward;     /* constraint from the junction to to */
    const rest_pair_t     *onward_pairs; /* the junction's columns with to's */
    int                    nonward_pairs;
    const rest_routine_t  *routine;    /* computed */
    unsigned               to_one : 1;
    unsigned               owner : 1;  /* one-to-one: the foreign key is from's */
} rest_link_t;

/** An aggregate (PostgreSQL) that makes a media type of a relation's rows. */
typedef struct rest_handler_t {
    struct rest_handler_t *next;
    const char            *media; /* in lower case; "*" "/" "*": any */
    const char            *ident; /* schema and name, quoted */
    unsigned               bytes : 1; /* the type is made of bytea */
} rest_handler_t;

/** A full-text index (SQLite: FTS5) over columns of a relation. */
typedef struct rest_fulltext_t {
    struct rest_fulltext_t *next;
    const char             *ident;   /* of the FTS5 table, with its schema, quoted */
    const char             *name;    /* of the FTS5 table, as MATCH wants it on its left, quoted */
    const char            **columns; /* names */
    int                     ncolumns;
    const char             *tokenizer; /* as it was declared; NULL: the default */
    const rest_column_t    *row;     /* what its rowids are of the relation; NULL: the rowid */
} rest_fulltext_t;

struct rest_relation_t {
    const char       *schema, *name;
    const char       *ident;   /* quoted, with its schema, as it stands in FROM */
    const char       *comment;
    rest_column_t   **columns; /* in their own order */
    rest_column_t   **by_name; /* sorted */
    int               ncolumns;
    rest_column_t   **keys;    /* primary key */
    int               nkeys;
    rest_grant_t     *grants;
    rest_link_t      *links;   /* to relations of the same schema */
    rest_routine_t   *computed; /* SQLite: fields; overloads do not exist */
    rest_handler_t   *handlers;
    rest_fulltext_t  *fulltext;
    unsigned          is_view : 1;
    unsigned          insertable : 1;
    unsigned          updatable : 1;
    unsigned          deletable : 1;
    unsigned          rowid : 1; /* SQLite: "rowid" names its rows */
};

typedef struct rest_param_t {
    const char *name; /* "": unnamed */
    const char *type; /* for a cast: lengths of character and bit types left out */
    rest_kind_e kind;
    const char *default_value; /* SQLite: JSON */
    unsigned    required : 1;
    unsigned    variadic : 1; /* type is that of the array */
} rest_param_t;

typedef enum rest_result_e {
    REST_GIVES_VOID,
    REST_GIVES_VALUE,  /* scalars, arrays, JSON, an array of rows */
    REST_GIVES_ROW,    /* its columns are those of routine->relation */
    REST_GIVES_RECORD  /* of unknown columns */
} rest_result_e;

typedef enum rest_volatility_e { REST_VOLATILE, REST_STABLE, REST_IMMUTABLE } rest_volatility_e;

/** A function that can be called. */
struct rest_routine_t {
    rest_routine_t        *next; /* overload: same schema, same name */
    const char            *schema, *name;
    const char            *ident; /* quoted, with its schema */
    const char            *comment;
    rest_param_t          *params;
    int                    nparams;
    rest_result_e          gives;
    const char            *type;  /* of the result, as declared; without SETOF */
    rest_kind_e            kind;  /* SQLite, of a value */
    const rest_relation_t *relation; /* rows: an exposed one, or one of the function's own */
    rest_volatility_e      volatility;
    const char            *isolation; /* its own default_transaction_isolation; NULL: none */
    const char           **settings;  /* other SET clauses: name, value, name, value … */
    int                    nsettings; /* pairs */
    const char            *media; /* the media type that it returns; NULL: none */
    const char            *body;  /* SQLite: statements with :name parameters */
    rest_grant_t          *grants;
    unsigned               set : 1; /* returns a set */
    unsigned               bytes : 1; /* its media type is made of bytea */
};

typedef struct rest_space_t {
    const char       *name;
    const char       *comment;
    rest_relation_t **relations; /* sorted by name, once rest_schema_sort() was called */
    int               nrelations;
    rest_routine_t  **routines;  /* the same; one for each name */
    int               nroutines;
} rest_space_t;

/** ALTER ROLE … SET, of the roles that the connection may become (PostgreSQL). */
typedef struct rest_role_setting_t {
    struct rest_role_setting_t *next;
    const char                 *role, *name, *value;
} rest_role_setting_t;

/** A foreign key between tables of any schema, as the catalogue has it. */
typedef struct rest_foreign_key_t {
    struct rest_foreign_key_t *next;
    const char                *name;
    const char                *schema, *table;
    const char               **columns;
    const char                *to_schema, *to_table;
    const char               **to_columns;
    int                        ncolumns;
    unsigned                   unique : 1; /* its columns are a key of its own table */
} rest_foreign_key_t;

/** The primary key of a table that is not exposed: views over it have it. */
typedef struct rest_key_t {
    struct rest_key_t *next;
    const char        *schema, *table;
    const char       **columns;
    int                ncolumns;
} rest_key_t;

/** A column of a view that is a plain column of a table, through views between them. */
typedef struct rest_origin_t {
    struct rest_origin_t *next;
    const char           *schema, *view, *column;
    const char           *table_schema, *table, *table_column;
} rest_origin_t;

typedef struct rest_schema_t {
    apr_pool_t              *pool;
    volatile apr_uint32_t    references;
    const rest_image_header_t *image;        /* of the file that it lies in; NULL: in pool */
    app_db_kind_e            kind;
    const apr_array_header_t *further;       /* PostgreSQL: schemas behind these in the path */
    apr_time_t               loaded;         /* when that began */
    apr_interval_time_t      took;           /* and how long it took */
    apr_int64_t              version;        /* SQLite: PRAGMA schema_version */
    apr_int64_t              grants_version; /* SQLite: app_state */
    rest_space_t            *spaces;         /* as the settings list them */
    int                      nspaces;
    const char             **roles;          /* SQLite: those that appear in a grant, sorted */
    int                      nroles;
    rest_role_setting_t     *role_settings;
    rest_role_setting_t     *config;         /* PostgreSQL: of the API itself; role is "" */
    rest_handler_t          *handlers;       /* for the rows of any relation */
    rest_foreign_key_t      *foreign_keys;   /* what links are made of, with origins */
    rest_origin_t           *origins;
    rest_key_t              *hidden_keys;
    unsigned                 no_grants : 1;  /* SQLite: the tables of grants are missing */
    unsigned                 reads_request : 1; /* some SQL of it calls current_setting() */
    unsigned                 sets_response : 1; /* some SQL of it names response.headers, .status */
    unsigned                 analyzed : 1;  /* SQLite: ANALYZE was run */
} rest_schema_t;

/* Building: relations and columns first, rest_schema_sort(), then what hangs on names. */

rest_schema_t *rest_schema_create(app_db_kind_e kind, const apr_array_header_t *spaces,
                                  apr_pool_t *p);

/** Appends item to a list of pointers of count items, which grows as needed. @return the list */
void *rest_schema_push(rest_schema_t *schema, void *list, int *count, const void *item);

rest_relation_t *rest_schema_relation_add(rest_schema_t *schema, rest_space_t *space,
                                          const char *name);

/** A relation that no schema holds, for the columns that a function gives. */
rest_relation_t *rest_schema_relation_make(rest_schema_t *schema, const char *name);
rest_column_t   *rest_schema_column_add(rest_schema_t *schema, rest_relation_t *relation,
                                        const char *name, const char *type);
void             rest_schema_key_add(rest_schema_t *schema, rest_relation_t *relation,
                                     rest_column_t *column);

/** A function that no schema holds: it is used, but cannot be called by name. */
rest_routine_t *rest_schema_routine_make(rest_schema_t *schema, const rest_space_t *space,
                                         const char *name);

/** Adds a function; overloads become neighbours. The caller fills it. */
rest_routine_t *rest_schema_routine_add(rest_schema_t *schema, rest_space_t *space,
                                        const char *name);

/** All relations and functions are there: from here on they can be looked up by name. */
void rest_schema_sort(rest_schema_t *schema);

/** SQL that requests run: whether it reads of the request, or says something of the answer. */
void rest_schema_note_sql(rest_schema_t *schema, const char *sql);

/** Adds a grant. Columns are divided by commas; unknown ones are skipped, NULL means all. */
void rest_schema_grant_add(rest_schema_t *schema, rest_relation_t *relation, const char *role,
                           rest_right_e right, const char *columns, const char *row_filter,
                           const char *check_expr);

/** The right to execute. */
void rest_schema_execute_add(rest_schema_t *schema, rest_routine_t *routine, const char *role);

/**
 * rest_links.c: makes the links of all relations from foreign keys and origins, and gives views
 * the primary keys of what they show. Once, behind rest_schema_sort().
 */
void rest_schema_link(rest_schema_t *schema);

/**
 * Adds a link to its relation, behind rest_schema_link(). A computed one replaces those that were
 * found to a relation of its function's name.
 */
void rest_schema_link_add(rest_schema_t *schema, rest_link_t *link);

/** A name as an SQL identifier, in double quotes. */
const char *rest_quoted(const char *name, apr_pool_t *p);
/** The same of "name" or "schema.name". */
const char *rest_quoted_path(const char *name, apr_pool_t *p);

/** The kind of a declared type of SQLite, in any case, "(n,m)" ignored. */
rest_kind_e rest_kind_of_type(const char *type);

/* Asking */

rest_space_t        *rest_schema_space(const rest_schema_t *schema, const char *name);
rest_relation_t     *rest_schema_relation(const rest_schema_t *schema, const char *space,
                                          const char *name);
/** The first of the functions of that name; the others follow by next. */
rest_routine_t      *rest_schema_routine(const rest_schema_t *schema, const char *space,
                                         const char *name);
int                  rest_schema_has_role(const rest_schema_t *schema, const char *role);
/** SQLite: a role is what appears in a grant; PostgreSQL says itself. @return APP_EFAIL: 22023 */
apr_status_t         rest_schema_check_role(const rest_schema_t *schema, const char *role,
                                            app_error_t *err);
const rest_column_t *rest_relation_column(const rest_relation_t *relation, const char *name);
const rest_grant_t  *rest_relation_grant(const rest_relation_t *relation, const char *role,
                                         rest_right_e right);
/** SQLite: whether app_computed has members for its rows. */
int                  rest_relation_is_computed(const rest_relation_t *relation);

/** How like two names are, 0 to 1; 0 if they share no two letters in a row. */
double rest_schema_likeness(const char *name, const char *other);
#define REST_LIKE_SOMEWHAT 0.33 /* enough among the few names of a place */

/** The relation of that space whose name is most like one that does not exist; NULL: none is. */
const char *rest_schema_similar(const rest_schema_t *schema, const char *space, const char *name);

#endif
