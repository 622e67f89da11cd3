/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What SQLite keeps of a schema in nothing but the text of CREATE statements: names of foreign
 * keys, values of enumerations, events of triggers, arguments of virtual tables. The statements
 * are SQLite's own copies, so they are right; a text that is not gives less, and never fails.
 */
#ifndef REST_DDL_H
#define REST_DDL_H

#include "rest_schema.h"

typedef enum rest_token_e {
    REST_TOKEN_END,
    REST_TOKEN_WORD,   /* without quotes: a keyword or a name */
    REST_TOKEN_NAME,   /* in "", `` or [] */
    REST_TOKEN_STRING, /* in '' */
    REST_TOKEN_NUMBER,
    REST_TOKEN_SIGN    /* one byte of anything else */
} rest_token_e;

/** A cursor over SQL, with the token that it is at. */
typedef struct rest_ddl_t {
    const char  *next; /* behind the token */
    rest_token_e kind;
    const char  *text; /* of the token, quotes and all */
    apr_size_t   len;
} rest_ddl_t;

/** Goes to the first token. Blanks and comments stand between tokens. */
void        rest_ddl_start(rest_ddl_t *c, const char *sql);
void        rest_ddl_next(rest_ddl_t *c);
/** Whether it is at this keyword, in any case. */
int         rest_ddl_is(const rest_ddl_t *c, const char *keyword);
/** Whether it is at this sign. */
int         rest_ddl_is_sign(const rest_ddl_t *c, char sign);
/** Whether what it is at may be a name; SQLite takes strings for names, too. */
int         rest_ddl_is_name(const rest_ddl_t *c);
/** The token's text without its quotes. */
const char *rest_ddl_text(const rest_ddl_t *c, apr_pool_t *p);
/** From an opening bracket to behind the one that closes it. */
void        rest_ddl_skip(rest_ddl_t *c);

/** A foreign key. */
typedef struct rest_ddl_key_t {
    const char         *name; /* NULL: it has none */
    apr_array_header_t *columns; /* const char * */
} rest_ddl_key_t;

/** CHECK (column IN ('a', 'b')) */
typedef struct rest_ddl_labels_t {
    const char         *column;
    apr_array_header_t *labels; /* const char * */
} rest_ddl_labels_t;

typedef enum rest_ddl_rule_e { REST_DDL_PRIMARY, REST_DDL_UNIQUE, REST_DDL_CHECK } rest_ddl_rule_e;

/** What else must hold for a row. */
typedef struct rest_ddl_rule_t {
    rest_ddl_rule_e     kind;
    const char         *name;    /* NULL: it has none */
    apr_array_header_t *columns; /* const char *; of a CHECK the words that may be columns */
    const char         *text;    /* CHECK: what stands between its brackets, blanks cut off */
} rest_ddl_rule_t;

typedef struct rest_ddl_table_t {
    apr_array_header_t *keys;   /* rest_ddl_key_t, as they were declared */
    apr_array_header_t *labels; /* rest_ddl_labels_t */
    apr_array_header_t *rules;  /* rest_ddl_rule_t */
} rest_ddl_table_t;

/** Reads CREATE TABLE. */
void rest_ddl_table(rest_ddl_table_t *table, const char *sql, apr_pool_t *p);

/** An argument of a virtual table: name=value, or a column. */
typedef struct rest_ddl_argument_t {
    const char *name;
    const char *value;    /* NULL: a column */
    int         unindexed; /* FTS5: a column that is not searched */
} rest_ddl_argument_t;

/** Reads CREATE VIRTUAL TABLE. @return rest_ddl_argument_t; NULL: it is not of that module */
const apr_array_header_t *rest_ddl_virtual(const char *sql, const char *module, apr_pool_t *p);

/** Reads CREATE TRIGGER. @return 0: it does not stand for the event (INSTEAD OF) */
int rest_ddl_trigger(rest_right_e *pright, const char *sql);

/** Whether there is a UNION, INTERSECT or EXCEPT in it. */
int rest_ddl_is_compound(const char *sql);

/** Whether a name stands in it. */
int rest_ddl_mentions(const char *sql, const char *name, apr_pool_t *p);

#endif
