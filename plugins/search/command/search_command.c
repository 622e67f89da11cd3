/* SPDX-License-Identifier: Apache-2.0 */
/** appctl search: makes collections, and what they are searched by. One thread. */
#include <stdio.h>
#include <string.h>

#include "apr_strings.h"

#include "search_index.h"
#include "search_sql.h"

#define NO_RIGHT "42501" /* SQLSTATE: of the table, not of the index */

typedef struct work_t {
    app_instance_t *self;
    search_t       *search;
    app_tx_t       *tx;
    apr_pool_t     *pool;
    app_error_t    *err;
} work_t;

static app_command_e misused(app_error_t *err, const char *word, const char *what)
{
    app_fail(err, APP_E_BAD_REQUEST, "%s%s", word, what);
    return APP_COMMAND_USAGE;
}

static apr_status_t run_all(work_t *work, const apr_array_header_t *statements)
{
    int i;

    for (i = 0; i < statements->nelts; i++) {
        const app_sql_t sql = { APR_ARRAY_IDX(statements, i, const char *), NULL, 0 };

        if (app_tx_execute(work->tx, &sql, NULL, work->err) != APR_SUCCESS) {
            return APP_EFAIL;
        }
    }
    return APR_SUCCESS;
}

static apr_status_t begin(work_t *work, int readonly)
{
    return search_begin(&work->tx, work->self, NULL, readonly, work->err, work->pool);
}

/** The collection of that name. @return APP_EFAIL, too, where there is none */
static apr_status_t get(const search_collection_t **pcollection, work_t *work, const char *name)
{
    apr_array_header_t *list;

    if (search_collections_read(&list, work->tx, name, work->err, work->pool) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (!list->nelts) {
        app_fail(work->err, APP_E_NOT_FOUND, "there is no collection \"%s\"", name);
        return app_hint(work->err, "appctl search list shows those that there are.");
    }
    *pcollection = APR_ARRAY_IDX(list, 0, const search_collection_t *);
    return APR_SUCCESS;
}

static app_command_e finish(work_t *work, const char *name, const char *said)
{
    if (app_tx_commit(work->tx, work->err) != APR_SUCCESS) {
        return APP_COMMAND_WRONG;
    }
    printf("%s: %s\n", name, said);
    return APP_COMMAND_GOOD;
}

/* create */

/** The words behind the name. */
typedef struct options_t {
    const char *table, *columns, *facets, *language, *key, *title;
    int         print; /* the statements are wanted, not what they do */
} options_t;

static app_command_e read_options(options_t *options, int argc, const char *const *argv,
                                  app_error_t *err)
{
    const struct { const char *word, **value; } known[] = {
        { "--table", &options->table },       { "--columns", &options->columns },
        { "--facets", &options->facets },     { "--language", &options->language },
        { "--key", &options->key },           { "--title", &options->title }
    };
    const int count = sizeof(known) / sizeof(known[0]);
    int i, k;

    for (i = 0; i < argc; i += 2) {
        if (strcmp(argv[i], "--print") == 0) {
            options->print = 1;
            i--;
            continue;
        }
        for (k = 0; k < count && strcmp(argv[i], known[k].word) != 0; k++) {
        }
        if (k == count || i + 1 == argc) {
            return misused(err, argv[i], k == count ? " is no option" : " needs a value");
        }
        *known[k].value = argv[i + 1];
    }
    return options->table && options->columns
               ? APP_COMMAND_GOOD
               : misused(err, "--table and --columns", " are needed");
}

static int is_name(const char *name)
{
    return *name && strlen(name) <= 40 &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name);
}

static const char *relation_of(const search_collection_t *collection, apr_pool_t *p)
{
    return apr_pstrcat(p, search_quoted(collection->schema, p), ".",
                       search_quoted(collection->relation, p), NULL);
}

/** PostgreSQL: the first field of a query's first row, with the relation as $1. */
static apr_status_t ask(const char **pvalue, work_t *work, const search_collection_t *collection,
                        const char *text)
{
    const app_value_t param = search_text(relation_of(collection, work->pool));
    const app_sql_t sql = { text, &param, 1 };
    app_rows_t *rows;
    apr_status_t status;

    *pvalue = NULL;
    if (app_tx_query(work->tx, &sql, 0, &rows, work->err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if ((status = app_rows_next(rows, work->err)) == APR_SUCCESS) {
        *pvalue = apr_pstrdup(work->pool, app_rows_text(rows, 0, NULL));
    }
    return status == APR_EOF ? APR_SUCCESS : status;
}

/** The one column of the primary key. */
static apr_status_t find_key(const char **pkey, work_t *work, const search_collection_t *collection)
{
    if (ask(pkey, work, collection, "SELECT a.attname FROM pg_index i JOIN pg_attribute a"
                                    " ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]"
                                    " WHERE i.indisprimary AND i.indnkeyatts = 1"
                                    " AND i.indrelid = $1::regclass") != APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (!*pkey) {
        app_fail(work->err, APP_E_BAD_REQUEST, "%s has no primary key of one column",
                 relation_of(collection, work->pool));
        app_hint(work->err, "Name a column that is unique: --key COLUMN");
        return APP_EFAIL;
    }
    return APR_SUCCESS;
}

static apr_status_t fill(search_collection_t *collection, work_t *work, const options_t *options)
{
    const char *dot = strchr(options->table, '.');
    int lite = work->search->kind == APP_DB_SQLITE;

    if (!search_columns_parse(&collection->columns, &collection->ncolumns, options->columns,
                              work->pool)) {
        app_fail(work->err, APP_E_BAD_REQUEST, "\"%s\" names no columns", options->columns);
        return app_hint(work->err, "Write them as in title:A,summary:B,body:D");
    }
    collection->relation = dot && !lite ? dot + 1 : options->table;
    collection->schema = lite  ? NULL
                         : dot ? apr_pstrmemdup(work->pool, options->table,
                                                (apr_size_t)(dot - options->table))
                               : "public";
    collection->language = options->language ? options->language : "english";
    collection->title = options->title ? options->title : collection->columns[0].name;
    collection->key = lite ? "rowid" : options->key;
    return collection->key ? APR_SUCCESS : find_key(&collection->key, work, collection);
}

/** Trigrams are an extension of PostgreSQL's; it is used where it is there. */
static apr_status_t find_corrects(work_t *work, search_collection_t *collection)
{
    const char *found = "1";

    if (work->search->kind == APP_DB_PGSQL &&
        ask(&found, work, collection, "SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm' AND"
                                      " $1::regclass IS NOT NULL") != APR_SUCCESS) {
        return APP_EFAIL;
    }
    collection->corrects = found != NULL;
    return APR_SUCCESS;
}

/**
 * Under row-level security PostgreSQL uses an index only by functions that are known to tell
 * nothing of the rows that they see.
 */
static apr_status_t warn_of_policies(work_t *work, const search_collection_t *collection)
{
    const char *found = NULL;

    if (work->search->kind == APP_DB_PGSQL &&
        ask(&found, work, collection, "SELECT 1 FROM pg_class c, pg_proc f WHERE c.oid ="
                                      " $1::regclass AND c.relrowsecurity AND f.oid ="
                                      " 'ts_match_vq'::regproc AND NOT f.proleakproof") !=
            APR_SUCCESS) {
        return APP_EFAIL;
    }
    if (found) {
        fputs("The table has row-level security. So that the index serves the roles under it, too,"
              " a superuser\nshould say, once in this database:\n"
              "    ALTER FUNCTION pg_catalog.ts_match_vq(tsvector, tsquery) LEAKPROOF;\n"
              "    ALTER FUNCTION pg_catalog.lower(text) LEAKPROOF;\n", stderr);
        if (collection->corrects) {
            fputs("    ALTER FUNCTION similarity_op(text, text) LEAKPROOF;\n", stderr);
        }
    }
    return APR_SUCCESS;
}

static const char *insertion(const search_collection_t *collection, const options_t *options,
                             apr_pool_t *p)
{
    const char *relation = collection->schema ? apr_pstrcat(p, collection->schema, ".",
                                                            collection->relation, NULL)
                                              : collection->relation;
    const char *const values[] = { collection->name, relation, collection->key,
                                   collection->language, collection->title, options->columns,
                                   options->facets ? options->facets : "" };
    app_buf_t buf;
    int i;

    app_buf_init(&buf, p, APR_SIZE_MAX / 2);
    app_buf_addf(&buf, "INSERT INTO %sapp_search (name, relation, key, language, title, columns,"
                       " facets, corrects) VALUES (", collection->schema ? "app." : "");
    for (i = 0; i < (int)(sizeof(values) / sizeof(values[0])); i++) {
        app_buf_addf(&buf, "%s, ", search_literal(values[i], p));
    }
    app_buf_addf(&buf, "%d)", collection->corrects);
    return buf.data;
}

static app_command_e print_all(const apr_array_header_t *statements)
{
    int i;

    for (i = 0; i < statements->nelts; i++) {
        printf("%s;\n", APR_ARRAY_IDX(statements, i, const char *));
    }
    return APP_COMMAND_GOOD;
}

static app_command_e create(work_t *work, const char *name, int argc, const char *const *argv)
{
    apr_array_header_t *statements = apr_array_make(work->pool, 8, sizeof(const char *));
    search_collection_t collection = { .name = name };
    options_t options = { .table = NULL };
    app_command_e code = read_options(&options, argc, argv, work->err);

    if (code != APP_COMMAND_GOOD) {
        return code;
    }
    if (!is_name(name)) {
        return misused(work->err, name, " is no name: lower-case letters, digits and _, up to 40");
    }
    if (begin(work, 0) != APR_SUCCESS || fill(&collection, work, &options) != APR_SUCCESS ||
        find_corrects(work, &collection) != APR_SUCCESS ||
        warn_of_policies(work, &collection) != APR_SUCCESS) {
        return APP_COMMAND_WRONG;
    }
    APR_ARRAY_PUSH(statements, const char *) = insertion(&collection, &options, work->pool);
    search_index_create(statements, &collection, work->search->kind, work->pool);
    if (options.print) {
        return print_all(statements);
    }
    return run_all(work, statements) == APR_SUCCESS ? finish(work, name, "can be searched")
                                                    : APP_COMMAND_WRONG;
}

/* The others */

typedef void make_fn(apr_array_header_t *statements, const search_collection_t *collection,
                     app_db_kind_e kind, apr_pool_t *p);

static apr_status_t run_made(work_t *work, const char *name, make_fn *make)
{
    apr_array_header_t *statements = apr_array_make(work->pool, 8, sizeof(const char *));
    const search_collection_t *collection;

    if (begin(work, 0) != APR_SUCCESS || get(&collection, work, name) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    make(statements, collection, work->search->kind, work->pool);
    return run_all(work, statements);
}

static app_command_e rebuild(work_t *work, const char *name)
{
    return run_made(work, name, search_index_rebuild) == APR_SUCCESS
               ? finish(work, name, "rebuilt")
               : APP_COMMAND_WRONG;
}

static app_command_e drop(work_t *work, const char *name)
{
    const app_value_t param = search_text(name);
    const app_sql_t sql = { "DELETE FROM app_search WHERE name = $1", &param, 1 };

    if (run_made(work, name, search_index_drop) != APR_SUCCESS ||
        app_tx_execute(work->tx, &sql, NULL, work->err) != APR_SUCCESS) {
        return APP_COMMAND_WRONG;
    }
    return finish(work, name, "dropped; the table is as it was before");
}

static apr_status_t check_pgsql(work_t *work, const char *text)
{
    const app_sql_t sql = { text, NULL, 0 };
    app_rows_t *rows;

    if (app_tx_query(work->tx, &sql, 0, &rows, work->err) != APR_SUCCESS ||
        app_rows_next(rows, work->err) != APR_SUCCESS) {
        return APP_EFAIL;
    }
    return app_rows_int(rows, 0) == 0
               ? APR_SUCCESS
               : app_fail(work->err, APP_E_INTERNAL, "%s rows differ from their index",
                          app_rows_text(rows, 0, NULL));
}

static app_command_e check(work_t *work, const char *name)
{
    apr_array_header_t *statements = apr_array_make(work->pool, 2, sizeof(const char *));
    const search_collection_t *collection;
    apr_status_t status;

    if (begin(work, 0) != APR_SUCCESS || get(&collection, work, name) != APR_SUCCESS) {
        return APP_COMMAND_WRONG;
    }
    search_index_check(statements, collection, work->search->kind, work->pool);
    status = work->search->kind == APP_DB_PGSQL
                 ? check_pgsql(work, APR_ARRAY_IDX(statements, 0, const char *))
                 : run_all(work, statements);
    if (status != APR_SUCCESS) {
        if (strcmp(work->err->code, NO_RIGHT) != 0) {
            app_hint(work->err, "appctl search rebuild %s makes the index anew.", name);
        }
        return APP_COMMAND_WRONG;
    }
    return finish(work, name, "index and table are one");
}

static app_command_e list(work_t *work)
{
    apr_array_header_t *all;
    int i;

    if (begin(work, 1) != APR_SUCCESS ||
        search_collections_read(&all, work->tx, NULL, work->err, work->pool) != APR_SUCCESS) {
        return APP_COMMAND_WRONG;
    }
    for (i = 0; i < all->nelts; i++) {
        const search_collection_t *each = APR_ARRAY_IDX(all, i, const search_collection_t *);

        printf("%-20s %s%s%s, %d columns, %d facets, %s\n", each->name,
               each->schema ? each->schema : "", each->schema ? "." : "", each->relation,
               each->ncolumns, each->nfacets, each->language);
    }
    return APP_COMMAND_GOOD;
}

static app_command_e run(app_instance_t *self, int argc, const char *const *argv, app_error_t *err)
{
    static const struct {
        const char *word;
        app_command_e (*run)(work_t *work, const char *name);
    } words[] = { { "rebuild", rebuild }, { "check", check }, { "drop", drop }, { NULL, NULL } };
    work_t work = { .self = self, .search = app_instance_context(self), .pool = err->pool,
                    .err = err };
    int i;

    if (argc == 1 && strcmp(argv[0], "list") == 0) {
        return list(&work);
    }
    if (argc >= 2 && strcmp(argv[0], "create") == 0) {
        return create(&work, argv[1], argc - 2, argv + 2);
    }
    for (i = 0; argc == 2 && words[i].word; i++) {
        if (strcmp(argv[0], words[i].word) == 0) {
            return words[i].run(&work, argv[1]);
        }
    }
    return misused(err, argc ? argv[0] : "a word", argc ? " is no such command" : " is missing");
}

const app_command_t search_commands[] = {
    { "search",
      "    search create NAME --table TABLE --columns title:A,summary:B,body:D\n"
      "           [--facets section,priority] [--language english] [--title COLUMN] [--key COLUMN]\n"
      "           [--print]           prints the SQL, for a migration of your own\n"
      "    search rebuild NAME    makes the index anew\n"
      "    search check NAME      compares index and table\n"
      "    search drop NAME       takes the collection and its index away\n"
      "    search list\n",
      run },
    { NULL, NULL, NULL }
};
