/* SPDX-License-Identifier: Apache-2.0 */
/** A schema to render SQL over, and whether that keeps what a client sent inside of quotes. */
#ifndef UNIT_SQL_H
#define UNIT_SQL_H

#include <string.h>
#include <strings.h>

#include "apr_lib.h"

#include "rest_int.h"

/** A foreign key of a relation to itself, with a wild name. */
static inline void sql_add_link(rest_schema_t *schema, const char *space)
{
    static const char *from[] = { "name" }, *to[] = { "id" };
    rest_foreign_key_t *key = apr_pcalloc(schema->pool, sizeof(*key));

    key->name = "zqx'k\"";
    key->schema = key->to_schema = space;
    key->table = key->to_table = "t";
    key->columns = from;
    key->to_columns = to;
    key->ncolumns = 1;
    schema->foreign_keys = key;
    rest_schema_link(schema);
}

/** Function "f": rows of t, for arguments with plain and with wild names. */
static inline void sql_add_routine(rest_schema_t *schema, rest_space_t *space)
{
    static rest_param_t params[] = {
        { .name = "name", .type = "text", .kind = REST_KIND_TEXT, .default_value = "null" },
        { .name = "info", .type = "json", .kind = REST_KIND_JSON, .default_value = "null" },
        { .name = "zqx'\"", .type = "text", .kind = REST_KIND_TEXT, .default_value = "null" },
        { .name = "tags", .type = "text[]", .kind = REST_KIND_ARRAY, .default_value = "[]",
          .variadic = 1 },
    };
    rest_routine_t *routine = rest_schema_routine_add(schema, space, "f");

    routine->params = params;
    routine->nparams = 4;
    routine->gives = REST_GIVES_ROW;
    routine->type = "t";
    routine->relation = rest_schema_relation(schema, space->name, "t");
    routine->set = 1;
    routine->body = "SELECT * FROM t WHERE name = :name";
    rest_schema_execute_add(schema, routine, "r");
}

/** One relation "t" that role "r" may do anything with; some of its columns have wild names. */
static inline rest_schema_t *sql_schema(app_db_kind_e kind, apr_pool_t *p)
{
    static const char *const columns[][2] = {
        { "id", "integer" }, { "name", "text" }, { "info", "json" },   { "tags", "text[]" },
        { "shade", "color" }, { "zqx", "text" }, { "'zqx", "text" },   { "\"zqx", "json" },
        { "zqx\"", "text" },  { "\\'zqx", "text" }, { "zqx'", "text[]" }, { "zqx--", "date" },
    };
    static const char *covered[] = { "name" };
    static rest_fulltext_t fulltext = { .ident = "\"main\".\"t_search\"", .name = "\"t_search\"",
                                        .columns = covered, .ncolumns = 1, .tokenizer = "porter" };
    const char *space = kind == APP_DB_SQLITE ? "main" : "public";
    apr_array_header_t *spaces = apr_array_make(p, 1, sizeof(const char *));
    rest_relation_t *relation;
    rest_schema_t *schema;
    size_t i;

    APR_ARRAY_PUSH(spaces, const char *) = space;
    schema = rest_schema_create(kind, spaces, p);
    relation = rest_schema_relation_add(schema, rest_schema_space(schema, space), "t");
    for (i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
        rest_column_t *column = rest_schema_column_add(schema, relation, columns[i][0],
                                                       columns[i][1]);

        column->base = columns[i][1];
        column->from_text = strcmp(column->base, "color") == 0 ? "\"public\".\"color\"" : NULL;
    }
    rest_schema_key_add(schema, relation, relation->columns[0]);
    relation->rowid = relation->insertable = relation->updatable = relation->deletable = 1;
    relation->fulltext = &fulltext;
    rest_schema_sort(schema);
    sql_add_link(schema, space);
    sql_add_routine(schema, rest_schema_space(schema, space));
    rest_schema_sort(schema);
    for (i = 0; i < REST_RIGHTS_; i++) {
        rest_schema_grant_add(schema, relation, "r", (rest_right_e)i, NULL, NULL, NULL);
    }
    return schema;
}

/** Behind a string or a quoted name that begins at sql; NULL: it does not end, or not for sure. */
static inline const char *sql_behind_quotes(const char *sql, int escapes, int pgsql)
{
    char quote = *sql;

    for (sql++; *sql; sql++) {
        if (*sql == '\\' && quote == '\'' && (escapes || pgsql)) {
            if (!escapes || !*++sql) { /* without E a backslash depends on a setting */
                return NULL;
            }
        }
        else if (*sql == quote && *++sql != quote) {
            return sql;
        }
    }
    return NULL;
}

/** Behind the type of a cast, a client's letters, digits and blanks; NULL: there is none here. */
static inline const char *sql_behind_cast(const char *sql)
{
    static const char as[] = " AS ";

    if (strncmp(sql, as, strlen(as)) != 0) {
        return NULL;
    }
    for (sql += strlen(as); *sql & 0x80 || (*sql && strchr("_ ", *sql)) || apr_isalnum(*sql);) {
        sql++;
    }
    return *sql == ')' ? sql : NULL;
}

/**
 * Reads SQL as the database does.
 * @param marker NULL, or a word that a client sent and that must not stand outside of quotes
 * @return NULL if all is well, else the place that is not: a comment, a second statement, a string
 *         of another kind, brackets that do not match, the marker
 */
static inline const char *sql_wild(const char *sql, int pgsql, const char *marker)
{
    int depth = 0;

    while (*sql) {
        const char *next = sql + 1;

        if (strchr(";`", *sql) || (*sql == '[' && !pgsql) || strncmp(sql, "--", 2) == 0 ||
            strncmp(sql, "/*", 2) == 0 || strncmp(sql, "$$", 2) == 0 ||
            (marker && strncasecmp(sql, marker, strlen(marker)) == 0)) {
            return sql;
        }
        if (*sql == '\'' || *sql == '"') {
            next = sql_behind_quotes(sql, 0, pgsql);
        }
        else if (pgsql && sql[0] == 'E' && sql[1] == '\'') {
            next = sql_behind_quotes(sql + 1, 1, pgsql);
        }
        else if (sql_behind_cast(sql)) {
            next = sql_behind_cast(sql);
        }
        depth += (*sql == '(') - (*sql == ')');
        if (!next || depth < 0) {
            return sql;
        }
        sql = next;
    }
    return depth ? sql : NULL;
}

#endif
