/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Commands that the plugin adds to appctl: who may do what. One thread, in a process of its own,
 * which ends soon: memory may come from err->pool.
 *
 *   rest_command.c              rights, the schema, roles
 *   rest_command_grant.c        appctl grant, appctl revoke on SQLite
 *   rest_command_grant_pgsql.c  the same as SQL that does it on PostgreSQL
 *   rest_command_policy.c       appctl policy check: what is printed
 *   rest_policy_sqlite.c, rest_policy_pgsql.c  what it is made of
 */
#ifndef REST_COMMAND_H
#define REST_COMMAND_H

#include <string.h>

#include "apr_strings.h"

#include "rest_int.h"

#define REST_COMMAND_GRANT_USAGE                                                                 \
    "    grant ROLE ACTIONS NAME [--columns a,b] [--rows SQL] [--check SQL]\n"                   \
    "                                  lets a role select, insert, update, delete (divided by\n"   \
    "                                  commas, or all) rows of a table or view, or execute a\n"    \
    "                                  function: only these columns, only rows for which SQL\n"   \
    "                                  holds, new rows only where --check does. PostgreSQL: it\n" \
    "                                  prints the SQL that does this\n"                            \
    "    grant --show [ROLE] [--json]  all grants\n"

#define REST_COMMAND_REVOKE_USAGE                                                                \
    "    revoke ROLE ACTIONS NAME      takes that away again\n"

#define REST_COMMAND_POLICY_USAGE                                                                \
    "    policy check ROLE [NAME] [--claims JSON] [--row KEY] [--json]\n"                        \
    "                                  what a role may do, and how many rows it sees; of a\n" \
    "                                  table why not, and of a row, by its key, what hides it\n"

app_command_e rest_command_grant(app_instance_t *self, int argc, const char *const *argv,
                                 app_error_t *err);
app_command_e rest_command_revoke(app_instance_t *self, int argc, const char *const *argv,
                                  app_error_t *err);
app_command_e rest_command_policy(app_instance_t *self, int argc, const char *const *argv,
                                  app_error_t *err);

/** "select" and so on, as app_grants and PostgreSQL call a right. */
const char *rest_right_word(rest_right_e right);

/** What a name means: one of both is set. */
typedef struct rest_target_t {
    const rest_relation_t *relation;
    const rest_routine_t  *routine;
} rest_target_t;

/** Finds a relation or function, also as "schema.name". @return APP_EFAIL, with a likely name */
apr_status_t rest_command_target(rest_target_t *target, const rest_schema_t *schema,
                                 const char *name, app_error_t *err);

/* What is to be granted */

typedef struct rest_wish_t {
    const char   *role, *name;
    rest_target_t target;
    unsigned      rights;  /* bits by rest_right_e */
    const char   *columns; /* as they were given; NULL: all */
    const char   *rows, *check;
} rest_wish_t;

#define rest_wish_has(wish, right) ((wish)->rights >> (right) & 1)

/** rest_command_grant_pgsql.c: prints what has to be run. */
void rest_command_print_grant(const rest_wish_t *wish, apr_pool_t *p);
void rest_command_print_revoke(const rest_wish_t *wish, apr_pool_t *p);

/* What a role may do */

typedef struct rest_policy_right_t {
    int         granted;
    const char *columns; /* "a, b"; NULL: all */
    const char *rows;    /* condition; NULL: all rows */
    const char *check;   /* of new rows; NULL: as rows */
} rest_policy_right_t;

typedef enum rest_seen_e { REST_SEEN_UNKNOWN, REST_SEEN_NOT, REST_SEEN } rest_seen_e;

/** Of one relation. */
typedef struct rest_policy_t {
    const rest_relation_t *relation;
    rest_policy_right_t    rights[REST_RIGHT_EXECUTE];
    apr_int64_t            visible, total; /* -1: not known */
    int                    estimated;      /* total is what statistics say */
    const char            *problem;        /* why rows could not be counted; NULL: nothing */
    rest_seen_e            exists;         /* the row that was asked for */
    rest_seen_e            reach[REST_RIGHT_EXECUTE]; /* whether a right's condition holds for it */
} rest_policy_t;

/** Who is asking, and for what. */
typedef struct rest_inquiry_t {
    rest_t              *rest;
    const rest_schema_t *schema;
    const char          *role;
    const char          *claims; /* JSON, with the role in it */
    int                  one;    /* a single relation is asked for: all is to be known of it */
    const char          *row;    /* key's values, divided by commas; NULL: none */
    app_error_t         *err;
    apr_pool_t          *pool;
} rest_inquiry_t;

/**
 * Begins a transaction that reads as the role. @param as_role 0: with the site's own rights
 */
apr_status_t rest_inquiry_begin(app_tx_t **ptx, const rest_inquiry_t *inquiry, int as_role,
                                app_error_t *err);

/** The condition that finds the row; its values are added to params. @return NULL: no such key */
const char *rest_inquiry_key(const rest_inquiry_t *inquiry, const rest_relation_t *relation,
                             app_value_t *params, int *pnparams);

/** Says of a role that requests with it are refused. */
apr_status_t rest_policy_sqlite_role(const rest_inquiry_t *inquiry);
apr_status_t rest_policy_pgsql_role(const rest_inquiry_t *inquiry);
apr_status_t rest_policy_sqlite(rest_policy_t *policy, const rest_inquiry_t *inquiry);
apr_status_t rest_policy_pgsql(rest_policy_t *policy, const rest_inquiry_t *inquiry);
/** Whether the role may call a function. */
int rest_policy_sqlite_calls(const rest_inquiry_t *inquiry, const rest_routine_t *routine);
int rest_policy_pgsql_calls(const rest_inquiry_t *inquiry, const rest_routine_t *routine);

#endif
