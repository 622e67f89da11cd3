/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What a collection is searched by. SQLite: an FTS5 table over the relation's own rows, a second
 * one of trigrams over its title, triggers that keep both true, an index of titles. PostgreSQL: a
 * generated column with a GIN index, another of titles, and indexes of titles and their trigrams.
 */
#include "apr_strings.h"

#include "search_index.h"
#include "search_sql.h"

static void add(apr_array_header_t *statements, const char *text)
{
    APR_ARRAY_PUSH(statements, const char *) = text;
}

/** "lead"name, "lead"name … */
static const char *columns_of(const search_collection_t *collection, const char *lead,
                              apr_pool_t *p)
{
    app_buf_t buf;
    int i;

    app_buf_init(&buf, p, APR_SIZE_MAX / 2);
    for (i = 0; i < collection->ncolumns; i++) {
        app_buf_addf(&buf, "%s%s", i ? ", " : "", lead);
        app_buf_add_ident(&buf, collection->columns[i].name);
    }
    return buf.data;
}

const char *search_index_relation(const search_collection_t *collection, apr_pool_t *p)
{
    const char *relation = search_quoted(collection->relation, p);

    return collection->schema
               ? apr_pstrcat(p, search_quoted(collection->schema, p), ".", relation, NULL)
               : relation;
}

/* SQLite */

static const char *const events[] = { "INSERT", "UPDATE", "DELETE" };

/** An FTS5 table over the relation. */
typedef struct table_t {
    const char *name;
    const char *columns;
    const char *old, *new; /* the same of a trigger's rows */
    const char *options;
} table_t;

static void tables_of(table_t tables[2], const search_collection_t *collection, apr_pool_t *p)
{
    const char *title = search_quoted(collection->title, p);
    int stems = strcmp(collection->language, "simple") != 0;

    tables[0] = (table_t){ search_index_name(collection, "", p), columns_of(collection, "", p),
                           columns_of(collection, "old.", p), columns_of(collection, "new.", p),
                           stems ? "tokenize = 'porter unicode61 remove_diacritics 2',"
                                   " prefix = '2 3'"
                                 : "tokenize = 'unicode61 remove_diacritics 2',"
                                   " prefix = '2 3'" };
    tables[1] = (table_t){ search_index_name(collection, "_like", p), title,
                           apr_pstrcat(p, "old.", title, NULL),
                           apr_pstrcat(p, "new.", title, NULL),
                           "tokenize = 'trigram', detail = none" };
}

static const char *trigger(const search_collection_t *collection, const char *when, apr_pool_t *p)
{
    return search_index_name(collection, apr_pstrcat(p, "_", when, NULL), p);
}

static const char *removal(const table_t *table, apr_pool_t *p)
{
    return apr_psprintf(p, "INSERT INTO %s (%s, rowid, %s) VALUES ('delete', old.rowid, %s); ",
                        table->name, table->name, table->columns, table->old);
}

static const char *addition(const table_t *table, apr_pool_t *p)
{
    return apr_psprintf(p, "INSERT INTO %s (rowid, %s) VALUES (new.rowid, %s); ", table->name,
                        table->columns, table->new);
}

static void add_trigger(apr_array_header_t *statements, const search_collection_t *collection,
                        const char *when, const char *removes, const char *adds, apr_pool_t *p)
{
    add(statements, apr_psprintf(p, "CREATE TRIGGER %s AFTER %s ON %s BEGIN %s%sEND",
                                 trigger(collection, when, p), when,
                                 search_quoted(collection->relation, p), removes, adds));
}

static void create_sqlite(apr_array_header_t *statements, const search_collection_t *collection,
                          apr_pool_t *p)
{
    const char *removes = "", *adds = "";
    table_t tables[2];
    int i;

    tables_of(tables, collection, p);
    for (i = 0; i < 2; i++) {
        add(statements, apr_psprintf(p, "CREATE VIRTUAL TABLE %s USING fts5(%s, content = %s,"
                                        " content_rowid = 'rowid', %s)",
                                     tables[i].name, tables[i].columns,
                                     search_literal(collection->relation, p), tables[i].options));
        removes = apr_pstrcat(p, removes, removal(&tables[i], p), NULL);
        adds = apr_pstrcat(p, adds, addition(&tables[i], p), NULL);
    }
    add_trigger(statements, collection, "INSERT", "", adds, p);
    add_trigger(statements, collection, "UPDATE", removes, adds, p);
    add_trigger(statements, collection, "DELETE", removes, "", p);
    add(statements, apr_psprintf(p, "CREATE INDEX %s ON %s (lower(%s))",
                                 search_index_name(collection, "_title", p),
                                 search_quoted(collection->relation, p),
                                 search_quoted(collection->title, p)));
}

/** A command of FTS5 for both tables. */
static void command_sqlite(apr_array_header_t *statements, const search_collection_t *collection,
                           const char *columns, const char *values, apr_pool_t *p)
{
    table_t tables[2];
    int i;

    tables_of(tables, collection, p);
    for (i = 0; i < 2; i++) {
        add(statements, apr_psprintf(p, "INSERT INTO %s (%s%s) VALUES (%s)", tables[i].name,
                                     tables[i].name, columns, values));
    }
}

static void drop_sqlite(apr_array_header_t *statements, const search_collection_t *collection,
                        apr_pool_t *p)
{
    table_t tables[2];
    int i;

    tables_of(tables, collection, p);
    for (i = 0; i < 3; i++) {
        add(statements, apr_psprintf(p, "DROP TRIGGER IF EXISTS %s",
                                     trigger(collection, events[i], p)));
    }
    add(statements, apr_psprintf(p, "DROP INDEX IF EXISTS %s",
                                 search_index_name(collection, "_title", p)));
    for (i = 0; i < 2; i++) {
        add(statements, apr_psprintf(p, "DROP TABLE IF EXISTS %s", tables[i].name));
    }
}

/* PostgreSQL */

/** What PostgreSQL would make paths, URLs, numbers and tags of, and FTS5 makes words of. */
#define PUNCTUATION "!\"#$%&''()*+,-./:;<=>?@[\\]^_`{|}~"

/** The tsvector of a column. */
static const char *words_of(const search_collection_t *collection, const char *column,
                            apr_pool_t *p)
{
    return apr_psprintf(p, "to_tsvector(%s::regconfig, translate(coalesce(%s, ''), '%s',"
                           " repeat(' ', 32)))", search_literal(collection->language, p),
                        search_quoted(column, p), PUNCTUATION);
}

/** That of a row. */
static const char *vector_of(const search_collection_t *collection, apr_pool_t *p)
{
    app_buf_t buf;
    int i;

    app_buf_init(&buf, p, APR_SIZE_MAX / 2);
    for (i = 0; i < collection->ncolumns; i++) {
        const search_column_t *column = &collection->columns[i];

        app_buf_addf(&buf, "%ssetweight(%s, '%c')", i ? " || " : "",
                     words_of(collection, column->name, p), column->label);
    }
    return buf.data;
}

static void drop_index(apr_array_header_t *statements, const search_collection_t *collection,
                       const char *suffix, apr_pool_t *p)
{
    add(statements, apr_psprintf(p, "DROP INDEX IF EXISTS %s.%s",
                                 search_quoted(collection->schema, p),
                                 search_index_name(collection, suffix, p)));
}

/** An index of the words in a column. */
static void add_words(apr_array_header_t *statements, const search_collection_t *collection,
                      const char *column, const char *suffix, apr_pool_t *p)
{
    add(statements, apr_psprintf(p, "CREATE INDEX %s ON %s USING gin (%s)",
                                 search_index_name(collection, suffix, p),
                                 search_index_relation(collection, p),
                                 search_index_name(collection, column, p)));
}

static void make_indexes(apr_array_header_t *statements, const search_collection_t *collection,
                         apr_pool_t *p)
{
    const char *relation = search_index_relation(collection, p);
    const char *title = search_quoted(collection->title, p);

    add_words(statements, collection, "", "_words", p);
    add_words(statements, collection, "_titles", "_titles_words", p);
    add(statements, apr_psprintf(p, "CREATE INDEX %s ON %s (lower(%s) COLLATE \"C\")",
                                 search_index_name(collection, "_title", p), relation, title));
    if (collection->corrects) {
        add(statements, apr_psprintf(p, "CREATE INDEX %s ON %s USING gin (%s gin_trgm_ops)",
                                     search_index_name(collection, "_like", p), relation, title));
    }
}

/**
 * In one statement, since each writes the table anew. An index of words does not know in which
 * column they are; so titles have a column of their own.
 * @param lead what stands in front of the columns' names
 */
static void add_columns(apr_array_header_t *statements, const search_collection_t *collection,
                        const char *lead, apr_pool_t *p)
{
    add(statements, apr_psprintf(p, "ALTER TABLE %s ADD COLUMN %s%s tsvector GENERATED ALWAYS AS"
                                    " (%s) STORED, ADD COLUMN %s%s tsvector GENERATED ALWAYS AS"
                                    " (%s) STORED", search_index_relation(collection, p), lead,
                                 search_index_name(collection, "", p), vector_of(collection, p),
                                 lead, search_index_name(collection, "_titles", p),
                                 words_of(collection, collection->title, p)));
}

static void create_pgsql(apr_array_header_t *statements, const search_collection_t *collection,
                         apr_pool_t *p)
{
    add_columns(statements, collection, "", p);
    make_indexes(statements, collection, p);
}

/** Where columns and expressions differ: the language has changed since the row was written. */
static const char *differing(const search_collection_t *collection, apr_pool_t *p)
{
    return apr_psprintf(p, "(%s IS DISTINCT FROM (%s) OR %s IS DISTINCT FROM (%s))",
                        search_index_name(collection, "", p), vector_of(collection, p),
                        search_index_name(collection, "_titles", p),
                        words_of(collection, collection->title, p));
}

static void rebuild_pgsql(apr_array_header_t *statements, const search_collection_t *collection,
                          apr_pool_t *p)
{
    static const char *const suffixes[] = { "_words", "_titles_words", "_title", "_like" };
    const char *column = search_quoted(collection->columns[0].name, p);
    int i;

    add_columns(statements, collection, "IF NOT EXISTS ", p);
    add(statements, apr_psprintf(p, "UPDATE %s SET %s = %s WHERE %s",
                                 search_index_relation(collection, p), column, column,
                                 differing(collection, p)));
    for (i = 0; i < 4; i++) {
        drop_index(statements, collection, suffixes[i], p);
    }
    make_indexes(statements, collection, p);
}

static void drop_pgsql(apr_array_header_t *statements, const search_collection_t *collection,
                       apr_pool_t *p)
{
    static const char *const suffixes[] = { "_title", "_like" };
    int i;

    for (i = 0; i < 2; i++) {
        drop_index(statements, collection, suffixes[i], p);
    }
    add(statements, apr_psprintf(p, "ALTER TABLE IF EXISTS %s DROP COLUMN IF EXISTS %s,"
                                    " DROP COLUMN IF EXISTS %s",
                                 search_index_relation(collection, p),
                                 search_index_name(collection, "", p),
                                 search_index_name(collection, "_titles", p)));
}

/* Both */

void search_index_create(apr_array_header_t *statements, const search_collection_t *collection,
                         app_db_kind_e kind, apr_pool_t *p)
{
    if (kind == APP_DB_PGSQL) {
        create_pgsql(statements, collection, p);
    }
    else {
        create_sqlite(statements, collection, p);
        command_sqlite(statements, collection, "", "'rebuild'", p);
        command_sqlite(statements, collection, "", "'optimize'", p);
    }
}

void search_index_rebuild(apr_array_header_t *statements, const search_collection_t *collection,
                          app_db_kind_e kind, apr_pool_t *p)
{
    if (kind == APP_DB_PGSQL) {
        rebuild_pgsql(statements, collection, p);
    }
    else {
        drop_sqlite(statements, collection, p);
        search_index_create(statements, collection, kind, p);
    }
}

void search_index_drop(apr_array_header_t *statements, const search_collection_t *collection,
                       app_db_kind_e kind, apr_pool_t *p)
{
    if (kind == APP_DB_PGSQL) {
        drop_pgsql(statements, collection, p);
    }
    else {
        drop_sqlite(statements, collection, p);
    }
}

/* Checks */

/** The suffixes of all that belongs to a collection, ended by NULL. */
static const char *const *parts_of(const search_collection_t *collection, app_db_kind_e kind)
{
    static const char *const lite[] = { "", "_like", "_title", "_INSERT", "_UPDATE", "_DELETE",
                                        NULL };
    static const char *const pgsql[] = { "", "_words", "_titles", "_titles_words", "_title",
                                         NULL };
    static const char *const like[] = { "", "_words", "_titles", "_titles_words", "_title",
                                        "_like", NULL };

    return kind == APP_DB_SQLITE ? lite : collection->corrects ? like : pgsql;
}

const char *search_index_missing(const search_collection_t *collection, app_db_kind_e kind,
                                 apr_pool_t *p)
{
    const char *const *suffix = parts_of(collection, kind);
    const char *table = search_literal(search_index_relation(collection, p), p);
    app_buf_t buf;

    app_buf_init(&buf, p, APR_SIZE_MAX / 2);
    for (; *suffix; suffix++) {
        app_buf_addf(&buf, "%s(%s)", buf.len ? ", " : "WITH wanted (name) AS (VALUES ",
                     search_literal(search_index(collection, *suffix, p), p));
    }
    app_buf_adds(&buf, ") SELECT name FROM wanted WHERE name NOT IN (SELECT ");
    if (kind == APP_DB_SQLITE) {
        app_buf_adds(&buf, "name FROM sqlite_schema)");
    }
    else {
        app_buf_addf(&buf, "relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE"
                           " indrelid = %s::regclass AND indisvalid UNION ALL SELECT attname FROM"
                           " pg_attribute WHERE attrelid = %s::regclass AND NOT attisdropped)",
                     table, table);
    }
    return buf.data;
}

void search_index_compare(apr_array_header_t *statements, const search_collection_t *collection,
                          apr_pool_t *p)
{
    /* 1: the content is compared as well */
    command_sqlite(statements, collection, ", rank", "'integrity-check', 1", p);
}

const char *search_index_count_wrong(const search_collection_t *collection, apr_pool_t *p)
{
    return apr_psprintf(p, "SELECT count(*) FROM %s WHERE %s", search_index_relation(collection, p),
                        differing(collection, p));
}
